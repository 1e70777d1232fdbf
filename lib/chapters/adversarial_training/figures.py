"""The figures of the chapter on adversarial training."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lib.chapters.adversarial_training.calibration import READINGS, Calibration
from lib.chapters.adversarial_training.cases import CONTROLS, EPS_VALUES
from lib.chapters.adversarial_training.courses import Course
from lib.chapters.adversarial_training.distances import SHOWN, Reach
from lib.chapters.adversarial_training.experiment import Experiment
from lib.chapters.adversarial_training.fitting import chosen_on, nearest, reading_in_words, tried
from lib.chapters.adversarial_training.frames import kinds
from lib.chapters.adversarial_training.influence import Swept, accuracies
from lib.chapters.adversarial_training.measure import Pictures
from lib.chapters.adversarial_training.rates import Scored
from lib.chapters.adversarial_training.scores import CONTROL, Scores
from lib.chapters.adversarial_training.table_one import CLAIMS
from lib.measure.intervals import rate
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
    """Digits clean and attacked, with the class that a network gives them; in colour where that has changed."""
    rows = {
        "clean,\nby the undefended net": seen.clean,
        "stale FGSM,\nby the undefended net": seen.fgsm,
        "the same,\nby the mixed net": seen.fgsm,
        "fresh PGD,\nby the mixed net": seen.pgd,
    }
    classes = [seen.clean_read, seen.fgsm_read, seen.fgsm_read_by_mixed, seen.pgd_read_by_mixed]
    figure = _digits(rows, [list(map(str, one.tolist())) for one in classes])
    for ax, changed in zip(figure.axes, np.array([one != classes[0] for one in classes]).flat, strict=True):
        if changed:
            ax.title.set(color=COLOURS[1], fontweight="bold")
    return figure


def ladder(runs: Scored) -> Figure:
    """Accuracy of the tutorials' networks under each attack, and what the paper prints."""
    kinds = {CONTROL: "random signs", "P": "the paper's images (stale)", "W": "fresh FGSM", "PGD": "fresh PGD"}
    names = {"normal": "undefended", "tuned": "fine-tuned", "mixed": "mixed batches"}
    series = {
        name: [[one.correct(kind).mean() for one in scores] for scores in runs.values()] for kind, name in kinds.items()
    }
    series["worst of all"] = [[one.worst.mean() for one in scores] for scores in runs.values()]
    claims = [CLAIMS[f"{one}.adversarial_accuracy"].value for one in ("normal", "finetuned", "mixed")]
    return dots(series, [names[network] for network in runs], "accuracy", claimed={"the paper prints": claims})


def confusion(undefended: Sequence[Scores], defended: Sequence[Scores]) -> Figure:
    """As what the digits of each class are classified under FGSM, before and after mixed training: shares of a row."""
    panes = {"undefended": (undefended, "P"), "mixed training": (defended, "W")}
    figure, axes = plt.subplots(1, len(panes), figsize=(8.4, 4.4), sharey=True)
    for ax, (name, (scores, kind)) in zip(axes, panes.items(), strict=True):
        shares = confusion_matrix(scores, kind)
        ax.imshow(shares, cmap="Greys", vmin=0, vmax=1)
        for i, j in np.argwhere(shares >= 0.005):
            ax.annotate(
                f"{shares[i, j]:.2f}".lstrip("0"),
                (j, i),
                ha="center",
                va="center",
                fontsize=6,
                color="white" if shares[i, j] > 0.5 else "black",
            )
        ax.set(title=name, xlabel="classified as", xticks=range(len(shares)), yticks=range(len(shares)))
        ax.grid(False)
    axes[0].set_ylabel("digit")
    return figure


def confusion_matrix(scores: Sequence[Scores], kind: str) -> np.ndarray:
    """Of the images of each class (rows) the share that is classified as each (columns), over all networks."""
    counts = np.zeros((10, 10))
    for one in scores:
        np.add.at(counts, (one.y if len(one.read[kind]) == len(one.y) else one.y[one.sampled], one.read[kind]), 1)
    return counts / np.maximum(counts.sum(1, keepdims=True), 1)


def calibration(calibrated: Sequence[Calibration]) -> Figure:
    """What each reading of the paper's FGSM gives at each eps, the nearest to Table I framed; below, random signs."""
    found = tried(calibrated)
    of_reading = [[found[reading, number] for number in range(len(EPS_VALUES))] for reading in READINGS]
    signs = [rate([one.signs_correct(number) for one in calibrated]).mean for number in range(len(EPS_VALUES))]
    accuracy = np.array([*([one.accuracy.mean for one in row] for row in of_reading), signs])
    texts = [
        [f"{one.accuracy.mean:.3f}\n{one.loss.mean:.1f}\n({one.keras_loss.mean:.1f})" for one in row]
        for row in of_reading
    ]
    names = [*(reading_in_words(reading).replace(", ", ",\n") for reading in READINGS), "random signs,\nnot clipped"]
    places = [(list(READINGS).index(one.reading), one.number) for one in nearest(chosen_on(calibrated))]
    marks = dict(zip(["nearest, loss as it is", "nearest, Keras's loss"], places, strict=True))
    texts.append([f"{one:.3f}" for one in signs])
    return cells(accuracy, names, list(EPS_VALUES), "eps (pixel units)", texts, marks=marks)


def attacks(far: Mapping[str, Reach]) -> Figure:
    """Digits under each attack with their classes, and for each attack the perturbation."""
    first = next(iter(far.values()))
    rows, titles = {"clean": first.clean}, [list(map(str, first.y[:SHOWN].tolist()))]
    for name, one in far.items():
        if name.startswith("FGSM, eps"):
            continue
        short = name.split(",")[0]
        rows |= {short: one.images, f"{short}, minus clean": one.images - one.clean}
        titles += [list(map(str, one.read[:SHOWN].tolist())), [""] * SHOWN]
    return _digits(rows, titles)


def protocols(scored: Scored, experiment: Experiment) -> Figure:
    """Accuracy of each network by the images it is scored on, but for the controls."""
    names = {kind: name for kind, name in kinds(experiment.queries).items() if kind not in ("transfer", CONTROL)}
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


def sweep(swept: Swept) -> Figure:
    """Accuracy at each value of each setting, clean and under PGD: a marker for the mean, a dot for each network."""
    rows = [f"{setting}: {value}" for setting, values in swept.items() for value in values]
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 0.24 * len(rows) + 1.4), sharey=True)
    for ax, (kind, name) in zip(axes, (("clean", "clean accuracy"), ("PGD", "accuracy under PGD")), strict=True):
        for setting, values in swept.items():
            found = accuracies(swept, kind)[setting]
            places = [rows.index(f"{setting}: {value}") for value in values]
            look = {"color": COLOURS[1] if setting in CONTROLS else COLOURS[0]}
            ax.plot(found.mean(1), places, marker="o", linewidth=1, **look)
            for place, networks in zip(places, found, strict=True):
                ax.plot(networks, [place] * len(networks), ".", markersize=4, alpha=0.6, **look)
        ax.set(xlabel=name, yticks=range(len(rows)), yticklabels=rows)
    axes[0].invert_yaxis()
    return figure


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


def dots(
    series: Mapping[str, Sequence[Sequence[float]]],
    rows: Sequence[str],
    xlabel: str,
    *,
    claimed: Mapping[str, Sequence[float]] | None = None,
) -> Figure:
    """Shares by row: for each series a marker at its mean, and a small dot for each seed.

    Parameters
    ----------
    series
        For each label one sequence a row, of one value a seed.
    claimed
        What a paper prints, by label one value a row: an upright stroke through the row.
    """
    figure, ax = plt.subplots(figsize=(7.2, 0.55 * len(rows) + 1.8))
    for label, values in (claimed or {}).items():
        strokes = [[(value, value, np.nan), (row - 0.38, row + 0.38, np.nan)] for row, value in enumerate(values)]
        x, y = np.concatenate(strokes, axis=1)
        ax.plot(x, y, color="black", linewidth=1.8, zorder=1, label=label)
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
