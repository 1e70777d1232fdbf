"""How one image and the maps that the first layer makes of it are drawn."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from lib.chapters.fragile_neurons.sampled import Picture
from lib.show.palette import COLOURS
from lib.show.plots import bare

ACROSS, GAP = 8, 1
"""Maps in a row, and pixels between them."""


def picture(found: Picture, fragile: NDArray[np.bool_], classes: tuple[str, str, str]) -> Figure:
    """An image clean, attacked, and the difference; below each, its maps, with those of S framed.

    Parameters
    ----------
    fragile
        S (kernels,).
    classes
        What the image shows, and the classes that the network gives it: clean, attacked.
    """
    images, maps = found.images.astype(float), found.maps.astype(float)
    label, before, after = classes
    titles = f"{label}, classified as {before}", f"attacked, classified as {after}", "attacked minus clean"
    figure, axes = plt.subplots(2, 3, figsize=(8.4, 4.6), height_ratios=(1, 2.4))
    shown = [images[0], images[1], (images[1] - images[0]) / 2 / max(np.abs(images[1] - images[0]).max(), 1e-9) + 0.5]
    for ax, image, title in zip(axes[0], shown, titles, strict=True):
        ax.imshow(image.transpose(1, 2, 0).squeeze(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(title, fontsize=10)
    change = maps[1] - maps[0]
    limit, of_change = (float(np.quantile(np.abs(each), 0.995)) or 1.0 for each in (maps, change))
    for ax, each, edge in zip(axes[1], (*maps, change), (limit, limit, of_change), strict=True):
        ax.imshow(mosaic(each), cmap="RdBu_r", vmin=-edge, vmax=edge, interpolation="nearest")
        _frame(ax, maps.shape[2:], fragile)
    axes[1, 2].set_xlabel(f"the change, {limit / of_change:.2g} times as strong", fontsize=9)
    for ax in axes.flat:
        bare(ax)
    return figure


def mosaic(maps: NDArray) -> NDArray:
    """Maps (kernels, height, width) side by side, eight in a row; gaps and what is left over are NaN."""
    kernels, height, width = maps.shape
    down = -(-kernels // ACROSS)
    whole = np.full((down * (height + GAP) - GAP, ACROSS * (width + GAP) - GAP), np.nan)
    for kernel, one in enumerate(maps):
        top, left = (place * (side + GAP) for place, side in zip(divmod(kernel, ACROSS), (height, width), strict=True))
        whole[top : top + height, left : left + width] = one
    return whole


def _frame(ax: Axes, shape: tuple[int, int], fragile: NDArray[np.bool_]) -> None:
    """Frame the maps of S, each along its own outermost pixels: frames that touch would enclose other maps too."""
    height, width = shape
    for kernel in np.flatnonzero(fragile):
        row, column = divmod(int(kernel), ACROSS)
        corner = column * (width + GAP), row * (height + GAP)
        ax.add_patch(Rectangle(corner, width - 1, height - 1, fill=False, edgecolor=COLOURS[1], linewidth=1.4))
