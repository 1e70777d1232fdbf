"""The chapter's answers to the paper's claims, from what was measured: one pure function for each claim."""

from collections.abc import Sequence

import numpy as np

from lib.chapters.mitigation import rates
from lib.chapters.mitigation.experiment import EPS_BELOW_HALF, PRINTED_EPS, PRINTED_EPS_TARGETED, Experiment
from lib.chapters.mitigation.measure_retraining import SearchRecord
from lib.chapters.mitigation.rates import ADAPTIVE, CLAIMS, SIGNS, Detectors, Hits, Networks, Outcome, Substitutes
from lib.ledger.answers import Answer, Finding, finding
from lib.ledger.scale import smaller
from lib.measure.intervals import Measured, difference, rate
from lib.measure.multiple import smallest
from lib.measure.ratios import linearised, ratio

SAME_SIGNS = "random signs of the same size"


# The network


def clean_accuracy(networks: Networks, experiment: Experiment) -> Answer:
    """Is the network's accuracy the printed one?"""
    found = rate(rates.clean(networks))
    why = (
        f"{len(networks[0].labels):,} test images of {experiment.dataset}; the paper prints neither layers nor epochs."
    )
    return _answer("clean.accuracy", experiment, paper=finding("no attack", found), why=why)


# Under attack


def code_line_attacks(networks: Networks, experiment: Experiment) -> Answer:
    """Does the code line, which lacks the sign, lower accuracy at all, and by what share of the formula's fall?"""
    line, formula = (_fall(networks, rates.under(networks, PRINTED_EPS, attack)) for attack in ("step", "fgsm"))
    before = rates.clean(networks)
    taken, whole = (_less(before, rates.under(networks, PRINTED_EPS, attack)) for attack in ("step", "fgsm"))
    share, of = ratio(taken, whole), f"the code line at eps {PRINTED_EPS:g}"
    why = f"Accuracy falls by {line.mean:.3f} under the code line, by {formula.mean:.3f} under the formula: "
    why += "without the sign, the step is as short as the gradient."
    sound = share and finding(f"the fall under {of} as a share of FGSM's", share)
    return _answer("code_line.attacks", experiment, paper=finding(of, line), sound=sound, why=why)


def untargeted_falls(networks: Networks, experiment: Experiment) -> Answer:
    """Is accuracy lower at eps 0.3 than without an attack, and lower than under random signs?"""
    found, why = _falls(networks, PRINTED_EPS, "fgsm", "FGSM")
    return _answer("untargeted.falls_with_eps", experiment, paper=found, sound=found, why=f"Accuracy falls {why}.")


def targeted_falls(networks: Networks, experiment: Experiment) -> Answer:
    """Is accuracy under the targeted attack lower at eps 0.9 than without one, and lower than under random signs?

    The sound finding is at an eps below 0.5: from 0.5 on, any image can be made grey.
    """
    claim = "targeted.falls_with_eps"
    found, why = _falls(networks, PRINTED_EPS_TARGETED, "targeted_fgsm", "targeted FGSM")
    sound, below = _falls(networks, EPS_BELOW_HALF, "targeted_fgsm", "targeted FGSM")
    return _answer(claim, experiment, paper=found, sound=sound, why=f"Accuracy falls {why}; {below}.")


def _falls(networks: Networks, eps: float, attack: str, name: str) -> tuple[Finding, str]:
    """By how much accuracy falls, with random signs as the control; and the same in words."""
    attacked, signs = rates.under(networks, eps, attack), rates.under(networks, eps, "signs")
    fall, by_chance = _fall(networks, attacked), _fall(networks, signs)
    found = finding(f"{name} at eps {eps:g}", fall, difference(signs, attacked), SAME_SIGNS)
    return found, f"at eps {eps:g} by {fall.mean:.3f}, under random signs by {by_chance.mean:.3f}"


def untargeted_fools(networks: Networks, experiment: Experiment) -> Answer:
    """Of what was classified correctly, is over half misclassified at eps 0.3, and more than under random signs?"""
    right = rates.clean(networks)
    fooled, by_chance = (_wrong(rates.under(networks, PRINTED_EPS, attack)) for attack in ("fgsm", "signs"))
    share, control = rate(fooled, among=right), rate(by_chance, among=right)
    among = ([linearised(a & b, b) for a, b in zip(one, right, strict=True)] for one in (fooled, by_chance))
    more = difference(*among, shares=True)
    found = finding(f"FGSM at eps {PRINTED_EPS:g}, of those right without it", share, more, SAME_SIGNS)
    why = f"Of the images classified correctly, {share.mean:.3f} are misclassified under FGSM, "
    why += f"{control.mean:.3f} under random signs of the same size."
    return _answer("untargeted.fools_at_0.3", experiment, paper=found, sound=found, why=why)


def targeted_fools(networks: Networks, experiment: Experiment) -> Answer:
    """Is more than half misclassified at eps 0.9; and, soundly, more than half classified as the target below 0.5?"""
    far, near = PRINTED_EPS_TARGETED, EPS_BELOW_HALF
    fooled, by_chance = (_wrong(rates.under(networks, far, attack)) for attack in ("targeted_fgsm", "signs"))
    reached = rates.reached(networks, near, "targeted_pgd")
    signs = [one.reached(one.signs.at(near)[one.some]) for one in networks]
    share, control, target = rate(fooled), rate(by_chance), rate(reached)
    found = finding(f"targeted FGSM at eps {far:g}", share, difference(fooled, by_chance), SAME_SIGNS)
    what = f"classified as the target, PGD of 40 steps at eps {near:g}"
    sound = finding(what, target, difference(reached, signs), SAME_SIGNS)
    in_one_step = rate(rates.reached(networks, near, "targeted_fgsm"))
    why = f"Misclassified at {far:g}: {share.mean:.3f}, under random signs {control.mean:.3f}. Brought to the target "
    why += f"at {near:g}: {target.mean:.3f} by PGD, {in_one_step.mean:.3f} by FGSM."
    return _answer("targeted.fools_at_0.9", experiment, paper=found, sound=sound, why=why)


# Retraining


def retrained_accuracy(
    outcome: Outcome, targeted: Outcome, searches: Sequence[SearchRecord], experiment: Experiment
) -> Answer:
    """Is the retrained network's accuracy on adversarial images the printed one?"""
    after, eps = outcome[experiment.held_out], experiment.eps_train
    stale = rate(rates.correct(outcome[experiment.as_paper], "stale FGSM"))
    fresh, strong = (rate(rates.correct(after, way)) for way in ("fresh FGSM", "fresh PGD"))
    ladder = (
        ("the images retrained on, test images among them", stale),
        ("retrained on training images alone: fresh FGSM", fresh),
        ("retrained on training images alone: PGD of 40 steps", strong),
        ("retrained on training images alone: worst of FGSM, PGD and Square", rate(rates.worst(after, searches))),
    )
    tried = rates.readings(outcome, targeted, experiment)
    why = f"At eps {eps:g} accuracy is {stale.mean:.3f} on the images retrained on, {fresh.mean:.3f} on fresh ones; "
    why += f"{tried.giving} of {tried.tried} readings give the printed number."
    found = finding(f"FGSM at eps {eps:g} through the old network, retrained on", stale)
    claim = "retrained.adversarial_accuracy"
    return _answer(claim, experiment, paper=found, ladder=ladder, readings=tried, why=why)


def retraining_recovers(networks: Networks, outcome: Outcome, experiment: Experiment) -> Answer:
    """Is accuracy higher after retraining than before: on the images retrained on, and on fresh held-out ones?"""
    eps, after = experiment.eps_train, outcome[experiment.held_out]
    before, before_pgd = rates.under(networks, eps, "fgsm"), rates.under(networks, eps, "pgd")
    gain = difference(rates.correct(outcome[experiment.as_paper], "stale FGSM"), before)
    fresh = difference(rates.correct(after, "fresh FGSM"), before)
    strong = difference(rates.correct(after, "fresh PGD"), before_pgd)
    smaller_gain = smallest([fresh, strong])
    why = f"At eps {eps:g} accuracy changes by {gain.mean:+.3f} on the images retrained on, "
    why += f"by {fresh.mean:+.3f} under fresh FGSM, by {strong.mean:+.3f} under PGD."
    found = finding(f"FGSM at eps {eps:g} through the old network, retrained on", gain)
    both = f"fresh FGSM, and PGD on {strong.images:,} images, at eps {eps:g}, held out, the smaller"
    sound = finding(both, smaller_gain)
    return _answer("retraining.recovers", experiment, paper=found, sound=sound, why=why)


# The detector


def boundary_separable(detectors: Detectors, experiment: Experiment) -> Answer:
    """Does a detector tell clean from FGSM images, better than from random signs; and from an attack that knows it?"""
    known, informed, signs = (rates.area(detectors, name) for name in ("FGSM", ADAPTIVE, SIGNS))
    at = f"at eps {experiment.eps_train:g}"
    found, sound = (
        finding(f"{what} {at}", area_, rates.area_over_signs(detectors, name), SAME_SIGNS)
        for name, what, area_ in (("FGSM", "FGSM", known), (ADAPTIVE, ADAPTIVE, informed))
    )
    error = np.mean([hits.mean() for hits in rates.misread(detectors, ADAPTIVE)])
    why = f"AUC {known.mean:.3f} for FGSM, {signs.mean:.3f} for random signs, which attack nothing; "
    why += f"{informed.mean:.3f} once the attack knows the detector ({error:.2f} misclassified)."
    return _answer("boundary.separable", experiment, paper=found, sound=sound, why=why)


# A substitute


def little_knowledge_suffices(substitutes: Substitutes, experiment: Experiment) -> Answer:
    """Does FGSM through a substitute lower accuracy; and by what share of the white box's fall?

    The share is the smallest over all numbers of questions.
    """
    asked = substitutes[0].questions
    before = rates.answered(substitutes, lambda one: one.original.clean)
    rows = [rates.through_substitute(substitutes, row) for row in range(len(asked))]
    white = _less(before, rates.answered(substitutes, lambda one: one.original.through_original))
    fall = difference(before, rows[-1])
    signs = difference(before, rates.answered(substitutes, lambda one: one.original.signs))
    shares = [ratio(_less(before, row), white) for row in rows]
    at = f"FGSM at eps {experiment.eps_train:g} through a substitute"
    found = finding(f"{at} of {asked[-1]:,} questions", fall)
    sound, words = None, ""
    if None not in shares:
        least = smallest(shares)
        what = f"{at}, share of the white box's fall, the smallest over {asked[0]:,} to {asked[-1]:,} questions"
        sound = finding(what, least)
        words = f", {shares[0].mean:.2f} and {shares[-1].mean:.2f} of the white box's fall"
    why = f"Accuracy falls by {difference(before, rows[0]).mean:.3f} and {fall.mean:.3f} after {asked[0]:,} and "
    why += f"{asked[-1]:,} questions{words}; by {signs.mean:.3f} under random signs."
    return _answer("little_knowledge.suffices", experiment, paper=found, sound=sound, why=why)


# Shares of images


def _wrong(hits: Hits) -> Hits:
    return [~one for one in hits]


def _less(before: Hits, after: Hits) -> Hits:
    """One value for each image: 1 where only `before` has it right, -1 where only `after` has, 0 elsewhere."""
    return [one.astype(float) - other for one, other in zip(before, after, strict=True)]


def _fall(networks: Networks, attacked: Hits) -> Measured:
    """By how much accuracy is lower than without an attack, on the same images."""
    return difference(rates.clean(networks), attacked)


def _answer(claim: str, experiment: Experiment, **parts: object) -> Answer:
    return Answer(claim, smaller=smaller(CLAIMS[claim], experiment.scale()), **parts)
