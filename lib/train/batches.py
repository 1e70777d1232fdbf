"""What an epoch consists of."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn


class Batches(Protocol):
    """One epoch's batches, given the model as it is: a frozen dataclass whose fields decide what it yields."""

    def __call__(self, model: nn.Module, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield images (N, C, H, W) and labels (N,); draw from `generator` alone."""
        ...

    def __len__(self) -> int:
        """How many batches an epoch has."""
        ...


@dataclass(frozen=True, eq=False)
class Shuffled:
    """Every image once an epoch, in a new order. x (N, C, H, W), y (N,) on the model's device."""

    x: Tensor
    y: Tensor
    batch_size: int = 64

    def __call__(self, model: nn.Module, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(self.x), generator=generator).to(self.x.device)
        for chosen in order.split(self.batch_size):
            yield self.x[chosen], self.y[chosen]

    def __len__(self) -> int:
        return -(-len(self.x) // self.batch_size)
