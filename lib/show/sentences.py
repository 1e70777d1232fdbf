"""What sentences on pages are made of: data in words, and from which value to which."""


def data_named(dataset: str) -> str:
    """A data set of digits in words."""
    return "MNIST" if dataset == "mnist" else f"{dataset} (a small sample of MNIST)"


def ends(low: float, high: float, form: str) -> str:
    """From one value to another, or the one value that both are, as of a single cell: "0.42 to 0.61", "0.42"."""
    return " to ".join(dict.fromkeys((format(low, form), format(high, form))))
