"""What the sentences share."""

from lib.measure.intervals import Measured


def between(low: float, high: float) -> str:
    """Where shares lie, or the one share that all of them are: "0.500 to 0.997", "0.997 throughout"."""
    least, most = f"{low:.3f}", f"{high:.3f}"
    return f"{least} throughout" if least == most else f"{least} to {most}"


def ends(low: float, high: float, form: str) -> str:
    """From one value to another, or the one value that both are, as of a single cell: "0.42 to 0.61", "0.42"."""
    return " to ".join(dict.fromkeys((format(low, form), format(high, form))))


def above(measured: Measured) -> bool:
    """Whether an interval lies above 0."""
    return measured.low is not None and measured.low > 0
