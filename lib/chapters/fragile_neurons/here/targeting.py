"""Sentences about what the attack moves."""

import numpy as np

from lib.chapters.fragile_neurons.answers.targeting import correlation, moved_beside_lot, pairs, readings_of
from lib.chapters.fragile_neurons.contradictions import REGISTER
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.here.common import above, counted
from lib.chapters.fragile_neurons.kernels import LEVELS
from lib.chapters.fragile_neurons.quantities import (
    controls,
)
from lib.measure.intervals import rate


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
    least, most = min(one.mean for one in over), max(one.mean for one in over)
    return (
        f"Here: free of scale, S less 95 % of random sets is {least:+.3f} to {most:+.3f}; the interval lies above 0 in "
        f"{sum(map(above, over))} of {counted(len(over), 'cell')}."
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


def contradictions() -> str:
    """For the table of contradictions."""
    return f"Here: {len(REGISTER)} places, and what each was taken to mean."
