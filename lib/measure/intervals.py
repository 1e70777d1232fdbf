"""Measured values with their 95 % intervals."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Measured:
    """A mean with its 95 % interval, and what it was taken over.

    `low` and `high` are None where a single value gives no interval. `over` says what `n` counts:
    "seeds" (networks trained apart) or "images" (one network).
    """

    mean: float
    low: float | None
    high: float | None
    n: int
    over: str
    per_seed: tuple[float, ...] = ()

    def __format__(self, spec: str) -> str:
        spec = spec or ".3f"
        if self.low is None:
            return format(self.mean, spec)
        return f"{self.mean:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"

    def shifted(self, by: float) -> "Measured":
        """The same measurement of the quantity less `by`."""
        ends = [None if end is None else end - by for end in (self.low, self.high)]
        return Measured(self.mean - by, *ends, self.n, self.over, tuple(value - by for value in self.per_seed))


def over_seeds(values: Sequence[float]) -> Measured:
    """Mean and t interval over networks that were trained apart; one value has no interval.

    For a paired difference, pass the differences.
    """
    values = tuple(float(value) for value in values)
    if not values:
        raise ValueError("a mean over seeds needs at least one value")
    mean = float(np.mean(values))
    if len(values) == 1:
        return Measured(mean, None, None, 1, "seeds", values)
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5)
    return Measured(mean, mean - half, mean + half, len(values), "seeds", values)


def share(successes: int, n: int) -> Measured:
    """A share of n images, with Wilson's score interval (Wilson, 1927)."""
    interval = stats.binomtest(int(successes), int(n)).proportion_ci(CONFIDENCE, method="wilson")
    value = successes / n
    return Measured(value, interval.low, interval.high, int(n), "images", (value,))


def over_images(values: Sequence[float]) -> Measured:
    """Mean and t interval of one value an image (a loss, a paired difference), for one network."""
    values = np.asarray(values, dtype=float)
    measured = over_seeds(values)
    return Measured(measured.mean, measured.low, measured.high, len(values), "images", (measured.mean,))


def rate(hits: Sequence[np.ndarray]) -> Measured:
    """How often something is so, from one boolean array (N,) a seed: an accuracy, a success rate.

    One network's array goes in a list of its own; by itself it would be taken for as many seeds as it has images.
    Over seeds where there are several, the interval cut to [0, 1]; over images, by Wilson, where there is one.
    """
    if len(hits) == 1:
        return share(int(np.sum(hits[0])), len(hits[0]))
    measured = over_seeds([np.mean(one) for one in hits])
    return replace(measured, low=max(measured.low, 0.0), high=min(measured.high, 1.0))


def loss(losses: Sequence[np.ndarray]) -> Measured:
    """The mean loss, from the losses (N,) of the same images under each seed's network, in nats.

    Over seeds where there are several, else over images; the interval is cut at 0, below which no cross-entropy lies.
    """
    measured = difference(losses, [0.0] * len(losses))
    return measured if measured.low is None else replace(measured, low=max(measured.low, 0.0))


def difference(after: Sequence[np.ndarray], before: Sequence[np.ndarray]) -> Measured:
    """Mean of `after` less `before`, paired: one array (N,) a seed in each, the same images in the same order.

    Over seeds where there are several, else over the images of the one network.
    """
    pairs = [np.asarray(a, dtype=float) - np.asarray(b, dtype=float) for a, b in zip(after, before, strict=True)]
    if len(pairs) == 1:
        return over_images(pairs[0])
    return over_seeds([pair.mean() for pair in pairs])
