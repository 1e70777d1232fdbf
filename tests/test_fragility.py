"""Kernel dropout, the filter of section 4 and Algorithm 1, on small ResNets."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from lib import evaluation, fragility, models
from lib.attacks import FGSM
from lib.data import Dataset
from lib.fragility import Filter
from lib.training import Shuffled, fit, fit_further

CPU = torch.device("cpu")


def fresh(images: str = "digits", seed: int = 0, **options) -> torch.nn.Sequential:
    """An untrained ResNet-18 in eval mode, its batch norms not the identity."""
    model = models.build(models.resnet, seed, CPU, name="resnet18", images=images, **options)
    norm = model[-1].network.bn1
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        norm.weight.copy_(torch.rand(64, generator=generator) + 0.5)
        norm.bias.copy_(torch.randn(64, generator=generator))
        norm.running_mean.copy_(torch.randn(64, generator=generator))
    return model.eval()


@pytest.fixture(scope="module")
def model() -> torch.nn.Sequential:
    return fresh()


@pytest.fixture(scope="module")
def images(all_digits: Dataset) -> tuple[Tensor, Tensor]:
    return all_digits.x_test[:12], all_digits.y_test[:12]


@pytest.fixture(scope="module")
def steps(model: torch.nn.Sequential, images: tuple[Tensor, Tensor]) -> Tensor:
    return fragility.signs(model, *images)


# Kernel dropout


def test_the_scan_reads_as_dropping_one_kernel_after_another_does() -> None:
    model = fresh()
    norm = model[-1].network.bn1
    with torch.no_grad():  # some kernels that matter, and of which something is left when their weights are zero
        norm.weight[::7] *= 30
        norm.bias[::7] = 1 + norm.bias[::7].abs() * 30
    x = torch.rand(12, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    y = evaluation.logits(model, x).argmax(1)  # so that some are read rightly whatever the weights
    scan = fragility.correct_without(model, x, y)
    weight = fragility.first_convolution(model).weight
    assert scan.shape == (64, 12)
    for kernel in range(0, 64, 7):
        dropped = weight.detach().clone()
        dropped[kernel] = 0
        one = evaluation.score(fragility.with_kernels(model, dropped), x, y).correct
        np.testing.assert_array_equal(scan[kernel], one)
    assert 0 < scan[::7].mean() < 1


def test_dropping_a_kernel_changes_what_the_scan_reads(all_digits: Dataset) -> None:
    """A network that reads class 1 where kernel 3's map is large: without kernel 3 it does not."""
    model = fresh()
    x = all_digits.x_test[:6]

    class Reads(torch.nn.Module):
        def forward(self, features: Tensor) -> Tensor:
            return torch.stack([torch.full((len(features),), 1e-3), features[:, 3].sum((1, 2))], 1)

    network = model[-1].network
    network.layer1 = Reads()
    for name in ("layer2", "layer3", "layer4", "avgpool", "fc"):
        setattr(network, name, torch.nn.Identity())
    with torch.no_grad():
        network.bn1.weight[3], network.bn1.bias[3], network.bn1.running_mean[3] = 1.0, 0.0, 0.0
    scan = fragility.correct_without(model, x, torch.ones(6, dtype=torch.long))
    assert scan[np.arange(64) != 3].all() and not scan[3].any()


def test_the_two_halves_are_the_network(model: torch.nn.Sequential, images: tuple[Tensor, Tensor]) -> None:
    stem, rest = fragility.halves(model)
    with torch.no_grad():
        torch.testing.assert_close(rest(stem(images[0])), model(images[0]))


def test_s_is_below_the_mean() -> None:
    np.testing.assert_array_equal(fragility.is_fragile([0.9, 0.9, 0.9, 0.5]), [False, False, False, True])
    assert not fragility.is_fragile([0.5, 0.5]).any()
    same = np.full(64, 487 / 500)
    assert same.mean() > same[0] and not fragility.is_fragile(same).any()  # a mean that rounding has put above them


def test_an_exponential_drop_puts_one_in_e_kernels_into_s() -> None:
    shares = fragility.by_skewness()
    assert shares["exponential"] == pytest.approx(np.exp(-1)) and shares["symmetric"] == pytest.approx(0.5)
    drops = np.random.default_rng(0).exponential(size=100_000)
    assert fragility.is_fragile(1 - drops).mean() == pytest.approx(shares["exponential"], abs=0.01)


def test_agreement_by_chance_is_that_of_shuffled_sets() -> None:
    generator = np.random.default_rng(0)
    one, other = np.arange(1000) < 300, np.arange(1000) < 600
    agreed = [(one == generator.permutation(other)).mean() for _ in range(200)]
    assert fragility.expected_agreement(one, other) == pytest.approx(np.mean(agreed), abs=0.005)


# The filter


@pytest.mark.parametrize(("beta", "published"), [(1.0, 2.3094), (0.5, 1.9786)])
def test_the_threshold_s_factor_is_gavish_and_donoho_s(beta: float, published: float) -> None:
    assert fragility.threshold_factor(beta) == pytest.approx(published, abs=5e-5)


def test_the_factor_for_unknown_noise_is_gavish_and_donoho_s() -> None:
    assert fragility.median_factor(1.0) == pytest.approx(2.858, abs=5e-4)
    for beta in (0.1, 0.27, 0.5, 0.8):  # their approximation, good to 0.02
        rough = 0.56 * beta**3 - 0.95 * beta**2 + 1.82 * beta + 1.43
        assert fragility.median_factor(beta) == pytest.approx(rough, abs=0.02)


def test_the_median_rule_keeps_a_planted_rank_and_drops_the_noise() -> None:
    generator = np.random.default_rng(0)
    noise = generator.normal(size=(60, 200)) * 0.1
    planted = noise + 5 * np.outer(np.ones(60) / 60**0.5, np.ones(200) / 200**0.5)
    for matrix, rank in ((planted, 1), (noise, 0)):
        values = np.linalg.svd(matrix, compute_uv=False)
        for reading in (Filter("hard", "median"), Filter("hard", "deviation", 0.1)):
            tau = fragility.threshold(values, matrix.shape, reading)
            assert (fragility.filtered_values(values, tau, "hard") > 0).sum() == rank


def test_the_threshold_as_printed_and_as_in_the_source() -> None:
    """m = 40, n = 147, noise 0.015: 2.64 is above every value of fresh weights, 0.32 is not."""
    shape, factor = (40, 147), fragility.threshold_factor(40 / 147)
    assert fragility.threshold([], shape, Filter()) == pytest.approx(factor * (147 * 0.015) ** 0.5)
    assert fragility.threshold([], shape, Filter()) == pytest.approx(2.64, abs=0.01)
    assert fragility.threshold([], shape, Filter(unit="deviation")) == pytest.approx(0.32, abs=0.005)
    assert fragility.threshold([], shape[::-1], Filter()) == fragility.threshold([], shape, Filter())


@pytest.mark.parametrize(
    ("rule", "after"),
    [("at most", [2, 2, 1]), ("at least", [4, 3, 2]), ("hard", [4, 3, 0]), ("index", [4, 3, 0])],
)
def test_a_rule_on_singular_values(rule: str, after: list[float]) -> None:
    values = np.array([4.0, 3.0, 1.0])
    np.testing.assert_array_equal(fragility.filtered_values(values, 2.1 if rule == "index" else 2.0, rule), after)


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        fragility.filtered_values(np.ones(2), 1.0, "soft")


@pytest.mark.parametrize("norm", ["spectral", "frobenius"])
@pytest.mark.parametrize("rule", ["at most", "at least", "hard", "index"])
def test_ranks_norms_and_kernels_are_numpy_s(rule: str, norm: str) -> None:
    weight = torch.randn(20, 3, 3, 3, generator=torch.Generator().manual_seed(0)).double()
    fragile = np.arange(20) < 8
    done = fragility.filtered(weight, fragile, Filter(rule, "variance", 0.3, norm))
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
    weight = fragility.first_convolution(model).weight
    fragile = np.arange(64) < 24
    assert torch.equal(fragility.filtered(weight, fragile, Filter()).weight, weight)
    deleted = fragility.filtered(weight, fragile, Filter("hard")).weight
    assert not deleted[~torch.from_numpy(fragile)].any()


def test_filtering_leaves_the_original_alone(model: torch.nn.Sequential) -> None:
    weight = fragility.first_convolution(model).weight.detach().clone()
    networks = fragility.variants(model, np.arange(64) < 24, 0.015)
    assert torch.equal(fragility.first_convolution(model).weight, weight)
    assert not torch.equal(fragility.first_convolution(networks[fragility.SOURCE]).weight, weight)


def test_batch_norm_undoes_a_scale_once_it_is_estimated_anew(
    model: torch.nn.Sequential, images: tuple[Tensor, Tensor]
) -> None:
    x = images[0]
    fragile = np.arange(64) < 24
    norm = model[-1].network.bn1
    eps, norm.eps = norm.eps, 0.0  # what is left of the scale is this constant's doing
    changed = fragility.scaled(model, fragile, 3.0)
    before, after = (fragility.reestimated(one, x)[-1].network for one in (model, changed))
    norm.eps = eps
    assert (evaluation.logits(changed, x) - evaluation.logits(model, x)).abs().max() > 0.01
    weight = fragility.first_convolution(model).weight
    with torch.no_grad():
        one, other = (net.bn1(net.conv1(model[:-1](x))) for net in (before, after))
    torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
    assert weight is fragility.first_convolution(model).weight


# Algorithm 1


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
    x = torch.rand(8, 3 if data == "cifar10" else 1, 28, 28, generator=generator).double()
    step = torch.randn(x.shape, generator=generator).sign().double()
    splits = fragility.random_splits(64, 24, 20, seed=0)
    for level in ("convolution", "batch norm"):
        base = fragility.distances(model, x, x + step)[level]
        for eps in (1e-3, 0.1, 10):
            d = fragility.distances(model, x, x + eps * step)[level]
            np.testing.assert_allclose(d, eps * base, rtol=1e-6)
            np.testing.assert_array_equal(fragility.targeted(d, splits), fragility.targeted(base, splits))


def test_clipping_and_relu_make_distances_that_are_not_in_proportion(
    model: torch.nn.Sequential, images: tuple[Tensor, Tensor], steps: Tensor
) -> None:
    x, _ = images
    for level, clip in (("convolution", True), ("ReLU", False)):
        small, large = (
            fragility.distances(model, x, (x + eps * steps).clamp(0, 1) if clip else x + eps * steps)[level]
            for eps in (0.05, 0.5)
        )
        assert np.abs(large - 10 * small).max() > 0.2


def test_distances_are_euclidean_over_a_map(model: torch.nn.Sequential, images: tuple[Tensor, Tensor]) -> None:
    x, _ = images
    moved = (x + 0.1).clamp(0, 1)
    with torch.no_grad():
        before, after = (model[-1].network.conv1(model[:-1](one)) for one in (x, moved))
    expected = ((after - before)[3, 7] ** 2).sum().sqrt()
    assert fragility.distances(model, x, moved)["convolution"][3, 7] == pytest.approx(expected.item(), rel=1e-5)


def test_targeted_compares_means_over_sets_of_any_size() -> None:
    d = np.array([[3.0, 1.0, 1.0, 1.0], [1.0, 2.0, 2.0, 2.0]])
    sets = np.array([[True, False, False, False], [False, True, True, True]])
    np.testing.assert_array_equal(fragility.targeted(d, sets[0]), [True, False])
    np.testing.assert_array_equal(fragility.targeted(d, sets), [[True, False], [False, True]])
    np.testing.assert_array_equal(fragility.mean_distance(d, sets[1]), [1, 2])


def test_distances_in_units_of_noise_know_no_scale() -> None:
    """One unit a kernel, its mean over images; a map that noise never moves counts as not moved."""
    noise = np.array([[1.0, 2.0, 0.0], [3.0, 2.0, 0.0]])
    ratio = fragility.over_noise({"ReLU": np.array([[4.0, 1.0, 5.0], [0.0, 1.0, 5.0]])}, {"ReLU": noise})["ReLU"]
    np.testing.assert_array_equal(ratio, [[2.0, 0.5, 0.0], [0.0, 0.5, 0.0]])


def test_random_splits_have_the_size_and_differ() -> None:
    splits = fragility.random_splits(64, 24, 50, seed=0)
    assert (splits.sum(1) == 24).all() and len({tuple(one) for one in splits}) == 50
    assert splits.mean(0).min() > 0.2 and splits.mean(0).max() < 0.6


def test_kernels_by_norm() -> None:
    weight = torch.arange(1.0, 7.0).view(6, 1, 1, 1).repeat(1, 1, 2, 2)
    assert fragility.kernel_norms(weight)[1] == pytest.approx(4)
    np.testing.assert_array_equal(fragility.by_norm(weight, 2), [0, 0, 0, 0, 1, 1])
    np.testing.assert_array_equal(fragility.by_norm(weight, 2, largest=False), [1, 1, 0, 0, 0, 0])
    assert not fragility.by_norm(weight, 0).any()


def test_eps_in_normalised_units_is_smaller_in_pixels() -> None:
    assert fragility.in_pixels(fresh("mnist"), 0.34).item() == pytest.approx(0.1048, abs=1e-4)


# Training


def test_going_on_from_an_earlier_age_gives_the_weights_of_one_training(digits: Dataset, tmp_path: Path) -> None:
    batches = Shuffled(digits.x_train[:200], digits.y_train[:200], 50)

    def start() -> torch.nn.Module:
        return models.build(models.SimpleCNN, 0, CPU)

    whole, by_ages, again = start(), start(), start()
    fit(whole, batches, 4, snapshots=None)
    for age in (1, 3, 4):
        model = start()
        history = fit_further(model, batches, age, snapshots=tmp_path)
        assert len(history.losses) == age
    by_ages.load_state_dict(model.state_dict())
    for one, other in zip(whole.parameters(), by_ages.parameters(), strict=True):
        assert torch.equal(one, other)
    folder = next(tmp_path.iterdir())
    assert sorted(path.name for path in folder.iterdir()) == ["epoch-0001.pt", "epoch-0003.pt", "epoch-0004.pt"]
    fit_further(again, batches, 2, snapshots=tmp_path)  # a younger age than what there is, from the one before
    fit(twin := start(), batches, 2, snapshots=None)
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), twin.parameters(), strict=True))


def test_an_older_age_trains_only_what_is_missing(digits: Dataset, tmp_path: Path, monkeypatch) -> None:
    batches = Shuffled(digits.x_train[:100], digits.y_train[:100], 50)
    fit_further(models.build(models.SimpleCNN, 0, CPU), batches, 2, snapshots=tmp_path)
    epochs = []
    original = Shuffled.__call__
    monkeypatch.setattr(Shuffled, "__call__", lambda *arguments: epochs.append(1) or original(*arguments))
    fit_further(models.build(models.SimpleCNN, 0, CPU), batches, 3, snapshots=tmp_path)
    assert len(epochs) == 1


def test_augmented_images_are_moved_and_mirrored_and_repeat(digits: Dataset) -> None:
    x = torch.rand(40, 3, 8, 8)
    batches = fragility.Augmented(x, torch.arange(40), 40, mirror=True)
    (moved, y), (again, _) = (next(batches(None, torch.Generator().manual_seed(0))) for _ in range(2))
    assert moved.shape == x.shape and torch.equal(moved, again)
    padded = torch.nn.functional.pad(x[y], [4] * 4)
    mirrored = 0
    for image, around in zip(moved, padded, strict=True):
        windows = [around[:, i : i + 8, j : j + 8] for i in range(9) for j in range(9)]
        plain = any(torch.equal(image, window) for window in windows)
        assert plain or any(torch.equal(image, window.flip(2)) for window in windows)
        mirrored += not plain
    assert 8 < mirrored < 32
    plain = fragility.Augmented(x, torch.arange(40), 40)
    moved, y = next(plain(None, torch.Generator().manual_seed(0)))
    assert all(
        any(torch.equal(image, around[:, i : i + 8, j : j + 8]) for i in range(9) for j in range(9))
        for image, around in zip(moved, torch.nn.functional.pad(x[y], [4] * 4), strict=True)
    )


# The grid


@pytest.fixture(scope="module")
def cell(all_digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, Dataset, Path]:
    """One measured cell: ResNet-18 after one epoch of 100 digits."""
    folder = tmp_path_factory.mktemp("cells")
    part = replace(
        all_digits,
        x_train=all_digits.x_train[:100],
        y_train=all_digits.y_train[:100],
        x_test=all_digits.x_test[:30],
        y_test=all_digits.y_test[:30],
    )
    probe = fragility.Probe(n_images=10, n_pgd=4, pgd_steps=2, grid=3, splits=20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fragility.trained, "__defaults__", (folder,))
        grid = fragility.fill([("digits", "resnet18", 1)], {"digits": part}, [0], fragility.Recipe(), probe, folder)
    return grid, part, folder


def test_a_cell_holds_what_the_chapter_shows(cell: tuple[dict, Dataset, Path]) -> None:
    grid, _, _ = cell
    ((key, (result,)),) = grid.items()
    assert key == ("digits", "resnet18", 1)
    assert len(fragility.unpack(result["clean"])) == 30 and [len(half) for half in result["without"]] == [64, 64]
    share = np.array(result["without"]).mean(0)
    np.testing.assert_allclose(np.array(result["rightly_without"]).mean() / 64, share.mean())
    assert set(result["readings"]) == set(fragility.READINGS)
    assert fragility.rates([result], "robustness", "fgsm", "original")[0][0] == fragility.unpack(result["all"]).mean()
    eps, (curve,) = fragility.accuracy_over_eps([result], "fgsm")
    assert curve.shape == (len(eps), 10) and eps[0] == 0
    free = result["targeting"]["shares"]["unclipped, convolution"]
    assert free[-1] == pytest.approx(free[-2], abs=0.11)
    row = fragility.controls([result], "FGSM")
    assert row["largest norm"] >= row["smallest norm"] and 0 <= row["as high"] <= 1


def test_a_filled_cell_is_not_measured_again(cell: tuple[dict, Dataset, Path], monkeypatch) -> None:
    grid, part, folder = cell
    monkeypatch.setattr(fragility, "trained", lambda *_: pytest.fail("trained again"))
    probe = fragility.Probe(n_images=10, n_pgd=4, pgd_steps=2, grid=3, splits=20)
    assert fragility.fill(grid, {"digits": part}, [0], fragility.Recipe(), probe, folder) == grid
    assert fragility.halves_table(grid["digits", "resnet18", 1])["share"][0] < 1


def test_the_nearest_cell_stands_in() -> None:
    grid = dict.fromkeys([("mnist", "resnet18", 10), ("mnist", "resnet101", 50), ("cifar10", "resnet18", 10)])
    assert fragility.stand_in(grid, "mnist", "resnet101", 100) == ("mnist", "resnet101", 50)
    assert fragility.stand_in(grid, "mnist", "resnet18", 100) == ("mnist", "resnet18", 10)
    assert fragility.stand_in(grid, "cifar10", "resnet50", 50) == ("cifar10", "resnet18", 10)
    assert fragility.stand_in(grid, "digits", "resnet50", 50) is None
    assert len(fragility.all_keys(["mnist", "cifar10"], [10, 50, 100])) == 18


def test_kernels_fragile_at_all_ages_and_by_lot() -> None:
    def result(fragile: set[int]) -> list[dict]:
        accuracies = [0.5 if kernel in fragile else 0.9 for kernel in range(4)]
        return [{"without": [accuracies, accuracies]}]

    grid = {("mnist", "resnet18", 1): result({0, 1}), ("mnist", "resnet18", 2): result({1, 2})}
    np.testing.assert_array_equal(fragility.stable(grid, "mnist", "resnet18", [1, 2]), [False, True, False, False])
    assert fragility.by_chance(grid, "mnist", "resnet18", [1, 2]) == pytest.approx(4 * 0.5 * 0.5)


@pytest.mark.parametrize("n", [1, 8, 13])
def test_what_is_packed_is_unpacked(n: int) -> None:
    bits = np.random.default_rng(0).random(n) < 0.5
    np.testing.assert_array_equal(fragility.unpack(fragility.pack(bits)), bits)


def test_the_eps_that_costs_accuracy_is_read_off_straight_lines() -> None:
    correct = np.array([[1] * 10, [1] * 9 + [0], [1] * 5 + [0] * 5], dtype=bool)
    assert fragility.cost_eps([0, 0.1, 0.2], correct) == pytest.approx(0.125)
    assert fragility.cost_eps([0, 0.1], correct[:2]) == 0.1
    one, other = ([0, 0.1, 0.2], [correct]), ([0, 0.01, 0.02], [correct])
    measured = fragility.cost_difference(one, other)
    assert measured.mean == pytest.approx(0.1125) and measured.low < measured.mean < measured.high
    assert fragility.cost_difference((one[0], [correct] * 2), (other[0], [correct] * 2)).over == "seeds"


def test_steps_between_stages() -> None:
    low, middle, high = (np.arange(100) < n for n in (50, 60, 90))
    assert fragility.smallest_rise([[low], [middle], [high]]).mean == pytest.approx(0.1)
    assert fragility.rise_or_peak([[low], [high], [middle]], peak=True).mean == pytest.approx(0.3)
    assert fragility.rise_or_peak([[low], [high], [middle]], peak=False).mean == pytest.approx(-0.3)
    assert fragility.smallest_count_rise([[1, 2], [3, 4], [4, 5]]).mean == 1


def test_a_gain_is_paired_over_images() -> None:
    results = [
        {"way": {"a": fragility.pack(np.array([1, 1, 0], bool)), "b": fragility.pack(np.array([1, 0, 0], bool))}}
    ]
    assert fragility.gain(results, ["way"], "a", "b").mean == pytest.approx(1 / 3)
