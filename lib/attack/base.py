"""What all attacks have in common, and the losses that they raise."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib import compute
from lib.attack.inputs import (
    check_classes,
    check_counts,
    check_eps,
    check_gradient,
    check_labels,
    check_logits,
    check_losses,
    check_pixels,
)
from lib.models.base import evaluating
from lib.train import graphs

Loss = Callable[[Tensor, Tensor], Tensor]
"""A function from logits (N, classes) and labels (N,) to one loss per image (N,)."""


def cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    """The cross-entropy of each image (N,), in nats."""
    return F.cross_entropy(logits, y, reduction="none")


LOSSES: dict[str, Loss] = {"cross_entropy": cross_entropy}


def softmax_sum(logits: Tensor, y: Tensor) -> Tensor:
    """The sum of the softmax outputs (N,), which Fig. 5 of the paper on unlearning differentiates.

    It is 1 for every image. So its gradient is zero up to rounding, with the signs of rounding errors.
    """
    return logits.softmax(1).sum(1)


def squared_error(logits: Tensor, y: Tensor) -> Tensor:
    """The squared difference between softmax and one-hot label, averaged over classes (N,).

    It is Keras's `mean_squared_error`. Where the softmax saturates, the gradient is zero, and an attack along it does
    nothing.
    """
    return (logits.softmax(1) - F.one_hot(y, logits.shape[1])).square().mean(1)


@dataclass(frozen=True)
class Attack(ABC):
    """The base class of all attacks.

    All settings except eps are keyword-only, since libraries order them differently.

    Parameters
    ----------
    eps
        The largest change of a pixel, in pixel units: the radius of the L-infinity ball. Finite, at least 0.
    targeted
        Whether y names the class to reach (the loss is lowered) or the one to leave (it is raised).
    loss
        A name in `LOSSES`, or a function of logits and labels that returns one loss per image, as torch's do with
        `reduction="none"`.
    clip
        The range of a valid pixel; None lets the result leave it, as some papers' code does.
    batch_size
        How many images are attacked at once on a CPU, at least 1. It only affects memory. `compute.at_once` says how
        many that is on a GPU.

    Raises
    ------
    ValueError
        On construction with an invalid setting: an eps that is negative or not finite, a `targeted` that is not a bool,
        an unknown loss, an empty `clip`, a `batch_size` below 1. On a call where x is not of a floating-point type, has
        NaN, or lies outside `clip` (most likely it was normalised before the attack); where labels do not match the
        images or the network's classes; where the network does not return logits, or the loss not one value per image;
        or where the gradient with respect to the images does not exist or is not finite.
    """

    eps: float = 0.1
    _: KW_ONLY
    targeted: bool = False
    loss: str | Loss = "cross_entropy"
    clip: tuple[float, float] | None = (0.0, 1.0)
    batch_size: int = 1000

    def __post_init__(self) -> None:
        check_eps(self.eps)
        self.check("targeted", isinstance(self.targeted, bool), "it is True or False")  # 0.01 would count as True
        check_counts(batch_size=self.batch_size)
        self.check("clip", self.clip is None or self.clip[0] < self.clip[1], "the lower end comes first")
        if isinstance(self.loss, str) and self.loss not in LOSSES:
            raise ValueError(f"no loss named {self.loss!r}; there are: {', '.join(LOSSES)}")

    def check(self, name: str, holds: bool, otherwise: str) -> None:
        """Raise a ValueError that names a setting and its value, unless `holds`."""
        if not holds:
            raise ValueError(f"{name} is {getattr(self, name)}; {otherwise}")

    def __call__(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        y = check_labels(x, y)
        check_pixels(x, self.clip)
        with torch.inference_mode(False), evaluating(model), torch.enable_grad(), graphs.kept():
            x, y = (values.clone() if values.is_inference() else values for values in (x.detach(), y))
            size = compute.at_once(self.batch_size, x.device)
            parts = zip(x.split(size), y.split(size), strict=True)
            x_adv = torch.cat([self.perturb(model, images, labels) for images, labels in parts])
        if lost := int(x_adv.isnan().flatten(1).any(1).sum()):
            raise ValueError(
                f"the network's gradient is not finite for {lost} of {len(x)} images: they are not attacked"
            )
        return x_adv

    @abstractmethod
    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """The attack itself, on one batch."""

    def losses(self, logits: Tensor, y: Tensor) -> Tensor:
        """What the attack raises (N,): the loss, or its negative where targeted."""
        loss = LOSSES[self.loss] if isinstance(self.loss, str) else self.loss
        values = check_losses(loss(logits, y), len(y))
        return -values if self.targeted else values

    def resisting(self, logits: Tensor, y: Tensor) -> Tensor:
        """Which images (N,) the attack has not succeeded on: still classified as y, or, targeted, not yet as y."""
        read_as_y = logits.argmax(1) == y
        return ~read_as_y if self.targeted else read_as_y

    def gradient(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """The gradient of `losses` with respect to x, image by image."""
        return self.gradient_and_logits(model, x, y)[0]

    def gradient_and_logits(self, model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The gradient of `losses` with respect to x, and the logits at x, computed on the way."""
        x = x.detach().requires_grad_()
        logits = check_logits(model(x.clone()), len(x))  # a copy: a network may write to what it is given
        # Checking labels waits for the GPU, which a capture must not do; the calls before it have checked them.
        if not (x.is_cuda and torch.cuda.is_current_stream_capturing()):
            check_classes(y, logits.shape[1])
        raised = self.losses(logits, y).sum()
        gradient = torch.autograd.grad(raised, x, allow_unused=True)[0] if raised.requires_grad else None
        return check_gradient(gradient), logits.detach()

    def clipped(self, x: Tensor) -> Tensor:
        """x with every pixel moved into the valid range."""
        return x if self.clip is None else x.clamp(*self.clip)

    def within(self, x_adv: Tensor, x: Tensor) -> Tensor:
        """x_adv moved back into the eps ball around x and into the valid range."""
        return self.clipped(torch.minimum(torch.maximum(x_adv, x - self.eps), x + self.eps))
