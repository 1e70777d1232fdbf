"""What the sentences share."""

from lib.measure.intervals import Measured


def between(low: float, high: float) -> str:
    """Where shares lie, or the one share that all of them are: "0.500 to 0.997", "0.997 throughout"."""
    least, most = f"{low:.3f}", f"{high:.3f}"
    return f"{least} throughout" if least == most else f"{least} to {most}"


def above(measured: Measured) -> bool:
    """Whether an interval lies above 0."""
    return measured.low is not None and measured.low > 0
