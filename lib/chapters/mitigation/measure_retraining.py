"""What retraining does to a network: under attacks made before it and after it, under search, around the images."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from lib import data
from lib.attack import FGSM, PGD, random_signs
from lib.attack.search import square
from lib.chapters.mitigation.classes import Classes, Places, as_classes, as_places, classified
from lib.chapters.mitigation.networks import Retraining, Training, before_and_after, trained
from lib.measure.boundary import Slice, attack_direction, distance, orthogonal_direction, plane
from lib.measure.red_flags import Probes, probes


@dataclass(frozen=True)
class RetrainedSetting:
    """A network that is trained again, and how many test images are attacked in many steps."""

    retraining: Retraining
    n_images: int

    def __str__(self) -> str:
        return str(self.retraining)


@dataclass(frozen=True, eq=False)
class RetrainedRecord:
    """What the retrained network takes the test images for, by how they were attacked at the eps of its retraining."""

    labels: Classes
    some: Places
    clean: Classes
    signs: Classes
    """Moved by random signs, which is not an attack."""
    stale_fgsm: Classes
    """Attacked through the network as it was before; targeted, like `fresh_*`, if it was retrained on such images."""
    fresh_fgsm: Classes
    fresh_pgd: Classes
    """Of `some` images alone."""

    def correct(self, classes: Classes) -> NDArray[np.bool_]:
        """Which images are classified correctly; `classes` are of all images, or of `some`."""
        return classes == (self.labels if len(classes) == len(self.labels) else self.labels[self.some])


def retrained(setting: RetrainedSetting) -> RetrainedRecord:
    """Train a network again and attack it at the same eps."""
    retraining = setting.retraining
    before, after = before_and_after(retraining)
    images = data.load(retraining.original.dataset)
    x, y = images.x_test, images.y_test
    some = data.sample(y, setting.n_images)
    fgsm, pgd = FGSM(eps=retraining.eps), PGD(eps=retraining.eps, early_stop=True)
    return RetrainedRecord(
        as_classes(y),
        as_places(some),
        classified(after, x),
        classified(after, random_signs(x, retraining.eps)),
        classified(after, fgsm(before, x, y)),
        classified(after, fgsm(after, x, y)),
        classified(after, pgd(after, x[some], y[some])),
    )


# Without the gradient


@dataclass(frozen=True)
class SearchSetting:
    """A retrained network, how many test images are attacked by search, and in how many queries each."""

    retraining: Retraining
    n_images: int
    queries: int

    def __str__(self) -> str:
        return str(self.retraining)


@dataclass(frozen=True, eq=False)
class SearchRecord:
    """What the retrained network takes some test images for after Square, which sees no gradient."""

    labels: Classes
    classes: Classes


def search(setting: SearchSetting) -> SearchRecord:
    """Attack a retrained network by random search, on the images that are attacked in many steps."""
    _, after = before_and_after(setting.retraining)
    images = data.load(setting.retraining.original.dataset)
    some = data.sample(images.y_test, setting.n_images)
    x, y = images.x_test[some], images.y_test[some]
    return SearchRecord(as_classes(y), classified(after, square(after, x, y, setting.retraining.eps, setting.queries)))


# Red flags


@dataclass(frozen=True)
class FlagsSetting:
    """A retrained network, another to transfer images from, and how many test images are attacked."""

    retraining: Retraining
    source: Training
    n_images: int

    def __str__(self) -> str:
        return str(self.retraining)


def flags(setting: FlagsSetting) -> Probes:
    """Look for signs that the retrained network hides its gradient."""
    _, after = before_and_after(setting.retraining)
    images, source = data.load(setting.retraining.original.dataset), trained(setting.source)
    some = data.sample(images.y_test, setting.n_images)
    x, y = images.x_test[some], images.y_test[some]
    return probes(after, x, y, setting.retraining.eps, lambda x, y, eps: PGD(eps=eps)(source, x, y))


# The boundary


@dataclass(frozen=True)
class BoundarySetting:
    """A network before and after retraining, how far to look, and around how many test images."""

    retraining: Retraining
    radius: float
    n_images: int

    def __str__(self) -> str:
        return str(self.retraining)


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What lies around images."""

    plane: Slice
    """Through the first of them."""
    along_gradient: NDArray[np.float32]
    """How far each image (N,) is from being misclassified along its gradient's sign, in pixel units."""
    along_random: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class BoundaryRecord:
    """What lies around the same test images for a network before and after retraining."""

    before: Surroundings
    after: Surroundings


def boundary(setting: BoundarySetting) -> BoundaryRecord:
    """Look around test images along the gradient's sign and along a random direction."""
    images, seed = data.load(setting.retraining.original.dataset), setting.retraining.original.seed
    some = data.sample(images.y_test, setting.n_images)
    x, y = images.x_test[some], images.y_test[some]

    def around(network: nn.Module) -> Surroundings:
        uphill = attack_direction(network, x, y)
        sideways = orthogonal_direction(uphill, seed)
        return Surroundings(
            plane(network, x[:1], y[:1], setting.radius, seed=seed),
            distance(network, x, y, uphill),
            distance(network, x, y, sideways),
        )

    return BoundaryRecord(*map(around, before_and_after(setting.retraining)))
