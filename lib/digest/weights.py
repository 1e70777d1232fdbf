"""The digest of a network's weights, whatever file they are in."""

import hashlib
from collections.abc import Mapping

import numpy as np

Weights = Mapping[str, np.ndarray]
"""A network's numbers, by their names in its state."""


def sha256(weights: Weights) -> str:
    """The hexadecimal SHA-256 of all names, types, shapes and numbers."""
    sha = hashlib.sha256()
    for name, array in sorted(weights.items()):
        sha.update(f"{name} {array.dtype.name} {array.shape}".encode())
        sha.update(np.asarray(array, array.dtype.newbyteorder("<")).tobytes())
    return sha.hexdigest()
