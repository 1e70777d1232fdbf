"""The parameters of the chapter on adversarial training, and the attacks and trainings that follow from them."""

from dataclasses import dataclass, replace
from typing import ClassVar

from lib.attack.gradient import FGSM, PGD
from lib.chapters.adversarial_training import cases
from lib.chapters.adversarial_training.calibration import READINGS
from lib.chapters.adversarial_training.networks import (
    AS_MANY,
    FURTHER_RATE,
    TEST,
    TRAINING,
    FineTuned,
    MixedTrained,
    Normal,
    Training,
)
from lib.evidence.experiment import Experiment
from lib.show.counting import counted

CHAPTER = "adversarial_training"

SIZES = {"digits": (4_000, 1_000), "mnist": (60_000, 10_000)}
"""Training and test images of the data sets."""


@dataclass(frozen=True)
class Trainings(Experiment):
    """The notebook's parameters, and the trainings that they ask for."""

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
    tutorial_seeds: int
    side_epochs: int
    sweep_seeds: int
    n_images: int
    queries: int
    n_lbfgs: int

    @property
    def numbers(self) -> range:
        """The seeds."""
        return range(self.seed, self.seed + self.seeds)

    @property
    def tutorial_numbers(self) -> range:
        """The seeds of the tutorials' runs."""
        return range(self.seed, self.seed + self.tutorial_seeds)

    @property
    def fgsm(self) -> FGSM:
        """The paper's FGSM in the chosen `reading`."""
        return replace(READINGS[self.reading], eps=self.eps)

    @property
    def probe(self) -> PGD:
        """The attack that networks are looked at with after each epoch."""
        return PGD(eps=self.eps, steps=10, early_stop=True)

    def undefended(self, number: int) -> Normal:
        """The normal training of a seed."""
        return Normal(number, self.dataset, self.epochs, self.batch_size, self.convolutions, self.activation)

    @property
    def other(self) -> Normal:
        """A network trained independently of all others."""
        return replace(self.undefended(self.seed + 1000), epochs=self.side_epochs)

    def tuned(self, number: int, on: str, batch_size: int | None = None) -> FineTuned:
        """The paper's first defence, fine-tuned on test images or on as many training images."""
        size = batch_size or self.finetune_batch_size
        return FineTuned(self.undefended(number), self.fgsm, on, self.finetune_epochs, size)

    def going_on(self, number: int) -> MixedTrained:
        """Mixed batches, from the trained network on, for as many epochs and images as fine-tuning."""
        before, size = self.undefended(number), self.finetune_batch_size
        return MixedTrained(before, self.fgsm, AS_MANY, self.finetune_epochs, size, "trained", FURTHER_RATE)

    def mixed_trained(self, number: int) -> MixedTrained:
        """The paper's second defence."""
        before = self.undefended(number)
        return MixedTrained(before, self.fgsm, TRAINING, self.epochs, self.batch_size, self.mixed_start)

    def network(self, case: str, number: int) -> Training:
        """The network of one of `CASES`."""
        if case == cases.UNDEFENDED:
            return self.undefended(number)
        if case in (cases.TUNED_ON_TEST, cases.TUNED):
            return self.tuned(number, TEST if case == cases.TUNED_ON_TEST else AS_MANY)
        return self.going_on(number) if case == cases.GOING_ON else self.mixed_trained(number)

    def tutorial(self, kind: str, number: int) -> Training:
        """The network of one of `TUTORIAL_NETWORKS`: the tutorials' own setting, whatever the parameters are."""
        normal, size = Normal(number, self.dataset, self.tutorial_epochs, cases.TUTORIAL_BATCH), cases.TUTORIAL_BATCH
        if kind == "tuned":
            return FineTuned(normal, cases.TUTORIAL, TEST, self.finetune_epochs, size)
        if kind == "mixed":
            return MixedTrained(normal, cases.TUTORIAL, TRAINING, self.finetune_epochs, size, "trained", FURTHER_RATE)
        return normal

    def varied(self, number: int) -> dict[str, dict[str, Normal]]:
        """What the sweep compares for a seed: a shorter normal training, and what differs from it in one setting."""
        return cases.varied(replace(self.undefended(number), epochs=self.side_epochs))

    @property
    def remedies(self) -> dict[str, FGSM | PGD]:
        """The attacks that can make the attacked halves, FGSM among them, by name; all are run for `side_epochs`."""
        attacks = {"FGSM": self.fgsm, **cases.other_attacks(self.fgsm)}
        return {f"{name}, {counted(self.side_epochs, 'epoch')}": attack for name, attack in attacks.items()}

    @property
    def tutorials_setting(self) -> str:
        """The tutorials' setting in words."""
        return (
            f"the tutorials' setting: {counted(self.tutorial_epochs, 'epoch')}, then {self.finetune_epochs}, batches "
            f"of {cases.TUTORIAL_BATCH}, squared error, eps {cases.TUTORIAL.eps:g}, not clipped"
        )

    def scale(self, epochs: int, convolutions: int | None = None) -> dict[str, object]:
        """What this run has, by the keys of the claims' scales."""
        number = convolutions or self.convolutions
        layers = {1: "one convolution", 2: "two convolutions", 3: "three convolutions", 4: "four convolutions"}[number]
        return {"dataset": self.dataset, "network": layers, "epochs": epochs}

    def refused(self) -> str:
        """Why these values cannot go together; empty where they can."""
        train, test = SIZES[self.dataset]
        of_sweep = [one.batch_size for one in self.varied(self.seed)["batch size"].values()]  # batch_size among them
        trainings = [*((size, train) for size in of_sweep), (self.finetune_batch_size, test)]  # test images, or as many
        for size, count in trainings:
            if size == 1 or count % size == 1:
                return f"batches of {size} leave a last one of a single image of {count:,}: batch norm needs two"
        return ""
