"""Algorithm 1 of Pravin, Martino, Nicosia and Ojha, on which kernels an attack moves most, and its controls."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lib import compute
from lib.attack.gradient import FGSM
from lib.chapters.fragile_neurons.kernels import BATCH, LEVELS, kernel_norms, maps
from lib.models.base import evaluating


def signs(model: nn.Sequential, x: Tensor, y: Tensor) -> Tensor:
    """The sign of the loss's gradient: FGSM at any eps is one step along it, (x + eps signs).clamp(0, 1)."""
    attack = FGSM()
    with evaluating(model), torch.enable_grad():
        parts = zip(x.split(BATCH), y.split(BATCH), strict=True)
        return torch.cat([attack.gradient(model, images, labels).sign() for images, labels in parts])


def in_pixels(model: nn.Sequential, eps: float) -> Tensor:
    """An eps that is meant in normalised units, in pixel units: one for each channel (C, 1, 1)."""
    return eps * model[-2].std


@torch.no_grad()
def distances(model: nn.Sequential, x: Tensor, x_adv: Tensor) -> dict[str, NDArray]:
    """How far each kernel's map moves, in Euclidean distance (Algorithm 1, line 11), at each of `LEVELS`.

    Returns
    -------
    dict
        Arrays (N, kernels), float64.
    """
    parts: dict[str, list[Tensor]] = {level: [] for level in LEVELS}
    with evaluating(model):
        for clean, moved in zip(x.split(BATCH), x_adv.split(BATCH), strict=True):
            before, after = maps(model, clean), maps(model, moved)
            for level in LEVELS:
                parts[level].append(compute.float64(after[level] - before[level]).flatten(2).norm(dim=2))
    return {level: torch.cat(one).cpu().numpy() for level, one in parts.items()}


def targeted(d: NDArray, sets: NDArray) -> NDArray[np.bool_]:
    """For each image and each set S, whether S_f > S_n (lines 12 to 14).

    Parameters
    ----------
    d
        Distances (N, kernels).
    sets
        Boolean (kernels,), or (sets, kernels) for many splits at once.

    Returns
    -------
    array
        Boolean (N,) or (N, sets).
    """
    return mean_distance(d, sets) > mean_distance(d, ~np.asarray(sets))


def mean_distance(d: NDArray, sets: NDArray) -> NDArray:
    """The mean of distances d (N, kernels) over each set of kernels, (kernels,) or (sets, kernels): S_f or S_n."""
    sets = np.asarray(sets)
    return d @ sets.T / np.maximum(sets.sum(-1), 1)


def over_noise(d: dict[str, NDArray], noise: dict[str, NDArray]) -> dict[str, NDArray]:
    """Distances in units of what random signs of the same size do to the kernel's map, on average over images.

    A change of a kernel's scale cancels. A map that random signs do not move on any image counts as not moved.

    Parameters
    ----------
    d, noise
        As `distances` gives them, (N, kernels) at each level.
    """
    units = {level: one.mean(0) for level, one in noise.items()}
    return {level: np.where(units[level] > 0, d[level] / np.where(units[level] > 0, units[level], 1), 0) for level in d}


def random_splits(kernels: int, size: int, n: int, seed: int) -> NDArray[np.bool_]:
    """n random sets of `size` kernels, (n, kernels)."""
    generator = np.random.default_rng(seed)
    return np.array([generator.permutation(kernels) < size for _ in range(n)])


def by_norm(weight: Tensor, size: int, *, largest: bool = True) -> NDArray[np.bool_]:
    """The `size` kernels of largest, or smallest, norm: boolean (kernels,)."""
    order = kernel_norms(weight).argsort()
    chosen = np.zeros(len(order), dtype=bool)
    chosen[order[len(order) - size :] if largest else order[:size]] = True
    return chosen
