"""Tables of shares as pictures, each cell in its shade with its text in it; and what digits are taken for."""

from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

SHOWN = 0.005
"""The smallest share that is written into a confusion matrix."""


def written(ax: Axes, texts: Sequence[Sequence[str]], dark: np.ndarray, fontsize: int) -> None:
    """Write into the cells of a picture (rows, columns): in white where it is dark, else in black."""
    for (row, column), is_dark in np.ndenumerate(dark):
        if text := texts[row][column]:
            look = {"ha": "center", "va": "center", "fontsize": fontsize, "color": "white" if is_dark else "black"}
            ax.annotate(text, (column, row), **look)
    ax.grid(False)


def confusion(networks: Iterable[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """What digits are taken for, from labels and classes (N,) of each network: (10, 10), each row a digit's shares."""
    counts = np.zeros((10, 10))
    for pair in networks:
        np.add.at(counts, pair, 1)
    return counts / np.maximum(counts.sum(1, keepdims=True), 1)


def commonest_error(shares: np.ndarray) -> tuple[int, int, float]:
    """A digit, what it is taken for, and in what share of its images: where that is largest."""
    wrong = shares - np.diag(shares.diagonal())
    digit, taken = np.unravel_index(wrong.argmax(), wrong.shape)
    return int(digit), int(taken), float(wrong.max())


def confusions(panes: Mapping[str, np.ndarray]) -> Figure:
    """Confusion matrices side by side, by title; shares in per cent."""
    most = max(shares.max() for shares in panes.values())
    figure, axes = plt.subplots(1, len(panes), figsize=(4.1 * len(panes) + 0.4, 4.4), sharey=True, squeeze=False)
    for ax, (title, shares) in zip(axes[0], panes.items(), strict=True):
        ax.imshow(shares, cmap="Blues", vmin=0, vmax=most)
        written(ax, np.where(shares >= SHOWN, np.char.mod("%.0f", 100 * shares), ""), shares > most / 2, 8)
        ax.set(title=title, xlabel="classified as", xticks=range(10), yticks=range(10))
    axes[0, 0].set_ylabel("digit")
    return figure
