"""What this chapter answers to the claims of the paper, each from records alone.

Where the paper names a data set, `dataset` is its own, `mnist` or `cifar10`; other digits stand in for MNIST.
"""

from collections.abc import Mapping
from itertools import product

import numpy as np

from lib.chapters.fragile_neurons import csg as spectral
from lib.chapters.fragile_neurons.csg import CsgRecord
from lib.chapters.fragile_neurons.experiment import CHAPTER, DATASETS, NETWORKS, Key
from lib.chapters.fragile_neurons.frames import FILTERS
from lib.chapters.fragile_neurons.grid import PAPER_AGES, Grid, network_on
from lib.chapters.fragile_neurons.kernels import LEVELS
from lib.chapters.fragile_neurons.quantities import (
    accuracy_over_eps,
    by_chance,
    controls,
    cost_difference,
    cost_eps,
    filter_gains,
    fragile_sets,
    rise_or_peak,
    smallest_count_rise,
    smallest_rise,
    stable,
    targeting_gain,
    unclipped_share,
)
from lib.chapters.fragile_neurons.subject import PRINTED_EPS, UNITS
from lib.chapters.fragile_neurons.svd_filter import PRINTED, SOURCE
from lib.ledger.answers import Answer, not_run
from lib.ledger.claims import paper
from lib.measure.intervals import Measured, difference, over_networks, rate
from lib.models.resnets import RESNETS, STATISTICS

KINDS = ("original", "relative")
"""Shares of images as the paper has them, and in units of random signs."""


# Levels


def clean_accuracy(grid: Grid, dataset: str) -> Answer:
    """Accuracy of ResNet-50 on all test images."""
    id = f"{dataset}.resnet50.clean_accuracy"
    if lacking := _lacking(grid, id, dataset):
        return lacking
    key, own = grid.shown_for(dataset, 2)
    value = rate([one.clean for one in grid[key]])
    why = f"{value:.4f} ({grid.told(key)}), against {_claimed(id)}."
    return Answer(id, value, why, value, comparable=own)


def fgsm_accuracy(grid: Grid, dataset: str) -> Answer:
    """Accuracy under FGSM at the printed eps, in the unit that comes nearer; soundly PGD at its eps nearest to that."""
    printed = PRINTED_EPS[dataset]
    id = f"{dataset}.resnet50.fgsm_{printed}_accuracy"
    if lacking := _lacking(grid, id, dataset):
        return lacking
    key, own = grid.shown_for(dataset, 2)
    robustness, claimed = [one.robustness for one in grid[key]], _claimed(id)
    in_pixels = printed, printed * np.mean(STATISTICS[key.dataset][1])
    found = rate([one.fgsm("original", printed) for one in robustness]), rate([one.normalised for one in robustness])
    near = min((0, 1), key=lambda i: abs(found[i].mean - claimed))
    strong_eps = min(robustness[0].pgd_eps, key=lambda eps: abs(eps - in_pixels[near]))
    strong = rate([one.pgd("original", strong_eps) for one in robustness])
    why = f"With eps {printed} in {UNITS[0]} {found[0]:.3f}, in {UNITS[1]} {found[1]:.3f}, against "
    why += f"{claimed}: {UNITS[near]} come nearer and answer; {strong:.3f} under PGD at "
    why += f"{strong_eps:g} in pixels, its nearest eps to that ({grid.told(key)})."
    return Answer(id, found[near], why, strong, comparable=own, fitted=True)


def csg(gradients: Mapping[tuple[str, str], CsgRecord], grid: Grid, dataset: str) -> Answer:
    """The cumulative spectral gradient of a data set."""
    id = f"csg.{dataset}"
    if lacking := _lacking(grid, id, dataset):
        return lacking
    own, n = grid.asked(dataset), grid.experiment.csg_images
    value, plain = (over_networks(spectral.gradients(gradients[own, "tsne"], way)) for way in spectral.WAYS)
    pixels = over_networks(spectral.gradients(gradients[own, "pixels"], spectral.ALIKE))
    why = f"{value:.2f} by t-SNE of {n:,} images of {DATASETS[own]} ({plain:.2f} with each point alike, "
    why += f"{pixels:.2f} by pixels), against {_claimed(id):g}. It "
    why += "depends on how many images are taken; the paper says neither how many it took nor how they were embedded."
    return Answer(id, value, why, value, comparable=False)


def fragile_share(grid: Grid, dataset: str) -> Answer:
    """The share of kernels in S; soundly, in S by both halves of the images."""
    stage = _stage_of_shares(dataset)
    id = f"{dataset}.resnet50.{PAPER_AGES[stage]}.fragile_share"
    if lacking := _lacking(grid, id, dataset):
        return lacking
    key, own = grid.shown_for(dataset, stage)
    both = [fragile_sets(one) for one in grid[key]]
    value = over_networks([one.mean() for one, _ in both])
    twice = over_networks([(one & other).mean() for one, other in both])
    why = f"{value:.3f} of 64 kernels, {twice:.3f} on both halves of the images ({grid.told(key)}), against 0.37"
    why += "." if len(both) > 1 else "; one network gives no interval."
    return Answer(id, value, why, twice, comparable=own)


def targeted_share(grid: Grid, dataset: str) -> Answer:
    """The share of images that move S more, not clipped; soundly, clipped and in units of random signs."""
    stage = _stage_of_shares(dataset)
    id = f"{dataset}.resnet50.{PAPER_AGES[stage]}.targeted_share"
    if lacking := _lacking(grid, id, dataset):
        return lacking
    key, own = grid.shown_for(dataset, stage)
    records, claim = grid[key], paper(CHAPTER).claims[id]
    at = records[0].targeting.eps.index(PRINTED_EPS[key.dataset])
    free = {level: unclipped_share(records, level, at) for level in LEVELS}
    cut = {level: controls(records, "FGSM", level) for level in LEVELS}
    relative = rate([one.targeting.printed_relative for one in records])
    shares = [*(one.mean for one in free.values()), *(one.s for one in cut.values())]
    within = sum(abs(one - claim.value) <= claim.tolerance for one in shares)
    why = "Not clipped, as Eq. 1 has it, and clipped: "
    why += ", ".join(f"{free[level].mean:.3f} and {cut[level].s:.3f} after {level}" for level in LEVELS)
    why += f" ({within} of {len(shares)} within the tolerance); {relative:.3f} in units of random signs; random "
    why += f"splits: {cut['convolution'].mean:.2f} with a spread of {cut['convolution'].spread:.2f} ({grid.told(key)})."
    return Answer(id, free["convolution"], why, relative, comparable=own)


# Directions


def filter_lowers_targeting(grid: Grid) -> Answer:
    """By how much the filter lowers the share at the worst eps; soundly, the best of two readings and of all cells."""
    records, points = grid[grid.main], len(grid[grid.main][0].targeting.eps)
    lower: dict[tuple[Key, str], Measured] = {}
    for key, who in product(grid, (PRINTED, SOURCE)):
        each = [targeting_gain(grid[key], "original", who, at) for at in range(len(grid[key][0].targeting.eps))]
        lower[key, who] = min(each, key=_mean)
    changed = float(np.mean([one.filters.readings[PRINTED].changed for one in records]))
    by = {who: f"{0 - lower[grid.main, who].mean:+.3f}" for who in (PRINTED, SOURCE)}
    most = max(rate([one.targeting.hits["original"][at] for one in records]).mean for at in range(points))
    best = max(lower, key=lambda one: lower[one].mean)
    why = f"The original's share, clipped, is {most:.3f} at most. At the worst of {points} eps it changes by "
    why += f"{by[PRINTED]} as printed, which changes {changed:.0f} singular values; by {by[SOURCE]} "
    why += f"with the source's threshold ({grid.told(grid.main)}). The best of the two and of {len(grid)} cells, which "
    why += f"decides whether it stands, changes it by {0 - lower[best].mean:+.3f} ({grid.told(best[0])})."
    return Answer("filtered.lowers_targeting", lower[grid.main, PRINTED], why, lower[best])


def filter_raises_robustness(grid: Grid) -> Answer:
    """Eq. 2 as printed; soundly, the worse of fresh FGSM and PGD, by the best of three readings."""
    gains = {who: filter_gains(grid[grid.main], who) for who in FILTERS}
    fresh = [min((of["fresh FGSM"], of["fresh PGD"]), key=_mean) for of in gains.values()]
    raised = [gains[who][f"Eq. 2, eps in {unit}"] for who in FILTERS for unit in UNITS]
    why = "Eq. 2 with eps in pixels and in normalised units: {:+.4f} and {:+.4f} as printed, {:+.4f} and {:+.4f} with "
    why += (
        "the source's threshold, {:+.4f} and {:+.4f} with its rule for unknown noise. The worse of fresh FGSM and PGD: "
    )
    why = why.format(*(one.mean for one in raised)) + ", ".join(f"{one:+.3f}" for one in fresh)
    why += f" ({grid.told(grid.main)}). The best of the three decides whether it stands."
    return Answer("filtered.raises_robustness", raised[0], why, max(fresh, key=_mean))


def epochs_raise_accuracy(grid: Grid) -> Answer:
    """The smallest step in accuracy from age to age, over eps, under FGSM; soundly, under PGD."""
    id, (key, grown) = "epochs.raise_accuracy", grid.figure_2
    if len(grown) < 3:
        return not_run(id, f"This run has {_of_three(key, grown)}.")
    robustness, steps = grown[0][0].robustness, {}
    for way, every in {"fgsm": robustness.eps, "pgd": robustness.pgd_eps}.items():
        by_eps = [[[getattr(one.robustness, way)("original", eps) for one in age] for age in grown] for eps in every]
        steps[way] = min(zip(map(smallest_rise, by_eps), every, strict=True), key=lambda one: one[0].mean)
    (least, at), (sound, strong_at) = steps["fgsm"], steps["pgd"]
    why = f"The smallest step over eps and the ages {grid.experiment.ages}: {least:+.3f} under FGSM, at eps {at:g}, "
    why += f"and {sound:+.3f} under PGD, at {strong_at:g} ({network_on(key)})."
    return Answer(id, least, why, sound, comparable=grid.own_ages)


def targeting_grows_with_eps(grid: Grid) -> Answer:
    """The share at the largest less that at the smallest eps; soundly, in units of random signs and below one half."""
    key, grown = grid.figure_2
    found = [one.targeting for one in grown[-1]]
    eps, free = found[0].eps, found[0].unclipped[LEVELS.index("convolution")]
    ends = {who: difference(*([one.hits[who][at] for one in found] for at in (-1, 0))) for who in KINDS}
    # From one half on every image can be made the same grey, whatever the network.
    under = [at for at, one in enumerate(eps) if one < 0.5][-1]
    fell, sound = (difference(*([one.hits[who][at] for one in found] for at in (under, 0))) for who in KINDS)
    why = f"From the smallest to the largest eps the share changes by {ends['original']:+.3f}, in units of random "
    why += f"signs by {ends['relative']:+.3f} (up to eps {eps[under]:.3g}, by {fell:+.3f} and "
    why += f"{sound:+.3f}) and without clipping from {free[0]:.3f} to {free[-1]:.3f} ("
    why += f"{network_on(key)}, the oldest here)."
    return Answer("targeting.grows_with_eps", ends["original"], why, sound)


def training_evens_targeting(grid: Grid) -> Answer:
    """By how much nearer to one half the share is at the last age than at the first, at the smallest eps."""
    id, (key, grown) = "training.evens_targeting", grid.figure_2
    if len(grown) < 3:
        return not_run(id, f"This run has {_of_three(key, grown)}.")
    evened = {}
    for who in KINDS:
        shares = [[one.targeting.hits[who][0] for one in age] for age in (grown[0], grown[-1])]
        evened[who] = difference(*([np.sign(one.mean() - 0.5) * (one - 0.5) for one in age] for age in shares))
    levels = [rate([one.targeting.hits["original"][0] for one in age]).mean for age in grown]
    young, _, old = grid.experiment.stages
    why = f"Nearer to one half by {evened['original']:+.3f}, from a share of {levels[0]:.3f} at epoch {young} to "
    why += f"{levels[-1]:.3f} at {old}; in units of random signs by {evened['relative']:+.3f} ({network_on(key)})."
    return Answer(id, evened["original"], why, evened["relative"], comparable=grid.own_ages)


def magnitude_grows_with_eps(grid: Grid) -> Answer:
    """The smallest step of S_f from eps to eps."""
    moved, eps = [one.targeting.moved.values for one in grid[grid.main]], grid[grid.main][0].targeting.eps
    by_eps = [[one[at] for one in moved] for at in range(len(eps))]
    least = smallest_rise(by_eps)
    times = float(np.mean(by_eps[-1]) / np.mean(by_eps[0])), eps[-1] / eps[0]
    why = f"S_f grows {times[0]:.0f}-fold as eps grows {times[1]:.0f}-fold, under a linear map without clipping it "
    why += f"grows as eps does; its smallest step is {least:.4f} ({grid.told(grid.main)})."
    return Answer("magnitude.grows_with_eps", least, why, least)


def depth_grows_fragile_count(grid: Grid) -> Answer:
    """How many more kernels are fragile at all ages in the deeper network; soundly, beyond chance."""
    id, seeds = "depth.grows_fragile_count", grid.experiment.seeds
    if lacking := _lacking(grid, id, "cifar10"):
        return lacking
    there = sum(("cifar10", name, age) in grid for name in RESNETS for age in grid.experiment.stages)
    if there < 9:
        return not_run(id, f"{there} of the 9 cells of CIFAR-10 that it compares are in this run.")
    through = [grid.through_ages("cifar10", name) for name in RESNETS]
    counts = [[stable(ages).sum() for ages in one] for one in through]
    lots = [[by_chance(ages) for ages in one] for one in through]
    least, sound = map(smallest_count_rise, (counts, np.subtract(counts, lots)))
    many, lot = (np.mean(one, 1).round(1).tolist() for one in (counts, lots))
    return Answer(id, least, f"{many} kernels, by lot {lot}, over {seeds} seed(s).", sound, comparable=grid.own_ages)


def kernel_curve(grid: Grid, dataset: str) -> Answer:
    """Over the ages, the smaller step of the mean accuracy over dropped kernels; soundly, of clean accuracy."""
    id = {"cifar10": "kernel_curve.cifar10_rises", "mnist": "kernel_curve.mnist_peaks"}[dataset]
    if lacking := _lacking(grid, id, dataset):
        return lacking
    key, of = grid.through_all(grid.asked(dataset))
    where = network_on(key._replace(dataset=dataset))
    if len(of) < 3:
        return not_run(id, f"{_of_three(key._replace(dataset=dataset), of)} are in this run: {grid.have}.")
    means = [[one.dropout.rightly / 64 for one in age] for age in of]
    clean = [[one.clean for one in age] for age in of]
    least, sound = (rise_or_peak(one, peak=dataset == "mnist") for one in (means, clean))
    listed = ", ".join(f"{np.mean(one):.4f}" for one in means)
    why = f"The mean over kernels is {listed} at epochs {grid.experiment.ages}; by clean "
    why += f"accuracy on all test images the smaller of the two steps is {sound:+.4f} ({where})."
    return Answer(id, least, why, sound, comparable=grid.own_ages and key.dataset == dataset)


def cifar10_needs_smaller_eps(grid: Grid) -> Answer:
    """How much larger an eps costs 0.2 of accuracy on digits than on CIFAR-10, under FGSM; soundly, under PGD."""
    id, digits = "cifar10.needs_smaller_eps", grid.experiment.digit_set
    if lacking := _lacking(grid, id, "cifar10", "mnist"):
        return lacking
    alike = [key[1:] for key in grid if key.dataset == "cifar10" and (digits, *key[1:]) in grid]
    if not alike:
        return not_run(id, f"No network is in this run on both data sets: {grid.have}.")
    network, age = min(alike, key=lambda one: (one[0] != "resnet50", -one[1]))
    both = [grid[name, network, age] for name in (digits, "cifar10")]
    curves = {way: [accuracy_over_eps(one, way) for one in both] for way in ("fgsm", "pgd")}
    larger, sound = (cost_difference(*curves[way]) for way in ("fgsm", "pgd"))
    each = [np.mean([cost_eps(eps, one) for one in per_seed]) for eps, per_seed in curves["fgsm"]]
    why = f"0.2 of accuracy is lost at eps {each[0]:.3f} on {DATASETS[digits]}, at {each[1]:.4f} on CIFAR-10 (FGSM); "
    why += f"{NETWORKS[network]} at epoch {age} on both."
    return Answer(id, larger, why, sound)


# What several of them need


def _claimed(id: str) -> float:
    """The number that the paper prints."""
    return paper(CHAPTER).claims[id].value


def _lacking(grid: Grid, id: str, *datasets: str) -> Answer | None:
    """That a claim cannot be answered, where this run has not all of these data sets."""
    lacking = next((name for name in datasets if grid.asked(name) is None), None)
    return not_run(id, f"No {DATASETS[lacking]} in this run: {grid.have}.") if lacking else None


def _stage_of_shares(dataset: str) -> int:
    """Of which age the paper prints its shares: of the youngest on MNIST, of the middle one on CIFAR-10."""
    return {"mnist": 0, "cifar10": 1}[dataset]


def _of_three(key: Key, ages: list) -> str:
    return f"{len(ages)} of the 3 ages of {network_on(key)}"


def _mean(measured: Measured) -> float:
    return measured.mean
