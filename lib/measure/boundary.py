"""Where a classifier's decision boundary lies around an image."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from lib.attack.gradient import FGSM
from lib.measure.score import logits


@dataclass(frozen=True, eq=False)
class Slice:
    """A network's classes on a plane through one image; `read[i, j]` is the class at (across[j], up[i])."""

    across: np.ndarray
    """Steps along the attack's direction, in pixel units: eps."""
    up: np.ndarray
    """Steps along a random direction of the same length, orthogonal to it."""
    read: np.ndarray


def attack_direction(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """The sign of the loss's gradient at x: the direction of FGSM, of the shape of x."""
    steep = FGSM(eps=1.0, clip=None)
    return steep(model, x, y) - x


def orthogonal_direction(direction: Tensor, seed: int) -> Tensor:
    """A random direction, made orthogonal to the `direction` of each image (N, C, H, W) and as long as that in L2.

    It is drawn once for all images: those with the same `direction` get the same result.
    """
    generator = torch.Generator().manual_seed(seed)
    draw = torch.randn(direction.shape[1:], generator=generator).to(direction.device).expand_as(direction)
    squared = direction.flatten(1).square().sum(1).clamp_min(torch.finfo(direction.dtype).tiny)  # a zero stays zero
    along = (draw * direction).flatten(1).sum(1) / squared
    draw = draw - along.view(-1, 1, 1, 1) * direction
    length = direction.flatten(1).norm(dim=1) / draw.flatten(1).norm(dim=1)
    return draw * length.view(-1, 1, 1, 1)


def plane(model: nn.Module, x: Tensor, y: Tensor, radius: float, *, seed: int = 0, n: int = 81) -> Slice:
    """Classify a square of `n` x `n` points around one image.

    The square's sides are the direction of FGSM and a random direction orthogonal to it. Points are not clipped:
    a slice of the clipped space would not be a plane.

    Parameters
    ----------
    x, y
        One image (1, C, H, W) and its true class (1,).
    radius
        Half the side, in pixel units.
    seed
        What the random direction depends on.
    n
        How many points a side has.
    """
    first = attack_direction(model, x, y)
    second = orthogonal_direction(first, seed)
    steps = torch.linspace(-radius, radius, n, device=x.device)
    up, across = torch.meshgrid(steps, steps, indexing="ij")
    points = x + across.reshape(-1, 1, 1, 1) * first + up.reshape(-1, 1, 1, 1) * second
    read = logits(model, points).argmax(1).view(n, n)
    axis = steps.cpu().numpy()
    return Slice(axis, axis, read.cpu().numpy())


def distance(
    model: nn.Module, x: Tensor, y: Tensor, direction: Tensor, *, largest: float = 1.0, steps: int = 100
) -> np.ndarray:
    """How far each image (N,) is from being misclassified along its direction, in pixel units.

    The smallest of `steps` even steps up to `largest` at which the clipped image is classified as another class than y;
    0 where the image itself is misclassified, infinity where no step is enough.
    """
    distances = torch.full((len(x),), torch.inf)
    open_ = torch.arange(len(x), device=x.device)
    for eps in torch.linspace(0, largest, steps + 1).tolist():
        points = (x[open_] + eps * direction[open_]).clamp(0, 1)
        misread = logits(model, points).argmax(1) != y[open_]
        distances[open_[misread].cpu()] = eps
        open_ = open_[~misread]
        if not len(open_):
            break
    return distances.numpy()
