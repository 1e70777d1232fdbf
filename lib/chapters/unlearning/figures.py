"""The figures of the chapter on unlearning."""

import math
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from lib.chapters.unlearning import labels, paper_table, rates
from lib.chapters.unlearning.experiment import KINDS, Experiment
from lib.chapters.unlearning.measure import LetterRecord
from lib.chapters.unlearning.measure_loop import JUDGED
from lib.chapters.unlearning.measure_row import CLIPPED
from lib.chapters.unlearning.paper_table import Clouds, Curves
from lib.chapters.unlearning.rates import Hits, Loop, Networks, OneShot, Rooms
from lib.measure.intervals import Measured, rate
from lib.show import plots
from lib.show import rows as in_rows
from lib.show.palette import looks
from lib.show.plots import DOTTED

SHOWN = 5
"""How many images a phone has room for, side by side."""

COMPARED = (JUDGED, "none", "random")
"""The loop and its two controls."""

GUESSED = (0.1, math.log(10))
"""Accuracy and loss of guessing among ten classes."""

CLAIMED = {
    f"the paper, {when}: {accuracy}": accuracy
    for when, (accuracy, _) in {"before": paper_table.ROW_2, "after": paper_table.ROW_3}.items()
}
"""The accuracies under FGSM that the paper prints, by what they are called where they are drawn."""

FILLED = {"filled: nothing unlearned": {"fillstyle": "full"}, "hollow: a reading of the loop": {"fillstyle": "none"}}
"""The two kinds of mark in the figure of the third row."""


def worst(letter: LetterRecord) -> Figure:
    """The training images of highest attacked loss, as they are and attacked, with label and prediction."""
    rows = {"as they are": letter.worst[:SHOWN], "attacked": letter.attacked[:SHOWN].clip(0, 1)}
    titles = [[f"a {one}" for one in letter.labels[:SHOWN]], [f"taken for {one}" for one in letter.read[:SHOWN]]]
    return plots.digits(rows, titles)


def answer(networks: Networks, loop: Loop) -> Figure:
    """Accuracy under the paper's FGSM before the loop, after it, and after as much training without it."""
    after = {one: rates.last(loop[one], "FGSM") for one in COMPARED}
    return _before_and_after(rates.before(networks, "FGSM"), after, "accuracy under FGSM")


def _before_and_after(before: Hits, after: Mapping[str, Hits], xlabel: str) -> Figure:
    """Accuracy before the loop, after it, and below that in grey after its two controls."""
    found = {"before the loop": rate(before)} | {labels.READINGS[one]: rate(hits) for one, hits in after.items()}
    return in_rows.shares(found, xlabel, claimed=CLAIMED, controls=list(found)[2:])


def gains(networks: Networks, loop: Loop) -> Figure:
    """What each reading gains over its control under FGSM and PGD, with 95% intervals.

    The axis reaches as far as the intervals; the paper's rise is a line where it is within, else named at the side.
    Where others have several networks, a reading of one is hollow and says so: its intervals, over images alone, are
    not comparable with theirs.
    """
    readings = [reading for reading in loop if reading not in ("none", "a")]
    figure, ax = plt.subplots(figsize=(6.8, 0.45 * len(readings) + 2.0))
    counts = {reading: len(loop[reading]) for reading in readings}
    alone = [reading for reading in readings if counts[reading] == 1 < max(counts.values())]
    for number, (way, look) in enumerate(looks(("FGSM", "PGD")).items()):
        for row, reading in enumerate(readings):
            found, at = rates.gain(networks, loop, reading, way), row + 0.28 * number - 0.14
            plots.interval(ax, found, at, color=look["color"], linewidth=1 if reading in alone else 2)
            fill = {"linestyle": "none", "markerfacecolor": "white" if reading in alone else look["color"]}
            ax.plot(found.mean, at, **look | fill)
        ax.plot([], [], label=way, **look | {"linestyle": "none"})
    ax.axvline(0, color="0.35", linewidth=1.5)
    beside = {"xytext": (-4, 0), "textcoords": "offset points", "ha": "right", "va": "center"}
    ax.annotate("its control", (0, -0.7), color="0.25", **beside)
    said = f"the paper: +{paper_table.RISE:.3f}"
    above = {"ha": "right", "va": "center", "color": "0.25"}  # higher than the other label, which it may lie beside
    if ax.get_xlim()[1] >= paper_table.RISE:
        ax.axvline(paper_table.RISE, **DOTTED)
        ax.annotate(said, (paper_table.RISE, -1.3), **above)
    else:
        ax.annotate(f"{said} →", (1, -1.3), xycoords=("axes fraction", "data"), **above)
    ax.set(
        yticks=range(len(readings)),
        yticklabels=[labels.READINGS[one] + " (1 network)" * (one in alone) for one in readings],
    )
    ax.set(xlabel="accuracy under attack, minus that of the control", ylim=(len(readings) - 0.5, -1.6))
    return plots.named_below(figure, title=plots.intervals(*counts.values()))


def course(networks: Networks, loop: Loop) -> Figure:
    """Accuracy under FGSM and PGD after each round: of removal, its control, and what trains on attacked images."""
    loop = rates.alike(loop, ("none", JUDGED, "d", "e"))
    networks = networks[: len(loop["none"])]
    rounds = range(len(loop["none"][0].looks) + 1)

    def after_each(reading: str, way: str) -> list[Measured]:
        ends = ([number] * len(networks) for number in rounds)
        return [rate(rates.where_it_stops(networks, loop, reading, end, way)) for end in ends]

    panes = {way: {labels.READINGS[one]: after_each(one, way) for one in loop} for way in ("FGSM", "PGD")}
    return plots.panels(rounds, panes, "round", "accuracy")


def room(rooms: Rooms) -> Figure:
    """Accuracy under FGSM at the eps where it starts low, before the loop and after it."""
    after = {one: rates.in_room(rooms, one, "FGSM") for one in COMPARED}
    return _before_and_after(rates.room_before(rooms), after, f"accuracy under FGSM at eps {labels.room_eps(rooms)}")


def third_row(networks: Networks, loop: Loop) -> Figure:
    """Accuracy over loss for each way to the third row: all of them, and those around the paper's row.

    A box shows the tolerances of the paper's numbers.
    """
    figure, (whole, near) = plt.subplots(1, 2, figsize=(8.6, 5.0))
    (accuracy, loss), (high, wide) = paper_table.ROW_3, paper_table.WITHIN_3
    star = {"marker": "*", "markersize": 13, "color": "black", "linestyle": "none"}
    for ax in (whole, near):
        for (attack, _, network), of in paper_table.ways(networks, loop).items():
            idle = network in paper_table.NOTHING_UNLEARNED
            ax.plot(
                *reversed(paper_table.means(of)), **_mark(attack.removesuffix(CLIPPED), idle), zorder=3 if idle else 2
            )
        ax.add_patch(Rectangle((loss - wide, accuracy - high), 2 * wide, 2 * high, fill=False, edgecolor="0.25"))
        ax.plot(loss, accuracy, **star)
        ax.set_xlabel("mean loss (nats)")
    whole.set(xscale="log", ylabel="accuracy", title="all")
    near.set(xlim=(loss - 1.5 * wide, loss + 3 * wide), ylim=(accuracy - 1.35 * high, 1.001))
    near.set_title("around the paper's row")
    named = {name: _mark(attack, True) for attack, name in labels.PRINTED.items()}
    named |= {name: {"marker": "o", "color": "0.25", "linestyle": "none"} | look for name, look in FILLED.items()}
    named |= {"the paper, with tolerances": star}
    handles = [Line2D([], [], label=name, **look) for name, look in named.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _mark(attack: str, idle: bool) -> dict[str, object]:
    """The mark of a way to the third row: the attack's colour and shape, filled where nothing was unlearned."""
    own = looks("FGSM" if one == "fgsm" else one for one in labels.PRINTED)
    return (
        dict(zip(labels.PRINTED, own.values(), strict=True))[attack]
        | {"linestyle": "none", "markersize": 6}
        | list(FILLED.values())[not idle]
    )


def second_row(clouds: Clouds, curves: Curves) -> Figure:
    """Untrained networks on clean and on attacked images, trained ones at every eps, and the paper's point.

    One panel shows all, with the loss on a logarithmic scale; the other shows where the untrained networks are.
    """
    figure, (whole, near) = plt.subplots(1, 2, figsize=(8.6, 5.0))
    own = looks([*clouds, *curves])
    for ax in (whole, near):
        for lenet, cloud in clouds.items():
            name, colour, marker = f"untrained, {labels.figure(lenet)}", own[lenet]["color"], own[lenet]["marker"]
            for label, points, hollow in ((name, cloud.clean, False), (f"{name}, FGSM", cloud.attacked, True)):
                look = {"facecolors": "none" if hollow else colour, "linewidths": 0.7 * hollow}
                look |= {"edgecolors": colour, "marker": marker, "s": 16, "alpha": 0.6}
                ax.scatter(points[:, 1], points[:, 0], label=label, **look)
        for name, records in curves.items():
            points = paper_table.path(records)
            ax.plot(points[:, 1], points[:, 0], label=f"trained, {name}", markersize=3, **own[name])
        accuracy, loss = paper_table.ROW_2
        ax.plot(loss, accuracy, marker="*", markersize=15, color="black", linestyle="none", label="the paper, row 2")
        ax.axhline(GUESSED[0], color="0.35", linewidth=0.8, zorder=0)
        ax.axvline(GUESSED[1], color="0.35", linewidth=0.8, zorder=0)
        ax.set_xlabel("mean loss (nats)")
    for end, at in (("eps 0", 0), ("eps 1", -1)):  # the ends of the last path
        whole.annotate(end, points[at, ::-1], xytext=(-4, 6), textcoords="offset points", fontsize=8, color="0.25")
    _enlarge(
        near,
        np.vstack([paper_table.ROW_2, *(points for cloud in clouds.values() for points in cloud.ways.values())]),
    )
    whole.set(ylabel="accuracy", xscale="log", title="all")
    return plots.named_below(figure, columns=3)


def _enlarge(ax: Axes, points: np.ndarray) -> None:
    """Show no more than these points (n, 2) of accuracy and loss, and name the lines of guessing."""
    (low, left), (high, right) = points.min(0) - 0.02, points.max(0) + 0.02
    ax.set(xlim=(left, right), ylim=(low, high), title="where the untrained networks are")
    ax.locator_params(axis="x", nbins=5)
    small = {"fontsize": 8, "color": "0.25"}
    ax.annotate("one in ten", (1, GUESSED[0]), xycoords=("axes fraction", "data"), ha="right", va="bottom", **small)
    beside = {"xytext": (3, -3), "textcoords": "offset points"}
    ax.annotate("ln 10", (GUESSED[1], 1), xycoords=("data", "axes fraction"), va="top", **beside, **small)


def one_shot(found: OneShot, networks: Networks, experiment: Experiment) -> Figure | None:
    """Accuracy under FGSM after a removal in one shot, minus that of the networks trained on all images.

    None where that was not measured.
    """
    if not all(found.values()):
        return None
    percent = [100 * share for share in experiment.shares]
    changes = {
        f"removed: {kind}": [rates.change(found[kind, share], networks, "FGSM") for share in experiment.shares]
        for kind in KINDS
    }
    xlabel, ylabel = "images removed (% of the training set)", "change of accuracy\nunder FGSM"
    figure = plots.curves(percent, changes, xlabel, ylabel, least=-1, most=1)
    (ax,) = figure.axes
    ax.axhline(0, color="0.35", linewidth=1.5)
    beside = {"xycoords": ("axes fraction", "data"), "ha": "left", "va": "center", "color": "0.25"}
    ax.annotate("trained on\nall images", (1.02, 0), **beside)
    ax.set_xscale("log")
    ax.set_xticks(percent, [f"{one:.2g}" for one in percent])
    ax.minorticks_off()
    return plots.named_below(figure, title=plots.intervals(*map(len, found.values()), marks="bands"))
