"""The words that answer a claim, and the rules that choose them: pure functions of claim and measurement.

A number is found, near or not found. A statement is judged twice by one rule, measured the paper's way and soundly;
the two words together make one.
"""

from lib.ledger.answers import Finding
from lib.ledger.claims import Claim
from lib.measure.intervals import Measured

NOT_RUN = "not run"
NUMBERS = ("found", "near", "not found", NOT_RUN)
"""From best to worst: claims that are found together all get the worst of their words."""
CITATIONS = ("found there and here", "not found here", NOT_RUN)
STATEMENTS = (
    "confirmed",
    "true, not as shown",
    "found, unsettled",
    "cannot tell",
    "empty",
    "does not stand",
    "refuted",
    NOT_RUN,
)
GOOD = ("found", "confirmed", "found there and here")
"""The words that need no reason."""
ALL = (*(word for word in (*STATEMENTS, *NUMBERS, *CITATIONS) if word != NOT_RUN), NOT_RUN)

ROUNDING = 1e-9
"""The rounding error that is allowed in a value that lies on a bound."""


def is_near(mean: float, printed: float, tolerance: float) -> bool:
    """Whether a mean lies within the tolerance of a printed value, the bound included."""
    return abs(mean - printed) <= tolerance + ROUNDING


def within_tolerance(claim: Claim, mean: float) -> bool:
    """Whether a mean lies within the tolerance of the printed value."""
    return is_near(mean, claim.value, claim.tolerance)


def predicts(claim: Claim, measured: Measured) -> bool | None:
    """Whether one more network could have given the printed value; None with fewer than two networks.

    It could if the value lies in the prediction interval, widened at each end by half a unit of the last printed digit.
    """
    if measured.predicted is None:
        return None
    low, high = measured.predicted
    return low - claim.half_step - ROUNDING <= claim.value <= high + claim.half_step + ROUNDING


def number(claim: Claim, measured: Measured) -> str:
    """The word for a number: `found`, `near` or `not found`.

    It is `found` where the mean is within the tolerance and one more network could give the printed value, `near` where
    one of the two is true, else `not found`. With one network the tolerance decides alone.
    """
    near, predicted = within_tolerance(claim, measured.mean), predicts(claim, measured)
    if predicted is None:
        return "found" if near else "not found"
    return "found" if near and predicted else "near" if near or predicted else "not found"


def citation(claim: Claim, measured: Measured) -> str:
    """The word for a number that the paper repeats from another source, by the tolerance on the mean."""
    return "found there and here" if within_tolerance(claim, measured.mean) else "not found here"


def finding(smallest: float, found: Finding) -> str:
    """The word for one finding of a statement: `holds`, `fails`, `cannot tell` or `empty`.

    It is `holds` where the interval lies above the smallest effect that counts, `fails` where it lies below, else
    `cannot tell`. A finding that would hold is `empty` where the control does as well, that is, where the paired
    difference is not above zero. An exact value holds where it is at least `smallest` and above 0, else it fails.
    """
    measured, over = found.measured, found.over_control
    if measured.is_exact:
        word = "holds" if measured.mean >= smallest and measured.mean > 0 else "fails"
    elif measured.low is None or measured.low <= smallest <= measured.high:
        return "cannot tell"
    else:
        word = "holds" if measured.low > smallest else "fails"
    return "empty" if word == "holds" and over is not None and not is_above_zero(over) else word


def is_above_zero(measured: Measured) -> bool:
    """Whether the whole interval lies above 0; False where there is none."""
    return measured.low is not None and measured.low > 0


def statement(paper: str | None, sound: str | None) -> str:
    """One word from the words of a statement's two findings, None for a finding that was not measured.

    Without a sound finding, the statement is as open as with a sound finding that cannot tell. A statement that fails
    soundly does not stand, or is refuted, whatever the control does the paper's way.
    """
    sound = sound or "cannot tell"
    if paper is None:
        return NOT_RUN
    if sound == "fails":
        return "refuted" if paper == "fails" else "does not stand"
    if sound == "empty":
        return "refuted" if paper == "fails" else "empty"
    if paper == "empty":
        return "empty"
    if sound == "holds":
        return "confirmed" if paper == "holds" else "true, not as shown"
    return "found, unsettled" if paper == "holds" else "cannot tell"


def effect_excluded(claim: Claim, measured: Measured) -> bool | None:
    """Whether the effect that the paper prints lies above the whole interval; None where either is missing."""
    if claim.effect is None or measured.high is None:
        return None
    return measured.high < claim.effect
