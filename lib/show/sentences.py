"""What sentences on pages are made of: counts with their nouns, data in words, whether an interval is above zero."""

from lib.measure.intervals import Measured


def counted(number: int, word: str) -> str:
    """A number with its noun: "no image", "1 image", "2 images"."""
    return f"{number or 'no'} {word}{'s' if number > 1 else ''}"


def data_named(dataset: str) -> str:
    """A data set of digits in words."""
    return "MNIST" if dataset == "mnist" else f"{dataset} (a small sample of MNIST)"


def is_above_zero(measured: Measured) -> bool:
    """Whether a whole interval lies above 0."""
    return measured.low is not None and measured.low > 0
