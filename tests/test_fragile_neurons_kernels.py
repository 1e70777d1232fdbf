"""Kernel dropout, and the first layer of small ResNets."""

import numpy as np
import pytest
import torch
from devices import DEVICE
from fragility_networks import fresh
from torch import Tensor

from lib.chapters.fragile_neurons.kernels import (
    by_skewness,
    correct_without,
    expected_agreement,
    first_convolution,
    halves,
    is_fragile,
    reestimated,
    scaled,
    with_kernels,
)
from lib.data import Dataset
from lib.measure import score as evaluation


@pytest.fixture(scope="module")
def model() -> torch.nn.Sequential:
    return fresh()


@pytest.fixture(scope="module")
def images(all_digits: Dataset) -> tuple[Tensor, Tensor]:
    return all_digits.x_test[:12], all_digits.y_test[:12]


def test_the_scan_reads_as_dropping_one_kernel_after_another_does() -> None:
    model = fresh()
    norm = model[-1].network.bn1
    with torch.no_grad():  # some kernels that matter, and of which something is left when their weights are zero
        norm.weight[::7] *= 30
        norm.bias[::7] = 1 + norm.bias[::7].abs() * 30
    x = torch.rand(12, 1, 28, 28, generator=torch.Generator().manual_seed(0)).to(DEVICE)
    y = evaluation.logits(model, x).argmax(1)  # so that some are read rightly whatever the weights
    scan = correct_without(model, x, y)
    weight = first_convolution(model).weight
    assert scan.shape == (64, 12)
    for kernel in range(0, 64, 7):
        dropped = weight.detach().clone()
        dropped[kernel] = 0
        one = evaluation.score(with_kernels(model, dropped), x, y).correct
        np.testing.assert_array_equal(scan[kernel], one)
    assert 0 < scan[::7].mean() < 1


def test_dropping_a_kernel_changes_what_the_scan_reads(all_digits: Dataset) -> None:
    """A network that reads class 1 where kernel 3's map is large: without kernel 3 it does not."""
    model = fresh()
    x = all_digits.x_test[:6]

    class Reads(torch.nn.Module):
        def forward(self, features: Tensor) -> Tensor:
            return torch.stack([torch.full((len(features),), 1e-3, device=DEVICE), features[:, 3].sum((1, 2))], 1)

    network = model[-1].network
    network.layer1 = Reads()
    for name in ("layer2", "layer3", "layer4", "avgpool", "fc"):
        setattr(network, name, torch.nn.Identity())
    with torch.no_grad():
        network.bn1.weight[3], network.bn1.bias[3], network.bn1.running_mean[3] = 1.0, 0.0, 0.0
    scan = correct_without(model, x, torch.ones(6, dtype=torch.long, device=DEVICE))
    assert scan[np.arange(64) != 3].all() and not scan[3].any()


def test_the_two_halves_are_the_network(model: torch.nn.Sequential, images: tuple[Tensor, Tensor]) -> None:
    stem, rest = halves(model)
    with torch.no_grad():
        torch.testing.assert_close(rest(stem(images[0])), model(images[0]))


def test_s_is_below_the_mean() -> None:
    np.testing.assert_array_equal(is_fragile([0.9, 0.9, 0.9, 0.5]), [False, False, False, True])
    assert not is_fragile([0.5, 0.5]).any()
    same = np.full(64, 487 / 500)
    assert same.mean() > same[0] and not is_fragile(same).any()  # a mean that rounding has put above them


def test_an_exponential_drop_puts_one_in_e_kernels_into_s() -> None:
    shares = by_skewness()
    assert shares["exponential"] == pytest.approx(np.exp(-1)) and shares["symmetric"] == pytest.approx(0.5)
    drops = np.random.default_rng(0).exponential(size=100_000)
    assert is_fragile(1 - drops).mean() == pytest.approx(shares["exponential"], abs=0.01)


def test_agreement_by_chance_is_that_of_shuffled_sets() -> None:
    generator = np.random.default_rng(0)
    one, other = np.arange(1000) < 300, np.arange(1000) < 600
    agreed = [(one == generator.permutation(other)).mean() for _ in range(200)]
    assert expected_agreement(one, other) == pytest.approx(np.mean(agreed), abs=0.005)


def test_batch_norm_undoes_a_scale_once_it_is_estimated_anew(
    model: torch.nn.Sequential, images: tuple[Tensor, Tensor]
) -> None:
    x = images[0]
    fragile = np.arange(64) < 24
    norm = model[-1].network.bn1
    eps, norm.eps = norm.eps, 1e-12  # what is left of the scale is this constant's doing; PyTorch 2.11 refuses 0
    changed = scaled(model, fragile, 3.0)
    before, after = (reestimated(one, x)[-1].network for one in (model, changed))
    norm.eps = eps
    assert (evaluation.logits(changed, x) - evaluation.logits(model, x)).abs().max() > 0.01
    weight = first_convolution(model).weight
    with torch.no_grad():
        one, other = (net.bn1(net.conv1(model[:-1](x))) for net in (before, after))
    torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
    assert weight is first_convolution(model).weight
