"""Ratios of means, as for shares of something other than all images; they vary over networks and images."""

from collections.abc import Sequence

import numpy as np

from lib.measure.intervals import Measured, difference


def mean(values: Sequence[np.ndarray]) -> Measured:
    """The mean of one value per image, from one array (N,) per network for the same images."""
    return difference(values, [np.zeros(len(one)) for one in values])


def ratio(parts: Sequence[np.ndarray], wholes: Sequence[np.ndarray]) -> Measured | None:
    """The mean over networks of mean(part) / mean(whole); None where the mean of some network's whole is not above 0.

    Each network has one value per image (N,) of both, for the same images. Over images, the ratio is linearised.
    """
    if any(np.mean(whole) <= 0 for whole in wholes):
        return None
    return mean([linearised(part, whole) for part, whole in zip(parts, wholes, strict=True)])


def linearised(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """One value per image (N,) with mean(part) / mean(whole) as its mean, and the variance of that (delta method)."""
    part, whole = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    quotient = part.mean() / whole.mean()
    return quotient + (part - quotient * whole) / whole.mean()
