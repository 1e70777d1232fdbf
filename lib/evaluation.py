"""What a network gets right, clean and attacked. Every network is read in eval mode."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from lib.attacks import Attack
from lib.models import evaluating

BATCH = 1000


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
        return torch.cat([model(images) for images in x.split(BATCH)])


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


def curve(
    model: nn.Module, attack: Attack, eps_values: Iterable[float], x: Tensor, y: Tensor, targets: Tensor | None = None
) -> list[Score]:
    """`under_attack` at each eps, all other settings of the attack unchanged."""
    eps_values = tqdm(list(eps_values), desc=f"{type(attack).__name__} over eps", leave=False)
    return [under_attack(model, replace(attack, eps=eps), x, y, targets) for eps in eps_values]


def zero_gradients(model: nn.Module, attack: Attack, x: Tensor, y: Tensor) -> float:
    """The share of images on which the attack's gradient is zero in every pixel, and so does nothing.

    A softmax that saturates in float32 gives such gradients; a high accuracy then says nothing
    (Carlini and Wagner, 2016).
    """
    with evaluating(model), torch.enable_grad():
        batches = zip(x.split(BATCH), y.split(BATCH), strict=True)
        zeros = [(attack.gradient(model, images, labels) == 0).flatten(1).all(1) for images, labels in batches]
    return torch.cat(zeros).float().mean().item()


def next_class(y: Tensor, classes: int = 10) -> Tensor:
    """The target (y + 1) mod classes: every class is a target equally often, none its own."""
    return (y + 1) % classes
