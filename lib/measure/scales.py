"""The scale that an interval is made on: as it is, or the logit, on which no share leaves [0, 1]."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincinv, expit, logit, ndtri, stdtrit

Scale = Literal["linear", "logit"]

ENOUGH = 10
"""Images of either kind, in each network, from which on a share is no rare one: the usual rule for proportions."""


def stretch(mean: ArrayLike, scale: Scale) -> NDArray[np.float64]:
    """By how much the scale stretches a small distance at `mean` (the delta method): 1, or 1 / (p (1 - p))."""
    mean = np.asarray(mean, dtype=float)
    with np.errstate(divide="ignore"):
        return np.ones_like(mean) if scale == "linear" else 1 / (mean * (1 - mean))


def ends(
    mean: ArrayLike, error: ArrayLike, df: ArrayLike, scale: Scale, confidence: float, images: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both ends of the interval of a mean: of Student's t, and for a rare kind of image Clopper and Pearson's.

    Parameters
    ----------
    error, df
        Standard error and degrees of freedom, on the scale.
    confidence
        Of the two-sided interval, in (0, 1).
    images
        How many a share was taken over. Without them no share counts as rare, and one of 0 or 1 has NaN as its ends.
    """
    mean, error = np.asarray(mean, dtype=float), np.asarray(error, dtype=float)
    half = stdtrit(df, (1 + confidence) / 2) * error
    if scale == "linear":
        return mean - half, mean + half
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = expit(logit(mean) - half), expit(logit(mean) + half)
        n, tail = effective(mean, error, df, images), (1 - confidence) / 2
        hits, misses = mean * n, (1 - mean) * n
        exact_low = np.where(hits == 0, 0, betaincinv(hits, misses + 1, tail))
        exact_high = np.where(misses == 0, 1, betaincinv(hits + 1, misses, 1 - tail))
    rare = is_rare(mean, images)
    return np.where(rare, exact_low, low), np.where(rare, exact_high, high)


def is_rare(mean: ArrayLike, images: int | None) -> NDArray[np.bool_]:
    """Whether what makes a share, or what is lacking to 1, is a rare kind among so many images; so are 0 and 1.

    There the logit is no scale for an interval: it stretches without end, and one image more or less is most of it.
    """
    rest = np.minimum(mean, 1 - np.asarray(mean))
    return (rest == 0) | (rest * (np.nan if images is None else images) < ENOUGH)


def effective(mean: ArrayLike, error: ArrayLike, df: ArrayLike, images: int | None) -> NDArray[np.float64]:
    """How many independent images would say as much about a share (Korn and Graubard, 1998); NaN without `images`.

    Those whose standard error would be `error` (on the logit scale), fewer where few networks tell it, as Student's t
    has it at 95%, and at most as many as there are: all networks see the same.
    """
    mean = np.asarray(mean, dtype=float)
    few = ndtri(0.975) / stdtrit(df, 0.975)
    with np.errstate(divide="ignore"):  # an error that is not known, NaN, leaves as many as there are
        return np.fmin(few**2 / (np.square(error) * mean * (1 - mean)), np.nan if images is None else images)


def p_of_share(mean: float, n: float, threshold: float) -> float:
    """How likely a share is to be as large as `mean` among n independent images, where in truth it is `threshold`."""
    if mean == 0:
        return 1.0
    return float(betainc(mean * n, (1 - mean) * n + 1, np.clip(threshold, 0, 1)))


def distance(mean: float, threshold: float, scale: Scale) -> float:
    """How far a mean lies above a threshold, on the scale; infinite where no share can lie on the other side."""
    if scale == "linear":
        return mean - threshold
    if not 0 < threshold < 1:
        return np.inf if threshold <= 0 else -np.inf
    return float(logit(mean) - logit(threshold))
