"""The figures of the chapter on unlearning."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lib.chapters.unlearning import answers, frames, labels
from lib.chapters.unlearning.answers import Loop, Networks
from lib.chapters.unlearning.experiment import KINDS, Experiment
from lib.chapters.unlearning.frames import OneShot
from lib.chapters.unlearning.measure import LoopRecord, NetworkRecord
from lib.chapters.unlearning.measure_forensics import CurveRecord, UntrainedRecord
from lib.show import plots
from lib.show.plots import COLOURS, DASHES, MARKERS

NOT_DRAWN = ("none", "afresh")
"""Controls that lie under other lines or start elsewhere; the table has them."""


def loop(networks: Networks, found: Loop, experiment: Experiment) -> Figure:
    """Accuracy after each round, from the trained networks on: a pane for each way of looking, a line a reading."""
    panes = {
        title: {
            labels.READINGS[reading]: [_course(*pair, way) for pair in zip(networks, records, strict=False)]
            for reading, records in found.items()
            if reading not in NOT_DRAWN
        }
        for way, title in frames.shown(experiment).items()
    }
    claimed = {"FGSM": {"paper: 0.9669": 0.9669, "target: 0.9": 0.9}}
    return plots.panels(range(experiment.rounds + 1), panes, "round", "accuracy, test images", claimed=claimed)


def _course(network: NetworkRecord, record: LoopRecord, way: str) -> list[float]:
    return [network.watched[way].mean(), *record.watched[way].mean(1)]


def second_row(clouds: Mapping[str, UntrainedRecord], curves: Mapping[str, Sequence[CurveRecord]]) -> Figure:
    """Untrained networks on clean images, trained ones at every eps, and the paper's point."""
    drawn = {f"untrained, {labels.figure(lenet)}": cloud.clean for lenet, cloud in clouds.items()}
    lines = {f"trained, {name}": answers.path(records) for name, records in curves.items()}
    return accuracy_and_loss(drawn, lines, ["eps 0", "eps 1"], claimed={"paper, row 2": answers.PAPER_ROW_2})


def one_shot(found: OneShot, experiment: Experiment) -> Figure:
    """Accuracy over the share of images removed."""
    series = {
        f"{way}, {kind}": np.transpose(
            [[one.watched[way].mean() for one in found[kind, share]] for share in experiment.shares]
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
