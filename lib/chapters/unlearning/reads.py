"""How a network classified images, as records keep it."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lib.attack.base import Attack
from lib.measure.score import Score, score, under_attack


@dataclass(frozen=True, eq=False)
class Reads:
    """For each image (N,) the class given, whether it is the true one, and the cross-entropy in nats."""

    read: NDArray[np.uint8]
    correct: NDArray[np.bool_]
    losses: NDArray[np.float32]

    @classmethod
    def of(cls, found: Score) -> Self:
        """The same in smaller types."""
        return cls(found.read.astype(np.uint8), found.correct, found.losses.astype(np.float32))

    @property
    def accuracy(self) -> float:
        """The share of images that are classified correctly."""
        return float(self.correct.mean())

    @property
    def loss(self) -> float:
        """The mean cross-entropy."""
        return float(self.losses.mean())

    def at(self, chosen: NDArray[np.int64]) -> Self:
        """The same for some of the images, by their indices."""
        return type(self)(self.read[chosen], self.correct[chosen], self.losses[chosen])


def clean(network: nn.Module, x: Tensor, y: Tensor) -> Reads:
    """Images classified as they are."""
    return Reads.of(score(network, x, y))


def attacked(network: nn.Module, attack: Attack, x: Tensor, y: Tensor) -> Reads:
    """Images classified after an attack on the network itself."""
    return Reads.of(under_attack(network, attack, x, y))
