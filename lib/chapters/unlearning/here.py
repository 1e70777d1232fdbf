"""What this run shows: one sentence for each table and figure of the chapter, from what was measured."""

from collections.abc import Mapping, Sequence

import numpy as np

from lib.chapters.unlearning import frames, labels, listings, rates
from lib.chapters.unlearning.experiment import KINDS, Experiment
from lib.chapters.unlearning.frames import OneShot
from lib.chapters.unlearning.measure import LetterRecord
from lib.chapters.unlearning.measure_loop import JUDGED
from lib.chapters.unlearning.measure_removal import MembershipRecord
from lib.chapters.unlearning.rates import Clouds, Curves, Loop, Networks, Rooms
from lib.measure import intervals
from lib.measure.intervals import Measured


def counted(number: int, word: str) -> str:
    """A number with its noun: "no image", "1 image", "2 images"."""
    return f"{number or 'no'} {word}{'s' if number > 1 else ''}"


def side(measured: Measured) -> str:
    """On which side of zero an interval lies."""
    if measured.low is None or measured.low <= 0 <= measured.high:
        return "which may be chance"
    return f"which is {'more than' if measured.low > 0 else 'below'} chance"


def trained(networks: Networks) -> str:
    """For the table of the trained network."""
    kept = rates.means([one.printed for one in networks])[0]
    pgd = rates.means([one.pgd for one in networks])[0]
    times = kept / rates.PAPER_ROW_2[0]
    return (
        f"Here: the paper's FGSM leaves {kept:.1%} of the test images correct, {times:.0f} times the paper's 8.0%; "
        f"PGD leaves {pgd:.1%}."
    )


def worst(letter: LetterRecord) -> str:
    """For the pictures of what is selected."""
    wrong = sum(label != read for label, read in zip(letter.labels, letter.read, strict=True))
    return f"Here: of the {len(letter.labels)} training images shown, {wrong} are misclassified once attacked."


def letters(letter: LetterRecord) -> str:
    """For the table of what the rule removes."""
    return (
        f"Here: given indices the rule removes {counted(len(letter.indices), 'image')}, given tuples "
        f"{counted(len(letter.tuples), 'image')}, given an array {counted(len(letter.array), 'image')}."
    )


def gains(networks: Networks, loop: Loop) -> str:
    """For the figure of what each reading adds to its control."""
    removed, chance, taught = (rates.gain(networks, loop, one, "FGSM") for one in (JUDGED, "random", "d"))
    return (
        f"Here: removal adds {removed.mean:+.3f} to what as many epochs without it give under FGSM, "
        f"{side(removed)}; a random removal {chance.mean:+.3f}; training on adversarial images {taught.mean:+.3f}. "
        f"The paper's rise is +0.887."
    )


def last_round(loop: Loop) -> str:
    """For the table of the last round."""
    levels = {reading: rates.after(loop, reading, "PGD") for reading in loop}
    best = max(levels, key=levels.get)
    return (
        f"Here: after the last round PGD leaves most, {levels[best]:.3f}, to {labels.READINGS[best]}; it leaves "
        f"{levels[JUDGED]:.3f} to removal and {levels['none']:.3f} to no removal."
    )


def overfitting(networks: Networks, loop: Loop) -> str:
    """For the table of training and test accuracy."""
    then, without = ([one.last for one in loop[reading]] for reading in (JUDGED, "none"))
    less = rates.less_overfit(without, then)
    return (
        f"Here: training accuracy is ahead by {rates.overfits([one.look for one in networks]).mean:.4f} before the "
        f"loop and {rates.overfits(then).mean:.4f} after removal; against as much training without removal that is "
        f"{abs(less.mean):.4f} {'less' if less.mean > 0 else 'more'}, {side(less)}."
    )


def room(rooms: Rooms) -> str:
    """For the table of the loop where there is something to recover."""
    first = np.mean(rates.room_before(rooms, "FGSM"))
    then = {reading: np.mean(rates.in_room(rooms, reading, "FGSM")) for reading in (JUDGED, "none", "random")}
    lowest, highest = min(one.eps for one in rooms), max(one.eps for one in rooms)
    return (
        f"Here: at eps {lowest:.2f} to {highest:.2f} FGSM leaves {first:.3f}; after the loop it leaves "
        f"{then[JUDGED]:.3f}, after as many epochs without removal {then['none']:.3f}, with a random removal "
        f"{then['random']:.3f}. The paper goes from 0.080 to 0.967."
    )


def third_row(networks: Networks, loop: Loop) -> str:
    """For the table of the third row's candidates."""
    found, giving = rates.ways(networks, loop), rates.giving(networks, loop)
    distances = {way: rates.off(of, rates.PAPER_ROW_3, rates.WITHIN_3) for way, of in found.items()}
    nearest = min(distances, key=distances.get)
    idle = sum(who == rates.ORIGINAL for _, _, who in giving)
    zero = np.mean([one.row.zero_gradients for one in networks])
    return (
        f"Here: {len(giving)} of {len(found)} ways give both numbers, {idle} of them with no unlearning at all; the "
        f"nearest is {labels.way(*nearest)}, off by {distances[nearest]:.1f} tolerances. Fig. 5's gradient is zero "
        f"in every pixel of {zero:.0%} of the images."
    )


def untrained(clouds: Clouds) -> str:
    """For the table of untrained networks."""
    tails = rates.tails(clouds)
    (lenet, way), likely = max(tails.items(), key=lambda item: item[1])
    fits = "looks like an untrained network's" if likely > 0.05 else "is hardly an untrained network's"
    images = "clean" if way == "clean" else "attacked"
    return (
        f"Here: the paper's second row {fits}; a point as far out has at most the probability {likely:.3f}, "
        f"{labels.figure(lenet)}'s on {images} images."
    )


def at_any_eps(curves: Curves) -> str:
    """For the table of trained networks over eps."""
    name, (_, far) = min(rates.nearest(curves).items(), key=lambda item: item[1][1])
    if far <= 1:
        return f"Here: a trained network comes through the paper's second row, under {name}."
    return f"Here: no eps gives a trained network both numbers; {name} comes nearest, off by {far:.1f} tolerances."


def one_shot(found: OneShot, networks: Networks, experiment: Experiment) -> str:
    """For the figure and the table of removal in one shot."""
    share = experiment.shares[-1]
    worst, chance = (frames.change(found[kind, share], networks, "FGSM") for kind in KINDS)
    apart = intervals.difference(*([one.by("FGSM") for one in found[kind, share]] for kind in KINDS))
    return (
        f"Here: with {share:.0%} of the training images removed, accuracy under FGSM changes by {worst.mean:+.3f} "
        f"where the worst go, by {chance.mean:+.3f} where chance decides; the difference is {apart:+.3f}."
    )


def membership(found: Sequence[MembershipRecord]) -> str:
    """For the table of what networks still know."""
    areas = {state: np.mean(rates.membership(found, state)) for state in ("whole", JUDGED, "c", "f")}
    return (
        f"Here: the AUC is {areas['whole']:.3f} before removal, {areas[JUDGED]:.3f} after training on, "
        f"{areas['f']:.3f} after gradient ascent, and {areas['c']:.3f} where the images were never seen."
    )


def printed_listings() -> str:
    """For the table of listings."""
    running, all_of_them = listings.running(), {fault.figure for fault in listings.FAULTS}
    which = " and ".join(f"Fig. {figure}" for figure in running)
    return f"Here: {len(running)} of {len(all_of_them)} listings runs as printed, {which}."


def premise(before: float) -> str:
    """What there was to repair, by the accuracy that FGSM leaves before any unlearning."""
    if before <= rates.PAPER_ROW_2[0] + rates.WITHIN_2[0]:
        return "there was as much to repair as in the paper"
    return "there was little to repair" if before > 0.5 else "there was less to repair than in the paper"


def summary(networks: Networks, loop: Loop, rooms: Rooms, experiment: Experiment) -> Mapping[str, object]:
    """The numbers of the prose."""
    e, first = experiment, float(np.mean(rates.before(networks, "FGSM")))
    return {
        "premise": premise(first),
        "before": first,
        "removed": rates.after(loop, JUDGED, "FGSM"),
        "control": rates.after(loop, "none", "FGSM"),
        "room": float(np.mean(rates.in_room(rooms, JUDGED, "FGSM"))),
        "rounds": e.rounds,
        "round-epochs": e.round_epochs,
        "some": e.n_images,
        "few": e.n_forensic,
        "seeds": e.seeds,
        "eps": e.eps,
        "figure": labels.figure(e.architecture),
        "data": "MNIST" if e.is_mnist else f"{e.dataset} (a small sample of MNIST)",
    }
