"""Table I as one experiment: its seven numbers, and what each reading of them gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from lib.chapters.adversarial_training.rates import Scored, accuracy, loss
from lib.chapters.adversarial_training.scores import Scores
from lib.ledger.answers import Readings
from lib.ledger.claims import paper
from lib.ledger.words import within_tolerance
from lib.measure.intervals import Measured

CLAIMS = paper("adversarial_training").claims

ROWS = {
    "normal.clean_accuracy": ("normal", "clean"),
    "normal.adversarial_accuracy": ("normal", "P"),
    "normal.adversarial_loss": ("normal", "P"),
    "mixed.clean_accuracy": ("mixed", "clean"),
    "mixed.clean_loss": ("mixed", "clean"),
    "mixed.adversarial_accuracy": ("mixed", "P"),
    "mixed.adversarial_loss": ("mixed", "P"),
}
"""By claim: which network, and on which images. P: made through the undefended network."""


@dataclass(frozen=True)
class TableOne:
    """The two settings of training that Table I can come from, each with a `normal` and a `mixed` network."""

    tutorials: Scored
    """In the setting of the tutorials that the paper follows."""
    own: Scored
    """In the setting of the paper's Table II."""

    @cached_property
    def readings(self) -> dict[str, Mapping[str, Measured]]:
        """The seven numbers by claim, in each reading: two settings, two kinds of images in the last row."""
        trainings = {"tutorials' training": self.tutorials, "Table II's training": self.own}
        images = {"images of the undefended network": "P", "images of the mixed network": "W"}
        return {
            f"{training}, {made}": numbers(runs, kind)
            for training, runs in trainings.items()
            for made, kind in images.items()
        }

    @property
    def found(self) -> Mapping[str, Measured]:
        """The seven numbers as the tutorials' setting gives them; it was not chosen to match the paper's."""
        return next(iter(self.readings.values()))

    @property
    def counted(self) -> Readings:
        """How many readings give all seven."""
        giving = [name for name, found in self.readings.items() if len(within(found)) == len(ROWS)]
        words = "Table II's training, images of the undefended network"
        nearest = f"{'and' if words in giving else 'not'} by the one nearest to the words"
        return Readings(len(self.readings), len(giving), nearest)


def numbers(runs: Mapping[str, Sequence[Scores]], last: str = "P") -> dict[str, Measured]:
    """The seven numbers of one setting of training; `last`: the images of the mixed network's adversarial row."""
    found = {}
    for claim, (network, kind) in ROWS.items():
        kind = last if (network, kind) == ("mixed", "P") else kind
        found[claim] = (accuracy if claim.endswith("accuracy") else loss)(runs[network], kind)
    return found


def within(found: Mapping[str, Measured]) -> list[str]:
    """The claims whose mean lies within the tolerance."""
    return [claim for claim, measured in found.items() if within_tolerance(CLAIMS[claim], measured.mean)]


def off(claim: str, measured: Measured) -> float:
    """How far a mean lies from the printed number, in units of its tolerance."""
    return abs(measured.mean - CLAIMS[claim].value) / CLAIMS[claim].tolerance


def farthest(found: Mapping[str, Measured]) -> str:
    """The claim that is farthest off."""
    return max(found, key=lambda claim: off(claim, found[claim]))
