"""What is measured of the trained networks, and of the rule that removes, to the letter."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lib import data
from lib.attack.base import Attack
from lib.attack.gradient import FGSM, PGD
from lib.chapters.unlearning import loop, measure_row, networks, reads
from lib.chapters.unlearning.looks import Images, Look, weights
from lib.chapters.unlearning.measure_row import Row
from lib.chapters.unlearning.networks import Training
from lib.chapters.unlearning.reads import Reads
from lib.measure.score import score, under_attack

SHOWN = 8
"""How many of the worst images are kept to look at."""


@dataclass(frozen=True)
class NetworkSetting:
    """A trained network, attacked within eps: `n_images` test images in many steps, `n_row` for the third row."""

    training: Training
    eps: float
    n_images: int
    n_row: int

    def __str__(self) -> str:
        return str(self.training)


@dataclass(frozen=True, eq=False)
class NetworkRecord:
    """How the network classifies test images: all of them as they are and under FGSM, a sample of them under PGD."""

    weights: str
    train: NDArray[np.bool_]
    """Which training images are classified correctly."""
    some: NDArray[np.int64]
    """The indices of the test images that are attacked in many steps."""
    clean: Reads
    printed: Reads
    """Under FGSM, not clipped."""
    clipped: Reads
    pgd: Reads
    """Run to the end of its steps."""
    stopped: NDArray[np.bool_]
    """Which are classified correctly under PGD that stops at an image as soon as it is misclassified."""
    row: Row

    @property
    def look(self) -> Look:
        """The same as a `Look`, the form that the networks after each round have."""
        nothing = np.zeros_like(self.train)
        return Look(self.weights, self.train, nothing, self.clean.correct, self.printed.correct, self.stopped)


def network(setting: NetworkSetting) -> NetworkRecord:
    """Attack the trained network."""
    model, dataset = networks.trained(setting.training), setting.training.dataset
    images, fgsm, pgd = Images.of(dataset, setting.n_images), FGSM(eps=setting.eps), PGD(eps=setting.eps)
    return NetworkRecord(
        weights(model),
        score(model, *images.train).correct,
        data.sample(images.test[1], setting.n_images).cpu().numpy(),
        reads.clean(model, *images.test),
        reads.attacked(model, replace(fgsm, clip=None), *images.test),
        reads.attacked(model, fgsm, *images.test),
        reads.attacked(model, pgd, *images.some),
        under_attack(model, replace(pgd, early_stop=True), *images.some).correct,
        measure_row.row(model, model, dataset, setting.eps, setting.n_row),
    )


@dataclass(frozen=True)
class LetterSetting:
    """What the rule of Figs. 6, 8 and 9 is given: as many images as a round selects."""

    training: Training
    attack: Attack
    remove: int

    def __str__(self) -> str:
        return str(self.training)


@dataclass(frozen=True, eq=False)
class LetterRecord:
    """The indices of the images that the rule removes if it is given indices, tuples or an array of images."""

    indices: list[int]
    tuples: list[int]
    array: list[int]
    worst: NDArray[np.float32]
    """The first of the selected images (n, C, H, W) as they are, the worst first."""
    attacked: NDArray[np.float32]
    """The same, attacked."""
    labels: list[int]
    read: list[int]
    """The classes that the network gives the attacked ones."""


def letter(setting: LetterSetting) -> LetterRecord:
    """Run the paper's rule of removal on indices, on tuples and on an array of images."""
    model = networks.trained(setting.training)
    s = networks.prepared(setting.training, setting.attack, remove=setting.remove)
    numbers, x_adv, y = loop.worst_attacked(model, s)
    tuples, array = loop.as_tuples(model, x_adv, y), x_adv.cpu().numpy()
    every = set(range(len(s.x)))
    lists = (numbers.tolist(), tuples, array)
    removed = (sorted(every - {*loop.letter(len(s.x), chosen)}) for chosen in lists)
    _, labels, read = zip(*tuples[:SHOWN], strict=True)
    return LetterRecord(*removed, s.x[numbers[:SHOWN]].cpu().numpy(), array[:SHOWN], [*labels], [*read])
