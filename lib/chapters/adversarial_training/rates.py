"""What several tables, figures and answers of the chapter are made of: rates, losses, the nearest settings."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lib.chapters.adversarial_training.calibration import READINGS, Calibration
from lib.chapters.adversarial_training.cases import EPS_VALUES
from lib.chapters.adversarial_training.scores import Scores
from lib.measure import intervals
from lib.measure.intervals import Measured

KERAS_CAP = -math.log(1e-7)
"""The highest loss an image can have in Keras, which clips probabilities at 1e-7: 16.12 nats."""

PRINTED, TOLERANCES = (0.0087, 15.783), (0.03, 2.0)
"""Table I, row 2: accuracy and loss, and how near to either is near enough."""

Scored = Mapping[str, Sequence[Scores]]
"""The scores of each case of the chapter, one a seed."""


def accuracy(scores: Sequence[Scores], kind: str) -> Measured:
    """Accuracy on one kind of images, one network a seed."""
    return intervals.rate([one.correct(kind) for one in scores])


def loss(scores: Sequence[Scores], kind: str) -> Measured:
    """The mean loss on one kind of images, in nats."""
    return intervals.loss([one.losses[kind] for one in scores])


def gap(scores: Sequence[Scores], others: Sequence[Scores], kind: str) -> Measured:
    """Accuracy of one defence less that of another on one kind of images, paired."""
    return intervals.difference([one.correct(kind) for one in scores], [one.correct(kind) for one in others])


def fall(scores: Sequence[Scores], kind: str, harder: str) -> Measured:
    """Accuracy on one kind of images less that on a harder one, on the images that both have."""
    after = [one.correct(harder) for one in scores]
    before = [one.correct(kind)[: len(hits)] for one, hits in zip(scores, after, strict=True)]
    return intervals.difference(before, after)


def capped(losses: np.ndarray) -> np.ndarray:
    """Losses (N,) as Keras would report them."""
    return np.minimum(losses, KERAS_CAP)


def keras_loss(losses: Sequence[np.ndarray]) -> float:
    """The mean over networks of what Keras would report as the loss."""
    return float(np.mean([capped(one).mean() for one in losses]))


@dataclass(frozen=True)
class Tried:
    """A setting of the paper's attack, and what it gives in the mean over networks."""

    reading: str
    number: int
    """Of the eps."""
    accuracy: float
    loss: float
    keras_loss: float

    @property
    def eps(self) -> float:
        return EPS_VALUES[self.number]

    @property
    def name(self) -> str:
        """The setting in words."""
        return f"{reading_in_words(self.reading)}, eps {self.eps:g}"

    def off(self, loss: float) -> float:
        """How far it is from the paper's pair, in units of the claims' tolerances."""
        found = zip((self.accuracy, loss), PRINTED, TOLERANCES, strict=True)
        return max(abs(value - printed) / tolerance for value, printed, tolerance in found)


def tried(calibrated: Sequence[Calibration]) -> dict[tuple[str, int], Tried]:
    """What each reading gives at each eps, by reading and the eps' number."""
    found = {}
    for reading in READINGS:
        for number in range(len(EPS_VALUES)):
            losses = [one.loss(reading, number) for one in calibrated]
            found[reading, number] = Tried(
                reading,
                number,
                float(np.mean([float(one.correct(reading, number).mean()) for one in calibrated])),
                float(np.mean([float(one.mean()) for one in losses])),
                keras_loss(losses),
            )
    return found


def nearest(calibrated: Sequence[Calibration]) -> tuple[Tried, Tried]:
    """The settings nearest to the paper's pair: by the loss as it is, and by the loss as Keras reports it."""
    found = tried(calibrated).values()
    as_it_is = min(found, key=lambda one: one.off(one.loss))
    return as_it_is, min(found, key=lambda one: one.off(one.keras_loss))


def reading_in_words(reading: str) -> str:
    """A reading of the attack: its loss, and whether it is clipped."""
    words = reading.replace("_clipped", ", clipped").replace("_", " ")
    return words if "clipped" in words else f"{words}, not clipped"
