"""The chapter's networks at each age, and what Pravin, Martino, Nicosia and Ojha leave open about their training."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from torch import nn

from lib import data
from lib.digest import values
from lib.measure.score import score
from lib.models.base import build
from lib.models.resnets import resnet
from lib.train.batches import Augmented, Shuffled
from lib.train.loop import fit
from lib.train.snapshots import History


@dataclass(frozen=True)
class TrainingRecipe:
    """What the paper leaves open about its networks and their training.

    Parameters
    ----------
    stem, size
        As in `lib.models.resnets`.
    batch_size
        Images in a batch.
    lr
        Adam's learning rate.
    augment
        Whether training images are moved, and those of CIFAR-10 mirrored.
    """

    stem: str = "imagenet"
    size: int = 0
    batch_size: int = 128
    lr: float = 1e-3
    augment: bool = False

    def __str__(self) -> str:
        other = [f"{one.name} {value}" for one in fields(self) if (value := getattr(self, one.name)) != one.default]
        return ", ".join(other) or "common recipe"


CHEAP: dict[str, TrainingRecipe] = {
    "common": TrainingRecipe(),
    "batches of 32": TrainingRecipe(batch_size=32),
    "rate 0.0003": TrainingRecipe(lr=3e-4),
    "augmented": TrainingRecipe(augment=True),
}
"""A common recipe, and others that take about as long."""

COSTLY: dict[str, TrainingRecipe] = {
    "small stem": TrainingRecipe(stem="small"),
    "enlarged": TrainingRecipe(size=64),
}
"""Recipes that take many times longer."""

RECIPES = CHEAP | COSTLY
"""All recipes: each differs from the common one in one setting. A run that leaves some out leaves out the last."""


@dataclass(frozen=True)
class NetworkSetting:
    """One network at one age.

    Parameters
    ----------
    network
        A name in `lib.models.resnets.RESNETS`.
    dataset
        The data set's name.
    age
        Epochs trained.
    seed
        What starting weights and the order of images depend on.
    recipe
        How it is trained.
    n_train
        How many of the training images it is trained on, the first ones; 0 for all.
    """

    network: str
    dataset: str
    age: int
    seed: int
    recipe: TrainingRecipe = TrainingRecipe()
    n_train: int = 0

    def __str__(self) -> str:
        images = f"{self.n_train} images of {self.dataset}" if self.n_train else self.dataset
        return f"{self.network} on {images}, epoch {self.age}, {self.recipe}, seed {self.seed}"


@dataclass(frozen=True, eq=False)
class Training:
    """The facts of a training run.

    Parameters
    ----------
    losses
        The mean loss of each epoch, in nats.
    seconds, device
        How long it took, and the device that it was begun on.
    weights
        The digest of the trained weights; None where it was not kept.
    """

    losses: list[float]
    seconds: float
    device: str
    weights: str | None

    @classmethod
    def of(cls, model: nn.Module, history: History) -> "Training":
        """The facts of a trained network, whenever it was trained."""
        return cls(history.losses, history.seconds, history.device, values.digest(dict(model.state_dict())))


@dataclass(frozen=True, eq=False)
class RecipeRecord:
    """Which of all test images a network classifies correctly (N,), and what its training cost."""

    correct: NDArray[np.bool_]
    training: Training


def trained(setting: NetworkSetting) -> tuple[nn.Sequential, History]:
    """A network: from its snapshot, else trained further from the newest earlier age, else from the start."""
    recipe, images = setting.recipe, data.load(setting.dataset)
    kind = {"name": setting.network, "images": setting.dataset, "stem": recipe.stem, "size": recipe.size}
    model = build(resnet, setting.seed, images.x_train.device, **kind)
    last = setting.n_train or None
    part = images.x_train[:last], images.y_train[:last], recipe.batch_size
    batches = Augmented(*part, mirror=setting.dataset == "cifar10") if recipe.augment else Shuffled(*part)
    label = f"{setting.network} on {setting.dataset}"
    return model, fit(model, batches, setting.age, lr=recipe.lr, seed=setting.seed, label=label)


def short_training(setting: NetworkSetting) -> RecipeRecord:
    """Train a network by one recipe for a short time, and score it on all test images."""
    model, history = trained(setting)
    images = data.load(setting.dataset)
    return RecipeRecord(score(model, images.x_test, images.y_test).correct, Training.of(model, history))
