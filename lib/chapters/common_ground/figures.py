"""The figures of the chapter on the common ground: what each shows of the rows."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from lib.chapters.common_ground import drawing
from lib.chapters.common_ground.attacks import ATTACKS
from lib.chapters.common_ground.defences import titled
from lib.chapters.common_ground.judging import WORST, Judgement
from lib.chapters.common_ground.measure_weights import PlacesFound, ShownFound
from lib.chapters.common_ground.rows import Curves, Rows, by_worst_case
from lib.show.plots import DOTTED, means, panels

SAFE = "safe from all"
"""What the worst case is called in figures: no attack fools the network on that image."""
STAGES = {"clean": "clean", "FGSM": "FGSM", "PGD-40": "PGD", WORST: SAFE}
"""The columns that a defence's line runs through, and what they are called there."""
FALLS = ("safe from all attacks", "safe from FGSM, fooled by another", "fooled by FGSM, or without attack")
"""What becomes of an image."""


def image_by_image(rows: Rows, eps: float, shown: ShownFound, found: PlacesFound) -> Figure:
    """What becomes of one test image of each class under each defence, on the first network.

    Parameters
    ----------
    shown, found
        The images, and their places among those that were judged.

    Raises
    ------
    ValueError
        Where the images judged at these places are of other classes.
    """
    order, by_class = by_worst_case(rows), np.argsort(shown.y, kind="stable")
    places, judged = found.places[by_class], {titled(name): rows[eps][name].judgements[0] for name in order}
    if not all(np.array_equal(one.y[places], shown.y[by_class]) for one in judged.values()):
        raise ValueError("these are not the images that were judged")
    states = {name: [_state(one, place) for place in places] for name, one in judged.items()}
    figure = drawing.tinted(shown.images[by_class] / 255, states, FALLS)
    figure.suptitle(f"eps {eps:g}")
    return figure


def _state(found: Judgement, place: int) -> int:
    """Which of `FALLS` becomes of an image."""
    if found.worst[place]:
        return 0
    return 1 if found.correct["clean"][place] and found.correct["FGSM"][place] else 2


def what_is_left(rows: Rows, costs: Mapping[str, float]) -> Figure:
    """Every defence from clean accuracy down to the share of images that no attack fools."""
    order = by_worst_case(rows)
    panes = {
        f"eps {eps:g}": {shown: [of[name].accuracies(column) for name in order] for column, shown in STAGES.items()}
        for eps, of in rows.items()
    }
    names, notes = [titled(name) for name in order], [f"× {costs[name]:.1f}" for name in order]
    return drawing.ladders(panes, names, notes, said=_means(rows))


def _means(rows: Rows) -> str:
    """Of how many networks and images shares are."""
    judged = next(iter(next(iter(rows.values())).values())).judgements
    return means(len(judged), images=len(judged[0].y))


def table(rows: Rows) -> Figure:
    """The table as a picture."""
    order, columns = by_worst_case(rows), [WORST, *ATTACKS]
    panes = {
        f"eps {eps:g}": np.array([[of[name].accuracy(column) for column in columns] for name in order])
        for eps, of in rows.items()
    }
    figure = drawing.heat_maps(panes, [titled(name) for name in order], [SAFE, *ATTACKS])
    figure.supxlabel(_means(rows), fontsize=10)
    return figure


def over_eps(grid: Sequence[float], curves: Curves, images: int) -> Figure:
    """Accuracy under PGD over eps on so many images, for defences trained at each eps, with that eps and guessing."""
    panes = {
        f"trained at eps {eps:g}": {titled(name): series for name, series in of.items()} for eps, of in curves.items()
    }
    guessing = {title: {"guessing": 0.1} for title in panes}
    figure = panels(grid, panes, "eps (pixel units)", "accuracy under PGD", claimed=guessing, images=images)
    last = max(*grid, *curves)  # an eps trained at can lie beyond the curves
    for ax, eps in zip(figure.axes, curves, strict=True):
        ax.axvline(eps, **DOTTED)
        ax.annotate("this eps", (eps, 1), xycoords=("data", "axes fraction"), ha="center", va="bottom", color="0.25")
        ax.set_title(ax.get_title(), pad=18)  # room for the line's name
        ax.set_xticks(np.linspace(0, last, 6))
    return figure
