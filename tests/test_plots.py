"""What the figures draw."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from lib.chapters.adversarial_training import drawing as adversarial_training
from lib.chapters.common_ground import drawing as common_ground
from lib.chapters.fragile_neurons import drawing as fragile_neurons
from lib.chapters.fragile_neurons.drawn_ranges import ranges
from lib.measure.intervals import Measured, rate
from lib.show import palette, plots


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_panes_side_by_side_have_each_its_scale_and_one_legend_for_all():
    panes = {"accuracy": {"a": [[0.1, 0.2]], "b": [[0.3, 0.4]]}, "loss": {"a": [[5, 9]], "b": [[1, 2]]}}
    figure = adversarial_training.side_by_side([1, 2], panes, "epoch", most=[1, np.inf])
    left, right = figure.axes
    assert (left.get_ylabel(), right.get_ylabel(), left.get_xlabel()) == ("accuracy", "loss", "epoch")
    assert left.get_ylim()[1] < 1 < 9 <= right.get_ylim()[1]
    assert left.get_legend() is None and right.get_legend() is None
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]


def band(ax):
    """The lowest and the highest point of the first band."""
    heights = ax.collections[0].get_paths()[0].vertices[:, 1]
    return heights.min(), heights.max()


def within(ends: tuple[float, float]) -> bool:
    return 0 <= ends[0] < 0.01 and 0.99 < ends[1] <= 1


def test_bands_end_where_values_do():
    far_apart = {"a": [[0.02, 0.9], [0.3, 0.98]]}  # of two seeds: the t interval is 12.7 standard errors to each side
    assert within(band(plots.shares([1, 2], far_apart, "x", "accuracy").axes[0]))
    assert within(band(plots.panels([1, 2], {"here": far_apart}, "x", "accuracy").axes[0]))
    figure = adversarial_training.side_by_side(
        [1, 2], {"accuracy": far_apart, "loss": far_apart}, "x", most=[1, np.inf]
    )
    assert within(band(figure.axes[0]))
    low, high = band(figure.axes[1])
    assert 0 < low < 0.02 and high > 1


def test_the_band_of_a_loss_stays_above_0():
    low, _ = band(plots.curves([1, 2], {"loss": [[0.1, 0.1], [0.2, 0.2], [1.5, 1.5]]}, "x", "loss").axes[0])
    assert low > 0


def test_bands_are_of_what_was_measured_where_that_is_given():
    one = [Measured(0.5, 0.4, 0.6, 1), Measured(0.7, None, None, 1)]
    figure = plots.panels([1, 2], {"here": {"a": one}}, "x", "accuracy")
    (ax,) = figure.axes
    assert list(ax.lines[0].get_ydata()) == [0.5, 0.7] and band(ax) == (0.4, 0.7)


def test_an_attack_looks_the_same_whatever_stands_beside_it():
    first, second = palette.looks(["PGD, 40 steps", "random signs, no attack"]), palette.looks(["FGSM", "random signs"])
    assert first["random signs, no attack"] == second["random signs"] != first["PGD, 40 steps"]
    assert palette.looks(["fresh PGD, held out"])["fresh PGD, held out"] == first["PGD, 40 steps"]
    assert palette.looks(["b", "PGD training"])["b"]["color"] == palette.COLOURS[0], "no kind: by place"
    assert palette.looks(["PGD, rising eps"])["PGD, rising eps"]["color"] != first["PGD, 40 steps"]["color"]
    beside = palette.looks(["a", "clean", "b"])
    assert len({look["color"] for look in beside.values()}) == 3 and beside["clean"]["color"] == palette.COLOURS[0]
    both = palette.looks(["FGSM: the network", "FGSM: the neighbour"])
    assert len({look["color"] for look in both.values()}) == 1
    assert [look.get("markerfacecolor") for look in both.values()] == [None, "none"]
    assert len({(one, other) for one, other in zip(palette.COLOURS, palette.MARKERS, strict=True)}) == 8
    assert len(palette.COLOURS) == len(set(palette.MARKERS)) == len(palette.DASHES)


def test_figures_of_all_sorts_take_an_attack_s_look():
    pgd = palette.looks(["PGD"])["PGD"]["color"]
    series = {"random signs": [[0.5, 0.6]], "PGD": [[0.1, 0.2]]}
    lines = [
        plots.shares([1, 2], series, "x", "y").axes[0].lines,
        plots.panels([1, 2], {"a": series}, "x", "y").axes[0].lines,
    ]
    measured = {name: [rate([hits(3)])] for name in series}
    lines.append(adversarial_training.dots(measured, ["a"]).axes[0].lines)
    assert all({line.get_color() for line in one if line.get_label() == "PGD"} == {pgd} for one in lines)


def test_panels_draw_each_network_where_their_mean_is_none_of_them():
    split = {"a": [[0.0, 0.1], [0.9, 0.8]], "b": [[0.5, 0.5], [0.6, 0.6]]}
    figure = plots.panels([1, 2], {"": split}, "x", "accuracy")
    drawn = [list(line.get_ydata()) for line in figure.axes[0].lines]
    assert [0.0, 0.1] in drawn and [0.9, 0.8] in drawn and [0.5, 0.5] not in drawn
    assert figure.legends[0].get_title().get_text().endswith("where some lie more than 0.3 apart")
    assert figure.axes[0].collections[0].get_alpha() >= 0.12, "a band that can be seen"
    one = plots.panels([1, 2], {"": {"b": split["b"]}}, "x", "accuracy")
    assert one.legends[0].get_title().get_text() == "means of 2 networks; bands: 95% intervals over networks"


def test_one_seed_has_no_band():
    figure = plots.panels([1, 2], {"here": {"a": [[0.5, 0.7]]}}, "x", "accuracy")
    assert not figure.axes[0].collections and list(figure.axes[0].lines[0].get_ydata()) == [0.5, 0.7]


def test_cells_have_their_texts_and_frames_where_they_belong():
    texts = [["a", "b", "c"], ["d", "e", "f"]]
    values = np.array([[0.0, 0.5, 1.0], [1.0, 0.5, 0.0]])
    figure = adversarial_training.cells(
        values, ["x", "y"], ["1", "2", "3"], "eps", texts, marks={"near": (1, 2), "nearer": (0, 1)}
    )
    ax = figure.axes[0]
    written = {text.xy: text for text in ax.texts}
    assert {place: text.get_text() for place, text in written.items()} == {
        (j, i): texts[i][j] for i in (0, 1) for j in (0, 1, 2)
    }
    assert (written[0, 0].get_color(), written[2, 0].get_color()) == ("white", "black")
    middle = adversarial_training.cells(np.array([[0.26, 0.29]]), ["x"], ["1", "2"], "", [["a", "b"]], marks={})
    assert [text.get_color() for text in middle.axes[0].texts] == ["white", "black"], "whichever stands out more"
    middles = {
        patch.get_label(): (patch.get_x() + patch.get_width() / 2, patch.get_y() + patch.get_height() / 2)
        for patch in ax.patches
    }
    assert middles == {"near": pytest.approx((2, 1)), "nearer": pytest.approx((1, 0))}


def hits(right: int) -> np.ndarray:
    return np.arange(10) < right


def test_dots_show_the_mean_its_interval_and_each_seed_row_by_row_from_the_top():
    apart, alike = rate([hits(1), hits(3)]), rate([hits(5), hits(5)])
    figure = adversarial_training.dots({"a": [apart, alike], "b": [alike, apart]}, ["first", "second"])
    (ax,) = figure.axes
    named = {line.get_label(): line.get_xdata() for line in ax.lines if not line.get_label().startswith("_")}
    assert named["a"] == pytest.approx([0.2, 0.5]) and named["b"] == pytest.approx([0.5, 0.2])
    single = sorted(x for line in ax.lines if line.get_marker() == "." for x in line.get_xdata())
    assert single == pytest.approx([0.1, 0.1, 0.3, 0.3, 0.5, 0.5, 0.5, 0.5])
    bars = [list(line.get_xdata()) for line in ax.lines if line.get_linestyle() == "-"]
    ends = {one: [one.low, one.high] for one in (apart, alike)}
    assert bars == [ends[apart], ends[alike], ends[alike], ends[apart]]
    assert ax.yaxis_inverted() and [label.get_text() for label in ax.get_yticklabels()] == ["first", "second"]
    assert figure.legends[0].get_title().get_text().startswith("means of 2 networks (small dots); bars: 95% intervals")


def test_dots_of_one_network_have_an_interval_over_images_and_say_so():
    one = rate([hits(4)])
    figure = adversarial_training.dots({"a": [one]}, ["first"])
    mean, bar = figure.axes[0].lines
    assert mean.get_xdata()[0] == pytest.approx(0.4) and list(bar.get_xdata()) == [one.low, one.high]
    assert figure.legends[0].get_title().get_text() == "one network; bars: 95% intervals over test images"


def test_a_perturbation_has_its_own_scale_or_a_common_one():
    images = torch.tensor([-0.1, 0.4, 0.0]).view(3, 1, 1, 1).expand(3, 1, 2, 2)
    rows = {"clean": images.abs(), "moved": images}
    limits = [ax.images[0].get_clim() for ax in plots.digits(rows).axes]
    assert limits[:3] == [(0, 1)] * 3, "images are drawn from black to white"
    assert limits[3:5] == [pytest.approx((-0.1, 0.1)), pytest.approx((-0.4, 0.4))]
    assert limits[5] == (-1, 1), "where nothing has moved all is mid-grey"
    assert [ax.images[0].get_clim() for ax in plots.digits(rows, limit=0.9).axes[3:]] == [(-0.9, 0.9)] * 3


def test_drops_show_each_kernel_once_in_its_set_and_the_mean():
    accuracies, fragile = np.array([0.5, 0.9, 0.7]), np.array([True, False, False])
    figure = fragile_neurons.drops({"here": (accuracies, fragile), "there": (accuracies, fragile)})
    named = {line.get_label(): line for line in figure.axes[1].lines}
    assert named["S"].get_xdata().tolist() == [0] and named["S'"].get_ydata().tolist() == [0.9, 0.7]
    assert named["mean over kernels"].get_ydata()[0] == pytest.approx(0.7)


def test_strips_have_a_row_an_age_and_each_its_own_scale():
    large, small = np.array([-0.5, 0.25, 0.25]), np.array([0.01, -0.02, 0.01])
    figure = fragile_neurons.strips({"net": {"1": large, "2": large / 2}, "other": {"1": small}}, marked={})
    strips = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title() for ax in strips] == ["net", "other"]
    assert [ax.images[0].get_array().shape for ax in strips] == [(2, 3), (1, 3)]
    limits = [ax.images[0].get_clim() for ax in strips]
    assert all(low == -high for low, high in limits) and limits[0][1] > 10 * limits[1][1]


def test_rows_of_marks_lie_over_their_range_and_say_what_is_missing():
    found = {"there": ((0.2, 0.8), {"S": 0.9, "large": 1.0}), "missing": (None, {})}
    figure = ranges(
        {"FGSM": found, "PGD": found}, "share", bar="chance", marks={"PGDthe paper": dict.fromkeys(found, 0.89)}
    )
    left, right = figure.axes
    bars = [line for line in left.lines if list(line.get_xdata()) == [0.2, 0.8]]
    assert len(bars) == 1 and [text.get_text() for text in left.texts] == ["not measured"]
    assert [len(ax.lines) for ax in (left, right)] == [3, 4]
    assert {text.get_text() for text in figure.legends[0].get_texts()} == {"chance", "S", "large", "the paper"}


def test_gains_have_a_line_where_there_is_none():
    series = {"filter": {"b": Measured(0.1, 0.0, 0.2, 3)}}
    others = {"controls": {"PGD": {"filter": {}}}, "grey": {}, "called": ("scaled alone", "low")}
    (ax,) = fragile_neurons.gains(["a", "b"], {"PGD": series}, "gain", **others).axes
    assert [list(line.get_xdata()) for line in ax.lines] == [[0, 0], [0.1], [0.0, 0.2]]
    assert ax.lines[1].get_ydata() == [1]


def test_spectra_count_values_from_one_and_draw_the_thresholds():
    figure = fragile_neurons.spectra({"net": ({"now": [3.0, 2.0, 0.5]}, {"printed": 2.5})})
    (ax,) = figure.axes
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3] and ax.lines[1].get_ydata() == [2.5, 2.5]
    assert ax.get_yscale() == "log" and [text.get_text() for text in ax.texts] == ["printed"]


def test_panes_side_by_side_have_their_own_axes_and_one_legend():
    pane = fragile_neurons.Pane("first", "eps", "share", [1, 10], {"a": [[0.1, 0.2]]}, log=True, mark=3)
    other = fragile_neurons.Pane("second", "steps", "share", [0, 1], {"b": [[0.5, 0.5]]})
    figure = fragile_neurons.side_by_side([pane, other])
    left, right = figure.axes
    assert (left.get_xscale(), right.get_xscale()) == ("log", "linear")
    assert left.lines[-1].get_xdata() == [3, 3] and right.get_title() == "second"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]


def test_shares_of_splits_are_counted_and_the_chosen_marked():
    panes = {"FGSM": ([0.0, 0.01, 1.0], {"S": 0.4})}
    figure = fragile_neurons.split_shares(panes, claimed={"the paper": 0.89}, hollow={})
    (ax,) = figure.axes
    assert [patch.get_height() for patch in ax.patches][:1] == [2] and ax.patches[-1].get_height() == 1
    (marked,) = (line for line in ax.lines if line.get_label() == "S")
    assert list(marked.get_xdata()) == [0.4]
    assert [line.get_xdata() for line in ax.lines if line.get_label() == "the paper"] == [[0.89, 0.89]]


def test_a_ladder_has_a_line_a_row_and_the_number_of_its_last_mark():
    panes = {"eps 0.1": {"clean": [[0.9], [0.8]], "FGSM": [[0.5], [0.6]], "safe": [[0.4], [0.1]]}}
    figure = common_ground.ladders(panes, ["a", "b"], ["× 1.0", "× 4.0"])
    (ax,) = figure.axes
    assert [segment[:, 0].tolist() for segment in ax.collections[0].get_segments()] == [[0.4, 0.9], [0.1, 0.8]]
    assert [text.get_text() for text in ax.texts] == ["safe", "0.40", "0.10", "cost", "× 1.0", "× 4.0"]
    (key,) = figure.legends
    assert [text.get_text() for text in key.get_texts()] == ["clean", "FGSM", "safe"]
    assert [line.get_markerfacecolor() for line in ax.lines] == ["white", "white", "black"]
    assert [line.get_marker() for line in ax.lines] == [line.get_marker() for line in key.legend_handles]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row on top
    assert len(ax.collections) == 1  # of one seed there is nothing to show but the mark


def test_a_ladder_of_several_seeds_shows_each_below_the_mean_of_the_last_mark():
    panes = {"": {"clean": [[0.9, 0.9], [0.8, 0.8]], "safe": [[0.0, 0.8], [0.25, 0.75]]}}
    figure = common_ground.ladders(panes, ["a", "b"], ["", ""])
    (ax,) = figure.axes
    assert ax.lines[1].get_xdata().tolist() == [0.4, 0.5]
    assert ax.collections[1].get_offsets().tolist() == [[0.0, 0.3], [0.25, 1.3], [0.8, 0.3], [0.75, 1.3]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["clean", "safe", "each network"]


def test_heat_maps_write_each_share_so_that_it_can_be_read():
    figure = common_ground.heat_maps(
        {"eps 0.1": np.array([[0.0, 1.0]]), "eps 0.3": np.array([[0.5, 0.25]])}, ["a"], ["x", "y"]
    )
    upper, lower = figure.axes
    assert [text.get_text() for text in (*upper.texts, *lower.texts)] == ["0.00", "1.00", "0.50", "0.25"]
    assert [text.get_color() for text in upper.texts] == ["white", "black"]
    assert [label.get_text() for label in lower.get_xticklabels()] == ["x", "y"]
