"""The chapter's answers to the claims of the paper, from its records."""

from collections.abc import Mapping, Sequence

import numpy as np

from lib.chapters.adversarial_training.calibration import Calibration
from lib.chapters.adversarial_training.cases import GOING_ON, MIXED_HELD_OUT, TUNED, TUNED_ON_TEST, UNDEFENDED
from lib.chapters.adversarial_training.courses import Course
from lib.chapters.adversarial_training.distances import Reach
from lib.chapters.adversarial_training.experiment import Experiment
from lib.chapters.adversarial_training.rates import Scored, accuracy, fall, gap, loss, nearest
from lib.chapters.adversarial_training.scores import Scores
from lib.ledger.answers import Answer
from lib.measure import intervals

FITTED = "calibrated FGSM on the normal network"
"""What the two numbers of Table I's second row come from."""

BySize = Mapping[int, Sequence[Scores]]
"""Scores of networks fine-tuned on test images, by the size of the batches."""


# Normal training


def normal_train_accuracy(normal: Sequence[Course], experiment: Experiment) -> Answer:
    """Does normal training reach the printed accuracy on its own training images?"""
    learned = intervals.rate([one.learned for one in normal])
    why = f"{learned:.4f} of {len(normal[0].learned):,} training images after {experiment.epochs} epochs, "
    why += f"against 0.9970.{_not_mnist(normal[0].test_correct.shape[1], experiment)}"
    return Answer("normal.train_accuracy", learned, why, learned, experiment.comparable)


def normal_clean_accuracy(undefended: Sequence[Scores], experiment: Experiment) -> Answer:
    """Is the printed accuracy on test images reached without a defence?"""
    clean = accuracy(undefended, "clean")
    why = f"{clean:.4f} over {len(undefended)} network(s), against 0.9895.{_other_images(undefended, experiment)}"
    return Answer("normal.clean_accuracy", clean, why, clean, experiment.comparable)


def normal_adversarial_accuracy(
    calibrated: Sequence[Calibration], undefended: Sequence[Scores], experiment: Experiment
) -> Answer:
    """Does some reading of FGSM at some eps leave the printed accuracy? The nearest is taken, and called fitted."""
    setting, _ = nearest(calibrated)
    fitted = intervals.rate([one.correct(setting.reading, setting.number) for one in calibrated])
    hard = intervals.rate([one.pgd_correct(setting.number) for one in calibrated])
    why = _calibrated(calibrated, undefended, experiment)
    return Answer("normal.adversarial_accuracy", fitted, why, hard, experiment.comparable, True, FITTED)


def normal_adversarial_loss(
    calibrated: Sequence[Calibration], undefended: Sequence[Scores], experiment: Experiment
) -> Answer:
    """Is the loss of that same reading the printed one?"""
    setting, _ = nearest(calibrated)
    fitted = intervals.loss([one.loss(setting.reading, setting.number) for one in calibrated])
    hard = intervals.loss([one.pgd_losses[setting.number] for one in calibrated])
    why = _calibrated(calibrated, undefended, experiment)
    return Answer("normal.adversarial_loss", fitted, why, hard, experiment.comparable, True, FITTED)


def _calibrated(calibrated: Sequence[Calibration], undefended: Sequence[Scores], experiment: Experiment) -> str:
    setting, _ = nearest(calibrated)
    fitted = intervals.rate([one.correct(setting.reading, setting.number) for one in calibrated])
    fitted_loss = intervals.loss([one.loss(setting.reading, setting.number) for one in calibrated])
    hard = intervals.rate([one.pgd_correct(setting.number) for one in calibrated])
    hard_loss = intervals.loss([one.pgd_losses[setting.number] for one in calibrated])
    count = calibrated[0].read.shape[0] * calibrated[0].read.shape[1]
    return (
        f"The nearest of {count} settings ({setting.name}) gives {fitted:.4f} with a loss of {fitted_loss:.2f}, "
        f"{setting.keras_loss:.2f} as Keras reports it; at eps {experiment.eps:g}, this chapter's, "
        f"{accuracy(undefended, 'P'):.4f} with {loss(undefended, 'P'):.2f}; PGD at eps {setting.eps:g} leaves "
        f"{hard:.3f} with {hard_loss:.2f}.{_other_images(undefended, experiment)}"
    )


# Fine-tuning


def finetuned_clean_accuracy(scored: Scored, by_size: BySize, experiment: Experiment) -> Answer:
    """Is the accuracy on clean images after fine-tuning the printed one?"""
    kept, sound = accuracy(scored[TUNED_ON_TEST], "clean"), accuracy(scored[TUNED], "clean")
    why = f"{kept:.4f} after fine-tuning on the test images in batches of {experiment.finetune_batch_size} "
    why += f"({_beside(by_size, 'clean', experiment)}), {sound:.4f} on as many others."
    why += _other_images(scored[UNDEFENDED], experiment)
    return Answer("finetuned.clean_accuracy", kept, why, sound, experiment.comparable)


def finetuned_clean_drop(scored: Scored, experiment: Experiment) -> Answer:
    """Does fine-tuning cost as much accuracy on clean images as printed?"""
    drop, sound = (gap(scored[UNDEFENDED], scored[case], "clean") for case in (TUNED_ON_TEST, TUNED))
    why = f"Clean accuracy falls by {drop:.4f} on test images whose attacked versions were trained on, by "
    why += f"{sound:.4f} where others were.{_other_images(scored[UNDEFENDED], experiment)}"
    return Answer("finetuned.clean_drop", drop, why, sound, experiment.comparable)


def finetuned_adversarial_accuracy(scored: Scored, by_size: BySize, experiment: Experiment) -> Answer:
    """Is the accuracy on attacked images after fine-tuning the printed one, and on fresh ones?"""
    same = accuracy(scored[TUNED_ON_TEST], "P")
    others, fresh, strong = (accuracy(scored[TUNED], kind) for kind in ("P", "W", "PGD"))
    why = (
        f"{same:.4f} on the images fine-tuned on in batches of {experiment.finetune_batch_size} "
        f"({_beside(by_size, 'P', experiment)}), {others:.4f} on held-out ones of the same kind; made afresh, "
        f"{fresh:.4f} (FGSM) and {strong:.4f} (PGD).{_other_images(scored[UNDEFENDED], experiment)}"
    )
    return Answer("finetuned.adversarial_accuracy", same, why, strong, experiment.comparable)


def finetuning_cheaper(scored: Scored, experiment: Experiment) -> Answer:
    """Does fine-tuning take fewer seconds than mixed training of as many epochs?"""
    pairs = zip(scored[GOING_ON], scored[TUNED], strict=True)
    longer = intervals.over_networks([mixed.seconds - tuned.seconds for mixed, tuned in pairs])
    made = experiment.finetune_epochs / 2
    why = (
        f"Mixed takes {longer:.2f} seconds more than fine-tuning, {experiment.finetune_epochs} epochs each; by count, "
    )
    why += f"it makes each image {made:g} times, fine-tuning once: {made - 1:g} gradient passes more."
    return Answer("finetuning.cheaper", longer, why, longer)


def _beside(by_size: BySize, kind: str, experiment: Experiment) -> str:
    """What the other sizes of batches give."""
    others = [size for size in by_size if size != experiment.finetune_batch_size]
    return ", ".join(f"{np.mean([one.correct(kind) for one in by_size[size]]):.3f} of {size}" for size in others)


# Mixed training


def mixed_clean_accuracy(mixed: Sequence[Scores], experiment: Experiment) -> Answer:
    """Is the accuracy on clean images after mixed training the printed one?"""
    clean = accuracy(mixed, "clean")
    why = f"{clean:.4f} over {len(mixed)} network(s), against 0.9911.{_other_images(mixed, experiment)}"
    return Answer("mixed.clean_accuracy", clean, why, clean, experiment.comparable)


def mixed_clean_loss(mixed: Sequence[Scores], experiment: Experiment) -> Answer:
    """Is the loss on clean images after mixed training the printed one?"""
    clean = loss(mixed, "clean")
    why = f"{clean:.4f} over {len(mixed)} network(s), against 0.0273.{_other_images(mixed, experiment)}"
    return Answer("mixed.clean_loss", clean, why, clean, experiment.comparable)


def mixed_adversarial_accuracy(mixed: Sequence[Scores], experiment: Experiment) -> Answer:
    """Is the accuracy on attacked images after mixed training the printed one, and under PGD?"""
    stale, fresh, strong = (accuracy(mixed, kind) for kind in ("P", "W", "PGD, all steps"))
    why = (
        f"{stale:.4f} on images made through the undefended network at eps {experiment.eps:g}; made through the mixed "
    )
    why += f"network itself, {fresh:.4f} (FGSM) and {strong:.4f} (PGD).{_other_images(mixed, experiment)}"
    return Answer("mixed.adversarial_accuracy", stale, why, strong, experiment.comparable)


def mixed_adversarial_loss(mixed: Sequence[Scores], experiment: Experiment) -> Answer:
    """Is the loss on attacked images after mixed training the printed one?"""
    stale, fresh, strong = (loss(mixed, kind) for kind in ("P", "W", "PGD, all steps"))
    why = f"{stale:.3f} on images made through the undefended network, {fresh:.3f} and {strong:.3f} "
    why += f"on those made through the mixed one (FGSM, PGD).{_other_images(mixed, experiment)}"
    return Answer("mixed.adversarial_loss", stale, why, strong, experiment.comparable)


def mixed_beats_finetuned(scored: Scored, experiment: Experiment) -> Answer:
    """Does mixed training leave more under fresh FGSM than fine-tuning?"""
    lead, lead_pgd = (gap(scored[GOING_ON], scored[TUNED], kind) for kind in ("W", "PGD"))
    why = f"Mixed less fine-tuned, {experiment.finetune_epochs} epochs each on the same {len(scored[TUNED][0].y):,} "
    why += f"images: {lead:+.3f} (fresh FGSM), {lead_pgd:+.3f} (PGD)."
    return Answer("mixed.beats_finetuned", lead, why, lead_pgd)


def conclusion_only_somewhat(mixed: Sequence[Scores], experiment: Experiment) -> Answer:
    """Do PGD and Square find images that FGSM does not, on the network after mixed training?"""
    printed, clipped = ({harder: fall(mixed, way, harder) for harder in ("PGD", "Square")} for way in ("W", "clipped"))
    least, sound = (min(falls.values(), key=lambda one: one.mean) for falls in (printed, clipped))
    count = len(mixed[0].read["Square"])
    why = f"Accuracy falls below that under FGSM by {printed['PGD']:.3f} (PGD, {count} images) and "
    why += f"{printed['Square']:.3f} (Square, {experiment.queries} queries, {count} images)."
    return Answer("conclusion.only_somewhat", least, why, sound)


# Attacks


def bim_beats_fgsm(undefended: Sequence[Scores], experiment: Experiment) -> Answer:
    """Does BIM leave less of the undefended network than FGSM at the same eps?"""
    worse, worse_pgd = (fall(undefended, "clipped", kind) for kind in ("BIM", "PGD, all steps"))
    why = f"At eps {experiment.eps:g} BIM leaves {worse:.3f} less than FGSM, PGD {worse_pgd:.3f} less."
    return Answer("bim.beats_fgsm", worse, why, worse_pgd)


def lbfgs_smaller_distance(far: Mapping[str, Reach]) -> Answer:
    """Is L-BFGS nearer to the image than the smallest FGSM that succeeds?"""
    fgsm, lbfgs = far["FGSM, smallest eps"], far["L-BFGS"]
    both = fgsm.successful & lbfgs.successful
    spared = intervals.over_images((fgsm.l2 - lbfgs.l2)[both])
    why = f"On {both.sum()} images L-BFGS stays nearer by {spared:.3f} in L2, pairwise."
    return Answer("lbfgs.smaller_distance", spared, why, spared)


# Numbers for the tests and for prose


def headline(scored: Scored, mixed: Sequence[Course], far: Mapping[str, Reach]) -> dict[str, float]:
    """The numbers that the tests hold against their expected ranges."""
    undefended, defended = scored[UNDEFENDED], scored[MIXED_HELD_OUT]
    return {
        "clean_accuracy": accuracy(undefended, "clean").mean,
        "fgsm_accuracy": accuracy(undefended, "P").mean,
        "pgd_accuracy": accuracy(undefended, "PGD, all steps").mean,
        "finetuned_stale_accuracy": accuracy(scored[TUNED_ON_TEST], "P").mean,
        "finetuned_fresh_accuracy": accuracy(scored[TUNED], "W").mean,
        "mixed_clean_accuracy": accuracy(defended, "clean").mean,
        "mixed_stale_accuracy": accuracy(defended, "P").mean,
        "mixed_fresh_accuracy": accuracy(defended, "W").mean,
        "mixed_pgd_accuracy": accuracy(defended, "PGD, all steps").mean,
        "mixed_pgd_peak": _peak(mixed),
        "mixed_square_accuracy": accuracy(defended, "Square").mean,
        "lbfgs_l2": float(np.median(far["L-BFGS"].l2)),
        "fgsm_l2": float(np.median(far["FGSM, smallest eps"].l2)),
    }


def summary(scored: Scored, mixed: Sequence[Course], experiment: Experiment) -> dict[str, object]:
    """The numbers that the opening glues."""
    undefended, defended = scored[UNDEFENDED], scored[MIXED_HELD_OUT]
    return {
        "stale": accuracy(defended, "P").mean,
        "fresh": accuracy(defended, "W").mean,
        "pgd": accuracy(defended, "PGD, all steps").mean,
        "before": accuracy(undefended, "P").mean,
        "before-pgd": accuracy(undefended, "PGD, all steps").mean,
        "tuned-stale": accuracy(scored[TUNED_ON_TEST], "P").mean,
        "tuned-fresh": accuracy(scored[TUNED], "W").mean,
        "peak": _peak(mixed),
        "end": float(np.mean([one.attacked[-1] for one in mixed])),
        "seeds": experiment.seeds,
        "eps": experiment.eps,
        "some": experiment.n_images,
        "data": "MNIST" if experiment.comparable else f"{experiment.dataset} (a small sample of MNIST)",
    }


def _peak(mixed: Sequence[Course]) -> float:
    return float(np.mean([max(one.attacked) for one in mixed]))


def _other_images(scores: Sequence[Scores], experiment: Experiment) -> str:
    return _not_mnist(len(scores[0].y), experiment)


def _not_mnist(count: int, experiment: Experiment) -> str:
    """Where the images are not the paper's, a sentence that says so."""
    return "" if experiment.comparable else f" These are {count:,} images of {experiment.dataset}, not MNIST's 10,000."
