"""What an epoch consists of: images as they are, shifted and mirrored, or attacked."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor, nn

from lib.attack.base import Attack
from lib.attack.gradient import PGD


class Batches(Protocol):
    """One epoch's batches, given the current model: a frozen dataclass whose fields decide what it yields."""

    def __call__(self, model: nn.Module, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield images (N, C, H, W) and labels (N,), drawing random numbers from `generator` alone."""
        ...

    def __len__(self) -> int:
        """How many batches an epoch has."""
        ...


@dataclass(frozen=True, eq=False)
class Shuffled:
    """Every image once an epoch, in a new order each time. x (N, C, H, W), y (N,) on the model's device."""

    x: Tensor
    y: Tensor
    batch_size: int = 64

    def __call__(self, model: nn.Module, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        for chosen in self.order(generator).split(self.batch_size):
            yield self.x[chosen], self.y[chosen]

    def order(self, generator: torch.Generator) -> Tensor:
        """The images' indices (N,) in a new order, on their device."""
        return torch.randperm(len(self.x), generator=generator).to(self.x.device)

    def __len__(self) -> int:
        return -(-len(self.x) // self.batch_size)


@dataclass(frozen=True, eq=False)
class Augmented(Shuffled):
    """Every image once an epoch, in a new order, shifted by up to four pixels in each direction, and mirrored or not.

    Parameters
    ----------
    mirror
        Whether to mirror each image with probability 1/2: right for CIFAR-10, wrong for digits.
    """

    mirror: bool = False

    def __call__(self, model: nn.Module, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        chosen = self.order(generator).split(self.batch_size)
        # All shifts of an epoch go to the device at once, so that no batch has to wait there for the one before.
        moves = [
            (torch.randint(0, 9, (2, len(part), 1), generator=generator), torch.rand(len(part), generator=generator))
            for part in chosen
        ]
        shifts = torch.cat([shift for shift, _ in moves], dim=1).to(self.x.device).split(self.batch_size, dim=1)
        draws = torch.cat([draw for _, draw in moves]).to(self.x.device).split(self.batch_size)
        for part, shift, draw in zip(chosen, shifts, draws, strict=True):
            yield self.moved(self.x[part], shift, draw < (0.5 if self.mirror else 0)), self.y[part]

    def moved(self, x: Tensor, shift: Tensor, mirrored: Tensor) -> Tensor:
        """Images (N, C, H, W), shifted up and left by `shift` (2, N, 1) minus 4 pixels, then mirrored or not (N,)."""
        rows, columns = (shift[i] + torch.arange(x.shape[2 + i], device=x.device) for i in (0, 1))
        columns = torch.where(mirrored[:, None], columns.flip(1), columns)
        padded = nn.functional.pad(x, [4] * 4)
        number = torch.arange(len(x), device=x.device)[:, None, None]
        return padded[number, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


@dataclass(frozen=True, eq=False)
class AttackedOnce:
    """Batches for fine-tuning: images attacked once, through another network than the one that trains on them.

    Biswari et al., III.3, first method. They are made during the first epoch and counted in its time.

    Parameters
    ----------
    x, y
        Images (N, C, H, W) and true labels (N,).
    attack
        How the images are attacked.
    through
        The network that is attacked; it must not be the one that is trained.
    batch_size
        How many images a batch has.
    """

    x: Tensor
    y: Tensor
    attack: Attack
    through: nn.Module
    batch_size: int = 64

    def __call__(self, model: nn.Module, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        return self.made(model, generator)

    def __len__(self) -> int:
        return len(Shuffled(self.x, self.y, self.batch_size))

    @cached_property
    def made(self) -> Shuffled:
        """The attacked images."""
        return Shuffled(self.attack(self.through, self.x, self.y), self.y, self.batch_size)


@dataclass(frozen=True, eq=False)
class Mixed:
    """Dynamic mixed batches: one half of each attacked through the network in its current state, the other half clean.

    Biswari et al., III.3, second method. Whether an image is attacked depends on its place in the epoch's order.

    Parameters
    ----------
    x, y
        Images (N, C, H, W) and true labels (N,).
    attack
        How the first half is attacked. A PGD with random starts gets a new seed for each batch: with one seed for all,
        an image would start from the same point in every epoch.
    batch_size
        How many images a batch has, both halves together.
    """

    x: Tensor
    y: Tensor
    attack: Attack
    batch_size: int = 64

    def __call__(self, model: nn.Module, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        for images, labels in Shuffled(self.x, self.y, self.batch_size)(model, generator):
            attack = self.attack
            if isinstance(attack, PGD) and attack.random_start:
                attack = replace(attack, seed=int(torch.randint(2**31, (1,), generator=generator)))
            half = len(images) // 2
            attacked = attack(model, images[:half], labels[:half])
            yield torch.cat([attacked, images[half:]]), labels

    def __len__(self) -> int:
        return len(Shuffled(self.x, self.y, self.batch_size))


@dataclass(frozen=True, eq=False)
class Attacked:
    """Every image once an epoch, attacked through the network in its current state: Madry et al., 2018, section 2.

    Parameters
    ----------
    x, y
        Images (N, C, H, W) and true labels (N,).
    attack
        How the images are attacked; its random starts are drawn anew for each batch.
    batch_size
        How many images a batch has.
    """

    x: Tensor
    y: Tensor
    attack: PGD
    batch_size: int = 64

    def __call__(self, model: nn.Module, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        for images, labels in Shuffled(self.x, self.y, self.batch_size)(model, generator):
            attack = replace(self.attack, seed=int(torch.randint(2**31, (1,), generator=generator)))
            yield attack(model, images, labels), labels

    def __len__(self) -> int:
        return len(Shuffled(self.x, self.y, self.batch_size))
