"""Means over networks, with the images' part of the standard error found separately, as by resampling the images.

Analysis of variance does not apply to some measurements, such as those of a set that is itself chosen by the images.
These are repeated on images drawn with replacement, the same for all networks. The spread of the results is the
uncertainty that comes from the images.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

from lib.measure.intervals import CONFIDENCE, ROUNDING, Measured


def images_part(each: ArrayLike, draws: ArrayLike) -> NDArray[np.float64]:
    """The images' part of the standard error of a mean over networks, without what their spread already contains.

    Over draws of images, one network's value has the variance I + R: I is what images do to all networks alike, R what
    they do to this one alone. The mean of n networks has the variance I + R / n. So R is the difference of the two,
    times n / (n - 1), and I is what remains. R is left out of the result, since the networks' own values already differ
    by it (as in `lib.measure.crossed`, and with the same lower bound).

    Parameters
    ----------
    each
        The value of each network on the original images (n networks, ...).
    draws
        Its value on each draw of images (draws, n networks, ...); within a draw, all networks have the same images.

    Returns
    -------
    array
        A standard error, of the trailing shape (...).
    """
    d = np.asarray(draws, dtype=float)
    n, of_mean = d.shape[1], d.mean(1).var(0, ddof=1)
    if n == 1:
        return np.sqrt(of_mean)
    rest = np.maximum(d.var(0, ddof=1).mean(0) - of_mean, 0) * n / (n - 1)
    between = np.asarray(each, dtype=float).var(0, ddof=1)
    return np.sqrt(np.maximum(np.maximum(of_mean - rest / n, of_mean - between / n), 0))


def over_both(each: Sequence[float], within: float, images: int, *, share: bool = True) -> Measured:
    """A mean over networks, with its interval, where the images' part of the standard error is known.

    With one network, the standard error is the images' part alone. For a share, that part also includes what so many
    images leave open even where none of them differs, so that no interval has width zero. For other values there is no
    interval where nothing differs.

    Parameters
    ----------
    each
        One value per network.
    within
        The images' part of the standard error, in the units of the values.
    images
        How many images each network saw.
    share
        Whether the values are shares of images.
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
    if between:
        reach = factor * between * (1 + 1 / n) ** 0.5
        found["predicted"] = (mean - reach, mean + reach)
    found |= {"error": error, "df": float(df)}
    return Measured(mean, mean - factor * error, mean + factor * error, n, images, tuple(map(float, each)), **found)
