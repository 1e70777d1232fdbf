"""The chapter's headline numbers: those that the tests check against expected ranges, and those of its opening."""

from collections.abc import Mapping, Sequence

import numpy as np

from lib.chapters.adversarial_training import here
from lib.chapters.adversarial_training.calibration import Calibration
from lib.chapters.adversarial_training.cases import MIXED_HELD_OUT, TUNED, TUNED_ON_TEST, UNDEFENDED
from lib.chapters.adversarial_training.courses import Course
from lib.chapters.adversarial_training.distances import Reach
from lib.chapters.adversarial_training.experiment import Experiment
from lib.chapters.adversarial_training.rates import Scored, accuracy, median_l2, worst
from lib.chapters.adversarial_training.scores import CONTROL
from lib.chapters.adversarial_training.table_one import TableOne, within
from lib.show.sentences import data_named


def headline(scored: Scored, mixed: Sequence[Course], far: Mapping[str, Reach], tutorials: Scored) -> dict[str, float]:
    """The numbers that the tests check against their expected ranges."""
    undefended, defended = scored[UNDEFENDED], scored[MIXED_HELD_OUT]
    return {
        "clean_accuracy": accuracy(undefended, "clean").mean,
        "fgsm_accuracy": accuracy(undefended, "P").mean,
        "signs_accuracy": accuracy(undefended, CONTROL).mean,
        "pgd_accuracy": accuracy(undefended, "PGD").mean,
        "finetuned_stale_accuracy": accuracy(scored[TUNED_ON_TEST], "P").mean,
        "finetuned_fresh_accuracy": accuracy(scored[TUNED], "W").mean,
        "mixed_clean_accuracy": accuracy(defended, "clean").mean,
        "mixed_stale_accuracy": accuracy(defended, "P").mean,
        "mixed_fresh_accuracy": accuracy(defended, "W").mean,
        "mixed_pgd_accuracy": accuracy(defended, "PGD").mean,
        "mixed_pgd_peak": float(np.mean([max(one.attacked) for one in mixed])),
        "mixed_square_accuracy": accuracy(defended, "Square").mean,
        "tutorials_normal_accuracy": accuracy(tutorials["normal"], "P").mean,
        "tutorials_mixed_accuracy": accuracy(tutorials["mixed"], "P").mean,
        "tutorials_mixed_fresh_accuracy": accuracy(tutorials["mixed"], "W").mean,
        "lbfgs_l2": median_l2(far["L-BFGS"]),
        "fgsm_l2": median_l2(far["FGSM, smallest eps"]),
    }


def summary(table: TableOne, calibrated: Sequence[Calibration], experiment: Experiment) -> dict[str, object]:
    """The numbers that the opening glues."""
    normal, mixed, tuned = (table.tutorials[name] for name in ("normal", "mixed", "tuned"))
    return {
        "numbers": numbers(len(within(table.found)), len(table.found)),
        "before": accuracy(normal, "P").mean,
        "stale": accuracy(mixed, "P").mean,
        "worst": worst(mixed).mean,
        "own-worst": worst(table.own["mixed"]).mean,
        "tuned-stale": accuracy(tuned, "P").mean,
        "tuned-worst": worst(tuned).mean,
        "seeds": experiment.tutorial_seeds,
        "some": f"{len(normal[0].sampled):,}",  # n_images, or all that there are
        "apart": here.apart(experiment.cells()) + here.signs_twice(table.own["normal"], calibrated, experiment),
        "data": data_named(experiment.dataset),
    }


def numbers(within: int, of: int) -> str:
    """How many of the numbers of a table lie within the tolerance: "all 7 numbers", "2 of the 7 numbers"."""
    return f"all {of} numbers" if within == of else f"{within or 'none'} of the {of} numbers"
