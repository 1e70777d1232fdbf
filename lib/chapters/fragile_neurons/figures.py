"""The figures of the chapter on fragile neurons, from what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lib.chapters.fragile_neurons import csg, drawing, quantities
from lib.chapters.fragile_neurons.answers.common import claim
from lib.chapters.fragile_neurons.answers.defence import EQ_2, acts
from lib.chapters.fragile_neurons.answers.kernels import SHARES_AT
from lib.chapters.fragile_neurons.answers.targeting import moved_beside_lot
from lib.chapters.fragile_neurons.answers.tracking import Pairs, pairs
from lib.chapters.fragile_neurons.csg import CsgRecord
from lib.chapters.fragile_neurons.drawing import Pane, drops, side_by_side, spectra, split_shares, strips
from lib.chapters.fragile_neurons.drawn_ranges import ranges
from lib.chapters.fragile_neurons.embeddings import CODE_TSNE, Autoencoders, Gradients, by_embedding
from lib.chapters.fragile_neurons.experiment import DATASETS, NETWORKS, PAPERS_SET, Experiment, Key
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.here.filter import NEXT_TO_NOTHING, at_the_floor
from lib.chapters.fragile_neurons.kernels import LEVELS
from lib.chapters.fragile_neurons.measure import NOISE_LEVELS
from lib.chapters.fragile_neurons.mosaic import picture
from lib.chapters.fragile_neurons.quantities import BesideControls
from lib.chapters.fragile_neurons.record import ALONE, MOVES, SETS, CellRecord
from lib.chapters.fragile_neurons.sampled import CONVOLUTION, chosen_from
from lib.chapters.fragile_neurons.subject import PRINTED_EPS
from lib.chapters.fragile_neurons.svd_filter import FILTERS, MEDIAN, PRINTED, READINGS, SOURCE
from lib.ledger.words import is_above_zero
from lib.measure.intervals import Measured
from lib.measure.red_flags import LARGE_EPS
from lib.show.counting import counted
from lib.show.palette import COLOURS, DASHES, MARKERS
from lib.show.plots import interval, named_below

PRINTED_SHARES = {
    Key(name, "resnet50", age): claim(f"{name}.resnet50.{age}.targeted_share").value
    for name, (_, age) in SHARES_AT.items()
}
"""The shares of images that the paper prints, by the cells that they are of: its Eq. 1 does not clip."""

S, FREE = "S, the fragile kernels", "S, not clipped"
HOLLOW = {FREE: S}
"""The names of S in figures; its mark is hollow where images are not clipped."""

BY_THE_PAPER = "the paper: {}, not clipped"

TITLES = {
    "FGSM": "moved by FGSM",
    "random signs": "moved by random signs",
    "FGSM over random signs": "FGSM relative to random signs",
}
"""What the moves of Algorithm 1's controls are called in figures."""

SHARES = {"original": "images on which\nS moves more", "relative": "the same, in units\nof random signs"}
"""What the shares of Algorithm 1 over eps are called."""

CLASSES = {"cifar10": ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]}
"""What the labels of a data set stand for, where they are not digits."""


def maps(grid: Grid) -> Figure | None:
    """One image of `grid.pictured` and its maps, clean and attacked, S by all images framed; None without a sample."""
    if (key := grid.pictured) is None:
        return None
    found = grid.sampled(key)[0]
    shown, names = found.picture, CLASSES.get(key.dataset, list("0123456789"))
    return picture(shown, chosen_from(found.without), tuple(names[one] for one in (shown.label, *shown.classes)))


def splits(grid: Grid) -> Figure:
    """The shares of random sets in the main cell, beside S, the kernels of largest and smallest norm, and the paper."""
    panes, record = {}, grid[grid.main][0]
    found = record.targeting.controls
    for move, title in TITLES.items():
        at = MOVES.index(move), LEVELS.index(CONVOLUTION)
        panes[title] = (found.random[at], dict(zip((S, *SETS[1:]), found.chosen[at], strict=True)))
    shares, chosen = panes[TITLES["FGSM"]]
    at = record.targeting.eps.index(PRINTED_EPS[grid.main.dataset])
    panes[TITLES["FGSM"]] = shares, chosen | {FREE: quantities.unclipped_share([record], CONVOLUTION, at).mean}
    claimed = {BY_THE_PAPER.format(one): one for one in PRINTED_SHARES.values()}
    return split_shares(panes, claimed=claimed, hollow=HOLLOW)


def tracked(grid: Grid) -> Figure:
    """Accuracy under attack over the share of images on which S moves more, with both intervals: printed and sound.

    There is a row for each data set.
    """
    sets, found = grid.experiment.sets, pairs(grid)
    figure, axes = plt.subplots(len(sets), 2, figsize=(8.4, 3.3 * len(sets) + 0.7), squeeze=False)
    for across, dataset in zip(axes, sets, strict=True):
        for ax, (title, values) in zip(across, found.items(), strict=True):
            _through_ages(ax, [one for one in values if one[0].dataset == dataset])
            ax.set_title(f"{DATASETS[dataset]}: {title}", fontsize=10)
            ax.set_xlabel("share of images on which S moves more")
            ax.margins(0.1)
            ax.ticklabel_format(useOffset=False)
            ax.locator_params(nbins=6)
        across[0].set_ylabel("accuracy under attack")
    return named_below(figure, columns=3)


def _through_ages(ax: Axes, values: Pairs) -> None:
    """A line for each network through its ages, which are written beside the marks: of every other network at left."""
    for number, (network, name) in enumerate(NETWORKS.items()):
        if own := [one for one in values if one[0].network == network]:
            _, accuracies, shares = zip(*own, strict=True)
            look = {"marker": MARKERS[number], "color": COLOURS[number], "linestyle": DASHES[number], "linewidth": 0.9}
            means = [[one.mean for one in side] for side in (shares, accuracies)]
            ax.plot(*means, markersize=7, markerfacecolor="none", label=name, **look)
            for key, accuracy, share in own:
                pale = {"color": COLOURS[number], "linewidth": 1.5, "alpha": 0.35}
                interval(ax, share, accuracy.mean, **pale)
                ax.plot([share.mean] * 2, [accuracy.low, accuracy.high], **pale)
                aside = ((6, 4), "left") if number % 2 == 0 else ((-6, -12), "right")
                place = {"textcoords": "offset points", "fontsize": 8, "color": COLOURS[number]}
                ax.annotate(str(key.age), (share.mean, accuracy.mean), aside[0], ha=aside[1], **place)


def halves(grid: Grid) -> Figure:
    """Accuracy without each kernel of the main cell, on the half of the images that chooses S and on the other."""
    first, other = (record := grid[grid.main][0]).dropout.accuracies
    chosen, _ = quantities.fragile_sets(record)
    figure = drops({"the half that chooses": (first, chosen), "the other half": (other, chosen)})
    figure.suptitle(grid.title(grid.main), fontsize=10)
    return figure


def whole_grid(grid: Grid) -> Figure:
    """Accuracy without each kernel minus the mean over kernels: a strip for each network.

    It is by all images, and of one seed.
    """
    rows, marked = {}, {}
    for kind in dict.fromkeys(key[:2] for key in grid):
        ages = [key for key in grid if key[:2] == kind]
        records, title = [grid[key][0] for key in ages], ages[0].kind
        if grid.has_all_ages(*kind) and (through := grid.through_ages(*kind)):
            records, always = through[0], quantities.stable(through[0])
            title = f"{title}: {counted(int(always.sum()), 'kernel')} in S at all ages (▲)"
            marked[title] = always
        strip = zip(ages, map(quantities.without, records), strict=True)
        rows[title] = {f"epoch {key.age}": without - without.mean() for key, without in strip}
    return strips(rows, marked)


def spectra_by_age(grid: Grid) -> Figure:
    """The null kernels' singular values at each age, and the thresholds at the main one, or at the nearest to it."""
    lines, shown = {"printed (variance)": PRINTED, "deviation": SOURCE, "median": MEDIAN}, {}
    for name in grid.experiment.sets:
        key = grid.stand_in(name, "resnet50", grid.experiment.stages[1])
        filters = grid[key][0].filters
        series = {f"epoch {other.age}": grid[other][0].filters.spectrum for other in grid.ages_of(key)}
        thresholds = {}
        for text, reading in lines.items():
            tau = filters.readings[reading].tau
            thresholds[f"{text}:\n{(filters.spectrum > tau).sum()} above"] = tau
        shown[f"{key.kind}; thresholds: epoch {key.age}"] = series, thresholds
    return spectra(shown)


def search(grid: Grid) -> Figure:
    """Accuracy of the main cell's filtered networks over the noise level, clean and attacked in normalised units."""
    units = {"variance": "ε as printed, a variance", "deviation": "ε as a standard deviation"}
    figure = side_by_side([_search_pane(grid[grid.main], *unit) for unit in units.items()])
    count = len(grid[grid.main])
    figure.legends[0].set_title("one network" if count == 1 else f"means of {count} networks; bands: 95% intervals")
    return figure


def _search_pane(records: Sequence[CellRecord], unit: str, title: str) -> Pane:
    series = {}
    for rule in ("at most", "hard"):
        found = np.array([one.filters.search[f"{unit}, {rule}"] for one in records])
        series |= {f"{rule}, clean": found[:, :, 0], f"{rule}, attacked": found[:, :, -1]}
    before = {"clean": [one.dropout.intact for one in records]}
    before["attacked"] = [one.robustness.normalised for one in records]
    few = [one.robustness.pgd_images for one in records]  # the search is on the images of PGD
    level = {
        f"original, {name}": float(np.mean([one[at] for one, at in zip(right, few, strict=True)]))
        for name, right in before.items()
    }
    axes = title, "noise level ε", "accuracy", NOISE_LEVELS, series
    return Pane(*axes, log=True, mark=READINGS[PRINTED].noise, level=level)


def over_eps(grid: Grid) -> Figure:
    """Accuracy, and the share of Algorithm 1 plainly and relative to random signs, over eps: a line for each age."""
    keys = grid.ages_of(grid.figure_2[0])
    of = {f"epoch {one.age}": grid[one] for one in keys}
    first, eps = grid[keys[0]][0], "eps (pixel units)"
    grey = f"eps ≥ {LARGE_EPS:g}: any image can become grey", LARGE_EPS
    series = {
        age: [one.robustness.correct[one.robustness.row["original"]].mean(1) for one in records]
        for age, records in of.items()
    }
    panes = [Pane("accuracy under FGSM", eps, "accuracy", first.robustness.eps, series, shaded=grey)]
    for who, title in SHARES.items():
        series = {age: [one.targeting.hits[who].mean(1) for one in records] for age, records in of.items()}
        panes.append(Pane(title, eps, "share of images", first.targeting.eps, series, log=True, shaded=grey))
    printed = [PRINTED_SHARES[key] for key in keys if key in PRINTED_SHARES]
    at = LEVELS.index(CONVOLUTION)
    free = [np.mean([one.targeting.unclipped[at] for one in records], axis=0) for records in of.values()]
    level = {BY_THE_PAPER.format(one): one for one in printed}
    panes[1] = replace(panes[1], level=level, thin=("not clipped", free))
    return side_by_side(panes)


def beside(grid: Grid) -> Figure:
    """For each cell, the share of S beside random sets and sets chosen by norm.

    One pane has it plainly, clipped and not. The other has it relative to random signs, with S from other images and a
    bar that ends at what S has to beat, as in the answers.
    """
    panes, leads = {title: {} for move, title in TITLES.items() if move != "random signs"}, {}
    plain, free = panes
    for key in grid:
        (unclipped, _), (s, leads[str(key)]) = moved_beside_lot(grid, key)
        ends, marked = _beside(quantities.controls(grid[key], "FGSM"))
        panes[plain][str(key)] = ends, marked | {FREE: unclipped.mean}
        (low, _), marked = _beside(quantities.controls(grid[key], "FGSM over random signs"))
        panes[free][str(key)] = (low, s.mean - leads[str(key)].mean), marked | {S: s}
    marks = {}
    for key in filter(PRINTED_SHARES.__contains__, grid):
        share = PRINTED_SHARES[key]
        marks.setdefault(plain + BY_THE_PAPER.format(share), {})[str(key)] = share
    figure = ranges(panes, "share of images", bar="random sets", marks=marks, hollow=HOLLOW)
    _written(figure.axes[-1], leads)
    return figure


def _beside(found: BesideControls) -> tuple[tuple[float, float], dict[str, float]]:
    return (found.low, found.high), {S: found.s, "largest norm": found.largest, "smallest norm": found.smallest}


def _written(ax: Axes, leads: Mapping[str, Measured]) -> None:
    """Write right of each row by how much S lies beyond the bar, in bold where the whole interval does."""
    place = {"xycoords": ("axes fraction", "data"), "fontsize": 9}
    ax.annotate("S minus\nbar's end", (1.03, -0.5), va="bottom", **place)
    for row, lead in enumerate(leads.values()):
        look = {"weight": "bold", "color": "black"} if is_above_zero(lead) else {"color": "0.35"}
        ax.annotate(f"{lead.mean:+.3f}", (1.03, row), va="center", **place, **look)


def gains(grid: Grid) -> Figure:
    """What each filter that changes anything gains over the original, by the paper's Eq. 2 and under fresh PGD.

    Beside it stands what scaling the fragile kernels alone gains.
    """
    ways = {
        "Eq. 2, eps in pixels: probability of the\ntrue class on images made for the original": EQ_2,
        "accuracy under PGD, eps in pixels,\nmade for the filtered network": "fresh PGD",
    }
    panes, controls = (
        {title: {who: _gained(grid, who, prefix, way) for who in FILTERS} for title, way in ways.items()}
        for prefix in ("", ALONE)
    )
    low = [str(key) for key in grid if at_the_floor(grid, key)]
    called = "scaled alone, without the filter", f"original below {NEXT_TO_NOTHING:g}"
    look = {"controls": controls, "grey": {list(ways)[-1]: low}, "called": called}
    return drawing.gains([str(key) for key in grid], panes, "filtered minus original", **look)


def _gained(grid: Grid, who: str, prefix: str, way: str) -> dict[str, Measured]:
    """By cell, what a filter gains where it changes anything; with the prefix `ALONE`, what its scaling alone gains."""
    gains = quantities.filter_gains
    return {str(key): gains(grid[key], prefix + who, key.dataset)[way] for key in grid if acts(grid[key], who)}


def gradients(found: Gradients, embedded: Autoencoders, experiment: Experiment) -> Figure:
    """The cumulative spectral gradient by embedding: a mark for each way of counting, a bar over draws."""
    panes = {
        DATASETS[name]: {row: _gradients(of) for row, of in by_embedding(found, embedded, name).items()}
        for name in experiment.sets
    }
    printed = {name: claim(f"csg.{PAPERS_SET[name]}").value for name in experiment.sets}
    marks = {f"{DATASETS[name]}the paper": {CODE_TSNE: value} for name, value in printed.items()}
    figure = ranges(panes, "cumulative spectral gradient", bar="draws, both ways of counting", marks=marks)
    for ax in figure.axes:
        ax.set_xlim(left=0)
    return figure


def _gradients(records: Sequence[CsgRecord]) -> tuple[tuple[float, float] | None, dict[str, float]]:
    draws = {way: [value for one in records for value in csg.gradients(one, way)] for way in csg.WAYS}
    every = [value for one in draws.values() for value in one]
    if not every:
        return None, {}
    return (min(every), max(every)), {way: float(np.mean(one)) for way, one in draws.items()}
