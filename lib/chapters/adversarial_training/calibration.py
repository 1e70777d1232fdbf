"""What the paper's FGSM can be: it does not say which loss J is, prints Eq. 1 without clipping, and gives no eps."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lib.attack.base import squared_error
from lib.attack.gradient import FGSM
from lib.attack.noise import uniform
from lib.chapters.adversarial_training.networks import TEST, Normal, images, trained
from lib.measure.score import Score, score

READINGS: dict[str, FGSM] = {
    "cross_entropy": FGSM(clip=None),
    "cross_entropy_clipped": FGSM(),
    "squared_error": FGSM(loss=squared_error, clip=None),
    "squared_error_clipped": FGSM(loss=squared_error),
}
"""What a reader can take the paper's FGSM to be."""


@dataclass(frozen=True)
class Calibrating:
    """A network under each reading at each eps."""

    network: Normal
    eps_values: tuple[float, ...]

    def __str__(self) -> str:
        return str(self.network)


@dataclass(frozen=True, eq=False)
class Calibration:
    """How a network classifies FGSM images; readings in the order of `READINGS`."""

    y: NDArray[np.uint8]
    """The true classes (N,)."""
    read: NDArray[np.uint8]
    """The class that each image is given (readings, eps, N)."""
    losses: NDArray[np.float32]
    """Cross-entropy in nats (readings, eps, N)."""
    silent: NDArray[np.bool_]
    """Whether the gradient is zero in every pixel (readings, N)."""
    signs_read: NDArray[np.uint8]
    """The class that each image is given with every pixel moved by eps, up or down at random (eps, N)."""

    def correct(self, reading: str, number: int) -> NDArray[np.bool_]:
        """Whether each image is classified correctly, at the eps of this index."""
        return self.read[list(READINGS).index(reading), number] == self.y

    def loss(self, reading: str, number: int) -> NDArray[np.float32]:
        """Each image's loss, at the eps of this index."""
        return self.losses[list(READINGS).index(reading), number]

    def signs_correct(self, number: int) -> NDArray[np.bool_]:
        """Whether each image is classified correctly under random signs, at the eps of this index."""
        return self.signs_read[number] == self.y


def calibration(setting: Calibrating) -> Calibration:
    """Attack a network by each reading of the paper's FGSM at each eps."""
    model, _ = trained(setting.network)
    x, y = images(setting.network.undefended.dataset, TEST)
    signs = torch.stack([_sign(model, fgsm, x, y) for fgsm in READINGS.values()])
    scores = [
        [score(model, fgsm.clipped(x + eps * sign), y) for eps in setting.eps_values]
        for fgsm, sign in zip(READINGS.values(), signs, strict=True)
    ]
    random = (uniform(x, 1.0, seed=1) - x).sign()
    moved = [score(model, x + eps * random, y) for eps in setting.eps_values]
    return Calibration(
        y.cpu().numpy().astype(np.uint8),
        np.stack([_reads(row) for row in scores]),
        np.stack([[one.losses for one in row] for row in scores]),
        (signs == 0).flatten(2).all(2).cpu().numpy(),
        _reads(moved),
    )


def _sign(model: nn.Module, fgsm: FGSM, x: Tensor, y: Tensor) -> Tensor:
    """The sign of the gradient, which does not depend on eps."""
    return (replace(fgsm, eps=1.0, clip=None)(model, x, y) - x).sign()


def _reads(scores: list[Score]) -> NDArray[np.uint8]:
    return np.stack([one.read for one in scores]).astype(np.uint8)
