"""What is measured for the third row of the paper's table: every way in which its images may have been made."""

from dataclasses import dataclass

from torch import Tensor, nn

from lib import data
from lib.attack.base import softmax_sum
from lib.attack.gradient import FGSM
from lib.attack.noise import random_signs
from lib.chapters.unlearning import reads
from lib.chapters.unlearning.reads import Reads
from lib.measure.red_flags import zero_gradients

ATTACKS = ("fgsm", "one label", "softmax sum")
"""FGSM by each image's label; by one label for all (Fig. 4's listing); along Fig. 5's gradient."""

CLIPPED = ", clipped"
"""The end of an attack's name where pixels are brought back into their range; as printed they are not."""


@dataclass(frozen=True, eq=False)
class Row:
    """How a network classifies a sample of the test images, by how they were attacked."""

    fresh: dict[str, Reads]
    """Made through the network itself."""
    stale: dict[str, Reads]
    """Made through the original network; empty where the network is the original, for which they are fresh."""
    noise: Reads
    """Moved by random signs, clipped."""
    zero_gradients: float
    """The share of images on which the gradient of Fig. 5 is zero in every pixel."""


def row(model: nn.Module, original: nn.Module, dataset: str, eps: float, count: int) -> Row:
    """Attack the network on `count` test images, and show it what was made through the original."""
    images = data.load(dataset)
    chosen, label = data.sample(images.y_test, count), images.y_test[0]
    x, y = images.x_test[chosen], images.y_test[chosen]
    stale = {} if model is original else attacked(original, eps, x, y, label)
    return Row(
        {name: reads.clean(model, made, y) for name, made in attacked(model, eps, x, y, label).items()},
        {name: reads.clean(model, made, y) for name, made in stale.items()},
        reads.clean(model, random_signs(x, eps), y),
        zero_gradients(model, FGSM(eps=eps, loss=softmax_sum), x, y),
    )


def attacked(model: nn.Module, eps: float, x: Tensor, y: Tensor, label: Tensor) -> dict[str, Tensor]:
    """The images (N, C, H, W) under each of the `ATTACKS`, as printed and clipped; `label` is the one label for all."""
    fgsm, rounding = FGSM(eps=eps, clip=None), FGSM(eps=eps, clip=None, loss=softmax_sum)
    made = (fgsm(model, x, y), fgsm(model, x, label.expand(len(y))), rounding(model, x, y))
    as_printed = dict(zip(ATTACKS, made, strict=True))
    return as_printed | {name + CLIPPED: one.clamp(0, 1) for name, one in as_printed.items()}
