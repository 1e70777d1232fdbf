"""The answers about what the attack moves: Algorithm 1, its theorem, and its controls."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from lib.chapters.fragile_neurons.answers.common import (
    KNOWN,
    SAMPLE,
    below_grey,
    claim,
    every_other,
    lacking,
    lacking_ages,
    of_cells,
    samples,
    smaller,
    told,
    told_anew,
)
from lib.chapters.fragile_neurons.answers.kernels import SHARES_AT
from lib.chapters.fragile_neurons.experiment import Key
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.kernels import LEVELS
from lib.chapters.fragile_neurons.quantities import controls, fragile_sets, unclipped_share
from lib.chapters.fragile_neurons.record import MOVES, CellRecord
from lib.chapters.fragile_neurons.resampled import Sample, as_share, beaten, every, plainly, resampled, scale_free
from lib.chapters.fragile_neurons.sampled import CONVOLUTION, FGSM_FREE
from lib.chapters.fragile_neurons.subject import PRINTED_EPS
from lib.chapters.fragile_neurons.targeting import mean_distance
from lib.ledger.answers import Answer, Finding, Readings
from lib.ledger.words import is_above_zero, within_tolerance
from lib.measure.intervals import Measured, difference, exact, rate
from lib.measure.multiple import smallest
from lib.show.counting import counted

NOT_BETWEEN = "the distance between the original and the filtered layer was not measured"

PERCENTILE = "the 95th percentile of 200 random sets of the same size"


def targeted_share(grid: Grid, dataset: str) -> Answer:
    """The share of images that move S more, not clipped, as in Eq. 1; all else that the words allow is a reading."""
    stage, age = SHARES_AT[dataset]
    id = f"{dataset}.resnet50.{age}.targeted_share"
    if missing := lacking(grid, id, dataset):
        return missing
    key = grid.shown_for(dataset, stage)
    records, rule, sampled = grid[key], claim(id), grid.sampled(key)
    (value, _), _ = moved_beside_lot(grid, key)
    shares = readings_of(grid, key)
    kernels = claim(f"{dataset}.resnet50.{age}.fragile_share")
    sizes = _sizes_of_s(grid, key, shares)
    giving = [
        name
        for name, share in shares.items()
        if within_tolerance(rule, share) and within_tolerance(kernels, sizes[name])
    ]
    by = "FGSM not clipped, at the printed eps, "
    by += "S by all images and drawn anew with them" if sampled else f"S by every other image, {KNOWN}"
    which = SAMPLE if sampled else of_cells(grid)
    finding = Finding(value, told(by, value.images, grid, key, len(sampled or records), which=which))
    spread = controls(records, "FGSM")
    why = f"Such a share is near 0 or 1 for most sets: random ones of this size give {spread.low:.2f} to "
    why += f"{spread.high:.2f}, clipped."
    listed = "; ".join(f"“{one}”, S having {sizes[one]:.2f} of the kernels" for one in giving) or "none"
    readings = Readings(len(shares), len(giving), listed if between_layers(grid, key) else f"{listed}; {NOT_BETWEEN}")
    return Answer(id, finding, readings=readings, experiment=grid.title(key), smaller=smaller(id, key), why=why)


def printed_at(records: Sequence[CellRecord], dataset: str) -> int:
    """The index of a data set's printed eps among those of its records."""
    return records[0].targeting.eps.index(PRINTED_EPS[dataset])


def cells_of_89(grid: Grid) -> list[Key]:
    """The cells that stand for those whose share the paper prints: on MNIST and on CIFAR-10."""
    return [grid.shown_for(name, stage) for name, (stage, _) in SHARES_AT.items() if grid.asked(name)]


def readings_of(grid: Grid, key: Key) -> dict[str, float]:
    """The share in each way that the words allow: where maps are read, clipped or not, and between two layers."""
    records, found, shares = grid[key], grid.sampled(key), {}
    at = printed_at(records, key.dataset)
    for level in LEVELS:
        shares[f"not clipped, after {level}"] = unclipped_share(records, level, at).mean
        shares[f"clipped, after {level}"] = controls(records, "FGSM", level).s
    shares |= between_layers(grid, key)
    if found:
        shares[f"not clipped, after {CONVOLUTION}"] = moved_beside_lot(grid, key)[0][0].mean  # S by all images
    return shares


def _sizes_of_s(grid: Grid, key: Key, names: Iterable[str]) -> dict[str, float]:
    """The share of kernels in the S of each of `readings_of`: not all take S from the same images."""
    found = samples(grid, key)
    half = float(np.mean([fragile_sets(one)[0].mean() for one in grid[key]]))
    if not found:
        return dict.fromkeys(names, half)
    n = len(found[0].record.intact)
    whole, of_sample = (float(np.mean([one.fragile(every(n, 0, step)).mean() for one in found])) for step in (1, 2))
    between = dict.fromkeys(between_layers(grid, key), of_sample)
    return dict.fromkeys(names, half) | between | {f"not clipped, after {CONVOLUTION}": whole}


def between_layers(grid: Grid, key: Key) -> dict[str, float]:
    """The share of images on which filtering moves S farther than S' from the original layer's output.

    By each filter that changes something, on clean and on attacked images; empty where there is no sample.
    """
    found, shares = grid.sampled(key), {}
    for name in found[0].layers if found else ():
        layers = [one.layers[name] for one in found]
        if all(one.changed for one in layers):
            for row, images in enumerate(("clean", "attacked")):
                reading = f"between original and filtered layer ({name}), {images}"
                shares[reading] = float(np.mean([one.beside[row].mean() for one in layers]))
    return shares


def fragile_moved_more(grid: Grid) -> Answer:
    """The share of images whose fragile kernels move more, minus one half, with random sets as the control.

    It is taken as printed; soundly, relative to random signs, with S from other images.
    """
    id, key = "fragile.moved_more", grid.main
    (plain, over_plain), (free, over_free) = moved_beside_lot(grid, key)
    by = told_anew("FGSM not clipped", plain.images, grid, key, of_cells(grid))
    control = PERCENTILE if grid.sampled(key) else f"{PERCENTILE}, both clipped: no others were measured"
    paper = Finding(plain.shifted(0.5), by, over_plain, control)
    by = "FGSM clipped, relative to random signs, S from other images"
    by = told_anew(by, free.images, grid, key, every_other(grid))
    high, beyond = controls(grid[key], "FGSM").as_high, sum(is_above_zero(lead) for lead in leads(grid))
    why = f"{high:.0%} of random sets have as high a share as S; relative to random signs S exceeds 95% of "
    why += f"them in {beyond} of {counted(len(grid), 'case')}."
    return Answer(id, paper, Finding(free.shifted(0.5), by, over_free, PERCENTILE), smaller=smaller(id, key), why=why)


def leads(grid: Grid) -> list[Measured]:
    """By how much S lies beyond 95% of random sets relative to random signs, in each cell."""
    return [moved_beside_lot(grid, key)[1][1] for key in grid]


@lru_cache(maxsize=64)  # a page asks for it in its answers, tables and sentences
def moved_beside_lot(grid: Grid, key: Key) -> tuple[tuple[Measured, Measured], tuple[Measured, Measured]]:
    """The share of images that move S more, and by how much it exceeds that of 95% of random sets of the same size.

    First plainly, not clipped; then relative to random signs, with S from other images. S is drawn anew where the
    sample is there, else taken as known.
    """
    records = grid[key]
    if found := samples(grid, key):
        n, images = len(found[0].record.intact), every(len(found[0].moved[FGSM_FREE]))
        plain, over_plain = resampled(found, plainly, every(n), images)
        free, over_free = resampled(found, scale_free, every(n, 0, 2), images)
        return (as_share(plain), over_plain), (as_share(free), over_free)
    plain = unclipped_share(records, CONVOLUTION, printed_at(records, key.dataset))
    clipped = rate([one.targeting.printed for one in records])  # as the random sets are
    free = rate([one.targeting.printed_relative[1::2] for one in records])
    over_plain, over_free = (
        one.shifted(_beaten(records, move)) for one, move in ((clipped, "FGSM"), (free, "FGSM over random signs"))
    )
    return (plain, over_plain), (free, over_free)


def _beaten(records: Sequence[CellRecord], move: str) -> float:
    """The share that S has to beat in a cell, clipped, on the maps of the convolution; `move` is one of `MOVES`."""
    random = [one.targeting.controls.random[MOVES.index(move), LEVELS.index(CONVOLUTION)] for one in records]
    return float(beaten(np.array(random)).mean())


def targeting_grows_with_eps(grid: Grid) -> Answer:
    """The share's rise with eps: without clipping 0, by a theorem; clipped, that from the smallest eps to below 0.5."""
    id, (key, grown) = "targeting.grows_with_eps", grid.figure_2
    found, age = [one.targeting for one in grown[-1]], _last_age(grid, key, grown)
    eps = found[0].eps
    under = below_grey(eps)[-1]
    clipped = difference(*([one.hits["original"][at] for one in found] for at in (under, 0)))
    free = [float(found[0].unclipped[0][at]) for at in (0, -1)]
    theorem = "A convolution without bias and a step that is not clipped move each map in proportion to eps, so which "
    theorem += "set moves more is the same at every eps."
    last = key._replace(age=age)
    by = f"FGSM, clipped, eps {eps[under]:.3g} minus {eps[0]:.3g}, {KNOWN}"
    why = f"Not clipped the share is {free[0]:.3f} at the smallest eps and {free[1]:.3f} at the largest; clipped it "
    why += f"changes by {clipped.mean:+.3f} up to eps {eps[under]:.2g}."
    return Answer(
        id,
        Finding(exact(0.0), "Eq. 1, which does not clip: a theorem"),
        Finding(clipped, told(by, len(found[0].printed), grid, last)),
        theorem=theorem,
        smaller=smaller(id, last),
        why=why,
    )


def _last_age(grid: Grid, key: Key, grown: Sequence) -> int:
    return grid.experiment.stages[-1] if len(grown) == 3 else max(one.age for one in grid.ages_of(key))


def training_evens_targeting(grid: Grid) -> Answer:
    """How much nearer to one half the share is at the last age than at the first.

    It is taken without clipping, as in Eq. 1, and is then the same at every eps; soundly, clipped and relative to
    random signs, at the smallest eps. Without clipping, a cell keeps how many images move S more, not which. So images
    are paired over ages in the worst possible way, and the interval is wider than it need be.
    """
    id, (key, grown) = "training.evens_targeting", grid.figure_2
    if missing := lacking_ages(id, key, grown):
        return missing
    ends, at = (grown[0], grown[-1]), printed_at(grown[0], key.dataset)
    young, old = ([np.sort(_from_half(_unclipped_hits(one, at))) for one in age] for age in ends)
    paper = difference(young, [one[::-1] for one in old], shares=True)
    young, old = ([_from_half(one.targeting.hits["relative"][0]) for one in age] for age in ends)
    sound = difference(young, old, shares=True)
    levels = [unclipped_share(age, CONVOLUTION, at).mean for age in ends]
    first, _, last = grid.experiment.stages
    end, n = key._replace(age=last), len(grown[0][0].targeting.printed)
    free = f"FGSM not clipped, the same at every eps, epoch {first} minus {last}, {KNOWN}"
    by = f"FGSM clipped, eps {grown[0][0].targeting.eps[0]:.2g}, epoch {first} minus {last}, {KNOWN}"
    why = f"Not clipped the share goes from {levels[0]:.3f} at epoch {first} to {levels[-1]:.3f} at {last}; one half "
    why += "is even."
    return Answer(
        id,
        Finding(paper, told(free, n, grid, end)),
        Finding(sound, told(f"{by}, relative to random signs", n, grid, end)),
        smaller=smaller(id, key, last),
        why=why,
    )


def _unclipped_hits(record: CellRecord, at: int) -> np.ndarray:
    """True for as many images (N,) as move S more without clipping; which images do was not kept."""
    n = len(record.targeting.printed)
    return np.arange(n) < round(record.targeting.unclipped[LEVELS.index(CONVOLUTION), at] * n)


def _from_half(hits: np.ndarray) -> np.ndarray:
    """Each image's part (N,) of how far the share of hits lies from one half."""
    return np.sign(hits.mean() - 0.5) * (hits - 0.5)


def magnitude_grows_with_eps(grid: Grid) -> Answer:
    """The smallest step of S_f from one eps to the next, with that of random signs as the control.

    It is taken on the sample without clipping, as in Eq. 1; soundly, clipped. Without the sample, only clipped
    distances were kept: they then stand for the paper's way, and there is no sound finding.
    """
    id, key = "magnitude.grows_with_eps", grid.main
    control, sound = "random signs of the same size: S_f relative to theirs", None
    theorem = exact(0.0), f"{control}, not clipped: a theorem"
    if found := grid.sampled(key):
        free = [_free_steps(one, PRINTED_EPS[key.dataset]) for one in samples(grid, key)]
        by = f"FGSM not clipped, the smallest step of {len(found[0].eps)} eps, {KNOWN}"
        by = told(by, len(free[0][0]), grid, key, len(found), which=SAMPLE)
        paper = Finding(_smallest_step(list(zip(*free, strict=True))), by, *theorem)
        mine, lot = (np.array([one.magnitude[row].astype(float) for one in found]) for row in (0, 1))
        ratio = mine / np.maximum(lot.mean(-1, keepdims=True), 1e-9)
        over = _smallest_step(ratio.swapaxes(0, 1))
        step = _smallest_step(mine.swapaxes(0, 1))
        by = f"FGSM clipped, the smallest step of {mine.shape[1]} eps, {KNOWN}"
        by = told(by, mine.shape[-1], grid, key, len(found), which=SAMPLE)
        sound = Finding(step, by, over, control)
        why = "Not clipped, S_f grows as eps does under any step; clipped, relative to random signs, it changes by "
        why += f"{over.mean:+.3f} at its worst step."
    else:
        moved, eps = [one.targeting.moved.values for one in grid[key]], grid[key][0].targeting.eps
        by = told(f"FGSM clipped, the smallest step of {len(eps)} eps, {KNOWN}", len(moved[0][0]), grid, key)
        paper = Finding(_smallest_step([[one[at] for one in moved] for at in range(len(eps))]), by, *theorem)
        why = "Only clipped distances were kept. Not clipped, S_f grows as eps does under any step, random signs too: "
        why += "relative to theirs it stays."
    return Answer(id, paper, sound, smaller=smaller(id, key), why=why)


def _free_steps(sample: Sample, printed: float) -> np.ndarray:
    """S_f without clipping at each eps (eps, n), to which it is proportional, with S from all images."""
    d = sample.moved[FGSM_FREE]
    moved = mean_distance(d, sample.fragile(every(len(sample.record.intact))))
    return np.outer(sample.record.eps, moved / printed)


def _smallest_step(stages: Sequence[Sequence[np.ndarray]]) -> Measured:
    """The smallest step from one stage to the next; each stage has one array over images for each network."""
    return smallest([difference(b, a) for a, b in pairwise(stages)])
