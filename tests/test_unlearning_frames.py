"""The tables, figures and sentences of the chapter on unlearning, on made-up evidence."""

import re
from collections import Counter
from dataclasses import replace

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import unlearning_records as made

from lib import book
from lib.chapters.unlearning import contradictions, figures, frames, here, labels, listings, paper_table, rates, summary
from lib.chapters.unlearning.experiment import KINDS
from lib.chapters.unlearning.loop import READINGS
from lib.chapters.unlearning.measure_loop import UPDATED
from lib.chapters.unlearning.measure_removal import STATES
from lib.chapters.unlearning.measure_row import ATTACKS
from lib.evidence.cells import records
from lib.measure.intervals import rate
from lib.show import palette


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def networks(**levels):
    return [made.network(**{"clean": 0.9 + by} | levels) for by in made.SPREAD]


def test_what_is_measured_has_its_words():
    assert tuple(labels.READINGS) == READINGS and tuple(labels.STATES) == STATES
    assert tuple(labels.UPDATED) == (paper_table.ORIGINAL, *UPDATED) and tuple(labels.PRINTED) == ATTACKS


# The networks.


def test_the_table_of_lenets_marks_the_one_that_is_trained():
    frame = frames.lenets(made.experiment(architecture="fig3"))
    assert list(frame["this run trains"]) == ["", "yes", ""]
    assert list(frame["parameters"]) == ["60,850", "1,199,882", "60,074"]


def test_the_trained_network_s_table_has_the_images_of_pgd_apart():
    frame = frames.trained([made.network(clipped=0.4)])
    assert list(frame["accuracy"].str[:5]) == ["0.900", "0.300", "0.400", "0.400", "0.350"]
    assert list(frame["loss"].str[:5]) == ["0.300", "2.300", "1.700", "1.700", "2.000"]
    said = here.trained([made.network(printed=0.32, pgd=0.25)])
    assert said == (
        "In this run: under the paper's FGSM accuracy on the test images is 0.320, 4 times the paper's 0.080; under "
        "PGD, on a sample of 1,000, it is 0.250."
    )


def test_the_letter_s_table_shows_at_most_eight_numbers():
    record = made.letter()
    record.indices[:] = range(9)
    frame = frames.letter(record)
    assert list(frame["images removed"]) == [9, 0, 1]
    assert list(frame["their numbers"]) == ["0, 1, 2, 3, 4, 5, 6, 7 …", "", "0"]
    assert here.letters(record) == (
        "In this run: given indices the rule removes 9 images, given tuples no image, given an array 1 image."
    )


def test_the_worst_images_are_shown_with_label_and_prediction():
    figure = figures.worst(made.letter())
    assert [ax.get_title() for ax in figure.axes] == ["a 4", "a 9", "taken for 9", "taken for 4"]
    assert (
        here.worst(made.letter()) == "In this run: of the 2 training images shown, 2 are misclassified once attacked."
    )
    one = replace(made.letter(), labels=[4], read=[9])
    assert here.worst(one) == "In this run: of the 1 training image shown, 1 is misclassified once attacked."
    eight = replace(made.letter(), labels=[4] * 8, read=[4] * 6 + [9] * 2)
    assert here.worst(eight) == "In this run: of the 5 training images shown, 0 are misclassified once attacked."


# The loop.


def test_the_loop_s_table_compares_each_reading_with_its_control():
    loop = made.loops(b={"fgsm": 0.6, "pgd": 0.6, "weights": "b"}, c={"fgsm": 0.7, "pgd": 0.7, "weights": "c"})
    frame = frames.last_round(networks(printed=0.65, pgd=0.65), loop).set_index("reading")
    gains = frame["FGSM, minus its control"]
    assert gains[labels.READINGS["none"]] == "" and gains[labels.READINGS["a"]] == "the same networks"
    assert gains[labels.READINGS["b"]].startswith("+0.100") and gains[labels.READINGS["c"]].startswith("+0.050")
    assert here.last_round(loop) == (
        "In this run: after the last round accuracy under PGD is highest for “(c) remove, start afresh”, 0.700. It "
        "is 0.600 for “(b) remove, keep training”. Without removal it is 0.500."
    )


@pytest.mark.parametrize(
    ("b", "says"),
    [(0.6, "by +0.100 ["), (0.5, "by +0.000 ["), (0.4, "by -0.100 [")],
)
def test_the_figure_of_gains_has_the_control_and_the_paper_s_rise(b, says):
    loop = made.loops(b=b, d=0.8)
    (ax,) = figures.gains(networks(), loop).axes
    drawn = [text.get_text() for text in ax.get_yticklabels()]
    assert drawn == [labels.READINGS[reading] for reading in ("random", "b", "c", "d", "e", "f")]
    control, rise = ax.texts
    assert [text.get_text() for text in ax.texts] == ["its control", "the paper: +0.887 →"]
    assert abs(control.xy[1] - rise.xy[1]) > 0.5, "one above the other"
    said = ax.figure.legends[0].get_title().get_text()
    assert said == "means of 3 networks; bars: 95% intervals over networks and images"
    assert ax.get_xlim()[1] < 0.5, "the axis is of what was measured"
    (point,) = [line for line in ax.lines if line.get_marker() == "s" and list(line.get_ydata()) == [1 - 0.14]]
    assert point.get_xdata()[0] == pytest.approx(b - 0.5)
    said = here.gains(networks(), loop)
    assert says in said and "adding attacked images, (d), changes accuracy by +0.300 compared with no removal" in said
    assert "a start afresh, (c), changes it by +0.200 compared with the network before the loop." in said
    assert said.endswith("The paper's rise is +0.887.")


def test_figures_say_what_the_intervals_of_one_network_are_over():
    one, loop = [made.network()], made.loops(spread=[0.0])
    titles = [draw(one, loop).legends[0].get_title().get_text() for draw in (figures.gains, figures.course)]
    assert titles == [f"one network; {marks}: 95% intervals over test images" for marks in ("bars", "bands")]
    assert figures.answer(one, loop).legends[0].get_title().get_text() == titles[0], "in rows too"


def test_a_reading_of_fewer_networks_is_held_against_those():
    each = [made.network(printed=at, pgd=at) for at in (0.3, 0.4, 0.5)]
    loop = made.loops(spread=(-0.1, 0.0, 0.1), b={"fgsm": 0.6, "pgd": 0.6, "weights": "b"})
    moved = {"fgsm": 0.7, "pgd": 0.7, "weights": "others"}
    loop |= {one: made.loops(spread=[0.0], **{one: moved})[one] for one in ("c", "d")}
    loop = made.with_fewer(loop)
    frame = frames.last_round(each, loop).set_index("reading")
    assert list(frame["networks"]) == [3, 3, 1, 3, 1, 1, 1, 1]
    gains = frame["FGSM, minus its control"]
    assert gains[labels.READINGS["d"]].startswith("+0.300"), "of the first network, which no removal leaves 0.4"
    assert gains[labels.READINGS["c"]].startswith("+0.400"), "the first network itself, with 0.3"
    assert gains[labels.READINGS["a"]] == "the same networks" and gains[labels.READINGS["b"]].startswith("+0.100")
    of_overfitting = frames.overfitting(each, loop)
    assert list(of_overfitting["networks"]) == [3, 3, 3, 1, 3, 1, 1, 1, 1]
    titles = [draw(each, loop).legends[0].get_title().get_text() for draw in (figures.gains, figures.course)]
    over = "means of 1 to 3 networks;\nbars: 95% intervals over networks and images, of one network over images"
    assert titles == [over, "one network; bands: 95% intervals over test images"]
    (ax,) = figures.gains(each, loop).axes
    rows = [label.get_text() for label in ax.get_yticklabels()]
    alone = [row for row, text in enumerate(rows) if text.endswith(" (1 network)")]
    assert alone == [2, 3, 4, 5], rows
    hollow = {
        round(line.get_ydata()[0])
        for line in ax.lines
        if line.get_marker() in "s^" and len(line.get_ydata()) == 1 and line.get_markerfacecolor() == "white"
    }
    assert hollow == set(alone), "what has one network does not look as certain as what has three"
    without = figures.course(each, loop).axes[0].lines[0].get_ydata()
    assert list(without) == pytest.approx([0.3, 0.4, 0.4]), "the lines are of the same network"
    told = here.last_round(loop)
    assert told.startswith(
        "In this run: after the last round, in the networks that have every reading (1 of 3), accuracy"
    )
    said = here.course(each, loop)
    assert (
        "the networks that have every reading (1 of 3), is 0.300 before the loop" in said
        and "no removal ends at 0.400" in said
    )


def test_the_paper_s_rise_is_a_line_where_a_gain_comes_near_it():
    (ax,) = figures.gains(networks(printed=0.1), made.loops(0.05, none=0.02, d=0.95)).axes
    assert "the paper: +0.887" in [text.get_text() for text in ax.texts]
    assert paper_table.RISE in [place for line in ax.lines for place in line.get_xdata()]


def test_the_answer_s_figure_has_the_loop_its_controls_and_the_paper_s_row():
    loop = made.loops(0.5, b=0.6, random=0.4)
    (ax,) = figures.answer(networks(printed=0.3), loop).axes
    drawn = [text.get_text() for text in ax.texts]
    assert drawn == ["0.300", "0.600", "0.500", "0.400", "the paper, before: 0.0796", "the paper, after: 0.9669"]
    names = ["before the loop", "(b) remove, keep training", "no removal", "random removal"]
    assert [text.get_text() for text in ax.get_yticklabels()] == names
    said = here.answer(networks(printed=0.3), loop)
    assert said.startswith("In this run: over the loop accuracy under FGSM changes by +0.300 [")
    assert said.endswith("Without removal it changes by +0.200, with a random removal by +0.100.")


# Round by round.


def over_rounds(fgsm, pgd):
    """(d) with these accuracies after each of its rounds."""
    loop = made.loops(0.5)
    for record in loop["d"]:
        record.looks[:] = [made.look(*pair) for pair in zip(fgsm, pgd, strict=True)]
    return loop


def test_the_figure_of_rounds_begins_before_the_loop():
    fgsm, pgd = figures.course(networks(printed=0.3), over_rounds((0.7, 0.8), (0.6, 0.4))).axes
    lines = {line.get_label(): list(line.get_ydata()) for line in fgsm.lines}
    assert list(lines) == [labels.READINGS[one] for one in ("none", "b", "d", "e")]
    assert lines["(d) add attacked images"] == pytest.approx([0.3, 0.7, 0.8])
    assert list(pgd.lines[2].get_ydata()) == pytest.approx([0.35, 0.6, 0.4])


def test_the_figure_of_rounds_has_bands_of_one_network_too():
    fgsm, _ = figures.course([made.network(printed=0.3)], made.loops(spread=[0.0])).axes
    assert len(fgsm.collections) == 4
    heights = fgsm.collections[0].get_paths()[0].vertices[:, 1]
    before = rate([made.correct(0.3)])
    assert heights.min() == pytest.approx(before.low) and heights.max() > 0.5


@pytest.mark.parametrize(
    ("fgsm", "pgd", "says"),
    [
        ((0.4, 0.5), (0.4, 0.5), "Neither ends lower: nothing shows that they withstand one step alone."),
        ((0.7, 0.8), (0.4, 0.2), "(d) withstands the one step of the training, and not an attack of many."),
        ((0.7, 0.3), (0.4, 0.2), "Under FGSM, too, (d) ends below no removal (0.300, 0.500)."),
    ],
)
def test_what_training_on_attacked_images_does_is_told_round_by_round(fgsm, pgd, says):
    said = here.course(networks(), over_rounds(fgsm, pgd))
    first, last = (f"{one:.3f}" for one in pgd)
    assert said.startswith(
        "In this run: under PGD accuracy is 0.350 before the loop. Round by round"
    ) and said.endswith(says)
    assert f"with “(d) add attacked images” {first}, {last} and with" in said and "no removal ends at 0.500. " in said


def test_a_sentence_says_where_an_interval_lies():
    loop = made.loops(b=0.6)
    assert here.side(rates.gain(networks(), loop, "b", "FGSM")) == "which is more than chance"
    assert here.side(rates.gain(networks(), loop, "none", "FGSM")) == "which may be chance"
    assert here.side(rates.gain(networks(), made.loops(b=0.4), "b", "FGSM")) == "which is more than chance"


def test_overfitting_s_table_begins_before_the_loop():
    loop = made.loops(b={"train": 0.93}, none={"train": 0.96})
    frame = frames.overfitting(networks(clean=0.9), loop).set_index("network")
    assert list(frame.index) == ["before the loop", *labels.READINGS.values()]
    assert frame["difference"][labels.READINGS["b"]].startswith("0.0300")
    said = here.overfitting(networks(clean=0.9), loop)
    assert "ahead by 0.0500 before the loop, by 0.0300 after removal, and by 0.0600 after as much" in said
    assert "Removal makes that lead 0.0300 smaller" in said


def test_the_room_s_table_has_a_line_a_network():
    frame = frames.room(made.rooms((0.1, 0.2), 0.05))
    assert list(frame["eps"]) == ["0.300", "0.300"] and list(frame["FGSM, before"]) == ["0.080", "0.080"]
    assert list(frame[f"FGSM, {labels.READINGS['b']}"]) == ["0.100", "0.200"]
    assert list(frame[f"PGD, {labels.READINGS['b']}"]) == ["0.050", "0.050"]
    said = here.room(made.rooms((0.1, 0.2)), 0.08)
    assert said.startswith(
        "In this run: at eps 0.30 accuracy under FGSM is 0.080 on test images before the loop. After it, it is"
    )
    apart = here.room([*made.rooms((0.1,), eps=0.2), *made.rooms((0.1,))], 0.08)
    assert "at eps 0.20 to 0.30 accuracy" in apart and "no eps" not in apart
    assert "grey" not in said and here.room(made.rooms((0.1,), eps=0.64), 0.08).endswith(
        " From eps 0.5 on any image can be made grey, so nothing is judged soundly here."
    )


def test_where_accuracy_is_higher_at_every_eps_that_is_said():
    alone = here.room(made.rooms((0.1,), before=0.2), 0.08)
    told = (
        "In this run: on training images accuracy under FGSM falls to 0.08 at no eps; the lowest is 0.200. At eps 0.30"
    )
    assert alone.startswith(told)
    both = here.room([*made.rooms((0.1,), before=0.2), *made.rooms((0.1,))], 0.08)
    assert "at no eps for 1 of 2 networks; the lowest is 0.140. At" in both


def test_the_letter_s_title_counts_what_is_selected():
    titles = [frames.letter_title(made.experiment(remove=many)) for many in (1, 7)]
    assert titles == [f"What the rule removes when {images} selected" for images in ("1 image is", "7 images are")]


def test_without_room_nothing_is_said_of_a_recovery():
    none = made.rooms((0.1, 0.2), eps=0.0)
    said = "on training images accuracy is at most 0.9 without any attack. A smaller `leaves`, or more epochs, would"
    assert here.room(none[:1], 0.9) == f"In this run: there is nothing to recover: {said} change that."
    mixed = [*none[:1], *made.rooms((0.1,))]
    assert here.room(mixed, 0.9) == f"In this run: there is nothing to recover for 1 of 2 networks: {said} change that."
    assert [labels.eps(value) for value in (0.3, 0.0123, 0.0041)] == ["0.30", "0.01", "0.004"]


def test_the_room_s_figure_has_the_loop_and_its_controls():
    (ax,) = figures.room(made.rooms((0.1, 0.2))).axes
    claimed = ["the paper, before: 0.0796", "the paper, after: 0.9669"]
    assert [text.get_text() for text in ax.texts] == [*("0.080", "0.150", "0.080", "0.080"), *claimed]
    assert ax.get_xlabel() == "accuracy under FGSM at eps 0.30"
    apart = [*made.rooms((0.1,), eps=0.6), *made.rooms((0.1,), eps=0.3)]
    assert figures.room(apart).axes[0].get_xlabel().endswith("at eps 0.30 to 0.60")


# The third row.


def test_the_third_row_s_table_has_no_stale_images_of_the_original():
    frame = frames.third_row(networks(), made.loops())
    assert list(frame["original"]) == ["0.500 / 1.000", "as fresh"] * 6 + ["0.900 / 1.000"]
    assert set(frame[labels.READINGS["b"]][:12]) == {"0.500 / 1.000"}


def test_the_ways_to_the_third_row_are_marked_and_counted():
    loop = made.loops()
    for record in loop["e"]:
        record.row.fresh["one label"] = made.reads(0.97, 0.16)
    frame = frames.third_row(networks(), loop).set_index(["attack", "images"])
    assert frame[labels.READINGS["e"]]["FGSM (the paper's Fig. 4), one label for all", "fresh"] == "0.970 / 0.160 ✓"
    said = here.third_row(networks(), loop)
    assert said.startswith(
        "In this run: 1 of 78 ways gives both numbers, none of them with nothing unlearned. The nearest is "
    )
    assert (
        "off by 0.2 tolerances: FGSM (the paper's Fig. 4), one label for all, fresh, (e) add, remove the worst." in said
    )
    assert "none of the ways, are off by 16.9 on the network where that is least." in said
    assert said.endswith("zero in every pixel of 25% of the images.")
    near = frames.nearest_ways(networks(), loop)
    assert len(near) == 5 and list(near.iloc[0]) == [
        *(
            "FGSM (the paper's Fig. 4), one label for all",
            "fresh",
            "(e) add, remove the worst",
            "0.970 / 0.160",
            "0.2 ✓",
        )
    ]
    assert not near["off by"][1:].str.contains("✓").any()
    assert here.third_row(networks(), made.loops()).startswith(
        "In this run: none of 78 ways gives both numbers. The nearest"
    )


def test_all_ways_that_give_the_third_row_are_in_the_short_table():
    loop = made.loops()
    for reading in ("none", "b", "d"):
        for record in loop[reading]:
            for of in (record.row.fresh, record.row.stale):
                of["one label"] = made.reads(0.97, 0.16)
    near = frames.nearest_ways(networks(), loop)
    assert len(near) == 6 and near["off by"].str.endswith("✓").all()
    said = here.third_row(networks(), loop)
    assert said.startswith("In this run: 6 of 78 ways give both numbers, 2 of them with nothing unlearned.")


def test_the_third_row_s_figure_has_each_way_once_and_the_paper_s_tolerances():
    figure = figures.third_row(networks(), made.loops())
    for ax in figure.axes:
        *marks, star = ax.lines
        assert len(marks) == 78 and star.get_xdata()[0] == 0.1546
        counts = Counter((line.get_color(), line.get_marker(), line.get_fillstyle()) for line in marks)
        of_attacks = [(palette.COLOURS[place], palette.MARKERS[place]) for place in (palette.KINDS["FGSM"], 0, 2)]
        assert counts == {(*one, look): of for one in of_attacks for look, of in (("full", 6), ("none", 20))}
        (box,) = ax.patches
        assert box.get_x() < 0.1546 < box.get_x() + box.get_width() and box.get_height() == pytest.approx(0.04)
    whole, near = figure.axes
    assert near.get_xlim() == pytest.approx((0.0796, 0.3046)) and near.get_ylim()[0] == pytest.approx(0.9399)
    assert whole.get_xlim()[1] > 1, "all of them"
    named = [text.get_text() for text in figure.legends[0].get_texts()]
    assert named == [*labels.PRINTED.values(), *figures.FILLED, "the paper, with tolerances"]


# The second row.


def test_the_second_row_s_tables_have_a_line_a_way():
    clouds = {"fig2": made.cloud(0), "fig3": made.cloud(1)}
    frame = frames.untrained(clouds)
    assert list(frame["untrained network"]) == ["the paper's Fig. 2"] * 2 + ["the paper's Fig. 3"] * 2
    assert list(frame["images"]) == ["clean", "attacked"] * 2 and set(frame["networks"]) == {10}
    curves = {"PGD": [made.curve([(1.0, 0.1), (0.08, 2.3045), (0.0, 9.0)])]}
    (row,) = frames.nearest_to_second_row(curves, made.experiment()).itertuples(index=False)
    assert tuple(row) == ("PGD", "0.250", "0.080", "2.305", "0.0")


def test_the_second_row_looks_like_an_untrained_network_s_or_hardly():
    near = {figure: made.cloud(seed, (0.08, 2.3045), 50) for seed, figure in enumerate(("fig2", "fig4"))}
    assert here.untrained(near).startswith(
        "In this run: on clean images the paper's second row looks like an untrained network's"
    )
    away = {"fig2": made.cloud(0, (0.5, 3.0), 50), "fig4": made.cloud(1, (0.6, 3.0), 50)}
    said = here.untrained(away)
    hardly = (
        "is hardly an untrained network's (of the LeNet of the paper's Fig. 2, which fits best, about 0.020 of the "
        "untrained networks lie at least as far out)"
    )
    assert said == f"In this run: on clean images the paper's second row {hardly}; under FGSM it {hardly}."


def test_a_trained_network_comes_through_the_second_row_or_not():
    far = {"PGD": [made.curve([(1.0, 0.1), (0.5, 3.0), (0.0, 9.0)])]}
    where = f"In this run: on the {far['PGD'][0].correct.shape[1]:,} images of PGD, with 1 network trained,"
    assert here.at_any_eps(far).startswith(f"{where} no eps gives both numbers; PGD comes nearest")
    through = far | {"FGSM": [made.curve([(1.0, 0.1), (0.08, 2.3), (0.0, 9.0)])]}
    says = "there is an eps that gives both numbers of the second row, under FGSM."
    assert here.at_any_eps(through) == f"{where} {says}"


def test_a_path_is_the_mean_over_networks():
    records = [made.curve([(1.0, 0.0), (0.5, 1.0)]), made.curve([(0.8, 1.0), (0.3, 3.0)])]
    np.testing.assert_allclose(paper_table.path(records), [[0.9, 0.5], [0.4, 2.0]])


def test_the_second_row_s_figure_shows_clouds_paths_and_the_paper_s_point():
    clouds = {"fig2": made.cloud(0), "fig3": made.cloud(1)}
    curves = {"PGD": [made.curve([(1.0, 0.1), (0.5, 3.0), (0.1, 9.0)])]}
    figure = figures.second_row(clouds, curves)
    whole, near = figure.axes
    assert [text.get_text() for text in whole.texts] == ["eps 0", "eps 1"]
    drawn = {one.get_label(): one for one in whole.collections}
    assert list(drawn) == [f"untrained, the paper's Fig. {number}{end}" for number in (2, 3) for end in ("", ", FGSM")]
    clean, hollow = (drawn[f"untrained, the paper's Fig. 2{end}"] for end in ("", ", FGSM"))
    np.testing.assert_allclose(hollow.get_offsets(), clouds["fig2"].attacked[:, ::-1])
    assert len(clean.get_facecolors()) == 1 and not len(hollow.get_facecolors())
    path, star, level, upright = whole.lines
    assert list(level.get_ydata()) == [0.1, 0.1] and list(upright.get_xdata()) == pytest.approx([np.log(10)] * 2)
    assert [text.get_text() for text in near.texts] == ["one in ten", "ln 10"]
    assert path.get_xdata() == pytest.approx([0.1, 3, 9]) and path.get_ydata() == pytest.approx([1, 0.5, 0.1])
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (2.3045, 0.0796)
    low, high = near.get_xlim()
    assert low < 2.3045 < max(cloud.attacked[:, 1].max() for cloud in clouds.values()) < high < 6


# Removal in one shot.


def shots(experiment):
    return {
        (kind, share): [made.one_shot(0.9 - share, 0.4 + share * (kind == KINDS[0])) for _ in experiment.trainings]
        for kind in KINDS
        for share in experiment.shares
    }


def test_removal_in_one_shot_is_held_against_the_same_networks_before():
    e = made.experiment(seeds=2)
    each = [made.network(printed=0.4) for _ in range(2)]
    frame = frames.one_shot(shots(e), each, e)
    assert list(frame["removed"]) == ["0.2%", "50.0%"]
    assert frame["clean, at random"][1].startswith("-0.500") and frame["FGSM, highest loss"][1].startswith("+0.500")
    assert frame["FGSM, at random"][1].startswith("+0.000")
    said = here.one_shot(shots(e), each, e)
    assert "with 50% of the training images removed" in said and "+0.500 if they are the worst, by +0.000" in said


def test_removal_in_one_shot_of_fewer_networks_is_held_against_those():
    e = made.experiment(seeds=1, loop_seeds=3)
    frame = frames.one_shot(shots(e), [made.network(printed=at) for at in (0.4, 0.8, 0.9)], e)
    assert frame["FGSM, at random"][1].startswith("+0.000")


def test_the_one_shot_figure_is_of_the_difference_to_all_images_which_is_drawn():
    e = made.experiment(seeds=2)
    (ax,) = figures.one_shot(shots(e), [made.network(printed=0.4) for _ in range(2)], e).axes
    worst, chance, whole = ax.lines
    assert ax.get_xscale() == "log" and worst.get_xdata() == pytest.approx([0.2, 50])
    assert worst.get_ydata() == pytest.approx([0.002, 0.5]) and chance.get_ydata() == pytest.approx([0, 0])
    assert set(whole.get_ydata()) == {0} and [text.get_text() for text in ax.texts] == ["trained on\nall images"]
    assert ax.texts[0].xy[0] > 1, "beside the pane, where no line crosses it"
    said = "means of 2 networks; bands: 95% intervals over networks and images"
    assert ax.figure.legends[0].get_title().get_text() == said


def test_membership_s_table_and_its_title():
    found = made.memberships(0.0)
    frame = frames.membership(found)
    assert list(frame["network"]) == list(labels.STATES.values())
    assert all(one.startswith("0.500") for one in frame["AUC, removed against test"])
    title = frames.membership_title(found, made.experiment())
    assert (
        title == "What 20 images (0.2%), removed at once, have left behind; 8 test images to compare with; 2 networks"
    )
    assert set(frames.membership(made.memberships(0.5, seeds=1))["AUC, removed against test"]) == {"1.000"}
    assert here.membership(found).startswith("In this run: the AUC is 0.500 before removal")
    assert here.membership(found).endswith("Before removal minus never seen: +0.000, which may be chance.")


def test_what_the_paper_does_not_measure_can_be_left_out_and_is_told_as_missing():
    e = made.experiment(seeds=2, beyond=False)
    assert {cell.part.name for cell in made.experiment().cells()} - {cell.part.name for cell in e.cells()} == {
        *("one_shot", "membership"),
    }
    found = {(kind, share): records(e.one_shot(kind, share)) for kind in KINDS for share in e.shares}
    each = [made.network(printed=0.4) for _ in range(2)]
    assert figures.one_shot(found, each, e) is None and here.one_shot(found, each, e) == here.NOT_BEYOND
    assert set(frames.one_shot(found, each, e)["FGSM, at random"]) == {frames.MISSING}
    frame, title = frames.membership([]), frames.membership_title([], e)
    assert set(frame["AUC, removed against test"]) == {frames.MISSING} and title.endswith("have left behind")
    assert here.membership(e.membership()) == here.NOT_BEYOND and "beyond=true" in here.NOT_BEYOND


# The paper as it is printed.


def test_of_the_listings_one_runs():
    assert listings.running() == [6] and [fault.figure for fault in listings.FAULTS] == sorted(
        fault.figure for fault in listings.FAULTS
    )
    assert (
        here.printed_listings() == "In this run: 1 of 7 listings runs as printed, given the lists named there: Fig. 6."
    )


@pytest.mark.parametrize(
    ("figure", "error"),
    [
        (3, "NameError: name 'n_classes' is not defined"),
        (4, "NameError: name 'image_index' is not defined"),
        (5, "NameError: name 'x_adv' is not defined"),
        (7, "TypeError: LeNet() missing 2 required positional arguments"),
        (8, "NameError: name 'evaluate_examples' is not defined"),
        (9, "TypeError: 'numpy.ndarray' object is not callable"),
    ],
)
def test_python_says_how_a_listing_ends(figure, error):
    ends = [fault.outcome() for fault in listings.FAULTS if fault.figure == figure]
    assert any(one.startswith(error) for one in ends)


def test_what_a_listing_may_take_from_others_runs():
    assert listings.Fault(3, "", "LeNet((28, 28, 1), 10)[-1] + len(x_test) + len(train_dataset)").outcome() == "runs"
    with pytest.raises(KeyError):  # an error that no listing has is no outcome
        listings.Fault(3, "", "{}[1]").outcome()


def test_every_contradiction_has_both_sides_and_what_was_chosen():
    frame = frames.contradictions()
    assert len(frame) == len(contradictions.CONTRADICTIONS) and (frame != "").all(axis=None)
    assert frame["about"].is_unique


UNTRAINED, ELSEWHERE = (0.08, 2.3045), (0.5, 3.0)
THROUGH, AROUND = [(1.0, 0.1), (0.08, 2.3), (0.0, 9.0)], [(1.0, 0.1), (0.5, 3.0), (0.0, 9.0)]


@pytest.mark.parametrize(
    ("centre", "points", "says"),
    [
        (UNTRAINED, AROUND, "Untrained networks on clean images have"),
        (UNTRAINED, THROUGH, "Untrained networks on clean images and trained networks at another eps have"),
        (ELSEWHERE, THROUGH, "Trained networks at another eps have"),
        (ELSEWHERE, AROUND, "No network here, trained or untrained, has"),
    ],
)
def test_the_lead_says_whose_numbers_the_paper_starts_from(centre, points, says):
    clouds = {"fig2": made.cloud(0, centre, 50)}
    told = f"{says} the paper's starting accuracy and loss"
    told += ", as any network has that answers nearly alike." if centre == UNTRAINED else "."
    assert summary.origin(clouds, {"PGD": [made.curve(points)]}) == told


@pytest.mark.parametrize(("reading", "ways"), [("none", f"{4 * len(ATTACKS)} ways"), ("b", "no way")])
def test_the_page_counts_the_ways_in_which_the_paper_s_last_numbers_need_no_unlearning(reading, ways):
    """Each attack, clipped or not, on fresh and on stale images."""
    loop = made.loops() | {reading: [made.looped([made.look()] * 2, last=0.9669, loss=0.1546)] * 3}
    said = f"The accuracy and loss that the paper ends with come out in {ways} of attacking without any unlearning."
    assert summary.ending(networks(), loop) == said


def test_every_number_that_the_prose_shows_is_in_the_summary():
    cells = nbformat.read(book.source("unlearning"), as_version=4).cells
    shown = {name for cell in cells for name in re.findall(r"{glue:text}`answer-([\w-]+)", cell.source)}
    evidence = {"fig2": made.cloud(0)}, {"PGD": [made.curve(AROUND)]}
    loop = made.loops(b=0.6)
    found = summary.summary(networks(printed=0.3), loop, *evidence, made.experiment(n_images=9_999, n_forensic=9_999))
    assert shown == found.keys()
    one = networks()[0]
    said = found["some"], found["few"]
    assert found["seeds"] == "3"
    fewer = summary.summary(networks(), made.with_fewer(loop), *evidence, made.experiment())["seeds"]
    assert fewer == "3 as they are trained, in (b) and in its two controls, and 1 in all else"
    assert said == (f"{len(one.some):,}", f"{len(one.row.noise.correct):,}"), (
        "as many as there are, not as were asked for"
    )
    assert found["found"] == (
        "There is a gain: accuracy under FGSM is 0.600 after removal and 0.500 after as much training without it. "
        "Before, it is 0.300; the paper starts from 0.0796."
    )
    assert found["pgd"] == (
        "0.350 before removal, 0.600 after it, 0.500 after as much training without removal, and 0.500 after a random "
        "removal"
    )
    assert found["others"] == "the paper's Figs. 2 and 3"
    assert found["figure"] == "Fig. 4" and found["data"] == "digits (a small sample of MNIST)"
    of_mnist = summary.summary(networks(), made.loops(), *evidence, made.experiment(dataset="mnist"))
    assert of_mnist["data"] == "MNIST" and of_mnist["found"].startswith("No gain is shown: ")
    lost = summary.summary(networks(), made.loops(b=0.4), *evidence, made.experiment())
    assert lost["found"].startswith("There is a loss: ")


def test_a_mean_has_the_digits_of_the_one_that_figures_and_cards_show():
    shares = (0.8442, 0.8289, 0.7914)  # at a tie: 0.8215 over all images at once, and just below it network by network
    hits = [np.arange(10_000) < round(share * 10_000) for share in shares]
    assert f"{np.mean(hits):.3f}" == "0.822" and f"{rate(hits).mean:.3f}" == "0.821"
    assert rates.mean(hits) == rate(hits).mean
