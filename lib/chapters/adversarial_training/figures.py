"""The figures of the chapter on adversarial training."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lib.show.plots import COLOURS, DASHES, MARKERS, curves


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
        For the name of each pane's y axis its series, as in `curves`; the same labels in each.
    most
        For each pane the largest value possible, as in `curves`.
    """
    figure, axes = plt.subplots(1, len(panes), figsize=(4.2 * len(panes), 4.2), squeeze=False)
    for ax, (ylabel, series), limit in zip(axes[0], panes.items(), most, strict=True):
        curves(x, series, xlabel, ylabel, most=limit, ax=ax)
        ax.get_legend().remove()
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def cells(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    xlabel: str,
    texts: Sequence[Sequence[str]],
    *,
    marks: Mapping[str, tuple[int, int]],
) -> Figure:
    """A grid of shares, grey by value, each cell with its text, some of them framed.

    Parameters
    ----------
    values
        Shares (rows, columns): 0 is dark, 1 is light.
    texts
        What is written in each cell.
    marks
        By label the (row, column) of a cell that is framed, each in its own way.
    """
    figure, ax = plt.subplots(figsize=(0.85 * len(columns) + 1.9, 0.75 * len(rows) + 1.2))
    ax.imshow(values, cmap="gray", vmin=-0.35, vmax=1, aspect="auto")
    for i, j in np.ndindex(values.shape):
        ax.annotate(
            texts[i][j], (j, i), ha="center", va="center", fontsize=8, color="white" if values[i, j] < 0.4 else "black"
        )
    for number, (label, (i, j)) in enumerate(marks.items()):
        inset = 0.47 - 0.07 * number
        look = {"edgecolor": COLOURS[1 + number], "linestyle": DASHES[number], "linewidth": 2.5, "facecolor": "none"}
        ax.add_patch(plt.Rectangle((j - inset, i - inset), 2 * inset, 2 * inset, label=label, **look))
    ax.set(xticks=range(len(columns)), xticklabels=columns, yticks=range(len(rows)), yticklabels=rows, xlabel=xlabel)
    ax.grid(False)
    figure.legend(loc="outside lower center", ncols=len(marks))
    return figure


def dots(series: Mapping[str, Sequence[Sequence[float]]], rows: Sequence[str], xlabel: str) -> Figure:
    """Shares by row: for each series a marker at its mean, and a small dot for each seed.

    Parameters
    ----------
    series
        For each label one sequence a row, of one value a seed.
    """
    figure, ax = plt.subplots(figsize=(7.2, 0.55 * len(rows) + 1.8))
    for number, (label, per_row) in enumerate(series.items()):
        places = np.arange(len(rows)) + 0.11 * (number - (len(series) - 1) / 2)
        look = {"color": COLOURS[number % 7], "linestyle": "none"}
        ax.plot([np.mean(one) for one in per_row], places, marker=MARKERS[number % 7], label=label, **look)
        for place, values in zip(places, per_row, strict=True):
            ax.plot(values, [place] * len(values), marker=".", markersize=4, alpha=0.6, **look)
    ax.set(yticks=range(len(rows)), yticklabels=rows, xlabel=xlabel, xlim=(-0.03, 1.03))
    ax.invert_yaxis()
    figure.legend(loc="outside lower center", ncols=3)
    return figure
