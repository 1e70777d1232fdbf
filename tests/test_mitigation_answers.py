"""The answers of the chapter on mitigation, on made-up records: each word that a claim can be answered with."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest
import yaml

from lib import book
from lib.chapters.mitigation import answers, frames
from lib.chapters.mitigation.experiment import Experiment
from lib.chapters.mitigation.measure_attacks import Curve, LikenessRecord, NetworkRecord, Readers
from lib.chapters.mitigation.measure_defences import DetectorRecord, Judged, RetrainedRecord
from lib.chapters.mitigation.networks import ALONE, BOTH
from lib.ledger.answers import Answer
from lib.ledger.claims import paper
from lib.ledger.ledger import entry

CLAIMS = paper("mitigation").claims
N, FEW = 400, 200
"""Test images, and how many of them are attacked in many steps."""

LABELS = np.arange(N, dtype=np.uint8) % 10
TARGETS = (LABELS + 1) % 10
EXPERIMENT = Experiment(0, 3, "mnist", 10, 2, 2, 0.3, 0.3, 0.9, 4, FEW, 100)
ON_DIGITS = replace(EXPERIMENT, dataset="digits")


def words(answer: Answer) -> tuple[str, str | None]:
    """The verdict, and whether the statement stands."""
    found = entry(CLAIMS[answer.claim], answer)
    return found["verdict"], found["stands"]


def classes(right: float, n: int = N) -> np.ndarray:
    """Classes of n images, a share of which is right: the first ones. No other is taken for its target."""
    return np.where(np.arange(n) < round(right * n), LABELS[:n], (LABELS[:n] + 5) % 10).astype(np.uint8)


def aimed(right: float, reached: float, n: int = N) -> np.ndarray:
    """The same, with a share at the end that is taken for its target."""
    return np.where(np.arange(n) >= n - round(reached * n), TARGETS[:n], classes(right, n)).astype(np.uint8)


def curve(rows: dict[float, np.ndarray]) -> Curve:
    found = np.stack(list(rows.values()))
    return Curve(tuple(rows), found, np.zeros(found.shape, np.float32))


def network(
    clean: float = 0.99,
    fgsm: float = 0.1,
    pgd: float = 0.0,
    targeted: tuple[float, float] = (0.0, 0.8),
    targeted_pgd: tuple[float, float] = (0.0, 1.0),
) -> NetworkRecord:
    """A network with these accuracies; of the targeted attacks also how often they reach the target."""
    untargeted = curve({0.0: classes(clean), 0.3: classes(fgsm)})
    in_steps = curve({0.0: classes(clean, FEW), 0.3: classes(pgd, FEW)})
    far, far_pgd = curve({0.9: aimed(*targeted)}), curve({0.9: aimed(*targeted_pgd, FEW)})
    rest = {"step": untargeted, "targeted_step": far}
    of = ("made up", "no weights", 0, LABELS, TARGETS)
    return NetworkRecord(*of, fgsm=untargeted, pgd=in_steps, targeted_fgsm=far, targeted_pgd=far_pgd, **rest)


def networks(**shares: Sequence[object]) -> list[NetworkRecord]:
    """A network for each value."""
    return [network(**dict(zip(shares, values, strict=True))) for values in zip(*shares.values(), strict=True)]


def retrained(stale: float, fresh: float, pgd: float) -> RetrainedRecord:
    return RetrainedRecord(LABELS, classes(0.9), classes(stale), classes(fresh), classes(pgd, FEW))


def outcome(
    stale: Sequence[float], fresh: Sequence[float] = (0.2, 0.2, 0.2), pgd: Sequence[float] = (0.0, 0.0, 0.0)
) -> dict[tuple[str, float], list[RetrainedRecord]]:
    """Of every retraining the same."""
    found = [retrained(*shares) for shares in zip(stale, fresh, pgd, strict=True)]
    return dict.fromkeys(EXPERIMENT.retrainings, found)


def judged(suspicion: np.ndarray) -> Judged:
    return Judged(suspicion, -suspicion, classes(0.25, len(suspicion)))


def detector(known: float, informed: float, signs: float = 1.0) -> DetectorRecord:
    """One that separates FGSM, the attack that knows it, and random signs with these areas under the curve."""
    low, high = np.zeros(100, np.float32), np.ones(100, np.float32)

    def seen(area: float) -> Judged:  # that share of the attacked images is above all clean ones, the rest below
        return judged(np.where(np.arange(100) < round(100 * area), 1, -1).astype(np.float32))

    return DetectorRecord(
        LABELS[:100], judged(low), seen(known), judged(high), judged(high), seen(informed), judged(high), seen(signs)
    )


LIKENESS = LikenessRecord(
    (0.0, 0.9),
    LABELS[:FEW],
    Readers(np.stack([classes(0.9, FEW), classes(0.0, FEW)]), np.stack([classes(0.95, FEW), classes(0.125, FEW)])),
    Readers(np.stack([classes(0.9, FEW), classes(0.1, FEW)]), np.stack([classes(0.95, FEW), classes(0.5, FEW)])),
    np.array([[1.0] * FEW, [-0.5] * FEW], np.float32),
)


# The network


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [
        ((0.99, 0.99, 0.9875), ("reproduced", "yes")),
        ((0.96, 0.96, 0.9625), ("not reproduced", "no")),
        ((0.9975, 0.99, 0.98), ("undecided", "open")),
        ((0.99,), ("undecided", "open")),  # Wilson's interval over 400 images is wider than the tolerance
    ],
)
def test_the_clean_accuracy_is_held_against_the_printed_one(accuracies: tuple, expected: tuple) -> None:
    assert words(answers.clean_accuracy(networks(clean=accuracies), EXPERIMENT)) == expected


def test_numbers_on_other_data_are_not_compared_and_the_reason_says_so() -> None:
    few = networks(clean=[0.99, 0.99, 0.99])
    for answer in (
        answers.clean_accuracy(few, ON_DIGITS),
        answers.retrained_accuracy(few, outcome([0.83] * 3), ON_DIGITS),
    ):
        assert words(answer) == ("not comparable", None)
        assert answer.why.endswith("These are 400 images of digits, not MNIST's 10,000.")
    assert "These are" not in answers.clean_accuracy(few, EXPERIMENT).why


# Under attack


@pytest.mark.parametrize(
    ("fgsm", "pgd", "expected"),
    [
        ((0.1, 0.2, 0.1), (0.0, 0.0, 0.1), ("holds", "yes")),
        ((0.99, 0.99, 0.9925), (0.0, 0.0, 0.1), ("undecided", "yes")),
        ((0.99, 0.99, 0.99), (0.0, 0.0, 0.1), ("does not hold", "yes")),
        ((0.1, 0.5, 0.99), (1.0, 1.0, 1.0), ("undecided", "no")),  # the first 200 are all right without an attack
        ((0.1,), (0.0,), ("holds", "yes")),
    ],
)
def test_accuracy_falls_where_the_attack_leaves_less(fgsm: tuple, pgd: tuple, expected: tuple) -> None:
    found = networks(clean=[0.99] * len(fgsm), fgsm=fgsm, pgd=pgd)
    assert words(answers.untargeted_falls(found)) == expected


def test_many_steps_are_compared_with_the_same_images_without_an_attack() -> None:
    # The first 200 are all right without an attack, the other 200 are not.
    found = answers.untargeted_falls(networks(clean=[0.5], fgsm=[0.5], pgd=[1.0]))
    assert found.measured.mean == 0 and found.sound.mean == 0


@pytest.mark.parametrize(
    ("fgsm", "pgd", "expected"),
    [
        ((0.1, 0.15, 0.1), (0.0, 0.0, 0.05), ("holds", "yes")),
        ((0.8, 0.85, 0.8), (0.0, 0.0, 0.05), ("does not hold", "yes")),
        ((0.2, 0.5, 0.8), (0.9, 0.9, 0.85), ("undecided", "no")),
    ],
)
def test_it_fools_where_more_than_half_are_misread(fgsm: tuple, pgd: tuple, expected: tuple) -> None:
    assert words(answers.untargeted_fools(networks(clean=[0.99] * 3, fgsm=fgsm, pgd=pgd))) == expected


def test_only_images_that_were_read_rightly_can_be_fooled() -> None:
    # Half are right without an attack, a quarter under it: half of that half is fooled, not three quarters of all.
    assert answers.untargeted_fools(networks(clean=[0.5], fgsm=[0.25])).measured.mean == 0.5


@pytest.mark.parametrize(
    ("one_step", "many", "expected"),
    [
        ([(0.0, 0.8), (0.0, 0.9), (0.0, 0.85)], [(0.0, 1.0)] * 3, ("holds", "yes")),
        ([(0.0, 0.1), (0.0, 0.2), (0.0, 0.1)], [(0.0, 1.0)] * 3, ("does not hold", "yes")),
        ([(0.0, 0.3), (0.0, 0.6), (0.0, 0.7)], [(0.0, 0.2)] * 3, ("undecided", "no")),
    ],
)
def test_the_target_is_reached_where_more_than_half_are_taken_for_it(
    one_step: list, many: list, expected: tuple
) -> None:
    answer = answers.targeted_fools(networks(targeted=one_step, targeted_pgd=many), LIKENESS)
    assert words(answer) == expected
    assert answer.why.endswith("nearest neighbours read 0.12 rightly.")  # of the attacked, not of random signs


def test_a_target_may_be_missed_and_accuracy_fall_all_the_same() -> None:
    missed = networks(targeted=[(0.0, 0.1)] * 3, targeted_pgd=[(1.0, 0.0)] * 3)
    assert words(answers.targeted_falls(missed, LIKENESS)) == ("holds", "no")
    assert words(answers.targeted_fools(missed, LIKENESS)) == ("does not hold", "no")


# Retraining


@pytest.mark.parametrize(
    ("stale", "pgd", "expected"),
    [
        ((0.82, 0.83, 0.825), (0.0, 0.01, 0.0), ("reproduced", "no")),
        ((0.6, 0.61, 0.6), (0.82, 0.83, 0.825), ("not reproduced", "yes")),
        ((0.7, 0.83, 0.95), (0.7, 0.83, 0.95), ("undecided", "open")),
    ],
)
def test_the_retrained_accuracy_is_that_of_stale_images_and_stands_by_pgd(
    stale: tuple, pgd: tuple, expected: tuple
) -> None:
    found = outcome(stale, pgd=pgd)
    assert words(answers.retrained_accuracy(networks(clean=[0.99] * 3), found, EXPERIMENT)) == expected


def test_the_paper_s_images_are_those_trained_on_and_the_sound_ones_are_held_out() -> None:
    found = outcome([0.5] * 3)
    found |= {(BOTH, 0.3): [retrained(0.825, 0.9, 0.9)] * 3, (ALONE, 0.3): [retrained(0.7, 0.3, 0.1)] * 3}
    answer = answers.retrained_accuracy(networks(clean=[0.99] * 3), found, EXPERIMENT)
    assert (answer.measured.mean, answer.sound.mean) == pytest.approx((0.825, 0.1))
    assert "0.300 [0.300, 0.300] on held-out images under fresh FGSM" in answer.why


@pytest.mark.parametrize(
    ("fresh", "pgd", "expected"),
    [
        ((0.4, 0.45, 0.4), (0.2, 0.2, 0.25), ("holds", "yes")),
        ((0.15, 0.16, 0.15), (0.2, 0.2, 0.25), ("does not hold", "yes")),  # a gain, below the minimum effect
        ((0.1, 0.3, 0.5), (0.0, 0.005, 0.0), ("undecided", "no")),
    ],
)
def test_retraining_recovers_where_it_gains_enough_under_fresh_attacks(
    fresh: tuple, pgd: tuple, expected: tuple
) -> None:
    before = networks(fgsm=[0.1] * 3, pgd=[0.0] * 3)
    answer = answers.retraining_recovers(before, outcome([0.8] * 3, fresh, pgd), EXPERIMENT)
    assert words(answer) == expected


def test_the_gain_is_paired_network_by_network() -> None:
    before, after = networks(fgsm=[0.1, 0.3, 0.5]), outcome([0.8] * 3, [0.3, 0.5, 0.7])
    gain = answers.retraining_recovers(before, after, EXPERIMENT).measured
    assert gain.mean == pytest.approx(0.2) and gain.high - gain.low < 1e-9


def test_the_nearest_reading_is_named_and_the_control_is_none() -> None:
    found = outcome([0.5] * 3)
    found[ALONE, 0.1] = [retrained(0.5, 0.8250, 0.1)] * 3
    found[BOTH, 0.0] = [retrained(0.8262, 0.8262, 0.8262)] * 3
    assert answers.nearest_reading(found) == (
        "nearest to 0.8262 of all 24 readings: 0.8250,\n"
        "trained on training images, eps 0.1, scored on fresh FGSM images"
    )


# The detector


@pytest.mark.parametrize(
    ("known", "informed", "expected"),
    [
        ((1.0, 0.99, 1.0), (0.9, 0.9, 0.91), ("holds", "yes")),
        ((1.0, 0.99, 1.0), (0.5, 0.51, 0.5), ("holds", "no")),
        ((0.9, 0.91, 0.9), (0.5, 0.7, 0.9), ("does not hold", "open")),
        ((0.9, 0.96, 1.0), (0.5, 0.7, 0.9), ("undecided", "open")),
        ((1.0,), (0.9,), ("undecided", "open")),  # one network gives no interval
    ],
)
def test_attacked_images_are_separable_where_detectors_see_them(known: tuple, informed: tuple, expected: tuple) -> None:
    found = [detector(*areas) for areas in zip(known, informed, strict=True)]
    answer = answers.boundary_separable(found)
    assert words(answer) == expected
    assert "(misread in 0.75)" in answer.why


def test_an_image_gets_past_where_it_is_misread_and_raises_no_alarm() -> None:
    rows = frames.detector([detector(known=1.0, informed=0.5)] * 2).set_index("input")
    passed = rows["misread and unnoticed"].str.split().str[0]
    assert passed["FGSM"] == "0.000"  # all above every clean image
    assert passed["PGD that knows the detector"] == "0.500"  # the second half is below, and misread
    assert rows["AUC, black pixels alone"].str.split().str[0]["FGSM"] == "0.000"  # made up as the opposite


# Tables and prose


def test_the_table_of_what_is_left_has_both_readers_of_both_inputs() -> None:
    last = frames.survival(LIKENESS).iloc[-1].to_dict()
    assert last == {
        "eps": "0.90",
        "network, attacked": "0.00",
        "nearest neighbour, attacked": "0.12",
        "network, random signs": "0.10",
        "nearest neighbour, random signs": "0.50",
        "correlation with clean": "-0.50",
    }


def test_headline_numbers_are_those_that_have_ranges() -> None:
    expected = yaml.safe_load((Path(__file__).parent / "expected.yaml").read_text())["mitigation"]
    found = answers.headline(networks(clean=[0.99] * 3), outcome([0.8] * 3), [detector(1.0, 0.7, 0.9)] * 3, EXPERIMENT)
    assert found.keys() == expected.keys()
    assert (found["detector_auc"], found["adaptive_auc"], found["signs_auc"]) == pytest.approx((1.0, 0.7, 0.9))
    assert (found["clean_accuracy"], found["stale_accuracy"]) == pytest.approx((0.99, 0.8))


def test_every_number_that_the_prose_shows_is_in_the_summary() -> None:
    cells = nbformat.read(book.source("mitigation"), as_version=4).cells
    shown = {name for cell in cells for name in re.findall(r"{glue:text}`answer-([\w-]+)", cell.source)}
    found = answers.summary(networks(clean=[0.99] * 3), outcome([0.8] * 3), [detector(1.0, 0.7)] * 3, ON_DIGITS)
    assert shown == found.keys()
    assert found["before"] == pytest.approx(0.1) and found["data"] == "digits (a small sample of MNIST)"
