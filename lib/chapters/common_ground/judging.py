"""Every defence of `lib.chapters.common_ground.defences` against every attack, on the same images.

`DEFENCES` there and `ATTACKS` here are the table's rows and columns, by name. What is measured is kept cell by cell, by
the weights that are judged, so that a long run can stop anywhere and go on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from lib import cells
from lib.attack.autoattack import autoattack
from lib.attack.gradient import BIM, FGSM, PGD
from lib.attack.lbfgs import LBFGS
from lib.attack.noise import uniform
from lib.attack.search import square
from lib.cells import images_digest, weights_digest
from lib.chapters.common_ground.defences import DEFENCES, Defended, Images, Start
from lib.measure.curves import curve
from lib.measure.red_flags import Flag, red_flags
from lib.measure.score import next_class, score

# Attacks


@dataclass(frozen=True)
class Strength:
    """How much the costly attacks may do.

    Parameters
    ----------
    restarts
        Of PGD.
    steps
        Of AutoAttack's parts; 100 in the reference.
    queries
        Of Square, alone and in AutoAttack; 5,000 in the reference.
    """

    restarts: int = 5
    steps: int = 100
    queries: int = 5000


@dataclass(frozen=True, eq=False)
class Case:
    """What an attack is turned on: a network, another one that was trained apart, images and a radius."""

    model: nn.Module
    other: nn.Module
    x: Tensor
    y: Tensor
    eps: float
    strength: Strength


def uniform_noise(case: Case) -> Tensor:
    """Noise that fills the ball evenly."""
    return uniform(case.x, case.eps, seed=1).clamp(0, 1)


ATTACKS: dict[str, Callable[[Case], Tensor]] = {
    "clean": lambda case: case.x,
    "noise": uniform_noise,
    "FGSM": lambda case: FGSM(eps=case.eps)(case.model, case.x, case.y),
    "targeted FGSM": lambda case: FGSM(eps=case.eps, targeted=True)(case.model, case.x, next_class(case.y)),
    "BIM-10": lambda case: BIM(eps=case.eps, early_stop=True)(case.model, case.x, case.y),
    "PGD-40": lambda case: PGD(eps=case.eps, restarts=case.strength.restarts, early_stop=True)(
        case.model, case.x, case.y
    ),
    "transfer": lambda case: PGD(eps=case.eps)(case.other, case.x, case.y),
    "Square": lambda case: square(case.model, case.x, case.y, case.eps, case.strength.queries),
    "AutoAttack": lambda case: autoattack(
        case.model, case.x, case.y, case.eps, steps=case.strength.steps, queries=case.strength.queries
    ),
}
"""The columns: each gives x_adv (N, C, H, W). BIM and PGD leave an image alone once a step has got it misread."""


def read_rightly(name: str, case: Case) -> dict:
    """Which images are still read as their true class under an attack of `ATTACKS`, as 0 and 1."""
    return {"correct": score(case.model, ATTACKS[name](case), case.y).correct.astype(int).tolist()}


def nearest_adversarial(model: nn.Module, x: Tensor, y: Tensor) -> dict:
    """How far L-BFGS has to go for each image, in L2; None where it fails, 0 where the image is misread as it is."""
    x_adv = LBFGS()(model, x, y)
    fooled = ~score(model, x_adv, y).correct
    lengths = (x_adv - x).flatten(1).norm(dim=1).tolist()
    return {"l2": [length if gone else None for length, gone in zip(lengths, fooled, strict=True)]}


def accuracies_over_eps(model: nn.Module, eps_values: Sequence[float], x: Tensor, y: Tensor) -> dict:
    """Accuracy under PGD at each eps."""
    return {"accuracies": [one.accuracy for one in curve(model, PGD(early_stop=True), eps_values, x, y)]}


def flags_raised(model: nn.Module, other: nn.Module, x: Tensor, y: Tensor, eps: float) -> dict:
    """The checks of `lib.measure.red_flags`, with `other` for the transfer."""
    found = red_flags(model, x, y, eps, lambda images, labels, radius: PGD(eps=radius)(other, images, labels))
    return {"flags": [[flag.name, bool(flag.raised), flag.sentence] for flag in found]}


# The table


WORST = "worst case"
"""The first column: an image counts where it is read rightly clean and under every attack."""


@dataclass(frozen=True, eq=False)
class Judge:
    """What every network of one seed is judged by; each result is kept in a file of its own.

    Parameters
    ----------
    images
        Test images, the same for all attacks.
    other
        A network trained apart, for the transfer.
    strength
        Of the costly attacks.
    n_lbfgs
        How many of the images L-BFGS is run on, the first ones.
    grid
        The eps of the curve.
    folder
        Where cells are kept.
    """

    images: Images
    other: nn.Module
    strength: Strength
    n_lbfgs: int
    grid: tuple[float, ...]
    folder: Path = cells.CELLS

    def correct(self, model: nn.Module, name: str, eps: float) -> NDArray[np.bool_]:
        """Which images (N,) are read rightly under an attack of `ATTACKS`."""
        case = Case(model, self.other, *self.images, eps, self.strength)
        found = self._kept(
            f"attack {name}", model, (eps, self.strength), lambda: read_rightly(name, case), read_rightly
        )
        return np.array(found["correct"], dtype=bool)

    def distances(self, model: nn.Module) -> NDArray[np.float64]:
        """The L2 distance of L-BFGS (n_lbfgs,); infinite where it fails."""
        x, y = (part[: self.n_lbfgs] for part in self.images)
        measure = nearest_adversarial
        found = self._kept("lbfgs", model, self.n_lbfgs, lambda: measure(model, x, y), measure)
        return np.array([np.inf if length is None else length for length in found["l2"]])

    def curve(self, model: nn.Module) -> list[float]:
        """Accuracy under PGD at each eps of the grid."""
        measure = accuracies_over_eps
        found = self._kept("curve", model, self.grid, lambda: measure(model, self.grid, *self.images), measure)
        return found["accuracies"]

    def flags(self, model: nn.Module, eps: float) -> list[Flag]:
        """The red flags."""
        x, y = self.images
        found = self._kept("flags", model, eps, lambda: flags_raised(model, self.other, x, y, eps), flags_raised)
        return [Flag(*flag) for flag in found["flags"]]

    def _kept(self, name: str, model: nn.Module, facts: object, measure: Callable[[], dict], code: Callable) -> dict:
        """A result by all that decides it; `code` is the function that `measure` calls."""
        facts = name, facts, weights_digest(model), *self._digests
        return cells.kept(name.replace(" ", "-"), facts, measure, code, self.folder)

    @cached_property
    def _digests(self) -> tuple[str, str]:
        return weights_digest(self.other), images_digest(*self.images)


@dataclass(frozen=True, eq=False)
class Row:
    """A defence at one eps, judged: one entry a seed everywhere."""

    correct: dict[str, list[NDArray[np.bool_]]]
    """Which images (N,) are read rightly under each attack of `ATTACKS`."""
    distances: list[NDArray[np.float64]]
    """Of L-BFGS (n_lbfgs,); infinite where it failed."""
    curves: list[list[float]]
    """Accuracy under PGD over the grid."""
    flags: list[list[Flag]]
    """The red flags."""
    seconds: list[float]
    """Of training beyond the first."""

    @property
    def worst(self) -> list[NDArray[np.bool_]]:
        """Which images (N,) no attack fools."""
        return [np.all(of_seed, axis=0) for of_seed in zip(*self.correct.values(), strict=True)]

    @property
    def outcomes(self) -> dict[str, list[NDArray[np.bool_]]]:
        """Which images (N,) are read rightly, by column of the table: under all attacks, and under each of them."""
        return {WORST: self.worst} | self.correct

    def accuracies(self, column: str) -> list[float]:
        """The accuracy in a column of the table, one value a seed."""
        return [float(np.mean(hits)) for hits in self.outcomes[column]]

    def accuracy(self, column: str) -> float:
        """The accuracy in a column of the table, a mean over seeds."""
        return float(np.mean(self.accuracies(column)))

    @property
    def raised(self) -> dict[str, str]:
        """The red flags that are up in at least one seed, each with the first such seed's numbers."""
        found: dict[str, str] = {}
        for flag in (flag for of_seed in self.flags for flag in of_seed if flag.raised):
            found.setdefault(flag.name, flag.sentence)
        return found


def judged(networks: Sequence[Defended], judges: Sequence[Judge], eps: float) -> Row:
    """A row: the networks of all seeds, each under its own seed's judge."""
    pairs = [(one.network, judge) for one, judge in zip(networks, judges, strict=True)]
    return Row(
        {name: [judge.correct(model, name, eps) for model, judge in pairs] for name in ATTACKS},
        [judge.distances(model) for model, judge in pairs],
        [judge.curve(model) for model, judge in pairs],
        [judge.flags(model, eps) for model, judge in pairs],
        [one.seconds for one in networks],
    )


def table(starts: Sequence[Start], judges: Sequence[Judge], eps_values: Sequence[float]) -> dict[float, dict[str, Row]]:
    """All rows at each eps, every defence trained at that eps."""
    bar = tqdm(total=len(eps_values) * len(DEFENCES), desc="defences", leave=False)
    rows: dict[float, dict[str, Row]] = {}
    for eps in eps_values:
        rows[eps] = {}
        for name, defend in DEFENCES.items():
            rows[eps][name] = judged([defend(begun, eps) for begun in starts], judges, eps)
            bar.update()
    bar.close()
    return rows


def by_worst_case(rows: dict[float, dict[str, Row]]) -> list[str]:
    """The defences, the one first that leaves most under the worst case, over all eps together.

    Of those that leave as much, the one that leaves more in the mean of all columns comes first.
    """
    return sorted(DEFENCES, key=lambda name: _left([of[name] for of in rows.values()]), reverse=True)


def best(rows: dict[str, Row], names: Sequence[str]) -> str:
    """Which of these defences comes first in that order at one eps."""
    return max(names, key=lambda name: _left([rows[name]]))


def _left(rows: Sequence[Row]) -> tuple[float, float]:
    """What is left under the worst case, and in the mean of all columns, summed over rows."""
    worst = sum(row.accuracy(WORST) for row in rows)
    return worst, sum(row.accuracy(column) for row in rows for column in row.outcomes) / len(rows[0].outcomes)
