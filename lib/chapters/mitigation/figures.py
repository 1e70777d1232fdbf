"""The figures of the chapter on mitigation."""

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lib.chapters.mitigation import drawing, rates
from lib.chapters.mitigation.detector import FALSE_ALARMS
from lib.chapters.mitigation.experiment import EPS_BELOW_HALF, Experiment
from lib.chapters.mitigation.measure_digits import LikenessRecord, PicturesRecord
from lib.chapters.mitigation.measure_retraining import BoundaryRecord
from lib.chapters.mitigation.networks import ALONE, BOTH
from lib.chapters.mitigation.rates import ADAPTIVE, INPUTS, SIGNS, Detectors, Hits, Networks, Outcome, Substitutes
from lib.measure.intervals import rate
from lib.show import cells, plots
from lib.show import rows as in_rows
from lib.show.palette import COLOURS, MARKERS
from lib.show.plots import DOTTED


def attacked(pictures: PicturesRecord) -> Figure:
    """A digit of each class before and after untargeted FGSM, five across; a class that changed is in bold."""
    before, after = pictures.clean, pictures.untargeted
    rows, titles, bold = {}, [], []
    for first in range(0, len(before.classes), 5):
        part = slice(first, first + 5)
        for name, of in (("", before), (f",\nattacked,\neps {after.eps:g}", after)):
            shown = of.images[part]
            rows[f"{first} to {first + len(shown) - 1}{name}"] = shown
            titles.append([f"“{one}”" for one in of.classes[part]])
            bold += list(of.classes[part] != before.classes[part])
    figure = plots.digits(rows, titles)
    for ax in figure.axes:
        ax.title.set_fontsize(11)
    return _in_bold(figure, bold)


def answer(networks: Networks, outcome: Outcome, experiment: Experiment) -> Figure:
    """Accuracy before and after retraining, by the network whose gradient made the test images."""
    eps, held_out = experiment.eps_train, outcome[experiment.held_out]
    found = {
        "before retraining: FGSM": rate(rates.under(networks, eps, "fgsm")),
        "before retraining: PGD": rate(rates.under(networks, eps, "pgd")),
        "after: the images retrained on (stale)": rate(rates.correct(outcome[experiment.as_paper], "stale FGSM")),
        "after: held-out images, also stale": rate(rates.correct(held_out, "stale FGSM")),
        "after: held-out images, fresh FGSM": rate(rates.correct(held_out, "fresh FGSM")),
        "after: held-out images, fresh PGD": rate(rates.correct(held_out, "fresh PGD")),
    }
    claimed = {f"the paper: {rates.PRINTED.value}": rates.PRINTED.value}
    return in_rows.shares(found, f"accuracy at eps {eps:g}", claimed=claimed, controls=list(found)[:2])


def untargeted(networks: Networks, experiment: Experiment) -> Figure:
    """Accuracy over eps under the three untargeted attacks, and under random signs."""
    attacks = {"FGSM": "fgsm", "gradient without its sign": "step", "PGD, 40 steps": "pgd", SIGNS: "signs"}
    grid = experiment.eps_grid
    lines = {
        name: _of_each_network(rates.under(networks, eps, attack) for eps in grid) for name, attack in attacks.items()
    }
    return plots.named_below(plots.shares(grid, lines, "eps (pixel units)", "accuracy"))


def targeted(networks: Networks, experiment: Experiment) -> Figure:
    """How often networks are right over eps, and beside it how often they take an image for the target.

    PGD, shown at `EPS_BELOW_HALF` alone, where an image has to keep what it showed, is a single mark in the second
    panel.
    """
    attacks = {"targeted FGSM": "targeted_fgsm", "the same without its sign": "targeted_step", SIGNS: "signs"}
    hits = {"classified correctly": rates.under, "classified as the target": rates.reached}
    grid = experiment.eps_grid_targeted
    panes = {
        title: {name: _of_each_network(hit(networks, eps, attack) for eps in grid) for name, attack in attacks.items()}
        for title, hit in hits.items()
    }
    figure = plots.panels(grid, panes, "eps (pixel units)", "share of test images")
    _mark_pgd(figure.axes[1], networks)
    return figure


def _mark_pgd(ax: Axes, networks: Networks) -> None:
    """How often targeted PGD reaches its target, with its interval: one mark, named beside it."""
    found = rate(rates.reached(networks, EPS_BELOW_HALF, "targeted_pgd"))
    place, colour = EPS_BELOW_HALF, COLOURS[3]
    ax.plot([place, place], [found.low, found.high], color=colour, linewidth=2)
    ax.plot(place, found.mean, marker=MARKERS[3], markersize=7, color=colour, linestyle="none")
    beside = {"xytext": (8, 0), "textcoords": "offset points", "va": "center", "color": "0.25"}
    ax.annotate(f"PGD: {found.mean:.0%}", (place, found.mean), **beside)


def _of_each_network(over_eps: Iterable[Hits]) -> np.ndarray:
    """Each network's share of hits at each eps: (networks, eps)."""
    return np.array([[one.mean() for one in hits] for hits in over_eps]).T


def confusions(networks: Networks, eps: float) -> Figure:
    """What each digit is taken for under FGSM, as shares of that digit over all networks."""
    return cells.confusions({"": rates.confusion(networks, eps)})


def digits(pictures: PicturesRecord) -> Figure:
    """The same digits, clean and attacked, with each attack's perturbation and the class that the network gives.

    Perturbations share one scale, up to the larger eps; a class that changed is in bold.
    """
    clean, attacks = pictures.clean, {"untargeted": pictures.untargeted, "targeted": pictures.targeted}
    rows, titles, bold = {"clean": clean.images}, [clean.classes], [clean.classes != clean.classes]
    for name, attacked in attacks.items():
        rows[f"perturbation\neps {attacked.eps:g}"] = attacked.images - clean.images
        rows[f"{name}\neps {attacked.eps:g}"] = attacked.images
        titles += [[""] * len(clean.classes), attacked.classes]
        bold += [clean.classes != clean.classes, attacked.classes != clean.classes]
    largest = max(attacked.eps for attacked in attacks.values())
    return _in_bold(plots.digits(rows, titles, limit=largest), np.concatenate(bold))


def _in_bold(figure: Figure, changed: Sequence[bool]) -> Figure:
    """The figure, with the titles of the images that changed in bold."""
    for ax, bold in zip(figure.axes, changed, strict=True):
        ax.title.set_fontweight("bold" if bold else "normal")
    return figure


def survival(likeness: LikenessRecord) -> Figure:
    """How many digits are classified correctly over eps, by the network and by the nearest training image."""
    lines = {}
    for kind, of in (("targeted FGSM", likeness.attacked), ("random signs", likeness.signs)):
        lines[f"{kind}: the network"] = [(of.network == likeness.labels).mean(1)]
        lines[f"{kind}: the nearest training image"] = [(of.neighbour == likeness.labels).mean(1)]
    return plots.named_below(plots.shares(likeness.eps, lines, "eps (pixel units)", "classified correctly"))


def retraining(outcome: Outcome, experiment: Experiment) -> Figure:
    """Accuracy of the retrained networks over the eps retrained at, by how their images were attacked."""
    lines = {
        "stale FGSM, images trained on": (BOTH, "stale FGSM"),
        "stale FGSM, held out": (ALONE, "stale FGSM"),
        "fresh FGSM, held out": (ALONE, "fresh FGSM"),
        "fresh PGD, held out": (ALONE, "fresh PGD"),
    }
    eps = experiment.eps_retrain
    shares = {
        label: _of_each_network(rates.correct(outcome[images, one], way) for one in eps)
        for label, (images, way) in lines.items()
    }
    claimed = {f"paper: {rates.PRINTED.value}": rates.PRINTED.value}
    return plots.named_below(plots.shares(eps, shares, "eps retrained at", "accuracy", claimed=claimed))


def questions(substitutes: Substitutes) -> Figure:
    """The original networks' accuracy under FGSM through a substitute, over the number of questions asked."""
    asked, lines = substitutes[0].questions, {}
    lines["FGSM through the substitute"] = [
        [(row == one.labels).mean() for row in one.original.through_substitute] for one in substitutes
    ]
    for name, classes in (
        (SIGNS, [one.original.signs for one in substitutes]),
        ("FGSM through the network itself", [one.original.through_original for one in substitutes]),
    ):
        lines[name] = [[(row == one.labels).mean()] * len(asked) for row, one in zip(classes, substitutes, strict=True)]
    figure = plots.shares(asked, lines, "questions asked", "accuracy of the original network")
    figure.axes[0].set_xscale("log")
    figure.axes[0].set_xticks(asked, [f"{number:,}" for number in asked])
    figure.axes[0].minorticks_off()
    return plots.named_below(figure)


def planes(boundary: BoundaryRecord, reach: float) -> Figure:
    """The classes around one image before and after retraining; `reach` as in `drawing.slices`."""
    return drawing.slices({"before retraining": boundary.before.plane, "after retraining": boundary.after.plane}, reach)


def suspicions(detectors: Detectors) -> Figure:
    """How much the first detector suspects images, and where it raises an alarm; beside it the AUC of each detector."""
    first, shown = detectors[0], ("FGSM", ADAPTIVE, SIGNS)
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 4), width_ratios=[2.4, 1])
    values = {"clean": first.clean.suspicion}
    values |= {f"{name}: AUC {rates.area([first], name).mean:.3f}": INPUTS[name](first).suspicion for name in shown}
    drawing.histograms(values, "suspicion: the detector's logit for attacked minus that for clean", left)
    alarm = np.quantile(first.clean.suspicion, 1 - FALSE_ALARMS)
    said = f"alarm right of this line: {FALSE_ALARMS:.0%} of clean images"
    left.axvline(alarm, color="0.35", linewidth=1, label=said)
    _areas(detectors, shown, right)
    title = f"suspicion and AUC of the first of {len(detectors)} detectors" if len(detectors) > 1 else None
    return plots.named_below(figure, title=title)


def _areas(detectors: Detectors, names: Sequence[str], ax: Axes) -> None:
    """The AUC of each detector for some of the `INPUTS`, in the histogram's colours; the first detector's is filled."""
    for row, name in enumerate(names):
        look = {"marker": MARKERS[row + 1], "color": COLOURS[row + 1], "linestyle": "none", "markersize": 7}
        found = [rates.area([one], name).mean for one in detectors]
        ax.plot(found[1:], [row] * len(found[1:]), markerfacecolor="none", **look)
        ax.plot(found[0], row, **look)
    ax.axvline(0.5, **DOTTED)
    ax.annotate("a coin", (0.5, -0.7), color="0.25", ha="center", va="center")
    ax.set(xlim=(-0.05, 1.05), ylim=(len(names) - 0.5, -1), xlabel="AUC of each detector")
    ax.set_yticks(range(len(names)), [name.replace(" the ", "\nthe ").replace(", ", ",\n") for name in names])
