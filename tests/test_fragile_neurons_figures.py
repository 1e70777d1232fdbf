"""The figures of the chapter, on records that are made up: what is drawn where, and what it is called."""

from collections.abc import Iterator

import numpy as np
import pytest
from fragile_records import AGES, first, grid_of, own, record, sample, through
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lib.chapters.fragile_neurons import csg, drawing, figures, here, mosaic
from lib.chapters.fragile_neurons.answers.targeting import moved_beside_lot
from lib.chapters.fragile_neurons.drawn_ranges import ranges
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.quantities import stable
from lib.chapters.fragile_neurons.svd_filter import MEDIAN, PRINTED
from lib.measure.intervals import Measured, rate

KEY = ("digits", "resnet18", 1)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    pyplot.close("all")


def named(ax: Axes) -> dict:
    return {line.get_label(): line for line in ax.lines}


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def hollow(ax: Axes) -> list:
    return [line for line in ax.lines if line.get_marker() != "None" and line.get_markerfacecolor() == "none"]


def drawn(ax: Axes, marker: str) -> list[float]:
    """Where the filled marks of a shape stand."""
    filled = [line for line in ax.lines if line.get_marker() == marker and line not in hollow(ax)]
    return [float(line.get_xdata()[0]) for line in filled]


def test_the_answering_figure_has_what_the_paper_prints() -> None:
    one = record(random=(0.1, 0.5, 0.9, 0.2), controls={"FGSM": (0.7, 1.0, 0.0)}, unclipped=0.85)
    figure = figures.splits(grid_of({KEY: one}))
    lines = named(figure.axes[0])
    assert lines["the paper: 0.89, not clipped"].get_xdata() == [0.89, 0.89]
    assert list(lines[figures.S].get_xdata()) == [0.7]
    free = lines[figures.FREE]
    assert list(free.get_xdata()) == [0.85] and free.get_markerfacecolor() == "none"
    assert free.get_color() == lines[figures.S].get_color() and free.get_marker() == lines[figures.S].get_marker()
    for ax in figure.axes[1:]:
        assert figures.FREE not in named(ax) and not any(label.startswith("the paper") for label in named(ax))


def test_a_strip_shows_how_far_each_kernel_lies_from_the_mean_by_all_images() -> None:
    figure = figures.whole_grid(grid_of({KEY: record(fragile=range(16), again=range(8, 24))}))
    (shown,) = figure.axes[0].images
    row = shown.get_array()[0]
    assert row.mean() == pytest.approx(0) and list(np.flatnonzero(row < 0)) == list(range(24))
    (dots,) = figure.axes[0].collections
    assert dots.get_offsets().tolist() == [[kernel, 0] for kernel in range(24)], "S is told without colour too"
    assert not figure.axes[0].lines and figure.axes[1].get_title() == "accuracy\nminus mean"


def test_kernels_that_are_in_s_at_all_ages_have_a_mark_and_are_counted() -> None:
    ages = [record(fragile=chosen) for chosen in (range(16), range(8, 24), range(8, 20))]
    figure = figures.whole_grid(through("digits", ages, "resnet18"))
    ax = figure.axes[0]
    (marks,) = ax.lines
    assert marks.get_xdata().tolist() == np.flatnonzero(stable(ages)).tolist() == list(range(8, 16))
    assert ax.get_title() == "ResNet-18, digits: 8 kernels in S at all ages (▲)"
    assert ax.get_ylim()[0] > marks.get_ydata()[0] > 2.5  # below the last row
    alone = figures.whole_grid(through("digits", [record(fragile=(3,))] * 3, "resnet18"))
    assert alone.axes[0].get_title() == "ResNet-18, digits: 1 kernel in S at all ages (▲)"


def test_thresholds_are_those_of_the_main_age_and_say_how_many_values_lie_above() -> None:
    figure = figures.spectra_by_age(own("digits"))
    (ax,) = figure.axes
    assert ax.get_title() == "ResNet-50, digits; thresholds: epoch 50"
    said = [text.get_text().split(":\n") for text in ax.texts]
    assert said == [[name, "43 above"] for name in ("printed (variance)", "deviation", "median")]  # of 44, one is 1
    assert all(text.xy[0] > 1 for text in ax.texts)


def test_over_eps_the_share_without_clipping_is_level_and_grey_is_shaded() -> None:
    figure = figures.over_eps(own("cifar10", unclipped=0.9))
    accuracy, plain, relative = figure.axes
    free = [line for line in plain.lines if line.get_marker() != "None" and len(line.get_xdata())][3:]
    assert [set(line.get_ydata()) for line in free] == [{0.9}] * 3 and len(hollow(plain)) == 4  # one is the legend's
    assert list(named(plain)["the paper: 0.89, not clipped"].get_ydata()) == [0.89, 0.89]
    assert not accuracy.patches and [len(ax.patches) for ax in (plain, relative)] == [1, 1]
    assert plain.patches[0].get_x() == 0.5 and plain.get_xlabel() == "eps (pixel units)"
    assert set(legend(figure)) >= {"not clipped", "eps ≥ 0.5: any image can become grey"}


def test_over_eps_the_paper_s_share_is_left_out_where_it_is_of_another_network() -> None:
    figure = figures.over_eps(own("digits"))
    assert not any(label.startswith("the paper") for label in legend(figure)) and not hollow(figure.axes[2])


def of_cifar10(**given: object) -> Grid:
    return grid_of({("cifar10", "resnet50", age): record("cifar10", **given) for age in AGES}, ages="10 50 100")


def test_the_paper_s_share_is_drawn_in_the_row_that_it_was_printed_for() -> None:
    figure = figures.beside(of_cifar10(unclipped=0.95))
    plain, free = figure.axes
    (dashes,) = (line for line in plain.lines if line.get_xdata()[0] == 0.89)
    places = dashes.get_ydata()
    assert len(places) == 3 and 0.5 < places[0] < 1 < places[1] < 1.5  # of epochs 10, 50 and 100 the second
    assert [line.get_xdata().tolist() for line in hollow(plain)] == [[0.95]] * 3 and not hollow(free)
    assert "the paper: 0.89, not clipped" in legend(figure)
    assert not any("paper" in one for one in legend(figures.beside(grid_of({KEY: record()}))))


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("seeds", [1, 3])
def test_beyond_the_bar_is_what_the_answers_count(sampled: bool, seeds: int) -> None:
    """S with its interval as in the answers, the bar up to what it has to beat, the lead in bold where it counts."""
    cells = {
        ("digits", "resnet18", age): [record(moves=lambda who, eps, s=share: s, random=(0.1, 0.2, 0.3))] * seeds
        for age, share in ((1, 0.8), (2, 0.25))
    }
    samples = {key: [sample()] * seeds for key in cells} if sampled else {}
    grid = grid_of(cells, samples)
    ax = figures.beside(grid).axes[1]
    leads = [moved_beside_lot(grid, key)[1] for key in grid]
    bars = [line.get_xdata()[1] for line in ax.lines if line.get_linewidth() == 7]
    assert bars == pytest.approx([s.mean - lead.mean for s, lead in leads])
    assert drawn(ax, "o") == pytest.approx([s.mean for s, _ in leads])
    head, *said = ax.texts
    assert head.get_text() == "S minus\nbar's end"
    assert [one.get_text() for one in said] == [f"{lead.mean:+.3f}" for _, lead in leads]
    bold = [one.get_weight() == "bold" for one in said]
    assert bold == [lead.low is not None and lead.low > 0 for _, lead in leads]
    assert here.targeting.with_controls(grid).endswith(f"in {sum(bold)} of 2.") and (sampled or sum(bold) == 1)


def test_each_data_set_has_a_row_and_each_network_a_line_through_its_ages() -> None:
    cells = {
        (dataset, network, age): record(dataset, fgsm=lambda who, eps, a=age: a / 10, unclipped=1 - age / 10)
        for dataset in ("digits", "cifar10")
        for network in ("resnet18", "resnet50")
        for age in (1, 2, 3)
    }
    figure = figures.tracked(grid_of(cells, networks="resnet18+resnet50"))
    assert len(figure.axes) == 4 and legend(figure) == ["ResNet-18", "ResNet-50"]
    for ax in figure.axes[::2]:
        assert [line.get_xdata() for line in hollow(ax)] == [pytest.approx((0.9, 0.8, 0.7))] * 2
        assert [line.get_ydata() for line in hollow(ax)] == [pytest.approx((0.1, 0.2, 0.3))] * 2
        assert [text.get_text() for text in ax.texts] == ["1", "2", "3"] * 2 and len(hollow(ax)) == 2
        assert ax.get_xlim()[0] > 0.5 and ax.get_ylim()[1] < 0.5
    assert [ax.get_title().split(":")[0] for ax in figure.axes] == ["digits"] * 2 + ["CIFAR-10"] * 2


def test_each_mark_of_robustness_and_targeting_has_both_intervals() -> None:
    figure = figures.tracked(grid_of({KEY: record(fgsm=lambda who, eps: 0.3, unclipped=0.9)}))
    ax, (across, up) = figure.axes[0], (rate([first(one)]) for one in (0.9, 0.3))
    _, share, accuracy = ax.lines
    assert share.get_xdata() == pytest.approx([across.low, across.high]) and list(share.get_ydata()) == [0.3] * 2
    assert accuracy.get_ydata() == pytest.approx([up.low, up.high]) and list(accuracy.get_xdata()) == [0.9] * 2


def test_each_map_of_s_has_a_frame_that_touches_no_other_map() -> None:
    found = sample().picture
    for ax in mosaic.picture(found, np.ones(64, bool), ("3", "3", "5")).axes[3:]:
        (image,) = ax.images
        assert image.get_interpolation() == "nearest"
        assert not any(np.isnan(image.get_array()[round(y), round(x)]) for x, y in corners(ax))
        assert len({(round(x), round(y)) for x, y in corners(ax)}) == 4 * 64


def corners(ax: Axes) -> list:
    return [corner for frame in ax.patches for corner in frame.get_corners()]


@pytest.mark.parametrize(("seeds", "said"), [(1, "one network"), (3, "means of 3 networks; bands: 95% intervals")])
def test_the_search_has_the_original_network_and_says_how_many_there_are(seeds: int, said: str) -> None:
    figure = figures.search(grid_of({KEY: [record(clean=0.9, normalised=0.6)] * seeds}))
    for ax in figure.axes:
        levels = {name: line.get_ydata()[0] for name, line in named(ax).items() if name.startswith("original")}
        assert levels == {"original, clean": pytest.approx(0.9), "original, attacked": pytest.approx(0.6)}
    assert figure.legends[0].get_title().get_text() == said


def test_gains_are_shown_where_a_filter_changes_something() -> None:
    cells = {("digits", "resnet18", age): record(changed=3 * (age == 2)) for age in (1, 2, 3)}
    grid = grid_of(cells)
    figure = figures.gains(grid)
    assert [drawn(figure.axes[1], marker) for marker in "os^"] == [[0]] * 3  # of three cells in one
    assert [one.get_text() for one in figure.axes[0].get_yticklabels()] == [str(key) for key in grid]
    assert all("eps in pixels" in ax.get_title() for ax in figure.axes)


def test_beside_each_gain_stands_that_of_scaling_alone_and_grey_is_what_has_nothing_to_lose() -> None:
    def after(who: str, eps: float) -> float:
        return 0.2 if who == f"scaled alone, {PRINTED}" else 0.1

    grid = grid_of({KEY: record(pgd=after, changed=3), ("digits", "resnet18", 2): record(pgd=lambda *of: 0, changed=3)})
    figure = figures.gains(grid)
    plain, fresh = figure.axes
    assert [float(line.get_xdata()[0]) for line in hollow(fresh)] == pytest.approx([0.1, 0, 0, 0, 0, 0])
    assert sum(line.get_color() == drawing.GREY for line in fresh.lines) == 9  # a row: marks, intervals, controls
    assert not any(line.get_color() == drawing.GREY for line in plain.lines)
    assert legend(figure)[-2:] == ["scaled alone, without the filter", "original below 0.05"]
    assert legend(figures.gains(grid_of({KEY: record(changed={MEDIAN: 3})})))[-1] == "scaled alone, without the filter"


def test_the_gradient_by_a_missing_embedding_is_said_to_be_missing() -> None:
    asked = grid_of({KEY: record()}).experiment
    found = {("digits", one): csg.CsgRecord(200, np.eye(10)[None], np.eye(10)[None]) for one in csg.EMBEDDINGS}
    figure = figures.gradients(found, {"digits": []}, asked)
    (ax,) = figure.axes
    assert ax.get_xlim()[0] == 0
    assert [text.get_text() for text in ax.texts] == ["not measured"] * 2
    assert all(text.get_bbox_patch().get_facecolor()[:3] == (1, 1, 1) for text in ax.texts)
    (dashes,) = (line for line in ax.lines if line.get_xdata()[0] == 0.11)
    assert dashes.get_ydata()[:2].tolist() == [3.55, 4.45] and ax.get_ylim() == (4.5, -0.5)  # in the last of five rows


def test_a_measured_mark_has_its_interval_and_one_without_has_none() -> None:
    rows = {"a": ((0, 0.5), {"S": Measured(0.8, 0.7, 0.9, 1)}), "b": ((0, 0.5), {"S": Measured(1.0, None, None, 1)})}
    (ax,) = ranges({"": rows}, "share", bar="chance").axes
    intervals = [list(line.get_xdata()) for line in ax.lines if line.get_linewidth() == 1.2]
    assert intervals == [[0.7, 0.9]] and drawn(ax, "o") == [0.8, 1.0]
