"""Parts of sentences on pages: data sets in words, and ranges of values."""

from collections.abc import Iterable


def data_named(dataset: str) -> str:
    """A data set of digits in words."""
    return "MNIST" if dataset == "mnist" else f"{dataset} (a small sample of MNIST)"


def capital(text: str) -> str:
    """A text with its first letter in upper case, to begin a sentence."""
    return text[:1].upper() + text[1:]


def ends(values: Iterable[float], form: str) -> str:
    """The smallest and the largest value, or one where both read the same: "0.42 to 0.61", "0.42"."""
    ordered = sorted(values)
    return " to ".join(dict.fromkeys(format(one, form) for one in (ordered[0], ordered[-1])))
