"""What the sentences share."""

from lib.measure.intervals import Measured


def counted(number: int, word: str) -> str:
    """A number with its noun: "no cell", "1 cell", "2 cells"."""
    return f"{number or 'no'} {word}{'s' if number > 1 else ''}"


def above(measured: Measured) -> bool:
    """Whether an interval lies above 0."""
    return measured.low is not None and measured.low > 0
