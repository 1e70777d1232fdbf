"""Made-up records of the chapter on adversarial training."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lib.chapters.adversarial_training.calibration import READINGS, Calibration
from lib.chapters.adversarial_training.cases import CASES, EPS_VALUES
from lib.chapters.adversarial_training.courses import Course
from lib.chapters.adversarial_training.distances import Reach
from lib.chapters.adversarial_training.experiment import Experiment
from lib.chapters.adversarial_training.measure import Searched
from lib.chapters.adversarial_training.scores import KINDS, Scores

N, FEW = 10_000, 1_000
MNIST = Experiment(
    0, 3, "mnist", 50, 364, 2, "relu", 0.1, "cross_entropy", "scratch", 10, 64, 20, 3, 10, 3, FEW, 500, 100
)
DIGITS = replace(MNIST, dataset="digits")
MANY = ("BIM", "PGD", "Square", "transfer")


def hits(accuracy: float, count: int = N) -> np.ndarray:
    """The first of so many images are right."""
    return np.arange(count) < round(accuracy * count)


def reads(accuracy: float, count: int = N) -> np.ndarray:
    """Images of class 0, the first of them classified rightly."""
    return (~hits(accuracy, count)).astype(np.uint8)


def unlike(loss: float, n: int) -> np.ndarray:
    """The losses of n images, which differ a little."""
    return (loss * np.linspace(0.99, 1.01, n)).astype(np.float32)


def scores(accuracy: float = 0.9, loss: float = 0.5, seconds: float = 1.0, **by_kind: float) -> Scores:
    """A network's scores: of each kind the same accuracy, but where another is given; every tenth image is sampled."""
    found = {kind: reads(by_kind.get(kind, accuracy), FEW if kind in MANY else N) for kind in KINDS}
    losses = {kind: unlike(loss, len(found[kind])) for kind in ("clean", "P", "W", "PGD")}
    sampled = np.arange(0, N, N // FEW).astype(np.int32)
    return Scores(np.zeros(N, np.uint8), sampled, found, losses, [1.0, 0.5], seconds, "")


def of_case(case: str, found: Sequence[Scores]) -> dict[str, Sequence[Scores]]:
    """All cases alike but for one."""
    return {one: [scores() for _ in found] for one in CASES} | {case: found}


def calibration(accuracy: float, loss: float) -> Calibration:
    """A network that is far from the paper's pair but at the third eps of squared error, clipped."""
    shape = (len(READINGS), len(EPS_VALUES))
    read, losses = np.zeros((*shape, N), np.uint8), np.zeros((*shape, N), np.float32)
    read[3, 2], losses[3, 2] = reads(accuracy), loss
    silent = np.zeros((len(READINGS), N), bool)
    signs = np.stack([reads(0.8)] * len(EPS_VALUES))
    return Calibration(np.zeros(N, np.uint8), read, losses, silent, signs)


def course(
    attacked: Sequence[float] = (0.2, 0.4, 0.3), seconds: float = 3.0, loss: Sequence[float] = (0.5, 0.4, 0.3)
) -> Course:
    """A watched training of three epochs."""
    right = np.stack([hits(0.9)] * 3)
    under = np.stack([hits(one, FEW) for one in attacked])
    mean = np.array(loss)
    noise = np.linspace(-0.1, 0.1, N)  # over images, alike in every epoch
    lowest, last = ((noise + mean[epoch]).astype(np.float32) for epoch in (mean.argmin(), -1))
    return Course(right, mean, right, mean, under, lowest, last, [0.5, 0.4, 0.3], seconds, "")


def reached(l2: Sequence[float], successful: Sequence[bool] | None = None) -> Reach:
    """How far an attack went."""
    found = np.array(successful if successful is not None else [True] * len(l2))
    far, image = np.array(l2, np.float32), np.zeros((1, 1, 2, 2), np.float32)
    classes = np.zeros(len(l2), np.uint8)
    return Reach(classes, found, far, far / 2, 2.0, image, image, classes)


def searched(clean: float, five: float, twenty: float, count: int = 1000) -> Searched:
    """A network under a search over 5 and 20 pixels."""
    found = {0: reads(clean, count), 5: reads(five, count), 20: reads(twenty, count)}
    return Searched(np.zeros(count, np.uint8), found)
