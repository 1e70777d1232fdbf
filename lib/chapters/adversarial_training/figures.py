"""The figures of the chapter on adversarial training."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lib.chapters.adversarial_training import drawing, rates
from lib.chapters.adversarial_training.calibration import READINGS, Calibration
from lib.chapters.adversarial_training.cases import CONTROLS, EPS_VALUES
from lib.chapters.adversarial_training.courses import Course
from lib.chapters.adversarial_training.distances import Reach
from lib.chapters.adversarial_training.experiment import Experiment
from lib.chapters.adversarial_training.fitting import chosen_on, nearest, reading_in_words, tried
from lib.chapters.adversarial_training.frames import kinds
from lib.chapters.adversarial_training.influence import KINDS, Swept, seeds, spread_over_seeds, unchanged
from lib.chapters.adversarial_training.measure import Pictures
from lib.chapters.adversarial_training.rates import Scored, accuracy, worst
from lib.chapters.adversarial_training.scores import CONTROL, Scores
from lib.chapters.adversarial_training.table_one import CLAIMS
from lib.measure.intervals import rate
from lib.show import cells as show
from lib.show import plots
from lib.show.counting import counted
from lib.show.palette import COLOURS, MARKERS

CLAIMED = ("named by the paper", "not named: a control")
"""The two kinds of settings of the sweep."""


def courses(normal: Sequence[Course], mixed: Sequence[Course]) -> Figure:
    """Accuracy and loss on clean images after each epoch of normal and of mixed training."""
    right, loss = {}, {}
    for name, of in {"normal training": normal, "mixed training": mixed}.items():
        right[f"{name}: training images"] = [one.training_correct.mean(1) for one in of]
        right[f"{name}: test images"] = [one.test_correct.mean(1) for one in of]
        loss[f"{name}: training images"] = [one.training_loss for one in of]
        loss[f"{name}: test images"] = [one.test_loss for one in of]
    panes = {"accuracy, clean images": right, "loss, clean images": loss}
    figure = drawing.side_by_side(range(1, normal[0].epochs + 1), panes, "epoch", most=[1, np.inf])
    return _by_epoch(figure, len(normal))


def before_and_after(seen: Pictures) -> Figure:
    """Digits clean and attacked, with the class that a network gives them; in colour where that has changed."""
    rows = {
        "clean,\nby the undefended net": seen.clean,
        "stale FGSM,\nby the undefended net": seen.fgsm,
        "the same,\nby the mixed net": seen.fgsm,
        "fresh PGD,\nby the mixed net": seen.pgd,
    }
    classes = [seen.clean_read, seen.fgsm_read, seen.fgsm_read_by_mixed, seen.pgd_read_by_mixed]
    figure = plots.digits(rows, classes)
    for ax, changed in zip(figure.axes, np.array([one != classes[0] for one in classes]).flat, strict=True):
        if changed:
            ax.title.set(color=COLOURS[1], fontweight="bold")
    return figure


def ladder(runs: Scored) -> Figure:
    """Accuracy of the tutorials' networks under each attack, and what the paper prints."""
    kinds = {CONTROL: "random signs, not clipped", "P": "stale FGSM"}
    kinds |= {"W": "fresh FGSM", "PGD": _sampled("fresh PGD", runs, "PGD")}
    names = {"normal": "undefended", "tuned": "fine-tuned", "mixed": "mixed batches"}
    series = {name: [accuracy(scores, kind) for scores in runs.values()] for kind, name in kinds.items()}
    series[_sampled("worst case", runs, "PGD")] = [worst(scores) for scores in runs.values()]
    claims = [CLAIMS[f"{one}.adversarial_accuracy"].value for one in ("normal", "finetuned", "mixed")]
    return drawing.dots(series, [names[network] for network in runs], claimed={"the paper prints": claims})


def _sampled(name: str, scored: Scored, kind: str) -> str:
    """The name of a kind of images, and how many there are where they are not all test images."""
    one = next(iter(scored.values()))[0]
    return name if len(one.read[kind]) == len(one.y) else f"{name}, {len(one.read[kind]):,} images"


def confusion(undefended: Sequence[Scores], defended: Sequence[Scores]) -> Figure:
    """What the digits of each class are classified as under FGSM, without and with mixed training."""
    kinds = {"undefended": (undefended, "P"), "mixed training": (defended, "W")}
    panes = {
        f"{name}, {counted(len(scores), 'network')}": rates.confusion(scores, kind)
        for name, (scores, kind) in kinds.items()
    }
    return show.confusions(panes)


def calibration(calibrated: Sequence[Calibration]) -> Figure:
    """What each reading of the paper's FGSM gives at each eps, the nearest to Table I framed; below, random signs."""
    found = tried(calibrated)
    of_reading = [[found[reading, number] for number in range(len(EPS_VALUES))] for reading in READINGS]
    signs = [rate([one.signs_correct(number) for one in calibrated]).mean for number in range(len(EPS_VALUES))]
    shares = np.array([*([one.accuracy.mean for one in row] for row in of_reading), signs])
    texts = [
        [f"{one.accuracy.mean:.3f}\n{one.loss.mean:.1f}\n({one.keras_loss.mean:.1f})" for one in row]
        for row in of_reading
    ]
    names = [*(reading_in_words(reading).replace(", ", ",\n") for reading in READINGS), "random signs,\nnot clipped"]
    places = [(list(READINGS).index(one.reading), one.number) for one in nearest(chosen_on(calibrated))]
    marks = dict(zip(["nearest, loss as it is", "nearest, Keras's loss"], places, strict=True))
    texts.append([f"{one:.3f}" for one in signs])
    title = "one network" if len(calibrated) == 1 else f"means of {len(calibrated)} networks"
    return drawing.cells(shares, names, list(EPS_VALUES), "eps (pixel units)", texts, marks=marks, title=title)


def attacks(far: Mapping[str, Reach], targeted: Reach) -> Figure:
    """Digits under each attack with their classes, and each perturbation on its own scale, whose end is shown above.

    The last attack is L-BFGS towards the next digit, on the same images.
    """
    first = next(iter(far.values()))
    rows, titles = {"clean": first.clean}, [first.y]
    for name, one in (far | {"L-BFGS to\nnext digit": targeted}).items():
        if name.startswith("FGSM, eps"):
            continue
        short = name.split(",")[0]
        moved = one.images - one.clean
        rows |= {short: one.images, f"{short},\nminus clean": moved}
        titles += [one.read, [f"± {np.abs(image).max():.2f}" for image in moved]]
    return plots.digits(rows, titles)


def protocols(scored: Scored, experiment: Experiment) -> Figure:
    """Accuracy of each network by the images it is scored on, except the controls."""
    names = {kind: name for kind, name in kinds(experiment).items() if kind not in ("transfer", CONTROL)}
    drawn = {
        _sampled(name, scored, kind): [accuracy(scores, kind) for scores in scored.values()]
        for kind, name in names.items()
    }
    return drawing.dots(drawn, list(scored))


def collapse(normal: Sequence[Course], mixed: Sequence[Course]) -> Figure:
    """Accuracy under PGD after each epoch of normal and of mixed training."""
    series = {"normal training": [one.attacked for one in normal], "mixed training": [one.attacked for one in mixed]}
    count = normal[0].attacked_correct.shape[1]
    label = f"accuracy under PGD, {count} test images"
    figure = plots.named_below(plots.shares(range(1, normal[0].epochs + 1), series, "epoch", label))
    return _by_epoch(figure, len(normal), " (small dots)")


def sweep(swept: Swept, settings: Mapping[str, Mapping[str, object]]) -> Figure:
    """Accuracy with one setting changed, clean and under PGD: the mean, its interval, and each network below.

    Upright stands the accuracy with nothing changed, in a band as wide as the spread over seeds. `settings` has the
    training of each value.
    """
    middle = unchanged(settings)
    rows = {
        f"{setting}: {value}, not {middle[setting]}": (int(setting in CONTROLS), networks)
        for setting, values in swept.items()
        for value, networks in values.items()
        if value != middle[setting]
    }
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 0.28 * len(rows) + 2.1), sharey=True)
    for ax, (kind, name) in zip(axes, KINDS.items(), strict=True):
        at = accuracy(swept["epochs"][middle["epochs"]], kind).mean
        ax.axvline(at, color="0.35", linewidth=1.2, zorder=1, label="nothing changed")
        if seeds(swept) > 1:
            wide = spread_over_seeds(swept, kind).mean()
            ax.axvspan(max(at - wide, 0), at + wide, color="0.88", zorder=0, label="± standard deviation over seeds")
        for place, (of, networks) in enumerate(rows.values()):
            look = {"color": COLOURS[of], "linestyle": "none", "marker": MARKERS[of], "label": CLAIMED[of]}
            ax.plot((found := accuracy(networks, kind)).mean, place, markersize=5, **look)
            drawing.spread(ax, found, place, color=COLOURS[of], below=0.3)
        ax.set(xlabel=name, yticks=range(len(rows)), yticklabels=rows)
        ax.locator_params(axis="x", nbins=5)
    axes[0].invert_yaxis()
    return plots.named_below(figure, title=plots.intervals(seeds(swept), dots=True))


def _by_epoch(figure: Figure, networks: int, drawn: str = "") -> Figure:
    """A figure over epochs, marked in whole numbers; its legend says how many networks lines and bands are of."""
    several = f"means of {networks} networks{drawn}; bands: 95% intervals over them"
    figure.legends[0].set_title("one network" if networks == 1 else several)
    for ax in figure.axes:
        ax.xaxis.get_major_locator().set_params(integer=True)
    return figure
