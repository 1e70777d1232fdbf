"""The figures of the chapter on unlearning."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lib.show.plots import COLOURS, DASHES, MARKERS


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
