"""What the chapter computes from records: sets, shares, gains, steps and costs."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lib.chapters.fragile_neurons.kernels import LEVELS, expected_agreement, is_fragile
from lib.chapters.fragile_neurons.record import MOVES, CellRecord, Robustness
from lib.chapters.fragile_neurons.resampled import of_largest_norm, parted
from lib.chapters.fragile_neurons.subject import PRINTED_EPS, UNITS
from lib.measure.drawn import images_part, over_both
from lib.measure.intervals import Measured, difference, over_networks, share

Records = Sequence[CellRecord]
"""The records of one cell, one for each seed."""


def fragile_sets(record: CellRecord) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """S by each half of the images (kernels,): the chapter uses the first, and judges it by the second."""
    first, second = (is_fragile(one) for one in record.dropout.accuracies)
    return first, second


def without(record: CellRecord) -> NDArray[np.float64]:
    """Accuracy without each kernel (kernels,), by all images."""
    n = len(record.dropout.intact)
    return np.average(record.dropout.accuracies, axis=0, weights=((n + 1) // 2, n // 2))


def whole_set(record: CellRecord) -> NDArray[np.bool_]:
    """S by all images (kernels,), as the paper has it."""
    return is_fragile(without(record))


def stable(ages: Records) -> NDArray[np.bool_]:
    """The kernels (kernels,) of a network that are in S, by all images, at all of these ages."""
    return np.all([whole_set(one) for one in ages], axis=0)


def by_chance(ages: Records) -> float:
    """How many kernels would be in S at all of these ages if each age drew as many of them at random."""
    sets = [whole_set(one) for one in ages]
    return float(len(sets[0]) * np.prod([one.mean() for one in sets]))


def gap(records: Records, half: int) -> tuple[Measured, Measured]:
    """Accuracy without a null kernel minus that without a fragile one; and that beyond as many kernels of largest norm.

    S is from the first half of the images, and judged on one `half`, 0 or 1. For each image, the cell keeps the number
    of kernels without which it is classified correctly, not which these are. So the interval takes the most by which an
    image with this number can differ, and is wider than it need be.
    """
    each, beyond, errors = [], [], []
    for record in records:
        chosen, accuracies = fragile_sets(record)[0], record.dropout.accuracies[half]
        size, right = int(chosen.sum()), record.dropout.rightly[half::2].astype(float)
        gaps = [parted(accuracies, one) for one in (chosen, of_largest_norm(record.dropout.norms, size))]
        each.append(gaps[0])
        beyond.append(gaps[0] - gaps[1])
        errors.append(float(np.sqrt(np.mean(_most(right, size, len(chosen)) ** 2) / len(right))))
    images, error = len(right), float(np.mean(errors))
    return over_both(each, error, images), over_both(beyond, 2 * error, images)


def _most(right: NDArray, size: int, kernels: int) -> NDArray[np.float64]:
    """How far the two means of an image can be apart, if it is classified correctly without so many kernels."""
    null = kernels - size
    if not size or not null:
        return np.zeros(len(right))
    apart = [
        np.minimum(right / one, 1) - np.maximum(right - one, 0) / other for one, other in ((null, size), (size, null))
    ]
    return np.maximum(*apart)


@dataclass(frozen=True)
class Halves:
    """How well S from one half of the images holds on the other.

    Parameters
    ----------
    share
        The share of kernels in S.
    agreement, expected
        The share of kernels that both halves put on the same side, and that by chance.
    correlation
        Spearman's, of the accuracies without each kernel on both halves.
    gap
        The accuracy without a kernel of S' minus that without one of S, on the other half.
    """

    share: float
    agreement: float
    expected: float
    correlation: float
    gap: float


def halves(records: Records) -> Halves:
    """The means over seeds."""
    rows = []
    for record in records:
        (first, second), (one, other) = fragile_sets(record), record.dropout.accuracies
        agreement, expected = float((first == second).mean()), expected_agreement(first, second)
        rows.append(Halves(float(first.mean()), agreement, expected, _ranked(one, other), parted(other, first)))
    return _means(rows)


def _ranked(one: NDArray, other: NDArray) -> float:
    """Spearman's rank correlation; 0 where one side is the same everywhere, as can be on few images."""
    same = np.ptp(one) == 0 or np.ptp(other) == 0
    return 0.0 if same else float(stats.spearmanr(one, other).statistic)


def _means(rows: Sequence) -> object:
    """The mean of each field of some dataclasses."""
    return type(rows[0])(*(float(np.mean([getattr(row, one.name) for row in rows])) for one in fields(rows[0])))


COST = 0.2
"""The loss of accuracy whose cost in eps is asked for."""


def cost_eps(eps: Sequence[float], correct: NDArray) -> float:
    """The smallest eps at which accuracy is lower by `COST`, on straight lines between those measured.

    Parameters
    ----------
    eps
        Rising, from 0.
    correct
        Which images are classified correctly at each (len(eps), N).

    Returns
    -------
    float
        That eps; the last one of `eps` where accuracy never falls so far.
    """
    lost = np.maximum.accumulate(correct[0].mean() - correct.mean(1))
    after = int(np.argmax(lost >= COST))
    if lost[-1] < COST:
        return float(eps[-1])
    return float(np.interp(COST, lost[after - 1 : after + 1], eps[after - 1 : after + 1]))


def cost_difference(
    one: tuple[Sequence[float], Sequence[NDArray]], other: tuple[Sequence[float], Sequence[NDArray]]
) -> Measured:
    """`cost_eps` of one side minus that of the other, over networks; the images of each side are drawn anew.

    Parameters
    ----------
    one, other
        The eps, and an array (len(eps), N) for each network.
    """
    generator, sides = np.random.default_rng(0), (one, other)
    each = np.subtract(*([cost_eps(eps, correct) for correct in found] for eps, found in sides))
    many, draws = [found[0].shape[1] for _, found in sides], []
    for _ in range(500):
        chosen = [generator.integers(0, n, n) for n in many]  # as many images as there are, with replacement
        costs = [
            [cost_eps(eps, correct[:, at]) for correct in found] for (eps, found), at in zip(sides, chosen, strict=True)
        ]
        draws.append(np.subtract(*costs))
    return over_both(each, float(images_part(each, draws)), min(many), share=False)


def filter_gains(records: Records, who: str, dataset: str, base: str = "original") -> dict[str, Measured]:
    """What a filtered network gains over the original, or over another `base`, paired over images.

    Returns
    -------
    dict
        The probability of the true class on images made for the original (Eq. 2), for each of `UNITS`; and accuracy
        under FGSM and PGD made fresh on each, at the eps of `judged_at`.
    """
    robustness = [one.robustness for one in records]
    fgsm_eps, pgd_eps = judged_at(robustness[0], dataset)
    pairs = {f"Eq. 2, eps in {unit}": [] for unit in UNITS} | {"fresh FGSM": [], "fresh PGD": []}
    for one in robustness:
        rows = one.row[who], one.row[base]
        for at, unit in enumerate(UNITS):
            pairs[f"Eq. 2, eps in {unit}"].append([one.probability.values[row, at] for row in rows])
        pairs["fresh FGSM"].append([one.fgsm(name, fgsm_eps) for name in (who, base)])
        pairs["fresh PGD"].append([one.pgd(name, pgd_eps) for name in (who, base)])
    return {kind: difference(*zip(*found, strict=True), shares=True) for kind, found in pairs.items()}


def judged_at(robustness: Robustness, dataset: str) -> tuple[float, float]:
    """The eps at which fresh FGSM and fresh PGD judge a filter: of those measured, the nearest to the printed one."""
    printed, grids = PRINTED_EPS[dataset], (robustness.eps, robustness.pgd_eps)
    fgsm, pgd = (min(filter(None, eps), key=lambda one: abs(one - printed)) for eps in grids)  # eps 0 is not an attack
    return fgsm, pgd


def unclipped_share(records: Records, level: str, at: int) -> Measured:
    """The share of images that move S more under FGSM without clipping, at one eps of Algorithm 1's grid.

    Parameters
    ----------
    level
        Where the maps are read, one of `LEVELS`.
    at
        The index of the eps in the grid.
    """
    shares = [float(one.targeting.unclipped[LEVELS.index(level), at]) for one in records]
    n = len(records[0].targeting.printed)
    return over_networks(shares, scale="logit", images=n) if len(shares) > 1 else share(round(shares[0] * n), n)


@dataclass(frozen=True)
class BesideControls:
    """The shares of Algorithm 1 beside its controls.

    Parameters
    ----------
    s, largest, smallest
        The share of images that move these sets more: S, and the kernels of largest and of smallest norm.
    mean, spread, low, high
        Of random splits: mean, standard deviation, and the ends of the middle 95 %.
    as_high
        The share of random splits with as high a share as S.
    rank_correlation
        That of distances with norms.
    """

    s: float
    largest: float
    smallest: float
    mean: float
    spread: float
    low: float
    high: float
    as_high: float
    rank_correlation: float


def controls(records: Records, move: str, level: str = "convolution") -> BesideControls:
    """The means over seeds, for one of `MOVES` and one of `LEVELS`."""
    at, rows = (MOVES.index(move), LEVELS.index(level)), []
    for one in (record.targeting.controls for record in records):
        s, largest, smallest = (float(value) for value in one.chosen[at])
        random = one.random[at]
        low, high = np.quantile(random, [0.025, 0.975])
        spread = random.mean(), random.std(), low, high, (random >= s).mean()
        rows.append(BesideControls(s, largest, smallest, *map(float, spread), float(one.rank_correlation[at])))
    return _means(rows)


def accuracy_over_eps(records: Records, way: str) -> tuple[list[float], list[NDArray[np.bool_]]]:
    """The eps from 0 on and, for each seed, which images are classified correctly at each (len(eps), N).

    It is what `cost_eps` takes. `way` is `fgsm` or `pgd`, made fresh on the original network.
    """
    found = []
    for record in records:
        robustness, intact = record.robustness, record.dropout.intact
        row = robustness.row["original"]
        if way == "fgsm":
            found.append(np.array([intact, *robustness.correct[row]]))
        else:
            found.append(np.array([intact[robustness.pgd_images], *robustness.pgd_correct[row]]))
    return [0.0, *(robustness.eps if way == "fgsm" else robustness.pgd_eps)], found
