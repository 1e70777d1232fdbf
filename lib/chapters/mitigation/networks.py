"""The networks of this chapter: trained on clean images, and trained again on attacked ones."""

from dataclasses import dataclass

from torch import nn

from lib import compute, data
from lib.attack.gradient import FGSM
from lib.chapters.mitigation.retraining import retrained
from lib.models.base import build
from lib.models.small import SimpleCNN
from lib.train.batches import Shuffled
from lib.train.loop import fit

BOTH, ALONE = "training and test images", "training images"
"""What a network is trained again on: the paper's images, or those that leave the test images unseen."""


@dataclass(frozen=True)
class Training:
    """A network trained on the clean training images of a data set."""

    dataset: str
    epochs: int
    seed: int

    def __str__(self) -> str:
        return f"seed {self.seed}"


@dataclass(frozen=True)
class Retraining:
    """A trained network, trained again on images that FGSM attacked through it."""

    original: Training
    images: str
    """`BOTH` or `ALONE`."""
    eps: float
    epochs: int

    def __str__(self) -> str:
        return f"{self.images}, eps {self.eps:g}, {self.original}"


def trained(training: Training) -> nn.Module:
    """The network, loaded where it was trained before."""
    images = data.load(training.dataset)
    network = build(SimpleCNN, training.seed, compute.device())
    batches = Shuffled(images.x_train, images.y_train)
    fit(network, batches, training.epochs, seed=training.seed, label=str(training))
    return network


def before_and_after(retraining: Retraining) -> tuple[nn.Module, nn.Module]:
    """The network as it was trained first, and its copy that was trained again."""
    images, original = data.load(retraining.original.dataset), trained(retraining.original)
    pairs = [(images.x_train, images.y_train), (images.x_test, images.y_test)]
    chosen = pairs if retraining.images == BOTH else pairs[:1]
    options = {"seed": retraining.original.seed, "label": str(retraining)}
    return original, retrained(original, FGSM(eps=retraining.eps), chosen, retraining.epochs, **options)[0]
