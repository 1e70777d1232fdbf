"""What this run shows: one sentence for each table and figure of the chapter, from what was measured."""

from collections.abc import Mapping, Sequence

import numpy as np

from lib.chapters.fragile_neurons import csg
from lib.chapters.fragile_neurons.answers.defence import acts
from lib.chapters.fragile_neurons.answers.kernels import gaps
from lib.chapters.fragile_neurons.answers.targeting import correlation, moved_beside_lot, pairs, readings_of
from lib.chapters.fragile_neurons.autoencoder import AutoencoderRecord
from lib.chapters.fragile_neurons.csg import CsgRecord
from lib.chapters.fragile_neurons.experiment import DATASETS, Experiment
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.kernels import LEVELS, by_skewness
from lib.chapters.fragile_neurons.networks import RECIPES, RecipeRecord
from lib.chapters.fragile_neurons.quantities import by_chance, controls, filter_gains, halves, stable, whole_set
from lib.chapters.fragile_neurons.resampled import Sample, every
from lib.chapters.fragile_neurons.sampled import FGSM_CLIPPED
from lib.chapters.fragile_neurons.subject import PRINTED_EPS
from lib.chapters.fragile_neurons.svd_filter import FILTERS, PRINTED, READINGS, SOURCE
from lib.measure.intervals import Measured, rate


def counted(number: int, word: str) -> str:
    """A number with its noun: "no cell", "1 cell", "2 cells"."""
    return f"{number or 'no'} {word}{'s' if number > 1 else ''}"


def maps(grid: Grid) -> str:
    """For the picture of one image and its maps."""
    if not (found := grid.sampled(grid.main)):
        return "Here: the picture is missing, since the sample of test images was not measured for this network."
    sample = Sample(found[0])
    fragile = sample.fragile(every(len(found[0].intact)))
    moved = sample.moved[FGSM_CLIPPED].mean(0)
    return (
        f"Here: {int(fragile.sum())} of {len(fragile)} kernels are fragile. Under FGSM at eps "
        f"{PRINTED_EPS[grid.main.dataset]:g} their maps move by {moved[fragile].mean():.3g} in the mean over images, "
        f"those of null kernels by {moved[~fragile].mean():.3g} ({grid.title(grid.main)})."
    )


def accuracies(grid: Grid) -> str:
    """For the table of accuracies."""
    whole = len(grid.experiment.paper_grid())
    best = max(grid, key=lambda key: rate([one.clean for one in grid[key]]).mean)
    value = rate([one.clean for one in grid[best]]).mean
    return f"Here: {len(grid)} of {whole} cells are measured; the highest accuracy is {value:.4f} ({best})."


def printed_eps(grid: Grid) -> str:
    """For the table of both units."""
    rows = [
        (rate([one.robustness.fgsm("original", PRINTED_EPS[key.dataset]) for one in grid[key]]).mean,
         rate([one.robustness.normalised for one in grid[key]]).mean)
        for key in grid
    ]  # fmt: skip
    pixels, normalised = zip(*rows, strict=True)
    return (
        f"Here: eps in pixels leaves {min(pixels):.3f} to {max(pixels):.3f}, in normalised units "
        f"{min(normalised):.3f} to {max(normalised):.3f}."
    )


def recipes(records: Sequence[RecipeRecord]) -> str:
    """For the table of recipes."""
    found = dict(zip(RECIPES, (float(one.correct.mean()) for one in records), strict=False))
    best, worst = max(found, key=found.__getitem__), min(found, key=found.__getitem__)
    return f"Here: the recipes lie between {found[worst]:.3f} ({worst}) and {found[best]:.3f} ({best})."


def over_halves(grid: Grid) -> str:
    """For the table of the two halves of the images."""
    found = [halves(grid[key]) for key in grid]
    more = [one.agreement - one.expected for one in found]
    return (
        f"Here: the halves agree on {min(one.agreement for one in found):.2f} to "
        f"{max(one.agreement for one in found):.2f} of the kernels, {min(more):+.2f} to {max(more):+.2f} beside chance."
    )


def dropped(grid: Grid) -> str:
    """For the table of what a kernel is worth."""
    found = [gaps(grid, key) for key in grid]
    on_others, beyond_norm = zip(*(other for _, other in found), strict=True)
    sure, beyond = (sum(map(_above, ones)) for ones in (on_others, beyond_norm))
    least, most = min(one.mean for one in on_others), max(one.mean for one in on_others)
    return (
        f"Here: on other images a fragile kernel is worth {least:+.4f} to {most:+.4f} more than a null one, surely "
        f"more than 0 in {sure} of {counted(len(found), 'cell')}, and more than a kernel of large norm in {beyond}."
    )


def _above(measured: Measured) -> bool:
    return measured.low is not None and measured.low > 0


def skewness() -> str:
    """For the table of shapes."""
    shares = by_skewness()
    return f"Here: with no kernel special, between {min(shares.values()):.2f} and {max(shares.values()):.2f} lie below."


def whole_grid(grid: Grid) -> str:
    """For the figure of the whole grid."""
    sizes = [float(whole_set(one).mean()) for key in grid for one in grid[key]]
    return f"Here: by all images S holds {min(sizes):.0%} to {max(sizes):.0%} of the kernels; the paper prints 37 %."


def stable_kernels(grid: Grid) -> str:
    """For the table of kernels that are fragile at all ages."""
    kinds = {key[:2] for key in grid if grid.has_all_ages(*key[:2])}
    if not kinds:
        return "Here: no network was measured at all three ages."
    ages = [one for kind in sorted(kinds) for one in grid.through_ages(*kind)]
    many, lot = (np.mean([of(one) for one in ages]) for of in (lambda one: stable(one).sum(), by_chance))
    return f"Here: {many:.1f} kernels in the mean are fragile at all three ages, where chance gives {lot:.1f}."


def readings(grid: Grid) -> str:
    """For the table of the filter's readings."""
    found = grid[grid.main][0].filters.readings
    inert = [name for name in READINGS if not found[name].changed]
    printed = "inert: it changes no singular value" if PRINTED in inert else f"changes {found[PRINTED].changed} values"
    return f"Here: the printed filter {'is ' if PRINTED in inert else ''}{printed}; of {len(READINGS)} readings " + (
        f"{len(inert)} are inert."
    )


def search(grid: Grid) -> str:
    """For the figure of the search over noise levels."""
    found = grid[grid.main][0].filters.search
    best = max(float(one[:, -1].max()) for one in found.values())
    start = min(float(one[0, -1]) for one in found.values())
    return f"Here: attacked in normalised units, the search reaches {best:.3f}, from {start:.3f} at the smallest level."


def algorithm_1(grid: Grid) -> str:
    """For the table of Algorithm 1."""
    found = grid[grid.main][0].targeting
    free, cut = found.unclipped[0], found.clipped[0]
    return (
        f"Here: not clipped the share is {free.min():.3f} to {free.max():.3f} over eps, clipped {cut.min():.3f} to "
        f"{cut.max():.3f}, after the convolution."
    )


def over_eps(grid: Grid) -> str:
    """For the figure over eps."""
    key, grown = grid.figure_2
    ends = [rate([one.targeting.hits["relative"][at] for one in grown[-1]]).mean for at in (0, -1)]
    return (
        f"Here: in units of random signs the share of the oldest network goes from {ends[0]:.3f} at the smallest eps "
        f"to {ends[1]:.3f} at the largest ({key.kind})."
    )


def splits(grid: Grid) -> str:
    """For the figure of random splits."""
    found = controls(grid[grid.main], "FGSM")
    return (
        f"Here: random sets of the size of S give shares from {found.low:.2f} to {found.high:.2f} (2.5 to 97.5 %), "
        f"S gives {found.s:.3f}, and {found.as_high:.0%} of the random sets come as high."
    )


def moved(grid: Grid) -> str:
    """For the table of S beside random sets."""
    over = [moved_beside_lot(grid, key)[1][1] for key in grid]
    return (
        f"Here: free of scale, S lies surely above 95 % of random sets in {sum(map(_above, over))} of "
        f"{counted(len(over), 'cell')}; the difference is {min(one.mean for one in over):+.3f} to "
        f"{max(one.mean for one in over):+.3f}."
    )


def with_controls(grid: Grid) -> str:
    """For the table of controls."""
    found = [controls(grid[key], "FGSM") for key in grid]
    largest, smallest = (float(np.mean([getattr(one, of) for one in found])) for of in ("largest", "smallest"))
    return (
        f"Here: under FGSM the kernels of largest norm are moved more for {largest:.2f} of the images in the mean over "
        f"cells, those of smallest norm for {smallest:.2f}."
    )


def controls_by_level(grid: Grid) -> str:
    """For the table by where maps are read."""
    found = {level: controls(grid[grid.main], "FGSM", level).s for level in LEVELS}
    return "Here: the plain share is " + ", ".join(f"{share:.3f} after {level}" for level, share in found.items()) + "."


def readings_of_89(grid: Grid) -> str:
    """For the table of readings of the paper's share."""
    found = readings_of(grid, grid.main)
    giving = [name for name, share in found.items() if 0.83 <= share <= 0.95]
    return f"Here: {len(giving)} of {len(found)} readings come within 0.06 of 0.89" + (
        f": {'; '.join(giving)}." if giving else "."
    )


def tracked(grid: Grid) -> str:
    """For the figure of accuracy beside share."""
    every_cell, _ = pairs(grid).values()
    found = correlation(every_cell)
    told = "too few for an interval" if found.low is None else f"95 % interval {found.low:+.2f} to {found.high:+.2f}"
    cells = f"{counted(len(every_cell), 'cell')} of {counted(found.networks, 'network')}"
    return f"Here: over {cells} the rank correlation is {found.mean:+.2f}, {told}."


def lowered(grid: Grid) -> str:
    """For the table of what the filter does to the share."""
    changes = [
        float(np.mean([one.layers[name].free.mean() - one.layers["original"].free.mean() for one in found]))
        for key in grid
        for name in FILTERS
        if (found := grid.sampled(key)) and all(one.layers[name].changed for one in found)
    ]
    if not changes:
        return "Here: nothing was measured in which a filter acts."
    return (
        f"Here: where a filter acts, it lowers the share in {sum(one < 0 for one in changes)} of {len(changes)} rows "
        f"and raises it in {sum(one > 0 for one in changes)}."
    )


def gains(grid: Grid) -> str:
    """For the table of gains."""
    acting = [(key, name) for key in grid for name in FILTERS if acts(grid[key], name)]
    found = [filter_gains(grid[key], name, key.dataset)["fresh PGD"] for key, name in acting]
    if not found:
        return "Here: every reading of the filter is inert."
    return (
        f"Here: under fresh PGD a filter that acts surely gains in {sum(map(_above, found))} of {len(found)} rows; its "
        f"gain is {min(one.mean for one in found):+.3f} to {max(one.mean for one in found):+.3f}."
    )


def robustness(grid: Grid) -> str:
    """For the figure of accuracy over eps."""
    one = grid[grid.main][0].robustness
    rates = [float(one.fgsm(who, one.eps[1]).mean()) for who in ("original", SOURCE)]
    return (
        f"Here: at eps {one.eps[1]:.3g} fresh FGSM leaves the original {rates[0]:.3f} and the network filtered by the "
        f"source's rule {rates[1]:.3f} ({grid.title(grid.main)})."
    )


def batch_norm(grid: Grid) -> str:
    """For the table of batch norm."""
    found = [record.batch_norm for key in grid for record in grid[key]]
    frozen, anew = (float(np.mean([getattr(one, of) for one in found])) for of in ("frozen", "reestimated"))
    return f"Here: a logit changes by {frozen:.3g} with batch norm as it is, by {anew:.3g} with it estimated anew."


def gradients(
    found: Mapping[tuple[str, str], CsgRecord],
    embedded: Mapping[str, Sequence[AutoencoderRecord]],
    experiment: Experiment,
) -> str:
    """For the table of the cumulative spectral gradient."""
    told = []
    for name in experiment.sets:
        means = [float(np.mean(csg.gradients(found[name, one], way))) for one in csg.EMBEDDINGS for way in csg.WAYS]
        own = [float(np.mean(csg.gradients(one.tsne, csg.VOLUME))) for one in embedded[name]]
        text = f"{np.mean(own):.2f} by the source's embedding" if own else "not measured by the source's embedding"
        told.append(f"{DATASETS[name]} {text}, {min(means):.2f} to {max(means):.2f} by the others")
    return f"Here: {'; '.join(told)}."
