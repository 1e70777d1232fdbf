"""The chapter's headline numbers, and its first paragraphs: what there was to repair, and what the loop did."""

from collections.abc import Mapping, Sequence

import numpy as np

from lib.chapters.unlearning import labels, rates
from lib.chapters.unlearning.experiment import Experiment
from lib.chapters.unlearning.here import UNLIKELY, side
from lib.chapters.unlearning.measure_loop import JUDGED
from lib.chapters.unlearning.measure_removal import MembershipRecord
from lib.chapters.unlearning.measure_row import CLIPPED
from lib.chapters.unlearning.rates import Clouds, Curves, Loop, Networks, Rooms
from lib.show.counting import counted
from lib.show.sentences import capital, data_named

WHERE = {"clean": "without any attack", "attacked": "under FGSM"}
"""What untrained networks were shown."""


def headline(networks: Networks, loop: Loop, rooms: Rooms, memberships: Sequence[MembershipRecord]) -> dict[str, float]:
    """The numbers that tests hold against their range."""
    printed, rows = [one.printed for one in networks], rates.second_row(networks)
    beyond = {"membership_auc": float(np.mean(rates.membership(memberships, "whole")))} if memberships else {}
    return beyond | {
        "clean_accuracy": rates.accuracy([one.clean for one in networks]).mean,
        "fgsm_accuracy": rates.accuracy([one.clipped for one in networks]).mean,
        "fgsm_unclipped_accuracy": rates.accuracy(printed).mean,
        "fgsm_unclipped_loss": rates.loss(printed).mean,
        "removed_fgsm_accuracy": rates.after(loop, JUDGED, "FGSM"),
        "control_fgsm_accuracy": rates.after(loop, "none", "FGSM"),
        "trained_fgsm_accuracy": rates.after(loop, "d", "FGSM"),
        "removed_pgd_accuracy": rates.after(loop, JUDGED, "PGD"),
        "trained_pgd_accuracy": rates.after(loop, "d", "PGD"),
        "softmax_sum_accuracy": rates.means(rows["softmax sum" + CLIPPED])[0],
        "one_label_accuracy": rates.means(rows["one label"])[0],
        "room_eps": float(np.mean([one.eps for one in rooms])),
        "room_fgsm_accuracy": rates.mean(rates.in_room(rooms, JUDGED, "FGSM")),
    }


def premise(before: float) -> str:
    """What there was to repair, by the accuracy under FGSM before any unlearning."""
    if before <= rates.PAPER_ROW_2[0] + rates.WITHIN_2[0]:
        return "There was as much to repair as in the paper"
    return "There was nothing to repair" if before >= rates.TARGET else "There was less to repair than in the paper"


def found(networks: Networks, loop: Loop) -> str:
    """What there was to repair, what the loop did, and what as much training without it did."""
    first, strong = (rates.mean(rates.before(networks, way)) for way in ("FGSM", "PGD"))
    removed, control = (rates.after(loop, one, "FGSM") for one in (JUDGED, "none"))
    left, without = (rates.after(loop, one, "PGD") for one in (JUDGED, "none"))
    by_chance = rates.after(loop, "random", "PGD")
    apart = side(rates.gain(networks, loop, JUDGED, "FGSM"))
    who = "In one network" if len(networks) == 1 else f"On average over {len(networks)} networks"
    return (
        f"{premise(first)}. {who}, accuracy under FGSM goes from {first:.3f} to {removed:.3f} with removals, and to "
        f"{control:.3f} with as much training without them: a difference {apart}. Under PGD it goes from {strong:.3f} "
        f"to {left:.3f}, without removals to {without:.3f}, with random ones to {by_chance:.3f}."
    )


def origin(clouds: Clouds, curves: Curves) -> str:
    """Which networks have the accuracy and the loss that the paper starts from."""
    likely = rates.likeliest(clouds)
    who = [f"untrained networks {WHERE[way]}" for way, (_, p) in likely.items() if p > UNLIKELY]
    if min(far for _, far in rates.nearest(curves).values()) <= 1:
        who.append("trained networks at another eps")
    start = " and ".join(who) or "no network here, trained or untrained,"
    verb = "also have" if who else "has"
    return f"{capital(start)} {verb} the accuracy and the loss that the paper starts from."


def ending(networks: Networks, loop: Loop) -> str:
    """In how many ways the numbers that the paper ends with need no unlearning; nothing where they need it."""
    idle = sum(network in rates.NOTHING_UNLEARNED for _, _, network in rates.giving(networks, loop))
    if not idle:
        return ""
    return f" The numbers that it ends with come out in {counted(idle, 'way')} of attacking where nothing is unlearned."


def _over(networks: int, everywhere: int) -> str:
    """How many networks there are, and how many of them each reading and each section has."""
    if networks == everywhere:
        return str(networks)
    return f"{networks} as they are trained, in (b) and in its two controls, and {everywhere} in all else"


def summary(
    networks: Networks, loop: Loop, clouds: Clouds, curves: Curves, experiment: Experiment
) -> Mapping[str, object]:
    """What the prose shows of the run: its answer in two sentences, and its size."""
    e = experiment
    return {
        "found": found(networks, loop),
        "origin": origin(clouds, curves) + ending(networks, loop),
        "longer": e.longer,
        "some": f"{len(networks[0].some):,}",  # n_images, or all that there are
        "few": f"{len(networks[0].row.noise.correct):,}",  # n_forensic, or all
        "seeds": _over(len(networks), len(loop["c"])),
        "eps": e.eps,
        "figure": labels.figure(e.architecture),
        "data": data_named(e.dataset),
    }
