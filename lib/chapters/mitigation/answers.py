"""What the chapter answers to the paper's claims, from what was measured: a pure function a claim."""

from collections.abc import Sequence

import numpy as np

from lib.chapters.mitigation.experiment import PRINTED_EPS, PRINTED_EPS_TARGETED, Experiment
from lib.chapters.mitigation.measure_attacks import LikenessRecord, NetworkRecord
from lib.chapters.mitigation.measure_defences import DetectorRecord
from lib.chapters.mitigation.rates import (
    ADAPTIVE,
    SIGNS,
    WAYS,
    Hits,
    Outcome,
    areas,
    black_areas,
    correct,
    misread,
    nearest_neighbours,
)
from lib.ledger.answers import Answer
from lib.measure.intervals import Measured, difference, over_networks, rate

PRINTED_ACCURACY = 0.8262
"""Of the retrained network on adversarial images."""

Networks = Sequence[NetworkRecord]
Detectors = Sequence[DetectorRecord]


# The network


def accuracy(networks: Networks) -> Measured:
    """On clean test images."""
    return rate(_clean(networks))


def clean_accuracy(networks: Networks, experiment: Experiment) -> Answer:
    """Is the network's accuracy the printed one?"""
    found = accuracy(networks)
    why = f"{found:.4f} over {len(networks)} network(s), against 0.9894.{_unlike_mnist(networks, experiment)}"
    return Answer("clean.accuracy", found, why, sound=found, comparable=_is_mnist(experiment))


# Under attack


def untargeted_falls(networks: Networks) -> Answer:
    """Is accuracy lower at eps 0.3 than without an attack?"""
    drop, drop_pgd = (_lost(networks, hits) for hits in (_fgsm(networks), _pgd(networks)))
    why = f"Accuracy at eps 0.3 is lower by {drop:.3f} (FGSM), {drop_pgd:.3f} (PGD)."
    return Answer("untargeted.falls_with_eps", drop, why, sound=drop_pgd)


def untargeted_fools(networks: Networks) -> Answer:
    """Is more than half of what was read rightly misread at eps 0.3?"""
    fooled, fooled_pgd = (_fooled(networks, hits) for hits in (_fgsm(networks), _pgd(networks)))
    why = f"{fooled:.3f} of the digits read rightly are misread at eps 0.3 (FGSM), {fooled_pgd:.3f} under PGD."
    return Answer("untargeted.fools_at_0.3", fooled, why, sound=fooled_pgd)


def targeted_falls(networks: Networks, likeness: LikenessRecord) -> Answer:
    """Is accuracy under the targeted attack lower at eps 0.9 than without one?"""
    drop = _lost(networks, [one.correct(one.targeted_fgsm.at(PRINTED_EPS_TARGETED)) for one in networks])
    drop_pgd = _lost(networks, [one.correct(one.targeted_pgd.at(PRINTED_EPS_TARGETED)) for one in networks])
    why = f"Lower by {drop:.3f} (FGSM) and {drop_pgd:.3f} (PGD); at eps 0.9 {_neighbours(likeness)}"
    return Answer("targeted.falls_with_eps", drop, why, sound=drop_pgd)


def targeted_fools(networks: Networks, likeness: LikenessRecord) -> Answer:
    """Is more than half of the digits read as the target at eps 0.9?"""
    reached = _reached(networks)
    reached_pgd = rate([one.reached(one.targeted_pgd.at(PRINTED_EPS_TARGETED)) for one in networks])
    why = f"One step reaches the target in {reached:.3f}, PGD in {reached_pgd:.3f}; {_neighbours(likeness)}"
    return Answer("targeted.fools_at_0.9", reached, why, sound=reached_pgd)


# Retraining


def retrained_accuracy(networks: Networks, outcome: Outcome, experiment: Experiment) -> Answer:
    """Is the retrained network's accuracy on adversarial images the printed one?"""
    stale = rate(correct(outcome[experiment.as_paper], "stale FGSM"))
    fresh, strong = (rate(correct(outcome[experiment.held_out], way)) for way in ("fresh FGSM", "fresh PGD"))
    why = f"{stale:.3f} on the images retrained on at eps {experiment.eps_train}; {fresh:.3f} on held-out images "
    why += f"under fresh FGSM, {strong:.3f} under PGD.{_unlike_mnist(networks, experiment)}"
    return Answer("retrained.adversarial_accuracy", stale, why, sound=strong, comparable=_is_mnist(experiment))


def retraining_recovers(networks: Networks, outcome: Outcome, experiment: Experiment) -> Answer:
    """Is accuracy on held-out images under fresh attacks higher after retraining than before?"""
    eps, after = experiment.eps_train, outcome[experiment.held_out]
    gain = difference(correct(after, "fresh FGSM"), _fgsm(networks, eps))
    gain_pgd = difference(correct(after, "fresh PGD"), _pgd(networks, eps))
    why = f"Held-out accuracy under fresh attacks at eps {eps} changes by {gain:.3f} (FGSM) and {gain_pgd:.3f} (PGD)."
    return Answer("retraining.recovers", gain, why, sound=gain_pgd)


def nearest_reading(outcome: Outcome) -> str:
    """Which retraining, scored in which way, comes nearest to the printed accuracy, in words."""
    readings = {
        (*key, way): rate(correct(retrained, way)).mean
        for key, retrained in outcome.items()
        for way in WAYS
        if key[1] > 0
    }
    nearest = min(readings, key=lambda reading: abs(readings[reading] - PRINTED_ACCURACY))
    return (
        f"nearest to {PRINTED_ACCURACY} of all {len(readings)} readings: {readings[nearest]:.4f},\n"
        "trained on {}, eps {}, scored on {} images".format(*nearest)
    )


# The detector


def boundary_separable(detectors: Detectors) -> Answer:
    """Does a detector separate clean from FGSM images, and still where the attack knows it?"""
    known, informed, signs = (over_networks(areas(detectors, name)) for name in ("FGSM", ADAPTIVE, SIGNS))
    error = np.mean(misread(detectors, ADAPTIVE))
    why = (
        f"AUC {known:.3f} on FGSM images, {informed:.3f} when the attack knows the detector (misread in {error:.2f}); "
    )
    why += f"{signs:.3f} on random signs of the same size."
    return Answer("boundary.separable", known, why, sound=informed)


# Numbers for the ledger and for the prose


def headline(networks: Networks, outcome: Outcome, detectors: Detectors, experiment: Experiment) -> dict[str, float]:
    """The numbers that the tests hold against their expected ranges."""
    as_paper, held_out = outcome[experiment.as_paper], outcome[experiment.held_out]
    found = {
        "clean_accuracy": accuracy(networks),
        "fgsm_0.3_accuracy": rate(_fgsm(networks)),
        "stale_accuracy": rate(correct(as_paper, "stale FGSM")),
        "pgd_0.3_accuracy": rate(_pgd(networks)),
        "targeted_0.9_reached": _reached(networks),
        "detector_auc": over_networks(areas(detectors, "FGSM")),
        "fresh_accuracy": rate(correct(held_out, "fresh FGSM")),
        "retrained_pgd_accuracy": rate(correct(held_out, "fresh PGD")),
        "adaptive_auc": over_networks(areas(detectors, ADAPTIVE)),
        "signs_auc": over_networks(areas(detectors, SIGNS)),
        "black_pixels_auc": over_networks(black_areas(detectors, "FGSM")),
    }
    return {name: measured.mean for name, measured in found.items()}


def summary(networks: Networks, outcome: Outcome, detectors: Detectors, experiment: Experiment) -> dict[str, object]:
    """What the chapter's first paragraphs say."""
    numbers = headline(networks, outcome, detectors, experiment)
    return {
        "stale": numbers["stale_accuracy"],
        "fresh": numbers["fresh_accuracy"],
        "pgd": numbers["retrained_pgd_accuracy"],
        "before": rate(_fgsm(networks, experiment.eps_train)).mean,
        "auc": numbers["detector_auc"],
        "auc-adaptive": numbers["adaptive_auc"],
        "seeds": experiment.seeds,
        "eps": experiment.eps_train,
        "auc-signs": numbers["signs_auc"],
        "auc-black": numbers["black_pixels_auc"],
        "data": "MNIST" if _is_mnist(experiment) else f"{experiment.dataset} (a small sample of MNIST)",
    }


# Shares of images


def _clean(networks: Networks) -> Hits:
    return [one.correct(one.clean) for one in networks]


def _fgsm(networks: Networks, eps: float = PRINTED_EPS) -> Hits:
    return [one.correct(one.fgsm.at(eps)) for one in networks]


def _pgd(networks: Networks, eps: float = PRINTED_EPS) -> Hits:
    return [one.correct(one.pgd.at(eps)) for one in networks]


def _reached(networks: Networks) -> Measured:
    return rate([one.reached(one.targeted_fgsm.at(PRINTED_EPS_TARGETED)) for one in networks])


def _lost(networks: Networks, attacked: Hits) -> Measured:
    """By how much accuracy is lower than without an attack, on the same images."""
    pairs = zip(_clean(networks), attacked, strict=True)
    return difference([clean[: len(hits)] for clean, hits in pairs], attacked)


def _fooled(networks: Networks, attacked: Hits) -> Measured:
    """How many of the images that are read rightly without an attack are misread under it."""
    return rate([~hits[clean[: len(hits)]] for clean, hits in zip(_clean(networks), attacked, strict=True)])


def _neighbours(likeness: LikenessRecord) -> str:
    return f"nearest neighbours read {nearest_neighbours(likeness):.2f} rightly."


def _is_mnist(experiment: Experiment) -> bool:
    """Whether the data are the paper's."""
    return experiment.dataset == "mnist"


def _unlike_mnist(networks: Networks, experiment: Experiment) -> str:
    if _is_mnist(experiment):
        return ""
    return f" These are {len(networks[0].labels):,} images of {experiment.dataset}, not MNIST's 10,000."
