"""What this run shows: one sentence for each table and figure of the chapter, from what was measured."""

from collections.abc import Sequence

import numpy as np

from lib.chapters.mitigation import rates
from lib.chapters.mitigation.experiment import EPS_BELOW_HALF, PRINTED_EPS, PRINTED_EPS_TARGETED, Experiment
from lib.chapters.mitigation.listings import LISTINGS, tried
from lib.chapters.mitigation.measure_digits import LikenessRecord, PicturesRecord
from lib.chapters.mitigation.measure_retraining import BoundaryRecord, SearchRecord
from lib.chapters.mitigation.networks import ALONE, BOTH
from lib.chapters.mitigation.rates import ADAPTIVE, SIGNS, Detectors, Hits, Networks, Outcome, Substitutes
from lib.measure.red_flags import Flag
from lib.show.cells import commonest_error
from lib.show.counting import agreeing


def untargeted(networks: Networks) -> str:
    """For the figure of accuracy over eps."""
    fgsm, pgd, step, signs = (
        _mean(rates.under(networks, PRINTED_EPS, one)) for one in ("fgsm", "pgd", "step", "signs")
    )
    return (
        f"In this run: at eps {PRINTED_EPS:g} {_classify(networks)} {fgsm:.1%} of the images correctly under FGSM, "
        f"{pgd:.1%} under PGD, {step:.1%} under the code line, {signs:.1%} under random signs; "
        f"{_mean(rates.clean(networks)):.1%} without an attack."
    )


def confusions(networks: Networks, eps: float) -> str:
    """For the confusion matrix."""
    shares = rates.confusion(networks, eps)
    (digit, taken, error), often = commonest_error(shares), shares.mean(0)
    return (
        f"In this run: the commonest error is {digit} taken for {taken}, in {error:.0%} of that digit's images; "
        f"{often.argmax()} is named most often, for {often.max():.0%} of all images."
    )


def targeted(networks: Networks) -> str:
    """For the figure of the targeted attack."""
    eps = PRINTED_EPS_TARGETED
    right, signs = (_mean(rates.under(networks, eps, one)) for one in ("targeted_fgsm", "signs"))
    reached = _mean(rates.reached(networks, eps, "targeted_fgsm"))
    strong = _mean(rates.reached(networks, EPS_BELOW_HALF, "targeted_pgd"))
    return (
        f"In this run: at eps {eps:g} {_classify(networks)} {right:.1%} of the images correctly under targeted FGSM, "
        f"and {reached:.1%} as its target; under random signs {signs:.1%} correctly. At eps {EPS_BELOW_HALF:g} PGD "
        f"brings {strong:.1%} to its target."
    )


def digits(pictures: PicturesRecord) -> str:
    """For the pictures."""
    shown = pictures.clean.classes
    changed = [int((one.classes != shown).sum()) for one in (pictures.untargeted, pictures.targeted)]
    change = agreeing(changed[0], "changes its", "change their")
    return (
        f"In this run: of {len(shown)} digits, {changed[0]} {change} class at eps {pictures.untargeted.eps:g} "
        f"and {changed[1]} at eps {pictures.targeted.eps:g}."
    )


def attacked(pictures: PicturesRecord) -> str:
    """For the first picture."""
    before, after = pictures.clean.classes, pictures.untargeted.classes
    changed = int((before != after).sum())
    return (
        f"In this run: the network gives {changed} of these {len(before)} digits another class once they are attacked."
    )


def answer(networks: Networks, outcome: Outcome, experiment: Experiment) -> str:
    """For the figure that answers the chapter's question."""
    before, held_out, eps = _mean(rates.clean(networks)), outcome[experiment.held_out], experiment.eps_train
    fgsm, pgd = (_mean(rates.under(networks, eps, attack)) for attack in ("fgsm", "pgd"))
    after, after_fgsm, after_pgd = (_mean(rates.correct(held_out, way)) for way in ("clean", "fresh FGSM", "fresh PGD"))
    return (
        f"In this run: on fresh images accuracy under FGSM is {fgsm:.3f} before retraining and {after_fgsm:.3f} after "
        f"it, under PGD {pgd:.3f} before and {after_pgd:.3f} after. On clean images it is {before:.3f} before and "
        f"{after:.3f} after."
    )


def survival(likeness: LikenessRecord) -> str:
    """For the figure of what is left of a digit."""
    attacked, signs = ((one.neighbour[-1] == likeness.labels).mean() for one in (likeness.attacked, likeness.signs))
    fooled = (likeness.signs.network[-1] != likeness.labels).mean()
    return (
        f"In this run: at eps {likeness.eps[-1]:g} the nearest training image is of the right class for {attacked:.0%} "
        f"of the attacked digits and for {signs:.0%} of those under random signs. Under random signs the network "
        f"misclassifies {fooled:.0%}."
    )


def listings() -> str:
    """For the table of the paper's code."""
    printed = [one for one in LISTINGS if not one.repaired]
    run = sum(tried(one)[0] == "runs" for one in printed)
    return f"In this run: of {len(printed)} lines as printed, {run or 'none'} {agreeing(run, 'runs', 'run')} as Python."


def retrained(outcome: Outcome, experiment: Experiment) -> str:
    """For the table of retrained networks."""
    stale = _mean(rates.correct(outcome[experiment.as_paper], "stale FGSM"))
    held_out, fresh = (_mean(rates.correct(outcome[experiment.held_out], way)) for way in ("stale FGSM", "fresh FGSM"))
    return (
        f"In this run: at eps {experiment.eps_train:g} {_classify(outcome[experiment.held_out], 'retrained ')} "
        f"{stale:.1%} of the images retrained on correctly, {held_out:.1%} of held-out stale images, and {fresh:.1%} "
        "of held-out fresh ones."
    )


def retrained_targeted(targeted: Outcome) -> str:
    """For the rows of the same table that are about the targeted attack."""
    shares = {eps: [] for _, eps in targeted}
    for eps, said in shares.items():
        for images, way in ((BOTH, "stale FGSM"), (ALONE, "stale FGSM"), (ALONE, "fresh FGSM")):
            said.append(f"{_mean(rates.correct(targeted[images, eps], way)):.1%}")
    (first, (own, stale, fresh)), *others = shares.items()
    networks = _classify(next(iter(targeted.values())), "retrained ")
    found = (
        f"In this run: with targeted images at eps {first:g}, {networks} {own} of the images retrained on correctly, "
    )
    found += f"{stale} of held-out stale images, and {fresh} of held-out fresh ones."
    return found + "".join(f" At eps {eps:g} it is {a}, {b} and {c}." for eps, (a, b, c) in others)


def reading(outcome: Outcome, targeted: Outcome, experiment: Experiment) -> str:
    """For the table of retrained networks: which reading comes nearest to the printed accuracy."""
    found = rates.readings(outcome, targeted, experiment)
    return f"In this run: {found.giving} of {found.tried} readings give the printed accuracy; {found.nearest}."


def strongest(outcome: Outcome, experiment: Experiment, searches: Sequence[SearchRecord]) -> str:
    """For the table of attacks on the retrained networks."""
    records = outcome[experiment.held_out]
    least = _mean(rates.worst(records, searches))
    return (
        f"In this run: {least:.1%} of {len(searches[0].labels):,} held-out images are classified correctly under all "
        "three attacks."
    )


def red_flags(found: Sequence[Flag]) -> str:
    """For the table of red flags."""
    raised = [one.name for one in found if one.raised]
    said = f"In this run: {len(raised)} of {len(found)} signs {agreeing(len(raised))} raised"
    return said + (f": {'; '.join(raised)}." if raised else ".")


def boundary(found: BoundaryRecord) -> str:
    """For the picture and the table of the boundary."""
    before, after = (np.median(one.along_gradient) for one in (found.before, found.after))
    moved = "nearer after" if after < before else "farther after" if after > before else "as far before as after"
    return (
        f"In this run: along the gradient's sign the boundary lies {moved} retraining, at a median eps of {after:.2f} "
        f"instead of {before:.2f}; along a random direction at {np.median(found.after.along_random):.2f} "
        f"instead of {np.median(found.before.along_random):.2f}."
    ).replace("inf", "more than 1")


def detector(detectors: Detectors) -> str:
    """For the histogram and the table of the detector."""
    fgsm, signs, informed = (rates.area(detectors, name).mean for name in ("FGSM", SIGNS, ADAPTIVE))
    silent = _mean(rates.passed(detectors, ADAPTIVE))
    of = f"on average over {len(detectors)} detectors, the AUC is" if len(detectors) > 1 else "the AUC is"
    return (
        f"In this run: {of} {fgsm:.3f} for FGSM, {signs:.3f} for random signs and {informed:.3f} for an attack that "
        f"knows the detector; {silent:.0%} of its images are misclassified and raise no alarm. "
        f"Counting black pixels has an AUC of {rates.black_area(detectors, 'FGSM').mean:.3f} for FGSM."
    )


def without_weights(substitutes: Substitutes) -> str:
    """For the table and the figure of substitutes."""
    asked = substitutes[0].questions
    few, many = (_mean(rates.through_substitute(substitutes, row)) for row in (0, -1))
    signs, white = (
        _mean(rates.answered(substitutes, way))
        for way in (lambda one: one.original.signs, lambda one: one.original.through_original)
    )
    return (
        f"In this run: {_classify(substitutes, 'original ')} {few:.1%} correctly under FGSM through a substitute of "
        f"{asked[0]:,} questions, and {many:.1%} through one of {asked[-1]:,}. Under random signs it is {signs:.1%}, "
        f"under FGSM through the network itself {white:.1%}."
    )


def _classify(records: Sequence[object], kind: str = "") -> str:
    """Subject and verb of a sentence on what networks classify, one network for each record."""
    return f"the {len(records)} {kind}networks classify" if len(records) > 1 else f"the {kind}network classifies"


def _mean(hits: Hits) -> float:
    """The share of images, averaged over networks."""
    return float(np.mean([one.mean() for one in hits]))
