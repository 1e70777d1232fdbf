"""How the figures of this chapter are drawn, whatever they show."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from lib.measure.boundary import Slice
from lib.show.palette import looks

CLASS_COLOURS = ListedColormap(plt.get_cmap("tab20").colors[1::2][:10])
"""Ten pale colours, on which a black number can be read."""

NARROWEST = 0.03
"""The radius, as a share of a plane's width, of the smallest circle in which a number has room."""


def slices(planes: Mapping[str, Slice], reach: float) -> Figure:
    """The classes on planes through one image, side by side, with its class written in each region that has room.

    Parameters
    ----------
    reach
        The eps of an attack, marked on the axis of its direction.
    """
    figure, axes = plt.subplots(1, len(planes), figsize=(3.4 * len(planes) + 0.4, 3.6), squeeze=False, sharey=True)
    for ax, (name, plane) in zip(axes[0], planes.items(), strict=True):
        ends = [plane.across[0], plane.across[-1], plane.up[0], plane.up[-1]]
        look = {"cmap": CLASS_COLOURS, "vmin": -0.5, "vmax": 9.5, "aspect": "equal", "interpolation": "nearest"}
        ax.imshow(plane.read, origin="lower", extent=ends, **look)
        for digit in np.unique(plane.read):
            ax.contour(plane.across, plane.up, plane.read == digit, levels=[0.5], colors="black", linewidths=0.6)
            for place in _inside(plane, digit):
                above = 10 if np.hypot(*place) < 0.1 * plane.across[-1] else 0  # clear of the circle at the origin
                look = {"ha": "center", "va": "center", "fontweight": "bold"}
                ax.annotate(str(digit), place, xytext=(0, above), textcoords="offset points", **look)
        ax.plot(0, 0, marker="o", color="black", markersize=4)
        ax.plot(reach, 0, marker="x", color="black", markersize=7)
        ax.set(title=name, xlabel="along the gradient's sign\n(eps, pixel units)")
        ax.grid(False)
    axes[0, 0].set_ylabel("along a random\northogonal direction")
    return figure


def _inside(plane: Slice, digit: int) -> list[tuple[float, float]]:
    """The innermost point of each region of a class in which a number has room, and of its widest."""
    from scipy.ndimage import distance_transform_edt, label

    parts, count = label(plane.read == digit)
    depths = [distance_transform_edt(np.pad(parts == number, 1))[1:-1, 1:-1] for number in range(1, count + 1)]
    least = min(NARROWEST * len(plane.across), max(depth.max() for depth in depths))
    deepest = [np.unravel_index(depth.argmax(), depth.shape) for depth in depths if depth.max() >= least]
    return [(plane.across[column], plane.up[row]) for row, column in deepest]


def histograms(values: Mapping[str, np.ndarray], xlabel: str, ax: Axes) -> None:
    """Outlined histograms on one axis, as shares of each series."""
    bins = np.histogram_bin_edges(np.concatenate(list(values.values())), bins=40)
    for (label, series), own in zip(values.items(), looks(values).values(), strict=True):
        weights = np.full(len(series), 1 / len(series))
        look = {"color": own["color"], "linestyle": own["linestyle"], "linewidth": 1.8}
        ax.hist(series, bins=bins, weights=weights, histtype="step", label=label, **look)
    ax.set(xlabel=xlabel, ylabel="share of images")
