"""How the figures of this chapter are drawn, from plain arrays."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lib.measure.intervals import Measured
from lib.show.plots import COLOURS, DASHES, MARKERS, curves


def drops(panes: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Accuracy without each kernel of a layer, one panel a set of images, with the line of its mean.

    Parameters
    ----------
    panes
        For each title the accuracies (kernels,) and which kernels are called fragile (kernels,).
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
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def strips(rows: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """A strip for each network with a row for each age and a square for each kernel, red where it lies below 0.

    Parameters
    ----------
    rows
        By title and age values (kernels,) around 0. Each strip has a scale of its own, which its bar shows; what lies
        beyond the 98th percentile of its sizes is as dark as that.
    """
    heights = [len(ages) + 1.2 for ages in rows.values()]
    figure, axes = plt.subplots(
        len(rows), 1, figsize=(8.4, 0.32 * sum(heights) + 0.7), height_ratios=heights, squeeze=False
    )
    for ax, (title, ages) in zip(axes[:, 0], rows.items(), strict=True):
        values = np.array(list(ages.values()))
        limit = max(float(np.quantile(np.abs(values), 0.98)), 1e-9)
        drawn = ax.imshow(values, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
        ax.set(yticks=range(len(ages)), yticklabels=list(ages))
        ax.set_title(title, fontsize=10)
        ax.grid(False)
        bar = figure.colorbar(drawn, ax=ax, ticks=[-limit, 0, limit], extend="both", aspect=8)
        bar.ax.set_yticklabels([f"{-limit:.2g}", "0", f"+{limit:.2g}"], fontsize=8)
    axes[-1, 0].set_xlabel("kernel that is zeroed")
    return figure


def ranges(
    panes: Mapping[str, Mapping[str, tuple[tuple[float, float] | None, Mapping[str, float]]]],
    xlabel: str,
    *,
    bar: str,
    marks: Mapping[str, float] | None = None,
) -> Figure:
    """Rows of marks, each over a grey bar that says what lies in between by chance or from draw to draw.

    Parameters
    ----------
    panes
        By title and row the ends of the bar, if there is one, and the values that are marked, by label.
    bar
        What the bar is called.
    marks
        Values by label that are drawn as upright lines: in the pane whose title is the label's beginning.
    """
    rows, across = list(next(iter(panes.values()))), len(panes)
    size = 3.6 * across + 1.4, 0.34 * len(rows) + 1.7
    figure, axes = plt.subplots(1, across, figsize=size, sharey=True, squeeze=False)
    labels = list(dict.fromkeys(label for pane in panes.values() for _, found in pane.values() for label in found))
    labelled = {}
    for ax, (title, pane) in zip(axes[0], panes.items(), strict=True):
        for place, (ends, found) in enumerate(pane.values()):
            if ends:
                labelled[bar] = ax.plot(ends, [place] * 2, color="0.75", linewidth=7, solid_capstyle="butt", zorder=1)[
                    0
                ]
            for label, value in found.items():
                at = labels.index(label)
                look = {"color": COLOURS[at], "marker": MARKERS[at], "linestyle": "none"}
                labelled[label] = ax.plot(value, place + 0.2 * (at - (len(labels) - 1) / 2), **look)[0]
            if not ends and not found:
                ax.annotate("not measured", (0.5, place), xycoords=("axes fraction", "data"), ha="center", va="center")
        for label, value in (marks or {}).items():
            if label.startswith(title):
                line = ax.axvline(value, color="0.25", linewidth=1.2, linestyle=(0, (4, 2)), zorder=0)
                labelled[label.removeprefix(title)] = line
        ax.set(title=title, xlabel=xlabel, yticks=range(len(rows)), yticklabels=rows)
    axes[0, 0].invert_yaxis()
    figure.legend(labelled.values(), labelled, loc="outside lower center", ncols=3)
    return figure


def gains(rows: Sequence[str], panes: Mapping[str, Mapping[str, Mapping[str, Measured]]], xlabel: str) -> Figure:
    """Differences with their intervals by row, and the line of no difference.

    Parameters
    ----------
    panes
        By title and label the measurements by row; what there is none of is left out.
    """
    size = 3.6 * len(panes) + 1.4, 0.42 * len(rows) + 1.7
    figure, axes = plt.subplots(1, len(panes), figsize=size, sharey=True, squeeze=False)
    for ax, (title, series) in zip(axes[0], panes.items(), strict=True):
        ax.axvline(0, color="0.25", linewidth=1.2, linestyle=(0, (4, 2)))
        for number, (label, found) in enumerate(series.items()):
            places = [rows.index(row) + 0.22 * (number - (len(series) - 1) / 2) for row in found]
            look = {"color": COLOURS[number], "marker": MARKERS[number], "linestyle": "none", "markersize": 5}
            ax.plot([one.mean for one in found.values()], places, label=label, **look)
            for place, one in zip(places, found.values(), strict=True):
                if one.low is not None:
                    ax.plot([one.low, one.high], [place] * 2, color=COLOURS[number], linewidth=1.2)
        ax.set(title=title, xlabel=xlabel, yticks=range(len(rows)), yticklabels=rows)
    axes[0, 0].invert_yaxis()
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def spectra(panes: Mapping[str, tuple[Mapping[str, Sequence[float]], Mapping[str, float]]]) -> Figure:
    """Singular values in their order, on a logarithmic scale, with the thresholds that are proposed for them.

    Parameters
    ----------
    panes
        For each title the values by label, and the thresholds by label, drawn as level lines.
    """
    figure, axes = plt.subplots(1, len(panes), figsize=(4.6 * len(panes) + 0.6, 4), squeeze=False)
    for ax, (title, (series, thresholds)) in zip(axes[0], panes.items(), strict=True):
        for number, (label, values) in enumerate(series.items()):
            look = {"color": COLOURS[number], "marker": MARKERS[number], "markersize": 3, "linestyle": DASHES[number]}
            ax.plot(np.arange(1, len(values) + 1), values, label=label, **look)
        for number, (label, tau) in enumerate(thresholds.items()):
            ax.axhline(tau, color="0.3", linestyle=DASHES[number + 1], linewidth=1.2)
            place = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "bottom", "fontsize": 8}
            ax.annotate(label, (1, tau), **place, color="0.2")
        ax.set(title=title, xlabel="singular value, by size", ylabel="value", yscale="log")
        ax.legend(loc="lower left", fontsize=8)
    return figure


def pane_grid(panes: Sequence[Sequence[Mapping]], *, legend_columns: int = 3) -> Figure:
    """Curves of shares in rows of panels, each with axes of its own, and one legend below.

    Parameters
    ----------
    panes
        Rows of panels. Each has `x`, `series` (as in `curves`), `title` and `xlabel`; where wanted `ylabel`, `log`
        (a logarithmic x axis), `mark` (an x that is marked by an upright line) and `claimed` (as in `curves`).
    """
    across = max(map(len, panes))
    figure, axes = plt.subplots(len(panes), across, figsize=(3.9 * across, 3.1 * len(panes) + 1), squeeze=False)
    labelled = {}
    for row, across_row in zip(axes, panes, strict=True):
        for ax in row[len(across_row) :]:  # of rows that differ in length the shorter ones end early
            ax.set_axis_off()
    for ax, pane in ((axes[i, j], pane) for i, row in enumerate(panes) for j, pane in enumerate(row)):
        named = pane["xlabel"], pane.get("ylabel", "")
        curves(pane["x"], pane["series"], *named, claimed=pane.get("claimed"), most=1, ax=ax)
        for band in ax.collections:
            band.set_alpha(0.1)
        ax.get_legend().remove()
        ax.set(title=pane["title"], ylim=(-0.03, 1.03), xscale="log" if pane.get("log") else "linear")
        if "mark" in pane:
            ax.axvline(pane["mark"], color="0.35", linewidth=1, linestyle=(0, (2, 3)))
        handles, labels = ax.get_legend_handles_labels()
        labelled |= dict(zip(labels, handles, strict=True))
    figure.legend(labelled.values(), labelled, loc="outside lower center", ncols=legend_columns)
    return figure


def split_shares(
    panes: Mapping[str, tuple[Sequence[float], Mapping[str, float]]],
    xlabel: str,
    *,
    claimed: Mapping[str, float] | None = None,
) -> Figure:
    """What random splits give, as a histogram, and what some chosen splits give, as marks above it.

    The panes stand one below the other, so that a phone shows them too.

    Parameters
    ----------
    panes
        For each title the shares of the random splits, and those of the chosen ones by label.
    claimed
        What the paper prints, by label: an upright line in the first pane.
    """
    size = 6.4, 1.7 * len(panes) + 1
    figure, axes = plt.subplots(len(panes), 1, figsize=size, sharex=True, sharey=True, squeeze=False)
    for ax, (shares, _) in zip(axes[:, 0], panes.values(), strict=True):
        ax.hist(shares, bins=np.linspace(0, 1, 21), color="0.8", edgecolor="0.4", label="random sets")
    top = axes[0, 0].get_ylim()[1]
    for label, value in (claimed or {}).items():
        axes[0, 0].axvline(value, color="black", linewidth=1.6, linestyle=(0, (4, 2)), label=label)
    for ax, (title, (_, chosen)) in zip(axes[:, 0], panes.items(), strict=True):
        for number, (label, value) in enumerate(chosen.items()):
            look = {"color": COLOURS[number], "marker": MARKERS[number], "markersize": 8, "linestyle": "none"}
            ax.plot(value, top * (1.08 + 0.14 * number), label=label, clip_on=False, **look)
        ax.set(xlim=(-0.03, 1.03), ylim=(0, top * (1.1 + 0.14 * len(chosen))))
        ax.set_title(title, fontsize=10)
    axes[-1, 0].set_xlabel(xlabel)
    axes[len(panes) // 2, 0].set_ylabel("number of random sets")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure
