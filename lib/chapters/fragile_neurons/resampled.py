"""Measurements in which S is estimated too: its images are drawn anew together with those that it is judged on.

An interval that takes S as known is too narrow: another sample of images would have put other kernels into S. Here
images are drawn with replacement, S is chosen from them again, and the spread of the results gives the images' part of
the standard error (`lib.measure.drawn`). The part of the networks is added where there are several.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from lib.chapters.fragile_neurons.kernels import is_fragile
from lib.chapters.fragile_neurons.sampled import FGSM_CLIPPED, FGSM_FREE, SIGNS, SampleRecord
from lib.chapters.fragile_neurons.targeting import random_splits
from lib.measure.drawn import images_part, over_both
from lib.measure.intervals import Measured

DRAWS = 200
"""How often images are drawn anew."""

SETS, BEATEN = 200, 0.95
"""How many random sets of the size of S are its control, and the quantile of such sets that S has to beat."""

Weights = NDArray[np.float64]
"""How often each image counts."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A network's record of the sample, with its arrays as numbers."""

    record: SampleRecord

    @cached_property
    def without(self) -> NDArray[np.float32]:
        """1 where an image is classified correctly without a kernel, else 0 (kernels, N)."""
        return self.record.without.astype(np.float32)

    @cached_property
    def moved(self) -> dict[str, NDArray[np.float64]]:
        """Distances (n, kernels) by what moves the maps."""
        return {move: d.astype(np.float64) for move, d in self.record.moved.items()}

    def accuracies(self, weights: Weights) -> NDArray[np.float64]:
        """Accuracy without each kernel (kernels,), on images with these weights (N,)."""
        return (self.without @ weights.astype(np.float32)).astype(np.float64) / weights.sum()

    def fragile(self, weights: Weights) -> NDArray[np.bool_]:
        """S (kernels,) from images with these weights (N,)."""
        return is_fragile(self.accuracies(weights))


Statistic = Callable[[Sample, Weights, Weights], Sequence[float]]
"""Numbers from a sample, the weights of the images that S is from, and the weights of those that it is judged on."""


def every(n: int, first: int = 0, step: int = 1) -> Weights:
    """Weights (n,) that are 1 for every `step`-th image from `first` on, and 0 for the others."""
    weights = np.zeros(n)
    weights[first::step] = 1
    return weights


def resampled(
    samples: Sequence[Sample], statistic: Statistic, by: Weights, on: Weights | None = None
) -> list[Measured]:
    """The mean over networks of each number of `statistic`, with S estimated from `by` and judged on `on`.

    Parameters
    ----------
    samples
        One for each network, of the same images.
    by, on
        The images to draw from (N,) and (N,) or (n,); without `on`, S is judged on the images that it is from.
    """
    each = np.array([statistic(one, by, by if on is None else on) for one in samples], dtype=float)
    generator, draws = np.random.default_rng(0), []
    for _ in range(DRAWS):
        drawn = _drawn(generator, by)
        other = drawn if on is None else _drawn(generator, on)
        draws.append([statistic(one, drawn, other) for one in samples])
    images = int((by if on is None else on).sum())
    return [
        over_both(values, float(part), images) for values, part in zip(each.T, images_part(each, draws), strict=True)
    ]


def _drawn(generator: np.random.Generator, pool: Weights) -> Weights:
    """The weights of as many images as there are in `pool`, drawn from it with replacement."""
    return generator.multinomial(int(pool.sum()), pool / pool.sum()).astype(float)


def as_share(measured: Measured) -> Measured:
    """The same measurement with its interval cut to [0, 1], which no share leaves."""
    ends = [(measured.low, measured.high), *([measured.predicted] if measured.predicted else [])]
    cut = [(max(low, 0.0), min(high, 1.0)) for low, high in ends]
    return replace(measured, low=cut[0][0], high=cut[0][1], predicted=cut[1] if measured.predicted else None)


# Statistics


def fragile_share(sample: Sample, by: Weights, on: Weights) -> tuple[float]:
    """The share of kernels in S."""
    return (float(sample.fragile(by).mean()),)


def dropping(sample: Sample, by: Weights, on: Weights) -> tuple[float, float]:
    """Accuracy without a null kernel minus that without a fragile one; and that beyond kernels of largest norm."""
    fragile, accuracies = sample.fragile(by), sample.accuracies(on)
    large = of_largest_norm(sample.record.norms, int(fragile.sum()))
    gaps = [parted(accuracies, one) for one in (fragile, large)]
    return gaps[0], gaps[0] - gaps[1]


def of_largest_norm(norms: NDArray, size: int) -> NDArray[np.bool_]:
    """The `size` kernels of largest norm (kernels,)."""
    chosen = np.zeros(len(norms), dtype=bool)
    chosen[np.argsort(norms)[len(norms) - size :]] = True
    return chosen


def parted(accuracies: NDArray, chosen: NDArray[np.bool_]) -> float:
    """Mean accuracy without a kernel that is not chosen minus that without one that is; 0 where one set is empty."""
    return float(accuracies[~chosen].mean() - accuracies[chosen].mean()) if 0 < chosen.sum() < len(chosen) else 0.0


def plainly(sample: Sample, by: Weights, on: Weights) -> tuple[float, float]:
    """The share of images that move S more, without clipping; and that minus what 95% of random sets stay below."""
    return _beside_lot(sample.moved[FGSM_FREE], sample.fragile(by), on)


def scale_free(sample: Sample, by: Weights, on: Weights) -> tuple[float, float]:
    """The same, clipped, each kernel's movement in units of the mean movement under random signs."""
    unit = on @ sample.moved[SIGNS] / on.sum()
    d = np.where(unit > 0, sample.moved[FGSM_CLIPPED] / np.where(unit > 0, unit, 1), 0)
    return _beside_lot(d, sample.fragile(by), on)


def _beside_lot(d: NDArray, fragile: NDArray[np.bool_], on: Weights) -> tuple[float, float]:
    """The weighted share of images (n,) on which a set moves more; and that minus what random sets of its size give."""
    size = int(fragile.sum())
    sets = np.vstack([fragile, by_lot(len(fragile), size)]).astype(float)
    sets -= size / len(fragile)  # a set's mean exceeds that of the other kernels where it exceeds that of all
    more = d @ sets.T > 0
    shares = on @ more / on.sum()
    return float(shares[0]), float(shares[0] - beaten(shares[1:]))


def beaten(shares: NDArray) -> NDArray:
    """The share that S has to beat, from the shares of random sets (..., sets): their quantile `BEATEN`.

    If shares are uniformly distributed, this method's mean over draws of the sets is the quantile of all sets.
    """
    return np.quantile(shares, BEATEN, axis=-1, method="weibull")


@lru_cache(maxsize=64)
def by_lot(kernels: int, size: int) -> NDArray[np.bool_]:
    """Random sets of one size (sets, kernels)."""
    return random_splits(kernels, size, SETS, seed=0)
