"""What this run shows: a sentence or two for each table and figure of the chapter, from what was measured."""

from collections.abc import Sequence

import numpy as np

from lib.chapters.unlearning import labels, listings, paper_table, rates
from lib.chapters.unlearning.experiment import KINDS, Experiment
from lib.chapters.unlearning.figures import COMPARED, SHOWN
from lib.chapters.unlearning.measure import LetterRecord
from lib.chapters.unlearning.measure_loop import JUDGED
from lib.chapters.unlearning.measure_removal import MembershipRecord
from lib.chapters.unlearning.paper_table import Clouds, Curves
from lib.chapters.unlearning.rates import Loop, Networks, OneShot, Rooms
from lib.measure import intervals
from lib.measure.intervals import Measured
from lib.measure.red_flags import LARGE_EPS
from lib.show.counting import agreeing, counted

UNLIKELY = 0.05
"""If at most this share of a cloud lies as far out as a point, the point hardly belongs to the cloud."""

NOT_BEYOND = "In this run: not measured, as `beyond=false` asks. With `beyond=true` it is."
"""For what the paper does not measure; it decides no claim."""

COUNTS = 0.02
"""The least change of accuracy that counts, as in the claims."""


def side(measured: Measured) -> str:
    """Whether an interval contains zero, in words."""
    may_be = measured.low is None or measured.low <= 0 <= measured.high
    return "which may be chance" if may_be else "which is more than chance"


def trained(networks: Networks) -> str:
    """For the table of the trained network."""
    kept = paper_table.means([one.printed for one in networks])[0]
    pgd, some = paper_table.means([one.pgd for one in networks])[0], len(networks[0].some)
    printed = paper_table.ROW_2[0]
    return (
        f"In this run: under the paper's FGSM accuracy on the test images is {kept:.3f}, {kept / printed:.2g} times "
        f"the paper's {printed:.3f}; under PGD, on a sample of {some:,}, it is {pgd:.3f}."
    )


def worst(letter: LetterRecord) -> str:
    """For the pictures of what is selected."""
    pairs = list(zip(letter.labels, letter.read, strict=True))[:SHOWN]
    wrong = sum(label != given for label, given in pairs)
    shown = counted(len(pairs), "training image")
    return f"In this run: of the {shown} shown, {wrong} {agreeing(wrong)} misclassified once attacked."


def letters(letter: LetterRecord) -> str:
    """For the table of what the rule removes."""
    return (
        f"In this run: given indices the rule removes {counted(len(letter.indices), 'image')}, given tuples "
        f"{counted(len(letter.tuples), 'image')}, given an array {counted(len(letter.array), 'image')}."
    )


def answer(networks: Networks, loop: Loop) -> str:
    """For the figure that answers the chapter's question: by how much accuracy changes in the loop."""
    rises = {
        one: intervals.difference(rates.last(loop[one], "FGSM"), rates.before(networks, "FGSM")) for one in COMPARED
    }
    return (
        f"In this run: over the loop accuracy under FGSM changes by {rises[JUDGED]:+z.3f}; the paper's changes by "
        f"{paper_table.RISE:+.3f}. Without removal it changes by {rises['none'].mean:+z.3f}, "
        f"with a random removal by {rises['random'].mean:+z.3f}."
    )


def gains(networks: Networks, loop: Loop) -> str:
    """For the figure of what each reading gains over its control."""
    gained = (rates.gain(networks, loop, one, "FGSM") for one in (JUDGED, "random", "c", "d"))
    removed, chance, afresh, taught = gained
    return (
        f"In this run: under FGSM, on {counted(removed.networks, 'network')}, removal, (b), changes accuracy by "
        f"{removed:+z.3f} compared with no removal, {side(removed)}; a random removal changes it by "
        f"{chance.mean:+z.3f}. On {counted(taught.networks, 'network')} adding attacked images, (d), changes accuracy "
        f"by {taught.mean:+z.3f} compared with no removal; a start afresh, (c), changes it by {afresh.mean:+z.3f} "
        f"compared with the network before the loop. The paper's rise is {paper_table.RISE:+.3f}."
    )


def last_round(loop: Loop) -> str:
    """For the table of the last round."""
    most, loop = max(map(len, loop.values())), rates.alike(loop, list(loop))
    levels = {reading: rates.after(loop, reading, "PGD") for reading in loop}
    best = sorted((one for one in levels if levels[one] > max(levels.values()) - COUNTS), key=levels.get, reverse=True)
    names = " and ".join(f"“{labels.READINGS[one]}”, {levels[one]:.3f}" for one in best)
    beside = "" if JUDGED in best else f" It is {levels[JUDGED]:.3f} for “{labels.READINGS[JUDGED]}”."
    return (
        f"In this run: after the last round{_those(loop, most)} accuracy under PGD is highest for {names}.{beside} "
        f"Without removal it is {levels['none']:.3f}."
    )


def _those(loop: Loop, most: int) -> str:
    """Which networks a sentence is about, if fewer have every reading than are in the run."""
    fewest = len(next(iter(loop.values())))
    return f", in the networks that have every reading ({fewest} of {most})," if fewest < most else ""


def course(networks: Networks, loop: Loop) -> str:
    """For the figure of the rounds: what training on attacked images does, round by round, under PGD."""
    most, loop = max(map(len, loop.values())), rates.alike(loop, ("d", "e", "none"))
    pgd, fgsm = (
        {one: np.mean(rates.over_rounds(networks, loop, one, way), 0) for one in loop} for way in ("PGD", "FGSM")
    )
    rounds = {one: ", ".join(f"{level:.3f}" for level in pgd[one][1:]) for one in ("d", "e")}
    told = " and with ".join(f"“{labels.READINGS[one]}” {levels}" for one, levels in rounds.items())
    lost = [one for one in rounds if pgd[one][-1] < pgd["none"][-1] - COUNTS]
    either = [one for one in lost if fgsm[one][-1] < fgsm["none"][-1] - COUNTS]
    names = " and ".join(f"({one})" for one in either or lost)
    several = len(either or lost)
    if either:
        ends = ", ".join(f"{fgsm[one][-1]:.3f}" for one in (*either, "none"))
        reason = f"Under FGSM, too, {names} {agreeing(several, 'ends', 'end')} below no removal ({ends})."
    elif lost:
        withstand = agreeing(several, "withstands", "withstand")
        reason = f"{names} {withstand} the one step of the training, and not an attack of many."
    else:
        reason = "Neither ends lower: nothing shows that they withstand one step alone."
    return (
        f"In this run: under PGD accuracy{_those(loop, most)} is {pgd['d'][0]:.3f} before the loop. Round by round it "
        f"is, with {told}; no removal ends at {pgd['none'][-1]:.3f}. {reason}"
    )


def overfitting(networks: Networks, loop: Loop) -> str:
    """For the table of training and test accuracy."""
    then, without = ([one.last for one in loop[reading]] for reading in (JUDGED, "none"))
    less = rates.less_overfit(without, then)
    first, after, without_it = (rates.overfits(looks).mean for looks in ([one.look for one in networks], then, without))
    return (
        f"In this run: training accuracy is ahead by {first:.4f} before the loop, by {after:.4f} after removal, and by "
        f"{without_it:.4f} after as much training without it. Removal makes that lead {abs(less.mean):.4f} "
        f"{'smaller' if less.mean > 0 else 'larger'}, {side(less)}."
    )


def room(rooms: Rooms, leaves: float) -> str:
    """For the figure of the loop where there is something to recover: where accuracy is `leaves`, or lowest."""
    if idle := rates.without_room(rooms):
        whom = f" for {idle} of {len(rooms)} networks" if len(rooms) > 1 else ""
        return (
            f"In this run: there is nothing to recover{whom}: on training images accuracy is at most {leaves:g} "
            "without any attack. A smaller `leaves`, or more epochs, would change that."
        )
    first = rates.mean(rates.room_before(rooms))
    then = {reading: rates.mean(rates.in_room(rooms, reading, "FGSM")) for reading in COMPARED}
    least = [float(one.tried[-1, 1]) for one in rooms]
    at = "at"
    if short := sum(one > leaves for one in least):
        whom = f" for {short} of {len(rooms)} networks" if len(rooms) > 1 else ""
        at = f"on training images accuracy under FGSM falls to {leaves:g} at no eps{whom}; the lowest is "
        at += f"{np.mean(least):.3f}. At"
    return (
        f"In this run: {at} eps {labels.room_eps(rooms)} accuracy under FGSM is {first:.3f} on test images before the "
        f"loop. After it, it is {then[JUDGED]:.3f}; without removal {then['none']:.3f}, with a random removal "
        f"{then['random']:.3f}. The paper goes from {paper_table.ROW_2[0]:.3f} to {paper_table.ROW_3[0]:.3f}."
        f"{_grey(rooms)}"
    )


def _grey(rooms: Rooms) -> str:
    """What an eps at which any image can be made grey means; empty where it is smaller for every network."""
    if not rates.is_grey(rooms):
        return ""
    return f" From eps {LARGE_EPS:g} on any image can be made grey, so nothing is judged soundly here."


def third_row(networks: Networks, loop: Loop) -> str:
    """For the figure and the tables of the third row's candidates."""
    giving, distances = paper_table.giving(networks, loop), paper_table.third_row_off(networks, loop)
    nearest, noise = next(iter(distances)), paper_table.noise_off(networks, loop)
    idle = sum(who in paper_table.NOTHING_UNLEARNED for _, _, who in giving)
    zero = np.mean([one.row.zero_gradients for one in networks])
    of_them = f", {idle or 'none'} of them with nothing unlearned" if giving else ""
    return (
        f"In this run: {len(giving) or 'none'} of {len(distances)} ways {agreeing(len(giving) or 1, 'gives', 'give')} "
        f"both numbers{of_them}. The nearest is off by {distances[nearest]:.1f} tolerances: {labels.way(*nearest)}. "
        f"Random signs, which are no attack and none of the ways, are off by {noise:.1f} on the network where that is "
        f"least. The gradient of the paper's Fig. 5 is zero in every pixel of {zero:.0%} of the images."
    )


def untrained(clouds: Clouds) -> str:
    """For the table of untrained networks."""
    clean, attacked = (_likely(*paper_table.likeliest(clouds)[way]) for way in ("clean", "attacked"))
    return f"In this run: on clean images the paper's second row {clean}; under FGSM it {attacked}."


def _likely(lenet: str, share: float) -> str:
    fits = "looks like an untrained network's" if share > UNLIKELY else "is hardly an untrained network's"
    best = f"of the LeNet of {labels.figure(lenet)}, which fits best"
    return f"{fits} ({best}, about {share:.3f} of the untrained networks lie at least as far out)"


def at_any_eps(curves: Curves) -> str:
    """For the table of trained networks over eps."""
    first, *_ = every = next(iter(curves.values()))
    some = f"on the {first.correct.shape[1]:,} images of PGD, with {counted(len(every), 'network')} trained,"
    name, (_, far) = min(paper_table.nearest(curves).items(), key=lambda item: item[1][1])
    if far <= 1:
        return f"In this run: {some} there is an eps that gives both numbers of the second row, under {name}."
    return f"In this run: {some} no eps gives both numbers; {name} comes nearest, off by {far:.1f} tolerances."


def one_shot(found: OneShot, networks: Networks, experiment: Experiment) -> str:
    """For the figure and the table of removal in one shot."""
    if not all(found.values()):
        return NOT_BEYOND
    share, few = experiment.shares[-1], experiment.shares[0]
    worst, chance = (rates.change(found[kind, share], networks, "FGSM") for kind in KINDS)
    gaps = {
        one: intervals.difference(*([each.by("FGSM") for each in found[kind, one]] for kind in KINDS))
        for one in experiment.shares
    }
    best = max(gaps, key=lambda one: gaps[one].mean)
    by_itself = rates.change(found[KINDS[-1], few], networks, "FGSM")
    return (
        f"In this run: with {share:.0%} of the training images removed, accuracy under FGSM changes by "
        f"{worst.mean:+z.3f} if they are the worst, by {chance.mean:+z.3f} if they are random; the difference is "
        f"{gaps[share]:+z.3f}. Of {len(gaps)} sizes, it is largest at {best:.1%}: {gaps[best].mean:+z.3f}. A random "
        f"removal of {few:.1%}, which should change next to nothing, changes accuracy by {by_itself:+z.3f}: trainings "
        f"differ that much by themselves. All of this was measured on {counted(worst.networks, 'network')}."
    )


def membership(found: Sequence[MembershipRecord]) -> str:
    """For the table of what networks still know."""
    if not found:
        return NOT_BEYOND
    of_networks = {state: np.array(rates.membership(found, state)) for state in ("whole", JUDGED, "c", "f")}
    areas = {state: of.mean() for state, of in of_networks.items()}
    trace = intervals.over_networks(of_networks["whole"] - of_networks["c"])
    return (
        f"In this run: the AUC is {areas['whole']:.3f} before removal, {areas[JUDGED]:.3f} after training on, "
        f"{areas['f']:.3f} after gradient ascent, and {areas['c']:.3f} where the images were never seen. Before "
        f"removal minus never seen: {trace:+z.3f}, {side(trace) if len(found) > 1 else 'on one network'}."
    )


def printed_listings() -> str:
    """For the table of listings."""
    running, all_of_them = listings.running(), {fault.figure for fault in listings.FAULTS}
    which = " and ".join(f"Fig. {figure}" for figure in running)
    runs = f"{agreeing(len(running), 'runs', 'run')} as printed, given the lists named there"
    return f"In this run: {len(running)} of {len(all_of_them)} listings {runs}: {which}."
