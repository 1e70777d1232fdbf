"""Sentences about the filter."""

import numpy as np

from lib.chapters.fragile_neurons.answers.defence import acts
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.here.common import above, counted
from lib.chapters.fragile_neurons.quantities import filter_gains
from lib.chapters.fragile_neurons.svd_filter import FILTERS, PRINTED, READINGS, SOURCE


def readings(grid: Grid) -> str:
    """For the table of the filter's readings."""
    found = grid[grid.main][0].filters.readings
    inert = [name for name in READINGS if not found[name].changed]
    printed = (
        "inert: it changes no singular value"
        if PRINTED in inert
        else f"changes {counted(found[PRINTED].changed, 'value')}"
    )
    return f"Here: the printed filter {'is ' if PRINTED in inert else ''}{printed}; of {len(READINGS)} readings " + (
        f"{len(inert)} are inert."
    )


def search(grid: Grid) -> str:
    """For the figure of the search over noise levels."""
    found = grid[grid.main][0].filters.search
    best = max(float(one[:, -1].max()) for one in found.values())
    start = min(float(one[0, -1]) for one in found.values())
    return f"Here: attacked in normalised units, the search reaches {best:.3f}, from {start:.3f} at the smallest level."


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
    sure, least, most = sum(map(above, found)), min(one.mean for one in found), max(one.mean for one in found)
    return (
        f"Here: under fresh PGD a filter that acts gains, with its whole interval, in {sure} of {len(found)} rows; its "
        f"gain is {least:+.3f} to {most:+.3f}."
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


def spectra(grid: Grid) -> str:
    """For the figure of singular values."""
    found = grid[grid.main][0].filters
    largest, tau = float(found.spectrum.max()), found.readings[PRINTED].tau
    return (
        f"Here: the largest singular value is {largest:.3f}, the printed threshold {tau:.3f} ({grid.title(grid.main)})."
    )


def noise_levels(grid: Grid) -> str:
    """For the table of noise levels."""
    found = grid[grid.main][0].filters
    median, printed = float(np.median(found.spectrum)), (max(found.shape) * 0.015) ** 0.5
    return f"Here: the paper's 0.015, as printed, is {printed / median:.2f} median singular values."
