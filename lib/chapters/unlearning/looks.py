"""How the chapter looks at a network, before the loop and after each of its rounds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lib import data
from lib.attack.base import Attack
from lib.attack.gradient import PGD
from lib.digest import values
from lib.measure.score import score, under_attack

WAYS = ("clean", "FGSM", "PGD")
"""The test images as they are, under the paper's FGSM, and, of a sample of them, under PGD."""


@dataclass(frozen=True, eq=False)
class Look:
    """Which images a network classifies correctly.

    FGSM is the paper's, which does not clip; PGD stays in the range of pixels and stops at an image as soon as it is
    misclassified.
    """

    weights: str
    """Their digest."""
    train: NDArray[np.bool_]
    """All training images, as they are."""
    left_out: NDArray[np.bool_]
    """Which of the training images its last training left out."""
    clean: NDArray[np.bool_]
    fgsm: NDArray[np.bool_]
    pgd: NDArray[np.bool_]
    """A sample of the test images: `lib.data.sample`."""

    def by(self, way: str) -> NDArray[np.bool_]:
        """One of the `WAYS`."""
        return {"clean": self.clean, "FGSM": self.fgsm, "PGD": self.pgd}[way]

    @property
    def overfit(self) -> float:
        """Accuracy on the images that it was trained on, minus that on test images."""
        return float(self.train[~self.left_out].mean() - self.clean.mean())


@dataclass(frozen=True, eq=False)
class Images:
    """A data set's images and labels, and the sample of its test images that is attacked in many steps."""

    train: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]
    some: tuple[Tensor, Tensor]

    @classmethod
    def of(cls, dataset: str, count: int) -> "Images":
        """The images of a data set by its name; `count` is the size of the sample."""
        found = data.load(dataset)
        chosen = data.sample(found.y_test, count)
        test = found.x_test, found.y_test
        return cls((found.x_train, found.y_train), test, (found.x_test[chosen], found.y_test[chosen]))


def weights(network: nn.Module) -> str:
    """The digest of a network's weights."""
    return values.digest(dict(network.state_dict()))


def look(network: nn.Module, fgsm: Attack, images: Images, left_out: Tensor) -> Look:
    """Look at a network; PGD has the eps of `fgsm`."""
    return Look(
        weights(network),
        score(network, *images.train).correct,
        left_out.cpu().numpy(),
        score(network, *images.test).correct,
        under_attack(network, fgsm, *images.test).correct,
        under_attack(network, PGD(eps=fgsm.eps, early_stop=True), *images.some).correct,
    )
