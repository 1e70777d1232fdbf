"""Whether a run is as large as the paper's: one rule for all chapters."""

from collections.abc import Mapping

from lib.ledger.claims import Claim

NAMES = {
    "digits": "5,000 images of digits",
    "mnist": "MNIST",
    "cifar10": "CIFAR-10",
    "resnet18": "ResNet-18",
    "resnet50": "ResNet-50",
    "resnet101": "ResNet-101",
}
"""What data sets and networks are called in sentences."""

UNITS = {
    "epochs": "epoch{}",
    "maps": "map{}",
    "images": "image{}",
    "rounds": "round{}",
    "round_epochs": "epoch{} a round",
}
"""What a number of each key counts, with a place for its plural's s."""


def smaller(claim: Claim, run: Mapping[str, object]) -> tuple[str, ...]:
    """How a run falls short of the paper's own, in words; empty where it does not.

    A number falls short where it is less than the paper's, and a word (data set, network) where it is not one that the
    paper used.

    Parameters
    ----------
    run
        What the run had, by the keys of the claim's scale (`notebooks/claims`); it may have more.

    Raises
    ------
    ValueError
        Where a key of the claim's scale is missing from `run`.
    """
    if missing := claim.scale.keys() - run.keys():
        raise ValueError(f"{claim.address} is judged by scale: the run does not say its {', '.join(sorted(missing))}")
    return tuple(words for key, wanted in claim.scale.items() if (words := _short(key, run[key], wanted)))


def _short(key: str, had: object, wanted: object) -> str:
    if isinstance(wanted, int | float):
        unit = UNITS.get(key, key).format("" if had == 1 else "s")
        return f"{had:,g} {unit} instead of {wanted:,g}" if had < wanted else ""
    allowed = wanted if isinstance(wanted, list) else [wanted]
    return "" if had in allowed else f"{_named(had)} instead of {' or '.join(map(_named, allowed))}"


def _named(word: object) -> str:
    return NAMES.get(str(word), str(word))
