"""The experiment of the chapter on adversarial training: its parameters, and the cells that they ask for."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from lib.attack.gradient import BIM, FGSM, PGD
from lib.attack.lbfgs import LBFGS
from lib.attack.search import LocalSearch
from lib.chapters.adversarial_training import distances, measure
from lib.chapters.adversarial_training.calibration import READINGS, Calibrating, calibration
from lib.chapters.adversarial_training.cases import (
    BUDGETS,
    CASES,
    CONTROLS,
    EPS_VALUES,
    GOING_ON,
    MIXED_HELD_OUT,
    MIXED_SEEN,
    PAPER_BATCHES,
    SETTINGS,
    STOPPED,
    TUNED,
    TUNED_ON_TEST,
    TUTORIAL,
    TUTORIAL_BATCH,
    TUTORIAL_NETWORKS,
    UNDEFENDED,
    other_attacks,
    varied,
)
from lib.chapters.adversarial_training.courses import Watching, course
from lib.chapters.adversarial_training.distances import Reaching, smallest_fgsm
from lib.chapters.adversarial_training.networks import (
    AS_MANY,
    FURTHER_RATE,
    TEST,
    TRAINING,
    FineTuned,
    MixedTrained,
    Normal,
    Stopped,
    Training,
)
from lib.chapters.adversarial_training.scores import CONTROL, KINDS, Scoring, scored
from lib.evidence.cells import Cell, Part
from lib.evidence.experiment import Experiment as Base

CHAPTER = "adversarial_training"
NORMAL, MIXED = (Part(CHAPTER, name, course) for name in ("normal", "mixed"))
LEARNED = Part(CHAPTER, "learned", measure.learned)
PICTURES = Part(CHAPTER, "pictures", measure.pictures)
CALIBRATION = Part(CHAPTER, "calibration", calibration)
ATTACKS = Part(CHAPTER, "attacks", distances.reach)
SCORES, BATCH_SIZES, REMEDIES, TUTORIALS, SWEEP = (
    Part(CHAPTER, name, scored) for name in ("scores", "batch_sizes", "remedies", "tutorials", "sweep")
)
RED_FLAGS = Part(CHAPTER, "red_flags", measure.probed)
FEW_PIXELS = Part(CHAPTER, "few_pixels", measure.few_pixels)

SIZES = {"digits": (4_000, 1_000), "mnist": (60_000, 10_000)}
"""Training and test images of the data sets."""


@dataclass(frozen=True)
class Experiment(Base):
    """The notebook's parameters, and its cells."""

    chapter: ClassVar[str] = CHAPTER

    seed: int
    seeds: int
    dataset: str
    epochs: int
    batch_size: int
    convolutions: int
    activation: str
    eps: float
    reading: str
    mixed_start: str
    finetune_epochs: int
    finetune_batch_size: int
    tutorial_epochs: int
    side_epochs: int
    sweep_seeds: int
    n_images: int
    queries: int
    n_lbfgs: int

    # Attacks and trainings

    @property
    def numbers(self) -> range:
        """The seeds."""
        return range(self.seed, self.seed + self.seeds)

    @property
    def comparable(self) -> bool:
        """Whether the images are the paper's."""
        return self.dataset == "mnist"

    @property
    def fgsm(self) -> FGSM:
        """The paper's FGSM, as it is read."""
        return replace(READINGS[self.reading], eps=self.eps)

    @property
    def probe(self) -> PGD:
        """What networks are looked at with after each epoch."""
        return PGD(eps=self.eps, steps=10, early_stop=True)

    def undefended(self, number: int) -> Normal:
        """The normal training of a seed."""
        return Normal(number, self.dataset, self.epochs, self.batch_size, self.convolutions, self.activation)

    @property
    def other(self) -> Normal:
        """A network trained apart from all others."""
        return replace(self.undefended(self.seed + 1000), epochs=self.side_epochs)

    def tuned(self, number: int, on: str, batch_size: int | None = None) -> FineTuned:
        """The paper's first defence, fine-tuned on test images or on as many training images."""
        size = batch_size or self.finetune_batch_size
        return FineTuned(self.undefended(number), self.fgsm, on, self.finetune_epochs, size)

    def going_on(self, number: int) -> MixedTrained:
        """Mixed batches for as many epochs and images as fine-tuning."""
        before, size = self.undefended(number), self.finetune_batch_size
        return MixedTrained(before, self.fgsm, AS_MANY, self.finetune_epochs, size, "trained", FURTHER_RATE)

    def mixed_trained(self, number: int) -> MixedTrained:
        """The paper's second defence."""
        before = self.undefended(number)
        return MixedTrained(before, self.fgsm, TRAINING, self.epochs, self.batch_size, self.mixed_start)

    def network(self, case: str, number: int) -> Training:
        """The network of one of `CASES`."""
        if case == UNDEFENDED:
            return self.undefended(number)
        if case in (TUNED_ON_TEST, TUNED):
            return self.tuned(number, TEST if case == TUNED_ON_TEST else AS_MANY)
        return self.going_on(number) if case == GOING_ON else self.mixed_trained(number)

    # Cells

    def normal(self) -> list[Cell]:
        """Normal training, watched: one a seed."""
        return [NORMAL(self._watching(self.undefended(number))) for number in self.numbers]

    def mixed(self) -> list[Cell]:
        """Mixed training, watched: one a seed."""
        return [MIXED(self._watching(self.mixed_trained(number))) for number in self.numbers]

    def learned(self, *, tutorial: bool) -> list[Cell]:
        """What normal training makes of its own images, the tutorials' or that of the paper's table: one a seed."""
        networks = [self._tutorial("normal", n) if tutorial else self.undefended(n) for n in self.numbers]
        return [LEARNED(measure.Learning(one)) for one in networks]

    def varied(self, number: int) -> dict[str, dict[str, Normal]]:
        """What the sweep compares, for a seed: a shorter normal training and what differs from it in one setting."""
        return varied(replace(self.undefended(number), epochs=self.side_epochs))

    def sweep(self, setting: str) -> dict[str, list[Cell]]:
        """One setting at each of its values: for each value one a seed, of the first `sweep_seeds`."""
        by_seed = [self.varied(number)[setting] for number in self.numbers[: self.sweep_seeds]]
        kinds = ("clean", "PGD")
        return {value: [SWEEP(self._scoring(one[value], kinds=kinds)) for one in by_seed] for value in by_seed[0]}

    def _watching(self, training: Training) -> Watching:
        return Watching(training, self.probe, self.n_images)

    def pictures(self) -> list[Cell]:
        """Digits before and after, by the networks of the first seed: one cell."""
        networks = self.undefended(self.seed), self.mixed_trained(self.seed)
        return [PICTURES(measure.Picturing(*networks, self.eps, distances.SHOWN))]

    def calibration(self) -> list[Cell]:
        """What the paper's FGSM can be: one a seed."""
        return [CALIBRATION(Calibrating(self.undefended(number), EPS_VALUES)) for number in self.numbers]

    @cached_property
    def ways(self) -> dict:
        """The attacks that are compared, by name."""
        return {
            "FGSM, smallest eps": smallest_fgsm,
            f"FGSM, eps {self.eps:g}": FGSM(eps=self.eps),
            f"BIM, 10 steps, eps {self.eps:g}": BIM(eps=self.eps, steps=10),
            f"PGD, 40 steps, eps {self.eps:g}": PGD(eps=self.eps),
            "L-BFGS": LBFGS(),
        }

    def attacks(self) -> list[Cell]:
        """Each of these attacks on the first network."""
        of, count = self.undefended(self.seed), self.n_lbfgs
        return [ATTACKS(Reaching(of, name, attack, count)) for name, attack in self.ways.items()]

    def targeted(self) -> list[Cell]:
        """L-BFGS towards the next digit, on the first network's first few images: one cell."""
        of, towards = self.undefended(self.seed), LBFGS(targeted=True)
        return [ATTACKS(Reaching(of, "L-BFGS, targeted", towards, self.n_lbfgs, distances.SHOWN))]

    def scores(self, case: str) -> list[Cell]:
        """One of `CASES` under all that a network is scored on: one a seed."""
        on = AS_MANY if case == MIXED_SEEN else TEST
        return [SCORES(self._scoring(self.network(case, number), on)) for number in self.numbers]

    def _scoring(self, network: Training, on: str = TEST, kinds: tuple[str, ...] | None = None) -> Scoring:
        if kinds:
            return Scoring(network, on, kinds, self.fgsm, self.n_images)
        return Scoring(network, on, tuple(KINDS), self.fgsm, self.n_images, self.queries, self.other)

    @property
    def sizes(self) -> list[int]:
        """The batch sizes of fine-tuning."""
        return sorted({self.finetune_batch_size, *PAPER_BATCHES})

    def batch_sizes(self, size: int) -> list[Cell]:
        """Fine-tuned on test images in batches of this size: one a seed."""
        if size == self.finetune_batch_size:
            return self.scores(TUNED_ON_TEST)
        kinds = ("clean", "P", "W", "PGD")
        networks = [self.tuned(number, TEST, size) for number in self.numbers]
        return [BATCH_SIZES(self._scoring(network, kinds=kinds)) for network in networks]

    @property
    def remedies(self) -> dict[str, FGSM | PGD]:
        """What else the attacked halves are made by, by name; with FGSM, all of them for `side_epochs`."""
        attacks = {"FGSM": self.fgsm, **other_attacks(self.fgsm)}
        return {f"{name}, {self.side_epochs} epochs": attack for name, attack in attacks.items()}

    @property
    def ends(self) -> list[str]:
        """Where mixed training can end."""
        return [*self.remedies, f"FGSM, all {self.epochs} epochs", STOPPED]

    def ended(self, end: str) -> list[Cell]:
        """Mixed training that ended there: one a seed."""
        mixed = [self.mixed_trained(number) for number in self.numbers]
        if end == STOPPED:
            networks = [Stopped(one, self.probe, self.n_images) for one in mixed]
        elif end in self.remedies:
            networks = [replace(one, attack=self.remedies[end], epochs=self.side_epochs) for one in mixed]
        else:
            return self.scores(MIXED_HELD_OUT)
        return [REMEDIES(self._scoring(one, kinds=("clean", "W", "PGD"))) for one in networks]

    def red_flags(self, case: str) -> list[Cell]:
        """The red flags of one of the defended cases: one a seed."""
        networks = [self.network(case, number) for number in self.numbers]
        return [RED_FLAGS(measure.Probing(one, self.other, self.eps, self.n_images)) for one in networks]

    def few_pixels(self, case: str) -> list[Cell]:
        """One of the cases under a search over few pixels: one a seed."""
        networks = [self.network(case, number) for number in self.numbers]
        return [FEW_PIXELS(measure.Searching(one, LocalSearch(), BUDGETS, self.n_lbfgs)) for one in networks]

    def tutorials(self, kind: str) -> list[Cell]:
        """The runs of the tutorials that the paper follows, by `TUTORIAL_NETWORKS`: one a seed."""
        kinds = ("clean", CONTROL, "P", "W", "PGD", "Square")
        networks = [self._tutorial(kind, number) for number in self.numbers]
        return [TUTORIALS(Scoring(one, TEST, kinds, TUTORIAL, self.n_images, self.queries)) for one in networks]

    def _tutorial(self, kind: str, number: int) -> Training:
        normal, size = Normal(number, self.dataset, self.tutorial_epochs, TUTORIAL_BATCH), TUTORIAL_BATCH
        if kind == "tuned":
            return FineTuned(normal, TUTORIAL, TEST, self.finetune_epochs, size)
        if kind == "mixed":
            return MixedTrained(normal, TUTORIAL, TRAINING, self.finetune_epochs, size, "trained", FURTHER_RATE)
        return normal

    def cells(self) -> list[Cell]:
        """All of them, in the notebook's order."""
        of_defences = [self.scores(case) for case in CASES] + [self.batch_sizes(size) for size in self.sizes]
        after = [self.ended(end) for end in self.ends]
        after += [self.red_flags(case) for case in (TUNED, MIXED_HELD_OUT)]
        after += [self.few_pixels(case) for case in (UNDEFENDED, TUNED, MIXED_HELD_OUT)]
        before = [self.tutorials(kind) for kind in TUTORIAL_NETWORKS]
        before += [self.learned(tutorial=True), self.learned(tutorial=False)]
        before += [self.normal(), self.mixed(), self.pictures(), self.calibration()]
        before += [self.scores(UNDEFENDED), self.scores(MIXED_HELD_OUT), self.attacks(), self.targeted()]
        after += [cells for setting in (*SETTINGS, *CONTROLS) for cells in self.sweep(setting).values()]
        groups = [*before, *of_defences, *after]
        return list(dict.fromkeys(cell for group in groups for cell in group))

    def refused(self) -> str:
        """Why these values cannot go together."""
        train, _ = SIZES[self.dataset]
        of_sweep = [one.batch_size for one in self.varied(self.seed)["batch size"].values()]
        trainings = [(self.batch_size, count) for count in SIZES[self.dataset]] + [(size, train) for size in of_sweep]
        for size, count in trainings:
            if size == 1 or count % size == 1:
                return f"batches of {size} leave a last one of a single image of {count:,}: batch norm needs two"
        return ""
