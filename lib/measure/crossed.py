"""The variance of a mean over networks and images, both of which are samples: all networks see the same images.

A value x[j, i] of network j on image i is taken as mean + network + image + rest. Then the mean over n networks and N
images has the variance  s_n^2 / n + s_i^2 / N.  Here s_n is the spread of the networks' own means, which contains the
rest already, and s_i^2 the variance of the images' own effects (Cornfield and Tukey, 1956: two crossed factors).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lib.measure.scales import is_rare


class Parts(NamedTuple):
    """A mean over networks and images, and the parts of its variance; arrays of the leading shape of the values."""

    mean: NDArray[np.float64]
    between: NDArray[np.float64]
    """Standard deviation of the networks' means; NaN with one network."""
    within: NDArray[np.float64]
    """The images' part of the standard error."""
    error: NDArray[np.float64]
    """The standard error: sqrt(between^2 / n + within^2); with one network, the images' part alone."""


def parts(values: ArrayLike) -> Parts:
    """The mean of values (..., n networks, N images) and the parts of its variance, by analysis of variance.

    The images' part is estimated without what the spread between networks already contains. With few networks, that
    spread can be near zero by chance. So the total is never taken to be less than the variance that the images' means
    show.
    """
    x = np.asarray(values)
    n, images = x.shape[-2:]
    networks_means = x.mean(-1, dtype=float)
    images_means = x.mean(-2, dtype=float)
    mean = networks_means.mean(-1)
    of_images = images_means.var(-1, ddof=1) / images if images > 1 else np.full(mean.shape, np.nan)
    if n == 1:
        return Parts(mean, np.full(mean.shape, np.nan), np.sqrt(of_images), np.sqrt(of_images))
    of_networks = networks_means.var(-1, ddof=1)
    squares = np.square(x, dtype=float).sum((-2, -1)) if x.dtype != bool else x.sum((-2, -1), dtype=float)
    total = squares - n * images * mean**2
    rest = total - images * (n - 1) * of_networks - n * images * (images - 1) * of_images
    rest = np.maximum(rest, 0) / ((n - 1) * (images - 1))
    own = np.maximum(of_images - rest / (n * images), 0)
    within = np.maximum(own, of_images - of_networks / n)
    return Parts(mean, np.sqrt(of_networks), np.sqrt(within), np.sqrt(of_networks / n + within))


def parts_of_shares(hits: ArrayLike, images: int) -> Parts:
    """`parts` for values whose mean is a share of so many `images`.

    Where the share is rare (`is_rare`), there may be no image among them on which all networks agree. How much they
    agree then cannot be seen; nor can it from a single image. In these cases the images' part of the variance is taken
    to be at least p (1 - p) / N, its largest value: that of networks which agree on every image.
    """
    found = parts(hits)
    mean, n = found.mean, np.asarray(hits).shape[-2]
    largest = np.sqrt(np.maximum(mean * (1 - mean), 0) / images)
    within = np.where(is_rare(mean, images), np.fmax(found.within, largest), found.within)
    error = within if n == 1 else np.sqrt(found.between**2 / n + within**2)
    return found._replace(within=within, error=error)
