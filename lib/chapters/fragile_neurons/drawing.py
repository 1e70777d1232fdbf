"""How the figures of this chapter are drawn, from plain arrays."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lib.measure.intervals import Measured
from lib.show.palette import COLOURS, DASHES, MARKERS, looks
from lib.show.plots import DOTTED, Points, curves, interval, named_below

GREY, THIN = "0.65", {"markerfacecolor": "none", "markeredgewidth": 0.9}
"""The looks of marks that count less, and of controls."""
WIDEST = 8.4
"""The largest width, in inches, at which a page still shows a figure's text large enough to read."""


def drops(panes: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Accuracy without each kernel of a layer, with a line at its mean: one panel for each set of images.

    Parameters
    ----------
    panes
        By title, the accuracies (kernels,) and which kernels are called fragile (kernels,).
    """
    figure, axes = plt.subplots(1, len(panes), figsize=(4.3 * len(panes), 3.4), sharey=True, squeeze=False)
    for ax, (title, (accuracies, fragile)) in zip(axes[0], panes.items(), strict=True):
        kernels = np.arange(len(accuracies))
        look = {"linestyle": "none", "markersize": 5}
        ax.plot(kernels[fragile], accuracies[fragile], "o", color=COLOURS[0], mfc="none", label="S", **look)
        ax.plot(kernels[~fragile], accuracies[~fragile], "*", color="black", label="S'", **look)
        ax.axhline(accuracies.mean(), color=COLOURS[1], label="mean over kernels")
        ax.set(title=title, xlabel="kernel that is dropped")
    axes[0, 0].set_ylabel("accuracy without it")
    return named_below(figure, columns=3)


def strips(rows: Mapping[str, Mapping[str, np.ndarray]], marked: Mapping[str, np.ndarray]) -> Figure:
    """A strip for each network with a row for each age and a square for each kernel: red, with a dot, if below 0.

    Parameters
    ----------
    rows
        By title and age, accuracies minus their mean (kernels,). Each strip has a scale of its own, which its bar
        shows; what lies beyond the 98th percentile of its sizes is as dark as that.
    marked
        By title, which kernels (kernels,) have a mark below their column; strips without marks are left out.
    """
    heights = [len(ages) + 1.8 for ages in rows.values()]
    figure, axes = plt.subplots(
        len(rows), 1, figsize=(8.4, 0.32 * sum(heights) + 0.7), height_ratios=heights, squeeze=False
    )
    for ax, (title, ages) in zip(axes[:, 0], rows.items(), strict=True):
        values = np.array(list(ages.values()))
        limit = max(float(np.quantile(np.abs(values), 0.98)), 1e-9)
        drawn = ax.imshow(values, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
        below = np.argwhere(values < 0)
        ax.scatter(below[:, 1], below[:, 0], s=7, color="black", edgecolor="white", linewidth=0.5)
        ax.set(yticks=range(len(ages)), yticklabels=list(ages))
        ax.set_title(title, fontsize=10)
        ax.grid(False)
        if title in marked:
            places = np.flatnonzero(marked[title])
            ax.plot(places, np.full(len(places), len(ages) - 0.1), "^", color="black", markersize=5)
            ax.set_ylim(len(ages) + 0.2, -0.5)
        beside = figure.colorbar(drawn, ax=ax, ticks=[-limit, 0, limit], extend="both", aspect=8)
        beside.ax.set_yticklabels([f"{-limit:.2g}", "0", f"+{limit:.2g}"], fontsize=8)
        beside.ax.set_title("accuracy\nminus mean", fontsize=8)
    axes[-1, 0].set_xlabel("kernel that is zeroed")
    return figure


def looks_of(labels: Iterable[str], hollow: Mapping[str, str]) -> dict[str, dict]:
    """How each label is marked: in a colour and shape of its own; a hollow one in those of the label it goes with."""
    every = list(dict.fromkeys(labels))
    filled = [label for label in every if label not in hollow]
    places = [filled.index(hollow.get(label, label)) for label in every]
    looks = [{"color": COLOURS[at], "marker": MARKERS[at], "linestyle": "none"} for at in places]
    return {label: look | THIN if label in hollow else look for label, look in zip(every, looks, strict=True)}


def gains(
    rows: Sequence[str],
    panes: Mapping[str, Mapping[str, Mapping[str, Measured]]],
    xlabel: str,
    *,
    controls: Mapping[str, Mapping[str, Mapping[str, Measured]]],
    grey: Mapping[str, Collection[str]],
    called: tuple[str, str],
) -> Figure:
    """Differences with their intervals by row, and a line at no difference.

    Parameters
    ----------
    panes, controls
        By title and label, the measurements by row; rows without one are left out. Controls are thin hollow marks.
    grey, called
        By title, the rows whose marks are grey; and the names of the controls and of the grey marks.
    """
    size = 3.6 * len(panes) + 1.4, 0.6 * len(rows) + 1.9
    figure, axes = plt.subplots(1, len(panes), figsize=size, sharey=True, squeeze=False)
    looks = looks_of(next(iter(panes.values())), {})
    for ax, (title, series) in zip(axes[0], panes.items(), strict=True):
        ax.axvline(0, color="0.25", linewidth=1.2, linestyle=(0, (4, 2)))
        for number, (label, found) in enumerate(series.items()):
            beside = controls[title][label]
            for row, one in found.items():
                place = rows.index(row) + 0.27 * (number - (len(series) - 1) / 2)
                colour = GREY if row in grey.get(title, ()) else COLOURS[number]
                look = looks[label] | {"color": colour, "markersize": 5}
                ax.plot(one.mean, place, **look)
                interval(ax, one, place, color=colour, linewidth=1.2)
                if row in beside:
                    ax.plot(beside[row].mean, place + 0.1, **look | THIN)
        ax.set_title(title, fontsize=9)
        ax.set(xlabel=xlabel, yticks=range(len(rows)), yticklabels=rows, ylim=(len(rows) - 0.5, -0.5))
    looks[called[0]] = {"color": "0.25", "marker": MARKERS[0]} | THIN
    if any(grey.values()):
        looks[called[1]] = {"color": GREY, "marker": MARKERS[0]}
    handles = [Line2D([], [], **look | {"linestyle": "none", "markersize": 5}) for look in looks.values()]
    figure.legend(handles, looks, loc="outside lower center", ncols=3)
    return figure


def spectra(panes: Mapping[str, tuple[Mapping[str, Sequence[float]], Mapping[str, float]]]) -> Figure:
    """Singular values in order, on a logarithmic scale, with proposed thresholds; panes stand one below the other.

    Parameters
    ----------
    panes
        By title, the values by label, and the thresholds by label: level lines, named at their right.
    """
    figure, axes = plt.subplots(len(panes), 1, figsize=(6.4, 3.7 * len(panes)), squeeze=False)
    for ax, (title, (series, thresholds)) in zip(axes[:, 0], panes.items(), strict=True):
        for number, (label, values) in enumerate(series.items()):
            look = {"color": COLOURS[number], "marker": MARKERS[number], "markersize": 3, "linestyle": DASHES[number]}
            ax.plot(np.arange(1, len(values) + 1), values, label=label, **look)
        for number, (label, tau) in enumerate(thresholds.items()):
            ax.axhline(tau, color="0.3", linestyle=DASHES[number + 1], linewidth=1.2, zorder=1.5)
            place = {"xycoords": ("axes fraction", "data"), "ha": "left", "va": "center", "fontsize": 8}
            ax.annotate(label, (1.02, tau), **place, color="0.2")
        ax.set(title=title, xlabel="singular value, by size", ylabel="value", yscale="log")
        ax.legend(loc="lower left", fontsize=8)
    return figure


@dataclass(frozen=True)
class Pane:
    """Curves of shares over x, and what is drawn besides them."""

    title: str
    xlabel: str
    ylabel: str
    x: Sequence[float]
    series: Mapping[str, Points]
    """As in `curves`."""
    log: bool = False
    """Whether the x axis is logarithmic."""
    mark: float | None = None
    """An x that is marked by an upright line."""
    level: Mapping[str, float] = field(default_factory=dict)
    """Values by label, as level lines."""
    thin: tuple[str, Sequence[Sequence[float]]] = ("", ())
    """The name of further values, and these for each of the series: dotted, hollow at the end."""
    shaded: tuple[str, float] = ("", np.inf)
    """The name of a grey ground, and the x from which on it is drawn."""


def side_by_side(panes: Sequence[Pane], *, columns: int = 3) -> Figure:
    """Panes with axes of their own, and one legend below."""
    size = min(3.9 * len(panes), WIDEST), 4.1
    figure, axes = plt.subplots(1, len(panes), figsize=size, squeeze=False)
    for ax, pane in zip(axes[0], panes, strict=True):
        curves(pane.x, pane.series, pane.xlabel, pane.ylabel, most=1, ax=ax)
        for band in ax.collections:
            band.set_alpha(0.1)
        ax.set(title=pane.title, ylim=(-0.03, 1.03), xscale="log" if pane.log else "linear")
        if pane.mark is not None:
            ax.axvline(pane.mark, **DOTTED)
        if not pane.log:
            ax.locator_params(axis="x", nbins=5)
        _overlaid(ax, pane)
    return named_below(figure, columns=columns)


def _overlaid(ax: Axes, pane: Pane) -> None:
    """The level lines of a pane, its thin values, and its grey ground."""
    for number, (label, value) in enumerate(pane.level.items()):
        ax.axhline(value, **DOTTED | {"linewidth": 1.2, "linestyle": (0, (2 + 4 * number, 3))}, label=label)
    called, thin = pane.thin
    look = {"linestyle": (0, (1, 2)), "markersize": 8, "markevery": [-1]} | THIN
    for own, values in zip(looks(pane.series).values(), thin, strict=False):
        ax.plot(pane.x, values, color=own["color"], marker=own["marker"], **look)
    if thin:
        ax.plot([], [], color="0.25", marker=MARKERS[0], label=called, **look)
    called, start = pane.shaded
    if max(pane.x) > start:
        ax.axvspan(start, max(pane.x), color="0.9", zorder=0, label=called)


def split_shares(
    panes: Mapping[str, tuple[Sequence[float], Mapping[str, float]]],
    *,
    claimed: Mapping[str, float],
    hollow: Mapping[str, str],
) -> Figure:
    """Shares of random splits, as a histogram, and those of some chosen splits, as marks above it.

    The panes stand one below the other, so that a phone shows them too.

    Parameters
    ----------
    panes
        By title, the shares of the random splits, and those of the chosen ones by label; the first pane has all labels.
    claimed
        What the paper prints, by label: an upright line in the first pane.
    hollow
        As in `drawn_ranges.ranges`.
    """
    shared = {"sharex": True, "sharey": True, "squeeze": False}
    figure, axes = plt.subplots(len(panes), 1, figsize=(6.4, 1.7 * len(panes) + 1), **shared)
    for ax, (shares, _) in zip(axes[:, 0], panes.values(), strict=True):
        ax.hist(shares, bins=np.linspace(0, 1, 21), color="0.8", edgecolor="0.4", label="random sets")
    top = axes[0, 0].get_ylim()[1]
    looks = looks_of((label for _, chosen in panes.values() for label in chosen), hollow)
    heights = {label: top * (1.08 + 0.14 * number) for number, label in enumerate(looks)}
    for label, value in claimed.items():
        axes[0, 0].axvline(value, color="black", linewidth=1.6, linestyle=(0, (4, 2)), label=label)
    for ax, (title, (_, chosen)) in zip(axes[:, 0], panes.items(), strict=True):
        for label, value in chosen.items():
            ax.plot(value, heights[label], label=label, clip_on=False, markersize=8, **looks[label])
        ax.set(xlim=(-0.03, 1.03), ylim=(0, top * (1.1 + 0.14 * len(looks))))
        ax.set_title(title, fontsize=10)
    axes[-1, 0].set_xlabel("share of images")
    axes[len(panes) // 2, 0].set_ylabel("number of random sets")
    return named_below(figure, columns=3)
