"""What is read off records, and the tables, figures and numbers of the page, on records that are made up."""

from dataclasses import replace
from inspect import isfunction, signature
from types import ModuleType

import numpy as np
import pytest
from fragile_records import N, first, grid_of, layer, record, sample
from matplotlib import pyplot

from lib.chapters.fragile_neurons import csg, embeddings, figures, frames, here, quantities, summary
from lib.chapters.fragile_neurons.answers import defence
from lib.chapters.fragile_neurons.autoencoder import AutoencoderRecord
from lib.chapters.fragile_neurons.contradictions import CONTRADICTIONS
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.here.targeting import between
from lib.chapters.fragile_neurons.record import CellRecord
from lib.chapters.fragile_neurons.svd_filter import PRINTED, SOURCE
from lib.run import profiles

KEY = ("digits", "resnet18", 1)


def test_kernels_fragile_at_all_ages_and_by_lot() -> None:
    ages = [record(fragile=one) for one in (range(32), range(16, 48))]
    assert np.flatnonzero(quantities.stable(ages)).tolist() == list(range(16, 32))
    assert quantities.by_chance(ages) == pytest.approx(64 * 0.5 * 0.5)


def test_halves_that_agree_and_halves_that_do_not() -> None:
    same, apart = (quantities.halves([record(fragile=range(32), again=again)]) for again in (range(32), range(32, 64)))
    assert (same.share, same.agreement, same.expected, same.correlation) == (0.5, 1, 0.5, pytest.approx(1))
    assert (apart.agreement, apart.correlation) == (0, pytest.approx(-1))
    assert (same.gap, apart.gap) == (pytest.approx(0.3), pytest.approx(-0.3))


def test_the_eps_that_costs_accuracy_is_read_off_straight_lines() -> None:
    correct = np.array([[1] * 10, [1] * 9 + [0], [1] * 5 + [0] * 5], dtype=bool)
    assert quantities.cost_eps([0, 0.1, 0.2], correct) == pytest.approx(0.125)
    assert quantities.cost_eps([0, 0.1], correct[:2]) == 0.1
    one, other = ([0, 0.1, 0.2], [correct]), ([0, 0.01, 0.02], [correct])
    measured = quantities.cost_difference(one, other)
    assert measured.mean == pytest.approx(0.1125) and measured.low < measured.mean < measured.high
    assert quantities.cost_difference((one[0], [correct] * 2), (other[0], [correct] * 2)).networks == 2


def test_the_gap_of_an_image_is_no_larger_than_its_count_allows() -> None:
    """By hand, 64 kernels and 20 in S: all of 20 kernels that it can do without may be those of S, and so on."""
    counts = np.array([0, 20, 32, 44, 64])
    expected = [0, 1, max(32 / 44, 1 - 12 / 44), 1, 0]
    np.testing.assert_allclose(quantities._most(counts.astype(float), 20, 64), expected)


def test_s_by_all_images_weighs_the_halves_by_their_images() -> None:
    one = record(fragile=range(10), again=range(10, 24))
    assert quantities.whole_set(one).sum() == 24 and quantities.fragile_sets(one)[0].sum() == 10


def test_a_share_without_clipping_is_over_images_of_one_network_and_over_several_networks() -> None:
    alone = quantities.unclipped_share([record(unclipped=0.995)], "convolution", 1)
    assert (alone.mean, alone.images, alone.networks) == (0.995, N, 1) and alone.low < 0.995 < alone.high
    both = quantities.unclipped_share([record(unclipped=share) for share in (0.5, 1.0)], "convolution", 1)
    assert (both.mean, both.networks) == (0.75, 2)


def test_gains_are_those_of_a_filter_over_the_original_at_the_printed_eps() -> None:
    def accuracy(who: str, eps: float) -> float:
        return (0.6 if who == SOURCE else 0.5) if eps == 0.34 else 0.1

    gains = quantities.filter_gains([record(fgsm=accuracy, probability={SOURCE: 0.7})], SOURCE, "digits")
    assert list(gains) == ["Eq. 2, eps in pixels", "Eq. 2, eps in normalised units", "fresh FGSM", "fresh PGD"]
    assert [gain.mean for gain in gains.values()] == pytest.approx([0.2, 0.2, 0.1, 0])
    assert all(gain.mean == 0 for gain in quantities.filter_gains([record()], PRINTED, "digits").values())


def test_without_the_printed_eps_a_filter_is_judged_at_the_nearest_that_was_measured() -> None:
    known = record().robustness
    assert quantities.judged_at(known, "digits") == (0.34, 0.34)
    without = replace(known, eps=[0.0, 0.2, 0.4], pgd_eps=[0.1, 0.2, 0.3])
    assert quantities.judged_at(without, "digits") == (0.4, 0.3)
    assert quantities.judged_at(without, "cifar10") == (0.2, 0.1)


def test_controls_are_means_over_seeds() -> None:
    records = [record(controls={"FGSM": (s, 1.0, 0.0)}, random=(0, 0.5, 0.5, 1)) for s in (0.5, 1)]
    found = quantities.controls(records, "FGSM", "ReLU")
    assert (found.s, found.largest, found.smallest, found.mean) == (0.75, 1, 0, 0.5)
    assert found.as_high == (0.75 + 0.25) / 2 and found.low < 0.1 < 0.9 < found.high


def test_accuracy_over_eps_begins_without_an_attack() -> None:
    eps, (curve,) = quantities.accuracy_over_eps([record(clean=0.9, pgd=lambda who, eps: 0.2)], "pgd")
    assert eps[0] == 0 and curve.mean(1).tolist() == pytest.approx([0.9, *[0.2] * (len(eps) - 1)])
    np.testing.assert_array_equal(curve[0], first(0.9))


def test_accuracy_over_eps_under_pgd_is_of_the_images_that_pgd_is_made_on() -> None:
    known = record(clean=0.5)
    last = np.arange(N)[-3:]
    few = replace(known.robustness, pgd_images=last, pgd_correct=known.robustness.pgd_correct[..., last])
    _, (curve,) = quantities.accuracy_over_eps([replace(known, robustness=few)], "pgd")
    assert curve.shape[1] == 3 and not curve[0].any() and first(0.5)[:3].all()


@pytest.fixture(scope="module")
def grid() -> Grid:
    """Two networks on digits, one of them at all three ages."""
    cells = {("digits", "resnet18", age): record(clean=0.9 + age / 100, changed=3 * (age == 2)) for age in (1, 2, 3)}
    cells |= {("digits", "resnet101", 2): record(clean=0.8)}
    sampled = {("digits", "resnet18", 2): sample(layers={PRINTED: layer(3, free=0.9)})}
    return grid_of(cells, sampled, networks="resnet18+resnet101")


def test_a_table_says_what_is_missing(grid: Grid) -> None:
    table = frames.networks.accuracies(grid)
    assert table["network"].tolist() == ["ResNet-18, digits", "ResNet-50, digits", "ResNet-101, digits"]
    assert table["epoch 1"][1:].tolist() == ["missing", "missing"] and table["epoch 1"][0].startswith("0.9100 [")
    assert frames.kernels.stable_kernels(grid)["in S at all ages"].tolist() == ["20"]
    nothing = frames.kernels.stable_kernels(grid_of({("digits", "resnet18", 1): record()}))
    assert nothing.values.tolist() == [["no network has all three ages", "missing", "missing"]]


def test_tables_have_a_row_for_all_that_they_are_of(grid: Grid) -> None:
    records, (one,) = grid[grid.main], grid[grid.main]
    rows = {
        4: [
            frames.networks.printed_eps(grid),
            frames.kernels.over_halves(grid),
            frames.filter.batch_norm(grid),
            frames.targeting.moved(grid),
        ],
        9: [frames.filter.readings(records)],
        7: [frames.filter.noise_levels(one), frames.targeting.readings_of_89(grid)],  # the latter of the first age
        12: [frames.filter.gains(grid)],
        16: [frames.targeting.with_controls(grid)],
        3: [frames.targeting.controls_by_level(records), frames.filter.lowered(grid)],  # of the case that has a sample
        1: [frames.filter.lowered(grid_of({KEY: record()}))],  # that there is none
    }
    for count, tables in rows.items():
        assert [len(table) for table in tables] == [count] * len(tables)
    assert frames.networks.printed_eps(grid)["eps in normalised units"][0].startswith("0.600 [")
    assert "44 × 49; 200 test images" in frames.filter.readings_title(grid)
    assert "the median singular value is 1.500" in frames.filter.noise_title(grid)


def test_where_no_kernel_counts_nothing_is_nan() -> None:
    """On few images accuracy can be the same without any kernel."""
    nothing = record(fragile=())
    found = quantities.halves([nothing])
    assert (found.share, found.correlation, found.gap) == (0, 0, 0)
    alone = grid_of({KEY: nothing})
    assert frames.kernels.over_halves(alone)["rank correlation of halves"].tolist() == ["0.0000"]


def test_a_spectral_gradient_of_fewer_images_than_were_asked_for_is_left_out(grid: Grid) -> None:
    apart = {n: csg.CsgRecord(n, np.eye(10)[None], np.eye(10)[None]) for n in (200, 400, 500)}
    table = frames.gradients.gradients_by_size(list(apart.values()), grid.experiment)
    assert table["digits"].tolist() == ["0.000", "0.000", "too few"] and table["images"].tolist() == [
        "200",
        "400",
        "800",
    ]
    said = here.networks.gradients_by_size(list(apart.values()), grid.experiment)
    assert said == "In this run: the measure is 0.000, 0.000 on 200, 400 images of digits."
    found = {("digits", how): apart[200] for how in csg.EMBEDDINGS}
    table = frames.gradients.gradients(found, {"digits": []}, grid.experiment)
    assert table["paper, digits"].tolist() == ["0.11 (MNIST)"] * 10
    assert table["digits"].tolist() == ["0.000 (0.000 to 0.000)"] * 6 + ["not measured"] * 4
    assert summary.headline(grid, found)["csg_tsne"] == pytest.approx(0, abs=1e-12)


def test_the_gradient_is_told_by_every_way_that_the_table_has(grid: Grid) -> None:
    apart, alike = np.eye(10)[None], np.full((1, 10, 10), 0.1)
    found = {("digits", how): csg.CsgRecord(200, apart, apart) for how in csg.EMBEDDINGS}
    code, own = csg.CsgRecord(200, apart, alike), csg.CsgRecord(200, alike, apart)
    embedded = {"digits": [AutoencoderRecord(own, code, [0.1])]}
    every = embeddings.means(found, embedded, "digits")
    assert len(every) == len(frames.gradients.gradients(found, embedded, grid.experiment)) == 10
    said = here.networks.gradients(found, embedded, grid.experiment)
    assert said == "In this run: digits 9.00 in the source's way, 0.00 to 9.00 in the others."  # the code's, each alike
    unmeasured = here.networks.gradients(found, {"digits": []}, grid.experiment)
    assert unmeasured == "In this run: digits not measured in the source's way, 0.00 to 0.00 in the others."


@pytest.mark.parametrize(
    "name",
    ["halves", "whole_grid", "spectra_by_age", "search", "over_eps", "splits", "beside", "gains", "tracked", "maps"],
)
def test_a_figure_has_a_panel_for_all_that_it_is_of(grid: Grid, name: str) -> None:
    panels = {
        "halves": 2,
        "whole_grid": 4,  # a strip and its colour bar for each network
        "spectra_by_age": 1,
        "search": 2,
        "over_eps": 3,
        "splits": 3,
        "beside": 2,
        "gains": 2,
        "tracked": 2,
        "maps": 6,
    }
    figure = getattr(figures, name)(grid)
    assert len(figure.axes) == panels[name]
    pyplot.close(figure)


@pytest.mark.parametrize(
    ("relative", "random", "word"),
    [
        (0.97, (0.1, 0.5, 0.9), "above the 95th percentile of random sets"),
        (0.97, (0.1, 0.94, 0.96), "above the 95th percentile of random sets, which may be chance"),
        (0.97, (0.1, 0.96, 0.98), "not above what random sets give"),
        (0.4, (0.1, 0.2, 0.3), "not above what random sets give"),
    ],
)
def test_the_opening_says_more_only_beyond_random_sets_and_one_half(relative: float, random: tuple, word: str) -> None:
    one = record(moves=lambda who, eps: relative, random=random)
    opening = summary.opening(grid_of({("digits", "resnet18", 1): one}))
    assert opening["word"] == word and opening["cells"] == 1 and opening["all"] == 18


def test_the_opening_counts_the_filters_that_gain_under_pgd(grid: Grid) -> None:
    opening = summary.opening(grid)
    assert (opening["raised"], opening["networks"]) == ("0 of 3", 1)
    assert summary.opening(grid_of({KEY: record()}))["raised"] == "0 of 0"


def test_the_opening_counts_no_filter_where_the_attack_leaves_nothing(grid: Grid, monkeypatch) -> None:
    acting = {key for key, _ in defence.acting(grid)}
    monkeypatch.setattr(here.filter, "at_the_floor", lambda _, key: key == min(acting))
    left = sum(key != min(acting) for key, _ in defence.acting(grid))
    assert 0 <= left < 3 and summary.opening(grid)["raised"] == f"0 of {left}"


def test_the_opening_s_share_and_that_of_random_sets_are_of_the_same_images() -> None:
    one = record(unclipped=0.9, random=(0.1, 0.5, 0.9, 0.2), controls={"FGSM": (0.3, 1.0, 0.0)})
    opening = summary.opening(grid_of({KEY: one}))
    assert (opening["share"], opening["as-high"], opening["free"]) == (0.3, 0.5, pytest.approx(0.9))
    said = "That is not shown: in ResNet-18 on digits, 50% of random sets of kernels"
    assert opening["lot"] == said, "half of the random sets have as high a share"
    assert (opening["lowest"], opening["rare"], opening["beyond"]) == (0.3, "0 of 1", "0 of 1")
    rare = record(random=(0.1, 0.2, 0.1, 0.2), controls={"FGSM": (0.9, 1.0, 0.0)})
    assert summary.opening(grid_of({KEY: rare}))["lot"].startswith("That may be so: in ")
    other = record(unclipped=0.7, controls={"FGSM": (0.6, 1.0, 0.0)})
    both = summary.opening(grid_of({KEY: one, ("digits", "resnet18", 2): other}))
    assert (both["lowest-free"], both["lowest"]) == (pytest.approx(0.7), 0.3)


def test_networks_that_another_script_trained_are_named() -> None:
    """On a CPU the book's own code computes in float32; on a GPU it may take bfloat16."""

    def on(device: str) -> CellRecord:
        one = record()
        return replace(one, training=replace(one.training, device=device))

    trained = {1: on("cpu (x86_64), in bfloat16"), 2: on("cpu (x86_64)"), 3: on("cuda (NVIDIA H100), in bfloat16")}
    opening = summary.opening(grid_of({("digits", "resnet18", age): one for age, one in trained.items()}))
    assert opening["outside"] == "ResNet-18, digits, epoch 1"
    assert summary.opening(grid_of({KEY: record()}))["outside"] == "none"


def test_the_picture_is_of_the_main_cell_or_of_the_nearest_that_has_one(grid: Grid) -> None:
    assert grid.pictured == grid.main == ("digits", "resnet18", 2)
    cells = {("digits", "resnet18", age): record() for age in (1, 2, 3)} | {("digits", "resnet101", 2): record()}
    sampled = {("digits", "resnet101", 2): sample(), ("digits", "resnet18", 3): sample()}
    other = grid_of(cells, sampled, networks="resnet18+resnet101")
    assert other.main == ("digits", "resnet18", 2)
    assert other.pictured == ("digits", "resnet18", 3) and "epoch 3" in here.kernels.maps(other)
    alone = grid_of({KEY: record()})
    assert alone.pictured is None and figures.maps(alone) is None


def test_the_command_that_fills_the_grid_has_its_sizes(grid: Grid) -> None:
    said = summary.of_grid(grid)
    assert (said["missing"], said["all"], said["ages"]) == (5, 9, "1, 2, 3")
    assert "-p n_images=200 -p n_pgd=200 -p grid=3" in said["command"]
    paper = profiles.values("fragile_neurons", profiles.PAPER, {})
    sizes = {name: paper[name] for name in ("n_images", "n_pgd", "grid")}
    own = grid_of({KEY: record()}, **sizes)
    assert summary.of_grid(own)["command"] == "python -m lib.run fill fragile_neurons", "its own sizes are its default"


def test_each_table_and_figure_is_told_in_one_sentence(grid: Grid) -> None:
    """Also of a run that has one cell and no sample."""
    alone = grid_of({("digits", "resnet18", 1): record()})
    modules = (getattr(here, name) for name in here.__all__)
    of_grid = [one for module in modules for one in vars(module).values() if _tells_of_a_grid(one, module)]
    assert len(of_grid) > 20
    for tell in of_grid:
        for run in (grid, alone):
            said = tell(run)
            assert said.startswith("In this run: ") and said.endswith(".") and said.count(". ") <= 1, said


def _tells_of_a_grid(tell: object, module: ModuleType) -> bool:
    own = isfunction(tell) and tell.__module__ == module.__name__ and not tell.__name__.startswith("_")
    return own and list(signature(tell).parameters) == ["grid"]


FIRST = {"test_images": "first"}


def test_sentences_say_what_was_measured(grid: Grid) -> None:
    best = "4 of 9 cases are measured; the highest accuracy is 0.9300 (ResNet-18, digits, epoch 3)"
    assert best in here.networks.accuracies(grid)
    stable = "20 kernels are, on average, fragile at all three ages, where chance gives 2."
    assert stable in here.kernels.stable_kernels(grid)
    one = grid_of({("digits", "resnet18", age): record(fragile=(3,)) for age in (1, 2, 3)})
    assert here.kernels.stable_kernels(one).startswith(
        "In this run: 1 kernel is, on average, fragile at all three ages"
    )
    assert "20 of 64 kernels are fragile" in here.kernels.maps(grid) and "is missing" in here.kernels.maps(
        grid_of({KEY: record()})
    )
    assert here.filter.lowered(grid).endswith(
        "lowers the share in 0 of 1 trial, raises it in 1 and leaves it as it is in 0; it was measured in 1 of 4 cases."
    )
    assert "none of these networks was measured" in here.filter.lowered(grid_of({KEY: record()}))
    assert (between([0.9, 0.5]), between([0.9968, 0.9972])) == ("0.500 to 0.900", "0.997 throughout")
    assert "and the original network has less than 0.05 in no trial." in here.filter.gains(grid)
    at_the_floor = grid_of({KEY: record(pgd=lambda who, eps: 0.01, changed=5)})
    assert "and the original network has less than 0.05 in 3 trials." in here.filter.gains(at_the_floor)
    assert here.filter.gains(grid).endswith(" of 3 gain.") and " images." in here.filter.search(
        grid_of({KEY: record()}, **FIRST)
    )
    assert here.filter.search(grid).endswith(" on the same 200 images.")
    assert "in 0 of 3 trials" in here.filter.gains(grid) and "no filter changes" in here.filter.gains(
        grid_of({KEY: record()})
    )
    assert "too few for an interval" in here.targeting.tracked(grid_of({KEY: record()}))


def test_the_contradictions_are_all_shown() -> None:
    table = frames.targeting.contradictions()
    assert len(table) == len(CONTRADICTIONS) and (table.map(len) > 3).all(axis=None)
