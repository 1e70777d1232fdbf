"""How a detector of attacked images fares."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from lib import data
from lib.attack import FGSM, PGD, random_signs
from lib.chapters.mitigation.classes import Classes, as_classes, classified
from lib.chapters.mitigation.detector import BlackPixels, Guarded, adaptive, suspicion, train_detector
from lib.chapters.mitigation.networks import Training, trained


@dataclass(frozen=True)
class DetectorSetting:
    """A network, how its detector is trained, and how many test images are judged."""

    training: Training
    eps: float
    epochs: int
    n_images: int

    def __str__(self) -> str:
        return str(self.training)


@dataclass(frozen=True, eq=False)
class Judged:
    """How much images (N,) are suspected of an attack, and what the network takes them for."""

    suspicion: NDArray[np.float32]
    """By the detector."""
    suspicion_by_black: NDArray[np.float32]
    """By the count of black pixels."""
    classes: Classes


@dataclass(frozen=True, eq=False)
class DetectorRecord:
    """The same test images, clean and attacked, as a detector judges them that was trained on FGSM images."""

    labels: Classes
    clean: Judged
    fgsm: Judged
    weak_fgsm: Judged
    """At a third of eps."""
    pgd: Judged
    adaptive: Judged
    """Attacked by PGD that knows the detector."""
    adaptive_random_start: Judged
    signs: Judged
    """Moved by random signs, which is not an attack."""


def detector(setting: DetectorSetting) -> DetectorRecord:
    """Show test images to a detector: clean, attacked, and attacked by PGD that knows it."""
    images, eps, pair = data.load(setting.training.dataset), setting.eps, guarded(setting)
    some, network = data.sample(images.y_test, setting.n_images), pair.classifier
    x, y = images.x_test[some], images.y_test[some]

    def judged(shown: Tensor) -> Judged:
        return Judged(suspicion(pair.detector, shown), suspicion(BlackPixels(), shown), classified(network, shown))

    return DetectorRecord(
        as_classes(y),
        judged(x),
        judged(FGSM(eps=eps)(network, x, y)),
        judged(FGSM(eps=eps / 3)(network, x, y)),
        judged(PGD(eps=eps)(network, x, y)),
        judged(adaptive(eps)(pair, x, y)),
        judged(adaptive(eps, random_start=True)(pair, x, y)),
        judged(random_signs(x, eps)),
    )


def guarded(setting: DetectorSetting) -> Guarded:
    """The network and a detector that learned from training images attacked through it."""
    images, network, seed = data.load(setting.training.dataset), trained(setting.training), setting.training.seed
    attacked = FGSM(eps=setting.eps)(network, images.x_train, images.y_train)
    return Guarded(network, train_detector(images.x_train, attacked, setting.epochs, seed=seed, label="detector"))
