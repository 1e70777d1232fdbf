"""What all attacks share, and the losses that they raise."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib import compute
from lib.models.base import evaluating
from lib.train import graphs

Loss = Callable[[Tensor, Tensor], Tensor]
"""Logits (N, classes) and labels (N,) to one loss an image (N,)."""


def cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    """One loss an image (N,), in nats."""
    return F.cross_entropy(logits, y, reduction="none")


LOSSES: dict[str, Loss] = {"cross_entropy": cross_entropy}


def softmax_sum(logits: Tensor, y: Tensor) -> Tensor:
    """The sum of the softmax outputs (N,), which Fig. 5 of the paper on unlearning differentiates.

    It is 1 whatever the image: its gradient is zero up to rounding, and its sign the sign of rounding errors.
    """
    return logits.softmax(1).sum(1)


def squared_error(logits: Tensor, y: Tensor) -> Tensor:
    """The squared difference between softmax and one-hot (N,), its mean over classes: Keras's `mean_squared_error`.

    Where the softmax saturates, its gradient is zero, and an attack along it does nothing.
    """
    return (logits.softmax(1) - F.one_hot(y, logits.shape[1])).square().mean(1)


@dataclass(frozen=True)
class Attack(ABC):
    """What all attacks share.

    Parameters
    ----------
    eps
        The largest change of a pixel, in [0, 1]: the radius of the L-infinity ball.
    targeted
        Whether y names the class to reach (the loss is lowered) or the one to leave (it is raised).
    loss
        A name in `LOSSES`, or a function of logits and labels that gives one loss an image.
    clip
        The range of a valid pixel; None lets the result leave it, as some papers' code does.
    batch_size
        How many images are attacked at once on a CPU, a matter of memory alone; `compute.at_once` says how many on
        a GPU.

    Raises
    ------
    ValueError
        On a call whose x lies outside `clip` (it was normalised before the attack, most likely), whose
        labels do not match the images, or on construction with a negative eps or a loss of no known name. Other
        settings are taken as they are: no steps, for one, leave x as it was.
    """

    eps: float = 0.1
    targeted: bool = False
    loss: str | Loss = "cross_entropy"
    clip: tuple[float, float] | None = (0.0, 1.0)
    batch_size: int = 1000

    def __post_init__(self) -> None:
        if self.eps < 0:
            raise ValueError(f"eps is {self.eps}; it cannot be negative")
        if isinstance(self.loss, str) and self.loss not in LOSSES:
            raise ValueError(f"no loss named {self.loss!r}; there are: {', '.join(LOSSES)}")

    def __call__(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        if y.shape != x.shape[:1]:
            raise ValueError(f"{len(x)} images come with labels of shape {tuple(y.shape)}; one each is needed")
        if self.clip and len(x):
            low, high = x.aminmax()
            if (low < self.clip[0]) | (high > self.clip[1]):
                raise ValueError(
                    f"pixels lie in [{low:.3g}, {high:.3g}], outside {list(self.clip)}: "
                    "normalisation belongs in the model, as a layer"
                )
        with evaluating(model), torch.enable_grad(), graphs.kept():
            size = compute.at_once(self.batch_size, x.device)
            parts = zip(x.detach().split(size), y.split(size), strict=True)
            return torch.cat([self.perturb(model, images, labels) for images, labels in parts])

    @abstractmethod
    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """The attack itself, on one batch."""

    def losses(self, logits: Tensor, y: Tensor) -> Tensor:
        """What the attack raises (N,): the loss, or its negative where targeted."""
        loss = LOSSES[self.loss] if isinstance(self.loss, str) else self.loss
        values = loss(logits, y)
        return -values if self.targeted else values

    def resisting(self, logits: Tensor, y: Tensor) -> Tensor:
        """Which images (N,) the attack has not got where it wants them."""
        read_as_y = logits.argmax(1) == y
        return ~read_as_y if self.targeted else read_as_y

    def gradient(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """The gradient of `losses` with respect to x, image by image."""
        return self.gradient_and_logits(model, x, y)[0]

    def gradient_and_logits(self, model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The gradient of `losses` with respect to x, and the logits at x that it took."""
        x = x.detach().requires_grad_()
        logits = model(x)
        return torch.autograd.grad(self.losses(logits, y).sum(), x)[0], logits.detach()

    def clipped(self, x: Tensor) -> Tensor:
        """x with every pixel moved into the valid range."""
        return x if self.clip is None else x.clamp(*self.clip)

    def within(self, x_adv: Tensor, x: Tensor) -> Tensor:
        """x_adv moved back into the eps ball around x and the valid range."""
        return self.clipped(torch.minimum(torch.maximum(x_adv, x - self.eps), x + self.eps))
