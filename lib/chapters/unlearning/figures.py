"""The figures of the chapter on unlearning."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lib.chapters.unlearning import labels, rates
from lib.chapters.unlearning.experiment import KINDS, Experiment
from lib.chapters.unlearning.frames import OneShot, change
from lib.chapters.unlearning.measure import LetterRecord
from lib.chapters.unlearning.measure_loop import JUDGED
from lib.chapters.unlearning.measure_row import CLIPPED
from lib.chapters.unlearning.rates import Clouds, Curves, Loop, Networks, Rooms
from lib.measure.intervals import rate
from lib.show import plots
from lib.show import rows as in_rows
from lib.show.plots import COLOURS, DASHES, MARKERS

SHOWN = 5
"""How many images a phone has room for, side by side."""

PAPER = {"before": rates.PAPER_ROW_2, "after": rates.PAPER_ROW_3}
"""Accuracy and loss under FGSM that the paper prints, before the loop and after it."""

PAPER_S_RISE = rates.PAPER_ROW_3[0] - rates.PAPER_ROW_2[0]
"""By how much accuracy under FGSM is higher in the third row of the paper's table than in the second."""


def worst(letter: LetterRecord) -> Figure:
    """The training images of highest attacked loss, as they are and attacked, with label and prediction."""
    rows = {"as they are": letter.worst[:SHOWN], "attacked": letter.attacked[:SHOWN].clip(0, 1)}
    titles = [[f"a {one}" for one in letter.labels[:SHOWN]], [f"taken for {one}" for one in letter.read[:SHOWN]]]
    return plots.digits({name: torch.from_numpy(images) for name, images in rows.items()}, titles)


def answer(networks: Networks, loop: Loop) -> Figure:
    """Accuracy under the paper's FGSM before the loop, after it, and after as much training without it."""
    found = {"before the loop": rate(rates.before(networks, "FGSM"))}
    found |= {labels.READINGS[one]: rate(rates.last(loop[one], "FGSM")) for one in (JUDGED, "none", "random")}
    claimed = {f"the paper, {when}: {row[0]}": row[0] for when, row in PAPER.items()}
    return in_rows.shares(found, "accuracy under FGSM", claimed=claimed, controls=list(found)[2:])


def gains(networks: Networks, loop: Loop) -> Figure:
    """What each reading adds to its control under FGSM and PGD, with 95 % intervals.

    The axis reaches as far as the intervals; the paper's rise is a line where it is within, else named at the side.
    """
    readings = [reading for reading in loop if reading not in ("none", "a")]
    figure, ax = plt.subplots(figsize=(6.8, 0.45 * len(readings) + 1.6))
    for number, way in enumerate(("FGSM", "PGD")):
        for row, reading in enumerate(readings):
            found, at = rates.gain(networks, loop, reading, way), row + 0.28 * number - 0.14
            look = {"color": COLOURS[number], "label": way if not row else None}
            if found.low is not None:
                ax.plot([found.low, found.high], [at, at], color=COLOURS[number], linewidth=2)
            ax.plot(found.mean, at, marker=MARKERS[number], linestyle="none", **look)
    ax.axvline(0, color="0.35", linewidth=1.5)
    beside = {"xytext": (-4, 0), "textcoords": "offset points", "ha": "right", "va": "center"}
    ax.annotate("its control", (0, -0.7), color="0.25", **beside)
    said = f"the paper: +{PAPER_S_RISE:.3f}"
    if ax.get_xlim()[1] >= PAPER_S_RISE:
        ax.axvline(PAPER_S_RISE, color="0.35", linewidth=1, linestyle=(0, (2, 3)))
        ax.annotate(said, (PAPER_S_RISE, -0.7), ha="right", va="center", color="0.25")
    else:
        ax.annotate(f"{said} →", (1, -0.7), xycoords=("axes fraction", "data"), ha="right", va="center", color="0.25")
    ax.set(yticks=range(len(readings)), yticklabels=[labels.READINGS[reading] for reading in readings])
    ax.set(xlabel="accuracy under attack, minus that of the control", ylim=(len(readings) - 0.5, -1))
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def course(networks: Networks, loop: Loop) -> Figure:
    """Accuracy under FGSM and PGD after each round, of removal and of what trains on attacked images."""
    panes = {
        way: {labels.READINGS[one]: rates.over_rounds(networks, loop, one, way) for one in ("none", JUDGED, "d", "e")}
        for way in ("FGSM", "PGD")
    }
    rounds = range(len(loop["none"][0].looks) + 1)
    return plots.panels(rounds, panes, "round", "accuracy")


def room(rooms: Rooms) -> Figure:
    """Accuracy under FGSM at the eps where it starts low, before the loop and after it."""
    found = {"before the loop": rate(rates.room_before(rooms, "FGSM"))}
    found |= {labels.READINGS[one]: rate(rates.in_room(rooms, one, "FGSM")) for one in (JUDGED, "none", "random")}
    claimed = {f"the paper, after: {PAPER['after'][0]}": PAPER["after"][0]}
    return in_rows.shares(found, "accuracy under FGSM at that eps", claimed=claimed, controls=list(found)[2:])


def third_row(networks: Networks, loop: Loop) -> Figure:
    """Accuracy over loss for each way to the third row: the letter of its reading, or an open mark where nothing was
    unlearned. A box has the tolerances.
    """
    figure, ax = plt.subplots(figsize=(6.4, 4.4))
    for number, (attack, name) in enumerate(labels.PRINTED.items()):
        look, named = {"color": COLOURS[number], "linestyle": "none"}, name
        for way, of in rates.ways(networks, loop).items():
            if way[0].removesuffix(CLIPPED) == attack:
                accuracy, loss = rates.means(of)
                idle = way[2] in rates.NOTHING_UNLEARNED
                mark = {"marker": MARKERS[number], "markerfacecolor": "none"} if idle else {"marker": f"${way[2]}$"}
                ax.plot(loss, accuracy, label=named if idle else None, markersize=6, **look, **mark)
                named = None if idle else named
    (accuracy, loss), (high, wide) = rates.PAPER_ROW_3, rates.WITHIN_3
    ax.add_patch(Rectangle((loss - wide, accuracy - high), 2 * wide, 2 * high, fill=False, edgecolor="0.25"))
    ax.plot(
        loss, accuracy, marker="*", markersize=13, color="black", linestyle="none", label="the paper, with tolerances"
    )
    ax.set(xscale="log", xlabel="mean loss (nats)", ylabel="accuracy")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def second_row(clouds: Clouds, curves: Curves) -> Figure:
    """Untrained networks on clean images, trained ones at every eps, and the paper's point."""
    drawn = {f"untrained, {labels.figure(lenet)}": cloud.clean for lenet, cloud in clouds.items()}
    lines = {f"trained, {name}": rates.path(records) for name, records in curves.items()}
    return accuracy_and_loss(drawn, lines, ["eps 0", "eps 1"], claimed={"paper, row 2": rates.PAPER_ROW_2})


def one_shot(found: OneShot, networks: Networks, experiment: Experiment) -> Figure | None:
    """Accuracy under FGSM after a removal in one shot, less that of the networks trained on all images; None where that
    was not measured.
    """
    if not all(found.values()):
        return None
    figure, ax = plt.subplots(figsize=(6.4, 3.6))
    percent = np.array([100 * share for share in experiment.shares])
    for number, kind in enumerate(KINDS):
        changes = [change(found[kind, share], networks, "FGSM") for share in experiment.shares]
        look = {"color": COLOURS[number], "linestyle": DASHES[number], "marker": MARKERS[number]}
        ax.plot(percent, [one.mean for one in changes], label=f"removed: {kind}", **look)
        ends = np.array([(one.mean, one.mean) if one.low is None else (one.low, one.high) for one in changes])
        ax.fill_between(percent, *ends.T, color=COLOURS[number], alpha=0.15, linewidth=0)
    ax.axhline(0, color="0.35", linewidth=1.5)
    ax.annotate("trained on all images", (percent[-1], 0), ha="right", va="bottom", color="0.25")
    ax.set(xscale="log", xlabel="images removed (% of the training set)")
    ax.set_ylabel("change of accuracy\nunder FGSM")
    ax.set_xticks(percent, [f"{one:.2g}" for one in percent])
    ax.minorticks_off()
    ax.legend(loc="best")
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
