"""What is measured of removal in one shot: what it does to accuracy, and whether the network has forgotten."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib import data
from lib.attack.base import Attack
from lib.chapters.unlearning import loop, networks, reads
from lib.chapters.unlearning.measure import weights
from lib.chapters.unlearning.networks import HIGHEST, Removal, Training
from lib.chapters.unlearning.reads import Reads
from lib.measure.score import attacked_losses, highest, score, under_attack


@dataclass(frozen=True, eq=False)
class OneShotRecord:
    """Which test images a network from scratch on what is left reads rightly: as they are, under the attack."""

    images: int
    """How many it was trained on."""
    weights: str
    clean: NDArray[np.bool_]
    fgsm: NDArray[np.bool_]

    @property
    def watched(self) -> dict[str, NDArray[np.bool_]]:
        """Both by name."""
        return {"clean": self.clean, "FGSM": self.fgsm}


def one_shot(setting: Removal) -> OneShotRecord:
    """Remove, train from scratch, attack."""
    images, (_, stay) = data.load(setting.training.dataset), networks.split(setting)
    x, y = images.x_test, images.y_test
    network = networks.trained_on(setting.training, stay)
    attacked = under_attack(network, setting.attack, x, y).correct
    return OneShotRecord(len(stay), weights(network), score(network, x, y).correct, attacked)


STATES = ("whole", "b", "c", "f alone", "f")
"""The networks that are asked what they still know of the removed images; `labels` says which is which."""


@dataclass(frozen=True)
class MembershipSetting:
    """A network in one of the `STATES` after the removal of the images of highest attacked loss."""

    state: str
    training: Training
    attack: Attack
    share: float
    round_epochs: int

    @property
    def removal(self) -> Removal:
        """What is removed."""
        return Removal(self.training, self.attack, HIGHEST, self.share)

    def __str__(self) -> str:
        return f"{self.state}, {self.training}"


@dataclass(frozen=True, eq=False)
class MembershipRecord:
    """How it reads the removed images, test images that were selected in the same way, and all test images."""

    weights: str
    removed: Reads
    alike: Reads
    test: NDArray[np.bool_]
    """Which of all test images are read rightly."""


def membership(setting: MembershipSetting) -> MembershipRecord:
    """Show the network both groups."""
    images, whole = data.load(setting.training.dataset), networks.trained(setting.training)
    x, y = images.x_test, images.y_test
    gone, stay = networks.split(setting.removal)
    like = highest(attacked_losses(whole, setting.attack, x, y), round(setting.share * len(x)))
    removed = images.x_train[gone], images.y_train[gone]
    s = networks.prepared(setting.training, setting.attack, round_epochs=setting.round_epochs)
    network = whole
    if setting.state == "c":
        network = networks.trained_on(setting.training, stay)
    if setting.state in ("f alone", "f"):
        network = loop.ascended(whole, *removed)
    if setting.state in ("b", "f"):
        network = loop.further(network, s, images.x_train[stay], images.y_train[stay])
    return MembershipRecord(
        weights(network),
        reads.clean(network, *removed),
        reads.clean(network, x[like], y[like]),
        score(network, x, y).correct,
    )
