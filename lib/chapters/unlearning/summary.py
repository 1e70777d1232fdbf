"""The chapter's first paragraphs: what there was to repair, what the loop did, and how large the run is."""

from collections.abc import Mapping

import numpy as np

from lib.chapters.unlearning import labels, rates
from lib.chapters.unlearning.experiment import Experiment
from lib.chapters.unlearning.here import UNLIKELY, side
from lib.chapters.unlearning.measure_loop import JUDGED
from lib.chapters.unlearning.rates import Clouds, Curves, Loop, Networks

WHERE = {"clean": "without any attack", "attacked": "under FGSM"}
"""What untrained networks were shown."""


def premise(before: float) -> str:
    """What there was to repair, by the accuracy under FGSM before any unlearning."""
    if before <= rates.PAPER_ROW_2[0] + rates.WITHIN_2[0]:
        return "There was as much to repair as in the paper"
    return "There was nothing to repair" if before >= rates.TARGET else "There was less to repair than in the paper"


def found(networks: Networks, loop: Loop) -> str:
    """What there was to repair, what the loop did, and what as much training without it did."""
    first, strong = (float(np.mean(rates.before(networks, way))) for way in ("FGSM", "PGD"))
    removed, control = (rates.after(loop, one, "FGSM") for one in (JUDGED, "none"))
    left, without = (rates.after(loop, one, "PGD") for one in (JUDGED, "none"))
    by_lot = rates.after(loop, "random", "PGD")
    apart = side(rates.gain(networks, loop, JUDGED, "FGSM"))
    who = "This is one network" if len(networks) == 1 else f"These are means of {len(networks)} networks"
    return (
        f"{premise(first)}: before any removal, accuracy under FGSM is {first:.3f}. With removals it becomes "
        f"{removed:.3f}. As much training without them gives {control:.3f}, a difference {apart}. Under PGD accuracy "
        f"goes from {strong:.3f} to {left:.3f}, to {without:.3f} without removal, to {by_lot:.3f} with a random one. "
        f"{who}."
    )


def origin(clouds: Clouds, curves: Curves) -> str:
    """Which networks have the accuracy and the loss that the paper starts from."""
    likely = rates.likeliest(clouds)
    who = [f"untrained networks {WHERE[way]}" for way, (_, p) in likely.items() if p > UNLIKELY]
    if min(far for _, far in rates.nearest(curves).values()) <= 1:
        who.append("trained networks at another eps")
    start = " and ".join(who) or "no network here, trained or untrained,"
    verb = "have" if who else "has"
    return f"{start[0].upper()}{start[1:]} {verb} the accuracy and the loss that the paper starts from."


def ending(networks: Networks, loop: Loop) -> str:
    """In how many ways the numbers that the paper ends with need no unlearning; nothing where they need it."""
    idle = sum(network in rates.NOTHING_UNLEARNED for _, _, network in rates.giving(networks, loop))
    if not idle:
        return ""
    ways = f"{idle} way{'s' if idle > 1 else ''}"
    return f" The numbers that it ends with come out in {ways} of attacking where nothing is unlearned."


def summary(
    networks: Networks, loop: Loop, clouds: Clouds, curves: Curves, experiment: Experiment
) -> Mapping[str, object]:
    """What the prose shows of the run: its answer in two sentences, and its size."""
    e = experiment
    return {
        "found": found(networks, loop),
        "origin": origin(clouds, curves) + ending(networks, loop),
        "longer": labels.longer(e.rounds, e.round_epochs),
        "some": f"{len(networks[0].some):,}",  # n_images, or all that there are
        "few": f"{len(networks[0].row.noise.correct):,}",  # n_forensic, or all
        "seeds": e.seeds,
        "eps": e.eps,
        "figure": labels.figure(e.architecture),
        "data": "MNIST" if e.is_mnist else f"{e.dataset} (a small sample of MNIST)",
    }
