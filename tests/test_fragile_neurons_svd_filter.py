"""The filter of section 4, against its source and NumPy."""

import numpy as np
import pytest
import torch
from fragility_networks import fresh

from lib.chapters.fragile_neurons.kernels import first_convolution
from lib.chapters.fragile_neurons.svd_filter import (
    SOURCE,
    Filter,
    filtered,
    filtered_values,
    median_factor,
    threshold,
    threshold_factor,
    variants,
)


@pytest.fixture(scope="module")
def model() -> torch.nn.Sequential:
    return fresh()


@pytest.mark.parametrize(("beta", "published"), [(1.0, 2.3094), (0.5, 1.9786)])
def test_the_threshold_s_factor_is_gavish_and_donoho_s(beta: float, published: float) -> None:
    assert threshold_factor(beta) == pytest.approx(published, abs=5e-5)


def test_the_factor_for_unknown_noise_is_gavish_and_donoho_s() -> None:
    assert median_factor(1.0) == pytest.approx(2.858, abs=5e-4)
    for beta in (0.1, 0.27, 0.5, 0.8):  # their approximation, good to 0.02
        rough = 0.56 * beta**3 - 0.95 * beta**2 + 1.82 * beta + 1.43
        assert median_factor(beta) == pytest.approx(rough, abs=0.02)


def test_the_median_rule_keeps_a_planted_rank_and_drops_the_noise() -> None:
    generator = np.random.default_rng(0)
    noise = generator.normal(size=(60, 200)) * 0.1
    planted = noise + 5 * np.outer(np.ones(60) / 60**0.5, np.ones(200) / 200**0.5)
    for matrix, rank in ((planted, 1), (noise, 0)):
        values = np.linalg.svd(matrix, compute_uv=False)
        for reading in (Filter("hard", "median"), Filter("hard", "deviation", 0.1)):
            tau = threshold(values, matrix.shape, reading)
            assert (filtered_values(values, tau, "hard") > 0).sum() == rank


def test_the_threshold_as_printed_and_as_in_the_source() -> None:
    """m = 40, n = 147, noise 0.015: 2.64 is above every value of fresh weights, 0.32 is not."""
    shape, factor = (40, 147), threshold_factor(40 / 147)
    assert threshold([], shape, Filter()) == pytest.approx(factor * (147 * 0.015) ** 0.5)
    assert threshold([], shape, Filter()) == pytest.approx(2.64, abs=0.01)
    assert threshold([], shape, Filter(unit="deviation")) == pytest.approx(0.32, abs=0.005)
    assert threshold([], shape[::-1], Filter()) == threshold([], shape, Filter())


@pytest.mark.parametrize(
    ("rule", "after"),
    [("at most", [2, 2, 1]), ("at least", [4, 3, 2]), ("hard", [4, 3, 0]), ("index", [4, 3, 0])],
)
def test_a_rule_on_singular_values(rule: str, after: list[float]) -> None:
    values = np.array([4.0, 3.0, 1.0])
    np.testing.assert_array_equal(filtered_values(values, 2.1 if rule == "index" else 2.0, rule), after)


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        filtered_values(np.ones(2), 1.0, "soft")


@pytest.mark.parametrize("norm", ["spectral", "frobenius"])
@pytest.mark.parametrize("rule", ["at most", "at least", "hard", "index"])
def test_ranks_norms_and_kernels_are_numpy_s(rule: str, norm: str) -> None:
    weight = torch.randn(20, 3, 3, 3, generator=torch.Generator().manual_seed(0)).double()
    fragile = np.arange(20) < 8
    done = filtered(weight, fragile, Filter(rule, "variance", 0.3, norm))
    rows, changed = (one.flatten(1).numpy() for one in (weight, done.weight))
    null, null_after = rows[~fragile], changed[~fragile]
    taken = null - null_after
    assert np.linalg.matrix_rank(null_after) == (done.after > 0).sum() > 0
    assert done.spectral == pytest.approx(np.linalg.norm(taken, 2))
    assert done.frobenius == pytest.approx(np.linalg.norm(taken))
    np.testing.assert_allclose(np.linalg.svd(null_after, compute_uv=False), np.sort(done.after)[::-1], atol=1e-12)
    assert done.alpha == 1 + getattr(done, norm) > 1
    np.testing.assert_allclose(changed[fragile], done.alpha * rows[fragile])


def test_a_threshold_above_all_values_leaves_the_network_as_it_is_or_deletes_all(model: torch.nn.Sequential) -> None:
    weight = first_convolution(model).weight
    fragile = np.arange(64) < 24
    assert torch.equal(filtered(weight, fragile, Filter()).weight, weight)
    deleted = filtered(weight, fragile, Filter("hard")).weight
    assert not deleted[~torch.from_numpy(fragile)].any()


def test_filtering_leaves_the_original_alone(model: torch.nn.Sequential) -> None:
    weight = first_convolution(model).weight.detach().clone()
    networks = variants(model, np.arange(64) < 24, 0.015)
    assert torch.equal(first_convolution(model).weight, weight)
    assert not torch.equal(first_convolution(networks[SOURCE]).weight, weight)
