"""The chapter's networks at each age, and what Pravin, Martino, Nicosia and Ojha leave open about their training."""

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from lib.data import Dataset
from lib.models.base import build
from lib.models.resnets import resnet
from lib.train.batches import Augmented, Shuffled
from lib.train.loop import fit
from lib.train.snapshots import SNAPSHOTS, History


@dataclass(frozen=True)
class Recipe:
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


RECIPES: dict[str, Recipe] = {
    "common": Recipe(),
    "batches of 32": Recipe(batch_size=32),
    "rate 0.0003": Recipe(lr=3e-4),
    "augmented": Recipe(augment=True),
    "small stem": Recipe(stem="small"),
    "enlarged": Recipe(size=64),
}
"""A common recipe, and others that differ from it in one setting; the last two take many times longer."""


@dataclass(frozen=True)
class Cell:
    """One network at one age.

    Parameters
    ----------
    network
        A name in `lib.models.resnets.RESNETS`.
    images
        The data set's name.
    age
        Epochs trained.
    seed
        What starting weights and the order of images depend on.
    """

    network: str
    images: str
    age: int
    seed: int
    recipe: Recipe = Recipe()


def trained(cell: Cell, images: Dataset, snapshots: Path | None = SNAPSHOTS) -> tuple[nn.Sequential, History]:
    """The network of a cell: from its snapshot, else trained on from the newest earlier age, else from the start."""
    recipe = cell.recipe
    kind = {"name": cell.network, "images": cell.images, "stem": recipe.stem, "size": recipe.size}
    model = build(resnet, cell.seed, images.x_train.device, **kind)
    data = images.x_train, images.y_train, recipe.batch_size
    batches = Augmented(*data, mirror=cell.images == "cifar10") if recipe.augment else Shuffled(*data)
    options = {"lr": recipe.lr, "seed": cell.seed, "label": f"{cell.network} on {cell.images}", "snapshots": snapshots}
    return model, fit(model, batches, cell.age, **options)
