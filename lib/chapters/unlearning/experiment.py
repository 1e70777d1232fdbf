"""The experiment of the chapter on unlearning: its parameters, and the cells that they ask for."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from torch import nn

from lib.attack.base import Attack
from lib.attack.gradient import FGSM, PGD
from lib.chapters.unlearning import loop, measure, measure_forensics, measure_removal
from lib.chapters.unlearning.networks import AT_RANDOM, HIGHEST, Removal, Training, Updating
from lib.evidence import experiment
from lib.evidence.cells import Cell, Part
from lib.models.lenets import LENETS

NETWORK = Part("unlearning", "network", measure.network)
LETTER = Part("unlearning", "letter", measure.letter)
LOOP = Part("unlearning", "loop", measure.rounds)
THIRD_ROW = Part("unlearning", "third_row", measure.third_row)
UNTRAINED = Part("unlearning", "untrained", measure_forensics.untrained)
CURVES = Part("unlearning", "curves", measure_forensics.curves)
ONE_SHOT = Part("unlearning", "one_shot", measure_removal.one_shot)
MEMBERSHIP = Part("unlearning", "membership", measure_removal.membership)

TRAINING_IMAGES = {"digits": 4_000, "mnist": 60_000}
KINDS = (HIGHEST, AT_RANDOM)
UNTRAINED_SEEDS = 100_000
"""By how much the seeds of untrained networks are higher, so that none is that of a trained one."""


@dataclass(frozen=True)
class Experiment(experiment.Experiment):
    """The parameters, by what the notebook says of them."""

    chapter: ClassVar[str] = "unlearning"

    seed: int
    seeds: int
    scratch_seeds: int
    dataset: str
    architecture: str
    epochs: int
    rounds: int
    round_epochs: int
    remove: int
    eps: float
    shots: int
    forget: float
    grid: int
    n_untrained: int
    n_forensic: int
    n_images: int

    def refused(self) -> str:
        """That the loop would remove all there is."""
        total, training = self.rounds * self.remove, TRAINING_IMAGES[self.dataset]
        if total < training:
            return ""
        return f"{self.rounds} rounds that remove {self.remove} leave nothing of {training:,} training images"

    # What follows from the parameters.

    @property
    def is_mnist(self) -> bool:
        """Whether the images are the paper's."""
        return self.dataset == "mnist"

    @property
    def lenet(self) -> type[nn.Module]:
        """The class of the networks."""
        return LENETS[self.architecture]

    @property
    def fgsm(self) -> Attack:
        """By which images are selected."""
        return FGSM(eps=self.eps)

    @property
    def trainings(self) -> list[Training]:
        """The networks, one a seed."""
        seeds = range(self.seed, self.seed + self.seeds)
        return [Training(self.dataset, self.lenet, self.epochs, seed) for seed in seeds]

    @property
    def scratch(self) -> list[Training]:
        """Those for which also what starts from scratch is trained."""
        return self.trainings[: self.scratch_seeds]

    @property
    def eps_grid(self) -> list[float]:
        """From 0 to 1, denser near 0."""
        return (np.linspace(0, 1, self.grid) ** 2).round(6).tolist()

    @property
    def shares(self) -> list[float]:
        """Of the training images, removed in one shot."""
        return np.geomspace(0.002, 0.5, self.shots).round(4).tolist()

    @property
    def forgotten(self) -> float:
        """The share that the network is asked about: the nearest to `forget`."""
        return min(self.shares, key=lambda share: abs(share - self.forget))

    @property
    def attempts(self) -> dict[str, Attack]:
        """The attacks whose eps rises."""
        return {"FGSM, not clipped": FGSM(clip=None), "FGSM, clipped": FGSM(), "PGD": PGD()}

    def updating(self, reading: str) -> list[Updating]:
        """The loop in one reading, one a network that goes through it."""
        go_out = self.scratch if reading in loop.FROM_SCRATCH else self.trainings
        chosen = (reading, self.fgsm, self.remove, self.round_epochs, self.rounds)
        return [Updating(training, *chosen) for training in go_out]

    # Cells.

    def networks(self) -> list[Cell[measure.NetworkRecord]]:
        """The trained networks."""
        return [NETWORK(measure.NetworkSetting(one, self.eps, self.n_images)) for one in self.trainings]

    def letter(self) -> list[Cell[measure.LetterRecord]]:
        """The rule to the letter, for the first network."""
        return [LETTER(measure.LetterSetting(self.trainings[0], self.fgsm, self.remove))]

    def loop(self, reading: str) -> list[Cell[measure.LoopRecord]]:
        """The loop in one reading, one a network."""
        return [LOOP(measure.LoopSetting(one, self.n_images)) for one in self.updating(reading)]

    def third_row(self, network: str) -> list[Cell[measure.ThirdRowRecord]]:
        """The third row of the original networks or of a reading's: a key in `measure.UPDATED`."""
        of = self.trainings if network == measure.ORIGINAL else self.updating(network)
        return [THIRD_ROW(measure.ThirdRowSetting(one, self.eps, self.n_forensic)) for one in of]

    def untrained(self) -> list[Cell[measure_forensics.UntrainedRecord]]:
        """The untrained networks, by LeNet in the order of `LENETS`."""
        as_printed, first = FGSM(eps=self.eps, clip=None), self.seed + UNTRAINED_SEEDS
        chosen = (self.n_untrained, first, as_printed, self.n_forensic)
        return [
            UNTRAINED(measure_forensics.UntrainedSetting(self.dataset, lenet, *chosen)) for lenet in LENETS.values()
        ]

    def curves(self, attempt: str) -> list[Cell[measure_forensics.CurveRecord]]:
        """The trained networks at each eps: a key of `attempts`."""
        chosen = (self.attempts[attempt], tuple(self.eps_grid), self.n_images)
        return [CURVES(measure_forensics.CurveSetting(one, *chosen)) for one in self.trainings]

    def one_shot(self, kind: str, share: float) -> list[Cell[measure_removal.OneShotRecord]]:
        """Networks from scratch on what is left: kind and share as in `KINDS` and `shares`."""
        return [ONE_SHOT(Removal(one, self.fgsm, kind, share)) for one in self.scratch]

    def membership(self, state: str) -> list[Cell[measure_removal.MembershipRecord]]:
        """What networks still know of removed images: a state as in `measure_removal.STATES`."""
        chosen = (self.fgsm, self.forgotten, self.round_epochs)
        return [MEMBERSHIP(measure_removal.MembershipSetting(state, one, *chosen)) for one in self.scratch]

    def cells(self) -> list[Cell]:
        """All, in the notebook's order."""
        by_kind = [self.networks(), self.letter()]
        by_kind += [self.loop(reading) for reading in loop.READINGS]
        by_kind += [self.third_row(network) for network in measure.UPDATED]
        by_kind += [self.untrained(), *(self.curves(attempt) for attempt in self.attempts)]
        by_kind += [self.one_shot(kind, share) for kind in KINDS for share in self.shares]
        by_kind += [self.membership(state) for state in measure_removal.STATES]
        return [cell for cells in by_kind for cell in cells]
