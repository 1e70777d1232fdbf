"""Attacks on the common ground, the table of what they leave, and what is kept of the judgement."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from lib import attack as attacks
from lib.chapters.common_ground import defences as cg
from lib.chapters.common_ground import judging
from lib.chapters.common_ground import table as judged_table
from lib.measure.intervals import rate
from lib.measure.red_flags import Flag
from lib.measure.score import score

STRENGTH = judging.Strength(restarts=2, steps=3, queries=10)


@pytest.fixture
def begun(digits, tmp_path: Path) -> cg.Start:
    recipe = cg.Recipe(epochs=3, batch_size=50)
    return cg.start((digits.x_train[:200], digits.y_train[:200]), recipe, 3, tmp_path / "cells")


@pytest.fixture
def judge(begun, digits, tmp_path: Path) -> judging.Judge:
    images = digits.x_test[:30], digits.y_test[:30]
    return judging.Judge(images, copy.deepcopy(begun.network), STRENGTH, 2, (0.0, 0.3), tmp_path / "cells")


# Attacks


@pytest.mark.parametrize("name", judging.ATTACKS)
def test_an_attack_stays_in_the_ball_and_the_pixel_range(begun, digits, name: str):
    x, y = digits.x_test[:20], digits.y_test[:20]
    x_adv = judging.ATTACKS[name](judging.Case(begun.network, begun.network, x, y, 0.1, STRENGTH))
    assert (x_adv - x).abs().max() <= 0.1 + 1e-6 and x_adv.min() >= 0 and x_adv.max() <= 1
    assert torch.equal(x_adv, x) == (name == "clean")


@pytest.mark.parametrize("attack", [attacks.BIM(eps=0.2, alpha=0.05), attacks.PGD(eps=0.2, alpha=0.05, steps=10)])
def test_stopping_on_images_that_are_fooled_changes_no_accuracy(begun, digits, attack):
    """It counts an image as fooled where any step of the attack that goes on fools it, and no other."""
    x, y = digits.x_test[:60], digits.y_test[:60]
    never = np.ones(60, dtype=bool)
    for steps in range(0 if isinstance(attack, attacks.PGD) else 1, 11):
        never &= score(begun.network, replace(attack, steps=steps)(begun.network, x, y), y).correct
    never &= score(begun.network, x, y).correct | isinstance(attack, attacks.PGD)  # BIM starts at the image itself
    stopped = score(begun.network, replace(attack, early_stop=True)(begun.network, x, y), y).correct
    assert np.array_equal(stopped, never) and 0 < never.sum() < score(begun.network, x, y).correct.sum()


def test_how_far_l_bfgs_went_is_zero_where_it_had_not_to_go_and_none_where_it_failed(digits):
    x, y = digits.x_test[:6], torch.tensor([7, 7, 3, 3, 3, 7])
    seven = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    with torch.no_grad():
        seven[1].weight.zero_()
        seven[1].bias.copy_(10.0 * (torch.arange(10) == 7))
    found = judging.nearest_adversarial(seven, x, y)["l2"]
    assert found == [None, None, 0, 0, 0, None]


# The table


def row(correct: dict[str, list], seconds: float = 1.0, flags: list[list[Flag]] | None = None) -> judging.Row:
    arrays = {name: [np.array(bits, dtype=bool) for bits in seeds] for name, seeds in correct.items()}
    return judging.Row(arrays, [np.array([1.0, np.inf, 3.0])], [[1.0]], flags or [[]], [seconds])


def test_the_worst_case_is_taken_image_by_image():
    one = row({"clean": [[1, 1, 1, 0]], "FGSM": [[1, 0, 1, 0]], "Square": [[0, 1, 1, 0]]})
    assert one.worst[0].tolist() == [False, False, True, False] and one.accuracy(judging.WORST) == 0.25
    assert list(one.outcomes) == ["worst case", "clean", "FGSM", "Square"]
    two = row({"clean": [[1, 1, 1, 0], [1, 1, 0, 0]]})
    assert two.accuracies("clean") == [0.75, 0.5] and two.accuracy(judging.WORST) == 0.625


def test_a_red_flag_counts_once_whichever_network_raises_it():
    up, down = Flag("one step", True, "0.1 after 40"), Flag("one step", False, "0.9")
    noisy = Flag("noise", True, "0.5")
    assert row({"clean": [[1]]}, flags=[[down], [up, noisy], [up]]).raised == {"one step": up.sentence, "noise": "0.5"}


def test_a_row_of_cells_says_how_many_images_l_bfgs_fooled_and_what_was_spent():
    cells = judged_table.row_cells("mixed", row({"clean": [[1, 1, 1, 0]]}, 2.5), "× 2.50")
    low = rate([np.array([1, 1, 1, 0], dtype=bool)]).low
    assert cells[0] == "mixed" and cells[1].startswith("0.750") and f"[{low:.2f}" in cells[1]
    assert cells[-3:] == ["3.00<br><small>2 of 3</small>", "2.5<br><small>× 2.50</small>", "–"]


def test_rows_are_ordered_by_what_is_left():
    of = {name: row({"clean": [[1] * many + [0] * (8 - many)]}) for many, name in enumerate(cg.DEFENCES)}
    assert judging.by_worst_case({0.1: of, 0.3: of}) == list(cg.DEFENCES)[::-1]
    assert judging.best(of, cg.FROM_PAPERS) == cg.FROM_PAPERS[-1]
    lost = {name: row({"clean": [[1, 0]], "FGSM": [[0, int(name == "retrained")]]}) for name in cg.DEFENCES}
    assert judging.best(lost, cg.FROM_PAPERS) == judging.by_worst_case({0.3: lost})[0] == "retrained"
    assert not {cg.NONE, *cg.YARDSTICKS} & set(cg.FROM_PAPERS)


def test_flags_are_listed_by_row_and_a_table_without_any_says_so():
    up = Flag("one step", True, "0.1 < 0.2")
    rows = {0.1: {"a": row({"clean": [[1]]}, flags=[[up]]), "b": row({"clean": [[1]]})}}
    assert judged_table.flag_cells(rows, ["b", "a"]) == [["a, eps 0.1", "one step", "0.1 &lt; 0.2"]]
    assert judged_table.flag_cells(rows, ["b"])[0][1] == "none is up"


# What is kept


def test_a_network_is_judged_once_and_another_anew(begun, judge, monkeypatch):
    first = judging.judged([cg.Defended(begun.network, 1.0)], [judge], 0.1)
    assert all(len(seeds[0]) == 30 for seeds in first.outcomes.values()) and len(first.distances[0]) == 2
    assert len(first.curves[0]) == 2 and len(first.flags[0]) == 6

    def refusing(name: str):
        def refuse(*_):
            raise AssertionError("measured again")

        refuse.__module__, refuse.__qualname__ = (
            "lib.chapters.common_ground.judging",
            name,
        )  # whose code decides the file
        return refuse

    for name in ("read_rightly", "nearest_adversarial", "accuracies_over_eps", "flags_raised"):
        monkeypatch.setattr(judging, name, refusing(name))
    again = judging.judged([cg.Defended(copy.deepcopy(begun.network), 1.0)], [judge], 0.1)
    assert again.curves == first.curves and again.flags == first.flags
    assert all(np.array_equal(again.correct[name][0], first.correct[name][0]) for name in judging.ATTACKS)
    changed = copy.deepcopy(begun.network)
    with torch.no_grad():
        changed[0].bias[0] += 1e-3
    for model, eps in ((changed, 0.1), (begun.network, 0.2)):
        with pytest.raises(AssertionError, match="measured again"):
            judge.correct(model, "FGSM", eps)
