"""The chapter on a made-up paper: a network is trained and attacked, and two claims are judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import nn

from lib import compute, data
from lib.attack import FGSM, random_signs
from lib.evidence.cells import Cell, Part
from lib.evidence.experiment import Experiment as Base
from lib.ledger.answers import Answer, finding
from lib.ledger.claims import paper
from lib.ledger.scale import smaller
from lib.measure.intervals import Measured, difference, rate
from lib.measure.score import score, under_attack
from lib.models.base import build
from lib.models.small import SmallCNN
from lib.show import rows
from lib.train.batches import Shuffled
from lib.train.loop import fit

CHAPTER = "one_step"

# Settings and records, and from one to the other. All that decides an outcome is in the setting.


@dataclass(frozen=True)
class Setting:
    """A network, and how it is attacked."""

    dataset: str
    epochs: int
    eps: float
    n_images: int
    seed: int

    def __str__(self) -> str:
        return f"seed {self.seed}"


@dataclass(frozen=True, eq=False)
class Attacked:
    """Which of the same test images (N,) a network classifies correctly, by what is done to them."""

    clean: NDArray[np.bool_]
    fgsm: NDArray[np.bool_]
    signs: NDArray[np.bool_]


def trained(setting: Setting) -> nn.Module:
    """The network; where it was trained before, that is loaded."""
    images, network = data.load(setting.dataset), build(SmallCNN, setting.seed, compute.device())
    fit(network, Shuffled(images.x_train, images.y_train), setting.epochs, seed=setting.seed, label=str(setting))
    return network


def measure(setting: Setting) -> Attacked:
    """Train a network, and attack it."""
    network, images = trained(setting), data.load(setting.dataset)
    some = data.sample(images.y_test, setting.n_images)
    x, y = images.x_test[some], images.y_test[some]
    return Attacked(
        score(network, x, y).correct,
        under_attack(network, FGSM(eps=setting.eps), x, y).correct,
        score(network, random_signs(x, setting.eps), y).correct,
    )


ATTACKED = Part(CHAPTER, "attacked", measure)


@dataclass(frozen=True)
class Experiment(Base):
    """The parameters of the notebook, by the same names."""

    chapter: ClassVar[str] = CHAPTER
    seed: int
    seeds: int
    dataset: str
    epochs: int
    eps: float
    n_images: int

    def scale(self) -> dict[str, object]:
        """What a run has of what the paper's own run had: the keys of `scale` in its claims."""
        return {"dataset": self.dataset, "epochs": self.epochs}

    def cells(self) -> list[Cell[Attacked]]:
        """All that the notebook reads: what is not here is no part of what a recorded run keeps."""
        seeds = range(self.seed, self.seed + self.seeds)
        return [ATTACKED(Setting(self.dataset, self.epochs, self.eps, self.n_images, seed)) for seed in seeds]


# What a page shows of records

Found = Sequence[Attacked]
"""One record a network."""


def accuracies(found: Found) -> dict[str, Measured]:
    """The figure's rows."""
    return {
        "no attack": rate([one.clean for one in found]),
        "random signs": rate([one.signs for one in found]),
        "FGSM": rate([one.fgsm for one in found]),
    }


def figure(found: Found) -> Figure:
    """Accuracy by what is done to the images."""
    return rows.shares(accuracies(found), "accuracy", controls=["no attack", "random signs"])


def headline(found: Found) -> dict[str, float]:
    """The numbers of the opening, which the tests hold against their expected ranges too."""
    shown = accuracies(found)
    return {"clean": shown["no attack"].mean, "fgsm": shown["FGSM"].mean}


def clean_accuracy(found: Found, experiment: Experiment) -> Answer:
    """Is accuracy without an attack the printed one?"""
    measured = finding("no attack", rate([one.clean for one in found]))
    return _answer("clean.accuracy", experiment, paper=measured, why="The paper prints no batch size.")


def fgsm_fools(found: Found, experiment: Experiment) -> Answer:
    """Does accuracy fall under FGSM, and by more than under random signs?"""
    clean, signs, attacked = ([getattr(one, name) for one in found] for name in ("clean", "signs", "fgsm"))
    fall, more = difference(clean, attacked), difference(signs, attacked)
    shown = finding(f"FGSM at eps {experiment.eps:g}", fall, more, "random signs of the same size")
    why = f"Accuracy falls by {fall.mean:.3f}, by {more.mean:.3f} more than under random signs."
    return _answer("fgsm.fools", experiment, paper=shown, sound=shown, why=why)


def _answer(claim: str, experiment: Experiment, **parts: object) -> Answer:
    return Answer(claim, smaller=smaller(paper(CHAPTER).claims[claim], experiment.scale()), **parts)
