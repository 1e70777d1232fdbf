"""Attacks that follow the gradient of the loss, in one step or in many."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from lib.attack.base import Attack
from lib.attack.inputs import check_counts
from lib.attack.noise import uniform
from lib.train import graphs

LOOK_EVERY = 5
"""After how many steps to check whether any image is left to attack, where the check makes the device wait."""


@dataclass(frozen=True)
class FGSM(Attack):
    """Fast gradient sign method: one step of length eps along the sign of the gradient.

    Goodfellow, Shlens and Szegedy, 2015, section 4: x + eps sign(grad J(x, y)).
    """

    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return graphs.Captured(FGSM.moved, self, model)(x, y)

    def moved(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """x after the step."""
        return self.clipped(x + self.eps * signs(self.gradient(model, x, y)))


@dataclass(frozen=True)
class GradientStep(Attack):
    """One step along the gradient itself, without its sign: x + eps grad J(x, y).

    This is the line of code that Sharna prints above the formula of FGSM (mitigation, III.C). Here eps is a step size,
    not a bound, and may exceed 1: how far a pixel moves depends on the size of the gradient.
    """

    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return graphs.Captured(GradientStep.moved, self, model)(x, y)

    def moved(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """x after the step."""
        gradient = self.gradient(model, x, y)
        return self.clipped(x + self.eps * (gradient + 0 * gradient))  # as in `signs`


@dataclass(frozen=True, kw_only=True)
class BIM(Attack):
    """Basic iterative method: `steps` steps of FGSM of length alpha, each projected back into the eps ball.

    Kurakin, Goodfellow and Bengio, 2017, section 2.2 (Eq. 2 of Biswari et al.). With steps = 1 and
    alpha = eps it is FGSM. It takes the parameters of `Attack` as well.

    Parameters
    ----------
    alpha
        The step length in pixel units; None means 2.5 eps / steps, so that every point of the ball is in reach.
    steps
        How many steps to take, at least 0.
    early_stop
        Whether an image is left alone once the attack has succeeded on it. Meant for measuring accuracy, where further
        steps could only undo the success; not for training, where the loss that is reached matters.
    """

    alpha: float | None = None
    steps: int = 10
    early_stop: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_counts(least=0, steps=self.steps)
        is_length = self.alpha is None or (self.alpha >= 0 and math.isfinite(self.alpha))
        self.check("alpha", is_length, "a step has a finite length")

    @property
    def step(self) -> float:
        """The step length in use, in pixel units."""
        return 2.5 * self.eps / self.steps if self.alpha is None else self.alpha

    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return self.ascend(model, x, x, y)

    def ascend(self, model: nn.Module, start: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """`steps` steps uphill from `start`, within the ball around x."""
        uphill = graphs.Captured(BIM.uphill, self, model)
        look_every = LOOK_EVERY if graphs.fixed_shapes(x.device) else 1
        reached, at, x_adv = start.clone(), torch.arange(len(x), device=x.device), start
        for number in range(1, self.steps + 1):
            x_adv, resisting = uphill(x_adv, x, y)
            if self.early_stop and number % look_every == 0:
                reached[at] = x_adv
                going = _going(resisting)
                at, x_adv, x, y = (values[going] for values in (at, x_adv, x, y))
                if not len(at):
                    break
        reached[at] = x_adv
        return reached

    def uphill(self, model: nn.Module, x_adv: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """x_adv after one step, unchanged where images stop early; and which images (N,) resisted before the step."""
        gradient, logits = self.gradient_and_logits(model, x_adv, y)
        moved = self.within(x_adv + self.step * signs(gradient), x)
        resisting = self.resisting(logits, y)
        return _where(resisting, moved, x_adv) if self.early_stop else moved, resisting


@dataclass(frozen=True, kw_only=True)
class PGD(BIM):
    """Projected gradient descent: BIM from random points of the eps ball, keeping each image's worst of `restarts`.

    Madry et al., 2018, section 2.1. A further restart counts only for images on which none before has succeeded. It
    takes the parameters of `BIM` and of `Attack` as well.

    Parameters
    ----------
    random_start
        Whether a restart begins at a point drawn uniformly from the ball, or at x.
    restarts
        How many starts, the first included, at least 1.
    seed
        What the starting points depend on, besides the image itself and the number of the restart.
    """

    steps: int = 40
    random_start: bool = True
    restarts: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_counts(restarts=self.restarts)

    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        best = self.from_start(model, x, y, restart=0)
        for restart in range(1, self.restarts):
            with torch.no_grad():
                logits = model(best.clone())
            open_ = self.resisting(logits, y)
            going = _going(open_)
            if not going.any():
                break
            candidate = self.from_start(model, x[going], y[going], restart)
            with torch.no_grad():
                found = model(candidate.clone())
            better = self.losses(found, y[going]) > self.losses(logits[going], y[going])
            better |= ~self.resisting(found, y[going])  # a success may have the lower loss
            best[going] = _where(better & open_[going], candidate, best[going])
        return best

    def from_start(self, model: nn.Module, x: Tensor, y: Tensor, restart: int) -> Tensor:
        """The images after one restart."""
        start = self.within(uniform(x, self.eps, self.seed * 1000 + restart), x) if self.random_start else x
        # The seed decides only where it starts: without it, one capture of a step serves all seeds.
        return replace(self, seed=0).ascend(model, start, x, y)


def signs(gradient: Tensor) -> Tensor:
    """The signs of a gradient; NaN where it is not finite, so that no such pixel passes for an attacked one."""
    return gradient.sign() + 0 * gradient


def _going(resisting: Tensor) -> Tensor:
    """Which images of a batch (N,) are attacked further: those that resist, or, where shapes are fixed, all or none."""
    return resisting.any().expand_as(resisting) if graphs.fixed_shapes(resisting.device) else resisting


def _where(chosen: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """Images (N, ...) of `one` where chosen (N,), else of `other`."""
    return torch.where(chosen.view(-1, *[1] * (one.dim() - 1)), one, other)
