"""A round of removal: batches without the images that an attack makes worst."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from lib.attack.base import Attack
from lib.measure.score import attacked_losses, highest
from lib.train.batches import Shuffled

ONE_IN = 600
"""A round removes one image in so many: 100 of 60,000, as in the paper."""


def to_remove(n: int) -> int:
    """How many of n training images a round removes."""
    return round(n / ONE_IN)


@dataclass(frozen=True, eq=False)
class WithoutWorst:
    """All images except those whose attacked versions have the highest loss: a round of removal, as in unlearning.

    The images are selected in the first epoch, whose time includes the selection.

    Parameters
    ----------
    x, y
        Images (N, C, H, W) and true labels (N,).
    attack
        How images are attacked to be ranked.
    through
        The network that is attacked; it must not be the one that is trained.
    remove
        How many images go.
    batch_size
        How many images a batch has.
    """

    x: Tensor
    y: Tensor
    attack: Attack
    through: nn.Module
    remove: int
    batch_size: int = 64

    def __call__(self, model: nn.Module, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        return self.kept(model, generator)

    def __len__(self) -> int:
        return -(-(len(self.x) - self.remove) // self.batch_size)

    @cached_property
    def kept(self) -> Shuffled:
        """The images that stay, in their order."""
        losses = attacked_losses(self.through, self.attack, self.x, self.y)
        stays = torch.ones(len(self.x), dtype=torch.bool, device=self.x.device)
        stays[highest(losses, self.remove)] = False
        return Shuffled(self.x[stays], self.y[stays], self.batch_size)
