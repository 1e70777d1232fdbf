"""The experiment of the chapter on adversarial training: the cells that its parameters ask for."""

from dataclasses import dataclass, replace
from functools import cached_property

from lib.attack.gradient import BIM, FGSM, PGD
from lib.attack.lbfgs import LBFGS
from lib.attack.search import LocalSearch
from lib.chapters.adversarial_training import cases, distances, measure
from lib.chapters.adversarial_training.calibration import Calibrating, calibration
from lib.chapters.adversarial_training.courses import Watching, course
from lib.chapters.adversarial_training.distances import Reaching, smallest_fgsm
from lib.chapters.adversarial_training.networks import AS_MANY, TEST, Stopped, Training
from lib.chapters.adversarial_training.scores import CONTROL, KINDS, Scoring, scored
from lib.chapters.adversarial_training.trainings import CHAPTER, Trainings
from lib.evidence.cells import Cell, Part

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


@dataclass(frozen=True)
class Experiment(Trainings):
    """The notebook's parameters, and its cells."""

    def normal(self) -> list[Cell]:
        """Normal training, watched: one for each seed."""
        return [NORMAL(self._watching(self.undefended(number))) for number in self.numbers]

    def mixed(self) -> list[Cell]:
        """Mixed training, watched: one for each seed."""
        return [MIXED(self._watching(self.mixed_trained(number))) for number in self.numbers]

    def learned(self, *, tutorial: bool) -> list[Cell]:
        """How normal training, the tutorials' or that of Table II, classifies its own images: one for each seed."""
        if tutorial:
            networks = [self.tutorial("normal", number) for number in self.tutorial_numbers]
        else:
            networks = [self.undefended(number) for number in self.numbers]
        return [LEARNED(measure.Learning(one)) for one in networks]

    def sweep(self, setting: str) -> dict[str, list[Cell]]:
        """One setting at each of its values: for each value, one for each seed of the sweep."""
        by_seed = [self.varied(number)[setting] for number in range(self.seed, self.seed + self.sweep_seeds)]
        kinds = ("clean", "PGD")
        return {value: [SWEEP(self._scoring(one[value], kinds=kinds)) for one in by_seed] for value in by_seed[0]}

    def _watching(self, training: Training) -> Watching:
        return Watching(training, self.probe, self.n_images)

    def pictures(self) -> list[Cell]:
        """Digits before and after attacks, by the networks of the first seed: one cell."""
        networks = self.undefended(self.seed), self.mixed_trained(self.seed)
        return [PICTURES(measure.Picturing(*networks, self.eps, distances.SHOWN))]

    def calibration(self) -> list[Cell]:
        """What the paper's FGSM can be: one for each seed."""
        return [CALIBRATION(Calibrating(self.undefended(number), cases.EPS_VALUES)) for number in self.numbers]

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
        """Each of the `ways` on the first network."""
        of, count = self.undefended(self.seed), self.n_lbfgs
        return [ATTACKS(Reaching(of, name, attack, count)) for name, attack in self.ways.items()]

    def distances(self) -> dict[str, list[Cell]]:
        """The smallest FGSM and L-BFGS, whose distances are compared, on every network: by name, one for each seed."""
        return {
            name: [ATTACKS(Reaching(self.undefended(n), name, self.ways[name], self.n_lbfgs)) for n in self.numbers]
            for name in ("FGSM, smallest eps", "L-BFGS")
        }

    def targeted(self) -> list[Cell]:
        """L-BFGS towards the next digit, on the first network's first few images: one cell."""
        of, towards = self.undefended(self.seed), LBFGS(targeted=True)
        return [ATTACKS(Reaching(of, "L-BFGS, targeted", towards, self.n_lbfgs, distances.SHOWN))]

    def scores(self, case: str) -> list[Cell]:
        """One of `CASES` on everything that a network is scored on: one for each seed."""
        on = AS_MANY if case == cases.MIXED_SEEN else TEST
        return [SCORES(self._scoring(self.network(case, number), on)) for number in self.numbers]

    def _scoring(self, network: Training, on: str = TEST, kinds: tuple[str, ...] | None = None) -> Scoring:
        if kinds:
            return Scoring(network, on, kinds, self.fgsm, self.n_images)
        return Scoring(network, on, tuple(KINDS), self.fgsm, self.n_images, self.queries, self.other)

    @property
    def sizes(self) -> list[int]:
        """The batch sizes of fine-tuning."""
        return sorted({self.finetune_batch_size, *cases.PAPER_BATCHES})

    def batch_sizes(self, size: int) -> list[Cell]:
        """Networks fine-tuned on test images in batches of this size: one for each seed."""
        if size == self.finetune_batch_size:
            return self.scores(cases.TUNED_ON_TEST)
        kinds = ("clean", "P", "W", "PGD")
        networks = [self.tuned(number, TEST, size) for number in self.numbers]
        return [BATCH_SIZES(self._scoring(network, kinds=kinds)) for network in networks]

    @property
    def ends(self) -> list[str]:
        """The names of the ways in which mixed training is run, by its attack and by where it ends."""
        return [*self.remedies, f"FGSM, all {self.epochs} epochs", cases.STOPPED]

    def ended(self, end: str) -> list[Cell]:
        """Mixed training in one of the `ends`: one for each seed."""
        mixed = [self.mixed_trained(number) for number in self.numbers]
        if end == cases.STOPPED:
            networks = [Stopped(one, self.probe, self.n_images) for one in mixed]
        elif end in self.remedies:
            networks = [replace(one, attack=self.remedies[end], epochs=self.side_epochs) for one in mixed]
        else:
            return self.scores(cases.MIXED_HELD_OUT)
        return [REMEDIES(self._scoring(one, kinds=("clean", "W", "PGD"))) for one in networks]

    def red_flags(self, case: str) -> list[Cell]:
        """The red flags of one of the defended cases: one for each seed."""
        networks = [self.network(case, number) for number in self.numbers]
        return [RED_FLAGS(measure.Probing(one, self.other, self.eps, self.n_images)) for one in networks]

    def few_pixels(self, case: str) -> list[Cell]:
        """One of the cases under a search over few pixels: one for each seed."""
        networks = [self.network(case, number) for number in self.numbers]
        return [FEW_PIXELS(measure.Searching(one, LocalSearch(), cases.BUDGETS, self.n_lbfgs)) for one in networks]

    def tutorials(self, kind: str) -> list[Cell]:
        """The runs of the tutorials that the paper follows, by `TUTORIAL_NETWORKS`: one for each seed."""
        kinds = ("clean", CONTROL, "P", "W", "PGD", "Square")
        networks = [self.tutorial(kind, number) for number in self.tutorial_numbers]
        return [TUTORIALS(Scoring(one, TEST, kinds, cases.TUTORIAL, self.n_images, self.queries)) for one in networks]

    def cells(self) -> list[Cell]:
        """All cells, in the notebook's order."""
        of_defences = [self.scores(case) for case in cases.CASES] + [self.batch_sizes(size) for size in self.sizes]
        after = [self.ended(end) for end in self.ends]
        after += [self.red_flags(case) for case in (cases.TUNED, cases.MIXED_HELD_OUT)]
        after += [self.few_pixels(case) for case in (cases.UNDEFENDED, cases.TUNED, cases.MIXED_HELD_OUT)]
        before = [self.tutorials(kind) for kind in cases.TUTORIAL_NETWORKS]
        before += [self.normal(), self.mixed()]  # watched first, before another part trains these networks
        before += [self.scores(cases.UNDEFENDED), self.scores(cases.MIXED_HELD_OUT)]
        before += [self.learned(tutorial=True), self.learned(tutorial=False), self.pictures(), self.calibration()]
        before += [self.attacks(), self.targeted()]
        before += self.distances().values()
        after += [cells for setting in (*cases.SETTINGS, *cases.CONTROLS) for cells in self.sweep(setting).values()]
        groups = [*before, *of_defences, *after]
        return list(dict.fromkeys(cell for group in groups for cell in group))
