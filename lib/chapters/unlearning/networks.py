"""The chapter's networks: trained on all images, updated by the loop, trained without what was removed."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from lib import data
from lib.attack.base import Attack
from lib.attack.gradient import FGSM
from lib.chapters.unlearning import loop

HIGHEST, AT_RANDOM = "highest loss", "at random"
"""Which images are removed in one shot."""


@dataclass(frozen=True)
class Training:
    """A network trained on all training images, as they are.

    Parameters
    ----------
    dataset
        By its name.
    lenet
        The network's class.
    epochs
        Passes over the images.
    seed
        What starting weights, the order of images and random choices depend on.
    """

    dataset: str
    lenet: type[nn.Module]
    epochs: int
    seed: int
    batch_size: int = 128

    def __str__(self) -> str:
        return f"{self.dataset}, {self.lenet.__name__}, seed {self.seed}"


@dataclass(frozen=True)
class Updating:
    """The loop in one reading of `loop.READINGS`, from a trained network.

    Parameters
    ----------
    attack
        The attack by which images are selected and made.
    remove
        How many images a round selects.
    round_epochs
        Passes in each round.
    rounds
        How many.
    """

    training: Training
    reading: str
    attack: Attack
    remove: int
    round_epochs: int
    rounds: int

    def __str__(self) -> str:
        return f"{self.reading}, {self.training}"


@dataclass(frozen=True)
class Removal:
    """A share of the training images removed in one shot: those of `HIGHEST` attacked loss, or as many `AT_RANDOM`."""

    training: Training
    attack: Attack
    kind: str
    share: float

    def __str__(self) -> str:
        return f"{self.kind}, {self.share:.1%}, {self.training}"


def prepared(
    training: Training, attack: Attack | None = None, *, remove: int = 0, round_epochs: int = 0
) -> loop.Setting:
    """What the loop takes: the training images, and how networks are trained on them."""
    images, t = data.load(training.dataset), training
    chosen = (attack or FGSM(), remove, t.epochs, round_epochs, t.lenet, t.seed, t.batch_size)
    return loop.Setting(images.x_train, images.y_train, *chosen)


def trained(training: Training) -> nn.Module:
    """The network."""
    setting = prepared(training)
    return loop.trained(setting, setting.x, setting.y, training.epochs)


def rounds(updating: Updating) -> Iterator[loop.Round]:
    """The network after each round."""
    chosen = {"remove": updating.remove, "round_epochs": updating.round_epochs}
    setting = prepared(updating.training, updating.attack, **chosen)
    yield from loop.rounds(updating.reading, trained(updating.training), setting, updating.rounds)


def split(removal: Removal) -> tuple[Tensor, Tensor]:
    """Indices of the training images that go, the first to go first, and of those that stay, ascending."""
    setting = prepared(removal.training, removal.attack)
    order = loop.removal_order(trained(removal.training), setting, at_random=removal.kind == AT_RANDOM)
    cut = round(removal.share * len(order))
    return order[:cut], order[cut:].sort().values


def trained_on(training: Training, stay: Tensor) -> nn.Module:
    """A network trained from scratch on the training images of these indices, for as many epochs as on all."""
    setting = prepared(training)
    return loop.trained(setting, setting.x[stay], setting.y[stay], training.epochs)
