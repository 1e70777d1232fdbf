"""What the chapter reads off the results of cells."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lib.chapters.fragile_neurons.kernels import expected_agreement, is_fragile
from lib.chapters.fragile_neurons.measuring import UNITS, unpack
from lib.measure.intervals import Measured, difference, over_seeds, share


def values(results: Sequence[dict], *path: str | int) -> list:
    """What stands at a path in the result of each seed."""
    found = list(results)
    for step in path:
        found = [one[step] for one in found]
    return found


def bits(results: Sequence[dict], *path: str | int) -> list[NDArray[np.bool_]]:
    """The packed booleans that stand at a path in the result of each seed, one array (N,) each."""
    return [unpack(one) for one in values(results, *path)]


def fragile_sets(result: dict) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """S by each half of the images (kernels,): the chapter uses the first, and judges it by the second."""
    first, second = (is_fragile(one) for one in result["without"])
    return first, second


def stable(grid: dict, images: str, network: str, ages: Sequence[int], seed: int = 0) -> NDArray[np.bool_]:
    """The kernels (kernels,) that are in S at all of these ages, for the seed at this place."""
    return np.all([fragile_sets(grid[images, network, age][seed])[0] for age in ages], axis=0)


def by_chance(grid: dict, images: str, network: str, ages: Sequence[int], seed: int = 0) -> float:
    """How many kernels are in S at all of these ages if each age draws as many of them by lot."""
    sets = [fragile_sets(grid[images, network, age][seed])[0] for age in ages]
    return float(len(sets[0]) * np.prod([one.mean() for one in sets]))


def halves_table(results: Sequence[dict]) -> dict[str, list[float]]:
    """How well S from one half of the images holds on the other: one value a seed for each column.

    `gap` is the accuracy without a kernel of S' less that without one of S, on the other half.
    """
    table: dict[str, list[float]] = {"share": [], "agreement": [], "expected": [], "correlation": [], "gap": []}
    for result in results:
        (first, second), (one, other) = fragile_sets(result), map(np.asarray, result["without"])
        table["share"].append(float(first.mean()))
        table["agreement"].append(float((first == second).mean()))
        table["expected"].append(expected_agreement(first, second))
        table["correlation"].append(float(stats.spearmanr(one, other).statistic))
        table["gap"].append(float(other[~first].mean() - other[first].mean()))
    return table


def cost_eps(eps: Sequence[float], correct: NDArray, cost: float = 0.2) -> float:
    """The smallest eps at which accuracy is lower by `cost`, on straight lines between those measured.

    Parameters
    ----------
    eps
        Rising, from 0.
    correct
        Which images are read rightly at each (len(eps), N).

    Returns
    -------
    float
        The last eps where accuracy falls by less.
    """
    lost = np.maximum.accumulate(correct[0].mean() - correct.mean(1))
    after = int(np.argmax(lost >= cost))
    if lost[-1] < cost:
        return float(eps[-1])
    return float(np.interp(cost, lost[after - 1 : after + 1], eps[after - 1 : after + 1]))


def cost_difference(
    one: tuple[Sequence[float], Sequence[NDArray]], other: tuple[Sequence[float], Sequence[NDArray]], seed: int = 0
) -> Measured:
    """`cost_eps` of one network less that of another: over seeds, or by a bootstrap over the images of one.

    Parameters
    ----------
    one, other
        The eps, and for each seed an array (len(eps), N).
    """
    costs = [[cost_eps(eps, correct) for correct in per_seed] for eps, per_seed in (one, other)]
    measured = over_seeds(np.subtract(*costs))
    if measured.low is not None:
        return measured
    generator = np.random.default_rng(seed)
    draws = []
    for _ in range(500):
        samples = [(eps, per_seed[0][:, _drawn(generator, per_seed[0])]) for eps, per_seed in (one, other)]
        draws.append(cost_eps(*samples[0]) - cost_eps(*samples[1]))
    low, high = np.quantile(draws, [0.025, 0.975])
    n = min(per_seed[0].shape[1] for _, per_seed in (one, other))
    return Measured(measured.mean, float(low), float(high), n, "images", measured.per_seed)


def _drawn(generator: np.random.Generator, correct: NDArray) -> NDArray:
    """As many images as there are, drawn with replacement."""
    return generator.integers(0, correct.shape[1], correct.shape[1])


def rates(results: Sequence[dict], *path: str | int) -> list[list[float]]:
    """The mean of each of the packed booleans in the list at a path, one row a seed."""
    return [[float(unpack(one).mean()) for one in row] for row in values(results, *path)]


def gain(results: Sequence[dict], path: Sequence[str | int], after: str, before: str, *rest: str | int) -> Measured:
    """What stands at `path`, `after`, `rest` less what stands at `path`, `before`, `rest`, paired over images."""
    found = [values(results, *path, who, *rest) for who in (after, before)]
    arrays = [[unpack(one) if isinstance(one, dict) else np.array(one) for one in per_seed] for per_seed in found]
    return difference(*arrays)


def filter_gains(results: Sequence[dict], who: str) -> dict[str, Measured]:
    """What a filtered network gains over the original, paired over images.

    Returns
    -------
    dict
        The probability of the true class on images made for the original (Eq. 2), for each of `UNITS`; and accuracy
        under FGSM and PGD made fresh on each, at the smallest eps of the attack's grid.
    """
    eq_2 = {f"Eq. 2, eps in {unit}": ("probability", unit) for unit in UNITS}
    kinds = eq_2 | {"fresh FGSM": ("fgsm", 1), "fresh PGD": ("pgd", 0)}  # the first eps of FGSM's grid is 0
    return {kind: gain(results, ["robustness", way], who, "original", at) for kind, (way, at) in kinds.items()}


def unclipped_share(results: Sequence[dict], level: str, at: int) -> Measured:
    """The share of images that move S more under FGSM without clipping, at one eps of Algorithm 1's grid.

    Parameters
    ----------
    level
        Where the maps are read, one of `LEVELS`.
    at
        The place of the eps in the grid.
    """
    shares = values(results, "targeting", "shares", f"unclipped, {level}", at)
    if len(shares) > 1:
        return over_seeds(shares)
    n = len(unpack(values(results, "targeting", "printed")[0]))
    return share(round(shares[0] * n), n)


def smallest_rise(stages: Sequence[Sequence[NDArray]]) -> Measured:
    """The smallest of the steps between stages that follow each other, each with one array over images a seed."""
    return min((difference(b, a) for a, b in pairwise(stages)), key=_mean)


def controls(results: Sequence[dict], distances_of: str, level: str = "convolution") -> dict[str, float]:
    """Algorithm 1 beside its controls, means over seeds.

    Returns
    -------
    dict
        The share of images of `S`, of the kernels of `largest norm` and of `smallest norm`; of random splits the
        `mean`, the `spread` (standard deviation), the ends of the middle 95 % (`low`, `high`) and the share that is
        `as high` as S; and the `rank_correlation` of distances with norms.
    """
    rows = []
    for one in values(results, "targeting", "controls", distances_of, level):
        random_ = np.array(one["random"])
        low, high = np.quantile(random_, [0.025, 0.975])
        row = {"mean": random_.mean(), "spread": random_.std(), "low": low, "high": high}
        rows.append(one | row | {"as high": (random_ >= one["S"]).mean()})
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0] if name != "random"}


def rise_or_peak(stages: Sequence[Sequence[NDArray]], *, peak: bool) -> Measured:
    """Of three stages the smaller of two steps: up and up again, or up to the middle one and down from it."""
    first, second, third = stages
    pairs = (first, second), (third, second) if peak else (second, third)
    return min(map(smallest_rise, pairs), key=_mean)


def smallest_count_rise(counts: Sequence[Sequence[float]]) -> Measured:
    """The smallest of the steps between numbers that follow each other, each with one value a seed."""
    return min((over_seeds(np.subtract(b, a)) for a, b in pairwise(counts)), key=_mean)


def accuracy_over_eps(results: Sequence[dict], way: str) -> tuple[list[float], list[NDArray[np.bool_]]]:
    """The eps from 0 on and for each seed which images are read rightly at each (len(eps), N), for `cost_eps`.

    `way` is `fgsm` or `pgd`, made fresh on the original network.
    """
    eps = results[0]["robustness"]["eps" if way == "fgsm" else "pgd_eps"]
    found = []
    for clean, one in zip(bits(results, "all"), values(results, "robustness", way, "original"), strict=True):
        attacked = [unpack(packed) for packed in one]
        found.append(np.array([clean[: len(attacked[0])], *attacked]))
    return [0.0, *eps], found


def _mean(measured: Measured) -> float:
    return measured.mean
