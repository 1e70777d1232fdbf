"""How the figures of the common ground are drawn, whatever they show."""

from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lib.show.cells import dark, written
from lib.show.palette import COLOURS, looks
from lib.show.plots import bare

INKS = ("black", COLOURS[1], "0.82")
"""The inks of what becomes of an image, the best first: they differ in lightness too."""


def tinted(images: np.ndarray, states: Mapping[str, Sequence[int]], names: Sequence[str]) -> Figure:
    """The same images in each row, dark on white, each in the ink of what becomes of it there.

    Parameters
    ----------
    images
        (N, H, W) in [0, 1], bright on black.
    states
        By the row's name, what becomes of each image, as an index of `names`: 0, 1 or 2.
    """
    size = 0.37 * len(images) + 2.4, 0.42 * len(states) + 0.6
    figure, axes = plt.subplots(len(states), len(images), figsize=size, squeeze=False)
    for row, (name, found) in zip(axes, states.items(), strict=True):
        for ax, image, state in zip(row, images, found, strict=True):
            inks = LinearSegmentedColormap.from_list(names[state], ["white", INKS[state]])
            ax.imshow(image, cmap=inks, vmin=0, vmax=1)
            bare(ax)
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
    said: str | None = None,
) -> Figure:
    """Shares by row, each row's marks on one line, from what is hoped for to what is safe.

    Parameters
    ----------
    panes
        By the pane's title, the series: for each row, one value for each seed; the same labels in each pane. Marks are
        means. The last series is drawn full and black, with its number at the right. Where there are several seeds, it
        has a dot for each below it, and the legend names these dots.
    rows, notes
        The rows' names, from the top, and what stands at the right of each.
    noted, said
        The heading of the notes, and that of the legend.
    """
    height = (0.38 * (len(rows) + 1) + 0.7) * len(panes) + 0.3
    figure, axes = plt.subplots(len(panes), 1, figsize=(6.4, height), sharex=True, squeeze=False)
    places = np.arange(len(rows))
    for ax, (title, series) in zip(axes[:, 0], panes.items(), strict=True):
        seeds = np.array(list(series.values()))
        values = seeds.mean(2)
        ax.hlines(places, values.min(0), values.max(0), color="0.75", linewidth=3, zorder=1)
        marked = _marks(series)
        for shares, look in zip(values, marked.values(), strict=True):
            ax.plot(shares, places, **look)
        if seeds.shape[2] > 1:
            dots = {"s": 9, "color": "0.35", "linewidths": 0, "clip_on": False, "zorder": 2}
            ax.scatter(seeds[-1].T, np.tile(places + 0.3, (seeds.shape[2], 1)), **dots)
        _at_right(ax, [-1, *places], ["safe", *(f"{value:.2f}" for value in values[-1])], 1.06, "bold")
        _at_right(ax, [-1, *places], [noted, *notes], 1.2, "normal")
        ax.tick_params(labelbottom=True)
        ax.set(title=title, xlim=(-0.04, 1.03), ylim=(len(rows) - 0.5, -1.3), yticks=places, yticklabels=rows)
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.grid(visible=False, axis="y")
    axes[-1, 0].set_xlabel("share of test images")
    marks = [Line2D([], [], label=label, **look) for label, look in marked.items()]
    if seeds.shape[2] > 1:
        marks.append(Line2D([], [], label="each network", marker="o", linestyle="", color="0.35", markersize=3))
    figure.legend(handles=marks, loc="outside upper center", ncols=len(marks), columnspacing=1.2, title=said)
    return figure


def _marks(labels: Iterable[str]) -> dict[str, dict]:
    """How each series is marked: in the shape of its kind, the last as the worst case."""
    *before, last = labels
    black = {"linestyle": "", "color": "black", "clip_on": False}
    hollow = {
        label: look | black | {"markerfacecolor": "white", "markersize": 6.5, "zorder": 2}
        for label, look in looks(before).items()
    }
    return hollow | {last: looks(["worst case"])["worst case"] | black | {"markersize": 8, "zorder": 3}}


def _at_right(ax: Axes, places: Sequence[float], texts: Sequence[str], across: float, weight: str) -> None:
    for place, text in zip(places, texts, strict=True):
        look = {"fontsize": 9, "fontweight": weight, "color": "0.15"}
        ax.annotate(text, (across, place), ha="left", va="center", annotation_clip=False, **look)


def heat_maps(panes: Mapping[str, np.ndarray], rows: Sequence[str], columns: Sequence[str]) -> Figure:
    """Tables of shares, one below the other, grey by value (0 is dark, 1 is light), each cell with its number.

    The first column stands apart from the others.

    Parameters
    ----------
    panes
        By title, shares (rows, columns).
    """
    size = 0.52 * len(columns) + 2.6, (0.36 * len(rows) + 0.5) * len(panes) + 1.0
    figure, axes = plt.subplots(len(panes), 1, figsize=size, sharex=True, squeeze=False)
    for ax, (title, values) in zip(axes[:, 0], panes.items(), strict=True):
        drawn = ax.imshow(values, cmap="gray", vmin=-0.35, vmax=1, aspect="auto")
        written(ax, np.char.mod("%.2f", values), dark(drawn), 9)
        ax.axvline(0.5, color="white", linewidth=5)
        ax.set(title=title, xticks=range(len(columns)), yticks=range(len(rows)), yticklabels=rows)
        ax.set_xticklabels(columns, rotation=40, ha="right", rotation_mode="anchor")
    return figure
