"""What a network gets right, clean and attacked. Every network is read in eval mode."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib import compute
from lib.attack.base import Attack
from lib.models.base import evaluating

BATCH = 1000
"""How many images a CPU computes at once."""


@dataclass(frozen=True, eq=False)
class Score:
    """How one network read some images: class read, true class, cross-entropy in nats; each an array (N,)."""

    read: np.ndarray
    y: np.ndarray
    losses: np.ndarray

    @property
    def correct(self) -> np.ndarray:
        """Whether each image was read as its true class."""
        return self.read == self.y

    @property
    def accuracy(self) -> float:
        """The share of images read as their true class."""
        return float(self.correct.mean())

    @property
    def loss(self) -> float:
        """The mean cross-entropy."""
        return float(self.losses.mean())

    def read_as(self, targets: Tensor) -> np.ndarray:
        """Whether each image was read as its target (N,)."""
        return self.read == targets.cpu().numpy()


@torch.no_grad()
def logits(model: nn.Module, x: Tensor) -> Tensor:
    """The logits (N, classes) of all images, in batches."""
    with evaluating(model):
        return torch.cat([model(images) for images in x.split(compute.at_once(BATCH, x.device))])


def losses(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """The cross-entropy of each image (N,), in nats."""
    return F.cross_entropy(logits(network, x), y, reduction="none")


def score(model: nn.Module, x: Tensor, y: Tensor) -> Score:
    """Read x as it is. x (N, C, H, W), y (N,) on the model's device."""
    outputs = logits(model, x)
    losses = F.cross_entropy(outputs, y, reduction="none")
    return Score(outputs.argmax(1).cpu().numpy(), y.cpu().numpy(), losses.cpu().numpy())


def under_attack(model: nn.Module, attack: Attack, x: Tensor, y: Tensor, targets: Tensor | None = None) -> Score:
    """Attack the model itself (white box), then read the result against the true labels y.

    Raises
    ------
    ValueError
        Where a targeted attack comes without `targets` (N,), or an untargeted one with them.
    """
    if attack.targeted != (targets is not None):
        raise ValueError("targets belong to a targeted attack, and it to them")
    x_adv = attack(model, x, y if targets is None else targets)
    return score(model, x_adv, y)


def correct_under(networks: Iterable[nn.Module], attack: Attack, x: Tensor, y: Tensor) -> list[np.ndarray]:
    """For each network, which images (N,) it still reads rightly under an untargeted attack on itself."""
    return [under_attack(model, attack, x, y).correct for model in networks]


def attacked_losses(network: nn.Module, attack: Attack, x: Tensor, y: Tensor) -> Tensor:
    """The cross-entropy of each image (N,) after an attack through the network itself."""
    return losses(network, attack(network, x, y), y)


def highest(values: Tensor, count: int, apart: Tensor | None = None) -> Tensor:
    """The places of the `count` highest values (N,), but for those marked in `apart` (N,)."""
    if apart is not None:
        values = values.masked_fill(apart, -torch.inf)
    return values.argsort(descending=True, stable=True)[:count]


def next_class(y: Tensor, classes: int = 10) -> Tensor:
    """The target (y + 1) mod classes: every class is a target equally often, none its own."""
    return (y + 1) % classes
