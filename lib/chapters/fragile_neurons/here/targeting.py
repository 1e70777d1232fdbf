"""Sentences about what the attack moves."""

from collections.abc import Iterable

import numpy as np

from lib.chapters.fragile_neurons.answers.common import below_grey, claim
from lib.chapters.fragile_neurons.answers.targeting import cells_of_89, leads, readings_of
from lib.chapters.fragile_neurons.answers.tracking import correlation, pairs
from lib.chapters.fragile_neurons.contradictions import CONTRADICTIONS
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.kernels import LEVELS
from lib.chapters.fragile_neurons.quantities import controls
from lib.ledger.words import is_above_zero, within_tolerance
from lib.measure.intervals import rate
from lib.measure.red_flags import LARGE_EPS
from lib.show.counting import counted
from lib.show.sentences import ends


def between(shares: Iterable[float]) -> str:
    """The range of shares, or the one share that all of them have: "0.500 to 0.997", "0.997 throughout"."""
    told = ends(shares, ".3f")
    return told if " to " in told else f"{told} throughout"


def algorithm_1(grid: Grid) -> str:
    """For the table of Algorithm 1."""
    found = grid[grid.main][0].targeting
    free, cut = found.unclipped[0], found.clipped[0]
    return (
        f"In this run: over all eps the share is {between(free)} where images are not clipped, and "
        f"{between(cut)} where they are, after the convolution ({grid.title(grid.main)})."
    )


def over_eps(grid: Grid) -> str:
    """For the figure over eps."""
    key, grown = grid.figure_2
    last = below_grey(grown[-1][0].targeting.eps)[-1]
    plain, free = (
        [rate([one.targeting.hits[who][at] for one in grown[-1]]).mean for at in (0, last)]
        for who in ("original", "relative")
    )
    return (
        f"In this run: of the oldest network ({key.kind}) the share goes from {plain[0]:.3f} at the smallest eps to "
        f"{plain[1]:.3f} at the largest below {LARGE_EPS:g}, and relative to random signs from {free[0]:.3f} to "
        f"{free[1]:.3f}. From {LARGE_EPS:g} on an attack can turn any image into the same grey."
    )


def splits(grid: Grid) -> str:
    """For the figure of random sets."""
    found, signs = (controls(grid[grid.main], move) for move in ("FGSM", "random signs"))
    return (
        f"In this run: FGSM moves S more for {found.s:.3f} of the images, and random signs do so for {signs.s:.3f}; "
        f"of random sets of kernels {found.as_high:.0%} have as high a share under FGSM ({grid.told(grid.main)})."
    )


def moved(grid: Grid) -> str:
    """For the table of S beyond random sets."""
    over = leads(grid)
    return (
        f"In this run: relative to random signs S lies {ends((one.mean for one in over), '+.3f')} beyond the 95th "
        f"percentile of random sets; the interval lies above 0 in {sum(map(is_above_zero, over))} of "
        f"{counted(len(over), 'case')}."
    )


def with_controls(grid: Grid) -> str:
    """For the figure of controls."""
    found = [controls(grid[key], "FGSM") for key in grid]
    largest, smallest = (float(np.mean([getattr(one, of) for one in found])) for of in ("largest", "smallest"))
    beyond = sum(map(is_above_zero, leads(grid)))
    return (
        f"In this run: under FGSM the kernels of largest norm move more for {largest:.2f} of the images, those of "
        f"smallest norm for {smallest:.2f}, both on average over {counted(len(found), 'case')}. Relative to random "
        f"signs S lies beyond the bar by its whole interval in {beyond} of {len(found)}."
    )


def controls_by_level(grid: Grid) -> str:
    """For the table by where maps are read."""
    found = {level: controls(grid[grid.main], "FGSM", level).s for level in LEVELS}
    after_each = ", ".join(f"{share:.3f} after {level}" for level, share in found.items())
    return f"In this run: the plain share is {after_each}."


def readings_of_89(grid: Grid) -> str:
    """For the table of readings of the paper's share."""
    rule, found = claim("cifar10.resnet50.50.targeted_share"), []
    for key in cells_of_89(grid):
        shares = readings_of(grid, key)
        giving = [name for name, share in shares.items() if within_tolerance(rule, share)]
        which = f" ({'; '.join(giving)})" if giving else ""
        found.append(f"{len(giving)} of {len(shares)} readings of {grid.title(key)}{which}")
    return f"In this run: within {rule.tolerance:g} of {rule.value:g} come {' and '.join(found)}."


def tracked(grid: Grid) -> str:
    """For the figure of accuracy beside share."""
    every_cell, _ = pairs(grid).values()
    found = correlation(every_cell)
    told = "too few for an interval" if found.low is None else f"95% interval {found.low:+.2f} to {found.high:+.2f}"
    cells = f"{counted(len(every_cell), 'case')} of {counted(found.networks, 'network')}"
    return f"In this run: over {cells} the rank correlation is {found.mean:+.2f}, {told}."


def contradictions() -> str:
    """For the table of contradictions."""
    return f"In this run: {len(CONTRADICTIONS)} places that cannot both be right, or that leave open what was done."
