"""What sentences on pages are made of: data in words, and from which value to which."""

from collections.abc import Iterable


def data_named(dataset: str) -> str:
    """A data set of digits in words."""
    return "MNIST" if dataset == "mnist" else f"{dataset} (a small sample of MNIST)"


def capital(text: str) -> str:
    """A text that begins a sentence."""
    return text[:1].upper() + text[1:]


def ends(values: Iterable[float], form: str) -> str:
    """From the smallest to the largest, or the one value that both are, as of a single cell: "0.42 to 0.61", "0.42"."""
    ordered = sorted(values)
    return " to ".join(dict.fromkeys(format(one, form) for one in (ordered[0], ordered[-1])))
