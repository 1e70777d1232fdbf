"""The figures of the chapter on unlearning."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure

from lib.chapters.unlearning import labels, rates
from lib.chapters.unlearning.experiment import KINDS, Experiment
from lib.chapters.unlearning.frames import OneShot
from lib.chapters.unlearning.measure import LetterRecord
from lib.chapters.unlearning.rates import Clouds, Curves, Loop, Networks
from lib.show import plots
from lib.show.plots import COLOURS, DASHES, MARKERS

PAPER_S_RISE = rates.PAPER_ROW_3[0] - rates.PAPER_ROW_2[0]
"""By how much accuracy under FGSM is higher in the third row of the paper's table than in the second."""


def worst(letter: LetterRecord) -> Figure:
    """The training images of highest attacked loss, as they are and attacked, with label and prediction."""
    rows = {"as they are": letter.worst, "attacked": letter.attacked.clip(0, 1)}
    titles = [[f"a {label}" for label in letter.labels], [f"taken for {one}" for one in letter.read]]
    return plots.digits({name: torch.from_numpy(images) for name, images in rows.items()}, titles)


def gains(networks: Networks, loop: Loop) -> Figure:
    """What each reading adds to its control under FGSM and PGD, with 95 % intervals, and the paper's rise."""
    readings = [reading for reading in loop if reading not in ("none", "a")]
    figure, ax = plt.subplots(figsize=(6.8, 0.45 * len(readings) + 1.6))
    for number, way in enumerate(("FGSM", "PGD")):
        for row, reading in enumerate(readings):
            found, at = rates.gain(networks, loop, reading, way), row + 0.28 * number - 0.14
            look = {"color": COLOURS[number], "label": way if not row else None}
            if found.low is not None:
                ax.plot([found.low, found.high], [at, at], color=COLOURS[number], linewidth=2)
            ax.plot(found.mean, at, marker=MARKERS[number], linestyle="none", **look)
    ax.axvline(0, color="0.35", linewidth=1)
    ax.axvline(PAPER_S_RISE, color="0.35", linewidth=1, linestyle=(0, (2, 3)))
    ax.annotate(f"the paper: +{PAPER_S_RISE:.3f}", (PAPER_S_RISE, -0.7), ha="right", va="center", color="0.25")
    ax.set(yticks=range(len(readings)), yticklabels=[labels.READINGS[reading] for reading in readings])
    ax.set(xlabel="accuracy under attack, less that of the control", ylim=(len(readings) - 0.5, -1))
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def second_row(clouds: Clouds, curves: Curves) -> Figure:
    """Untrained networks on clean images, trained ones at every eps, and the paper's point."""
    drawn = {f"untrained, {labels.figure(lenet)}": cloud.clean for lenet, cloud in clouds.items()}
    lines = {f"trained, {name}": rates.path(records) for name, records in curves.items()}
    return accuracy_and_loss(drawn, lines, ["eps 0", "eps 1"], claimed={"paper, row 2": rates.PAPER_ROW_2})


def one_shot(found: OneShot, experiment: Experiment) -> Figure:
    """Accuracy over the share of images removed."""
    series = {
        f"{way}, {kind}": np.transpose(
            [[one.by(way).mean() for one in found[kind, share]] for share in experiment.shares]
        )
        for way in ("clean", "FGSM")
        for kind in KINDS
    }
    percent = [100 * share for share in experiment.shares]
    figure = plots.shares(percent, series, "images removed (% of the training set)", "accuracy")
    figure.axes[0].set_xscale("log")
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
