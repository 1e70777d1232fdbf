"""The networks of the chapter: each by its training, which says where it begins and on which batches it runs."""

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from lib import compute
from lib.attack.base import Attack
from lib.attack.gradient import FGSM, PGD
from lib.data import load, sample
from lib.digest import values
from lib.measure.score import under_attack
from lib.models.base import build
from lib.models.small import StridedCNN
from lib.train.batches import AttackedOnce, Batches, Mixed, Shuffled
from lib.train.loop import EachEpoch, fit
from lib.train.snapshots import History

Images = tuple[Tensor, Tensor]
"""Images (N, C, H, W) in [0, 1] and their true labels (N,)."""

TEST, TRAINING, AS_MANY = "test", "training", "as many training"
"""Which images: the test images, all training images, or the first of these, as many as there are test images."""

FIRST_RATE, FURTHER_RATE = 1e-3, 1e-4
"""Adam's learning rate from scratch, and a tenth of it for further training."""


def images(dataset: str, which: str) -> Images:
    """Images of a data set by name: `TEST`, `TRAINING` or `AS_MANY`."""
    found = load(dataset)
    if which == TEST:
        return found.x_test, found.y_test
    count = {TRAINING: len(found.x_train), AS_MANY: len(found.x_test)}[which]
    return found.x_train[:count], found.y_train[:count]


def judged(y: Tensor, n: int) -> Tensor:
    """Indices of the images with labels y (N,) that attacks of many steps are run on: n of them, or all."""
    return sample(y, n)


def watched(y: Tensor, n: int) -> Tensor:
    """Indices of the images that training is watched on: none of those of `judged`, as long as there are n others."""
    others = torch.ones(len(y), dtype=torch.bool, device=y.device)
    others[judged(y, n)] = False
    left = others.nonzero().flatten() if others.sum() >= n else torch.arange(len(y), device=y.device)
    return left[sample(y[left], n)]


class Training(ABC):
    """How a network is trained: a frozen dataclass of everything that decides it."""

    undefended: "Normal"
    """The normal training of the network that this one defends, or is trained in place of; both have its seed."""
    epochs: int
    lr: float

    @abstractmethod
    def begin(self) -> tuple[nn.Module, Batches]:
        """The network as training begins, and what it trains on."""


def trained(training: Training, each_epoch: EachEpoch | None = None) -> tuple[nn.Module, History]:
    """The network, trained or loaded, and the history of its training."""
    model, batches = training.begin()
    history = fit(
        model,
        batches,
        training.epochs,
        lr=training.lr,
        seed=training.undefended.seed,
        label=str(training),
        each_epoch=each_epoch,
    )
    return model, history


def weights_digest(model: nn.Module) -> str:
    """The digest of the values in a network's state."""
    return values.digest(list(model.state_dict().values()))


@dataclass(frozen=True)
class Normal(Training):
    """A network of the paper, trained from scratch on clean images."""

    seed: int
    dataset: str
    epochs: int
    batch_size: int
    convolutions: int = 2
    activation: str = "relu"
    width: int = 32
    lr: float = FIRST_RATE

    def __str__(self) -> str:
        kind = f"{self.convolutions} {self.activation} of {self.width}, rate {self.lr:g}"
        return f"normal {kind}, {self.epochs} epochs, batches of {self.batch_size}, seed {self.seed}"

    @property
    def undefended(self) -> "Normal":
        return self

    def fresh(self) -> nn.Module:
        """The network before any training."""
        options = {"convolutions": self.convolutions, "activation": self.activation, "width": self.width}
        return build(StridedCNN, self.seed, compute.device(), **options)

    def begin(self) -> tuple[nn.Module, Batches]:
        return self.fresh(), Shuffled(*images(self.dataset, TRAINING), self.batch_size)


@dataclass(frozen=True)
class FineTuned(Training):
    """A normal network, trained further on images that are attacked once, through the network as it was before.

    Biswari et al., III.3, first method, and the first of the tutorials.

    Parameters
    ----------
    on
        Which images are attacked.
    """

    undefended: Normal
    attack: FGSM
    on: str
    epochs: int
    batch_size: int
    lr: ClassVar[float] = FURTHER_RATE

    def __str__(self) -> str:
        return f"fine-tuned on {self.on} images, batches of {self.batch_size}, seed {self.undefended.seed}"

    def begin(self) -> tuple[nn.Module, Batches]:
        before, _ = trained(self.undefended)
        x, y = images(self.undefended.dataset, self.on)
        return copy.deepcopy(before), AttackedOnce(x, y, self.attack, before, self.batch_size)


@dataclass(frozen=True)
class MixedTrained(Training):
    """A network trained on mixed batches, half of each attacked through the network as it is at that step.

    Biswari et al., III.3, second method, and the second of the tutorials.

    Parameters
    ----------
    on
        Which images it trains on.
    start
        `scratch`: it begins with the starting weights of `undefended`; `trained`: it goes on from that network.
    """

    undefended: Normal
    attack: Attack
    on: str
    epochs: int
    batch_size: int
    start: str = "scratch"
    lr: float = FIRST_RATE

    def __str__(self) -> str:
        attack = f"{type(self.attack).__name__} {self.attack.eps:g}"
        start = "from scratch" if self.start == "scratch" else "going on"
        return f"mixed {start}, {attack}, {self.on} images, {self.epochs} epochs, seed {self.undefended.seed}"

    def begin(self) -> tuple[nn.Module, Batches]:
        model = self.undefended.fresh() if self.start == "scratch" else trained(self.undefended)[0]
        return model, Mixed(*images(self.undefended.dataset, self.on), self.attack, self.batch_size)


@dataclass(frozen=True)
class Stopped(Training):
    """Mixed training, stopped after the epoch with the highest accuracy under an attack on the `watched` test images.

    Parameters
    ----------
    mixed
        The training at its full length.
    probe
        The attack.
    n_images
        How many test images are attacked.
    """

    mixed: MixedTrained
    probe: PGD
    n_images: int

    def __str__(self) -> str:
        return f"stopped, {self.mixed}"

    @property
    def undefended(self) -> Normal:
        return self.mixed.undefended

    @property
    def lr(self) -> float:
        return self.mixed.lr

    @property
    def epochs(self) -> int:
        """The best epoch, from 1; the first of equals."""
        x, y = images(self.undefended.dataset, TEST)
        chosen = watched(y, self.n_images)
        x, y = x[chosen], y[chosen]
        left: list[float] = []
        trained(self.mixed, each_epoch=lambda model: left.append(under_attack(model, self.probe, x, y).accuracy))
        return int(np.argmax(left)) + 1

    def begin(self) -> tuple[nn.Module, Batches]:
        return self.mixed.begin()
