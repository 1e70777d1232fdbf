"""Rows with a bar for the values of random sets, and marks for single sets: one pane beside another."""

from collections.abc import Iterable, Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lib.chapters.fragile_neurons.drawing import looks_of
from lib.measure.intervals import Measured
from lib.show.plots import interval, named_below


def ranges(
    panes: Mapping[str, Mapping[str, tuple[tuple[float, float] | None, Mapping[str, float | Measured]]]],
    xlabel: str,
    *,
    bar: str,
    marks: Mapping[str, Mapping[str, float]] | None = None,
    hollow: Mapping[str, str] | None = None,
) -> Figure:
    """Rows of marks, each over a grey bar for the range of values by chance or from draw to draw.

    Parameters
    ----------
    panes
        By title and row, the ends of the bar, if there is one, and the values that are marked, by label; those that are
        `Measured` are drawn with their intervals.
    bar
        The bar's name in the legend.
    marks
        Upright dashes by label and row, drawn in the pane whose title begins the label.
    hollow
        Labels whose marks are hollow, each with the label that it looks like otherwise.
    """
    rows, across = list(next(iter(panes.values()))), len(panes)
    size = 3.6 * across + 1.4, 0.42 * len(rows) + 1.7
    figure, axes = plt.subplots(1, across, figsize=size, sharey=True, squeeze=False)
    looks = looks_of((label for pane in panes.values() for _, found in pane.values() for label in found), hollow or {})
    for ax, (title, pane) in zip(axes[0], panes.items(), strict=True):
        _marked_rows(ax, pane.values(), looks, bar)
        for label, by_row in (marks or {}).items():
            if label.startswith(title):
                _dashes(ax, {rows.index(row): at for row, at in by_row.items()}, label.removeprefix(title))
        ax.set_title(title, fontsize=10)
        ax.set(xlabel=xlabel, yticks=range(len(rows)), yticklabels=rows, ylim=(len(rows) - 0.5, -0.5))
    return named_below(figure, columns=3)


def _marked_rows(ax: Axes, rows: Iterable[tuple], looks: Mapping[str, dict], bar: str) -> None:
    """The bars and marks of one pane of `ranges`."""
    order = list(looks)
    for place, (ends, found) in enumerate(rows):
        if ends:
            look = {"color": "0.75", "linewidth": 7, "solid_capstyle": "butt", "zorder": 1}
            ax.plot(ends, [place] * 2, label=bar, **look)
        for label, value in found.items():
            at = place + 0.2 * (order.index(label) - (len(order) - 1) / 2)
            if isinstance(value, Measured):
                interval(ax, value, at, color=looks[label]["color"], linewidth=1.2)
                value = value.mean
            ax.plot(value, at, label=label, **looks[label])
        if not ends and not found:
            look = {"ha": "center", "va": "center", "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 2}}
            ax.annotate("not measured", (0.5, place), xycoords=("axes fraction", "data"), **look)


def _dashes(ax: Axes, at: Mapping[int, float], label: str) -> None:
    """Upright dashes at some places of the rows, as one line with gaps."""
    across = [value for one in at.values() for value in (one, one, np.nan)]
    down = [value for place in at for value in (place - 0.45, place + 0.45, np.nan)]
    ax.plot(across, down, color="0.25", linewidth=1.6, linestyle=(0, (3, 1.2)), zorder=1.5, label=label)
