"""The answers about which kernels are fragile, by dropping one after another."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from lib.chapters.fragile_neurons.answers.common import (
    MORE,
    SAMPLE,
    every_other,
    lacking,
    lacking_ages,
    samples,
    smaller,
    told,
    told_anew,
)
from lib.chapters.fragile_neurons.experiment import NETWORKS, Key
from lib.chapters.fragile_neurons.grid import Grid, network_on
from lib.chapters.fragile_neurons.quantities import by_chance, fragile_sets, gap, stable, whole_set
from lib.chapters.fragile_neurons.resampled import as_share, dropping, every, resampled
from lib.chapters.fragile_neurons.resampled import fragile_share as share_of_kernels
from lib.ledger.answers import Answer, Finding, not_run
from lib.measure.intervals import Measured, difference, over_networks
from lib.measure.multiple import smallest
from lib.models.resnets import RESNETS

SHARES_AT = {"mnist": (0, 10), "cifar10": (1, 50)}
"""Which of the three ages the paper's shares are of, counted from 0, and how many epochs that is."""


def fragile_share(grid: Grid, dataset: str) -> Answer:
    """The share of kernels in S: by all images of the sample, else by every other image of a cell.

    It is the same S that `targeting.targeted_share` is about.
    """
    stage, age = SHARES_AT[dataset]
    id = f"{dataset}.resnet50.{age}.fragile_share"
    if missing := lacking(grid, id, dataset):
        return missing
    key = grid.shown_for(dataset, stage)
    shares = _shares(grid, key)
    if sampled := grid.sampled(key):
        value = shares["all images"]
        by = told("S by all images, of 64 kernels", len(sampled[0].intact), grid, key, len(sampled), which=SAMPLE)
    else:
        value, n = shares.pop("one half"), len(grid[key][0].dropout.intact)
        by = told("S by every other image, of 64 kernels", (n + 1) // 2, grid, key, which=every_other(grid))
    finding = Finding(value, by)
    others = " and ".join(f"from {name} it is {one.mean:.2f}" for name, one in shares.items() if one is not value)
    why = f"The share follows from the drops' shape alone. With S {others}."
    return Answer(id, finding, experiment=grid.title(key), smaller=smaller(id, key), why=why)


def _shares(grid: Grid, key: Key) -> dict[str, Measured]:
    """The share of kernels in S by all images, and by each half of them.

    The images are those of the sample where it is there, with S drawn anew for all of them. Else they are those of the
    cell, which has no interval for one network.
    """
    if found := samples(grid, key):
        n = len(found[0].record.intact)
        sets = [[one.fragile(every(n, half, 2)) for one in found] for half in (0, 1)]
        whole = as_share(resampled(found, share_of_kernels, every(n))[0])
    else:
        sets = list(zip(*map(fragile_sets, grid[key]), strict=True))
        whole = _share_of(map(whole_set, grid[key]))
    return {"all images": whole, "one half": _share_of(sets[0]), "the other half": _share_of(sets[1])}


def _share_of(sets: Iterable[np.ndarray]) -> Measured:
    """The share of kernels in sets, one set for each network."""
    return over_networks([float(one.mean()) for one in sets], scale="logit")


def dropping_hurts(grid: Grid) -> Answer:
    """Accuracy without a null kernel minus that without a fragile one: on the images of S; soundly, on other images."""
    id, key = "fragile.dropping_hurts", grid.main
    (same, beyond_same), (other, beyond) = gaps(grid, key)
    control, cell = "as many kernels of largest norm", every_other(grid)
    by = told_anew("the images that S is from", same.images, grid, key, cell)
    paper = Finding(same, by, beyond_same, control)
    by = told_anew("images that S is not from", other.images, grid, key, cell)
    sound = Finding(other, by, beyond, control)
    why = f"On the images of S the gap is {same.mean:.4f}, above 0 by construction; on others {other.mean:.4f}, "
    why += f"{beyond.mean:+.4f} beyond kernels of large norm."
    return Answer(id, paper, sound, smaller=smaller(id, key), why=why)


def gaps(grid: Grid, key: Key) -> tuple[tuple[Measured, Measured], tuple[Measured, Measured]]:
    """The gap on the images that S is from, and that on others: each plain, and beyond as many kernels of largest norm.

    The gap is accuracy without a null kernel minus that without a fragile one. S is drawn anew where the sample is
    there, else taken as known.
    """
    if found := samples(grid, key):
        n = len(found[0].record.intact)
        same = resampled(found, dropping, every(n))
        return tuple(same), tuple(resampled(found, dropping, every(n, 0, 2), every(n, 1, 2)))
    return gap(grid[key], 0), gap(grid[key], 1)


def depth_grows_fragile_count(grid: Grid) -> Answer:
    """How many more kernels are fragile at all ages in a deeper network; soundly, beyond chance."""
    id = "depth.grows_fragile_count"
    if missing := lacking(grid, id, "cifar10"):
        return missing
    there = [name for name in RESNETS if grid.has_all_ages("cifar10", name)]
    steps = [pair for pair in pairwise(RESNETS) if set(pair) <= set(there)]
    if not steps:
        return not_run(id, f"{len(there)} of its 3 networks are here at all ages; {MORE} makes the rest.")
    through = {name: grid.through_ages("cifar10", name) for name in there}
    counts = {name: [float(stable(ages).sum()) for ages in one] for name, one in through.items()}
    lots = {name: [by_chance(ages) for ages in one] for name, one in through.items()}
    beyond = {name: np.subtract(counts[name], lots[name]).tolist() for name in there}
    least, sound = (smallest([_step(of, *pair) for pair in steps]) for of in (counts, beyond))
    key = Key("cifar10", there[-1], grid.experiment.stages[-1])
    by = f"kernels in S at all three ages, {' to '.join(NETWORKS[name] for name in there)}"
    images = len(grid[key][0].dropout.intact)
    listed = ", ".join(
        f"{NETWORKS[name]} {np.mean(counts[name]):.0f} (by chance {np.mean(lots[name]):.1f})" for name in there
    )
    why = f"{listed}; networks of each kind: {len(through[there[0]])}."
    return Answer(
        id,
        Finding(least, told(by, images, grid, key)),
        Finding(sound, told(f"{by}, minus what chance gives", images, grid, key)),
        smaller=smaller(id, key),
        why=why,
    )


def _step(counts: dict[str, list[float]], before: str, after: str) -> Measured:
    """The rise from one kind of network to another, seed by seed."""
    return over_networks([b - a for a, b in zip(counts[before], counts[after], strict=False)])


def kernel_curve(grid: Grid, dataset: str) -> Answer:
    """The smaller of the two steps, from age to age, of the mean accuracy over dropped kernels.

    CIFAR-10: up and up again; the control is the rise of the whole network. MNIST: up, then down; soundly, over several
    networks of ResNet-18.
    """
    id = {"cifar10": "kernel_curve.cifar10_rises", "mnist": "kernel_curve.mnist_peaks"}[dataset]
    if missing := lacking(grid, id, dataset):
        return missing
    key, ages = grid.through_all(grid.asked(dataset))
    if missing := lacking_ages(id, key, ages):
        return missing
    means = [[one.dropout.rightly / 64 for one in age] for age in ages]
    last, images = key._replace(age=grid.experiment.stages[-1]), len(means[0][0])
    listed = ", ".join(f"{np.mean(one):.4f}" for one in means)
    by = told("mean over dropped kernels", images, grid, last)
    if dataset == "cifar10":
        beyond = [[one.dropout.rightly / 64 - one.dropout.intact for one in age] for age in ages]
        control = "the whole network, none dropped"
        paper = sound = Finding(_two_steps(means, peak=False), by, _two_steps(beyond, peak=False), control)
    else:
        paper, sound = Finding(_two_steps(means, peak=True), by), _over_resnet18(grid, grid.asked(dataset))
    epochs = ", ".join(map(str, grid.experiment.stages))
    why = f"The mean over kernels is {listed} at epochs {epochs} ({network_on(key)})."
    why += "" if sound else " Soundly it takes samples of two networks."
    return Answer(id, paper, sound, smaller=smaller(id, key, last.age), why=why)


def _two_steps(stages: list, *, peak: bool) -> Measured:
    """The smaller step of three stages, each with an array (N,) for each network: up and up again, or up and down."""
    first, second, third = stages
    pairs = (second, first), ((second, third) if peak else (third, second))
    return smallest([difference(*pair, shares=True) for pair in pairs])


def _over_resnet18(grid: Grid, dataset: str) -> Finding | None:
    """Over the networks of ResNet-18 whose sample is there at all ages; None where there are fewer than two."""
    keys = [Key(dataset, "resnet18", age) for age in grid.experiment.stages]
    ages = [grid.samples.get(key, {}) for key in keys]
    seeds = [seed for seed in ages[0] if all(seed in one for one in ages)]
    if len(seeds) < 2:
        return None
    means = [[one[seed].without.mean(0) for seed in seeds] for one in ages]
    by = told("mean over dropped kernels", len(means[0][0]), grid, keys[-1], len(seeds), which=SAMPLE)
    return Finding(_two_steps(means, peak=True), by)
