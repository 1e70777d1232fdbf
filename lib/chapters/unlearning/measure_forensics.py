"""What is measured for the forensics of the second row: untrained networks, and trained ones at every eps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from lib.attack.base import Attack
from lib.chapters.unlearning import networks, reads
from lib.chapters.unlearning.looks import Images
from lib.chapters.unlearning.networks import Training
from lib.measure.curves import curve
from lib.models.base import build


@dataclass(frozen=True)
class UntrainedSetting:
    """Networks with their starting weights, from `seed` on, and a sample of `n_forensic` test images."""

    dataset: str
    lenet: type[nn.Module]
    count: int
    seed: int
    attack: Attack
    n_forensic: int

    def __str__(self) -> str:
        return f"{self.dataset}, {self.lenet.__name__}, {self.count} networks"


@dataclass(frozen=True, eq=False)
class UntrainedRecord:
    """Accuracy and loss (count, 2) of each network, on images as they are and under the attack."""

    clean: NDArray[np.float64]
    attacked: NDArray[np.float64]

    @property
    def ways(self) -> dict[str, NDArray[np.float64]]:
        """Both by name."""
        return {"clean": self.clean, "attacked": self.attacked}


def untrained(setting: UntrainedSetting) -> UntrainedRecord:
    """Show the images to each untrained network, as they are and attacked through it."""
    x, y = Images.of(setting.dataset, setting.n_forensic).some
    clean, attacked = [], []
    for number in range(setting.seed, setting.seed + setting.count):
        network = build(setting.lenet, number, x.device)
        clean.append(_point(reads.clean(network, x, y)))
        attacked.append(_point(reads.attacked(network, setting.attack, x, y)))
    return UntrainedRecord(np.array(clean), np.array(attacked))


def _point(found: reads.Reads) -> tuple[float, float]:
    return found.accuracy, found.loss


@dataclass(frozen=True)
class CurveSetting:
    """A trained network under an attack at each eps, on a sample of `n_images` test images."""

    training: Training
    attack: Attack
    eps_values: tuple[float, ...]
    n_images: int

    def __str__(self) -> str:
        clipped = "clipped" if self.attack.clip else "not clipped"
        return f"{type(self.attack).__name__}, {clipped}, {self.training}"


@dataclass(frozen=True, eq=False)
class CurveRecord:
    """Which images are classified correctly at each eps, and their losses, both (eps, N)."""

    correct: NDArray[np.bool_]
    losses: NDArray[np.float32]

    @property
    def points(self) -> NDArray[np.float64]:
        """Accuracy and loss at each eps (eps, 2)."""
        rows = zip(self.correct, self.losses, strict=True)
        return np.array([(float(correct.mean()), float(losses.mean())) for correct, losses in rows])


def curves(setting: CurveSetting) -> CurveRecord:
    """Attack a trained network at each eps."""
    some, network = Images.of(setting.training.dataset, setting.n_images).some, networks.trained(setting.training)
    found = curve(network, setting.attack, setting.eps_values, *some)
    return CurveRecord(np.array([one.correct for one in found]), np.array([one.losses for one in found], np.float32))
