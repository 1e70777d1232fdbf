"""Measured values with their 95% intervals, over networks and over the images that all of them see.

A mean's variance has two parts, over networks and over images (`lib.measure.crossed`). Its interval is Student's t,
with one degree of freedom less than there are networks; for a share it is made on the logit scale (Agresti, Categorical
Data Analysis, 2013, section 3.1), and for a loss, which is never below 0, on the log scale. Where a share is so near 0
or 1 that it rests on fewer than ten images, the interval is that of Clopper and Pearson, for the number of independent
images that would be as informative (Korn and Graubard, Survey Methodology, 1998). With one network the interval is over
images, and is about that network alone.

In simulations, such intervals contain the true mean in 93% or more of all cases, even with 3 networks or 300 images, as
long as the standard deviation between networks is below about 0.6 p (1 - p). For a prediction interval the limit is
half of that. Where some networks collapse and others do not (p (1 - p) and more), a few can come out alike by chance,
and the interval misses far more often: look at the points there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri, stdtr

from lib.measure import crossed
from lib.measure.scales import Scale, distance, effective, ends, is_rare, p_of_share, stretch

CONFIDENCE = 0.95

ROUNDING = 1e-12
"""What rounding may add to a spread of zero."""

MOST_NETWORKS = 1000
"""Nobody trains more networks than this to decide a claim."""


@dataclass(frozen=True)
class Measured:
    """A mean with its 95% interval, and the networks and images that they were taken over."""

    mean: float
    low: float | None
    """The interval's ends; None where there is nothing to base an interval on."""
    high: float | None
    networks: int
    """How many networks were trained independently. 1: the interval is over images, and is about that network alone.
    0: the value is `exact`, not a sample.
    """
    images: int | None = None
    """How many images each network saw; None for what has no images, such as a count or a distance between sets."""
    per_network: tuple[float, ...] = ()
    predicted: tuple[float, float] | None = None
    """95% prediction interval for one more network on the same images (Patil, Peng and Leek, 2016); None with fewer
    than two networks, and where all of them gave the same value and it is no rare share.
    """
    error: float | None = None
    """Standard error on the scale that the interval was made on, never 0; None at a share of 0 or 1, and where there is
    no interval.
    """
    df: float | None = None
    scale: Scale = "linear"
    shift: float = 0.0
    """What has been subtracted since the interval was made."""
    between: float | None = None
    """Standard deviation over networks, in the units of the mean."""
    within: float | None = None
    """The images' part of the standard error, in the units of the mean."""

    def __format__(self, spec: str) -> str:
        spec = spec or ".3f"
        if self.low is None or self.is_exact:
            return format(self.mean, spec)
        return f"{self.mean:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"

    def __str__(self) -> str:
        return format(self)

    @property
    def is_exact(self) -> bool:
        """Whether it follows from a count or a proof, so that its interval is a point."""
        return self.networks == 0

    def shifted(self, by: float) -> "Measured":
        """The same measurement, of the quantity minus `by`."""
        low, high = (None if end is None else end - by for end in (self.low, self.high))
        predicted = self.predicted and (self.predicted[0] - by, self.predicted[1] - by)
        each = tuple(value - by for value in self.per_network)
        moved = {"mean": self.mean - by, "low": low, "high": high, "per_network": each, "predicted": predicted}
        return replace(self, **moved, shift=self.shift + by)

    @property
    def _unshifted(self) -> float:
        """The mean that the interval was made for, exact where it is a share of 0 or 1."""
        mean = self.mean + self.shift
        return float(round(mean)) if self.scale == "logit" and self.error is None else mean

    def interval(self, confidence: float) -> tuple[float, float] | None:
        """The two-sided interval at another confidence in (0, 1); None where there is none."""
        if self.low is None or self.is_exact:
            return None if self.low is None else (self.low, self.high)
        error, df = (0.0, 1) if self.error is None else (self.error, self.df)
        low, high = ends(self._unshifted, error, df, self.scale, confidence, self.images)
        return float(low - self.shift), float(high - self.shift)

    def p_above(self, threshold: float) -> float:
        """One-sided p-value of the null hypothesis that the quantity is at most `threshold`.

        It is 1 where there is no interval: there is no evidence against the hypothesis.
        """
        if self.is_exact:
            return 0.0 if self.mean > threshold else 1.0
        if self.low is None:
            return 1.0
        mean, threshold = self._unshifted, threshold + self.shift
        if self.scale == "logit" and is_rare(mean, self.images):
            n = effective(mean, self.error or 0.0, self.df or 1, self.images)
            return p_of_share(mean, n, threshold)
        gap = distance(mean, threshold, self.scale)
        return float(stdtr(self.df, -gap / self.error))

    def networks_to_decide(self, threshold: float, confidence: float = CONFIDENCE) -> int | None:
        """How many networks would put the interval to one side of `threshold`, given the mean and the spread seen here.

        None where no number up to 1,000 would, or where the spread is not known: with one network, at a share of 0 or
        1, or without an interval.
        """
        if self.between is None or self.error is None:
            return None
        mean, threshold = self._unshifted, threshold + self.shift
        counts = np.arange(2, MOST_NETWORKS + 1)
        errors = float(stretch(mean, self.scale)) * np.sqrt(self.between**2 / counts + (self.within or 0.0) ** 2)
        low, high = ends(mean, errors, counts - 1, self.scale, confidence, self.images)
        enough = (low > threshold) | (high < threshold)
        return int(counts[enough][0]) if enough.any() else None


def exact(value: float) -> Measured:
    """A value that is counted or proved, not sampled: its interval is a point by construction."""
    return Measured(float(value), float(value), float(value), 0)


def rate(hits: Sequence[np.ndarray], among: Sequence[np.ndarray] | None = None) -> Measured:
    """How often something is true, from one boolean array (N,) per network: an accuracy, a success rate.

    Parameters
    ----------
    hits
        The arrays, for the same images in the same order; a single network's array goes in a list of its own.
    among
        Which images count: one boolean array (N,) per network, each with at least one True. The share is then taken
        among these (say, the images that each network classifies correctly), and averaged over the networks.

    Raises
    ------
    ValueError
        Where the arrays are not of the same images: then use `among`. Where no image counts for some network, so that
        it has no share: the message says which network.
    """
    values = _stacked(hits)
    if among is None:
        return _over_both(values, "logit")
    chosen = _stacked(among)
    if len(empty := np.flatnonzero(~chosen.any(-1))):
        raise ValueError(f"of network {empty[0] + 1} of {len(chosen)}, no image counts: there is no share among none")
    weight = chosen.mean(-1, keepdims=True)
    shares = (values & chosen).sum(-1, keepdims=True) / chosen.sum(-1, keepdims=True)
    values = shares + chosen * (values - shares) / weight  # a ratio, linearised: each row keeps its share as mean
    return _over_both(values, "logit", each=shares[:, 0], images=int(chosen.sum(-1).min()))


def loss(losses: Sequence[np.ndarray]) -> Measured:
    """The mean loss in nats, from each network's losses (N,) on the same images.

    With one image there is no interval.
    """
    return _over_both(_stacked(losses), "log")


def difference(after: Sequence[np.ndarray], before: Sequence[np.ndarray], *, shares: bool | None = None) -> Measured:
    """The mean of `after` minus `before`, paired: one array (N,) per network in each, of the same images in one order.

    For shares, the interval is cut at -1 and 1, and the variance is computed as if z^2 = 3.84 more pairs differed by 1,
    so that no interval has width zero: where no pair of booleans differs, it is the score interval (Tango, 1998). For
    other values (a loss, a distance), there is no interval where all pairs differ alike. With one image there is none,
    since the variance over images cannot be seen.

    Parameters
    ----------
    shares
        Whether the values are shares, for which one image counts at most 1: areas under a curve, probabilities,
        differences of booleans. By default, whether both are boolean.

    Raises
    ------
    ValueError
        Where the two do not have the same networks and images.
    """
    after, before = _stacked(after), _stacked(before)
    if after.shape != before.shape:
        raise ValueError(f"{after.shape} values cannot be paired with {before.shape}")
    shares = after.dtype == before.dtype == bool if shares is None else shares
    found = _over_both(after.astype(float) - before, "linear", between_shares=shares)
    return cut(found, -1.0, 1.0) if shares else found


def over_networks(values: Sequence[float], *, scale: Scale = "linear", images: int | None = None) -> Measured:
    """The mean of one value per network, over networks alone: a distance, a count, an area under a curve (`logit`).

    There is no interval for a single value, nor for several equal ones. For a paired difference, pass the differences.

    Parameters
    ----------
    scale
        "logit" for what lies in [0, 1], so that its interval does too; "log" for what is above 0.
    images
        How many images each network saw. Only if it is given does a share that is 0, or 1, in all of several networks
        have an interval.

    Raises
    ------
    ValueError
        Where `values` is empty, or not one value per network.
    """
    each = np.asarray(values, dtype=float)
    if each.ndim != 1 or not len(each):
        raise ValueError("a mean over networks needs at least one value")
    if len(each) == 1:
        return Measured(float(each[0]), None, None, 1, images, (float(each[0]),), scale=scale)
    between = float(each.std(ddof=1))
    return _measured(each, between / len(each) ** 0.5, len(each) - 1, scale, images, between, None)


def share(k: int, n: int) -> Measured:
    """The share of k in n images, for one network.

    Raises
    ------
    ValueError
        Where n is 0 or k is not from 0 to n.
    """
    if not 0 <= k <= n or not n:
        raise ValueError(f"{k} of {n} is no share")
    return rate([np.arange(n) < k])


def _stacked(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays (N,) of the same images, stacked into (n, N)."""
    lengths = {np.shape(one) for one in arrays}
    if len(lengths) != 1 or any(len(shape) != 1 or not shape[0] for shape in lengths):
        raise ValueError(f"one array (N,) a network, of the same images, is needed; given are {sorted(lengths)}")
    return np.stack([np.asarray(one) for one in arrays])


def _over_both(
    values: np.ndarray,
    scale: Scale,
    *,
    each: np.ndarray | None = None,
    images: int | None = None,
    between_shares: bool = False,
) -> Measured:
    """The mean of values (n networks, N images), which is also the mean of `each`, with its interval."""
    networks = len(values)
    each = values.mean(-1, dtype=float) if each is None else each
    images = values.shape[-1] if images is None else images
    if images == 1 and (networks == 1 or scale != "logit"):  # over networks, a share still has an interval
        between = float(each.std(ddof=1)) if networks > 1 else None
        return Measured(
            float(each.mean()), None, None, networks, 1, tuple(map(float, each)), scale=scale, between=between
        )
    found = crossed.parts_of_shares(values, images) if scale == "logit" else crossed.parts(values)
    between, within, error = float(found.between), float(found.within), float(found.error)
    if between_shares:
        more = ndtri((1 + CONFIDENCE) / 2) / images
        within, error = float(np.hypot(within, more)), float(np.hypot(error, more))
    df = networks - 1 if networks > 1 else images - 1
    return _measured(each, error, df, scale, images, between if networks > 1 else None, within)


def cut(found: Measured, lowest: float, highest: float) -> Measured:
    """The same, with the ends of both intervals cut to the range of the quantity."""
    ends_of = {"predicted": found.predicted and tuple(min(max(end, lowest), highest) for end in found.predicted)}
    if found.low is not None:
        ends_of |= {"low": max(found.low, lowest), "high": min(found.high, highest)}
    return replace(found, **ends_of)


def _to_whole_images(low: float, high: float, images: int | None) -> tuple[float, float]:
    """Widen an interval for an observed share by half an image at each end, within [0, 1]: it moves in whole images."""
    half = 0.5 / images if images else 0.0
    return max(low - half, 0.0), min(high + half, 1.0)


def _measured(
    each: np.ndarray,
    error: float,
    df: int,
    scale: Scale,
    images: int | None,
    between: float | None,
    within: float | None,
) -> Measured:
    """The mean of one value per network, with its interval; `error`, `between` and `within` are in its units.

    A sample in which nothing differs does not tell how much values may differ: it has no interval, except a share of 0
    or 1 where `images` is given.
    """
    mean = float(each.mean())
    at_an_end = scale == "logit" and mean in (0, 1)
    if (at_an_end and images is None) or (error <= ROUNDING and not at_an_end):
        spread = {"scale": scale, "between": between, "within": within}
        return Measured(mean, None, None, len(each), images, tuple(map(float, each)), **spread)
    to_scale = 1.0 if at_an_end else float(stretch(mean, scale))
    low, high = (float(end) for end in ends(mean, to_scale * error, df, scale, CONFIDENCE, images))
    predicted = None
    if between is not None and (between > ROUNDING or is_rare(mean, images)):  # its images are these: they add nothing
        for_one = to_scale * between * (1 + 1 / len(each)) ** 0.5
        below, above = (float(end) for end in ends(mean, for_one, df, scale, CONFIDENCE, images))
        predicted = _to_whole_images(below, above, images) if scale == "logit" else (below, above)
    on_scale = (None, None) if at_an_end else (to_scale * error, float(df))
    spread = (between, within)
    return Measured(
        mean, low, high, len(each), images, tuple(map(float, each)), predicted, *on_scale, scale, 0.0, *spread
    )
