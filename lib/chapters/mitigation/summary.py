"""The chapter's headline numbers: for the tests, which hold them against expected ranges, and for its prose."""

from collections.abc import Sequence

from lib.chapters.mitigation.answers import clean, under
from lib.chapters.mitigation.experiment import EPS_BELOW_HALF, PRINTED_EPS, PRINTED_EPS_TARGETED, Experiment
from lib.chapters.mitigation.measure_attacks import NetworkRecord
from lib.chapters.mitigation.measure_detector import DetectorRecord
from lib.chapters.mitigation.measure_retraining import SearchRecord
from lib.chapters.mitigation.measure_substitute import SubstituteRecord
from lib.chapters.mitigation.rates import ADAPTIVE, SIGNS, Outcome, answered, area, black_area, correct, worst
from lib.measure.intervals import rate


def headline(
    networks: Sequence[NetworkRecord],
    outcome: Outcome,
    detectors: Sequence[DetectorRecord],
    substitutes: Sequence[SubstituteRecord],
    experiment: Experiment,
) -> dict[str, float]:
    """The numbers that the tests hold against their expected ranges."""
    as_paper, held_out = outcome[experiment.as_paper], outcome[experiment.held_out]
    found = {
        "clean_accuracy": rate(clean(networks)),
        "fgsm_0.3_accuracy": rate(under(networks, PRINTED_EPS, "fgsm")),
        "code_line_0.3_accuracy": rate(under(networks, PRINTED_EPS, "step")),
        "signs_0.3_accuracy": rate(under(networks, PRINTED_EPS, "signs")),
        "signs_0.9_accuracy": rate(under(networks, PRINTED_EPS_TARGETED, "signs")),
        "pgd_0.3_accuracy": rate(under(networks, PRINTED_EPS, "pgd")),
        "targeted_0.9_reached": rate([one.reached(one.targeted_fgsm.at(PRINTED_EPS_TARGETED)) for one in networks]),
        "pgd_0.45_reached": rate([one.reached(one.targeted_pgd.at(EPS_BELOW_HALF)) for one in networks]),
        "stale_accuracy": rate(correct(as_paper, "stale FGSM")),
        "fresh_accuracy": rate(correct(held_out, "fresh FGSM")),
        "retrained_pgd_accuracy": rate(correct(held_out, "fresh PGD")),
        "detector_auc": area(detectors, "FGSM"),
        "adaptive_auc": area(detectors, ADAPTIVE),
        "signs_auc": area(detectors, SIGNS),
        "black_pixels_auc": black_area(detectors, "FGSM"),
        "substitute_accuracy": rate(answered(substitutes, lambda one: one.original.through_substitute[-1])),
        "substitute_of_100_accuracy": rate(answered(substitutes, lambda one: one.original.through_substitute[0])),
    }
    return {name: measured.mean for name, measured in found.items()}


def summary(
    networks: Sequence[NetworkRecord], outcome: Outcome, searches: Sequence[SearchRecord], experiment: Experiment
) -> dict[str, object]:
    """What the first paragraphs say: of the networks before, of the same retrained on training images, and the run's
    size.
    """
    on_mnist, held_out = experiment.dataset == "mnist", outcome[experiment.held_out]
    return {
        "before": rate([one.correct(one.fgsm.at(experiment.eps_train)) for one in networks]).mean,
        "stale": rate(correct(held_out, "stale FGSM")).mean,
        "fresh": rate(correct(held_out, "fresh FGSM")).mean,
        "worst": rate(worst(held_out, searches)).mean,
        "seeds": experiment.seeds,
        "eps": experiment.eps_train,
        "data": "MNIST" if on_mnist else f"{experiment.dataset} (a small sample of MNIST)",
    }
