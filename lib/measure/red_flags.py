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


@dataclass(frozen=True)
class Checks:
    """What the checks compare: accuracies on the same images, but for the last, a share of them.

    Parameters
    ----------
    one_step, iterated, longer
        Under FGSM, PGD of 40 steps and of 100.
    black_box, noisy
        On images attacked through another model, and under uniform noise.
    huge, constant
        Under PGD at `LARGE_EPS`, and of a constant prediction.
    zeros
        The images on which the gradient is zero in every pixel.
    """

    one_step: float
    iterated: float
    longer: float
    black_box: float
    noisy: float
    huge: float
    constant: float
    zeros: float


def checked(
    model: nn.Module, x: Tensor, y: Tensor, eps: float, transfer: Callable[[Tensor, Tensor, float], Tensor]
) -> Checks:
    """Measure what the checks compare, on images that the model never trained on.

    They cost an FGSM, PGD of 40 steps twice and of 100 once, and the transfer.

    Parameters
    ----------
    x, y
        Images (N, C, H, W) in [0, 1] and true labels (N,).
    eps
        The radius that the defence is meant for, in pixel units.
    transfer
        Attacks x within eps through another model, trained apart: (x, y, eps) -> x_adv.
    """
    return Checks(
        one_step=under_attack(model, FGSM(eps=eps), x, y).accuracy,
        iterated=under_attack(model, PGD(eps=eps, early_stop=True), x, y).accuracy,
        longer=under_attack(model, PGD(eps=eps, steps=100, early_stop=True), x, y).accuracy,
        black_box=score(model, transfer(x, y, eps), y).accuracy,
        noisy=score(model, uniform(x, eps, seed=1).clamp(0, 1), y).accuracy,
        huge=under_attack(model, PGD(eps=LARGE_EPS, early_stop=True), x, y).accuracy,
        constant=torch.bincount(y).max().item() / len(y),
        zeros=zero_gradients(model, FGSM(eps=eps), x, y),
    )


def flags(found: Checks) -> list[Flag]:
    """One step against many, more steps, transfer, noise, a huge eps, gradients of zero: always these, in this order.

    Returns
    -------
    list of Flag
        Each with its numbers, raised or not.
    """
    return [
        Flag(
            "one step beats many steps",
            found.one_step < found.iterated - MARGIN,
            f"accuracy {found.one_step:.3f} after one step, {found.iterated:.3f} after 40",
        ),
        Flag(
            "more steps change the result",
            abs(found.iterated - found.longer) > MARGIN,
            f"accuracy {found.iterated:.3f} after 40 steps, {found.longer:.3f} after 100",
        ),
        Flag(
            "black box beats white box",
            found.black_box < found.iterated - MARGIN,
            f"accuracy {found.black_box:.3f} on transferred images, {found.iterated:.3f} under PGD",
        ),
        Flag(
            "random noise works as well",
            found.noisy < found.one_step + MARGIN,
            f"accuracy {found.noisy:.3f} under uniform noise, {found.one_step:.3f} under FGSM",
        ),
        Flag(
            "a huge eps does not break it",
            found.huge > found.constant + MARGIN,
            f"accuracy {found.huge:.3f} under PGD at eps {LARGE_EPS}, {found.constant:.3f} by a constant prediction",
        ),
        Flag("gradients are zero", found.zeros > 0, f"{found.zeros:.1%} of the images have a gradient of exactly zero"),
    ]


def red_flags(
    model: nn.Module, x: Tensor, y: Tensor, eps: float, transfer: Callable[[Tensor, Tensor, float], Tensor]
) -> list[Flag]:
    """`flags` of what `checked` measures, with the same arguments."""
    return flags(checked(model, x, y, eps, transfer))


def zero_gradients(model: nn.Module, attack: Attack, x: Tensor, y: Tensor) -> float:
    """The share of images on which the attack's gradient is zero in every pixel, and so does nothing.

    A softmax that saturates in float32 gives such gradients; a high accuracy then says nothing
    (Carlini and Wagner, 2016).
    """
    with evaluating(model), torch.enable_grad():
        batches = zip(x.split(BATCH), y.split(BATCH), strict=True)
        zeros = [(attack.gradient(model, images, labels) == 0).flatten(1).all(1) for images, labels in batches]
    return torch.cat(zeros).float().mean().item()
