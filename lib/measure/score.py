"""What a network gets right, clean and under attack. Networks are always run in eval mode."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib import compute
from lib.attack.base import Attack
from lib.attack.inputs import check_classes, check_labels, check_logits
from lib.models.base import evaluating

BATCH = 1000
"""How many images a CPU takes at once."""


@dataclass(frozen=True, eq=False)
class Score:
    """How one network classified some images: its class, the true class, cross-entropy in nats; each an array (N,)."""

    read: np.ndarray
    y: np.ndarray
    losses: np.ndarray

    @property
    def correct(self) -> np.ndarray:
        """Whether each image (N,) was classified as its true class."""
        return self.read == self.y

    @property
    def accuracy(self) -> float:
        """The share of images classified as their true class."""
        return float(self.correct.mean())

    @property
    def loss(self) -> float:
        """The mean cross-entropy, in nats."""
        return float(self.losses.mean())


@torch.no_grad()
def logits(model: nn.Module, x: Tensor) -> Tensor:
    """The logits (N, classes) of all images, in batches; the network is given copies, which it may change.

    Raises
    ------
    ValueError
        Where the network does not return logits, or some are NaN.
    """
    with evaluating(model):
        parts = x.split(compute.at_once(BATCH, x.device))
        found = torch.cat([check_logits(model(images.clone()), len(images)) for images in parts])
    if lost := int(found.isnan().any(1).sum()):
        raise ValueError(f"the network's logits are NaN for {lost} of {len(x)} images")
    return found


def losses(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """The cross-entropy of each image (N,), in nats."""
    return _losses(logits(network, x), check_labels(x, y))


def score(model: nn.Module, x: Tensor, y: Tensor) -> Score:
    """Classify x as it is. x (N, C, H, W), y (N,) on the model's device.

    Raises
    ------
    ValueError
        Where labels are not one class of the network's per image, or `logits` refuses what it returns.
    """
    y, outputs = check_labels(x, y), logits(model, x)
    losses = _losses(outputs, y)
    return Score(outputs.argmax(1).cpu().numpy(), y.cpu().numpy(), losses.cpu().numpy())


def _losses(outputs: Tensor, y: Tensor) -> Tensor:
    check_classes(y, outputs.shape[1])
    full = outputs.to(torch.promote_types(outputs.dtype, torch.float32))  # small losses are lost in half precision
    return F.cross_entropy(full, y, reduction="none")


def under_attack(model: nn.Module, attack: Attack, x: Tensor, y: Tensor, targets: Tensor | None = None) -> Score:
    """Attack the model itself (white box), then score the result against the true labels y.

    Raises
    ------
    ValueError
        Where a targeted attack comes without `targets` (N,), or an untargeted one with them. Also as attacks and
        `score` do.
    """
    if attack.targeted != (targets is not None):
        raise ValueError("targets belong to a targeted attack, and it to them")
    x_adv = attack(model, x, y if targets is None else targets)
    return score(model, x_adv, y)


def attacked_losses(network: nn.Module, attack: Attack, x: Tensor, y: Tensor) -> Tensor:
    """The cross-entropy of each image (N,) after an attack through the network itself."""
    return losses(network, attack(network, x, y), y)


def highest(values: Tensor, count: int, apart: Tensor | None = None) -> Tensor:
    """The indices of the `count` highest values (N,), highest first; those marked in `apart` (N,) come last."""
    if apart is not None:
        values = values.masked_fill(apart, -torch.inf)
    return values.argsort(descending=True, stable=True)[:count]


def next_class(y: Tensor, classes: int = 10) -> Tensor:
    """The target (y + 1) mod classes: each class is the target of exactly one other class."""
    return (y + 1) % classes
