"""Attacks of the reader's own, beside the book's: what one made for a defence finds, counts for the worst case."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from lib.chapters.common_ground.attacks import Case
from lib.chapters.common_ground.chosen import Chosen
from lib.judge.radii import shown
from lib.judge.refused import Refused
from lib.judge.verdict import COLUMNS

Attack = Callable[[nn.Module, Tensor, Tensor, float], Tensor]
"""From a network, images (N, C, H, W) in [0, 1], classes (N,) and eps to x_adv (N, C, H, W)."""

ROUNDING = 1e-5
"""By how much a pixel may lie beyond the ball: x + eps is rounded, and so is the way back."""


def chosen(attacks: Mapping[str, Attack]) -> tuple[Chosen, ...]:
    """The attacks as those of the table are, each held to the ball.

    Raises
    ------
    Refused
        Where one is no function, or is called as a column of the table is.
    """
    for name, attack in attacks.items():
        if not callable(attack):
            raise Refused(f"the attack {name!r} is a {type(attack).__name__}: give a function (model, x, y, eps)")
        if not name.strip() or name in COLUMNS:
            raise Refused(f"an attack of your own is called {name!r}: give it a name that the table has not")
    return tuple(Chosen(name, _held(name, attack)) for name, attack in attacks.items())


def _held(name: str, attack: Attack) -> Callable[[Case], Tensor]:
    def own(case: Case) -> Tensor:
        x_adv = attack(case.model, case.x.clone(), case.y.clone(), case.eps)
        if why := _outside(x_adv, case):
            raise Refused(f"the attack {name!r} {why}: its accuracy would say nothing about this eps")
        return x_adv.detach()

    return own


def _outside(x_adv: object, case: Case) -> str:
    """Why what an attack gives are not images within eps; "" where they are."""
    if not isinstance(x_adv, Tensor):
        return f"gives a {type(x_adv).__name__}, not a tensor"
    if x_adv.shape != case.x.shape or x_adv.dtype != torch.float32 or x_adv.device != case.x.device:
        kind = str(x_adv.dtype).removeprefix("torch.")
        wanted = f"float32 {tuple(case.x.shape)} on {case.x.device}"
        return f"gives {kind} {tuple(x_adv.shape)} on {x_adv.device}, not {wanted}"
    if not x_adv.isfinite().all():
        return "gives pixels that are not numbers"
    if x_adv.min() < 0 or x_adv.max() > 1:
        return f"gives pixels from {float(x_adv.min()):.4g} to {float(x_adv.max()):.4g}, outside [0, 1]"
    far = float((x_adv - case.x).abs().max())
    return f"moves a pixel by {far:.6g}, more than eps {shown(case.eps)}" if far > case.eps + ROUNDING else ""
