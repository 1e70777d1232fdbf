"""What this run shows: a sentence or two for each table and figure of the chapter, from what was measured."""

from collections.abc import Sequence

import numpy as np

from lib.chapters.unlearning import frames, labels, listings, rates
from lib.chapters.unlearning.experiment import KINDS, Experiment
from lib.chapters.unlearning.figures import SHOWN
from lib.chapters.unlearning.frames import OneShot
from lib.chapters.unlearning.measure import LetterRecord
from lib.chapters.unlearning.measure_loop import JUDGED
from lib.chapters.unlearning.measure_removal import MembershipRecord
from lib.chapters.unlearning.rates import Clouds, Curves, Loop, Networks, Rooms
from lib.measure import intervals
from lib.measure.intervals import Measured

UNLIKELY = 0.05
"""At most this probable is a point that is hardly one of a cloud."""

COUNTS = 0.02
"""The least change of accuracy that counts, as in the claims."""


def counted(number: int, word: str) -> str:
    """A number with its noun: "no image", "1 image", "2 images"."""
    return f"{number or 'no'} {word}{'s' if number > 1 else ''}"


def side(measured: Measured) -> str:
    """Whether an interval has zero in it."""
    may_be = measured.low is None or measured.low <= 0 <= measured.high
    return "which may be chance" if may_be else "which is more than chance"


def trained(networks: Networks) -> str:
    """For the table of the trained network."""
    kept = rates.means([one.printed for one in networks])[0]
    pgd = rates.means([one.pgd for one in networks])[0]
    printed = rates.PAPER_ROW_2[0]
    return (
        f"Here: under the paper's FGSM {kept:.1%} of the test images are classified correctly, "
        f"{kept / printed:.0f} times the paper's {printed:.1%}; under PGD {pgd:.1%}."
    )


def worst(letter: LetterRecord) -> str:
    """For the pictures of what is selected."""
    pairs = list(zip(letter.labels, letter.read, strict=True))[:SHOWN]
    wrong = sum(label != given for label, given in pairs)
    return f"Here: of the {len(pairs)} training images shown, {wrong} are misclassified once attacked."


def letters(letter: LetterRecord) -> str:
    """For the table of what the rule removes."""
    return (
        f"Here: given indices the rule removes {counted(len(letter.indices), 'image')}, given tuples "
        f"{counted(len(letter.tuples), 'image')}, given an array {counted(len(letter.array), 'image')}."
    )


def answer(networks: Networks, loop: Loop) -> str:
    """For the figure that answers the chapter's question: by how much accuracy changes in the loop."""
    rises = {
        one: intervals.difference(rates.last(loop[one], "FGSM"), rates.before(networks, "FGSM"))
        for one in (JUDGED, "none", "random")
    }
    return (
        f"Here: over the loop accuracy under FGSM changes by {rises[JUDGED]:+.3f}; the paper's changes by "
        f"{rates.PAPER_ROW_3[0] - rates.PAPER_ROW_2[0]:+.3f}. Without removal it changes by {rises['none'].mean:+.3f}, "
        f"with a random removal by {rises['random'].mean:+.3f}."
    )


def gains(networks: Networks, loop: Loop) -> str:
    """For the figure of what each reading adds to its control."""
    removed, chance, taught = (rates.gain(networks, loop, one, "FGSM") for one in (JUDGED, "random", "d"))
    return (
        f"Here: under FGSM removal, (b), adds {removed:+.3f} to the accuracy of no removal, {side(removed)}. A random "
        f"removal adds {chance.mean:+.3f}, adding attacked images, (d), {taught.mean:+.3f}. The paper's rise is "
        f"{rates.PAPER_ROW_3[0] - rates.PAPER_ROW_2[0]:+.3f}."
    )


def last_round(loop: Loop) -> str:
    """For the table of the last round."""
    levels = {reading: rates.after(loop, reading, "PGD") for reading in loop}
    best = max(levels, key=levels.get)
    return (
        f"Here: after the last round accuracy under PGD is highest, {levels[best]:.3f}, for “{labels.READINGS[best]}”. "
        f"It is {levels[JUDGED]:.3f} for “{labels.READINGS[JUDGED]}” and {levels['none']:.3f} for no removal."
    )


def course(networks: Networks, loop: Loop) -> str:
    """For the figure of the rounds: whether accuracy under PGD falls where attacked images are trained on."""
    ends = {one: np.mean(rates.over_rounds(networks, loop, one, "PGD"), 0) for one in ("d", "e")}
    falls = {one: float(levels[1:].max() - levels[-1]) for one, levels in ends.items()}
    worst = max(falls, key=falls.get)
    name, levels = labels.READINGS[worst], ends[worst]
    if falls[worst] < COUNTS:
        steps = ", ".join(f"“{labels.READINGS[one]}” {of[1]:.3f} and {of[-1]:.3f}" for one, of in ends.items())
        return (
            f"Here: accuracy under PGD after the first round and after the last: {steps}. Neither falls by {COUNTS:g}."
        )
    top = int(levels[1:].argmax()) + 1
    fgsm = np.mean(rates.over_rounds(networks, loop, worst, "FGSM"), 0)
    alone = fgsm[top] - fgsm[-1] < falls[worst] / 2
    reason = "withstand the one step that they train on, and not an attack of many" if alone else "lose under either"
    return (
        f"Here: under PGD “{name}” falls from {levels[top]:.3f} after round {top} to {levels[-1]:.3f} after the last, "
        f"under FGSM it goes from {fgsm[top]:.3f} to {fgsm[-1]:.3f}. These networks {reason}."
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
    """For the figure of the loop where there is something to recover."""
    first = np.mean(rates.room_before(rooms, "FGSM"))
    then = {reading: np.mean(rates.in_room(rooms, reading, "FGSM")) for reading in (JUDGED, "none", "random")}
    lowest, highest = min(one.eps for one in rooms), max(one.eps for one in rooms)
    between = f"{lowest:.2f}" if f"{lowest:.2f}" == f"{highest:.2f}" else f"{lowest:.2f} to {highest:.2f}"
    return (
        f"Here: at eps {between} accuracy under FGSM is {first:.3f} before the loop. After it, it is "
        f"{then[JUDGED]:.3f}; without removal {then['none']:.3f}, with a random removal {then['random']:.3f}. The "
        f"paper goes from {rates.PAPER_ROW_2[0]:.3f} to {rates.PAPER_ROW_3[0]:.3f}."
    )


def third_row(networks: Networks, loop: Loop) -> str:
    """For the figure and the tables of the third row's candidates."""
    giving, distances = rates.giving(networks, loop), rates.third_row_off(networks, loop)
    nearest = next(iter(distances))
    idle = sum(who in rates.NOTHING_UNLEARNED for _, _, who in giving)
    zero = np.mean([one.row.zero_gradients for one in networks])
    of_them = f", {idle or 'none'} of them with nothing unlearned" if giving else ""
    return (
        f"Here: {len(giving) or 'none'} of {len(distances)} ways give{'s' if len(giving) == 1 else ''} both "
        f"numbers{of_them}. The nearest is off by {distances[nearest]:.1f} tolerances: {labels.way(*nearest)}. "
        f"Fig. 5's gradient is zero in every pixel of {zero:.0%} of the images."
    )


def untrained(clouds: Clouds) -> str:
    """For the table of untrained networks."""
    tails = rates.tails(clouds)
    (lenet, way), likely = max(tails.items(), key=lambda item: item[1])
    fits = "looks like an untrained network's" if likely > UNLIKELY else "is hardly an untrained network's"
    images = "clean" if way == "clean" else "attacked"
    return (
        f"Here: the paper's second row {fits}. The probability of a point as far out is at most {likely:.3f}, for the "
        f"LeNet of {labels.figure(lenet)} on {images} images."
    )


def at_any_eps(curves: Curves) -> str:
    """For the table of trained networks over eps."""
    name, (_, far) = min(rates.nearest(curves).items(), key=lambda item: item[1][1])
    if far <= 1:
        return f"Here: at one eps a trained network has both numbers of the paper's second row, under {name}."
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
    runs = f"run{'s' if len(running) == 1 else ''} as printed"
    return f"Here: {len(running)} of {len(all_of_them)} listings {runs}, {which}."
