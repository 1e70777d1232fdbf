"""The scale that an interval is made on: as it is, or the logit, on which no share leaves [0, 1]."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.special import expit, logit

Scale = Literal["linear", "logit"]


def stretch(mean: ArrayLike, scale: Scale) -> NDArray[np.float64]:
    """By how much the scale stretches a small distance at `mean` (the delta method): 1, or 1 / (p (1 - p))."""
    mean = np.asarray(mean, dtype=float)
    with np.errstate(divide="ignore"):
        return np.ones_like(mean) if scale == "linear" else 1 / (mean * (1 - mean))


def ends(
    mean: ArrayLike, error: ArrayLike, df: ArrayLike, scale: Scale, confidence: float, images: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both ends of the t interval of a mean.

    Parameters
    ----------
    error, df
        Standard error and degrees of freedom, on the scale.
    confidence
        Of the two-sided interval, in (0, 1).
    images
        How many a share of 0 or 1 was taken over: its interval is the exact one for so many independent images, the
        "rule of three" (Hanley and Lippman-Hand, 1983) at this confidence. NaN where it is not known.
    """
    mean, error = np.asarray(mean, dtype=float), np.asarray(error, dtype=float)
    half = stats.t.ppf((1 + confidence) / 2, df) * error
    if scale == "linear":
        return mean - half, mean + half
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = expit(logit(mean) - half), expit(logit(mean) + half)
    rare = 1 - ((1 - confidence) / 2) ** (1 / images) if images else np.nan
    low = np.select([mean == 0, mean == 1], [0 * rare, 1 - rare], low)
    high = np.select([mean == 0, mean == 1], [rare, 1 + 0 * rare], high)
    return low, high


def distance(mean: float, threshold: float, scale: Scale) -> float:
    """How far a mean lies above a threshold, on the scale; infinite where no share can lie on the other side."""
    if scale == "linear":
        return mean - threshold
    if not 0 < threshold < 1:
        return np.inf if threshold <= 0 else -np.inf
    return float(logit(mean) - logit(threshold))
