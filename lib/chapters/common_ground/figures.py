"""The figures of the chapter on the common ground."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lib.chapters.common_ground.attacks import ATTACKS
from lib.chapters.common_ground.defences import titled
from lib.chapters.common_ground.judging import WORST
from lib.chapters.common_ground.rows import Rows, by_worst_case
from lib.show.plots import COLOURS, MARKERS, panels


def table(rows: Rows) -> Figure:
    """The table as a picture."""
    order, columns = by_worst_case(rows), [WORST, *ATTACKS]
    panes = {
        f"eps {eps:g}": np.array([[of[name].accuracy(column) for column in columns] for name in order])
        for eps, of in rows.items()
    }
    return heat_maps(panes, [titled(name) for name in order], columns)


def what_is_left(rows: Rows, costs: Mapping[str, float]) -> Figure:
    """Every defence from clean accuracy down to the worst case."""
    order, shown = by_worst_case(rows), ("clean", "FGSM", "PGD-40", WORST)
    panes = {
        f"eps {eps:g}": {column: [of[name].accuracies(column) for name in order] for column in shown}
        for eps, of in rows.items()
    }
    notes = {title: [f"× {costs[name]:.1f}" for name in order] for title in panes}
    return ladders(panes, [titled(name) for name in order], {"": ["cost"], **notes})


def price(rows: Rows, costs: Mapping[str, float]) -> Figure:
    """Every defence by clean accuracy, the worst case and cost."""
    points = {
        f"eps {eps:g}": {
            titled(name): (of[name].accuracy("clean"), of[name].accuracy(WORST), costs[name])
            for name in by_worst_case(rows)
        }
        for eps, of in rows.items()
    }
    return trade_offs(points, "clean accuracy", "accuracy, worst case of all attacks")


def over_eps(grid: Sequence[float], curves: Mapping[float, Mapping[str, Sequence[Sequence[float]]]]) -> Figure:
    """Accuracy under PGD over eps, for defences trained at each."""
    panes = {
        f"trained at eps {eps:g}": {titled(name): series for name, series in of.items()} for eps, of in curves.items()
    }
    figure = panels(grid, panes, "eps (pixel units)", "accuracy under PGD")
    for ax in figure.axes:
        ax.set_xticks(np.linspace(0, 0.5, 6))
    return figure


def ladders(
    panes: Mapping[str, Mapping[str, Sequence[Sequence[float]]]],
    rows: Sequence[str],
    notes: Mapping[str, Sequence[str]],
) -> Figure:
    """Shares by row, each row's marks on one line that ends in its last: from what is hoped for to what is left.

    Parameters
    ----------
    panes
        For each pane's title the series, for each row one value a seed; the same labels in each. Marks are means. The
        last series is drawn full and black, with its number beside it, and below it a dot a seed, where there are
        several.
    rows
        The rows' names, from the top.
    notes
        For each pane's title a text a row, written at its right; the key "" heads that column.
    """
    figure, axes = plt.subplots(
        1, len(panes), figsize=(4.4 * len(panes) + 0.8, 0.5 * len(rows) + 1.9), sharey=True, squeeze=False
    )
    places = np.arange(len(rows))
    for ax, (title, series) in zip(axes[0], panes.items(), strict=True):
        seeds = np.array(list(series.values()))
        values = seeds.mean(2)
        ax.hlines(places, values.min(0), values.max(0), color="0.75", linewidth=3, zorder=1)
        for number, (label, shares) in enumerate(zip(series, values, strict=True)):
            last = number == len(series) - 1
            look = {"markerfacecolor": "black" if last else "white", "markersize": 9 if last else 7}
            ax.plot(shares, places, MARKERS[number], color="black", label=label, clip_on=False, zorder=2 + last, **look)
        if seeds.shape[2] > 1:
            dots = {"s": 12, "color": "0.35", "linewidths": 0, "clip_on": False, "zorder": 2}
            ax.scatter(seeds[-1].T, np.tile(places + 0.27, (seeds.shape[2], 1)), label=f"{label}, each seed", **dots)
        for place, value in zip(places, values[-1], strict=True):
            look = {"textcoords": "offset points", "ha": "center", "fontsize": 9, "fontweight": "bold"}
            ax.annotate(f"{value:.2f}", (value, place), (0, 7), **look)
        for place, note in zip([-0.8, *places], [notes[""][0], *notes[title]], strict=True):
            ax.annotate(note, (1.06, place), ha="left", va="center", annotation_clip=False, fontsize=9, color="0.25")
        ax.set(title=title, xlabel="accuracy", xlim=(-0.07, 1.03), yticks=places, yticklabels=rows)
        ax.set_ylim(len(rows) - 0.5, -0.8)
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.grid(visible=False, axis="y")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def heat_maps(
    panes: Mapping[str, np.ndarray], rows: Sequence[str], columns: Sequence[str], *, apart: int = 1
) -> Figure:
    """Tables of shares, one below the other, grey by value (0 is dark, 1 is light), each cell with its number.

    Parameters
    ----------
    panes
        For each title shares (rows, columns).
    apart
        How many columns at the left stand apart from the others.
    """
    size = 0.7 * len(columns) + 2.2, (0.4 * len(rows) + 0.5) * len(panes) + 1.2
    figure, axes = plt.subplots(len(panes), 1, figsize=size, sharex=True, squeeze=False)
    for ax, (title, values) in zip(axes[:, 0], panes.items(), strict=True):
        ax.imshow(values, cmap="gray", vmin=-0.35, vmax=1, aspect="auto")
        for i, j in np.ndindex(values.shape):
            colour = "white" if values[i, j] < 0.4 else "black"
            ax.annotate(f"{values[i, j]:.2f}", (j, i), ha="center", va="center", fontsize=10, color=colour)
        ax.axvline(apart - 0.5, color="white", linewidth=5)
        ax.set(title=title, xticks=range(len(columns)), yticks=range(len(rows)), yticklabels=rows)
        ax.set_xticklabels(columns, rotation=40, ha="right", rotation_mode="anchor")
        ax.grid(False)
    return figure


def trade_offs(panes: Mapping[str, Mapping[str, tuple[float, float, float]]], xlabel: str, ylabel: str) -> Figure:
    """One share against another, a disc each whose area is a cost, with its name and the cost at the right.

    Parameters
    ----------
    panes
        For each title by label the two shares and the cost, in units of one that is called × 1.
    """
    figure, axes = plt.subplots(1, len(panes), figsize=(5.2 * len(panes), 4.2), sharey=True, squeeze=False)
    for ax, (title, points) in zip(axes[0], panes.items(), strict=True):
        ax.plot([0, 1], [0, 1], color="0.8", linewidth=1, zorder=0)
        # of equal heights the rightmost is named lowest, so that the lines to the names do not cross
        heights = _spaced([(up, -across) for across, up, _ in points.values()], 0.065)
        for number, ((label, (across, up, cost)), height) in enumerate(zip(points.items(), heights, strict=True)):
            look = {"facecolor": "none", "edgecolor": COLOURS[number % 7], "linewidth": 1.8}
            ax.scatter(across, up, s=60 * cost, clip_on=False, zorder=3, **look)
            ax.plot([across, 1.09], [up, height], color="0.7", linewidth=0.8, clip_on=False, zorder=1)
            place = {"ha": "left", "va": "center", "annotation_clip": False, "fontsize": 9}
            ax.annotate(f"{label}  × {cost:.1f}", (1.1, height), **place)
        ax.set(title=title, xlabel=xlabel, xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    axes[0, 0].set_ylabel(ylabel)
    return figure


def _spaced(values: Sequence[tuple[float, float]], gap: float) -> np.ndarray:
    """Places in [0, 1] near the first of each pair, in the pairs' order, no two nearer than the gap."""
    order = sorted(range(len(values)), key=values.__getitem__)
    steps = gap * np.arange(len(values))
    blocks: list[list[float]] = []  # names that would overlap share one shift, the mean of what each would like
    for wanted in np.array([values[i][0] for i in order]) - steps:
        blocks.append([wanted])
        while len(blocks) > 1 and np.mean(blocks[-2]) >= np.mean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    shifts = np.concatenate([np.full(len(block), np.mean(block)) for block in blocks])
    places = np.empty(len(values))
    places[order] = shifts.clip(0, max(0.0, 1 - steps[-1])) + steps
    return places
