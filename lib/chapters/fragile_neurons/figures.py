"""The figures of the chapter on fragile neurons, from what was measured."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lib.chapters.fragile_neurons import csg, drawing
from lib.chapters.fragile_neurons.answers.defence import EQ_2, acts
from lib.chapters.fragile_neurons.answers.targeting import pairs
from lib.chapters.fragile_neurons.csg import CsgRecord
from lib.chapters.fragile_neurons.drawing import drops, pane_grid, ranges, spectra, split_shares, strips
from lib.chapters.fragile_neurons.experiment import CHAPTER, DATASETS, Experiment
from lib.chapters.fragile_neurons.frames.gradients import PRINTED_CSG, Autoencoders, Gradients, by_embedding
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.measure import NOISE_LEVELS
from lib.chapters.fragile_neurons.mosaic import picture
from lib.chapters.fragile_neurons.quantities import (
    BesideControls,
    controls,
    fgsm_rates,
    filter_gains,
    fragile_sets,
    moved_more,
)
from lib.chapters.fragile_neurons.record import MOVES, SETS, CellRecord
from lib.chapters.fragile_neurons.sampled import chosen_from
from lib.chapters.fragile_neurons.svd_filter import FILTERS, MEDIAN, PRINTED, SOURCE
from lib.ledger.claims import paper
from lib.show.plots import COLOURS, MARKERS

PAPER = paper(CHAPTER).claims["cifar10.resnet50.50.targeted_share"].value
"""The share of images that the paper prints."""

TITLES = {
    "FGSM": "moved by FGSM",
    "random signs": "moved by random signs",
    "FGSM over random signs": "FGSM, in units of random signs",
}
"""What the moves of Algorithm 1's controls are called in figures."""

CLASSES = {"cifar10": ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]}
"""What the labels of a data set stand for, where that is no digit."""


def maps(grid: Grid) -> Figure | None:
    """One image of `grid.pictured` and its maps, clean and attacked, S by all images framed; None without a sample."""
    if (key := grid.pictured) is None:
        return None
    found = grid.sampled(key)[0]
    shown, names = found.picture, CLASSES.get(key.dataset, list("0123456789"))
    return picture(shown, chosen_from(found.without), tuple(names[one] for one in (shown.label, *shown.classes)))


def splits(grid: Grid) -> Figure:
    """What random sets of the main cell give, beside S, the kernels of largest and of smallest norm, and the paper."""
    panes, found = {}, grid[grid.main][0].targeting.controls
    for move, title in TITLES.items():
        at = MOVES.index(move), 0
        panes[title] = (
            found.random[at],
            dict(zip(("S, the fragile kernels", *SETS[1:]), found.chosen[at], strict=True)),
        )
    return split_shares(panes, "share of images", claimed={f"the paper: {PAPER}": PAPER})


def tracked(grid: Grid) -> Figure:
    """Accuracy under attack beside the share that moves S more, one mark a cell: as printed, and soundly."""
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.8))
    for ax, (title, values) in zip(axes, pairs(grid).items(), strict=True):
        for number, dataset in enumerate(grid.experiment.sets):
            own = [(share, accuracy) for key, accuracy, share in values if key.dataset == dataset]
            look = {"linestyle": "none", "marker": MARKERS[number], "color": COLOURS[number], "markersize": 7}
            if own:
                ax.plot(*zip(*own, strict=True), label=DATASETS[dataset], **look)
        ax.set(title=title, xlabel="share of images that move S more", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
        ax.legend(loc="best")
    axes[0].set_ylabel("accuracy under attack")
    return figure


def halves(grid: Grid) -> Figure:
    """Accuracy without each kernel of the main cell, on the half of the images that chooses S and on the other."""
    first, other = (record := grid[grid.main][0]).dropout.accuracies
    chosen, _ = fragile_sets(record)
    figure = drops({"the half that chooses": (first, chosen), "the other half": (other, chosen)})
    figure.suptitle(grid.title(grid.main), fontsize=10)
    return figure


def whole_grid(grid: Grid) -> Figure:
    """Accuracy without each kernel less the mean over kernels, a strip a network; of the first seed."""
    rows = {}
    for key in grid:
        accuracies = grid[key][0].dropout.accuracies[0]
        rows.setdefault(key.kind, {})[f"epoch {key.age}"] = accuracies - accuracies.mean()
    return strips(rows)


def spectra_by_age(grid: Grid) -> Figure:
    """The null kernels' singular values at each age, and the thresholds for the youngest."""
    lines, shown = {"printed (variance)": PRINTED, "deviation": SOURCE, "median": MEDIAN}, {}
    for key in map(grid.nearest, grid.experiment.sets):
        readings = grid[key][0].filters.readings
        series = {f"epoch {other.age}": grid[other][0].filters.spectrum for other in grid.ages_of(key)}
        shown[key.kind] = (series, {text: readings[reading].tau for text, reading in lines.items()})
    return spectra(shown)


def search(grid: Grid) -> Figure:
    """Accuracy of the main cell's filtered networks over the noise level, clean and attacked in normalised units."""
    units = {"variance": "ε as printed, a variance", "deviation": "ε as a standard deviation"}
    return pane_grid([[_search_pane(grid[grid.main], *unit) for unit in units.items()]], legend_columns=4)


def _search_pane(records: Sequence[CellRecord], unit: str, text: str) -> dict:
    series = {}
    for rule in ("at most", "hard"):
        found = np.array([one.filters.search[f"{unit}, {rule}"] for one in records])
        series |= {f"{rule}, clean": found[:, :, 0], f"{rule}, attacked": found[:, :, -1]}
    pane = {"x": NOISE_LEVELS, "series": series, "title": text, "log": True}
    return pane | {"xlabel": "noise level ε", "ylabel": "accuracy", "mark": 0.015}


def over_eps(grid: Grid) -> Figure:
    """Accuracy, and the share of Algorithm 1 plainly and in units of random signs, over eps: one line an age."""
    key, _ = grid.figure_2
    of = {f"epoch {one.age}": grid[one] for one in grid.ages_of(key)}
    first = next(iter(of.values()))[0]
    series = {age: fgsm_rates(records, "original") for age, records in of.items()}
    panes = [{"x": first.robustness.eps, "series": series, "title": "accuracy under FGSM", "ylabel": "accuracy"}]
    for who, title in {"original": "images that move S more", "relative": "the same, in units of random signs"}.items():
        series = {age: moved_more(records, who) for age, records in of.items()}
        pane = {"x": first.targeting.eps, "series": series, "title": title, "ylabel": "share of images", "log": True}
        panes.append(pane | ({"claimed": {"": PAPER}} if who == "original" else {}))
    return pane_grid([[pane | {"xlabel": "eps"} for pane in panes]])


def beside(grid: Grid) -> Figure:
    """For each cell the share of S, plainly and free of scale, beside random sets and sets chosen by norm."""
    panes = {
        title: {str(key): _beside(controls(grid[key], move)) for key in grid}
        for move, title in TITLES.items()
        if move != "random signs"
    }
    marks = {f"{next(iter(panes))}the paper: {PAPER}": PAPER}
    return ranges(panes, "share of images", bar="95 % of random sets", marks=marks)


def _beside(found: BesideControls) -> tuple[tuple[float, float], dict[str, float]]:
    marked = {"S, the fragile kernels": found.s, "largest norm": found.largest, "smallest norm": found.smallest}
    return (found.low, found.high), marked


def gains(grid: Grid) -> Figure:
    """What each filter that changes anything gains over the original, by the paper's Eq. 2 and under fresh PGD."""
    found = {
        (key, who): filter_gains(grid[key], who, key.dataset) for key in grid for who in FILTERS if acts(grid[key], who)
    }
    ways = {
        EQ_2: "Eq. 2: probability of the true class\non images made for the original",
        "fresh PGD": "accuracy under PGD\nmade for the filtered network",
    }
    panes = {
        title: {who: {str(key): found[key, who][way] for key in grid if (key, who) in found} for who in FILTERS}
        for way, title in ways.items()
    }
    return drawing.gains([str(key) for key in grid], panes, "filtered minus original")


def gradients(found: Gradients, embedded: Autoencoders, experiment: Experiment) -> Figure:
    """The cumulative spectral gradient by embedding: marks for both ways of counting, a bar over draws."""
    panes = {}
    for name in experiment.sets:
        of = {row: _gradients(records) for row, records in by_embedding(found, embedded, name).items()}
        panes[DATASETS[name]] = of
    marks = {f"{DATASETS[name]}the paper": float(PRINTED_CSG[name].split()[0]) for name in experiment.sets}
    return ranges(panes, "cumulative spectral gradient", bar="draws, both ways of counting", marks=marks)


def _gradients(records: Sequence[CsgRecord]) -> tuple[tuple[float, float] | None, dict[str, float]]:
    draws = {way: [value for one in records for value in csg.gradients(one, way)] for way in csg.WAYS}
    every = [value for one in draws.values() for value in one]
    if not every:
        return None, {}
    return (min(every), max(every)), {way: float(np.mean(one)) for way, one in draws.items()}
