"""What every network is attacked by: `ATTACKS` are the columns of the table, `CHECKS` what the red flags also need.

An attack is a function of a `Case`. Its keyword-only arguments are the notebook's parameters on which it depends as
well.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lib.attack.autoattack import autoattack
from lib.attack.gradient import BIM, FGSM, PGD
from lib.attack.lbfgs import LBFGS
from lib.attack.noise import random_signs, uniform
from lib.attack.search import square
from lib.chapters.common_ground.chosen import Chosen
from lib.measure.red_flags import LARGE_EPS
from lib.measure.score import next_class, score

RESTARTS = 5
"""How many random starts PGD has."""


@dataclass(frozen=True, eq=False)
class Case:
    """What an attack is given: a network, another one that was trained independently, images and a radius."""

    model: nn.Module
    other: nn.Module
    x: Tensor
    y: Tensor
    eps: float


def clean(case: Case) -> Tensor:
    """The images as they are."""
    return case.x


def noise(case: Case) -> Tensor:
    """The images with noise that fills the ball evenly."""
    return uniform(case.x, case.eps, seed=1).clamp(0, 1)


def signs(case: Case) -> Tensor:
    """The images moved by random signs of the size of FGSM's step: FGSM without the gradient."""
    return random_signs(case.x, case.eps)


def one_step(case: Case) -> Tensor:
    """FGSM."""
    return FGSM(eps=case.eps)(case.model, case.x, case.y)


def one_step_towards(case: Case) -> Tensor:
    """FGSM towards the next class."""
    return FGSM(eps=case.eps, targeted=True)(case.model, case.x, next_class(case.y))


def many_steps(case: Case) -> Tensor:
    """BIM; an image is left alone once a step has got it misclassified."""
    return BIM(eps=case.eps, early_stop=True)(case.model, case.x, case.y)


def restarted(case: Case) -> Tensor:
    """PGD from several random starts; an image is left alone once a step has got it misclassified."""
    return PGD(eps=case.eps, restarts=RESTARTS, early_stop=True)(case.model, case.x, case.y)


def transferred(case: Case) -> Tensor:
    """PGD through the other network."""
    return PGD(eps=case.eps)(case.other, case.x, case.y)


def searched(case: Case, *, queries: int) -> Tensor:
    """Square."""
    return square(case.model, case.x, case.y, case.eps, queries)


def judged_outside(case: Case, *, steps: int, queries: int) -> Tensor:
    """AutoAttack."""
    return autoattack(case.model, case.x, case.y, case.eps, steps=steps, queries=queries)


def from_one_start(case: Case) -> Tensor:
    """PGD from one start, of 40 steps."""
    return PGD(eps=case.eps, early_stop=True)(case.model, case.x, case.y)


def longer(case: Case) -> Tensor:
    """PGD from one start, of 100 steps."""
    return PGD(eps=case.eps, steps=100, early_stop=True)(case.model, case.x, case.y)


def huge(case: Case) -> Tensor:
    """PGD from one start, of 40 steps, at an eps at which no image can be safe."""
    return PGD(eps=LARGE_EPS, early_stop=True)(case.model, case.x, case.y)


Attack = Callable[..., Tensor]
"""From a case to x_adv (N, C, H, W)."""

SEARCHING: dict[str, Attack] = {"Square": searched, "AutoAttack": judged_outside}
"""The columns that take long."""

FOLLOWING: dict[str, Attack] = {
    "clean": clean,
    "noise": noise,
    "random signs": signs,
    "FGSM": one_step,
    "targeted FGSM": one_step_towards,
    "BIM-10": many_steps,
    "PGD-40": restarted,
    "transfer": transferred,
}
"""The columns that take little time."""

ATTACKS = FOLLOWING | SEARCHING
"""The columns of the table, from the left."""

CHECKS: dict[str, Attack] = {"one start": from_one_start, "100 steps": longer, "huge eps": huge}
"""What the red flags compare with columns of the table, and with each other."""


def correct_under(case: Case, attacks: Sequence[Chosen]) -> dict[str, NDArray[np.bool_]]:
    """Which images (N,) are still classified correctly under each attack."""
    return {attack.name: score(case.model, attack(case), case.y).correct for attack in attacks}


def nearest_adversarial(model: nn.Module, x: Tensor, y: Tensor) -> NDArray[np.float64]:
    """How far L-BFGS has to go for each image (N,), in L2; infinite where it fails, 0 where x is misclassified."""
    x_adv = LBFGS()(model, x, y)
    fooled = ~score(model, x_adv, y).correct
    lengths = (x_adv - x).flatten(1).norm(dim=1).cpu().numpy().astype(float)
    return np.where(fooled, lengths, np.inf)
