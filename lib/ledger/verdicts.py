"""The rule that holds a measurement against a claim, and the words that it answers in."""

from lib.ledger.claims import Claim
from lib.measure.intervals import Measured

GOOD = ("reproduced", "holds")
VERDICTS = (*GOOD, "not reproduced", "does not hold", "undecided", "not comparable", "not run")
STANDS = {"holds": "yes", "reproduced": "yes", "does not hold": "no", "not reproduced": "no", "undecided": "open"}


def judge(claim: Claim, measured: Measured) -> str:
    """Hold a measurement against a claim; what its interval leaves open is `undecided`.

    A number is reproduced where the whole interval lies within the tolerance of the claimed value, and not where it
    lies wholly outside. A direction holds where the interval excludes the threshold and the mean exceeds it by the
    minimum effect, and does not where the interval stays below that, or on the threshold's other side.
    """
    if measured.low is None:
        return "undecided"
    if claim.kind == "number":
        low, high = claim.value - claim.tolerance, claim.value + claim.tolerance
        if low <= measured.low and measured.high <= high:
            return "reproduced"
        return "not reproduced" if measured.high < low or measured.low > high else "undecided"
    if measured.low > claim.above and measured.mean >= claim.above + claim.minimum:
        return "holds"
    too_small = measured.high < claim.above + claim.minimum
    return "does not hold" if too_small or measured.high <= claim.above else "undecided"
