"""The answers to the statements of the paper on unlearning, on made-up records: each word that each can get."""

import numpy as np
import pytest
import unlearning_records as made
from unlearning_records import CLAIMS, after, networks, word

from lib.chapters.unlearning import answers, rates, summary
from lib.ledger.answers import Answer
from lib.ledger.entries import entry

PAPERS = {"dataset": "mnist", "architecture": "fig3", "epochs": 15, "rounds": 3, "round_epochs": 15}
APART = (0.1, 0.5, 0.9)
"""Levels of three networks that tell nothing about their mean."""

E = made.experiment()


@pytest.mark.parametrize(
    ("b", "random", "expected"),
    [
        ({"fgsm": 0.6, "pgd": 0.6}, 0.3, "confirmed"),
        ({"fgsm": 0.3, "pgd": 0.6}, 0.3, "true, not as shown"),
        ({"fgsm": 0.6, "pgd": APART}, 0.3, "found, unsettled"),
        ({"fgsm": APART, "pgd": APART}, 0.3, "cannot tell"),
        ({"fgsm": 0.6, "pgd": 0.6}, 0.6, "empty"),
        ({"fgsm": 0.6, "pgd": 0.3}, 0.3, "does not stand"),
        ({"fgsm": 0.3, "pgd": 0.3}, 0.3, "refuted"),
    ],
)
def test_removal_helps_where_it_adds_to_training_on_and_to_chance(b, random, expected):
    loop = made.loops(0.3, spread=(0, 0, 0), random=random) | {"b": after(**b)}
    answer = answers.removal_helps(networks(printed=0.3, spread=(0, 0, 0)), loop, E)
    assert word(answer) == expected and answer.paper.control == "a random choice of as many images removed"


def test_removal_the_paper_s_way_is_held_against_the_paper_s_effect():
    loop = made.loops(0.3)
    found = entry(CLAIMS["removal.helps"], answers.removal_helps(networks(printed=0.3), loop, E))
    assert found["paper"]["effect_excluded"] is True
    assert found["sound"]["effect_excluded"] is None, (
        "what PGD leaves beyond equal epochs is no quantity of the paper's"
    )


@pytest.mark.parametrize(
    ("b", "none", "expected"),
    [
        ({"fgsm": 0.95, "pgd": 0.95}, 0.5, "confirmed"),
        ({"fgsm": 0.85, "pgd": 0.95}, 0.5, "true, not as shown"),
        ({"fgsm": 0.95, "pgd": APART}, 0.5, "found, unsettled"),
        ({"fgsm": (0.82, 0.85, 0.89), "pgd": APART}, 0.5, "cannot tell"),
        ({"fgsm": 0.95, "pgd": 0.95}, 0.95, "empty"),
        ({"fgsm": 0.95, "pgd": 0.5}, 0.5, "does not stand"),
        ({"fgsm": 0.5, "pgd": 0.5}, 0.5, "refuted"),
    ],
)
def test_the_target_is_reached_where_the_loop_stops(b, none, expected):
    loop = made.loops(0.5, spread=(0, 0, 0), none=none) | {"b": after(**b)}
    assert word(answers.loop_reaches_target(networks(printed=0.4), loop, E)) == expected


def test_the_loop_stops_at_the_first_round_that_reaches_the_target():
    course = [made.looped([made.look(fgsm) for fgsm in levels]) for levels in ((0.5, 0.6), (0.92, 0.6), (0.7, 0.95))]
    loop = {"b": course, "none": course}
    assert rates.stops(networks(printed=0.4), loop, "b") == [2, 1, 2]
    answer = answers.loop_reaches_target(networks(printed=0.4), loop, E)
    assert answer.paper.measured.mean == pytest.approx(np.mean([0.6, 0.92, 0.95]) - 0.9)
    assert answer.paper.over_control.mean == 0
    for finding in (answer.paper, answer.sound):
        assert "at the first round in which reading (b) has 0.9 on test images, else the last" in finding.by


def test_a_loop_that_was_cut_off_below_the_target_is_smaller_than_one_without_a_last_round():
    cut, ended = (made.loops(0.5, spread=(0, 0, 0)) | {"b": after(fgsm=level, pgd=level)} for level in (0.8, 0.95))
    answer = answers.loop_reaches_target(networks(printed=0.4), cut, E)
    assert "2 rounds of 1 epoch instead of as many as it takes" in answer.smaller
    answer = answers.loop_reaches_target(networks(printed=0.4), ended, E)
    assert not any("as many as it takes" in words for words in answer.smaller)


def test_a_loop_that_never_starts_is_empty():
    answer = answers.loop_reaches_target(networks(printed=0.99, pgd=0.99), made.loops(0.5), E)
    assert word(answer) == "empty" and answer.why.startswith(
        "3 of 3 networks reach 0.9 within 2 rounds of 1 epoch, 3 at once. FGSM kept in [0, 1]: 0.500 after removal, "
    )


def test_the_readings_under_which_the_target_is_reached_say_what_there_was_before_and_without_removal():
    each, loop = [made.network(of_row=0.5)], made.loops(0.5, spread=[0.0])
    none = answers.loop_reaches_target(each, loop, E).readings
    assert (none.tried, none.giving, none.nearest) == (6, 0, "the one nearest to the words is not among them")
    each[0].row.fresh["one label"] = loop["b"][0].row.fresh["one label"] = made.reads(0.95)
    loop["b"][0].row.fresh["fgsm, clipped"], loop["none"][0].row.fresh["fgsm, clipped"] = map(made.reads, (0.91, 0.89))
    answer = answers.loop_reaches_target(each, loop, E)
    assert (answer.readings.tried, answer.readings.giving) == (6, 2)
    assert answer.readings.nearest == (
        "1 of which has 0.9 before any removal, so that no round begins; FGSM (the paper's Fig. 4), each image's "
        "label, clipped: 0.500 before, 0.910 after removal, 0.890 after as much training without it; the one nearest "
        "to the words is not among them"
    )
    assert answer.why.endswith(" FGSM kept in [0, 1]: 0.910 after removal, 0.890 without.")
    loop["b"][0].row.fresh["fgsm"] = made.reads(0.9)
    assert answers.loop_reaches_target(each, loop, E).readings.nearest.endswith("nearest to the words is among them")


@pytest.mark.parametrize(
    ("b", "expected"),
    [
        ({"fgsm": 0.8, "pgd": 0.8}, "confirmed"),
        ({"fgsm": 0.2, "pgd": 0.8}, "true, not as shown"),
        ({"fgsm": 0.8, "pgd": APART}, "found, unsettled"),
        ({"fgsm": APART, "pgd": APART}, "cannot tell"),
        ({"fgsm": 0.8, "pgd": 0.2}, "does not stand"),
        ({"fgsm": 0.2, "pgd": 0.2}, "refuted"),
    ],
)
def test_removal_against_training_on_adversarial_images(b, expected):
    loop = made.loops(0.5, spread=(0, 0, 0), none=0.1) | {"b": after(**b)}
    assert word(answers.beats_retraining(networks(), loop, E)) == expected


def test_what_no_removal_gains_over_adversarial_images_as_well_is_no_gain_of_removal():
    loop = made.loops(0.5, spread=(0, 0, 0), none=0.8) | {"b": after(fgsm=0.8, pgd=0.8)}
    answer = answers.beats_retraining(networks(), loop, E)
    assert word(answer) == "empty" and answer.paper.over_control.mean == 0
    assert answer.paper.control == answer.sound.control == f"{answers.NO_REMOVAL}, 3 networks"
    assert "Under FGSM 0.80 after removal, 0.80 without, 0.50 from scratch, 0.50 after adversarial" in answer.why


def test_removal_is_held_against_adversarial_images_and_the_control_on_all_networks_that_have_both():
    loop = made.with_fewer(made.loops(0.5, spread=(0, 0, 0)) | {"b": after(fgsm=(0.8, 0.2, 0.2), pgd=0.8)})
    answer = answers.beats_retraining(networks(), loop, E)
    found = answer.paper
    assert (found.measured.mean, found.measured.networks) == (pytest.approx(0.3), 1)
    assert (found.over_control.mean, found.over_control.networks) == (pytest.approx(-0.1), 3)
    assert "Under FGSM 0.80 after removal, 0.50 without" in answer.why, "levels of the same network"


@pytest.mark.parametrize(
    ("clean", "none", "expected"),
    [
        (0.95, 0.9, "confirmed"),
        (0.9, 0.85, "true, not as shown"),
        ((0.95, 0.95, 0.96), 0.955, "found, unsettled"),
        ((0.85, 0.9, 0.97), 0.9, "cannot tell"),
        (0.95, 0.99, "does not stand"),
        (0.85, 0.9, "refuted"),
    ],
)
def test_the_conclusion_on_clean_images(clean, none, expected):
    loop = made.loops(spread=(0, 0, 0), none={"clean": none}) | {"b": after(clean=clean)}
    assert word(answers.conclusion_accuracy(networks(clean=0.9, spread=(0, 0, 0)), loop, E)) == expected


@pytest.mark.parametrize(
    ("b", "expected"),
    [
        ({"fgsm": 0.6, "pgd": 0.6}, "confirmed"),
        ({"fgsm": 0.3, "pgd": 0.6}, "true, not as shown"),
        ({"fgsm": 0.6, "pgd": APART}, "found, unsettled"),
        ({"fgsm": APART, "pgd": APART}, "cannot tell"),
        ({"fgsm": 0.6, "pgd": 0.3}, "does not stand"),
        ({"fgsm": 0.3, "pgd": 0.3}, "refuted"),
    ],
)
def test_the_conclusion_under_attack(b, expected):
    loop = made.loops(0.3, spread=(0, 0, 0)) | {"b": after(**b)}
    assert word(answers.conclusion_robustness(networks(printed=0.3, spread=(0, 0, 0)), loop, E)) == expected


@pytest.mark.parametrize(
    ("trained", "none", "expected"),
    [
        ((0.70, 0.701, 0.699), (0.80, 0.801, 0.802), "confirmed"),
        ((0.90, 0.901, 0.902), (0.99, 0.992, 0.994), "true, not as shown"),
        ((0.70, 0.701, 0.699), (0.60, 0.70, 0.90), "found, unsettled"),
        ((0.70, 0.80, 0.90), (0.80, 0.80, 0.80), "cannot tell"),
        ((0.70, 0.701, 0.699), (0.60, 0.601, 0.602), "does not stand"),
        ((0.90, 0.901, 0.902), (0.80, 0.801, 0.802), "refuted"),
    ],
)
def test_overfitting_is_prevented_where_training_accuracy_is_less_far_ahead(trained, none, expected):
    def looks(levels):
        return [made.looped([made.look(train=level, clean=0.7)] * 2) for level in levels]

    loop = made.loops() | {"b": looks(trained), "none": looks(none)}
    answer = answers.overfitting_prevented(networks(train=0.8, clean=0.7), loop, E)
    assert word(answer) == expected and answer.why.startswith("Training accuracy is ahead by 0.1000 before")


def test_with_one_network_overfitting_has_the_interval_of_its_images():
    """Of training images 20 of 1,000 are right no more, of test images none: sqrt(0.02 0.98 / 999)."""
    measured = rates.less_overfit([made.look(train=0.95)], [made.look(train=0.93)])
    assert measured.mean == pytest.approx(0.02) and measured.networks == 1
    assert measured.error == pytest.approx(np.hypot((0.02 * 0.98 / 999) ** 0.5, 1.96 / 1000), rel=1e-4)


def test_overfitting_of_networks_that_agree_has_the_interval_of_both_kinds_of_image():
    """Three networks alike: nothing differs between them, and all of it hangs on which images they were shown."""
    first, then = [made.look(train=0.95, clean=0.9)] * 3, [made.look(train=0.93, clean=0.91)] * 3
    measured = rates.less_overfit(first, then)
    assert measured.mean == pytest.approx(0.03) and measured.between == 0
    variances = 0.02 * 0.98 / 999, 0.01 * 0.99 / 999, (1.96 / 1000) ** 2
    assert measured.error == pytest.approx(sum(variances) ** 0.5, rel=1e-4)
    assert rates.overfits(first).error == pytest.approx(
        (0.95 * 0.05 / 999 + 0.09 / 999 + variances[2]) ** 0.5, rel=1e-4
    )


def test_what_a_network_was_not_trained_on_is_no_part_of_its_interval():
    half = made.look(train=0.95, left_out=500)
    measured = rates.overfits([half, half])
    assert measured.mean == pytest.approx(half.overfit) == pytest.approx(0.1)
    assert measured.error == pytest.approx(np.hypot((0.9 * 0.1 / 999) ** 0.5, 1.96 / 1000), rel=1e-3)


def test_images_that_were_left_out_do_not_count_as_training_images():
    assert made.look(clean=0.9, train=0.95, left_out=50).overfit == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("b", "pgd", "expected"),
    [
        ((0.5, 0.51, 0.52), 0.4, "confirmed"),
        ((0.08, 0.08, 0.08), 0.4, "true, not as shown"),
        ((0.5, 0.51, 0.52), (0.0, 0.0, 0.9), "found, unsettled"),
        (APART, (0.0, 0.0, 0.9), "cannot tell"),
        ((0.5, 0.51, 0.52), 0.0, "does not stand"),
        ((0.08, 0.08, 0.08), 0.0, "refuted"),
    ],
)
def test_where_there_is_room_accuracy_is_recovered_or_not(b, pgd, expected):
    answer = answers.room_recovered(made.rooms(b, pgd), E)
    assert word(answer) == expected and "eps 0.30" in answer.paper.by and "under FGSM is 0.08 before" in answer.why
    assert "grey" not in answer.why
    without = answers.room_recovered(made.rooms(b, pgd, eps=0.0), E)
    assert without.paper is None and "without any attack: a smaller leaves" in without.why
    grey = answers.room_recovered(made.rooms(b, pgd, eps=0.64), E)
    assert grey.why.endswith("any image can be made grey.")
    assert grey.sound is None and word(grey) in ("found, unsettled", "cannot tell"), "PGD leaves nothing there"


# All of them


def every_answer(experiment) -> list[Answer]:
    each, loop = networks(), made.loops()
    given = [*answers.first_row(each, experiment), *answers.second_row(each, experiment)]
    given += answers.third_row(each, loop, experiment)
    of_the_loop = (
        *(answers.removal_helps, answers.loop_reaches_target, answers.beats_retraining),
        *(answers.conclusion_accuracy, answers.conclusion_robustness, answers.overfitting_prevented),
    )
    given += [answer(each, loop, experiment) for answer in of_the_loop]
    return [*given, answers.room_recovered(made.rooms(), experiment)]


def test_every_claim_has_an_answer():
    assert [answer.claim for answer in every_answer(E)] == list(CLAIMS)


def test_a_small_run_says_so_on_every_card_and_the_paper_s_own_on_none():
    assert all("5,000 images of digits instead of MNIST" in answer.smaller for answer in every_answer(E))
    cut = {"loop.reaches_target": ("3 rounds of 15 epochs instead of as many as it takes",)}
    for answer in every_answer(made.experiment(**PAPERS)):
        assert answer.smaller == cut.get(answer.claim, ())


def test_with_one_network_there_is_an_answer_to_every_claim():
    each, loop = [made.network()], {reading: records[:1] for reading, records in made.loops().items()}
    assert word(answers.removal_helps(each, loop, E)) in ("confirmed", "empty", "does not stand", "refuted")
    assert answers.first_row(each, E)[0].paper.by == "no attack, 1,000 test images, 1 network"


# Headline


def test_the_headline_has_the_numbers_of_their_readings():
    loop = made.loops(b=0.6, none=0.5, d=0.8)
    each = [made.network(clean=0.9, of_row=0.7)] * 3
    found = summary.headline(each, loop, made.rooms((0.1, 0.1, 0.1), eps=0.25), made.memberships())
    assert found["removed_fgsm_accuracy"] == pytest.approx(0.6) == found["removed_pgd_accuracy"]
    assert found["control_fgsm_accuracy"] == pytest.approx(0.5)
    assert found["trained_pgd_accuracy"] == pytest.approx(0.8)
    assert found["softmax_sum_accuracy"] == pytest.approx(0.7) == found["one_label_accuracy"]
    assert found["room_eps"] == 0.25 and found["room_fgsm_accuracy"] == pytest.approx(0.1)
    assert found["membership_auc"] == 1
    without = summary.headline(each, loop, made.rooms((0.1, 0.1, 0.1), eps=0.25), [])
    assert found.keys() - without.keys() == {"membership_auc"}
