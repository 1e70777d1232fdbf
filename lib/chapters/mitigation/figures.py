"""The figures of the chapter on mitigation."""

from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lib.chapters.mitigation import drawing, rates
from lib.chapters.mitigation.detector import FALSE_ALARMS
from lib.chapters.mitigation.experiment import EPS_BELOW_HALF, Experiment
from lib.chapters.mitigation.measure_attacks import NetworkRecord
from lib.chapters.mitigation.measure_digits import LikenessRecord, PicturesRecord
from lib.chapters.mitigation.measure_retraining import BoundaryRecord, RetrainedRecord
from lib.chapters.mitigation.networks import ALONE, BOTH
from lib.chapters.mitigation.rates import ADAPTIVE, INPUTS, SIGNS, Detectors, Hits, Networks, Outcome, Substitutes
from lib.measure.intervals import rate
from lib.show import cells, plots
from lib.show import rows as in_rows
from lib.show.palette import looks
from lib.show.plots import DOTTED

CODE_LINE = "the code line, without the sign"
"""What the step along the gradient itself is called."""


def attacked(pictures: PicturesRecord) -> Figure:
    """A digit of each class before and after untargeted FGSM, five across; a class that changed is in bold."""
    before, after = pictures.clean, pictures.untargeted
    rows = {"clean": (before.images, before.classes), f"attacked,\neps {after.eps:g}": (after.images, after.classes)}
    return _five_across(rows, before.classes)


def _five_across(rows: Mapping[str, tuple[np.ndarray, np.ndarray | None]], clean: np.ndarray, **look: float) -> Figure:
    """Rows of images with their classes, where they have any, in bold where they are not the `clean` ones.

    Five stand side by side, as many as a phone has room for; below these rows are the same of the next five.
    """
    shown, titles, bold = {}, [], []
    for first in range(0, len(clean), 5):
        part = slice(first, first + 5)
        for name, (images, classes) in rows.items():
            own = clean if classes is None else classes
            shown[f"{first} to {first + len(clean[part]) - 1},\n{name}"] = images[part]
            titles.append([""] * len(clean[part]) if classes is None else [f"“{one}”" for one in own[part]])
            bold += list(own[part] != clean[part])
    figure = plots.digits(shown, titles, **look)
    for ax, changed in zip(figure.axes, bold, strict=True):
        ax.title.set(fontsize=11, fontweight="bold" if changed else "normal")
    return figure


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
    attacks = {"FGSM": "fgsm", CODE_LINE: "step", f"PGD, 40 steps{_of_some(networks[0])}": "pgd", SIGNS: "signs"}
    grid = experiment.eps_grid
    lines = {
        name: _of_each_network(rates.under(networks, eps, attack) for eps in grid) for name, attack in attacks.items()
    }
    seen = len(networks[0].labels)
    return plots.named_below(plots.shares(grid, lines, "eps (pixel units)", "accuracy", images=seen))


def _of_some(record: NetworkRecord | RetrainedRecord) -> str:
    """How many images are attacked in many steps, where that is not all of them."""
    some = len(record.some)
    return f" ({some:,} images)" if some < len(record.labels) else ""


def targeted(networks: Networks, experiment: Experiment) -> Figure:
    """How often networks are right over eps, and beside it how often they take an image for the target.

    PGD, shown at `EPS_BELOW_HALF` alone, where an image has to keep what it showed, is a single mark in the second
    panel.
    """
    attacks = {"targeted FGSM": "targeted_fgsm", "the code line, targeted": "targeted_step", SIGNS: "signs"}
    hits = {"classified correctly": rates.under, "classified as the target": rates.reached}
    grid = experiment.eps_grid_targeted
    panes = {
        title: {name: _of_each_network(hit(networks, eps, attack) for eps in grid) for name, attack in attacks.items()}
        for title, hit in hits.items()
    }
    seen = len(networks[0].labels)
    figure = plots.panels(grid, panes, "eps (pixel units)", "share of test images", images=seen)
    _mark_pgd(figure.axes[1], networks)
    return figure


def _mark_pgd(ax: Axes, networks: Networks) -> None:
    """How often targeted PGD reaches its target, with its interval: one mark, named beside it."""
    found = rate(rates.reached(networks, EPS_BELOW_HALF, "targeted_pgd"))
    place, look = EPS_BELOW_HALF, looks(["PGD"])["PGD"] | {"linestyle": "none", "markersize": 7}
    ax.plot([place, place], [found.low, found.high], color=look["color"], linewidth=2)
    ax.plot(place, found.mean, **look)
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
    rows: dict[str, tuple] = {"clean": (clean.images, clean.classes)}
    for name, attacked in attacks.items():
        rows[f"perturbation,\neps {attacked.eps:g}"] = attacked.images - clean.images, None
        rows[f"{name},\neps {attacked.eps:g}"] = attacked.images, attacked.classes
    return _five_across(rows, clean.classes, limit=max(attacked.eps for attacked in attacks.values()))


def survival(likeness: LikenessRecord) -> Figure:
    """How many digits are classified correctly over eps, by the network and by the nearest training image."""
    lines = {}
    for kind, of in (("targeted FGSM", likeness.attacked), ("random signs", likeness.signs)):
        lines[f"{kind}: the network"] = [(of.network == likeness.labels).mean(1)]
        lines[f"{kind}: the nearest training image"] = [(of.neighbour == likeness.labels).mean(1)]
    seen, ylabel = len(likeness.labels), "classified correctly"
    return plots.named_below(plots.shares(likeness.eps, lines, "eps (pixel units)", ylabel, images=seen))


def retraining(outcome: Outcome, experiment: Experiment) -> Figure:
    """Accuracy of the retrained networks over the eps retrained at, by how their images were attacked."""
    eps = experiment.eps_retrain
    first = outcome[ALONE, eps[0]][0]
    lines = {
        "stale FGSM, images trained on": (BOTH, "stale FGSM"),
        "stale FGSM, held out": (ALONE, "stale FGSM"),
        "fresh FGSM, held out": (ALONE, "fresh FGSM"),
        f"fresh PGD, held out{_of_some(first)}": (ALONE, "fresh PGD"),
    }
    shares = {
        label: _of_each_network(rates.correct(outcome[images, one], way) for one in eps)
        for label, (images, way) in lines.items()
    }
    claimed = {f"paper: {rates.PRINTED.value}": rates.PRINTED.value}
    seen = len(first.labels)
    return plots.named_below(plots.shares(eps, shares, "eps retrained at", "accuracy", claimed=claimed, images=seen))


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
    seen, ylabel = len(substitutes[0].labels), "accuracy of the original network"
    figure = plots.shares(asked, lines, "questions asked", ylabel, images=seen)
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
    left.axvline(alarm, color="black", linewidth=1.2, linestyle=":", label=said)
    _areas(detectors, shown, right)
    title = f"suspicion and AUC of the first of {len(detectors)} detectors" if len(detectors) > 1 else None
    return plots.named_below(figure, title=title)


def _areas(detectors: Detectors, names: Sequence[str], ax: Axes) -> None:
    """The AUC of each detector for some of the `INPUTS`, in the histogram's colours; the first detector's is filled.

    In every row each detector stands at its own height, so that marks of the same AUC can be told apart.
    """
    heights = np.linspace(-0.25, 0.25, len(detectors)) if len(detectors) > 1 else np.zeros(1)
    for row, (name, own) in enumerate(looks(names).items()):
        look = own | {"linestyle": "none", "markersize": 6}
        first, *others = [rates.area([one], name).mean for one in detectors]
        ax.plot(others, row + heights[1:], **look | {"markerfacecolor": "none"})
        ax.plot(first, row + heights[0], **look)
    ax.plot([0.5, 0.5], [-0.5, len(names) - 0.5], **DOTTED)
    ax.annotate("a coin", (0.5, -0.75), color="0.25", ha="center", va="center")
    ax.set(xlim=(-0.05, 1.05), ylim=(len(names) - 0.5, -1), xlabel="AUC of each detector")
    ax.set_yticks(range(len(names)), [name.replace(" the ", "\nthe ").replace(", ", ",\n") for name in names])
