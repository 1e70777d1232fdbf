"""Attacks that follow the gradient of the loss, by one step or by many."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lib.attack.base import Attack
from lib.attack.noise import uniform


@dataclass(frozen=True)
class FGSM(Attack):
    """Fast gradient sign method: one step of length eps along the sign of the gradient.

    Goodfellow, Shlens and Szegedy, 2015, section 4: x + eps sign(grad J(x, y)).
    """

    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return self.clipped(x + self.eps * self.gradient(model, x, y).sign())


@dataclass(frozen=True)
class GradientStep(Attack):
    """One step along the gradient itself, without its sign: x + eps grad J(x, y).

    The code line that Sharna prints above the formula of FGSM (mitigation, III.C). Here eps is a step size,
    not a bound, and may exceed 1: how far a pixel moves depends on the size of the gradient.
    """

    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return self.clipped(x + self.eps * self.gradient(model, x, y))


@dataclass(frozen=True)
class BIM(Attack):
    """Basic iterative method: `steps` steps of FGSM of length alpha, each brought back into the eps ball.

    Kurakin, Goodfellow and Bengio, 2017, section 2.2 (Eq. 2 of Biswari et al.). With steps = 1 and
    alpha = eps it is FGSM. It takes the parameters of `Attack` as well.

    Parameters
    ----------
    alpha
        The step length in pixel units; None means 2.5 eps / steps, so that every point of the ball is in reach.
    steps
        How many steps.
    early_stop
        Whether an image is left alone once a step has got it where the attack wants it. For measuring accuracy, where
        further steps could only lose it again; not where the loss that is reached matters, as in training.
    """

    alpha: float | None = None
    steps: int = 10
    early_stop: bool = False

    @property
    def step(self) -> float:
        """The step length that is used."""
        return 2.5 * self.eps / self.steps if self.alpha is None else self.alpha

    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return self.ascend(model, x, x, y)

    def ascend(self, model: nn.Module, start: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """`steps` steps uphill from `start`, within the ball around x."""
        x_adv, going = start.clone(), torch.arange(len(x), device=x.device)
        for _ in range(self.steps):
            gradient, logits = self.gradient_and_logits(model, x_adv[going], y[going])
            if self.early_stop:
                open_ = self.resisting(logits, y[going])
                going, gradient = going[open_], gradient[open_]
            if not len(going):
                break
            x_adv[going] = self.within(x_adv[going] + self.step * gradient.sign(), x[going])
        return x_adv


@dataclass(frozen=True)
class PGD(BIM):
    """Projected gradient descent: BIM from random points of the eps ball, the worst of `restarts` for each image.

    Madry et al., 2018, section 2.1. A further restart attacks only the images that none before has fooled. It takes
    the parameters of `BIM` and of `Attack` as well.

    Parameters
    ----------
    random_start
        Whether a restart begins at a point drawn uniformly from the ball, or at x.
    restarts
        How many starts, at least 1.
    seed
        What the starts depend on, besides the image itself and the number of the restart.
    """

    steps: int = 40
    random_start: bool = True
    restarts: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.restarts < 1:
            raise ValueError(f"restarts is {self.restarts}; at least one is needed")

    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        best = self.from_start(model, x, y, restart=0)
        for restart in range(1, self.restarts):
            with torch.no_grad():
                logits = model(best)
            open_ = self.resisting(logits, y)
            if not open_.any():
                break
            candidate = self.from_start(model, x[open_], y[open_], restart)
            with torch.no_grad():
                found = model(candidate)
            better = self.losses(found, y[open_]) > self.losses(logits[open_], y[open_])
            better |= ~self.resisting(found, y[open_])  # a success may have the lower loss
            best[open_] = torch.where(better.view(-1, 1, 1, 1), candidate, best[open_])
        return best

    def from_start(self, model: nn.Module, x: Tensor, y: Tensor, restart: int) -> Tensor:
        """One restart."""
        if not self.random_start:
            return self.ascend(model, x, x, y)
        start = uniform(x, self.eps, self.seed * 1000 + restart)
        return self.ascend(model, self.within(start, x), x, y)
