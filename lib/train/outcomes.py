"""Which network each training came to: a seed does not say, since processors round differently."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor

from lib.digest import values

_noting: list[dict[str, str]] = []


@contextmanager
def noting() -> Iterator[dict[str, str]]:
    """Gather the digest of the weights of each network that a training comes to, or has come to, in the meantime.

    Its key is the training and its epoch. Two that went on from different networks are different trainings.
    """
    found: dict[str, str] = {}
    _noting.append(found)
    try:
        yield found
    finally:
        _noting[:] = [one for one in _noting if one is not found]


def note(training: Path, epoch: int, weights: Mapping[str, Tensor]) -> None:
    """Say which network a training of so many epochs has come to."""
    if _noting:
        digest = values.digest(dict(weights))
        for found in _noting:
            found[f"{training.name} epoch {epoch}"] = digest
