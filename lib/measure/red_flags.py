"""Signs that a defence hides gradients instead of resisting (Athalye et al., 2018; Carlini et al., 2019)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lib.attack.base import Attack
from lib.attack.gradient import FGSM, PGD
from lib.attack.inputs import check_classes, check_labels, check_pixels
from lib.attack.noise import uniform
from lib.measure.score import BATCH, score, under_attack
from lib.models.base import evaluating

LARGE_EPS = 0.5
MARGIN = 0.02
"""A difference in accuracy below this is not a sign."""
HIGHEST = 255
"""The highest label that can be kept, in eight bits."""
FEWEST = 2.5
"""A difference has to amount to more images than this: one or two can fall to either side by chance."""

BLACK_BOX, SEARCH = "black box beats white box", "search beats white box"


@dataclass(frozen=True)
class Flag:
    """One check: whether it raises suspicion, and its numbers in a sentence."""

    name: str
    raised: bool
    sentence: str


@dataclass(frozen=True, eq=False)
class Probes:
    """What the checks are based on: which images (N,) a model classifies correctly, by what is done to them."""

    labels: NDArray[np.uint8]
    one_step: NDArray[np.bool_]
    iterated: NDArray[np.bool_]
    """Under PGD of 40 steps."""
    longer: NDArray[np.bool_]
    """Under PGD of 100 steps."""
    transferred: NDArray[np.bool_]
    noisy: NDArray[np.bool_]
    huge: NDArray[np.bool_]
    """Under PGD at `LARGE_EPS`."""
    no_gradient: NDArray[np.bool_]
    """Which images have a gradient that is zero in every pixel, or not finite in one."""


def probes(
    model: nn.Module, x: Tensor, y: Tensor, eps: float, transfer: Callable[[Tensor, Tensor, float], Tensor]
) -> Probes:
    """Attack images that the model never trained on, in all the ways that the checks compare.

    The cost is that of FGSM, PGD of 40 steps twice and of 100 once, the transfer, and one more gradient.

    Parameters
    ----------
    x, y
        Images (N, C, H, W) in [0, 1] and true labels (N,).
    eps
        The radius that the defence is meant for, in pixel units.
    transfer
        Attacks x within eps through another model, trained independently: (x, y, eps) -> x_adv.

    Raises
    ------
    ValueError
        As attacks do, and where a label is above `HIGHEST`.
    """
    y = check_labels(x, y)
    check_classes(y, HIGHEST + 1)
    return Probes(
        y.cpu().numpy().astype(np.uint8),
        under_attack(model, FGSM(eps=eps), x, y).correct,
        under_attack(model, PGD(eps=eps, early_stop=True), x, y).correct,
        under_attack(model, PGD(eps=eps, steps=100, early_stop=True), x, y).correct,
        score(model, transfer(x, y, eps), y).correct,
        score(model, uniform(x, eps, seed=1).clamp(0, 1), y).correct,
        under_attack(model, PGD(eps=LARGE_EPS, early_stop=True), x, y).correct,
        without_gradient(model, FGSM(eps=eps), x, y).cpu().numpy(),
    )


def by_search(searched: NDArray[np.bool_], followed: NDArray[np.bool_]) -> Flag:
    """Whether accuracy is lower under Square, a search that uses no gradient, than under PGD.

    Both arrays say which of the same images (N,) a model classifies correctly: `searched` under Square, `followed`
    under the strongest PGD that was run.
    """
    square, pgd = float(searched.mean()), float(followed.mean())
    sentence = f"accuracy {square:.3f} under Square, {pgd:.3f} under PGD"
    return Flag(SEARCH, square < pgd - margin(len(searched)), sentence)


def margin(n: int) -> float:
    """How far apart two accuracies on n images have to be to count as a sign."""
    return max(MARGIN, FEWEST / n)


def flags(found: Probes, searched: NDArray[np.bool_] | None = None) -> list[Flag]:
    """The checks on what the probes found.

    Parameters
    ----------
    searched
        Which of the same images (N,) the model classifies correctly under Square; None where that was not run.

    Returns
    -------
    list of Flag
        One step against many, more steps, transfer, noise, a huge eps, gradients of zero: always these six, in this
        order. Where Square was run, `by_search` follows, which compares with PGD of 100 steps.
    """
    one_step, iterated, longer = (float(hits.mean()) for hits in (found.one_step, found.iterated, found.longer))
    black_box, noisy, huge = (float(hits.mean()) for hits in (found.transferred, found.noisy, found.huge))
    constant = float(np.bincount(found.labels).max() / len(found.labels))
    zeros, apart = float(found.no_gradient.mean()), margin(len(found.iterated))
    by_gradient = [
        Flag(
            "one step beats many steps",
            one_step < iterated - apart,
            f"accuracy {one_step:.3f} after one step, {iterated:.3f} after 40",
        ),
        Flag(
            "more steps change the result",
            abs(iterated - longer) > apart,
            f"accuracy {iterated:.3f} after 40 steps, {longer:.3f} after 100",
        ),
        Flag(
            BLACK_BOX,
            black_box < iterated - apart,
            f"accuracy {black_box:.3f} on transferred images, {iterated:.3f} under PGD",
        ),
        Flag(
            "random noise works as well",
            noisy < one_step + MARGIN,
            f"accuracy {noisy:.3f} under uniform noise, {one_step:.3f} under FGSM",
        ),
        Flag(
            "a huge eps does not break it",
            huge > constant + apart,
            f"accuracy {huge:.3f} under PGD at eps {LARGE_EPS}, {constant:.3f} by a constant prediction",
        ),
        Flag(
            "gradients are zero",
            zeros > 0,
            f"{zeros:.1%} of the images have a gradient of exactly zero, or none that is finite",
        ),
    ]
    return by_gradient if searched is None else [*by_gradient, by_search(searched, found.longer)]


def zero_gradients(model: nn.Module, attack: Attack, x: Tensor, y: Tensor) -> float:
    """The share of images for which the attack's gradient is useless: zero in every pixel, or not finite in one.

    A softmax that saturates in float32 gives such gradients; a high accuracy then says nothing
    (Carlini and Wagner, 2016).
    """
    return without_gradient(model, attack, x, y).float().mean().item()


def without_gradient(model: nn.Module, attack: Attack, x: Tensor, y: Tensor) -> Tensor:
    """Which images (N,) have a gradient of the attack's loss that is zero in every pixel, or not finite in one.

    Raises
    ------
    ValueError
        As attacks do.
    """
    y = check_labels(x, y)
    check_pixels(x, attack.clip)
    with torch.inference_mode(False), evaluating(model), torch.enable_grad():
        batches = zip(x.clone().split(BATCH), y.clone().split(BATCH), strict=True)
        gradients = (attack.gradient(model, images, labels).flatten(1) for images, labels in batches)
        return torch.cat([(one == 0).all(1) | ~one.isfinite().all(1) for one in gradients])
