"""Sharna's mitigation: training again on attacked images."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lib.train.batches import Shuffled
from lib.train.loop import fit
from lib.train.snapshots import History

Attacked = Callable[[nn.Module, Tensor, Tensor], Tensor]
"""From a network, images (N, C, H, W) and their true labels (N,) to attacked images."""


def retrained(
    model: nn.Module, attack: Attacked, images: list[tuple[Tensor, Tensor]], epochs: int, *, seed: int = 0, **options
) -> tuple[nn.Module, History]:
    """A copy of `model`, trained further on images attacked once, through `model` as it was.

    Sharna's mitigation (IV): generate adversarial training and testing sets, then train again on them.

    Parameters
    ----------
    images
        Pairs of images (N, C, H, W) and true labels (N,): each attacked as a whole, all trained on together.
    epochs
        Passes over them.
    options
        Further arguments of `lib.train.loop.fit`.
    """
    x_adv = torch.cat([attack(model, x, y) for x, y in images])
    y = torch.cat([y for _, y in images])
    defended = copy.deepcopy(model)
    history = fit(defended, Shuffled(x_adv, y), epochs, seed=seed, **options)
    return defended, history
