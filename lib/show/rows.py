"""Shares in rows: a mean with its 95% interval and a dot for each network, and the paper's values as lines."""

from collections.abc import Collection, Mapping

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from lib.measure.intervals import Measured
from lib.show import plots
from lib.show.palette import COLOURS, MARKERS
from lib.show.plots import DOTTED, interval

BELOW = 0.24
"""How far below its row a network's dot lies, in rows: clear of the mean and its interval."""


def shares(
    rows: Mapping[str, Measured],
    xlabel: str,
    *,
    claimed: Mapping[str, float] | None = None,
    controls: Collection[str] = (),
) -> Figure:
    """Draw shares in [0, 1], one in each row, the first on top.

    A row has the mean with its interval, the mean again as a number at the right, and below it a dot for each network
    where there are several. Below all stands how many there are.

    Parameters
    ----------
    rows
        By the name of the row, what was measured.
    claimed
        Values that a paper prints, by label: drawn as vertical lines through all rows.
    controls
        The names of the rows that are drawn as controls: grey squares.
    """
    figure, ax = plt.subplots(figsize=(6.8, 0.42 * len(rows) + 1.6))
    for row, (name, measured) in enumerate(rows.items()):
        colour, marker = ("0.45", MARKERS[1]) if name in controls else (COLOURS[0], MARKERS[0])
        interval(ax, measured, row, color=colour, linewidth=2)
        ax.plot(measured.mean, row, marker=marker, color=colour, markersize=7, linestyle="none")
        if len(measured.per_network) > 1:
            look = {"markersize": 4, "markerfacecolor": "white", "markeredgewidth": 1, "linestyle": "none"}
            ax.plot(measured.per_network, [row + BELOW] * len(measured.per_network), "o", color=colour, **look)
        ax.annotate(f"{measured.mean:.3f}", (1.03, row), xycoords=("axes fraction", "data"), va="center")
    for label, value in (claimed or {}).items():
        ax.axvline(value, **DOTTED)
        side = {"ha": "left", "xytext": (4, 0)} if value < 0.5 else {"ha": "right", "xytext": (-4, 0)}
        ax.annotate(label, (value, -0.75), textcoords="offset points", va="center", color="0.25", **side)
    ax.set(xlim=(-0.02, 1.02), ylim=(len(rows) - 0.5, -1.1 if claimed else -0.5), xlabel=xlabel)
    ax.set_yticks(range(len(rows)), list(rows))
    said = plots.intervals(*(one.networks for one in rows.values()), dots=True)
    figure.legend([], [], title=said, loc="outside lower center")
    return figure
