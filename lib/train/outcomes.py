"""Which network each training run ended with: a seed does not tell, since processors round differently."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor

from lib.digest import values

_noting: list[dict[str, str]] = []


@contextmanager
def noting() -> Iterator[dict[str, str]]:
    """Collect the digests of the weights with which training runs end, or are found finished, within the block.

    A key names the training and its epoch. Two runs that started from different networks are different trainings.
    """
    found: dict[str, str] = {}
    _noting.append(found)
    try:
        yield found
    finally:
        _noting[:] = [one for one in _noting if one is not found]


def note(training: Path, epoch: int, weights: Mapping[str, Tensor]) -> None:
    """Report the weights with which a training of so many epochs has ended."""
    if _noting:
        digest = values.digest(dict(weights))
        for found in _noting:
            found[f"{training.name} epoch {epoch}"] = digest
