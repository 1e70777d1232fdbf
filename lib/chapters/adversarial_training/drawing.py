"""How the figures of this chapter are drawn, whatever they show."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lib.measure.intervals import Measured
from lib.show.cells import dark, written
from lib.show.palette import COLOURS, DASHES, looks
from lib.show.plots import curves, interval, intervals, named_below


def side_by_side(
    x: Sequence[float],
    panes: Mapping[str, Mapping[str, Sequence[Sequence[float]]]],
    xlabel: str,
    *,
    most: Sequence[float],
) -> Figure:
    """Several `curves` over one x, each with its own scale, with one legend below.

    Parameters
    ----------
    panes
        Each pane's series, as in `curves`, by the name of its y axis; the same labels in each.
    most
        The largest possible value of each pane, as in `curves`.
    """
    figure, axes = plt.subplots(1, len(panes), figsize=(4.2 * len(panes), 4.2), squeeze=False)
    for ax, (ylabel, series), limit in zip(axes[0], panes.items(), most, strict=True):
        curves(x, series, xlabel, ylabel, most=limit, ax=ax)
    return named_below(figure)


def cells(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    xlabel: str,
    texts: Sequence[Sequence[str]],
    *,
    marks: Mapping[str, tuple[int, int]],
    title: str | None = None,
) -> Figure:
    """A grid of shares, grey by value, each cell with its text, some of them framed.

    Parameters
    ----------
    values
        Shares (rows, columns): 0 is dark, 1 is light.
    texts
        What is written in each cell.
    marks
        The (row, column) of each framed cell, by label; each frame looks different.
    title
        The legend's title.
    """
    figure, ax = plt.subplots(figsize=(0.85 * len(columns) + 1.9, 0.75 * len(rows) + 1.2))
    drawn = ax.imshow(values, cmap="gray", vmin=-0.35, vmax=1, aspect="auto")
    written(ax, texts, dark(drawn), 8)
    for number, (label, (i, j)) in enumerate(marks.items()):
        inset = 0.47 - 0.07 * number
        look = {"edgecolor": COLOURS[1 + number], "linestyle": DASHES[number], "linewidth": 2.5, "facecolor": "none"}
        ax.add_patch(plt.Rectangle((j - inset, i - inset), 2 * inset, 2 * inset, label=label, **look))
    ax.set(xticks=range(len(columns)), xticklabels=columns, yticks=range(len(rows)), yticklabels=rows, xlabel=xlabel)
    return named_below(figure, columns=len(marks), title=title)


def dots(
    series: Mapping[str, Sequence[Measured]],
    rows: Sequence[str],
    *,
    claimed: Mapping[str, Sequence[float]] | None = None,
) -> Figure:
    """Accuracy by row: for each series a marker at its mean, a bar for its interval, and a small dot for each network.

    Parameters
    ----------
    series
        What was measured, by label: one for each row.
    claimed
        What a paper prints, by label: one value for each row, drawn as an upright stroke through it.
    """
    figure, ax = plt.subplots(figsize=(7.2, 0.55 * len(rows) + 2))
    for label, values in (claimed or {}).items():
        strokes = [[(value, value, np.nan), (row - 0.38, row + 0.38, np.nan)] for row, value in enumerate(values)]
        x, y = np.concatenate(strokes, axis=1)
        ax.plot(x, y, color="black", linewidth=1.8, zorder=1, label=label)
    for number, ((label, found), own) in enumerate(zip(series.items(), looks(series).values(), strict=True)):
        places = np.arange(len(rows)) + 0.13 * (number - (len(series) - 1) / 2)
        look = own | {"linestyle": "none"}
        ax.plot([one.mean for one in found], places, label=label, **look)
        for place, one in zip(places, found, strict=True):
            spread(ax, one, place, color=look["color"])
    ax.set(yticks=range(len(rows)), yticklabels=rows, xlabel="accuracy", xlim=(-0.03, 1.03))
    ax.invert_yaxis()
    count = max(one.networks for found in series.values() for one in found)
    return named_below(figure, columns=3, title=intervals(count, dots=True))


def spread(ax: Axes, found: Measured, place: float, *, color: str, below: float = 0.0) -> None:
    """The 95% interval of a share as a bar and, where there are several networks, a dot for each."""
    interval(ax, found, place, color=color, linewidth=1.5, alpha=0.6)
    if found.networks > 1:
        dots = {"color": color, "linestyle": "none", "marker": ".", "markersize": 4, "alpha": 0.6}
        ax.plot(found.per_network, [place + below] * found.networks, **dots)
