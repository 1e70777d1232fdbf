"""The chapter's parameters, and the cells that its pages are made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lib.chapters.mitigation import measure_attacks as attacks
from lib.chapters.mitigation import measure_detector as detection
from lib.chapters.mitigation import measure_digits as digits
from lib.chapters.mitigation import measure_retraining as defences
from lib.chapters.mitigation import measure_substitute as theft
from lib.chapters.mitigation import measure_targeted as targets
from lib.chapters.mitigation.networks import ALONE, BOTH, Retraining, Training
from lib.evidence import experiment
from lib.evidence.cells import Cell, Part

CHAPTER = "mitigation"

NETWORK = Part(CHAPTER, "network", attacks.network)
PICTURES = Part(CHAPTER, "pictures", digits.pictures)
LIKENESS = Part(CHAPTER, "likeness", digits.likeness)
RETRAINED = Part(CHAPTER, "retrained", defences.retrained)
RETRAINED_TARGETED = Part(CHAPTER, "retrained_targeted", targets.retrained_targeted)
SEARCH = Part(CHAPTER, "search", defences.search)
FLAGS = Part(CHAPTER, "flags", defences.flags)
BOUNDARY = Part(CHAPTER, "boundary", defences.boundary)
DETECTOR = Part(CHAPTER, "detector", detection.detector)
SUBSTITUTE = Part(CHAPTER, "substitute", theft.substitute)

PRINTED_EPS, PRINTED_EPS_TARGETED = 0.3, 0.9
"""The eps of the paper's Figs. 5 and 6, which its claims are about."""

EPS_BELOW_HALF = 0.45
"""Half the eps of Fig. 6: from 0.5 on, every image can be made the same grey, whatever it showed."""

QUERIES = 1000
"""How many queries Square may make for each image."""

QUESTIONS = (100, 250, 500, 1000, 2500, 5000)
"""The numbers of questions that substitutes are trained on."""


@dataclass(frozen=True)
class Experiment(experiment.Experiment):
    """What is measured for the chapter on mitigation."""

    chapter: ClassVar[str] = CHAPTER

    seed: int
    seeds: int
    dataset: str
    epochs: int
    retrain_epochs: int
    detector_epochs: int
    eps_train: float
    eps_untargeted: float
    eps_targeted: float
    grid: int
    n_images: int
    n_boundary: int

    def scale(self) -> dict[str, object]:
        """What this run has, by the keys of the claims' scales."""
        return {"dataset": self.dataset, "epochs": self.epochs}

    # What follows from the parameters

    @property
    def eps_grid(self) -> tuple[float, ...]:
        """The eps of the untargeted attacks' figure."""
        return _rounded(np.linspace(0, self.eps_untargeted, self.grid))

    @property
    def eps_grid_targeted(self) -> tuple[float, ...]:
        """The eps of the targeted attacks' figure."""
        return _rounded(np.linspace(0, self.eps_targeted, self.grid))

    @property
    def eps_retrain(self) -> tuple[float, ...]:
        """The eps of retraining; 0 is the control: as many further epochs on clean images."""
        return _rounded(np.array([0, 1, 2, 3]) / 3 * self.eps_train)

    @property
    def retrainings(self) -> list[tuple[str, float]]:
        """Which images each retraining uses, and at which eps."""
        return [(images, eps) for images in (BOTH, ALONE) for eps in self.eps_retrain]

    @property
    def retrainings_targeted(self) -> list[tuple[str, float]]:
        """The same with images of the targeted attack, at the eps of the paper's two figures."""
        return [(images, eps) for images in (BOTH, ALONE) for eps in (PRINTED_EPS, PRINTED_EPS_TARGETED)]

    @property
    def as_paper(self) -> tuple[str, float]:
        """The paper's retraining."""
        return BOTH, self.eps_retrain[-1]

    @property
    def as_paper_targeted(self) -> tuple[str, float]:
        """The paper's retraining, if *this attack*, after which it trains again, is its targeted one."""
        return BOTH, PRINTED_EPS_TARGETED

    @property
    def held_out(self) -> tuple[str, float]:
        """The retraining of `as_paper` without the test images."""
        return ALONE, self.eps_retrain[-1]

    # The cells

    def networks(self) -> list[Cell[attacks.NetworkRecord]]:
        """Each network, attacked over the grids and at the eps that claims are about."""
        eps = tuple(sorted({*self.eps_grid, PRINTED_EPS, self.eps_train}))
        strong = (EPS_BELOW_HALF, PRINTED_EPS_TARGETED)
        options = (eps, tuple(sorted({*self.eps_grid_targeted, *strong})), strong, self.n_images)
        return [NETWORK(attacks.NetworkSetting(training, *options)) for training in self._trainings]

    def pictures(self) -> list[Cell[digits.PicturesRecord]]:
        """Digits attacked through the first network."""
        return [PICTURES(digits.PicturesSetting(self._trainings[0], PRINTED_EPS, PRINTED_EPS_TARGETED))]

    def likeness(self) -> list[Cell[digits.LikenessRecord]]:
        """What is left of digits that were attacked through the first network."""
        eps = (0.0, 0.1, 0.3, 0.5, 0.7, PRINTED_EPS_TARGETED)
        return [LIKENESS(digits.LikenessSetting(self._trainings[0], eps, self.n_images))]

    def retrained(self, images: str, eps: float) -> list[Cell[defences.RetrainedRecord]]:
        """Each network, trained again in one of the `retrainings`."""
        return [RETRAINED(defences.RetrainedSetting(one, self.n_images)) for one in self._retrainings(images, eps)]

    def retrained_targeted(self, images: str, eps: float) -> list[Cell[defences.RetrainedRecord]]:
        """Each network, trained again in one of the `retrainings_targeted`."""
        wanted = self._retrainings(images, eps)
        return [RETRAINED_TARGETED(targets.TargetedSetting(one, self.n_images)) for one in wanted]

    def searches(self) -> list[Cell[defences.SearchRecord]]:
        """Each network, retrained on training images, attacked without its gradient."""
        return [SEARCH(defences.SearchSetting(one, self.n_images, QUERIES)) for one in self._defended]

    def flags(self) -> list[Cell[defences.Probes]]:
        """Red flags of the first network, retrained on training images."""
        source = Training(self.dataset, self.epochs, self.seed + 1000)
        return [FLAGS(defences.FlagsSetting(self._defended[0], source, self.n_images))]

    def boundary(self) -> list[Cell[defences.BoundaryRecord]]:
        """What lies around test images, before and after that retraining: up to `eps_train`, and at least up to 0.5."""
        reach = max(0.5, self.eps_train)
        return [BOUNDARY(defences.BoundarySetting(self._defended[0], reach, self.n_boundary))]

    def detectors(self) -> list[Cell[detection.DetectorRecord]]:
        """A detector for each network."""
        options = (self.eps_train, self.detector_epochs, self.n_images)
        return [DETECTOR(detection.DetectorSetting(training, *options)) for training in self._trainings]

    def substitutes(self) -> list[Cell[theft.SubstituteRecord]]:
        """Each network, attacked without knowledge of its weights."""
        return [SUBSTITUTE(theft.SubstituteSetting(one, self.epochs, QUESTIONS)) for one in self._defended]

    def cells(self) -> list[Cell]:
        """All cells."""
        retrained = [cell for retraining in self.retrainings for cell in self.retrained(*retraining)]
        retrained += [cell for one in self.retrainings_targeted for cell in self.retrained_targeted(*one)]
        before = [*self.networks(), *self.pictures(), *self.likeness()]
        after = [*retrained, *self.searches(), *self.flags(), *self.boundary()]
        return [*before, *after, *self.detectors(), *self.substitutes()]

    @property
    def _trainings(self) -> list[Training]:
        return [Training(self.dataset, self.epochs, seed) for seed in range(self.seed, self.seed + self.seeds)]

    def _retrainings(self, images: str, eps: float) -> list[Retraining]:
        return [Retraining(training, images, eps, self.retrain_epochs) for training in self._trainings]

    @property
    def _defended(self) -> list[Retraining]:
        return self._retrainings(*self.held_out)


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(np.asarray(values).round(6).tolist())
