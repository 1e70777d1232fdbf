"""Algorithm 1 and its controls, on small ResNets."""

import numpy as np
import pytest
import torch
from devices import DEVICE
from fragility_networks import fresh
from torch import Tensor

from lib.attack import FGSM
from lib.chapters.fragile_neurons.kernels import kernel_norms
from lib.chapters.fragile_neurons.targeting import (
    by_norm,
    distances,
    in_pixels,
    mean_distance,
    over_noise,
    random_splits,
    signs,
    targeted,
)
from lib.data import Dataset


@pytest.fixture(scope="module")
def model() -> torch.nn.Sequential:
    return fresh()


@pytest.fixture(scope="module")
def images(all_digits: Dataset) -> tuple[Tensor, Tensor]:
    return all_digits.x_test[:12], all_digits.y_test[:12]


@pytest.fixture(scope="module")
def steps(model: torch.nn.Sequential, images: tuple[Tensor, Tensor]) -> Tensor:
    return signs(model, *images)


def test_fgsm_at_any_eps_is_a_step_along_the_signs(
    model: torch.nn.Sequential, images: tuple[Tensor, Tensor], steps: Tensor
) -> None:
    x, y = images
    for eps in (0.01, 0.3):
        assert torch.equal(FGSM(eps=eps)(model, x, y), (x + eps * steps).clamp(0, 1))


@pytest.mark.parametrize("data", ["digits", "cifar10"])
def test_an_unclipped_step_through_a_convolution_makes_the_share_the_same_at_every_eps(data: str) -> None:
    model = fresh(data).double()
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(8, 3 if data == "cifar10" else 1, 28, 28, generator=generator).double().to(DEVICE)
    step = torch.randn(x.shape, generator=generator).sign().double().to(DEVICE)
    splits = random_splits(64, 24, 20, seed=0)
    for level in ("convolution", "batch norm"):
        base = distances(model, x, x + step)[level]
        for eps in (1e-3, 0.1, 10):
            d = distances(model, x, x + eps * step)[level]
            np.testing.assert_allclose(d, eps * base, rtol=1e-6)
            np.testing.assert_array_equal(targeted(d, splits), targeted(base, splits))


def test_clipping_and_relu_make_distances_that_are_not_in_proportion(
    model: torch.nn.Sequential, images: tuple[Tensor, Tensor], steps: Tensor
) -> None:
    x, _ = images
    for level, clip in (("convolution", True), ("ReLU", False)):
        small, large = (
            distances(model, x, (x + eps * steps).clamp(0, 1) if clip else x + eps * steps)[level]
            for eps in (0.05, 0.5)
        )
        assert np.abs(large - 10 * small).max() > 0.2


def test_distances_are_euclidean_over_a_map(model: torch.nn.Sequential, images: tuple[Tensor, Tensor]) -> None:
    x, _ = images
    moved = (x + 0.1).clamp(0, 1)
    with torch.no_grad():
        before, after = (model[-1].network.conv1(model[:-1](one)) for one in (x, moved))
    expected = ((after - before)[3, 7] ** 2).sum().sqrt()
    assert distances(model, x, moved)["convolution"][3, 7] == pytest.approx(expected.item(), rel=1e-5)


def test_targeted_compares_means_over_sets_of_any_size() -> None:
    d = np.array([[3.0, 1.0, 1.0, 1.0], [1.0, 2.0, 2.0, 2.0]])
    sets = np.array([[True, False, False, False], [False, True, True, True]])
    np.testing.assert_array_equal(targeted(d, sets[0]), [True, False])
    np.testing.assert_array_equal(targeted(d, sets), [[True, False], [False, True]])
    np.testing.assert_array_equal(mean_distance(d, sets[1]), [1, 2])


def test_distances_in_units_of_noise_know_no_scale() -> None:
    """One unit a kernel, its mean over images; a map that noise never moves counts as not moved."""
    noise = np.array([[1.0, 2.0, 0.0], [3.0, 2.0, 0.0]])
    ratio = over_noise({"ReLU": np.array([[4.0, 1.0, 5.0], [0.0, 1.0, 5.0]])}, {"ReLU": noise})["ReLU"]
    np.testing.assert_array_equal(ratio, [[2.0, 0.5, 0.0], [0.0, 0.5, 0.0]])


def test_random_splits_have_the_size_and_differ() -> None:
    splits = random_splits(64, 24, 50, seed=0)
    assert (splits.sum(1) == 24).all() and len({tuple(one) for one in splits}) == 50
    assert splits.mean(0).min() > 0.2 and splits.mean(0).max() < 0.6


def test_kernels_by_norm() -> None:
    weight = torch.arange(1.0, 7.0).view(6, 1, 1, 1).repeat(1, 1, 2, 2)
    assert kernel_norms(weight)[1] == pytest.approx(4)
    np.testing.assert_array_equal(by_norm(weight, 2), [0, 0, 0, 0, 1, 1])
    np.testing.assert_array_equal(by_norm(weight, 2, largest=False), [1, 1, 0, 0, 0, 0])
    assert not by_norm(weight, 0).any()


def test_eps_in_normalised_units_is_smaller_in_pixels() -> None:
    assert in_pixels(fresh("mnist"), 0.34).item() == pytest.approx(0.1048, abs=1e-4)
