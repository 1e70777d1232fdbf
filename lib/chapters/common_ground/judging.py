"""A network judged: by every attack of the table, by L-BFGS and for red flags. `judge_network` takes any network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lib.attack.gradient import FGSM
from lib.chapters.common_ground.attacks import ATTACKS, CHECKS, Attack, Case, correct_under, nearest_adversarial
from lib.chapters.common_ground.chosen import Chosen, choose
from lib.chapters.common_ground.first import Images, sampled
from lib.chapters.common_ground.within import outside
from lib.measure.red_flags import Flag, Probes, by_search, flags, without_gradient

WORST = "worst case"
"""The first column: an image counts where it is classified correctly, both clean and under every attack."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """What one network was found to be worth at one eps, image by image.

    Parameters
    ----------
    y
        The true classes (N,).
    correct
        Which images (N,) are classified correctly under each attack of `ATTACKS`.
    checks
        The same under each attack of `CHECKS`.
    no_gradient
        On which images (N,) the gradient is zero in every pixel.
    distances
        How far L-BFGS had to go, in L2, on a sample of the images (n,); infinite where it failed.
    seconds
        Seconds of training beyond the first training.
    """

    y: NDArray[np.uint8]
    correct: dict[str, NDArray[np.bool_]]
    checks: dict[str, NDArray[np.bool_]]
    no_gradient: NDArray[np.bool_]
    distances: NDArray[np.float64]
    seconds: float = 0.0

    @property
    def worst(self) -> NDArray[np.bool_]:
        """Which images (N,) no attack fools."""
        return np.all(list(self.correct.values()), axis=0)

    @property
    def outcomes(self) -> dict[str, NDArray[np.bool_]]:
        """Which images (N,) are classified correctly, by column of the table: under all attacks, and under each."""
        return {WORST: self.worst} | self.correct

    def accuracy(self, column: str) -> float:
        """The accuracy in a column of the table."""
        return float(self.outcomes[column].mean())

    @property
    def flags(self) -> list[Flag]:
        """The red flags, up or not."""
        known = self.correct | self.checks
        named = ("FGSM", "one start", "100 steps", "transfer", "noise", "huge eps")
        found = flags(Probes(self.y, *(known[name] for name in named), self.no_gradient))
        return [*found, by_search(known["Square"], known["PGD-40"])]


def judge_network(
    model: nn.Module,
    images: Images,
    eps: float,
    *,
    other: nn.Module,
    steps: int = 100,
    queries: int = 5000,
    n_lbfgs: int = 50,
    more: Mapping[str, Attack] | None = None,
) -> Judgement:
    """Judge any network as the table judges the chapter's own.

    Parameters
    ----------
    model
        From images in [0, 1] to logits.
    images
        Test images, on the network's device.
    eps
        The radius, in pixel units.
    other
        A network that was trained independently, from which images are transferred.
    steps, queries
        Of AutoAttack's parts and of Square; the reference has 100 and 5,000.
    n_lbfgs
        On how many of the images L-BFGS is run, a sample of them.
    more
        Attacks of your own by name, functions of a `Case`: further columns, which count for the worst case. The images
        that they give have to lie within eps and in [0, 1].

    Raises
    ------
    ValueError
        Where a label is above 255, or an attack of your own has the name of a column or a check, or leaves the ball.
    """
    if (highest := int(images[1].max())) > (most := np.iinfo(np.uint8).max):
        raise ValueError(f"a label is {highest}; a judgement keeps classes in eight bits, from 0 to {most}")
    mine = more or {}
    if taken := [name for name in mine if name in (WORST, *ATTACKS, *CHECKS)]:
        raise ValueError(f"the table or its checks have {', '.join(map(repr, taken))} already: give other names")
    allowed = {"steps": steps, "queries": queries}
    attacks = (*choose(ATTACKS, allowed), *map(_held, choose(mine, allowed)))
    return judged(Case(model, other, *images, eps), attacks, choose(CHECKS, allowed), n_lbfgs)


def _held(attack: Chosen) -> Chosen:
    """The same attack, held to the ball: for images beyond it, accuracy would say nothing about this eps."""

    def own(case: Case, **options: int) -> Tensor:
        copy = replace(case, x=case.x.clone(), y=case.y.clone())  # a copy: it cannot write to what it is held to
        x_adv = attack.function(copy, **options)
        if why := outside(x_adv, case, f"{case.eps:g}"):
            raise ValueError(f"the attack {attack.name!r} {why}")
        return x_adv

    return replace(attack, function=own)


def judged(
    case: Case, attacks: Sequence[Chosen], checks: Sequence[Chosen], n_lbfgs: int, seconds: float = 0.0
) -> Judgement:
    """The whole judgement of a case."""
    few = sampled((case.x, case.y), n_lbfgs)
    return Judgement(
        case.y.cpu().numpy().astype(np.uint8),
        correct_under(case, attacks),
        correct_under(case, checks),
        silent(case),
        nearest_adversarial(case.model, *few),
        seconds,
    )


def silent(case: Case) -> NDArray[np.bool_]:
    """On which images (N,) FGSM's gradient is zero in every pixel."""
    return without_gradient(case.model, FGSM(eps=case.eps), case.x, case.y).cpu().numpy()
