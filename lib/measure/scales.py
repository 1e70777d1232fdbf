"""The scale that an interval is made on: linear, log (nothing falls below 0), or logit (no share leaves [0, 1])."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincinv, expit, logit, ndtri, stdtrit

Scale = Literal["linear", "log", "logit"]

ENOUGH = 10
"""A share is rare if fewer of a network's images than this are in it, or outside it: the usual rule for proportions."""


def stretch(mean: ArrayLike, scale: Scale) -> NDArray[np.float64]:
    """The factor by which the scale stretches a small distance at mean m (delta method): 1, 1 / m, 1 / (m (1 - m))."""
    mean = np.asarray(mean, dtype=float)
    with np.errstate(divide="ignore"):
        return np.ones_like(mean) if scale == "linear" else 1 / mean if scale == "log" else 1 / (mean * (1 - mean))


def ends(
    mean: ArrayLike, error: ArrayLike, df: ArrayLike, scale: Scale, confidence: float, images: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both ends of the interval of a mean: Student's t, or for a rare share that of Clopper and Pearson.

    Parameters
    ----------
    error, df
        Standard error and degrees of freedom, on the scale.
    confidence
        The confidence of the two-sided interval, in (0, 1).
    images
        How many images a share was taken over. Without it, only shares of 0 and 1 count as rare, and both their ends
        are NaN.
    """
    mean, error = np.asarray(mean, dtype=float), np.asarray(error, dtype=float)
    half = stdtrit(df, (1 + confidence) / 2) * error
    if scale == "linear":
        return mean - half, mean + half
    if scale == "log":
        return mean * np.exp(-half), mean * np.exp(half)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = expit(logit(mean) - half), expit(logit(mean) + half)
        n, tail = effective(mean, error, df, images), (1 - confidence) / 2
        hits, misses = mean * n, (1 - mean) * n
        exact_low = np.where(hits == 0, 0, betaincinv(hits, misses + 1, tail))
        exact_high = np.where(misses == 0, 1, betaincinv(hits + 1, misses, 1 - tail))
    rare = is_rare(mean, images)
    return np.where(rare, exact_low, low), np.where(rare, exact_high, high)


def is_rare(mean: ArrayLike, images: int | None) -> NDArray[np.bool_]:
    """Whether fewer than `ENOUGH` of so many images are in a share, or outside it; always so for shares of 0 and 1.

    There the logit is no scale for an interval: it stretches without bound, and most of it hinges on a single image.
    """
    rest = np.minimum(mean, 1 - np.asarray(mean))
    return (rest == 0) | (rest * (np.nan if images is None else images) < ENOUGH)


def effective(mean: ArrayLike, error: ArrayLike, df: ArrayLike, images: int | None) -> NDArray[np.float64]:
    """How many independent images would be as informative about a share (Korn and Graubard, 1998).

    It is the number whose standard error would be `error` (on the logit scale), reduced where that comes from few
    networks, by the squared ratio of the normal quantile to Student's at 95%. It is at most `images`, if given, since
    all networks see the same ones.
    """
    mean = np.asarray(mean, dtype=float)
    few = ndtri(0.975) / stdtrit(df, 0.975)
    with np.errstate(divide="ignore"):  # where the error is not known (NaN), the result is `images`
        return np.fmin(few**2 / (np.square(error) * mean * (1 - mean)), np.nan if images is None else images)


def p_of_share(mean: float, n: float, threshold: float) -> float:
    """The probability of a share of at least `mean` among n independent images, if the true share is `threshold`."""
    if mean == 0:
        return 1.0
    return float(betainc(mean * n, (1 - mean) * n + 1, np.clip(threshold, 0, 1)))


def distance(mean: float, threshold: float, scale: Scale) -> float:
    """How far a mean lies above a threshold, on the scale; infinite where the threshold is not on it."""
    if scale == "linear":
        return mean - threshold
    if scale == "log":
        return float(np.log(mean / threshold)) if threshold > 0 else np.inf
    if not 0 < threshold < 1:
        return np.inf if threshold <= 0 else -np.inf
    return float(logit(mean) - logit(threshold))
