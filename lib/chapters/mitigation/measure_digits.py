"""What attacks do to a digit: pictures of it, and how much of it they leave."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from lib import data
from lib.attack import FGSM, random_signs
from lib.chapters.mitigation.classes import Classes, as_classes, classified
from lib.chapters.mitigation.likeness import correlations, nearest_class
from lib.chapters.mitigation.networks import Training, trained
from lib.measure.score import next_class

# Digits to look at


@dataclass(frozen=True)
class PicturesSetting:
    """Which network is attacked, how strongly, and on how many images."""

    training: Training
    eps: float
    eps_targeted: float
    count: int = 10
    """As many as there are classes, and so one of each."""

    def __str__(self) -> str:
        return str(self.training)


@dataclass(frozen=True, eq=False)
class Pictures:
    """Images (N, C, H, W) and what the network takes them for."""

    eps: float
    images: NDArray[np.float32]
    classes: Classes


@dataclass(frozen=True, eq=False)
class PicturesRecord:
    """The same digits, clean and attacked."""

    clean: Pictures
    untargeted: Pictures
    targeted: Pictures


def pictures(setting: PicturesSetting) -> PicturesRecord:
    """Attack test images with FGSM, and keep them."""
    images, model = data.load(setting.training.dataset), trained(setting.training)
    chosen = data.sample(images.y_test, setting.count)
    chosen = chosen[images.y_test[chosen].argsort(stable=True)]
    x, y = images.x_test[chosen], images.y_test[chosen]

    def kept(eps: float, shown: Tensor) -> Pictures:
        return Pictures(eps, shown.cpu().numpy(), classified(model, shown))

    return PicturesRecord(
        kept(0.0, x),
        kept(setting.eps, FGSM(eps=setting.eps)(model, x, y)),
        kept(setting.eps_targeted, FGSM(eps=setting.eps_targeted, targeted=True)(model, x, next_class(y))),
    )


# What is left of a digit


@dataclass(frozen=True)
class LikenessSetting:
    """Which network is attacked, how strongly, and on how many images."""

    training: Training
    eps: tuple[float, ...]
    n_images: int

    def __str__(self) -> str:
        return str(self.training)


@dataclass(frozen=True, eq=False)
class Readers:
    """What two readers take the same images for: a row for each eps, a column for each image."""

    network: Classes
    neighbour: Classes
    """The class of the nearest training image."""


@dataclass(frozen=True, eq=False)
class LikenessRecord:
    """What is left of images under targeted FGSM, and under random signs of the same size."""

    eps: tuple[float, ...]
    labels: Classes
    attacked: Readers
    signs: Readers
    correlations: NDArray[np.float32]
    """Of each attacked image with its clean form: a row for each eps."""


def likeness(setting: LikenessSetting) -> LikenessRecord:
    """Attack test images, and classify them by the network and by the nearest training image."""
    images, model = data.load(setting.training.dataset), trained(setting.training)
    chosen = data.sample(images.y_test, setting.n_images)
    x, y = images.x_test[chosen], images.y_test[chosen]
    known = (images.x_train, images.y_train)
    attacked = [FGSM(eps=eps, targeted=True)(model, x, next_class(y)) for eps in setting.eps]
    signs = [random_signs(x, eps) for eps in setting.eps]

    def read(batches: list[Tensor]) -> Readers:
        return Readers(
            np.stack([classified(model, batch) for batch in batches]),
            np.stack([as_classes(nearest_class(batch, *known)) for batch in batches]),
        )

    alike = np.stack([correlations(batch, x) for batch in attacked])
    return LikenessRecord(setting.eps, as_classes(y), read(attacked), read(signs), alike)
