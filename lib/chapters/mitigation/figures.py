"""The figures of the chapter on mitigation."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from lib.measure.boundary import Slice
from lib.show.plots import COLOURS, DASHES

CLASS_COLOURS = ListedColormap(plt.get_cmap("tab20").colors[1::2][:10])
"""Ten pale colours, on which a black number can be read."""


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
