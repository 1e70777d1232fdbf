"""What the chapter's page says in a line, from its records."""

from collections.abc import Sequence

import numpy as np

from lib.chapters.adversarial_training.calibration import READINGS, Calibration
from lib.chapters.adversarial_training.courses import Course
from lib.chapters.adversarial_training.distances import Reach
from lib.chapters.adversarial_training.experiment import Experiment
from lib.chapters.adversarial_training.rates import nearest
from lib.evidence.cells import Cell
from lib.models.base import outline, parameter_count


def network(experiment: Experiment) -> str:
    """What the network consists of."""
    model = experiment.undefended(experiment.seed).fresh()
    return f"{outline(model)}; {parameter_count(model):,} parameters"


def images(cell: Cell[Course]) -> str:
    """Which images a kept cell was measured on."""
    course, made = cell.read()
    (facts,) = made.data.values()
    count, attacked = course.test_correct.shape[1], course.attacked_correct.shape[1]
    return f"{facts['origin']}; {count:,} test images, of which {attacked:,} are attacked in many steps"


def nearest_settings(calibrated: Sequence[Calibration]) -> str:
    """Which settings of the attack come nearest to Table I's second row, and where squared error says nothing."""
    as_it_is, as_keras = nearest(calibrated)
    silent = np.mean([one.silent[list(READINGS).index("squared_error")].mean() for one in calibrated])
    return (
        f"loss as it is: {as_it_is.name}; {as_it_is.off(as_it_is.loss):.2f} times the tolerance off\n"
        f"loss as Keras reports it: {as_keras.name}; {as_keras.off(as_keras.keras_loss):.2f} times the tolerance off\n"
        f"the gradient of the squared error is zero on {silent:.4f} of the test images, and FGSM does nothing there"
    )


def towards_next(targeted: Reach, untargeted: Reach) -> str:
    """L-BFGS towards the next digit, beside L-BFGS away from the digit on the same images."""
    count = len(targeted.l2)
    return (
        f"L-BFGS towards the next digit: {targeted.successful.mean():.2f} of {count} reached, "
        f"median L2 {np.median(targeted.l2):.3f}; "
        f"untargeted on the same eight {np.median(untargeted.l2[:count]):.3f}"
    )


def peaks(mixed: Sequence[Course], experiment: Experiment) -> str:
    """For each seed after which epoch most was left under PGD, and how much less at the end."""
    lines = []
    for number, one in zip(experiment.numbers, mixed, strict=True):
        peak = max(one.attacked)
        fall = peak - one.attacked[-1]
        lines.append(f"seed {number}: highest after epoch {one.best} ({peak:.3f}), lower by {fall:.3f} after the last")
    return "\n".join(lines)
