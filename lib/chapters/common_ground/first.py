"""The first training: the network that all defences of one seed start from."""

from dataclasses import dataclass

from torch import Tensor, nn

from lib import data
from lib.models.base import build
from lib.models.small import SmallCNN
from lib.train.batches import Shuffled
from lib.train.loop import fit

Images = tuple[Tensor, Tensor]
"""Images (N, C, H, W) in [0, 1] and their true labels (N,)."""


@dataclass(frozen=True)
class First:
    """The training on clean images, before any defence.

    Parameters
    ----------
    dataset
        A name that `lib.data.load` knows.
    epochs, batch_size, seed
        Those of the training.
    """

    dataset: str
    epochs: int
    batch_size: int
    seed: int

    def __str__(self) -> str:
        return f"seed {self.seed}"


@dataclass(frozen=True, eq=False)
class Start:
    """A trained network, and how all defences train it further.

    Parameters
    ----------
    train
        The training images.
    network
        The trained network, which stays as it is.
    further
        Epochs for which every defence trains further.
    batch_size
        Images in a batch.
    seed
        What the order of images depends on.
    """

    train: Images
    network: nn.Module
    further: int
    batch_size: int
    seed: int


def start(setting: First, further: int = 0) -> Start:
    """Train the network of one seed on clean images."""
    images = data.load(setting.dataset)
    train = images.x_train, images.y_train
    network = build(SmallCNN, setting.seed, train[0].device)
    batches = Shuffled(*train, setting.batch_size)
    fit(network, batches, setting.epochs, seed=setting.seed, label=str(setting))
    return Start(train, network, further, setting.batch_size, setting.seed)


def held_out(dataset: str, n: int) -> Images:
    """A sample of n test images of a data set, the same each time."""
    images = data.load(dataset)
    return sampled((images.x_test, images.y_test), n)


def sampled(images: Images, n: int) -> Images:
    """n of these images, the same each time; each class has the share that it has of all images."""
    x, y = images
    chosen = data.sample(y, n)
    return x[chosen], y[chosen]
