"""The figures of the chapter on adversarial training."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lib.chapters.adversarial_training.calibration import READINGS, Calibration
from lib.chapters.adversarial_training.cases import CHANGES, EPS_VALUES
from lib.chapters.adversarial_training.courses import Course
from lib.chapters.adversarial_training.distances import SHOWN, Reach
from lib.chapters.adversarial_training.experiment import Experiment
from lib.chapters.adversarial_training.frames import kinds
from lib.chapters.adversarial_training.measure import Pictures
from lib.chapters.adversarial_training.rates import Scored, nearest, reading_in_words, tried
from lib.show import plots
from lib.show.plots import COLOURS, DASHES, MARKERS, curves


def courses(normal: Sequence[Course], mixed: Sequence[Course]) -> Figure:
    """Accuracy and loss on clean images after each epoch of both trainings."""
    taken = {"normal training": normal, "mixed training": mixed}
    accuracy = {
        f"{name}: {which} images": [getattr(one, f"{which}_correct").mean(1) for one in of]
        for name, of in taken.items()
        for which in ("training", "test")
    }
    loss = {
        f"{name}: {which} images": [getattr(one, f"{which}_loss") for one in of]
        for name, of in taken.items()
        for which in ("training", "test")
    }
    panes = {"accuracy, clean images": accuracy, "loss, clean images": loss}
    return _by_epoch(side_by_side(range(1, normal[0].epochs + 1), panes, "epoch", most=[1, np.inf]))


def before_and_after(seen: Pictures) -> Figure:
    """Digits as they are and attacked, and as what they are read."""
    rows = {
        "clean\nnormal net": seen.clean,
        "FGSM\nnormal net": seen.fgsm,
        "the same\nmixed net": seen.fgsm,
        "PGD on it\nmixed net": seen.pgd,
    }
    reads = [seen.clean_read, seen.fgsm_read, seen.fgsm_read_by_mixed, seen.pgd_read_by_mixed]
    return _digits(rows, [list(map(str, one.tolist())) for one in reads])


def calibration(calibrated: Sequence[Calibration]) -> Figure:
    """What each reading of the paper's FGSM gives at each eps, the nearest to Table I framed."""
    found = tried(calibrated)
    of_reading = {reading: [found[reading, number] for number in range(len(EPS_VALUES))] for reading in READINGS}
    accuracy = np.array([[one.accuracy for one in row] for row in of_reading.values()])
    texts = [
        [f"{one.accuracy:.3f}\n{one.loss:.1f}\n({one.keras_loss:.1f})" for one in row] for row in of_reading.values()
    ]
    names = [reading_in_words(reading).replace(", ", ",\n") for reading in READINGS]
    places = [(list(READINGS).index(one.reading), one.number) for one in nearest(calibrated)]
    marks = dict(zip(["nearest, loss as it is", "nearest, Keras's loss"], places, strict=True))
    return cells(accuracy, names, list(EPS_VALUES), "eps (pixel units)", texts, marks=marks)


def attacks(far: Mapping[str, Reach], seen: Pictures) -> Figure:
    """Digits under each attack with what is read, and for each attack the perturbation."""
    rows, titles = {"clean": seen.clean}, [list(map(str, seen.clean_read.tolist()))]
    for name, one in far.items():
        if name.startswith("FGSM, eps"):
            continue
        short = name.split(",")[0]
        rows |= {short: one.images, f"{short}, less clean": one.images - seen.clean}
        titles += [list(map(str, one.read[:SHOWN].tolist())), [""] * SHOWN]
    return _digits(rows, titles)


def protocols(scored: Scored, experiment: Experiment) -> Figure:
    """Accuracy of each network by the images it is scored on, but for the controls."""
    names = {kind: name for kind, name in kinds(experiment.queries).items() if kind not in ("transfer", "noise")}
    drawn = {
        name: [[one.correct(kind).mean() for one in scores] for scores in scored.values()]
        for kind, name in names.items()
    }
    return dots(drawn, list(scored), "accuracy")


def collapse(normal: Sequence[Course], mixed: Sequence[Course]) -> Figure:
    """Accuracy under PGD after each epoch of both trainings, a dot for each network."""
    series = {"normal training": [one.attacked for one in normal], "mixed training": [one.attacked for one in mixed]}
    count = normal[0].attacked_correct.shape[1]
    label = f"accuracy under PGD, {count} test images"
    return _by_epoch(plots.shares(range(1, normal[0].epochs + 1), series, "epoch", label))


def sweep(swept: Sequence[Course]) -> Figure:
    """Accuracy on clean test images over epochs, with one setting changed at a time."""
    series = {name: [one.test_correct.mean(1)] for name, one in zip(CHANGES, swept, strict=True)}
    return _by_epoch(plots.curves(range(1, swept[0].epochs + 1), series, "epoch", "accuracy, clean test images"))


def _by_epoch(figure: Figure) -> Figure:
    """A figure over epochs, of which there are whole numbers."""
    for ax in figure.axes:
        ax.xaxis.get_major_locator().set_params(integer=True)
    return figure


def _digits(rows: Mapping[str, NDArray[np.float32]], titles: Sequence[Sequence[str]]) -> Figure:
    return plots.digits({name: torch.from_numpy(images) for name, images in rows.items()}, titles)


def side_by_side(
    x: Sequence[float],
    panes: Mapping[str, Mapping[str, Sequence[Sequence[float]]]],
    xlabel: str,
    *,
    most: Sequence[float],
) -> Figure:
    """Several `curves` over one x, each with its own scale, with one legend below.

    Parameters
    ----------
    panes
        For the name of each pane's y axis its series, as in `curves`; the same labels in each.
    most
        For each pane the largest value possible, as in `curves`.
    """
    figure, axes = plt.subplots(1, len(panes), figsize=(4.2 * len(panes), 4.2), squeeze=False)
    for ax, (ylabel, series), limit in zip(axes[0], panes.items(), most, strict=True):
        curves(x, series, xlabel, ylabel, most=limit, ax=ax)
        ax.get_legend().remove()
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def cells(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    xlabel: str,
    texts: Sequence[Sequence[str]],
    *,
    marks: Mapping[str, tuple[int, int]],
) -> Figure:
    """A grid of shares, grey by value, each cell with its text, some of them framed.

    Parameters
    ----------
    values
        Shares (rows, columns): 0 is dark, 1 is light.
    texts
        What is written in each cell.
    marks
        By label the (row, column) of a cell that is framed, each in its own way.
    """
    figure, ax = plt.subplots(figsize=(0.85 * len(columns) + 1.9, 0.75 * len(rows) + 1.2))
    ax.imshow(values, cmap="gray", vmin=-0.35, vmax=1, aspect="auto")
    for i, j in np.ndindex(values.shape):
        ax.annotate(
            texts[i][j], (j, i), ha="center", va="center", fontsize=8, color="white" if values[i, j] < 0.4 else "black"
        )
    for number, (label, (i, j)) in enumerate(marks.items()):
        inset = 0.47 - 0.07 * number
        look = {"edgecolor": COLOURS[1 + number], "linestyle": DASHES[number], "linewidth": 2.5, "facecolor": "none"}
        ax.add_patch(plt.Rectangle((j - inset, i - inset), 2 * inset, 2 * inset, label=label, **look))
    ax.set(xticks=range(len(columns)), xticklabels=columns, yticks=range(len(rows)), yticklabels=rows, xlabel=xlabel)
    ax.grid(False)
    figure.legend(loc="outside lower center", ncols=len(marks))
    return figure


def dots(series: Mapping[str, Sequence[Sequence[float]]], rows: Sequence[str], xlabel: str) -> Figure:
    """Shares by row: for each series a marker at its mean, and a small dot for each seed.

    Parameters
    ----------
    series
        For each label one sequence a row, of one value a seed.
    """
    figure, ax = plt.subplots(figsize=(7.2, 0.55 * len(rows) + 1.8))
    for number, (label, per_row) in enumerate(series.items()):
        places = np.arange(len(rows)) + 0.11 * (number - (len(series) - 1) / 2)
        look = {"color": COLOURS[number % 7], "linestyle": "none"}
        ax.plot([np.mean(one) for one in per_row], places, marker=MARKERS[number % 7], label=label, **look)
        for place, values in zip(places, per_row, strict=True):
            ax.plot(values, [place] * len(values), marker=".", markersize=4, alpha=0.6, **look)
    ax.set(yticks=range(len(rows)), yticklabels=rows, xlabel=xlabel, xlim=(-0.03, 1.03))
    ax.invert_yaxis()
    figure.legend(loc="outside lower center", ncols=3)
    return figure
