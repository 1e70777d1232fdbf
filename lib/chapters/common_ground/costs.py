"""What defences compute, counted in passes of one image through the network, forward and back.

Unlike seconds, this count does not depend on what else runs. The first training, which all share, is left out.
"""

from dataclasses import dataclass

import torch

from lib.chapters.common_ground.filtering import N_SCAN
from lib.chapters.common_ground.removal import to_remove
from lib.models.base import build
from lib.models.small import SmallCNN

FORWARD = 1 / 3
"""What a forward pass alone counts as: a backward pass takes about two of them."""


@dataclass(frozen=True)
class Work:
    """What the counts depend on.

    Parameters
    ----------
    n
        Training images.
    further
        Epochs for which every defence trains further.
    batch_size
        Images in a batch.
    pgd_steps
        Steps of PGD training's attack.
    """

    n: int
    further: int
    batch_size: int
    pgd_steps: int


def clean(work: Work) -> float:
    """Epochs over all images."""
    return work.further * work.n


def attacked_once(work: Work) -> float:
    """Epochs over all images, and each image attacked once."""
    return (work.further + 1) * work.n


def removal(work: Work) -> float:
    """Each epoch ranks the images that are left by their loss under FGSM, and trains on those that then stay."""
    remove = to_remove(work.n)
    left = [work.n - number * remove for number in range(work.further)]
    return sum((1 + FORWARD) * n + n - remove for n in left)


def removal_at_random(work: Work) -> float:
    """Each epoch trains on the images that then stay."""
    return sum(work.n - number * to_remove(work.n) for number in range(1, work.further + 1))


def half_attacked(work: Work) -> float:
    """Epochs over all images, with FGSM on the first half of each batch."""
    n, size = work.n, work.batch_size
    return work.further * (n + n // size * (size // 2) + n % size // 2)


def attacked_in_steps(work: Work) -> float:
    """Epochs over all images, with PGD on each image in each epoch."""
    return work.further * work.n * (1 + work.pgd_steps)


def filtering(work: Work) -> float:
    """Clean epochs, and a forward pass of each image of the scan for each kernel of the first layer."""
    return clean(work) + FORWARD * kernels() * min(N_SCAN, work.n)


def kernels() -> int:
    """How many kernels the first layer has."""
    return len(build(SmallCNN, 0, torch.device("cpu"))[0].weight)
