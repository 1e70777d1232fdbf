"""The answers of the chapter on mitigation, on made-up records: each word that a claim can be answered with."""

from dataclasses import replace

import mitigation_records as made
import numpy as np
import pytest
from mitigation_records import EXPERIMENT, detector, networks, outcome, retrained, searches, substitute, targeted

from lib.chapters.mitigation import answers
from lib.chapters.mitigation.networks import ALONE, BOTH
from lib.chapters.mitigation.rates import readings
from lib.ledger.answers import Answer
from lib.ledger.claims import paper
from lib.ledger.entries import entry
from lib.measure.ratios import linearised, ratio

CLAIMS = paper("mitigation").claims
THREE = [0.99] * 3


def word(answer: Answer) -> str:
    """The word on the card."""
    return entry(CLAIMS[answer.claim], answer)["word"]


# Numbers


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [
        ((0.99, 0.9875, 0.9925), "found"),
        ((0.995, 0.995, 0.995), "near"),  # not within the tolerance, but one more network could
        ((0.96, 0.96, 0.9625), "not found"),
        ((0.99,), "found"),
        ((0.9,), "not found"),
    ],
)
def test_the_clean_accuracy_is_held_against_the_printed_one(accuracies: tuple, expected: str) -> None:
    assert word(answers.clean_accuracy(networks(clean=accuracies), EXPERIMENT)) == expected


@pytest.mark.parametrize(
    ("stale", "expected"),
    [
        ((0.82, 0.83, 0.825), "found"),
        ((0.6, 0.75, 0.9), "near"),
        ((0.6, 0.61, 0.6), "not found"),
        ((0.85,), "found"),
        ((0.9,), "not found"),
    ],
)
def test_the_retrained_accuracy_is_that_of_the_images_retrained_on(stale: tuple, expected: str) -> None:
    found = outcome(stale, [0.2] * len(stale), [0.0] * len(stale))
    answer = answers.retrained_accuracy(found, targeted(), searches(*[0.5] * len(stale)), EXPERIMENT)
    assert word(answer) == expected


def test_the_ladder_goes_from_the_paper_s_images_down_to_the_worst_of_all() -> None:
    found = outcome([0.5] * 3)
    found |= {(BOTH, 0.3): [retrained(0.825, 0.9, 0.9)] * 3, (ALONE, 0.3): [retrained(0.7, 0.3, 0.1)] * 3}
    answer = answers.retrained_accuracy(found, targeted(), searches(0.05, 0.05, 0.05), EXPERIMENT)
    assert answer.paper.measured.mean == pytest.approx(0.825)
    assert [measured.mean for _, measured in answer.ladder] == pytest.approx([0.825, 0.3, 0.1, 0.05])
    weak = answers.retrained_accuracy(found, targeted(), searches(0.9, 0.9, 0.9), EXPERIMENT)
    assert weak.ladder[-1][1].mean == pytest.approx(0.1)


def test_readings_are_counted_and_the_control_is_none() -> None:
    found = outcome([0.5] * 3)
    found[ALONE, 0.1] = [retrained(0.5, 0.7875, 0.1)] * 3
    found[BOTH, 0.0] = [retrained(0.8262, 0.8262, 0.8262)] * 3
    counted = readings(found, targeted(), EXPERIMENT)
    assert (counted.tried, counted.giving) == (30, 1)
    assert counted.nearest == (
        "0 of the 2 nearest to the words are among them; the nearest to the number "
        "is trained on training images, FGSM at eps 0.1, and scored on fresh FGSM images; chosen on 1 network, "
        "it gives 0.787 on the other 2"
    )
    among = readings(outcome([0.825] * 3), targeted(), EXPERIMENT)
    assert among.giving == 6 and among.nearest.startswith("1 of the 2 nearest to the words is among them")


def test_readings_on_targeted_images_count_as_those_on_others() -> None:
    found = targeted()
    found[ALONE, 0.9] = [retrained(0.5, 0.5, 0.825)] * 3
    counted = readings(outcome([0.5] * 3), found, EXPERIMENT)
    assert (counted.tried, counted.giving) == (30, 1)
    assert "training images, targeted FGSM at eps 0.9, and scored on fresh targeted PGD images;" in counted.nearest
    both = readings(outcome([0.825] * 3), targeted(0.825), EXPERIMENT)
    assert both.giving == 10 and both.nearest.startswith("2 of the 2 nearest to the words are among them")


def test_the_nearest_reading_is_judged_on_networks_that_it_was_not_chosen_on() -> None:
    found = outcome([0.5] * 3)
    found[ALONE, 0.1] = [retrained(0.5, fresh, 0.1) for fresh in (0.825, 0.3, 0.4)]
    assert readings(found, targeted(), EXPERIMENT).nearest.endswith(
        "and scored on fresh FGSM images; chosen on 1 network, it gives 0.350 on the other 2"
    )


def test_on_other_data_or_with_fewer_epochs_the_answer_says_that_it_is_smaller() -> None:
    few = networks(clean=THREE)
    assert answers.clean_accuracy(few, EXPERIMENT).smaller == ()
    on_digits = replace(EXPERIMENT, dataset="digits")
    for answer in (
        answers.clean_accuracy(few, on_digits),
        answers.retrained_accuracy(outcome([0.83] * 3), targeted(), searches(*THREE), on_digits),
    ):
        assert answer.smaller[0] == "5,000 images of digits instead of MNIST"


# Under attack


@pytest.mark.parametrize(
    ("step", "fgsm", "expected"),
    [
        ((0.5, 0.55, 0.5), (0.1, 0.1, 0.15), "confirmed"),
        ((0.98, 0.9775, 0.98), (0.1, 0.1, 0.15), "refuted"),
        ((0.95, 0.95, 0.945), (0.9, 0.9, 0.9), "true, not as shown"),  # little, but half of what the formula does
        ((0.8, 0.98, 0.6), (0.1, 0.1, 0.15), "cannot tell"),
        ((0.98, 0.9775, 0.98), (0.99, 0.99, 0.99), "cannot tell"),  # a share of nothing
    ],
)
def test_the_code_line_attacks_where_it_takes_enough_of_what_the_formula_does(
    step: tuple, fgsm: tuple, expected: str
) -> None:
    assert word(answers.code_line_attacks(networks(clean=THREE, step=step, fgsm=fgsm), EXPERIMENT)) == expected


FALLS = {
    "confirmed": ((0.1, 0.2, 0.1), (0.9, 0.9, 0.95)),
    "empty": ((0.1, 0.2, 0.1), (0.1, 0.15, 0.1)),
    "refuted": ((0.985, 0.98, 0.985), (0.99, 0.99, 0.99)),
    "cannot tell": ((0.1, 0.6, 0.99), (0.99, 0.99, 0.99)),
}


@pytest.mark.parametrize("expected", FALLS)
def test_accuracy_falls_where_the_attack_leaves_less_than_random_signs(expected: str) -> None:
    attacked, signs = FALLS[expected]
    assert word(answers.untargeted_falls(networks(clean=THREE, fgsm=attacked, signs=signs), EXPERIMENT)) == expected
    targeted = answers.targeted_falls(networks(clean=THREE, targeted=attacked, signs=signs), EXPERIMENT)
    assert word(targeted) == expected
    assert "at eps 0.9, " in targeted.paper.by and "at eps 0.45, " in targeted.sound.by, "grey images prove nothing"


def test_the_fall_over_random_signs_is_paired_on_the_same_images() -> None:
    found = answers.untargeted_falls(networks(clean=THREE, fgsm=[0.1] * 3, signs=[0.6] * 3), EXPERIMENT).paper
    assert (found.measured.mean, found.over_control.mean) == pytest.approx((0.89, 0.5))


@pytest.mark.parametrize(
    ("fgsm", "signs", "expected"),
    [
        ((0.1, 0.15, 0.1), (0.9, 0.9, 0.9), "confirmed"),
        ((0.1, 0.15, 0.1), (0.1, 0.1, 0.1), "empty"),
        ((0.8, 0.85, 0.8), (0.9, 0.9, 0.9), "refuted"),
        ((0.2, 0.5, 0.8), (0.9, 0.9, 0.9), "cannot tell"),
    ],
)
def test_it_fools_where_more_than_half_are_misread(fgsm: tuple, signs: tuple, expected: str) -> None:
    assert word(answers.untargeted_fools(networks(clean=THREE, fgsm=fgsm, signs=signs), EXPERIMENT)) == expected


def test_only_images_that_were_right_can_be_fooled() -> None:
    # Half are right without an attack, a quarter under it: half of that half is fooled, not three quarters of all.
    found = answers.untargeted_fools(networks(clean=[0.5], fgsm=[0.25], signs=[0.4]), EXPERIMENT).paper
    assert (found.measured.mean, found.over_control.mean) == pytest.approx((0.5, 0.3))


TARGETED = {
    "confirmed": {"targeted": (0.1, 0.1, 0.15), "reached": (0.8, 0.8, 0.85)},
    "does not stand": {"targeted": (0.1, 0.1, 0.15), "reached": (0.1, 0.1, 0.15)},
    "found, unsettled": {"targeted": (0.1, 0.1, 0.15), "reached": (0.1, 0.5, 0.9)},
    "empty": {"targeted": (0.1, 0.1, 0.15), "reached": (0.8, 0.8, 0.85), "signs": (0.1, 0.1, 0.1)},
    "refuted": {"targeted": (0.8, 0.8, 0.85), "reached": (0.1, 0.1, 0.15)},
    "true, not as shown": {"targeted": (0.8, 0.8, 0.85), "reached": (0.8, 0.8, 0.85)},
    "cannot tell": {"targeted": (0.2, 0.5, 0.8), "reached": (0.1, 0.5, 0.9)},
}


@pytest.mark.parametrize("expected", TARGETED)
def test_misread_at_0_9_is_found_and_taken_for_the_target_below_one_half_stands(expected: str) -> None:
    answer = answers.targeted_fools(networks(clean=THREE, **TARGETED[expected]), EXPERIMENT)
    assert word(answer) == expected
    assert answer.why.endswith(" by PGD, 0.000 by FGSM."), "the paper's own attack is named beside the stronger one"


def test_a_target_that_random_signs_reach_too_is_none() -> None:
    found = networks(clean=THREE, targeted=[0.1] * 3, reached=[0.8] * 3, signs=[0.15] * 3, signs_reached=[0.85] * 3)
    answer = answers.targeted_fools(found, EXPERIMENT)
    assert word(answer) == "empty" and answer.sound.over_control.mean < 0


# Retraining


@pytest.mark.parametrize(
    ("stale", "fresh", "pgd", "expected"),
    [
        ((0.8, 0.82, 0.8), (0.4, 0.45, 0.4), (0.4, 0.4, 0.45), "confirmed"),
        ((0.8, 0.82, 0.8), (0.4, 0.45, 0.4), (0.0, 0.0, 0.01), "does not stand"),  # the smaller decides
        ((0.8, 0.82, 0.8), (0.1, 0.1, 0.12), (0.3, 0.3, 0.35), "does not stand"),
        ((0.8, 0.82, 0.8), (0.1, 0.5, 0.9), (0.1, 0.5, 0.9), "found, unsettled"),
        ((0.12, 0.12, 0.12), (0.1, 0.1, 0.12), (0.0, 0.0, 0.01), "refuted"),
        ((0.12, 0.12, 0.12), (0.4, 0.45, 0.4), (0.4, 0.4, 0.45), "true, not as shown"),
        ((0.1, 0.5, 0.9), (0.1, 0.5, 0.9), (0.1, 0.5, 0.9), "cannot tell"),
    ],
)
def test_retraining_recovers_on_its_own_images_and_stands_on_fresh_ones(
    stale: tuple, fresh: tuple, pgd: tuple, expected: str
) -> None:
    before = networks(fgsm=[0.1] * 3, pgd=[0.0] * 3)
    assert word(answers.retraining_recovers(before, outcome(stale, fresh, pgd), EXPERIMENT)) == expected


def test_the_gain_is_paired_network_by_network() -> None:
    before, after = networks(fgsm=[0.1, 0.3, 0.5]), outcome([0.8] * 3, [0.3, 0.5, 0.7], [0.9] * 3)
    gain = answers.retraining_recovers(before, after, EXPERIMENT).sound.measured
    assert gain.per_network == pytest.approx((0.2, 0.2, 0.2))


# The detector and the substitute


@pytest.mark.parametrize(
    ("known", "informed", "signs", "expected"),
    [
        ([1.0] * 5, [0.9] * 5, [0.5] * 5, "confirmed"),
        ([1.0] * 5, [0.9] * 5, [1.0] * 5, "empty"),
        ([1.0] * 5, [0.5] * 5, [0.4] * 5, "does not stand"),
        ([0.8] * 5, [0.5] * 5, [0.4] * 5, "refuted"),
        ([0.8] * 5, [0.9] * 5, [0.5] * 5, "true, not as shown"),
        ([1.0] * 5, [0.5, 0.6, 0.7, 0.8, 0.9], [0.4] * 5, "found, unsettled"),
        ([0.9, 0.92, 0.95, 0.97, 1.0], [0.5, 0.6, 0.7, 0.8, 0.9], [0.4] * 5, "cannot tell"),
    ],
)
def test_attacked_images_are_separable_where_detectors_see_them_and_no_random_signs(
    known: list, informed: list, signs: list, expected: str
) -> None:
    found = [detector(*areas) for areas in zip(known, informed, signs, strict=True)]
    answer = answers.boundary_separable(found, EXPERIMENT)
    assert word(answer) == expected
    assert "(0.75 misclassified)" in answer.why


@pytest.mark.parametrize("known", [(1.0, 1.0, 1.0), (1.0, 0.99, 1.0), (0.9, 0.97, 1.0), (0.99,)])
def test_no_area_under_a_curve_has_an_interval_beyond_0_and_1_or_of_width_zero(known: tuple) -> None:
    found = answers.boundary_separable([detector(area, 0.5) for area in known], EXPERIMENT).paper.measured
    assert 0 <= found.low < found.high <= 1


SUBSTITUTES = {
    "confirmed": ((0.8, 0.8, 0.82), (0.5, 0.5, 0.55), 0.1),
    "does not stand": ((0.98, 0.98, 0.985), (0.5, 0.5, 0.55), 0.1),  # few questions take next to nothing
    "refuted": ((0.985, 0.985, 0.98), (0.96, 0.96, 0.965), 0.1),
    "true, not as shown": ((0.95, 0.95, 0.95), (0.95, 0.95, 0.95), 0.94),  # little, but so is the white box's
    "found, unsettled": ((0.6, 0.98, 0.8), (0.5, 0.5, 0.55), 0.1),
    "cannot tell": ((0.6, 0.98, 0.8), (0.5, 0.98, 0.8), 0.1),
}


@pytest.mark.parametrize("expected", SUBSTITUTES)
def test_little_knowledge_suffices_where_a_substitute_of_any_number_of_questions_does(expected: str) -> None:
    few, many, white = SUBSTITUTES[expected]
    found = [substitute(*shares, white=white) for shares in zip(few, many, strict=True)]
    answer = answers.little_knowledge_suffices(found, EXPERIMENT)
    assert word(answer) == expected
    assert "100 to 5,000 questions" in answer.sound.by


def test_a_share_of_a_white_box_that_takes_nothing_is_none() -> None:
    answer = answers.little_knowledge_suffices([substitute(0.5, 0.5, white=0.99)] * 3, EXPERIMENT)
    assert answer.sound is None and word(answer) == "found, unsettled"


def test_a_ratio_is_of_means_a_network_and_its_spread_over_images_that_of_the_delta_method() -> None:
    generator = np.random.default_rng(0)
    whole = generator.uniform(0.5, 1, 5000)
    part = 0.3 * whole + generator.normal(0, 0.1, 5000)
    values = linearised(part, whole)
    assert values.mean() == pytest.approx(part.mean() / whole.mean())
    resampled = [part[places].mean() / whole[places].mean() for places in generator.integers(0, 5000, (2000, 5000))]
    assert values.std() / 5000**0.5 == pytest.approx(np.std(resampled), rel=0.1)
    assert ratio([part], [whole]).mean == pytest.approx(values.mean())
    assert ratio([part], [-whole]) is None


def test_the_records_are_made_up_as_they_say() -> None:
    one = made.network(fgsm=0.3, reached=0.4)
    assert one.correct(one.fgsm.at(0.3)).mean() == 0.3
    assert one.reached(one.targeted_pgd.at(0.45)).mean() == 0.4
