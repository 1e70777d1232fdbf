"""Signs that a defence hides gradients instead of resisting (Athalye et al., 2018; Carlini et al., 2019)."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lib.attack.base import Attack
from lib.attack.gradient import FGSM, PGD
from lib.attack.noise import uniform
from lib.measure.score import BATCH, score, under_attack
from lib.models.base import evaluating

LARGE_EPS = 0.5
MARGIN = 0.02
"""A difference in accuracy below this is no sign of anything."""


@dataclass(frozen=True)
class Flag:
    """One check: whether it raises suspicion, and the numbers in a sentence."""

    name: str
    raised: bool
    sentence: str


def red_flags(
    model: nn.Module, x: Tensor, y: Tensor, eps: float, transfer: Callable[[Tensor, Tensor, float], Tensor]
) -> list[Flag]:
    """Run the checks on images that the model never trained on.

    Parameters
    ----------
    x, y
        Images (N, C, H, W) in [0, 1] and true labels (N,).
    eps
        The radius that the defence is meant for, in pixel units.
    transfer
        Attacks x within eps through another model, trained apart: (x, y, eps) -> x_adv.

    Returns
    -------
    list of Flag
        One step against many, more steps, transfer, noise, a huge eps, gradients of zero: always these six, in this
        order. They cost an FGSM, PGD of 40 steps twice and of 100 once, and the transfer.
    """
    one_step = under_attack(model, FGSM(eps=eps), x, y).accuracy
    iterated = under_attack(model, PGD(eps=eps, early_stop=True), x, y).accuracy
    longer = under_attack(model, PGD(eps=eps, steps=100, early_stop=True), x, y).accuracy
    black_box = score(model, transfer(x, y, eps), y).accuracy
    noisy = score(model, uniform(x, eps, seed=1).clamp(0, 1), y).accuracy
    huge = under_attack(model, PGD(eps=LARGE_EPS, early_stop=True), x, y).accuracy
    constant = torch.bincount(y).max().item() / len(y)
    zeros = zero_gradients(model, FGSM(eps=eps), x, y)
    return [
        Flag(
            "one step beats many steps",
            one_step < iterated - MARGIN,
            f"accuracy {one_step:.3f} after one step, {iterated:.3f} after 40",
        ),
        Flag(
            "more steps change the result",
            abs(iterated - longer) > MARGIN,
            f"accuracy {iterated:.3f} after 40 steps, {longer:.3f} after 100",
        ),
        Flag(
            "black box beats white box",
            black_box < iterated - MARGIN,
            f"accuracy {black_box:.3f} on transferred images, {iterated:.3f} under PGD",
        ),
        Flag(
            "random noise works as well",
            noisy < one_step + MARGIN,
            f"accuracy {noisy:.3f} under uniform noise, {one_step:.3f} under FGSM",
        ),
        Flag(
            "a huge eps does not break it",
            huge > constant + MARGIN,
            f"accuracy {huge:.3f} under PGD at eps {LARGE_EPS}, {constant:.3f} by a constant prediction",
        ),
        Flag("gradients are zero", zeros > 0, f"{zeros:.1%} of the images have a gradient of exactly zero"),
    ]


def zero_gradients(model: nn.Module, attack: Attack, x: Tensor, y: Tensor) -> float:
    """The share of images on which the attack's gradient is zero in every pixel, and so does nothing.

    A softmax that saturates in float32 gives such gradients; a high accuracy then says nothing
    (Carlini and Wagner, 2016).
    """
    with evaluating(model), torch.enable_grad():
        batches = zip(x.split(BATCH), y.split(BATCH), strict=True)
        zeros = [(attack.gradient(model, images, labels) == 0).flatten(1).all(1) for images, labels in batches]
    return torch.cat(zeros).float().mean().item()
