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
    ax: Axes | None = None,
) -> Figure:
    """Lines over x, one a series, each with its 95 % band over seeds.

    Parameters
    ----------
    series
        For each label one sequence a seed, of the length of x.
    claimed
        Values that a paper prints, by label: drawn as level grey lines.
    """
    ax = ax or plt.subplots(figsize=(6.4, 3.8))[1]
    for number, (label, per_seed) in enumerate(series.items()):
        look = {"color": COLOURS[number % 7], "linestyle": DASHES[number % 7], "marker": MARKERS[number % 7]}
        values = [over_seeds(column) for column in np.asarray(per_seed, dtype=float).T]
        ax.plot(x, [value.mean for value in values], label=label, markersize=4, **look)
        if values[0].low is not None:
            low, high = np.array([[value.low, value.high] for value in values]).T
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
    figure = curves(x, series, xlabel, ylabel, claimed=claimed)
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
    """The same `curves` measured in several ways, side by side on one scale, with one legend below.

    Parameters
    ----------
    panes
        For each pane's title its series, as in `curves`; the same labels in each.
    claimed
        For a pane's title what is drawn in there, as in `curves`.
    """
    figure, axes = plt.subplots(1, len(panes), figsize=(3.1 * len(panes), 4.6), sharey=True, squeeze=False)
    for number, (ax, (title, series)) in enumerate(zip(axes[0], panes.items(), strict=True)):
        curves(x, series, xlabel, "" if number else ylabel, claimed=(claimed or {}).get(title), ax=ax)
        for band in ax.collections:
            band.set_alpha(0.07)  # many lie over each other
        ax.get_legend().remove()
        ax.set(title=title, xticks=list(x))
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
