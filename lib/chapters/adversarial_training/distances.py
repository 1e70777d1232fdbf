"""How far an attack goes, image by image."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lib.attack.base import Attack
from lib.chapters.adversarial_training.networks import TEST, Normal, images, judged, trained
from lib.measure import boundary
from lib.measure.score import next_class, score

SHOWN = 8
"""How many attacked images are kept to be shown."""


def smallest_fgsm(model: nn.Module, x: Tensor, y: Tensor, steps: int = 256) -> Tensor:
    """Each image under FGSM at the smallest eps that fools it, of `steps` evenly spaced ones up to 1.

    Images that no eps fools are returned as they are.
    """
    direction = boundary.attack_direction(model, x, y)
    eps = torch.from_numpy(boundary.distance(model, x, y, direction, steps=steps)).to(x)
    eps = eps.masked_fill(eps.isinf(), 0).view(-1, 1, 1, 1)
    return (x + eps * direction).clamp(0, 1)


@dataclass(frozen=True)
class Reaching:
    """An attack on some test images.

    Parameters
    ----------
    name
        What it is called.
    attack
        Called with a network, images and labels; a targeted attack aims at the next digit.
    n_images
        On how many test images: those of `networks.judged`.
    first
        Only so many of these, from the first on; None for all.
    """

    network: Normal
    name: str
    attack: Attack | Callable[[nn.Module, Tensor, Tensor], Tensor]
    n_images: int
    first: int | None = None

    def __str__(self) -> str:
        return f"{self.name}, {self.first or self.n_images} images, {self.network}"


@dataclass(frozen=True, eq=False)
class Reach:
    """How far an attack went: arrays (N,), and the first of the images."""

    y: NDArray[np.uint8]
    """The true classes."""

    successful: NDArray[np.bool_]
    """Whether the image is classified as the target or, if there is none, as another class than its own."""
    l2: NDArray[np.float32]
    """The Euclidean distance from the clean image."""
    linf: NDArray[np.float32]
    """The largest change of a pixel."""
    seconds: float
    """Of the attack."""
    clean: NDArray[np.float32]
    """The first `SHOWN` images as they are."""
    images: NDArray[np.float32]
    """The same, attacked."""
    read: NDArray[np.uint8]
    """The class that each image is given."""


def reach(setting: Reaching) -> Reach:
    """Attack test images, and measure how far the attack moves them."""
    model, _ = trained(setting.network)
    x, y = images(setting.network.undefended.dataset, TEST)
    chosen = judged(y, setting.n_images)[: setting.first]
    x, y = x[chosen], y[chosen]
    targeted = isinstance(setting.attack, Attack) and setting.attack.targeted
    aim = next_class(y) if targeted else y
    started = time.perf_counter()
    x_adv = setting.attack(model, x, aim)
    x_adv.sum().item()  # waits for a GPU to finish
    return measured(model, x, y, x_adv, time.perf_counter() - started, targeted=targeted)


def measured(model: nn.Module, x: Tensor, y: Tensor, x_adv: Tensor, seconds: float, *, targeted: bool) -> Reach:
    """Whether adversarial images x_adv (N, C, H, W) of x succeed, and how far from x they are.

    Parameters
    ----------
    y
        The true classes (N,).
    targeted
        Whether success means being classified as the next digit, or as any class but the true one.
    """
    moved = (x_adv - x).flatten(1)
    found = score(model, x_adv, next_class(y) if targeted else y)
    return Reach(
        y.cpu().numpy().astype(np.uint8),
        found.correct if targeted else ~found.correct,
        moved.norm(dim=1).cpu().numpy(),
        moved.abs().amax(1).cpu().numpy(),
        seconds,
        x[:SHOWN].cpu().numpy(),
        x_adv[:SHOWN].cpu().numpy(),
        found.read.astype(np.uint8),
    )
