"""What the figures of the chapter on mitigation draw, from made-up records."""

from dataclasses import replace
from types import SimpleNamespace

import matplotlib.pyplot as plt
import mitigation_records as made
import numpy as np
import pytest
from matplotlib.axes import Axes

from lib.chapters.mitigation import drawing, figures
from lib.chapters.mitigation.detector import unnoticed
from lib.chapters.mitigation.measure_attacks import Curve, NetworkRecord
from lib.chapters.mitigation.measure_digits import Pictures, PicturesRecord
from lib.chapters.mitigation.measure_retraining import RetrainedRecord
from lib.chapters.mitigation.measure_substitute import SubstituteRecord, Victim
from lib.chapters.mitigation.networks import ALONE, BOTH
from lib.measure.boundary import Slice

LABELS, TARGETS = np.zeros(4, np.uint8), np.ones(4, np.uint8)


def lines(ax: Axes) -> dict[str, tuple[list[float], list[float]]]:
    """The named lines of a pane."""
    named = [line for line in ax.lines if not line.get_label().startswith("_")]
    return {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in named}


def curve(*right: int) -> Curve:
    """At eps 0, 0.1 and 0.3 so many of four digits are right, and the others are taken for the target."""
    classes = np.array([[0] * count + [1] * (4 - count) for count in right], np.uint8)
    return Curve((0.0, 0.1, 0.3), classes)


NETWORK = NetworkRecord(
    *("made up", "no weights", 0, LABELS, TARGETS, np.arange(4)),
    fgsm=curve(4, 3, 1),
    step=curve(4, 4, 3),
    pgd=curve(4, 2, 0),
    targeted_fgsm=curve(4, 3, 2),
    targeted_step=curve(4, 2, 1),
    targeted_pgd=Curve((0.45,), curve(1).classes),
    signs=curve(4, 4, 2),
)
GRID = SimpleNamespace(eps_grid=(0.0, 0.3), eps_grid_targeted=(0.0, 0.1), eps_retrain=(0.0, 0.1))


def test_untargeted_attacks_are_drawn_over_the_grid_and_at_no_other_eps() -> None:
    (ax,) = figures.untargeted([NETWORK, NETWORK], GRID).axes
    grid = [0.0, 0.3]
    assert lines(ax) == {
        "FGSM": (grid, [1, 0.25]),
        "the code line, without the sign": (grid, [1, 0.75]),
        "PGD, 40 steps": (grid, [1, 0]),
        "random signs, no attack": (grid, [1, 0.5]),
    }


def test_targeted_attacks_are_drawn_with_accuracy_and_success() -> None:
    right, reached = figures.targeted([NETWORK], GRID).axes
    names = ["targeted FGSM", "the code line, targeted", "random signs, no attack"]
    found = [{name: y for name, (_, y) in lines(ax).items()} for ax in (right, reached)]
    assert found[0] == dict(zip(names, [[1, 0.75], [1, 0.5], [1, 1]], strict=True))
    assert found[1] == dict(zip(names, [[0, 0.25], [0, 0.5], [0, 0]], strict=True))
    assert [ax.get_title() for ax in (right, reached)] == ["classified correctly", "classified as the target"]
    assert not right.texts and [(text.get_text(), text.xy) for text in reached.texts] == [("PGD: 75%", (0.45, 0.75))]
    mark = next(line for line in reached.lines if line.get_marker() == "^")
    assert (list(mark.get_xdata()), list(mark.get_ydata())) == ([0.45], [0.75])


def test_digits_are_named_by_what_they_are_taken_for_and_perturbations_are_not() -> None:
    clean, attacked = np.full((2, 1, 3, 3), 0.5, np.float32), np.full((2, 1, 3, 3), 0.25, np.float32)
    found = PicturesRecord(
        Pictures(0.0, clean, np.array([7, 1])),
        Pictures(0.3, attacked, np.array([2, 1])),
        Pictures(0.9, clean, np.array([3, 8])),
    )
    axes = np.array(figures.digits(found).axes).reshape(5, 2)
    titles = [[ax.get_title().strip("“”") for ax in row] for row in axes]
    assert titles == [["7", "1"], ["", ""], ["2", "1"], ["", ""], ["3", "8"]]
    assert [row[0].get_ylabel().replace("\n", " ") for row in axes] == [
        f"0 to 1, {name}"
        for name in (
            "clean",
            *(f"{one}, eps {eps}" for eps, of in ((0.3, "un"), (0.9, "")) for one in ("perturbation", of + "targeted")),
        )
    ]
    assert (axes[1, 0].images[0].get_array() == -0.25).all()
    assert axes[1, 0].images[0].get_clim() == (-0.9, 0.9), "one scale for both eps"
    bold = [[ax.title.get_fontweight() == "bold" for ax in row] for row in axes]
    assert bold == [[False, False], [False, False], [True, False], [False, False], [True, True]]


def test_the_first_picture_has_each_digit_before_and_after_with_its_class_in_bold_where_it_changed() -> None:
    images = np.full((10, 1, 3, 3), 0.5, np.float32)
    clean, after = np.arange(10), np.array([0, 1, 7, 3, 4, 2, 6, 7, 8, 9])
    unused = Pictures(0.9, images, clean)
    found = PicturesRecord(Pictures(0.0, images, clean), Pictures(0.3, images / 2, after), unused)
    axes = figures.attacked(found).axes
    shown = [(ax.get_title(), ax.title.get_fontweight() == "bold") for ax in axes]
    assert [text for text, _ in shown] == [f"“{one}”" for one in (*clean[:5], *after[:5], *clean[5:], *after[5:])]
    assert [text for text, bold in shown if bold] == ["“7”", "“2”"]
    assert axes[10].get_ylabel() == "5 to 9,\nclean", "five across, as a phone has room for"


def test_the_answer_s_figure_has_the_paper_s_way_the_fresh_ones_and_the_paper_s_value() -> None:
    (ax,) = figures.answer(made.networks(fgsm=[0.1] * 3), made.outcome([0.8] * 3, [0.2] * 3), made.EXPERIMENT).axes
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["0.100", "0.000", "0.800", "0.800", "0.200", "0.000", "the paper: 0.8262"]
    assert ax.get_xlabel() == "accuracy at eps 0.3"


def test_what_is_left_of_a_digit_is_drawn_for_both_who_classify_it() -> None:
    (ax,) = figures.survival(made.LIKENESS).axes
    assert {name: y for name, (_, y) in lines(ax).items()} == {
        "targeted FGSM: the network": pytest.approx([0.9, 0]),
        "targeted FGSM: the nearest training image": pytest.approx([0.95, 0.125]),
        "random signs: the network": pytest.approx([0.9, 0.1]),
        "random signs: the nearest training image": pytest.approx([0.95, 0.5]),
    }


def test_retraining_is_drawn_by_what_was_trained_on_and_how_it_is_attacked() -> None:
    def record(stale: int, fresh: int, pgd: int) -> RetrainedRecord:
        classes = [np.array([0] * count + [1] * (4 - count), np.uint8) for count in (4, 4, stale, fresh, pgd)]
        return RetrainedRecord(LABELS, np.arange(4), *classes)

    outcome = {
        (BOTH, 0.0): [record(4, 4, 4)],
        (BOTH, 0.1): [record(3, 0, 0)],
        (ALONE, 0.0): [record(4, 4, 4)],
        (ALONE, 0.1): [record(2, 1, 0)],
    }
    (ax,) = figures.retraining(outcome, GRID).axes
    drawn = {name: y for name, (_, y) in lines(ax).items()}
    assert [drawn[name][-1] for name in drawn] == [0.75, 0.5, 0.25, 0]
    assert ax.get_legend() is None and [text.get_text() for text in ax.figure.legends[0].get_texts()] == list(drawn)
    assert [text.get_text() for text in ax.texts] == ["paper: 0.8262"]


def test_the_confusion_matrix_shows_shares_of_each_digit_over_all_networks() -> None:
    ax = figures.confusions([NETWORK, NETWORK], eps=0.1).axes[0]
    drawn = np.asarray(ax.images[0].get_array())
    assert drawn[0, :2].tolist() == [0.75, 0.25] and not drawn[1:].any()  # there are no other digits
    assert {text.get_text(): text.xy for text in ax.texts} == {"75": (0, 0), "25": (1, 0)}


def test_substitutes_are_drawn_over_the_questions_asked_between_their_two_bounds() -> None:
    through, signs, white = curve(4, 3, 1).classes[1:], curve(4, 4, 4).classes[0], curve(0, 0, 0).classes[0]
    victim = Victim(LABELS, signs, through, white)
    (ax,) = figures.questions([SubstituteRecord(LABELS, (100, 500), through, victim, victim)]).axes
    asked = [100, 500]
    assert lines(ax) == {
        "FGSM through the substitute": (asked, [0.75, 0.25]),
        "random signs, no attack": (asked, [1, 1]),
        "FGSM through the network itself": (asked, [0, 0]),
    }


def test_a_plane_names_each_class_inside_its_region_and_marks_the_attack() -> None:
    steps = np.linspace(-0.5, 0.5, 11)
    halves = np.where(steps > 0.2, 3, 8)[None].repeat(11, axis=0)
    (alone,) = drawing.slices({"here": Slice(steps, steps, np.zeros_like(halves))}, reach=0.3).axes
    assert [one.xyann for one in alone.texts] == [(0, 10)], "one class alone has its name beside the circle"
    (ax,) = drawing.slices({"here": Slice(steps, steps, halves)}, reach=0.3).axes
    places = {text.get_text(): text.xy for text in ax.texts}
    assert places.keys() == {"3", "8"} and places["3"][0] > 0.2 >= places["8"][0]
    assert [line.get_xdata()[0] for line in ax.lines] == [0, 0.3]


def test_every_region_of_a_class_has_its_number_unless_it_is_too_small():
    steps = np.linspace(-0.5, 0.5, 101)
    classes = np.full((101, 101), 8)
    classes[:, :20] = classes[:, 80:] = 3
    classes[50, 50] = 3
    classes[10, 50] = 5
    (ax,) = drawing.slices({"here": Slice(steps, steps, classes)}, reach=0.3).axes
    assert sorted(text.get_text() for text in ax.texts) == ["3", "3", "5", "8"]


def test_figures_say_of_how_many_networks_and_images_they_are() -> None:
    def said(figure) -> str:
        return figure.legends[0].get_title().get_text().replace("\n", " ")

    assert said(figures.untargeted([NETWORK] * 2, GRID)) == (
        "means of 2 networks (small dots), 4 test images; bands: 95% intervals over networks"
    )
    fewer = replace(NETWORK, some=np.arange(2))
    assert "PGD, 40 steps (2 images)" in lines(figures.untargeted([fewer], GRID).axes[0])
    assert said(figures.targeted([NETWORK], GRID)) == "one network, 4 test images"
    assert said(figures.survival(made.LIKENESS)).startswith("one network, ")


def test_a_detector_is_drawn_with_its_alarm_and_its_auc_beside_those_of_the_others() -> None:
    first, second = made.detector(known=1.0, informed=0.75), made.detector(known=1.0, informed=0.5, signs=0.25)
    clean = np.linspace(-0.5, 0.5, made.N).astype(np.float32)
    first = replace(first, clean=made.judged(clean))
    figure = figures.suspicions([first, second])
    left, right = figure.axes
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "clean",
        "FGSM: AUC 1.000",
        "PGD that knows the detector: AUC 0.750",
        "random signs, no attack: AUC 1.000",
        "alarm right of this line: 5% of clean images",
    ]
    assert figure.legends[0].get_title().get_text() == "suspicion and AUC of the first of 2 detectors"
    (alarm,) = left.lines
    assert (unnoticed(clean, clean) == (clean < alarm.get_xdata()[0])).all()
    others, own = right.lines[:2]
    assert others.get_ydata()[0] != own.get_ydata()[0], "equal marks of two detectors can be told apart"
    marks = [(list(line.get_xdata()), line.get_markerfacecolor() == "none") for line in right.lines[:-1]]
    assert marks == [([1], True), ([1], False), ([0.5], True), ([0.75], False), ([0.25], True), ([1], False)]
    coin, (name,) = right.lines[-1], right.texts
    assert list(coin.get_xdata()) == [0.5, 0.5] and name.xy[1] < min(coin.get_ydata()), "its name is above its line"


def test_histograms_show_shares_so_that_series_of_any_length_compare() -> None:
    _, ax = plt.subplots()
    drawing.histograms({"few": np.zeros(2), "many": np.ones(50)}, "suspicion", ax)
    for patch in ax.patches:
        assert patch.get_xy()[:, 1].max() == pytest.approx(1)
