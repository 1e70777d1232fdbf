"""The chapter's answers to the paper's claims, from what was measured: one pure function for each claim."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lib.chapters.unlearning import labels, paper_table, rates
from lib.chapters.unlearning.experiment import Experiment
from lib.chapters.unlearning.measure_loop import JUDGED
from lib.chapters.unlearning.measure_row import CLIPPED
from lib.chapters.unlearning.paper_table import CLAIMS
from lib.chapters.unlearning.rates import Loop, Networks, Rooms
from lib.chapters.unlearning.reads import Reads
from lib.ledger.answers import Answer, Finding, Readings, finding, not_run
from lib.ledger.scale import smaller
from lib.measure.intervals import difference, rate
from lib.show.counting import agreeing, counted

PGD = "PGD, 40 steps"
BY_CHANCE = "a random choice of as many images removed"
WORST = "worst case, image by image"
"""The worst of the attacks within [0, 1] on the same images; before the loop, FGSM is among them."""
NO_REMOVAL = "equal epochs without removal"


def _answer(claim: str, of: Experiment, found: Finding, *, less: Sequence[str] = (), **parts: object) -> Answer:
    return Answer(claim, found, smaller=(*smaller(CLAIMS[claim], of.scale()), *less), **parts)


def fgsm(experiment: Experiment) -> str:
    """What the paper's attack is called."""
    return f"FGSM as printed, eps {experiment.eps:g}"


# The rows of the table


OF_A_ROW = {"accuracy": rates.accuracy, "loss": rates.loss}
"""What a row of the table has."""


def first_row(networks: Networks, experiment: Experiment) -> list[Answer]:
    """Accuracy and loss without an attack."""
    data = "MNIST" if experiment.dataset == "mnist" else experiment.dataset
    network = labels.figure(experiment.architecture)
    why = f"The LeNet of {network} after {counted(experiment.epochs, 'epoch')} on {data}; nothing was chosen to match "
    why += "the number."
    parts = {"experiment": "the trained networks", "why": why}
    found = {name: finding("no attack", of([one.clean for one in networks])) for name, of in OF_A_ROW.items()}
    return [_answer(f"clean.{name}", experiment, one, **parts) for name, one in found.items()]


def second_row(networks: Networks, experiment: Experiment) -> list[Answer]:
    """Accuracy and loss under the paper's attack, before any unlearning."""
    return [_attacked(name, networks, experiment) for name in OF_A_ROW]


def _attacked(name: str, networks: Networks, experiment: Experiment) -> Answer:
    of = OF_A_ROW[name]
    printed = [one.printed for one in networks]
    found = finding(fgsm(experiment), of(printed))
    ladder = _ladder(of, printed, [one.clipped for one in networks], [one.pgd for one in networks])
    if of is rates.accuracy:
        ladder += ((WORST, rate(rates.worst(networks))),)
    candidates = {
        attack: paper_table.off(of_row, paper_table.ROW_2, paper_table.WITHIN_2) <= 1
        for attack, of_row in paper_table.second_row(networks).items()
    }
    giving = [labels.attack(one) for one, gives in candidates.items() if gives]
    readings = Readings(len(candidates), len(giving), _nearest(candidates["fgsm"], giving))
    kept, cost = paper_table.means(printed)
    why = f"Under FGSM as printed a trained network has an accuracy of {kept:.2f} with a loss of {cost:.2f}."
    row = "FGSM as printed on the trained networks"
    return _answer(f"attacked.{name}", experiment, found, ladder=ladder, readings=readings, experiment=row, why=why)


def third_row(networks: Networks, loop: Loop, experiment: Experiment) -> list[Answer]:
    """Accuracy and loss under the paper's attack, after the loop."""
    return [_unlearned(name, networks, loop, experiment) for name in OF_A_ROW]


def _unlearned(name: str, networks: Networks, loop: Loop, experiment: Experiment) -> Answer:
    of = OF_A_ROW[name]
    printed = [one.printed for one in loop[JUDGED]]
    found = finding(f"{fgsm(experiment)}, reading ({JUDGED}) after {experiment.longer}", of(printed))
    clipped = [one.row.fresh["fgsm" + CLIPPED] for one in loop[JUDGED]]
    ladder = _ladder(of, printed, clipped, [one.longest for one in loop[JUDGED]])
    if of is rates.accuracy:
        ladder += ((WORST, rate(rates.worst_after(loop[JUDGED]))),)
    ways = paper_table.giving(networks, loop)
    nearest = _nearest(paper_table.NEAREST_TO_THE_WORDS in ways, [labels.way(*one) for one in ways])
    readings = Readings(len(paper_table.ways(networks, loop)), len(ways), nearest)
    (kept, cost), (first, _) = paper_table.means(printed), paper_table.means([one.printed for one in networks])
    why = f"After the loop accuracy is {kept:.2f} with a loss of {cost:.2f}; before it, accuracy is {first:.2f}."
    row = f"FGSM as printed on reading ({JUDGED})"
    return _answer(f"unlearned.{name}", experiment, found, ladder=ladder, readings=readings, experiment=row, why=why)


def _ladder(of, printed: Sequence[Reads], clipped: Sequence[Reads], strong: Sequence[Reads]):
    rungs = {"the paper's FGSM, not clipped": printed, "FGSM within [0, 1]": clipped, PGD: strong}
    return tuple((name, of(scores)) for name, scores in rungs.items())


def _nearest(among: bool, giving: Sequence[str]) -> str:
    """Whether the reading nearest to the words is among those that give the numbers, and which these are."""
    if not giving:
        return ""
    names = "; ".join(giving[:2]) + (" …" if len(giving) > 2 else "")
    return f"{names}; the one nearest to the words is {'' if among else 'not '}among them"


# The loop


def removal_helps(networks: Networks, loop: Loop, experiment: Experiment) -> Answer:
    """Is accuracy under attack higher after the loop than before, and than after a random removal?"""
    changes = [difference(rates.last(loop[one], "FGSM"), rates.before(networks, "FGSM")) for one in (JUDGED, "random")]
    without = difference(rates.last(loop["none"], "FGSM"), rates.before(networks, "FGSM"))
    found = finding(fgsm(experiment), changes[0], rates.apart(loop, JUDGED, "random", "FGSM"), BY_CHANCE)
    over_chance = rates.apart(loop, JUDGED, "random", "PGD")
    sound = finding(f"{PGD}, minus {NO_REMOVAL}", rates.gain(networks, loop, JUDGED, "PGD"), over_chance, BY_CHANCE)
    why = (
        f"Under FGSM {experiment.longer} change accuracy by {changes[0].mean:+z.3f}, "
        f"by {without.mean:+z.3f} without removal, by {changes[1].mean:+z.3f} with a random one."
    )
    return _answer("removal.helps", experiment, found, sound=sound, why=why)


def loop_reaches_target(networks: Networks, loop: Loop, experiment: Experiment) -> Answer:
    """Is accuracy under attack 0.9 where the loop stops, and higher than after as many rounds without removal?

    The paper's loop has no last round: one that was cut off below 0.9 is smaller than it.
    """
    rounds = rates.stops(networks, loop, JUDGED)
    stop = f"at the first round in which reading ({JUDGED}) has {rates.TARGET:g} on test images, else the last"
    found, sound = (
        _at_the_stop(networks, loop, rounds, way, f"{words}, {stop}") for way, words in _ways(experiment).items()
    )
    hits = rates.where_it_stops(networks, loop, JUDGED, rounds, "FGSM")
    there, never = sum(one.mean() >= rates.TARGET for one in hits), sum(number == 0 for number in rounds)
    many = f"{counted(len(rounds), 'network')} {agreeing(len(rounds), 'reaches', 'reach')}"
    why = f"{there} of {many} {rates.TARGET:g} within {experiment.longer}"
    why += f", {never} at once. " if never else ". "
    removed, without = (rates.mean_after(loop, one, "fgsm" + CLIPPED) for one in (JUDGED, "none"))
    why += f"FGSM kept in [0, 1]: {removed:.3f} after removal, {without:.3f} without."
    less = [] if there == len(hits) else [f"{experiment.longer} instead of as many as it takes"]
    readings = _targets(networks, loop)
    return _answer("loop.reaches_target", experiment, found, sound=sound, readings=readings, why=why, less=less)


def _targets(networks: Networks, loop: Loop) -> Readings:
    """The attacks that the paper's code can mean, and under how many accuracy is at the target after the last round.

    Where accuracy is there before the first round, Fig. 9's loop never begins.
    """
    before = {attack: rates.accuracy(of).mean for attack, of in paper_table.second_row(networks).items()}
    after = {
        attack: [rates.mean_after(loop, one, attack) for one in (JUDGED, "none")] for attack in paper_table.AS_MADE
    }
    giving = [attack for attack, (removed, _) in after.items() if removed >= rates.TARGET]
    idle = [attack for attack in giving if before[attack] >= rates.TARGET]
    told = []
    if idle:
        have = agreeing(len(idle), "has", "have")
        told.append(f"{len(idle)} of which {have} {rates.TARGET:g} before any removal, so that no round begins")
    told += [
        f"{labels.attack(attack)}: {before[attack]:.3f} before, {after[attack][0]:.3f} after removal, "
        f"{after[attack][1]:.3f} after as much training without it"
        for attack in giving
        if attack not in idle
    ]
    told += [f"the one nearest to the words is {'' if 'fgsm' in giving else 'not '}among them"]
    return Readings(len(after), len(giving), "; ".join(told))


def _ways(experiment: Experiment) -> dict[str, str]:
    """The paper's way of looking at the loop and the sound one, with what they are called."""
    return {"FGSM": fgsm(experiment), "PGD": PGD}


def _at_the_stop(networks: Networks, loop: Loop, rounds: Sequence[int], way: str, words: str) -> Finding:
    hits, others = (rates.where_it_stops(networks, loop, one, rounds, way) for one in (JUDGED, "none"))
    return finding(words, rate(hits).shifted(rates.TARGET), difference(hits, others), "the same loop without removal")


def beats_retraining(networks: Networks, loop: Loop, experiment: Experiment) -> Answer:
    """Is accuracy under attack higher after removal than after training on adversarial images, and than without either?

    The second difference is the control: what training without removal brings as well is not removal's doing. It is
    taken over all networks that have both.
    """
    shown = rates.alike(loop, (JUDGED, "none", "c", "d"))
    found, sound = (
        finding(words, *(rates.apart(loop, JUDGED, one, way) for one in ("d", "none")))
        for way, words in _ways(experiment).items()
    )
    control = f"{NO_REMOVAL}, {counted(found.over_control.networks, 'network')}"
    found, sound = (replace(one, control=control) for one in (found, sound))
    levels = {way: [f"{rates.after(shown, one, way):.2f}" for one in shown] for way in _ways(experiment)}
    removed, without, afresh, taught = levels["FGSM"]
    why = f"Under FGSM {removed} after removal, {without} without, {afresh} from scratch, {taught} after adversarial "
    why += f"images made once a round; under PGD {', '.join(levels['PGD'])}."
    return _answer("unlearning.beats_retraining", experiment, found, sound=sound, why=why)


def conclusion_accuracy(networks: Networks, loop: Loop, experiment: Experiment) -> Answer:
    """Is clean accuracy higher after the loop?"""
    found = finding("no attack", difference(rates.last(loop[JUDGED], "clean"), rates.before(networks, "clean")))
    sound = finding(f"no attack, minus {NO_REMOVAL}", rates.gain(networks, loop, JUDGED, "clean"))
    why = f"Accuracy on {_before_and_after(networks, loop, 'clean')}"
    return _answer("conclusion.accuracy", experiment, found, sound=sound, why=why)


def conclusion_robustness(networks: Networks, loop: Loop, experiment: Experiment) -> Answer:
    """Is accuracy under attack higher after the loop?"""
    change = difference(rates.last(loop[JUDGED], "FGSM"), rates.before(networks, "FGSM"))
    sound = finding(f"{PGD}, minus {NO_REMOVAL}", rates.gain(networks, loop, JUDGED, "PGD"))
    why = f"Under {' Under '.join(_before_and_after(networks, loop, way) for way in ('FGSM', 'PGD'))}"
    return _answer("conclusion.robustness", experiment, finding(fgsm(experiment), change), sound=sound, why=why)


def _before_and_after(networks: Networks, loop: Loop, way: str) -> str:
    first, then, without = (
        rates.mean(rates.before(networks, way)),
        rates.after(loop, JUDGED, way),
        rates.after(loop, "none", way),
    )
    where = "clean images" if way == "clean" else way
    return f"{where} {first:.4f} before, {then:.4f} after, {without:.4f} without removal."


def overfitting_prevented(networks: Networks, loop: Loop, experiment: Experiment) -> Answer:
    """Is training accuracy less far ahead of test accuracy after the loop?"""
    first = [one.look for one in networks]
    then, without = ([one.last for one in loop[reading]] for reading in (JUDGED, "none"))
    found = finding("training minus test accuracy", rates.less_overfit(first, then))
    sound = finding(f"the same against {NO_REMOVAL}", rates.less_overfit(without, then))
    gaps = [rates.overfits(looks).mean for looks in (first, then, without)]
    why = (
        f"Training accuracy is ahead by {gaps[0]:.4f} before, {gaps[1]:.4f} after, "
        f"and {gaps[2]:.4f} after as much training without removal."
    )
    return _answer("overfitting.prevented", experiment, found, sound=sound, why=why)


def room_recovered(rooms: Rooms, experiment: Experiment) -> Answer:
    """Where accuracy under FGSM is next to nothing: does the loop bring it back?

    A sound finding needs an eps below that at which any image can be made grey: from there on, PGD succeeds on every
    image, whatever is done.
    """
    if rates.without_room(rooms):
        why = f"On training images accuracy is at most {experiment.leaves:g} without any attack: "
        return not_run("room.recovered", f"{why}a smaller leaves, or more epochs, would change that.")
    after, none = (rates.in_room(rooms, one, "FGSM") for one in (JUDGED, "none"))
    eps = f"eps {labels.eps(np.mean([one.eps for one in rooms]))}"
    found = finding(f"FGSM as printed, {eps}", difference(after, rates.room_before(rooms)))
    gained = difference(rates.in_room(rooms, JUDGED, "PGD"), rates.in_room(rooms, "none", "PGD"))
    why = (
        f"Accuracy under FGSM is {rates.mean(rates.room_before(rooms)):.2f} before, {rates.mean(after):.2f} after, "
        f"and {rates.mean(none):.2f} after as much training without removal."
    )
    sound = finding(f"{PGD}, {eps}, minus {NO_REMOVAL}", gained)
    if rates.is_grey(rooms):
        sound, why = None, f"{why} At this eps any image can be made grey."
    return _answer("room.recovered", experiment, found, sound=sound, why=why)
