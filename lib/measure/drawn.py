"""Means over networks whose images' part of the standard error is found apart: by drawing images anew, or otherwise.

What no analysis of variance reaches, as a set that is chosen from the images themselves, is measured again on images
that are drawn with replacement, the same for all networks; the spread of what comes out is what images leave open.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

from lib.measure.intervals import CONFIDENCE, ROUNDING, Measured


def images_part(each: ArrayLike, draws: ArrayLike) -> NDArray[np.float64]:
    """The images' part of the standard error of a mean over networks, free of what is in the spread between these.

    Drawn anew, one network varies by what images do to all alike and by what they do to it alone: I + R. The mean of n
    networks varies by I + R / n. So R is their difference, times n / (n - 1), and I is what is left. R is no part of
    it: the networks' own values differ by it already (as in `lib.measure.crossed`, and with the same floor).

    Parameters
    ----------
    each
        What each network gives on the images as they are (n networks, ...).
    draws
        What it gives on each draw of images (draws, n networks, ...), one draw being of the same images.

    Returns
    -------
    array
        Of the trailing shape.
    """
    d = np.asarray(draws, dtype=float)
    n, of_mean = d.shape[1], d.mean(1).var(0, ddof=1)
    if n == 1:
        return np.sqrt(of_mean)
    rest = np.maximum(d.var(0, ddof=1).mean(0) - of_mean, 0) * n / (n - 1)
    between = np.asarray(each, dtype=float).var(0, ddof=1)
    return np.sqrt(np.maximum(np.maximum(of_mean - rest / n, of_mean - between / n), 0))


def over_both(each: Sequence[float], within: float, images: int, *, share: bool = True) -> Measured:
    """A mean over networks of values whose images' part of the standard error is known, with its interval.

    One network has the images' part alone. Of a share that part is taken with what so many images leave open where
    none of them differs, so that no interval has width zero; where nothing differs otherwise there is none.
    """
    each, n = np.asarray(each, dtype=float), len(each)
    quantile = (1 + CONFIDENCE) / 2
    within = float(np.hypot(within, ndtri(quantile) / images if share else 0.0))
    between = float(each.std(ddof=1)) if n > 1 else None
    error, df = float(np.hypot((between or 0.0) / n**0.5, within)), n - 1 if n > 1 else images - 1
    mean, factor = float(each.mean()), float(stdtrit(df, quantile))
    found = {"between": between, "within": within}
    if error <= ROUNDING:
        return Measured(mean, None, None, n, images, tuple(map(float, each)), **found)
    if between is not None:
        reach = factor * float(np.hypot(between, error))
        found["predicted"] = (mean - reach, mean + reach)
    found |= {"error": error, "df": float(df)}
    return Measured(mean, mean - factor * error, mean + factor * error, n, images, tuple(map(float, each)), **found)
