"""What is told of judgements, on made-up ones: rows, their order, tables, headline numbers."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from test_common_ground_measure import SMALL

from lib.chapters.common_ground import figures, frames, summary
from lib.chapters.common_ground.attacks import ATTACKS
from lib.chapters.common_ground.defences import AT_RANDOM, DEFENCES, FROM_PAPERS, NONE, YARDSTICKS
from lib.chapters.common_ground.experiment import DRAWN
from lib.chapters.common_ground.judging import WORST, Judgement
from lib.chapters.common_ground.measure import (
    AttacksFound,
    Change,
    CurveFound,
    DistancesFound,
    FilterFound,
    FirstFound,
    SearchesFound,
)
from lib.chapters.common_ground.measure_weights import PlacesFound, ShownFound
from lib.chapters.common_ground.rows import (
    ALIKE,
    LESS,
    MORE,
    Row,
    Rows,
    against_control,
    best,
    by_worst_case,
    curves,
    gained,
    rows,
)
from lib.measure.intervals import rate

N = 50
Y = (np.arange(N) % 10).astype(np.uint8)
SOUND = {"FGSM": 30, "one start": 20, "100 steps": 20, "transfer": 35, "noise": 45, "huge eps": 5}
"""How many of the images a network that hides nothing reads rightly."""


def bits(many: int) -> np.ndarray:
    return np.arange(N) < many


def judgement(seconds: float = 1.0, distances: tuple[float, ...] = (1.0, np.inf, 3.0), **changed: int) -> Judgement:
    """Each attack leaves the first images, so many as `SOUND` says, or all; `changed` has underscores for spaces."""
    left = SOUND | {name.replace("_", " "): many for name, many in changed.items()}
    checks = {name: bits(left[name]) for name in ("one start", "100 steps", "huge eps")}
    correct = {name: bits(left.get(name, N)) for name in ATTACKS}
    return Judgement(Y, correct, checks, bits(left.get("silent", 0)), np.array(distances), seconds)


def only(correct: dict[str, list[list[int]]]) -> Row:
    """A row of a few images, one list a seed."""
    judgements = [
        replace(judgement(), correct={name: np.array(seeds[place], dtype=bool) for name, seeds in correct.items()})
        for place in range(len(next(iter(correct.values()))))
    ]
    return Row(judgements)


# Rows


def test_the_worst_case_is_taken_image_by_image():
    one = only({"clean": [[1, 1, 1, 0]], "FGSM": [[1, 0, 1, 0]], "Square": [[0, 1, 1, 0]]})
    assert one.worst[0].tolist() == [False, False, True, False] and one.accuracy(WORST) == 0.25
    assert list(one.outcomes) == ["worst case", "clean", "FGSM", "Square"]
    two = only({"clean": [[1, 1, 1, 0], [1, 1, 0, 0]]})
    assert two.accuracies("clean") == [0.75, 0.5] and two.accuracy(WORST) == 0.625


@pytest.mark.parametrize(
    ("changed", "flag"),
    [
        ({}, None),
        ({"FGSM": 17}, "one step beats many steps"),
        ({"100_steps": 17}, "more steps change the result"),
        ({"transfer": 17}, "black box beats white box"),
        ({"noise": 30}, "random noise works as well"),
        ({"huge_eps": 8}, "a huge eps does not break it"),
        ({"silent": 1}, "gradients are zero"),
        ({"Square": 17}, "search beats white box"),
    ],
)
def test_each_flag_goes_up_by_its_own_attack(changed: dict[str, int], flag: str | None):
    assert list(Row([judgement(**changed)]).raised) == ([flag] if flag else [])


def test_a_red_flag_counts_once_whichever_network_raises_it():
    found = Row([judgement(), judgement(noise=30), judgement(noise=29, silent=5)]).raised
    assert found == {
        "random noise works as well": "accuracy 0.600 under uniform noise, 0.600 under FGSM",
        "gradients are zero": "10.0% of the images have a gradient of exactly zero, or none that is finite",
    }


def test_rows_are_ordered_by_what_is_left():
    of = {name: only({"clean": [[1] * many + [0] * (9 - many)]}) for many, name in enumerate(DEFENCES)}
    assert by_worst_case({0.1: of, 0.3: of}) == list(DEFENCES)[::-1]
    assert best(of, FROM_PAPERS) == FROM_PAPERS[-1]
    lost = {name: only({"clean": [[1, 0]], "FGSM": [[0, int(name == "retrained")]]}) for name in DEFENCES}
    assert best(lost, FROM_PAPERS) == by_worst_case({0.3: lost})[0] == "retrained"
    assert not {NONE, *YARDSTICKS} & set(FROM_PAPERS)


def found_of(setting) -> int:
    """A number that tells a network and an eps."""
    name, eps = setting.network.defence.name, getattr(setting, "eps", setting.network.eps) or 0
    return list(DEFENCES).index(name) + 10 * setting.network.first.seed + round(10 * eps)


def made_up() -> Rows:
    """Rows of `SMALL` from records that each tell whose they are."""
    attacked = [
        AttacksFound(Y, {"clean": bits(found_of(cell.setting))}, judgement().checks, bits(0), found_of(cell.setting))
        for cell in SMALL.attacked()
    ]
    searched = [SearchesFound({"Square": bits(found_of(cell.setting))}) for cell in SMALL.searched()]
    distances = [DistancesFound(np.array([found_of(cell.setting)])) for cell in SMALL.distances()]
    return rows(SMALL, attacked, searched, distances)


def test_each_record_comes_to_the_row_of_its_network():
    of = made_up()[0.3]["removal"]
    expected = [1 + 3, 1 + 10 + 3]
    assert of.seconds == [one[0] for one in of.distances] == expected
    assert [hits.sum() for hits in of.outcomes["clean"]] == [hits.sum() for hits in of.outcomes["Square"]] == expected
    assert [one[0] for one in made_up()[0.3][NONE].distances] == [0, 10] and made_up()[0.3][NONE].seconds == [3, 13]


def test_each_curve_comes_to_its_defence():
    found = [CurveFound(np.array([bits(N), bits(found_of(cell.setting))])) for cell in SMALL.over_eps()]
    of = curves(SMALL, found)
    assert list(of) == [0.1, 0.3] and list(of[0.1]) == DRAWN
    assert of[0.3]["mixed batches"] == [[1.0, 7 / N], [1.0, 17 / N]] and of[0.3][NONE] == [[1.0, 0.0], [1.0, 10 / N]]


# Tables


def test_a_row_of_cells_says_how_many_images_l_bfgs_fooled_and_what_was_spent():
    cells = frames.row_cells("mixed", row := Row([judgement(2.5, clean=40)]), "× 2.50")
    low = rate([bits(30)]).low
    assert cells[0] == "mixed" and cells[1].startswith("0.600") and f"[{low:.2f}" in cells[1]
    assert cells[-3:] == ["3.00<br><small>2 of 3</small>", "2.5<br><small>× 2.50</small>", "–"]
    assert len(cells) == len(frames.HEAD) and row.accuracy("clean") == 0.8
    assert frames.row_cells("", Row([judgement(silent=1)]), "")[-1] == "† 1"


def test_where_l_bfgs_fails_on_half_of_the_images_there_is_no_median():
    failed = Row([judgement(distances=(1.0, np.inf))])
    assert frames.row_cells("", failed, "")[-3] == "none<br><small>1 of 2</small>"
    of = all_rows() | {0.1: all_rows()[0.1] | {NONE: failed}}
    found, usual = (summary.headline(FIRST, one, SMALL) for one in (of, all_rows()))
    assert found.keys() == usual.keys() - {"none_lbfgs_l2"}


def test_flags_are_listed_by_row_and_a_table_without_any_says_so():
    of = {0.1: {"a": Row([judgement(FGSM=17)]), "b": Row([judgement()])}}
    (line,) = frames.flag_cells(of, ["b", "a"])
    assert line[:2] == ["a, eps 0.1", "one step beats many steps"] and line[2].startswith("accuracy 0.340 after one")
    assert frames.flag_cells(of, ["b"]) == [["every row", "none is up", "1 rows"]]


def test_madry_s_network_is_shown_where_it_was_trained():
    assert frames.madry_rows([]) == []
    published, large = judgement(clean=49), judgement(clean=25)
    (cells,) = frames.madry_rows([published, large])
    assert cells[0].endswith("eps 0.3") and cells[2].startswith("0.500") and "another network" in cells[-2]
    assert "<td>0.988</td><td>0.980<br>" in frames.published([published, large], N).data
    assert frames.published([], N).data.count("not run") == 4


def all_rows(**of_none: int) -> Rows:
    of = {
        name: Row([judgement(AutoAttack=many, clean=49), judgement(AutoAttack=many)])
        for many, name in enumerate(DEFENCES)
    }
    return {eps: of | {NONE: Row([judgement(**of_none)] * 2)} for eps in (0.1, 0.3)}


def test_defences_are_held_against_no_defence_on_the_same_images():
    of = {name: Row([judgement(AutoAttack=20)]) for name in DEFENCES}
    more, less = Row([judgement(AutoAttack=30)]), Row([judgement(AutoAttack=4)])
    found = against_control(of | {"removal": more, "retrained": less})
    assert found[MORE] == ["removal"] and found[LESS] == ["retrained"]
    held = against_control(of | {NONE: less, AT_RANDOM: less, "filter, median": less})
    assert held[ALIKE] == ["filter, median"] and len(held[MORE]) == len(FROM_PAPERS) - 1


def test_what_one_comparison_alone_would_show_is_chance_among_six():
    """Each leaves seven images more, or fewer: p = 0.02, and 0.12 with Holm's adjustment."""
    of = {name: Row([judgement(AutoAttack=20)]) for name in DEFENCES}
    one = of | {"removal": Row([judgement(AutoAttack=27)])}
    assert gained(one)["removal"].low > 0 and gained(one)["removal"].mean == pytest.approx(7 / N)
    assert against_control(one)[ALIKE] == list(gained(one)), "an interval above zero, picked out of six"


def test_each_defence_of_the_papers_has_what_its_paper_reports():
    of_papers = {name for name in FROM_PAPERS if name != "filter, median"}  # one paper, one claim, two readings
    assert frames.CLAIMED.keys() == of_papers
    shown = frames.claimed().data
    assert shown.count('<th scope="row">') == len(of_papers)
    link = '<a href="unlearning.html#unlearning.unlearned.accuracy">an accuracy of 0.9669 on attacked images</a>'
    assert link in shown and "more robust; no number is printed" in shown


def test_the_table_has_a_line_a_defence_best_worst_case_first():
    found = frames.defences(all_rows(AutoAttack=0), 0.1, dict.fromkeys(DEFENCES, 1.5), [["another", "cell"]]).data
    assert found.count('<th scope="row">') == len(DEFENCES) + 1 and "× 1.50" in found
    assert (
        found.index("PGD, rising eps") < found.index("removal (") < found.index(">no defence<") < found.index("another")
    )


def test_yardsticks_are_shown_network_by_network():
    frame = frames.yardsticks(all_rows(), range(3, 5))
    assert list(frame) == ["yardstick", "seed 3", "seed 4"] and len(frame) == 4
    assert frame.iloc[0].tolist() == ["PGD training (Madry 2018), eps 0.1", "0.98 / 0.14", "1.00 / 0.14"]


def test_a_filter_that_changes_nothing_says_so():
    before = np.array([1.5, 0.5])
    found = FilterFound(
        np.ones((2, 3), bool), {"a": Change(2, 1, before, before), "b": Change(1, 3, before, before * 0)}
    )
    frame = frames.filtered(found)
    assert frame["values changed"].tolist() == ["0 of 2", "2 of 2"]
    assert frame["largest singular value"].tolist() == ["1.500"] * 2 and frame["τ"].tolist() == ["2.000", "1.000"]


def test_figures_are_drawn_from_rows():
    of, costs = all_rows(), dict.fromkeys(DEFENCES, 2.0)
    counted = "means of 2 networks, 50 test images"
    assert figures.what_is_left(of, costs).legends[0].get_title().get_text() == counted
    assert figures.table(of).get_supxlabel() == counted
    for figure in (figures.table(of), figures.what_is_left(of, costs)):
        assert [ax.get_title() for ax in figure.axes] == ["eps 0.1", "eps 0.3"]
    drawn = figures.over_eps([0.0, 0.5], {0.1: {"a": [[1.0, 0.2]], "b": [[0.9, 0.0]]}}, 50)
    (ax,) = drawn.axes
    assert ax.get_title() == "trained at eps 0.1" and len(ax.get_xticks()) == 6
    level, upright = ax.lines[-2:]
    assert list(level.get_ydata()) == [0.1, 0.1] and list(upright.get_xdata()) == [0.1, 0.1]
    assert [text.get_text() for text in ax.texts] == ["guessing", "this eps"]
    assert drawn.legends[0].get_title().get_text() == "one network, 50 test images"
    several = figures.over_eps([0.0, 0.5], {0.1: {"a": [[1.0, 0.2], [0.9, 0.1]]}}, 50)
    said = "means of 2 networks, 50 test images; bands: 95% intervals over networks"
    assert several.legends[0].get_title().get_text() == said
    beyond = figures.over_eps([0.0, 0.5], {0.9: {"a": [[1.0, 0.2]]}}, 50)
    assert max(beyond.axes[0].get_xticks()) == 0.9, "the axis is named as far as it goes"
    plt.close("all")


def test_a_digit_is_shown_in_the_ink_of_what_becomes_of_it():
    of = all_rows()
    of[0.3] = of[0.3] | {NONE: Row([judgement(AutoAttack=1, FGSM=2, PGD_40=50)] * 2)}
    first = np.array([np.flatnonzero(label == Y)[0] for label in range(10)], np.int32)[::-1]
    images = ShownFound(np.zeros((10, 4, 4), np.uint8) + Y[first, None, None], Y[first])
    figure = figures.image_by_image(of, 0.3, images, PlacesFound(first))
    assert len(figure.axes) == 10 * len(DEFENCES)
    place = 10 * by_worst_case(of).index(NONE)
    names = [ax.images[0].get_cmap().name for ax in figure.axes[place : place + 10]]
    safe, fgsm_only, fooled = figures.FALLS
    assert names == [safe, fgsm_only, *[fooled] * 8]
    assert figure.axes[place].get_ylabel() == "no defence" and figure.get_suptitle() == "eps 0.3"
    with pytest.raises(ValueError, match="not the images"):
        figures.image_by_image(of, 0.3, images, PlacesFound(first[::-1]))
    plt.close("all")


# Numbers


FIRST = [FirstFound("digits", 200, "", 0, bits(45)), FirstFound("digits", 200, "", 0, bits(46))]


def test_headline_numbers_are_means_over_networks():
    found = summary.headline(FIRST, all_rows(FGSM=10, noise=20), SMALL)
    assert found["none_clean"] == pytest.approx(0.91) and found["none_worst_small"] == 0.2
    assert found["none_noise_large"] == 0.4 and found["pgd_training_clean_small"] == 0.99
    assert found["none_lbfgs_l2"] == 3.0 and found["pgd_rising_eps_worst_large"] == pytest.approx(8 / 50)
    assert len(found) == 2 * len(DEFENCES) + 4 * 4 + 4 and all(name == name.lower() for name in found)


def test_the_summary_names_the_best_defence_and_the_best_yardstick():
    found = summary.summary(all_rows(AutoAttack=0), SMALL)
    assert (found["best-small"], found["pgd-large"]) == (
        "filter, median (Pravin 2021)",
        "PGD, rising eps",
    )
    assert found["judged"] == N and found["data"] == "digits (a small sample of MNIST)"
    assert found["networks"] == "2 networks of each kind"
    assert found["pgd-large-left"].startswith("0.16") and "(PGD, rising eps): 0.16." in found["found"]
    one = summary.summary(all_rows(), replace(SMALL, seeds=1))
    assert one["networks"] == "one network of each kind"
    assert found["none-small-left"].startswith("0.00") and found["pgd-small-left"].startswith("0.16")
    assert summary.summary(all_rows(), replace(SMALL, dataset="mnist"))["data"] == "MNIST"


def test_of_equal_eps_both_halves_of_the_summary_are_the_same():
    same = replace(SMALL, eps_large=0.1)
    found = summary.summary(all_rows(), same)
    assert found["papers-small-left"] == found["papers-large-left"] and same.eps_values == [0.1]
