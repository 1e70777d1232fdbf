"""What is measured of removal in one shot: what it does to accuracy, and whether the network has forgotten."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib import data
from lib.attack.base import Attack
from lib.chapters.unlearning import loop, networks, reads
from lib.chapters.unlearning.looks import weights
from lib.chapters.unlearning.networks import HIGHEST, Removal, Training
from lib.chapters.unlearning.reads import Reads
from lib.measure.score import attacked_losses, highest, score, under_attack


@dataclass(frozen=True, eq=False)
class OneShotRecord:
    """Which test images a network that was trained from scratch on what is left classifies correctly."""

    images: int
    """How many it was trained on."""
    weights: str
    clean: NDArray[np.bool_]
    fgsm: NDArray[np.bool_]

    def by(self, way: str) -> NDArray[np.bool_]:
        """The images as they are ("clean"), or under the attack ("FGSM")."""
        return {"clean": self.clean, "FGSM": self.fgsm}[way]


def one_shot(setting: Removal) -> OneShotRecord:
    """Remove training images in one shot, train a network from scratch on the rest, and attack it."""
    images, (_, stay) = data.load(setting.training.dataset), networks.split(setting)
    x, y = images.x_test, images.y_test
    network = networks.trained_on(setting.training, stay)
    attacked = under_attack(network, setting.attack, x, y).correct
    return OneShotRecord(len(stay), weights(network), score(network, x, y).correct, attacked)


STATES = ("whole", "b", "c", "f alone", "f")
"""The networks that are asked what they still know of the removed images; `labels` says which is which."""


@dataclass(frozen=True)
class MembershipSetting:
    """A network after the removal of a share of the training images, those of highest attacked loss."""

    training: Training
    attack: Attack
    share: float
    round_epochs: int

    @property
    def removal(self) -> Removal:
        """What is removed."""
        return Removal(self.training, self.attack, HIGHEST, self.share)

    def __str__(self) -> str:
        return str(self.training)


@dataclass(frozen=True, eq=False)
class Memory:
    """How one network classifies the removed images, test images selected in the same way, and all test images."""

    weights: str
    removed: Reads
    alike: Reads
    test: NDArray[np.bool_]
    """Which of all test images are classified correctly."""


@dataclass(frozen=True, eq=False)
class MembershipRecord:
    """What the network in each of the `STATES` knows."""

    states: dict[str, Memory]


def membership(setting: MembershipSetting) -> MembershipRecord:
    """Show removed images, and test images selected in the same way, to networks before and after the removal."""
    images, whole = data.load(setting.training.dataset), networks.trained(setting.training)
    x, y = images.x_test, images.y_test
    gone, stay = networks.split(setting.removal)
    like = highest(attacked_losses(whole, setting.attack, x, y), round(setting.share * len(x)))
    removed, rest = ((images.x_train[chosen], images.y_train[chosen]) for chosen in (gone, stay))
    s = networks.prepared(setting.training, setting.attack, round_epochs=setting.round_epochs)
    ascended = loop.ascended(whole, *removed)
    further, cleaned = (loop.further(one, s, *rest) for one in (whole, ascended))
    found = (whole, further, networks.trained_on(setting.training, stay), ascended, cleaned)
    memories = (
        Memory(
            weights(network),
            reads.clean(network, *removed),
            reads.clean(network, x[like], y[like]),
            score(network, x, y).correct,
        )
        for network in found
    )
    return MembershipRecord(dict(zip(STATES, memories, strict=True)))
