"""How the figures of this chapter are drawn, from plain arrays."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

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


def kernel_grid(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[str, str], Mapping[str, np.ndarray]],
    sets: Mapping[tuple[str, str], Mapping[str, np.ndarray]],
) -> Figure:
    """Accuracy without each kernel for every network, data set and age; what has not been run is shown as missing.

    Parameters
    ----------
    rows, columns
        The titles: data sets and networks.
    cells
        For each pair the accuracies (kernels,) by age.
    sets
        Which kernels are called fragile (kernels,), in the same order. A circle marks those that are so at all ages.
    """
    shape = (len(rows), len(columns))
    figure, axes = plt.subplots(*shape, figsize=(3.1 * shape[1], 2.7 * shape[0] + 0.8), squeeze=False)
    labelled = {}
    for (i, row), (j, column) in ((a, b) for a in enumerate(rows) for b in enumerate(columns)):
        ax = axes[i, j]
        ax.set(title=f"{column}, {row}", xlabel="kernel that is dropped" if i + 1 == len(rows) else "")
        lines = cells.get((row, column), {})
        if not lines:
            ax.text(0.5, 0.5, "missing", ha="center", va="center", transform=ax.transAxes, color="0.35")
            ax.set(xticks=[], yticks=[])
            continue
        always = np.all(list(sets[row, column].values()), axis=0)
        for number, (age, accuracies) in enumerate(lines.items()):
            fragile, kernels = sets[row, column][age], np.arange(len(accuracies))
            ax.plot(kernels, accuracies, color=COLOURS[number], linestyle=DASHES[number], linewidth=1, label=age)
            once = fragile & ~always if len(lines) > 1 else fragile
            ax.plot(kernels[once], accuracies[once], "x", color="black", markersize=4)
            if len(lines) > 1:
                ax.plot(kernels[always], accuracies[always], "o", color=COLOURS[1], mfc="none", markersize=6)
        handles, ages = ax.get_legend_handles_labels()
        labelled |= dict(zip(ages, handles, strict=True))
    for ax in axes[:, 0]:
        ax.set_ylabel("accuracy without it")
    figure.legend(labelled.values(), labelled, loc="outside lower center", ncols=len(labelled))
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


def split_shares(panes: Mapping[str, tuple[Sequence[float], Mapping[str, float]]], xlabel: str) -> Figure:
    """What random splits give, as a histogram, and what some chosen splits give, as marks above it.

    Parameters
    ----------
    panes
        For each title the shares of the random splits, and those of the chosen ones by label.
    """
    figure, axes = plt.subplots(1, len(panes), figsize=(3.6 * len(panes), 3.6), sharey=True, squeeze=False)
    for ax, (shares, _) in zip(axes[0], panes.values(), strict=True):
        ax.hist(shares, bins=np.linspace(0, 1, 21), color="0.8", edgecolor="0.4", label="random splits")
    top = axes[0, 0].get_ylim()[1]
    for ax, (title, (_, chosen)) in zip(axes[0], panes.items(), strict=True):
        for number, (label, value) in enumerate(chosen.items()):
            look = {"color": COLOURS[number], "marker": MARKERS[number], "markersize": 8, "linestyle": "none"}
            ax.plot(value, top * (1.06 + 0.1 * number), label=label, clip_on=False, **look)
        ax.set(title=title, xlabel=xlabel, xlim=(-0.03, 1.03))
    axes[0, 0].set_ylabel("number of splits")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure
