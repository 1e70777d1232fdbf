"""The figures of the chapter on fragile neurons, from what was measured."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lib.chapters.fragile_neurons.answers.targeting import pairs
from lib.chapters.fragile_neurons.drawing import drops, kernel_grid, pane_grid, spectra, split_shares
from lib.chapters.fragile_neurons.experiment import DATASETS, NETWORKS, Key
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.measure import NOISE_LEVELS
from lib.chapters.fragile_neurons.mosaic import picture
from lib.chapters.fragile_neurons.quantities import fgsm_rates, fragile_sets, moved_more
from lib.chapters.fragile_neurons.record import ALONE, MOVES, SETS
from lib.chapters.fragile_neurons.sampled import chosen_from
from lib.chapters.fragile_neurons.svd_filter import FILTERS, MEDIAN, PRINTED, SOURCE
from lib.show.plots import COLOURS, MARKERS

CLASSES = {"cifar10": ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]}
"""What the labels of a data set stand for, where that is no digit."""


def maps(grid: Grid) -> Figure | None:
    """One image of the main cell and its maps, clean and attacked, S by all images framed; None without a sample."""
    if not (found := grid.sampled(grid.main)):
        return None
    shown, names = found[0].picture, CLASSES.get(grid.main.dataset, list("0123456789"))
    return picture(shown, chosen_from(found[0].without), tuple(names[one] for one in (shown.label, *shown.classes)))


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
    """Accuracy without each kernel, for each network, data set and age; of the first seed."""
    lines, marks = {}, {}
    for key in grid:
        record, place = grid[key][0], (DATASETS[key.dataset], NETWORKS[key.network])
        lines.setdefault(place, {})[f"epoch {key.age}"] = record.dropout.accuracies[0]
        marks.setdefault(place, {})[f"epoch {key.age}"] = fragile_sets(record)[0]
    return kernel_grid([DATASETS[name] for name in grid.experiment.sets], list(NETWORKS.values()), lines, marks)


def spectra_by_age(grid: Grid) -> Figure:
    """The null kernels' singular values at each age, and the thresholds for the youngest."""
    lines, shown = {"printed (variance)": PRINTED, "deviation": SOURCE, "median": MEDIAN}, {}
    for key in map(grid.nearest, grid.experiment.sets):
        readings = grid[key][0].filters.readings
        series = {f"epoch {other.age}": grid[other][0].filters.spectrum for other in grid.ages_of(key)}
        shown[key.kind] = (series, {text: readings[reading].tau for text, reading in lines.items()})
    return spectra(shown)


def search(grid: Grid) -> Figure:
    """Accuracy of the filtered network over the noise level, clean and attacked in normalised units."""
    units = {"variance": "ε as printed", "deviation": "ε as a deviation"}
    return pane_grid(
        [[_search_pane(grid, name, *unit) for unit in units.items()] for name in grid.experiment.sets],
        legend_columns=4,
    )


def _search_pane(grid: Grid, dataset: str, unit: str, text: str) -> dict:
    records, series = grid[grid.nearest(dataset)], {}
    for rule in ("at most", "hard"):
        found = np.array([one.filters.search[f"{unit}, {rule}"] for one in records])
        series |= {f"{rule}, clean": found[:, :, 0], f"{rule}, attacked": found[:, :, -1]}
    pane = {"x": NOISE_LEVELS, "series": series, "title": f"{DATASETS[dataset]}, {text}", "log": True}
    return pane | {"xlabel": "noise level ε", "ylabel": "accuracy", "mark": 0.015}


def over_eps(grid: Grid) -> Figure:
    """Accuracy and the shares of Algorithm 1 over eps, one line an age: two rows of panels a data set."""
    panes = [row for dataset in grid.experiment.sets for row in _eps_rows(grid, dataset)]
    return pane_grid([[pane | {"xlabel": "eps"} for pane in row] for row in panes])


def _eps_rows(grid: Grid, dataset: str) -> tuple[list[dict], list[dict]]:
    of = {f"epoch {key.age}": grid[key] for key in grid.ages_of(grid.nearest(dataset))}
    first, title = next(iter(of.values()))[0], DATASETS[dataset]
    series = {age: fgsm_rates(records, "original") for age, records in of.items()}
    top = [{"x": first.robustness.eps, "series": series, "title": f"{title}, accuracy", "ylabel": "accuracy"}]
    bottom = []
    for who, named in {"relative": "over random signs", "original": "original", SOURCE: "filtered"}.items():
        series = {age: moved_more(records, who) for age, records in of.items()}
        pane = {"x": first.targeting.eps, "series": series, "claimed": {"": 0.5}, "ylabel": "share that moves S more"}
        pane["title"] = f"{title}, {named}"
        top += [pane] if who != "relative" else []
        bottom.append(pane | {"log": True})
    return top, bottom


def splits(grid: Grid) -> Figure:
    """What random splits of the main cell give, beside S and the kernels of largest and of smallest norm."""
    panes, found = {}, grid[grid.main][0].targeting.controls
    for move in ("FGSM", "random signs", "FGSM over random signs"):
        at = MOVES.index(move), 0
        panes[move] = (found.random[at], dict(zip(SETS, found.chosen[at], strict=True)))
    return split_shares(panes, "share of images that move the set more")


def robustness(grid: Grid) -> Figure:
    """Accuracy over eps under FGSM made fresh on each network, one panel for each data set and age."""
    shown = ["original", *FILTERS, ALONE + MEDIAN]
    rows = [grid.ages_of(grid.nearest(name)) for name in grid.experiment.sets]
    return pane_grid([[_robustness_pane(grid, key, shown) for key in row] for row in rows])


def _robustness_pane(grid: Grid, key: Key, shown: list[str]) -> dict:
    series = {who: fgsm_rates(grid[key], who) for who in shown}
    pane = {"x": grid[key][0].robustness.eps, "series": series, "title": f"{DATASETS[key.dataset]}, epoch {key.age}"}
    return pane | {"xlabel": "eps", "ylabel": "accuracy, fresh FGSM"}
