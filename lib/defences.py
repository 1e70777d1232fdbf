"""Ways to train a network that attacks are to fool less."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor, nn

from lib.attacks import PGD, Attack
from lib.training import History, Shuffled, fit


def retrained(
    model: nn.Module, attack: Attack, images: list[tuple[Tensor, Tensor]], epochs: int, *, seed: int = 0, **options
) -> tuple[nn.Module, History]:
    """A copy of `model`, trained further on images attacked once, through `model` as it was.

    Sharna's mitigation (IV): generate adversarial training and testing sets, then train again on them.

    Parameters
    ----------
    images
        Pairs of images (N, C, H, W) and true labels (N,), each attacked as a whole and trained on together.
    epochs
        Passes over them.
    options
        What else `lib.training.fit` takes.
    """
    x_adv = torch.cat([attack(model, x, y) for x, y in images])
    y = torch.cat([y for _, y in images])
    defended = copy.deepcopy(model)
    history = fit(defended, Shuffled(x_adv, y), epochs, seed=seed, **options)
    return defended, history


@dataclass(frozen=True, eq=False)
class AttackedOnce:
    """Images that are attacked once, through another network than the one that trains on them: fine-tuning's batches.

    Biswari et al., III.3, first method. They are made in the first epoch, whose time counts them.

    Parameters
    ----------
    x, y
        Images (N, C, H, W) and true labels (N,).
    attack
        How they are made.
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
    """Dynamic mixed batches: half of each batch as it is, half attacked through the network as it is by then.

    Biswari et al., III.3, second method. An image is attacked or not by where it falls in an epoch's order.

    Parameters
    ----------
    x, y
        Images (N, C, H, W) and true labels (N,).
    attack
        How a half is attacked. One with random starts gets a new seed for each batch: with one seed for all, an
        image would start from the same point in every epoch.
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
