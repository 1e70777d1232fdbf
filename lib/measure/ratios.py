"""Shares of something else than all images: ratios of means, which vary over networks and images as their parts do."""

from collections.abc import Sequence

import numpy as np

from lib.measure.intervals import Measured, difference


def mean(values: Sequence[np.ndarray]) -> Measured:
    """The mean of one value an image, from one array (N,) a network for the same images."""
    return difference(values, [np.zeros(len(one)) for one in values])


def ratio(parts: Sequence[np.ndarray], wholes: Sequence[np.ndarray]) -> Measured | None:
    """The mean of one quantity in units of another's, a network at a time; None where the other is not above zero.

    From one value an image (N,) of each, for the same images; over images its spread is that of the ratio, linearised.
    """
    if any(np.mean(whole) <= 0 for whole in wholes):
        return None
    return mean([linearised(part, whole) for part, whole in zip(parts, wholes, strict=True)])


def linearised(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """One value an image (N,) whose mean is mean(part) / mean(whole), and which varies as that does (delta method)."""
    part, whole = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    quotient = part.mean() / whole.mean()
    return quotient + (part - quotient * whole) / whole.mean()
