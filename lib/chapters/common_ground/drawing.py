"""How the figures of the common ground are drawn, whatever they show."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lib.show.plots import COLOURS, MARKERS

INKS = ("black", COLOURS[1], "0.82")
"""For what becomes of an image, the best first: they differ in lightness too."""

BESIDE = {
    "textcoords": ("axes fraction", "data"),
    "ha": "left",
    "va": "center",
    "annotation_clip": False,
    "fontsize": 9,
    "arrowprops": {"arrowstyle": "-", "color": "0.7", "linewidth": 0.8, "relpos": (0, 0.5), "shrinkB": 0},
    "zorder": 1,  # below the points
}
"""How the name of a point is written at the right of a pane, with a line to the point."""


def tinted(images: np.ndarray, states: Mapping[str, Sequence[int]], names: Sequence[str]) -> Figure:
    """The same images once a row, dark on white, each in the ink of what becomes of it there.

    Parameters
    ----------
    images
        (N, H, W) in [0, 1], bright on black.
    states
        For each row's name, for each image, which of `names` becomes of it: 0, 1 or 2.
    """
    size = 0.37 * len(images) + 2.4, 0.42 * len(states) + 0.6
    figure, axes = plt.subplots(len(states), len(images), figsize=size, squeeze=False)
    for row, (name, found) in zip(axes, states.items(), strict=True):
        for ax, image, state in zip(row, images, found, strict=True):
            inks = LinearSegmentedColormap.from_list(names[state], ["white", INKS[state]])
            ax.imshow(image, cmap=inks, vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            ax.grid(False)
            ax.spines[:].set_visible(False)
        row[0].set_ylabel(name, rotation=0, ha="right", va="center")
    inks = [Patch(color=ink, label=name) for ink, name in zip(INKS, names, strict=True)]
    figure.legend(
        handles=inks, loc="outside lower center", ncols=len(inks), fontsize=9, columnspacing=1.2, handlelength=1.2
    )
    return figure


def ladders(
    panes: Mapping[str, Mapping[str, Sequence[Sequence[float]]]],
    rows: Sequence[str],
    notes: Sequence[str],
    noted: str = "cost",
) -> Figure:
    """Shares by row, each row's marks on one line that ends in its last: from what is hoped for to what is left.

    Parameters
    ----------
    panes
        For each pane's title the series, for each row one value a seed; the same labels in each. Marks are means. The
        last series is drawn full and black, with its number at the right, and below it a dot a seed, where there are
        several, which the legend then names.
    rows, notes
        The rows' names, from the top, and what stands at the right of each.
    noted
        What that is.
    """
    height = (0.38 * (len(rows) + 1) + 0.7) * len(panes) + 0.3
    figure, axes = plt.subplots(len(panes), 1, figsize=(6.4, height), sharex=True, squeeze=False)
    places = np.arange(len(rows))
    for ax, (title, series) in zip(axes[:, 0], panes.items(), strict=True):
        seeds = np.array(list(series.values()))
        values = seeds.mean(2)
        ax.hlines(places, values.min(0), values.max(0), color="0.75", linewidth=3, zorder=1)
        for number, shares in enumerate(values):
            ax.plot(shares, places, **_mark(number, len(values)))
        if seeds.shape[2] > 1:
            dots = {"s": 9, "color": "0.35", "linewidths": 0, "clip_on": False, "zorder": 2}
            ax.scatter(seeds[-1].T, np.tile(places + 0.3, (seeds.shape[2], 1)), **dots)
        _at_right(ax, [-1, *places], ["left", *(f"{value:.2f}" for value in values[-1])], 1.06, "bold")
        _at_right(ax, [-1, *places], [noted, *notes], 1.2, "normal")
        ax.tick_params(labelbottom=True)
        ax.set(title=title, xlim=(-0.04, 1.03), ylim=(len(rows) - 0.5, -1.3), yticks=places, yticklabels=rows)
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.grid(visible=False, axis="y")
    axes[-1, 0].set_xlabel("share of test images")
    marks = [Line2D([], [], label=label, **_mark(number, len(series))) for number, label in enumerate(series)]
    if seeds.shape[2] > 1:
        marks.append(Line2D([], [], label="each network", marker="o", linestyle="", color="0.35", markersize=3))
    figure.legend(handles=marks, loc="outside upper center", ncols=len(marks), columnspacing=1.2)
    return figure


def _mark(number: int, count: int) -> dict:
    last = number == count - 1
    look = {"markerfacecolor": "black" if last else "white", "markersize": 8 if last else 6.5}
    return look | {"marker": MARKERS[number], "linestyle": "", "color": "black", "clip_on": False, "zorder": 2 + last}


def _at_right(ax: Axes, places: Sequence[float], texts: Sequence[str], across: float, weight: str) -> None:
    for place, text in zip(places, texts, strict=True):
        look = {"fontsize": 9, "fontweight": weight, "color": "0.15"}
        ax.annotate(text, (across, place), ha="left", va="center", annotation_clip=False, **look)


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
    size = 0.52 * len(columns) + 2.6, (0.36 * len(rows) + 0.5) * len(panes) + 1.0
    figure, axes = plt.subplots(len(panes), 1, figsize=size, sharex=True, squeeze=False)
    for ax, (title, values) in zip(axes[:, 0], panes.items(), strict=True):
        ax.imshow(values, cmap="gray", vmin=-0.35, vmax=1, aspect="auto")
        for i, j in np.ndindex(values.shape):
            colour = "white" if values[i, j] < 0.4 else "black"
            ax.annotate(f"{values[i, j]:.2f}", (j, i), ha="center", va="center", fontsize=9, color=colour)
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
        For each title by label the two shares and the cost, in units of one that is called × 1. The first seven have a
        colour each, others are grey.
    """
    figure, axes = plt.subplots(len(panes), 1, figsize=(7.2, 3.9 * len(panes)), sharex=True, squeeze=False)
    least = min(0.95, *(across for points in panes.values() for across, _, _ in points.values()))
    margin = 0.08 * (1 - least) + 0.005
    for ax, (title, points) in zip(axes[:, 0], panes.items(), strict=True):
        ax.plot([0, 1], [0, 1], color="0.8", linewidth=1, zorder=0)
        # of equal heights the rightmost is named lowest, so that the lines to the names do not cross
        heights = _spaced([(up, -across) for across, up, _ in points.values()], 0.065)
        for number, ((label, (across, up, cost)), height) in enumerate(zip(points.items(), heights, strict=True)):
            colour = COLOURS[number] if number < len(COLOURS) else "0.5"
            look = {"facecolor": (colour, 0.2), "edgecolor": colour, "linewidth": 1.2}
            ax.scatter(across, up, s=60 * cost, clip_on=False, zorder=2, **look)
            ax.plot(across, up, marker="o", markersize=3, markeredgewidth=0, color=colour, clip_on=False, zorder=3)
            ax.annotate(f"{label}  × {cost:.1f}", (across, up), (1.06, height), **BESIDE)
        ax.set(title=title, ylabel=ylabel, xlim=(least - margin, 1 + margin), ylim=(-0.03, 1.03))
    axes[-1, 0].locator_params(axis="x", nbins=6)
    axes[-1, 0].set_xlabel(xlabel)
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
