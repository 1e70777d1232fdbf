"""The experiment of the chapter on unlearning: its parameters, and the cells that they ask for."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lib.attack.base import Attack
from lib.attack.gradient import FGSM, PGD
from lib.chapters.unlearning import loop, measure, measure_flags, measure_forensics, measure_loop, measure_removal
from lib.chapters.unlearning.labels import printed_in
from lib.chapters.unlearning.networks import AT_RANDOM, HIGHEST, Removal, Training, Updating
from lib.evidence import experiment
from lib.evidence.cells import Cell, Part
from lib.models.lenets import LENETS
from lib.show.counting import counted

NETWORK = Part("unlearning", "network", measure.network)
LETTER = Part("unlearning", "letter", measure.letter)
LOOP = Part("unlearning", "loop", measure_loop.rounds)
FLAGS = Part("unlearning", "flags", measure_flags.flags)
ROOM = Part("unlearning", "room", measure_loop.room)
UNTRAINED = Part("unlearning", "untrained", measure_forensics.untrained)
CURVES = Part("unlearning", "curves", measure_forensics.curves)
ONE_SHOT = Part("unlearning", "one_shot", measure_removal.one_shot)
MEMBERSHIP = Part("unlearning", "membership", measure_removal.membership)

TRAINING_IMAGES = {"digits": 4_000, "mnist": 60_000}
KINDS = (HIGHEST, AT_RANDOM)
UNTRAINED_SEEDS = 100_000
"""What is added to the seeds of untrained networks, so that none is the seed of a trained one."""


@dataclass(frozen=True)
class Experiment(experiment.Experiment):
    """The chapter's parameters; the notebook says what each means."""

    chapter: ClassVar[str] = "unlearning"

    seed: int
    seeds: int
    loop_seeds: int
    dataset: str
    architecture: str
    epochs: int
    rounds: int
    round_epochs: int
    remove: int
    eps: float
    leaves: float
    shots: int
    forget: float
    beyond: bool
    grid: int
    n_untrained: int
    n_forensic: int
    n_images: int
    queries: int

    def refused(self) -> str:
        """That the loop would remove every training image."""
        total, training = self.rounds * self.remove, TRAINING_IMAGES[self.dataset]
        if total < training:
            return ""
        return f"{self.rounds} rounds that remove {self.remove} leave nothing of {training:,} training images"

    # What follows from the parameters.

    @property
    def longer(self) -> str:
        """How long the loop goes on: "3 rounds of 1 epoch"."""
        return f"{counted(self.rounds, 'round')} of {counted(self.round_epochs, 'epoch')}"

    @property
    def fgsm(self) -> Attack:
        """The paper's FGSM, which does not clip: images are selected, made and judged by it."""
        return FGSM(eps=self.eps, clip=None)

    @property
    def trainings(self) -> list[Training]:
        """The networks with which everything is done, one for each seed."""
        return self._trainings(self.seeds)

    @property
    def looped(self) -> list[Training]:
        """The networks that go through the paper's method and its controls: those, and more if `loop_seeds` is more."""
        return self._trainings(max(self.seeds, self.loop_seeds))

    def _trainings(self, count: int) -> list[Training]:
        seeds = range(self.seed, self.seed + count)
        return [Training(self.dataset, LENETS[self.architecture], self.epochs, seed) for seed in seeds]

    @property
    def eps_grid(self) -> list[float]:
        """From 0 to 1, denser near 0."""
        return (np.linspace(0, 1, self.grid) ** 2).round(6).tolist()

    @property
    def shares(self) -> list[float]:
        """The shares of the training images that are removed in one shot."""
        return np.geomspace(0.002, 0.5, self.shots).round(4).tolist()

    @property
    def forgotten(self) -> float:
        """The share of removed images that networks are asked about: of the `shares`, the nearest to `forget`."""
        return min(self.shares, key=lambda share: abs(share - self.forget))

    @property
    def attempts(self) -> dict[str, Attack]:
        """The attacks that are tried at each eps of `eps_grid`."""
        return {"FGSM, not clipped": FGSM(clip=None), "FGSM, clipped": FGSM(), "PGD": PGD()}

    def scale(self) -> dict[str, object]:
        """What this run has, by the keys of the claims' scales."""
        whole = {"dataset": self.dataset, "network": f"LeNet of {printed_in(self.architecture)}", "epochs": self.epochs}
        return whole | {"rounds": self.rounds, "round_epochs": self.round_epochs}

    # Cells.

    def networks(self) -> list[Cell[measure.NetworkRecord]]:
        """The trained networks."""
        chosen = (self.eps, self.n_images, self.n_forensic)
        return [NETWORK(measure.NetworkSetting(one, *chosen)) for one in self.looped]

    def letter(self) -> list[Cell[measure.LetterRecord]]:
        """The rule applied to the letter, for the first network."""
        return [LETTER(measure.LetterSetting(self.trainings[0], self.fgsm, self.remove))]

    def loop(self, reading: str) -> list[Cell[measure_loop.LoopRecord]]:
        """The loop in one reading of `loop.READINGS`, one for each network."""
        trainings = self.looped if reading in measure_loop.READINGS else self.trainings
        updating = [self._updating(training, reading) for training in trainings]
        return [LOOP(measure_loop.LoopSetting(one, self.n_images, self.n_forensic)) for one in updating]

    def flags(self) -> list[Cell[measure_flags.FlagsRecord]]:
        """The signs of hidden gradients after the loop of the paper's method, one for each network."""
        updating = [self._updating(training, measure_loop.JUDGED) for training in self.looped]
        return [FLAGS(measure_flags.FlagsSetting(one, self.n_images, self.queries)) for one in updating]

    def _updating(self, training: Training, reading: str) -> Updating:
        return Updating(training, reading, self.fgsm, self.remove, self.round_epochs, self.rounds)

    def room(self) -> list[Cell[measure_loop.RoomRecord]]:
        """The loop at the eps where accuracy under FGSM is `leaves`, one for each network."""
        chosen = (self.leaves, self.remove, self.round_epochs, self.rounds, self.n_images)
        return [ROOM(measure_loop.RoomSetting(one, *chosen)) for one in self.trainings]

    def untrained(self) -> list[Cell[measure_forensics.UntrainedRecord]]:
        """The untrained networks, a cell for each LeNet in the order of `LENETS`."""
        first = self.seed + UNTRAINED_SEEDS
        chosen = (self.n_untrained, first, self.fgsm, self.n_forensic)
        return [
            UNTRAINED(measure_forensics.UntrainedSetting(self.dataset, lenet, *chosen)) for lenet in LENETS.values()
        ]

    def curves(self, attempt: str) -> list[Cell[measure_forensics.CurveRecord]]:
        """The trained networks at each eps, under an attack by its key in `attempts`."""
        chosen = (self.attempts[attempt], tuple(self.eps_grid), self.n_images)
        return [CURVES(measure_forensics.CurveSetting(one, *chosen)) for one in self.trainings]

    def one_shot(self, kind: str, share: float) -> list[Cell[measure_removal.OneShotRecord]]:
        """Networks trained from scratch on what is left, by one of `KINDS` and of `shares`; none if not `beyond`."""
        return [ONE_SHOT(Removal(one, self.fgsm, kind, share)) for one in self.trainings if self.beyond]

    def membership(self) -> list[Cell[measure_removal.MembershipRecord]]:
        """What networks still know of removed images; none if not `beyond`."""
        chosen, asked = (self.fgsm, self.forgotten, self.round_epochs), self.trainings if self.beyond else []
        return [MEMBERSHIP(measure_removal.MembershipSetting(one, *chosen)) for one in asked]

    def cells(self) -> list[Cell]:
        """All cells, in the notebook's order."""
        by_kind = [self.networks(), self.letter()]
        by_kind += [self.loop(reading) for reading in loop.READINGS]
        by_kind += [self.flags(), self.room(), self.untrained(), *(self.curves(attempt) for attempt in self.attempts)]
        by_kind += [self.one_shot(kind, share) for kind in KINDS for share in self.shares]
        return [cell for cells in [*by_kind, self.membership()] for cell in cells]
