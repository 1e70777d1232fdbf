"""The answers about the filter: what it does to targeting and to robustness, judged where it changes anything."""

from collections.abc import Sequence
from itertools import product

import numpy as np

from lib.chapters.fragile_neurons.answers.common import (
    KNOWN,
    MORE,
    SAMPLE,
    UNMEASURED,
    below_grey,
    claim,
    lacking_ages,
    smaller,
    told,
)
from lib.chapters.fragile_neurons.experiment import Key
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.quantities import filter_gains, judged_at
from lib.chapters.fragile_neurons.record import ALONE, CellRecord, Robustness
from lib.chapters.fragile_neurons.sampled import SampleRecord
from lib.chapters.fragile_neurons.subject import PRINTED_EPS, UNITS
from lib.chapters.fragile_neurons.svd_filter import FILTERS, PRINTED
from lib.ledger.answers import Answer, Finding, Readings, not_run
from lib.measure.intervals import difference
from lib.measure.multiple import smallest

EQ_2 = f"Eq. 2, eps in {UNITS[0]}"
INERT = "Every reading of the filter is inert here: it changes no singular value, so there is nothing to compare."

CLIPPED = "The shares are clipped. "
UNSAMPLED = f"{CLIPPED}Those that are not need measurements on the sample: {MORE}."
UNCHANGED = f"{CLIPPED}By the S of the sample the filter changes no singular value, so nothing can be compared soundly."


def acts(records: Sequence[CellRecord], reading: str) -> bool:
    """Whether a reading of the filter changes a singular value in each of these networks."""
    return all(one.filters.readings[reading].changed for one in records)


def acting(grid: Grid) -> list[tuple[Key, str]]:
    """Each cell with each filter that changes anything there."""
    return [(key, name) for key, name in product(grid, FILTERS) if acts(grid[key], name)]


def where_it_acts(grid: Grid) -> tuple[str, Key] | None:
    """The reading of the filter and the cell that the answer is from; None where all readings are inert.

    It is the printed filter in the cell nearest to the main one in which it is not inert, else a rule of the source's
    in the main cell.
    """
    main = grid.main
    order = sorted(grid, key=lambda key: (key != main, key[:2] != main[:2], key.dataset != main.dataset))
    for reading, keys in ((PRINTED, order), *((one, [main]) for one in FILTERS[1:])):
        for key in keys:
            if acts(grid[key], reading):
                return reading, key
    return None


def filter_lowers_targeting(grid: Grid) -> Answer:
    """The share of images that move S more, original minus filtered; soundly, relative to random signs.

    Both findings come from one cell: that of the paper's Fig. 3, or the nearest to it in which a reading of the filter
    acts and was measured without clipping, on the sample. Where there is no such cell, the shares are clipped, and
    there is no sound finding.
    """
    id = "filtered.lowers_targeting"
    every = {(one, name): _lowered(grid, one, name) for one, name in acting(grid)}
    if not every:
        return not_run(id, INERT)
    there = grid.nearest(grid.experiment.digit_set or "cifar10")  # Fig. 3 is of MNIST at the first age
    found = min(
        (at for at, (paper, _) in every.items() if paper),
        key=lambda at: (every[at][1] is None, grid.far(at[0], there), FILTERS.index(at[1])),
        default=None,
    )
    if found is None:
        return not_run(id, UNMEASURED)
    key, reading = found
    paper, sound = every[found]
    plain, free = ([one[side].measured.mean for one in every.values() if one[side]] for side in (0, 1))
    giving = sum(one >= claim(id).smallest for one in plain)
    ways = "counting each case and each reading of the filter in which it changes anything, clipped where only that "
    ways += f"was kept: {min(plain):+.3f} to {max(plain):+.3f}"
    if free:
        ways += f"; soundly {min(free):+.3f} to {max(free):+.3f}"
    readings = Readings(len(plain), giving, ways)
    if sound:
        why = f"Not clipped, {_called(reading)} changes the share by {0 - paper.measured.mean:+.3f}; relative to "
        why += f"random signs, filters change it by {0 - max(free):+.3f} to {0 - min(free):+.3f}."
    else:
        why = UNCHANGED if grid.sampled(key) else UNSAMPLED
    return Answer(id, paper, sound, readings=readings, smaller=smaller(id, key), why=why)


def _acting_on_sample(grid: Grid, key: Key, reading: str) -> Sequence[SampleRecord]:
    """The samples of a cell, if this reading of the filter changes something in all of them; else none."""
    sampled = grid.sampled(key)
    return sampled if all(one.layers[reading].changed for one in sampled) else ()


def _lowered(grid: Grid, key: Key, reading: str) -> tuple[Finding | None, Finding | None]:
    """By how much the share falls: not clipped, and so the same at every eps; else clipped, at the worst eps.

    None for what was not measured of this reading. The S of the sample differs from that of the cell. Where the filter
    is inert by the sample's S, the filtered layer is the original one, and there is nothing to compare.
    """
    if sampled := _acting_on_sample(grid, key, reading):
        pairs = [(one.layers["original"], one.layers[reading]) for one in sampled]
        plain = difference(*([layers[at].free for layers in pairs] for at in (0, 1)))
        under = below_grey(sampled[0].eps)
        each = [difference(*([layers[at].relative[one] for layers in pairs] for at in (0, 1))) for one in under]
        images = len(pairs[0][0].free), grid, key, len(sampled)
        by = f"{_called(reading)}, FGSM on each network, not clipped: the same at every eps, {KNOWN}"
        relative = f"{_called(reading)}, relative to random signs, clipped, the worst of {len(under)} eps below 0.5"
        relative += f", {KNOWN}"
        worst = smallest(each)
        return Finding(plain, told(by, *images, which=SAMPLE)), Finding(worst, told(relative, *images, which=SAMPLE))
    targeting = [one.targeting for one in grid[key]]
    if reading not in targeting[0].hits:
        return None, None
    under = below_grey(targeting[0].eps)
    each = [
        difference([one.hits["original"][at] for one in targeting], [one.hits[reading][at] for one in targeting])
        for at in under
    ]
    worst = targeting[0].eps[under[int(np.argmin([one.mean for one in each]))]]
    by = f"{_called(reading)}, FGSM on each network, clipped, at eps {worst:.3g}, the worst of {len(each)} below 0.5, "
    by += KNOWN
    return Finding(smallest(each), told(by, len(targeting[0].printed), grid, key)), None


def filter_raises_robustness(grid: Grid) -> Answer:
    """Eq. 2 as printed; soundly, the worse of fresh FGSM and PGD. The control scales the fragile kernels alone."""
    id, found = "filtered.raises_robustness", where_it_acts(grid)
    if found is None:
        return not_run(id, INERT)
    reading, key = found
    gains, alone, over = (
        filter_gains(grid[key], who, key.dataset, base)
        for who, base in ((reading, "original"), (ALONE + reading, "original"), (reading, ALONE + reading))
    )
    fresh, beyond = ([found[attack] for attack in ("fresh FGSM", "fresh PGD")] for found in (gains, over))
    of_all = [filter_gains(grid[one], name, one.dataset) for one, name in acting(grid)]
    all_gains = [one[f"Eq. 2, eps in {unit}"] for one in of_all for unit in UNITS]
    giving = sum(one.low is not None and one.low > claim(id).smallest for one in all_gains)
    ways = "counting each case, each reading of the filter and each unit of eps in which the filter changes anything"
    readings = Readings(len(all_gains), giving, ways + _in_the_papers_case(grid))
    robustness = grid[key][0].robustness
    n, strong = len(robustness.normalised), robustness.pgd_correct.shape[-1]
    control = "the fragile kernels scaled as much, the null ones left alone"
    by = told(f"{_called(reading)}, Eq. 2, eps in pixels, x' of the original, {KNOWN}", n, grid, key)
    paper = Finding(gains[EQ_2], by, over[EQ_2], control)
    at = [_eps(one, key) for one in judged_at(robustness, key.dataset)]
    by = f"{_called(reading)}, the worse of fresh FGSM at {at[0]} ({n:,} images) and fresh PGD at {at[1]}, {KNOWN}"
    by = told(by, strong, grid, key)
    sound = Finding(smallest(fresh), by, smallest(beyond), control)
    why = f"With {_called(reading)}, fresh FGSM {fresh[0].mean:+.3f}, fresh PGD {fresh[1].mean:+.3f}; scaling alone "
    why += f"{alone['fresh FGSM'].mean:+.3f} and {alone['fresh PGD'].mean:+.3f}."
    return Answer(id, paper, sound, readings=readings, smaller=smaller(id, key), why=why)


def _in_the_papers_case(grid: Grid) -> str:
    """What the best reading of the filter gains by Eq. 2 in the case of Fig. 3, or the nearest; empty if none acts."""
    key = grid.nearest(grid.experiment.digit_set or "cifar10")
    tried = [
        (name, unit, filter_gains(grid[key], name, key.dataset))
        for name in FILTERS
        if acts(grid[key], name)
        for unit in UNITS
    ]
    if not tried:
        return ""
    name, unit, gains = max(tried, key=lambda one: one[2][f"Eq. 2, eps in {one[1]}"].mean)
    printed = "" if acts(grid[key], PRINTED) else "the printed filter changes nothing, and "
    return (
        f"; in {grid.title(key)} {printed}{_called(name)} gains {gains[f'Eq. 2, eps in {unit}'].mean:+.3f} by Eq. 2, "
        f"eps in {unit}, and {gains['fresh FGSM'].mean:+.3f} under fresh FGSM"
    )


def _eps(eps: float, key: Key) -> str:
    """An eps in words, which say whether it is the printed one."""
    printed = PRINTED_EPS[key.dataset]
    return f"the printed eps {eps:.3g}" if eps == printed else f"eps {eps:.3g}, nearest to the printed {printed:.3g}"


def filter_helps_young_more(grid: Grid) -> Answer:
    """What the filter gains at the first age minus what it gains at the last, by Eq. 2; soundly, under fresh PGD."""
    id, (key, ages) = "filtered.helps_young_more", grid.figure_2
    if missing := lacking_ages(id, key, ages):
        return missing
    reading = next((one for one in FILTERS if acts(ages[0], one) and acts(ages[-1], one)), None)
    if reading is None:
        return not_run(id, INERT)
    end, robustness = key._replace(age=grid.experiment.stages[-1]), ages[0][0].robustness
    _, eps = judged_at(robustness, key.dataset)
    gained = [[_gained(one.robustness, reading, eps) for one in age] for age in (ages[0], ages[-1])]
    paper, sound = (difference(*([each[at] for each in age] for age in gained), shares=True) for at in (0, 1))
    first, _, last = grid.experiment.stages
    by = f"{_called(reading)}, gain at epoch {first} minus that at {last}, {KNOWN}"
    means = [[float(np.mean([each[at] for each in age])) for age in gained] for at in (0, 1)]
    why = f"With {_called(reading)}, gains are {means[0][0]:+.3f} and {means[0][1]:+.3f} by Eq. 2, {means[1][0]:+.3f} "
    why += f"and {means[1][1]:+.3f} under PGD, at epochs {first} and {last}."
    return Answer(
        id,
        Finding(paper, told(f"{by}, Eq. 2", len(robustness.normalised), grid, end)),
        Finding(sound, told(f"{by}, fresh PGD at {_eps(eps, key)}", robustness.pgd_correct.shape[-1], grid, end)),
        smaller=smaller(id, key, last),
        why=why,
    )


def _gained(robustness: Robustness, reading: str, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """Filtered minus original for each image: the probability of Eq. 2 in pixels, and being right under fresh PGD."""
    rows = robustness.row[reading], robustness.row["original"]
    probability = robustness.probability.values
    right = [robustness.pgd(who, eps).astype(float) for who in (reading, "original")]
    return probability[rows[0], 0] - probability[rows[1], 0], right[0] - right[1]


def _called(reading: str) -> str:
    return "the printed filter" if reading == PRINTED else f"the filter “{reading}”"
