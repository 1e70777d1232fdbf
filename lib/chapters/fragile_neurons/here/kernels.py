"""Sentences about the kernels, dropped one by one."""

import numpy as np

from lib.chapters.fragile_neurons import quantities
from lib.chapters.fragile_neurons.answers.common import claim
from lib.chapters.fragile_neurons.answers.kernels import gaps
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.kernels import by_skewness
from lib.chapters.fragile_neurons.resampled import Sample, every, parted
from lib.chapters.fragile_neurons.sampled import FGSM_CLIPPED
from lib.chapters.fragile_neurons.subject import PRINTED_EPS
from lib.ledger.words import is_above_zero
from lib.show.counting import agreeing, counted
from lib.show.sentences import ends


def maps(grid: Grid) -> str:
    """For the picture of one image and its maps."""
    if (key := grid.pictured) is None:
        return (
            "In this run: the picture is missing, since maps of none of these networks were kept. A run that trains "
            "its own networks shows it, as the quick profile does."
        )
    found = grid.sampled(key)[0]
    sample = Sample(found)
    fragile = sample.fragile(every(len(found.intact)))
    size = int(fragile.sum())
    if not size:
        return f"In this run: no kernel is fragile: accuracy is the same without each of them ({grid.title(key)})."
    moved = sample.moved[FGSM_CLIPPED].mean(0)
    return (
        f"In this run: {size} of {len(fragile)} kernels {agreeing(size)} fragile. Under FGSM at eps "
        f"{PRINTED_EPS[key.dataset]:g} their maps move by {moved[fragile].mean():.3g} on average over images, "
        f"those of null kernels by {moved[~fragile].mean():.3g} ({grid.title(key)})."
    )


def over_halves(grid: Grid) -> str:
    """For the table of the two halves of the images."""
    found = [quantities.halves(grid[key]) for key in grid]
    more = [one.agreement - one.expected for one in found]
    return (
        f"In this run: the halves agree on {ends((one.agreement for one in found), '.2f')} of the kernels, "
        f"which is {ends(more, '+.2f')} beyond chance."
    )


def dropped(grid: Grid) -> str:
    """For the table of what a kernel is worth."""
    found = [gaps(grid, key) for key in grid]
    on_others, beyond_norm = zip(*(other for _, other in found), strict=True)
    sure, beyond = (sum(map(is_above_zero, ones)) for ones in (on_others, beyond_norm))
    falls = ends((one.mean for one in on_others), "+.4f")
    more = sum(one.mean > 0 for one in beyond_norm)
    return (
        f"In this run: on other images accuracy falls by {falls} more without a fragile kernel; the interval lies "
        f"above 0 in {sure} of {counted(len(found), 'case')}. It falls by more than without kernels of large norm in "
        f"{more}, with an interval above 0 in {beyond}."
    )


def skewness() -> str:
    """For the table of shapes."""
    least, most = min(by_skewness().values()), max(by_skewness().values())
    return (
        f"In this run: with no kernel special, between {least:.2f} and {most:.2f} of them lie below the mean in "
        "these shapes. A shape that is more skewed has fewer."
    )


def whole_grid(grid: Grid) -> str:
    """For the figure of the whole grid."""
    sizes = [float(quantities.whole_set(one).mean()) for key in grid for one in grid[key]]
    printed = claim("mnist.resnet50.10.fragile_share").value
    return f"In this run: by all images S has {ends(sizes, '.0%')} of the kernels; the paper prints {printed:.0%}."


def stable_kernels(grid: Grid) -> str:
    """For the table of kernels that are fragile at all ages."""
    kinds = {key[:2] for key in grid if grid.has_all_ages(*key[:2])}
    if not kinds:
        return "In this run: no network was measured at all three ages."
    ages = [one for kind in sorted(kinds) for one in grid.through_ages(*kind)]
    many = np.mean([quantities.stable(one).sum() for one in ages])
    lot = np.mean([quantities.by_chance(one) for one in ages])
    kernels = f"{many:.3g} {'kernel is' if many == 1 else 'kernels are'}"
    return f"In this run: {kernels}, on average, fragile at all three ages, where chance gives {lot:.2g}."


def halves_shown(grid: Grid) -> str:
    """For the figure of both halves."""
    first, other = (record := grid[grid.main][0]).dropout.accuracies
    chosen, _ = quantities.fragile_sets(record)
    apart = [parted(one, chosen) for one in (first, other)]
    return f"In this run: null kernels lie {apart[0]:.4f} above fragile ones on the left, {apart[1]:+.4f} on the right."
