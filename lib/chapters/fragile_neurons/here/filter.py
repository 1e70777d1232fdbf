"""Sentences about the filter."""

import numpy as np

from lib.chapters.fragile_neurons.answers.defence import EQ_2, acting
from lib.chapters.fragile_neurons.experiment import Key
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.quantities import filter_gains, judged_at
from lib.chapters.fragile_neurons.svd_filter import FILTERS, PRINTED, READINGS
from lib.ledger.words import is_above_zero
from lib.measure.intervals import Measured
from lib.show.counting import agreeing, counted

NEXT_TO_NOTHING = 0.05
"""Where the original network has less accuracy than this, an attack leaves next to nothing to compare."""


def readings(grid: Grid) -> str:
    """For the table of the filter's readings."""
    found = grid[grid.main][0].filters.readings
    inert = [name for name in READINGS if not found[name].changed]
    printed = found[PRINTED]
    effect = "changes no singular value"
    if printed.changed:
        effect = f"changes {counted(printed.changed, 'value')} of {min(grid[grid.main][0].filters.shape)}"
    return (
        f"In this run: the printed filter {effect}, and its α is {1 + printed.spectral:.2f}; "
        f"{len(inert)} of {len(READINGS)} readings {agreeing(len(inert), 'changes', 'change')} nothing."
    )


def search(grid: Grid) -> str:
    """For the figure of the search over noise levels."""
    found = grid[grid.main][0].filters.search
    best = max(float(one[:, -1].max()) for one in found.values())
    start = min(float(one[0, -1]) for one in found.values())
    robustness = grid[grid.main][0].robustness
    original = robustness.normalised[robustness.pgd_images]  # the search is on the images of PGD
    return (
        f"In this run: under attack the best of the search reaches {best:.3f} and the worst rule at the smallest "
        f"noise level {start:.3f}; the original network has {original.mean():.3f} on the same {len(original):,} images."
    )


def lowered(grid: Grid) -> str:
    """For the table of what the filter does to the share."""
    sampled = sum(bool(grid.sampled(key)) for key in grid)
    changes = [
        float(np.mean([one.layers[name].free.mean() - one.layers["original"].free.mean() for one in found]))
        for key in grid
        for name in FILTERS
        if (found := grid.sampled(key)) and all(one.layers[name].changed for one in found)
    ]
    if not sampled:
        return (
            "In this run: none of these networks was measured so. The card below compares shares of clipped images "
            "instead."
        )
    if not changes:
        return (
            f"In this run: of {counted(len(grid), 'case')} {sampled} {agreeing(sampled, 'has', 'have')} this "
            "measurement, and no filter changes anything there."
        )
    fall, rise, stay = (sum(np.sign(one) == sign for one in changes) for sign in (-1, 1, 0))
    return (
        f"In this run: where a filter changes anything, it lowers the share in {fall} of "
        f"{counted(len(changes), 'trial')}, raises it in {rise} and leaves it as it is in {stay}; "
        f"it was measured in {sampled} of {counted(len(grid), 'case')}."
    )


def gained(grid: Grid, way: str, *, with_room: bool = False) -> list[Measured]:
    """What each filter gains by one of the ways of `filter_gains`, in each cell where it changes anything.

    `with_room`: only in cells whose original network is not `at_the_floor`.
    """
    found = [(key, name) for key, name in acting(grid) if not (with_room and at_the_floor(grid, key))]
    return [filter_gains(grid[key], name, key.dataset)[way] for key, name in found]


def at_the_floor(grid: Grid, key: Key) -> bool:
    """Whether a cell's original network has next to no accuracy under PGD."""
    records = [one.robustness for one in grid[key]]
    _, eps = judged_at(records[0], key.dataset)
    return float(np.mean([one.pgd("original", eps).mean() for one in records])) < NEXT_TO_NOTHING


def gains(grid: Grid) -> str:
    """For the figure of gains."""
    if not (found := gained(grid, "fresh PGD")):
        return "In this run: no filter changes a singular value, so every network is the one that was there."
    sure, by_theirs = (sum(map(is_above_zero, ones)) for ones in (found, gained(grid, EQ_2)))
    least, most = min(one.mean for one in found), max(one.mean for one in found)
    low = sum(at_the_floor(grid, key) for key, _ in acting(grid))
    return (
        f"In this run: where a filter changes anything, it raises accuracy under fresh PGD in {sure} of "
        f"{counted(len(found), 'trial')} (by the whole interval); the gains go from {least:+.3f} to {most:+.3f}, and "
        f"the original network has less than {NEXT_TO_NOTHING:g} in {counted(low, 'trial')}. By the paper's "
        f"own definition, on images made for the original network, {by_theirs} of {len(found)} "
        f"{agreeing(by_theirs, 'gains', 'gain')}."
    )


def batch_norm(grid: Grid) -> str:
    """For the table of batch norm."""
    found = [record.batch_norm for key in grid for record in grid[key]]
    frozen, anew = (float(np.mean([getattr(one, of) for one in found])) for of in ("frozen", "reestimated"))
    return (
        f"In this run: a logit changes by {frozen:.3g} with batch norm as it is, by {anew:.3g} with it estimated anew."
    )


def spectra(grid: Grid) -> str:
    """For the figure of singular values."""
    found = grid[grid.main][0].filters
    largest, tau = float(found.spectrum.max()), found.readings[PRINTED].tau
    return (
        f"In this run: the largest singular value is {largest:.3f}, the printed threshold {tau:.3f} "
        f"({grid.title(grid.main)})."
    )


def noise_levels(grid: Grid) -> str:
    """For the table of noise levels."""
    found = grid[grid.main][0].filters
    noise, median = READINGS[PRINTED].noise, float(np.median(found.spectrum))
    printed = (max(found.shape) * noise) ** 0.5
    return f"In this run: the paper's {noise:g}, as printed, is {printed / median:.2f} median singular values."
