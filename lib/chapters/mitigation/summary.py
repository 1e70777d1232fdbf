"""The chapter's headline numbers: for the tests, which check them against expected ranges, and for its prose."""

from collections.abc import Sequence

from lib.chapters.mitigation import rates
from lib.chapters.mitigation.experiment import EPS_BELOW_HALF, PRINTED_EPS, PRINTED_EPS_TARGETED, Experiment
from lib.chapters.mitigation.measure_retraining import SearchRecord
from lib.chapters.mitigation.rates import ADAPTIVE, SIGNS, Detectors, Networks, Outcome, Substitutes
from lib.measure.intervals import rate
from lib.show.sentences import data_named


def headline(
    networks: Networks,
    outcome: Outcome,
    detectors: Detectors,
    substitutes: Substitutes,
    experiment: Experiment,
) -> dict[str, float]:
    """The numbers that the tests check against their expected ranges."""
    as_paper, held_out = outcome[experiment.as_paper], outcome[experiment.held_out]
    found = {
        "clean_accuracy": rate(rates.clean(networks)),
        "fgsm_0.3_accuracy": rate(rates.under(networks, PRINTED_EPS, "fgsm")),
        "code_line_0.3_accuracy": rate(rates.under(networks, PRINTED_EPS, "step")),
        "signs_0.3_accuracy": rate(rates.under(networks, PRINTED_EPS, "signs")),
        "signs_0.9_accuracy": rate(rates.under(networks, PRINTED_EPS_TARGETED, "signs")),
        "pgd_0.3_accuracy": rate(rates.under(networks, PRINTED_EPS, "pgd")),
        "targeted_0.9_reached": rate(rates.reached(networks, PRINTED_EPS_TARGETED, "targeted_fgsm")),
        "pgd_0.45_reached": rate(rates.reached(networks, EPS_BELOW_HALF, "targeted_pgd")),
        "stale_accuracy": rate(rates.correct(as_paper, "stale FGSM")),
        "fresh_accuracy": rate(rates.correct(held_out, "fresh FGSM")),
        "retrained_pgd_accuracy": rate(rates.correct(held_out, "fresh PGD")),
        "detector_auc": rates.area(detectors, "FGSM"),
        "adaptive_auc": rates.area(detectors, ADAPTIVE),
        "signs_auc": rates.area(detectors, SIGNS),
        "black_pixels_auc": rates.black_area(detectors, "FGSM"),
        "substitute_accuracy": rate(rates.through_substitute(substitutes, -1)),
        "substitute_of_100_accuracy": rate(rates.through_substitute(substitutes, 0)),
    }
    return {name: measured.mean for name, measured in found.items()}


def summary(
    networks: Networks, outcome: Outcome, searches: Sequence[SearchRecord], experiment: Experiment
) -> dict[str, object]:
    """What the first paragraphs say: of networks before and after retraining on training images, and the run's size."""
    held_out = outcome[experiment.held_out]
    return {
        "before": rate(rates.under(networks, experiment.eps_train, "fgsm")).mean,
        "stale": rate(rates.correct(held_out, "stale FGSM")).mean,
        "fresh": rate(rates.correct(held_out, "fresh FGSM")).mean,
        "worst": rate(rates.worst(held_out, searches)).mean,
        "seeds": experiment.seeds,
        "eps": experiment.eps_train,
        "data": data_named(experiment.dataset),
    }
