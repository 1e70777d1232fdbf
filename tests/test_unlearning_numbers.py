"""The answers to the numbers that the paper on unlearning prints, on made-up records: each word that each can get."""

import numpy as np
import pytest
import unlearning_records as made
from unlearning_records import networks, word

from lib.chapters.unlearning import answers

E = made.experiment()


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ((0.991, 0.993, 0.995), "found"),
        ((0.9884, 0.9885, 0.9886), "near"),  # near enough in the mean, and no network of these could print it
        ((0.97, 0.98, 0.995), "near"),  # not near in the mean, and one more network could
        ((0.95, 0.951, 0.952), "not found"),
        ((0.993,), "found"),
        ((0.95,), "not found"),
    ],
)
def test_the_first_row_s_accuracy(levels, expected):
    assert word(answers.first_row([made.network(clean=one) for one in levels], E)[0]) == expected


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ((0.026, 0.028, 0.03), "found"),
        ((0.038, 0.0381, 0.0382), "near"),
        ((0.3, 0.31, 0.32), "not found"),
    ],
)
def test_the_first_row_s_loss(losses, expected):
    each = [made.network(losses=(one, 2.3, 1.7, 2.0)) for one in losses]
    assert word(answers.first_row(each, E)[1]) == expected


@pytest.mark.parametrize(
    ("printed", "expected"),
    [((0.07, 0.08, 0.09), "found"), ((0.05, 0.13, 0.25), "near"), ((0.49, 0.5, 0.51), "not found")],
)
def test_the_second_row_is_the_printed_attack_s(printed, expected):
    answer = answers.second_row([made.network(printed=one) for one in printed], E)[0]
    assert word(answer) == expected and f"an accuracy of {np.mean(printed):.2f} with" in answer.why


@pytest.mark.parametrize(("loss", "expected"), [(2.3, "found"), (2.38, "near"), (5.0, "not found")])
def test_the_second_row_s_loss(loss, expected):
    each = [made.network(losses=(0.03, loss + by, 1.7, 2.3)) for by in made.SPREAD]
    assert word(answers.second_row(each, E)[1]) == expected


RUNGS = ["the paper's FGSM, not clipped", "FGSM within [0, 1]", "PGD, 40 steps", "worst case, image by image"]


def test_the_second_row_s_ladder_goes_down_to_the_worst_of_all():
    each = networks(printed=0.3, clipped=0.4, pgd=0.2)
    for one in each:
        sample = len(one.some)
        one.clipped.correct[one.some] = np.arange(sample) % 2 == 0
        one.pgd.correct[:] = one.stopped[:] = np.arange(sample) % 3 == 0
    ladder = answers.second_row(each, E)[0].ladder
    assert [name for name, _ in ladder] == RUNGS
    assert ladder[0][1].mean == pytest.approx(0.3)
    both = np.mean([np.arange(len(one.some)) % 6 == 0 for one in each])
    assert ladder[-1][1].mean == pytest.approx(both) and both < min(found.mean for _, found in ladder[:-1])
    assert [name for name, _ in answers.second_row(each, E)[1].ladder] == RUNGS[:-1], "a loss has no worst case"


def test_the_third_row_s_ladder_goes_down_to_the_worst_of_all():
    loop = made.loops() | {"b": [made.looped([made.look(pgd=0.2)] * 2, 0.9, strong=0.3) for _ in made.SPREAD]}
    ladder = answers.third_row(networks(), loop, E)[0].ladder
    assert [name for name, _ in ladder] == RUNGS and ladder[-1][1].mean == pytest.approx(0.2)


def test_the_second_row_s_readings_are_the_printed_attacks():
    each = [made.network(of_row=0.5) for _ in range(3)]
    for one in each:
        one.row.fresh["softmax sum"] = made.reads(0.08, 2.3)
    readings = answers.second_row(each, E)[0].readings
    assert (readings.tried, readings.giving) == (6, 1)
    assert readings.nearest == "softmax sum (the paper's Fig. 5); the one nearest to the words is not among them"


@pytest.mark.parametrize(
    ("row", "expected"),
    [((0.96, 0.965, 0.97), "found"), ((0.9, 0.94, 0.97), "near"), ((0.49, 0.5, 0.51), "not found")],
)
def test_the_third_row_is_reading_b_s(row, expected):
    loop = made.loops() | {"b": [made.looped([made.look()] * 2, one) for one in row]}
    answer = answers.third_row(networks(), loop, E)[0]
    assert word(answer) == expected and "reading (b) after 2 rounds of 1 epoch" in answer.paper.by


@pytest.mark.parametrize(("loss", "expected"), [(0.155, "found"), (0.2, "near"), (1.0, "not found")])
def test_the_third_row_s_loss(loss, expected):
    loop = made.loops() | {"b": [made.looped([made.look()] * 2, 0.9, loss + by) for by in made.SPREAD]}
    answer = answers.third_row(networks(), loop, E)[1]
    assert word(answer) == expected and answer.ladder[-1][1].mean == pytest.approx(2)


def test_numbers_of_a_row_come_from_one_experiment():
    given = [*answers.second_row(networks(), E), *answers.third_row(networks(), made.loops(), E)]
    names = [answer.experiment for answer in given]
    assert names[0] == names[1] != names[2] == names[3]


def test_the_readings_of_the_third_row_are_counted_where_both_numbers_are_given():
    loop = made.loops(0.5)
    nothing = answers.third_row(networks(), loop, E)[0].readings
    assert (nothing.tried, nothing.giving) == (78, 0)
    for record in loop["b"]:
        record.row.fresh["fgsm"] = made.reads(0.96, 0.15)
        record.row.stale["fgsm"] = made.reads(0.96, 0.9)  # one of both
    found = answers.third_row(networks(), loop, E)[1].readings
    assert found.giving == 1 and found.nearest.endswith("; the one nearest to the words is among them")
