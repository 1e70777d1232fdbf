"""The figures, in one look: readable without colour, spread over seeds as a band, the paper's value drawn in."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

from lib.boundary import Slice
from lib.intervals import over_seeds

COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
"""Okabe and Ito's palette, which the colour-blind can tell apart."""

DASHES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), "-"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
CLASS_COLOURS = ListedColormap(plt.get_cmap("tab20").colors[1::2][:10])
"""Ten pale colours, on which a black number can be read."""

STYLE = {
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "svg.hashsalt": "fixed",
}


def use_style() -> None:
    """Give every figure of a notebook the book's look."""
    plt.rcParams.update(STYLE)


def curves(
    x: Sequence[float],
    series: Mapping[str, Sequence[Sequence[float]]],
    xlabel: str,
    ylabel: str,
    *,
    claimed: Mapping[str, float] | None = None,
    most: float = np.inf,
    ax: Axes | None = None,
) -> Figure:
    """Lines over x, one a series, each with its 95 % band over seeds.

    Parameters
    ----------
    series
        For each label one sequence a seed, of the length of x; no value is negative.
    claimed
        Values that a paper prints, by label: drawn as level grey lines.
    most
        The largest value possible, 1 for a share: the bands are cut to [0, most].
    """
    ax = ax or plt.subplots(figsize=(6.4, 3.8))[1]
    for number, (label, per_seed) in enumerate(series.items()):
        look = {"color": COLOURS[number % 7], "linestyle": DASHES[number % 7], "marker": MARKERS[number % 7]}
        values = [over_seeds(column) for column in np.asarray(per_seed, dtype=float).T]
        ax.plot(x, [value.mean for value in values], label=label, markersize=4, **look)
        if values[0].low is not None:
            low, high = np.clip([[value.low, value.high] for value in values], 0, most).T
            ax.fill_between(x, low, high, color=look["color"], alpha=0.15, linewidth=0)
    for label, value in (claimed or {}).items():
        ax.axhline(value, color="0.35", linewidth=1, linestyle=(0, (2, 3)))
        ax.annotate(label, (1, value), xycoords=("axes fraction", "data"), ha="right", va="bottom", color="0.25")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend(loc="best")
    return ax.figure


def shares(
    x: Sequence[float],
    series: Mapping[str, Sequence[Sequence[float]]],
    xlabel: str,
    ylabel: str,
    *,
    claimed: Mapping[str, float] | None = None,
) -> Figure:
    """`curves` of accuracies and other shares: the bands cut to [0, 1], and a dot for each seed.

    Where some networks collapse and others do not, a mean with its band says less than the dots.
    """
    figure = curves(x, series, xlabel, ylabel, claimed=claimed, most=1)
    (ax,) = figure.axes
    for number, per_seed in enumerate(series.values()):
        for values in per_seed:
            ax.plot(x, values, linestyle="none", marker=".", markersize=4, color=COLOURS[number % 7], alpha=0.6)
    ax.set_ylim(-0.03, 1.03)
    return figure


def digits(rows: Mapping[str, Tensor], titles: Sequence[Sequence[str]] | None = None) -> Figure:
    """Rows of images, each with a name at its left.

    Parameters
    ----------
    rows
        For each name images (N, C, H, W). Perturbations are shown around mid-grey, images from black to white.
    titles
        A title for each image of each row.
    """
    across = len(next(iter(rows.values())))
    figure, axes = plt.subplots(len(rows), across, figsize=(0.95 * across + 1.2, 1.2 * len(rows)), squeeze=False)
    for i, (name, images) in enumerate(rows.items()):
        signed = bool((images < 0).any())
        for j, image in enumerate(images):
            ax = axes[i, j]
            limit = float(images.abs().max()) if signed else 1.0
            ax.imshow(_displayed(image), cmap="gray", vmin=-limit if signed else 0, vmax=limit)
            ax.set(xticks=[], yticks=[])
            ax.grid(False)
            ax.spines[:].set_visible(False)
            if titles:
                ax.set_title(titles[i][j], fontsize=9, pad=2)
        axes[i, 0].set_ylabel(name, rotation=0, ha="right", va="center")
    return figure


def _displayed(image: Tensor) -> np.ndarray:
    array = image.cpu().numpy()
    return array[0] if len(array) == 1 else array.transpose(1, 2, 0)


def slices(planes: Mapping[str, Slice], reach: float | None = None) -> Figure:
    """The classes read on planes through one image, side by side, each region with its class written in it.

    Parameters
    ----------
    reach
        Where given, the eps of an attack, marked on the axis of its direction.
    """
    figure, axes = plt.subplots(1, len(planes), figsize=(3.4 * len(planes) + 0.4, 3.6), squeeze=False, sharey=True)
    for ax, (name, plane) in zip(axes[0], planes.items(), strict=True):
        ends = [plane.across[0], plane.across[-1], plane.up[0], plane.up[-1]]
        ax.imshow(plane.read, origin="lower", extent=ends, cmap=CLASS_COLOURS, vmin=-0.5, vmax=9.5, aspect="equal")
        ax.contour(plane.across, plane.up, plane.read, levels=np.arange(0.5, 9), colors="black", linewidths=0.6)
        for digit in np.unique(plane.read):
            ax.annotate(str(digit), _inside(plane, digit), ha="center", va="center", fontweight="bold")
        ax.plot(0, 0, marker="o", color="black", markersize=4)
        if reach:
            ax.plot(reach, 0, marker="x", color="black", markersize=7)
        ax.set(title=name, xlabel="along the gradient's sign\n(eps, pixel units)")
        ax.grid(False)
    axes[0, 0].set_ylabel("along a random\northogonal direction")
    return figure


def _inside(plane: Slice, digit: int) -> tuple[float, float]:
    """The point of a region that is farthest from any other class."""
    from scipy.ndimage import distance_transform_edt

    depth = distance_transform_edt(np.pad(plane.read == digit, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(depth.argmax(), depth.shape)
    return plane.across[column], plane.up[row]


def histograms(values: Mapping[str, np.ndarray], xlabel: str) -> Figure:
    """Outlined histograms on one axis, as shares of each series."""
    ax = plt.subplots(figsize=(6.4, 3.2))[1]
    bins = np.histogram_bin_edges(np.concatenate(list(values.values())), bins=40)
    for number, (label, series) in enumerate(values.items()):
        weights = np.full(len(series), 1 / len(series))
        look = {"color": COLOURS[number], "linestyle": DASHES[number], "linewidth": 1.8}
        ax.hist(series, bins=bins, weights=weights, histtype="step", label=label, **look)
    ax.set(xlabel=xlabel, ylabel="share of images")
    ax.legend(loc="best")
    return ax.figure


def panels(
    x: Sequence[float],
    panes: Mapping[str, Mapping[str, Sequence[Sequence[float]]]],
    xlabel: str,
    ylabel: str,
    *,
    claimed: Mapping[str, Mapping[str, float]] | None = None,
) -> Figure:
    """The same shares measured in several ways, side by side on one scale, with one legend below.

    Parameters
    ----------
    panes
        For each pane's title its series, as in `curves`; the same labels in each.
    claimed
        For a pane's title what is drawn in there, as in `curves`.
    """
    figure, axes = plt.subplots(1, len(panes), figsize=(3.1 * len(panes), 4.6), sharey=True, squeeze=False)
    for number, (ax, (title, series)) in enumerate(zip(axes[0], panes.items(), strict=True)):
        curves(x, series, xlabel, "" if number else ylabel, claimed=(claimed or {}).get(title), most=1, ax=ax)
        for band in ax.collections:
            band.set_alpha(0.07)  # many lie over each other
        ax.get_legend().remove()
        ax.set(title=title, xticks=list(x), ylim=(-0.03, 1.03))
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def accuracy_and_loss(
    clouds: Mapping[str, np.ndarray],
    paths: Mapping[str, np.ndarray],
    ends: Sequence[str],
    *,
    claimed: Mapping[str, tuple[float, float]] | None = None,
) -> Figure:
    """Accuracy over mean loss: all of it with the loss on a logarithmic scale, and beside that where the clouds are.

    Parameters
    ----------
    clouds
        For each label points (n, 2) of accuracy and loss, one a network.
    paths
        For each label points (n, 2) in their order along an eps grid.
    ends
        What is written at the paths' first and last points.
    claimed
        Points that a paper prints, by label.
    """
    figure, (whole, near) = plt.subplots(1, 2, figsize=(8.6, 4.6))
    for ax in (whole, near):
        for number, (label, points) in enumerate(clouds.items()):
            look = {"color": COLOURS[number], "marker": MARKERS[number], "s": 16, "alpha": 0.6, "linewidths": 0}
            ax.scatter(points[:, 1], points[:, 0], label=label, **look)
        for number, (label, points) in enumerate(paths.items(), start=len(clouds)):
            look = {"color": COLOURS[number % 7], "linestyle": DASHES[number % 7], "marker": MARKERS[number % 7]}
            ax.plot(points[:, 1], points[:, 0], label=label, markersize=3, **look)
        for label, (accuracy, loss) in (claimed or {}).items():
            ax.plot(loss, accuracy, marker="*", markersize=15, color="black", linestyle="none", label=label)
        ax.set_xlabel("mean loss (nats)")
    for end, at in zip(ends, (0, -1), strict=True):
        accuracy, loss = list(paths.values())[-1][at]
        whole.annotate(end, (loss, accuracy), xytext=(-4, 6), textcoords="offset points", fontsize=8, color="0.25")
    spread = np.vstack([*clouds.values(), *(np.array([point]) for point in (claimed or {}).values())])
    (low, left), (high, right) = spread.min(0), spread.max(0)
    near.set(xlim=(left - 0.02, right + 0.02), ylim=(low - 0.02, high + 0.02), title="where the untrained networks are")
    whole.set(ylabel="accuracy", xscale="log", title="all")
    figure.legend(*whole.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


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
