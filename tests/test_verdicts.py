"""The rule that holds a measurement against a claim, on made-up measurements."""

import pytest
from projects import measured

from lib.ledger.claims import Claim
from lib.ledger.verdicts import judge
from lib.measure.intervals import over_seeds


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (measured(0.90, 0.88, 0.92), "reproduced"),
        (measured(0.86, 0.855, 0.865), "reproduced"),
        (measured(0.70, 0.65, 0.75), "not reproduced"),
        (measured(0.99, 0.97, 1.00), "not reproduced"),
        (measured(0.84, 0.80, 0.88), "undecided"),
        # Noise around the very number that the paper prints is no reproduction.
        (measured(0.90, 0.60, 1.20), "undecided"),
        (measured(0.90), "undecided"),
        (measured(0.10), "undecided"),
        (measured(float("nan"), float("nan"), float("nan")), "undecided"),
    ],
)
def test_a_number(found, verdict):
    claim = Claim("mitigation", "clean.accuracy", "number", "IV", value=0.9, tolerance=0.05)
    assert judge(claim, found) == verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (measured(0.10, 0.05, 0.15), "holds"),
        (measured(0.10, -0.05, 0.25), "undecided"),
        (measured(-0.10, -0.25, 0.05), "undecided"),
        (measured(-0.10, -0.15, -0.05), "does not hold"),
        (measured(0.0, 0.0, 0.0), "does not hold"),
        (measured(0.5), "undecided"),
        (measured(-0.5), "undecided"),
    ],
)
def test_a_direction(found, verdict):
    assert judge(Claim("mitigation", "falls", "direction", "IV", compare="before less after"), found) == verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (measured(0.15, 0.05, 0.25), "holds"),
        # Certain, and too small to matter.
        (measured(0.05, 0.03, 0.07), "does not hold"),
        # Certainly above zero, but perhaps too small.
        (measured(0.08, 0.04, 0.12), "undecided"),
        (measured(0.20, -0.05, 0.45), "undecided"),
    ],
)
def test_a_direction_with_a_minimum_effect(found, verdict):
    assert judge(Claim("mitigation", "gains", "direction", "IV", compare="a - b", minimum=0.1), found) == verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (measured(0.70, 0.60, 0.80), "holds"),
        (measured(0.70, 0.45, 0.95), "undecided"),
        (measured(0.40, 0.30, 0.49), "does not hold"),
        (measured(0.90), "undecided"),
    ],
)
def test_a_direction_with_a_threshold(found, verdict):
    assert judge(Claim("mitigation", "fools", "direction", "IV", compare="share", above=0.5), found) == verdict


def test_two_seeds_far_apart_reproduce_nothing():
    claim = Claim("mitigation", "clean.accuracy", "number", "IV", value=0.9, tolerance=0.05)
    assert judge(claim, over_seeds([0.86, 0.94])) == "undecided"
    assert judge(claim, over_seeds([0.899, 0.901, 0.9, 0.9, 0.9])) == "reproduced"
