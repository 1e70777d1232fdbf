"""Tables of shares as pictures, each cell shaded and with its text in it; and confusion matrices of digits."""

from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

SHOWN = 0.005
"""The smallest share that is written into a confusion matrix."""


def written(ax: Axes, texts: Sequence[Sequence[str]], dark: np.ndarray, fontsize: int) -> None:
    """Write into the cells (rows, columns) of a picture, in white on dark cells and in black on the others."""
    for (row, column), is_dark in np.ndenumerate(dark):
        if text := texts[row][column]:
            look = {"ha": "center", "va": "center", "fontsize": fontsize, "color": "white" if is_dark else "black"}
            ax.annotate(text, (column, row), **look)
    ax.grid(False)


def dark(drawn: AxesImage) -> NDArray[np.bool_]:
    """Which cells (rows, columns) of a picture are so dark that white stands out more than black, as WCAG 2 has it."""
    colours = drawn.to_rgba(drawn.get_array())[..., :3]
    light = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    return light @ (0.2126, 0.7152, 0.0722) < 0.179


def confusion(networks: Iterable[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """The confusion matrix (10, 10), from each network's labels and classes (N,); a row has the shares of one digit."""
    counts = np.zeros((10, 10))
    for pair in networks:
        np.add.at(counts, pair, 1)
    return counts / np.maximum(counts.sum(1, keepdims=True), 1)


def commonest_error(shares: np.ndarray) -> tuple[int, int, float]:
    """The most common confusion: a digit, the digit it is taken for, and in what share of its images."""
    wrong = shares - np.diag(shares.diagonal())
    digit, taken = np.unravel_index(wrong.argmax(), wrong.shape)
    return int(digit), int(taken), float(wrong.max())


def confusions(panes: Mapping[str, np.ndarray]) -> Figure:
    """Draw confusion matrices side by side, by title, with shares in per cent."""
    most = max(shares.max() for shares in panes.values())
    figure, axes = plt.subplots(1, len(panes), figsize=(4.1 * len(panes) + 0.4, 4.4), sharey=True, squeeze=False)
    for ax, (title, shares) in zip(axes[0], panes.items(), strict=True):
        drawn = ax.imshow(shares, cmap="Blues", vmin=0, vmax=most)
        written(ax, np.where(shares >= SHOWN, np.char.mod("%.0f", 100 * shares), ""), dark(drawn), 8)
        ax.set(title=title, xlabel="classified as", xticks=range(10), yticks=range(10))
    axes[0, 0].set_ylabel("digit")
    return figure
