"""Which setting of FGSM comes nearest to the pair that Table I prints for the undefended network."""

from collections.abc import Sequence
from dataclasses import dataclass

from lib.chapters.adversarial_training.calibration import READINGS, Calibration
from lib.chapters.adversarial_training.cases import EPS_VALUES
from lib.chapters.adversarial_training.rates import capped
from lib.ledger.claims import paper
from lib.measure.intervals import Measured, loss, rate

ACCURACY, LOSS = (paper("adversarial_training").claims[f"normal.adversarial_{one}"] for one in ("accuracy", "loss"))
"""Table I, row 2."""


@dataclass(frozen=True)
class Tried:
    """A setting of the paper's attack, and what it gives over networks."""

    reading: str
    number: int
    """The index of the eps."""
    accuracy: Measured
    loss: Measured
    keras_loss: Measured

    @property
    def eps(self) -> float:
        return EPS_VALUES[self.number]

    @property
    def name(self) -> str:
        """The setting in words."""
        return f"{reading_in_words(self.reading)}, eps {self.eps:g}"

    def off(self, loss: Measured) -> float:
        """How far it is from the paper's pair, in units of the claims' tolerances."""
        pair = ((self.accuracy, ACCURACY), (loss, LOSS))
        return max(abs(found.mean - claim.value) / claim.tolerance for found, claim in pair)

    @property
    def gives(self) -> bool:
        """Whether both numbers lie within their tolerances, the loss as it is or as Keras reports it."""
        return min(self.off(self.loss), self.off(self.keras_loss)) <= 1


def tried(calibrated: Sequence[Calibration]) -> dict[tuple[str, int], Tried]:
    """What each reading gives at each eps, by reading and by the index of the eps."""
    return {
        (reading, number): Tried(
            reading,
            number,
            rate([one.correct(reading, number) for one in calibrated]),
            loss([one.loss(reading, number) for one in calibrated]),
            loss([capped(one.loss(reading, number)) for one in calibrated]),
        )
        for reading in READINGS
        for number in range(len(EPS_VALUES))
    }


def chosen_on(calibrated: Sequence[Calibration]) -> Sequence[Calibration]:
    """The networks that a setting is chosen on: the first half, at least one."""
    return calibrated[: max(1, len(calibrated) // 2)]


def judged_on(calibrated: Sequence[Calibration]) -> Sequence[Calibration]:
    """The networks that the chosen setting is judged on: all others."""
    return calibrated[max(1, len(calibrated) // 2) :]


def nearest(calibrated: Sequence[Calibration]) -> tuple[Tried, Tried]:
    """The settings nearest to the paper's pair: by the loss as it is, and by the loss as Keras reports it."""
    found = tried(calibrated).values()
    as_it_is = min(found, key=lambda one: one.off(one.loss))
    return as_it_is, min(found, key=lambda one: one.off(one.keras_loss))


def reading_in_words(reading: str) -> str:
    """A reading of the attack: its loss, and whether it is clipped."""
    words = reading.replace("_clipped", ", clipped").replace("_", " ")
    return words if "clipped" in words else f"{words}, not clipped"
