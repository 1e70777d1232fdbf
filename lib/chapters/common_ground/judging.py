"""A network judged: by every attack of the table, by L-BFGS and for red flags. `judge_network` takes any network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from lib.attack.gradient import FGSM
from lib.chapters.common_ground.attacks import ATTACKS, CHECKS, Attack, Case, correct_under, nearest_adversarial
from lib.chapters.common_ground.chosen import Chosen, choose
from lib.chapters.common_ground.first import Images, sampled
from lib.measure.red_flags import Flag, Probes, by_search, flags, without_gradient

WORST = "worst case"
"""The first column: an image counts where it is read rightly clean and under every attack."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """What one network was found to be worth at one eps, image by image.

    Parameters
    ----------
    y
        The true classes (N,).
    correct
        Which images (N,) are read rightly under each attack of `ATTACKS`.
    checks
        The same under each attack of `CHECKS`.
    no_gradient
        On which images (N,) the gradient is zero in every pixel.
    distances
        Of L-BFGS, on a sample of them (n,); infinite where it failed.
    seconds
        Of training beyond the first.
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
        """Which images (N,) are read rightly, by column of the table: under all attacks, and under each of them."""
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
        A network that was trained apart, for the transfer.
    steps, queries
        Of AutoAttack's parts and of Square; the reference has 100 and 5,000.
    n_lbfgs
        How many of the images L-BFGS is run on, a sample of them.
    more
        Attacks of your own by name, functions of a `Case`: further columns, which count for the worst case.
    """
    allowed = {"steps": steps, "queries": queries}
    case = Case(model, other, *images, eps)
    return judged(case, choose(ATTACKS | dict(more or {}), allowed), choose(CHECKS, allowed), n_lbfgs)


def judged(
    case: Case, attacks: Sequence[Chosen], checks: Sequence[Chosen], n_lbfgs: int, seconds: float = 0.0
) -> Judgement:
    """All of a judgement."""
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
