"""The chapter's headline numbers, and its first paragraphs: what the loop did, and whose numbers the paper has."""

from collections.abc import Mapping, Sequence

import numpy as np

from lib.chapters.unlearning import labels, paper_table, rates
from lib.chapters.unlearning.experiment import Experiment
from lib.chapters.unlearning.here import UNLIKELY
from lib.chapters.unlearning.measure_loop import JUDGED
from lib.chapters.unlearning.measure_removal import MembershipRecord
from lib.chapters.unlearning.measure_row import CLIPPED
from lib.chapters.unlearning.paper_table import Clouds, Curves
from lib.chapters.unlearning.rates import Loop, Networks, Rooms
from lib.models import LENETS
from lib.show.counting import counted
from lib.show.sentences import capital, data_named

WHERE = {"clean": "on clean images", "attacked": "under FGSM"}
"""What untrained networks were shown."""


def headline(networks: Networks, loop: Loop, rooms: Rooms, memberships: Sequence[MembershipRecord]) -> dict[str, float]:
    """The numbers that the tests check against their expected ranges."""
    printed, rows = [one.printed for one in networks], paper_table.second_row(networks)
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
        "softmax_sum_accuracy": paper_table.means(rows["softmax sum" + CLIPPED])[0],
        "one_label_accuracy": paper_table.means(rows["one label"])[0],
        "room_eps": float(np.mean([one.eps for one in rooms])),
        "room_fgsm_accuracy": rates.mean(rates.in_room(rooms, JUDGED, "FGSM")),
    }


def found(networks: Networks, loop: Loop) -> str:
    """Whether removal raises accuracy under FGSM, and what it is after removal, after the control, and before."""
    first, gained = rates.mean(rates.before(networks, "FGSM")), rates.gain(networks, loop, JUDGED, "FGSM")
    removed, control = (rates.after(loop, one, "FGSM") for one in (JUDGED, "none"))
    word = "No gain is shown"
    if gained.low is not None and not gained.low <= 0 <= gained.high:
        word = "There is a gain" if gained.low > 0 else "There is a loss"
    return (
        f"{word}: accuracy under FGSM is {removed:.3f} after removal and {control:.3f} after as much training without "
        f"it. Before, it is {first:.3f}; the paper starts from {paper_table.printed('attacked', 'accuracy')}."
    )


def under_pgd(networks: Networks, loop: Loop) -> str:
    """The same under PGD, and after a random removal, as a part of a sentence."""
    first = rates.mean(rates.before(networks, "PGD"))
    removed, control, by_chance = (rates.after(loop, one, "PGD") for one in (JUDGED, "none", "random"))
    return (
        f"{first:.3f} before removal, {removed:.3f} after it, {control:.3f} after as much training without removal, "
        f"and {by_chance:.3f} after a random removal"
    )


def origin(clouds: Clouds, curves: Curves) -> str:
    """Which networks have the accuracy and the loss that the paper starts from."""
    likely = paper_table.likeliest(clouds)
    who = [f"untrained networks {WHERE[way]}" for way, (_, p) in likely.items() if p > UNLIKELY]
    if min(far for _, far in paper_table.nearest(curves).values()) <= 1:
        who.append("trained networks at another eps")
    start = " and ".join(who) or "no network here, trained or untrained,"
    verb = "have" if who else "has"
    alike = ", as any network has that answers nearly alike" if likely["clean"][1] > UNLIKELY else ""
    return f"{capital(start)} {verb} the paper's starting accuracy and loss{alike}."


def ending(networks: Networks, loop: Loop) -> str:
    """In how many ways the numbers that the paper ends with come out without unlearning."""
    idle = sum(network in paper_table.NOTHING_UNLEARNED for _, _, network in paper_table.giving(networks, loop))
    ways = f"in {counted(idle, 'way')}" if idle else "in no way"
    return f"The accuracy and loss that the paper ends with come out {ways} of attacking without any unlearning."


def _over(networks: int, everywhere: int) -> str:
    """How many networks there are and, where it is fewer, how many the other readings and sections have."""
    if networks == everywhere:
        return str(networks)
    return f"{networks} as they are trained, in (b) and in its two controls, and {everywhere} in all else"


def summary(
    networks: Networks, loop: Loop, clouds: Clouds, curves: Curves, experiment: Experiment
) -> Mapping[str, object]:
    """What the prose shows of the run: its findings in sentences, and its size."""
    e = experiment
    return {
        "found": found(networks, loop),
        "pgd": under_pgd(networks, loop),
        "origin": origin(clouds, curves),
        "ending": ending(networks, loop),
        "others": labels.figures(one for one in LENETS if one != e.architecture),
        "longer": e.longer,
        "some": f"{len(networks[0].some):,}",  # n_images, or all that there are
        "few": f"{len(networks[0].row.noise.correct):,}",  # n_forensic, or all
        "seeds": _over(len(networks), len(loop["c"])),
        "eps": e.eps,
        "figure": labels.printed_in(e.architecture),
        "data": data_named(e.dataset),
    }
