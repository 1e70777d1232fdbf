"""What attacks do to a network, and what they leave of a digit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lib import data
from lib.attack import FGSM, PGD, GradientStep, random_signs
from lib.attack.base import Attack
from lib.chapters.mitigation.likeness import correlations, nearest_class
from lib.chapters.mitigation.networks import Training, trained
from lib.digest import values
from lib.measure.curves import curve
from lib.measure.score import logits, next_class
from lib.models.base import parameter_count

Classes = NDArray[np.uint8]
"""The class that each image is taken for, or belongs to."""


def classified(network: nn.Module, x: Tensor) -> Classes:
    """What a network takes each image (N,) for."""
    return as_classes(logits(network, x).argmax(1))


def as_classes(labels: Tensor) -> Classes:
    """Labels as records keep them."""
    return labels.cpu().numpy().astype(np.uint8)


def same(classes: Classes, wanted: Classes) -> NDArray[np.bool_]:
    """Which images are taken for the wanted class; `classes` (..., n) may be of the first n images alone."""
    return classes == wanted[: classes.shape[-1]]


# A network under attack over eps


@dataclass(frozen=True)
class NetworkSetting:
    """A network, and how strongly it is attacked."""

    training: Training
    eps: tuple[float, ...]
    """Of the untargeted attacks, 0 among them."""
    eps_targeted: tuple[float, ...]
    eps_targeted_pgd: tuple[float, ...]
    n_images: int
    """How many test images are attacked in many steps."""

    def __str__(self) -> str:
        return str(self.training)


@dataclass(frozen=True, eq=False)
class Curve:
    """How images are classified under one attack: a row for each eps, a column for each image."""

    eps: tuple[float, ...]
    classes: Classes
    losses: NDArray[np.float32]
    """Cross-entropy to the true class, in nats."""

    def at(self, eps: float) -> Classes:
        """The row of one eps."""
        return self.classes[self.eps.index(eps)]


@dataclass(frozen=True, eq=False)
class NetworkRecord:
    """How a network classifies the test images, attacked through itself; in many steps only the first of them."""

    origin: str
    """Where the images come from, in words."""
    weights: str
    """Their digest."""
    parameters: int
    labels: Classes
    targets: Classes
    fgsm: Curve
    step: Curve
    pgd: Curve
    targeted_fgsm: Curve
    targeted_step: Curve
    targeted_pgd: Curve

    @property
    def clean(self) -> Classes:
        """Without an attack: FGSM at eps 0 leaves an image as it is, to the bit."""
        return self.fgsm.at(0.0)

    @property
    def few(self) -> int:
        """How many images were attacked in many steps."""
        return self.pgd.classes.shape[1]

    def correct(self, classes: Classes) -> NDArray[np.bool_]:
        """Which images are classified rightly; `classes` as in `same`."""
        return same(classes, self.labels)

    def reached(self, classes: Classes) -> NDArray[np.bool_]:
        """Which images are taken for the attack's target."""
        return same(classes, self.targets)


def network(setting: NetworkSetting) -> NetworkRecord:
    """Train a network and attack it."""
    images, model = data.load(setting.training.dataset), trained(setting.training)
    x, y = images.x_test, images.y_test
    targets, few = next_class(y), slice(setting.n_images)
    return NetworkRecord(
        images.origin,
        values.digest(model.state_dict()),
        parameter_count(model),
        as_classes(y),
        as_classes(targets),
        fgsm=over_eps(model, FGSM(), setting.eps, x, y),
        step=over_eps(model, GradientStep(), setting.eps, x, y),
        pgd=over_eps(model, PGD(early_stop=True), setting.eps, x[few], y[few]),
        targeted_fgsm=over_eps(model, FGSM(targeted=True), setting.eps_targeted, x, y, targets),
        targeted_step=over_eps(model, GradientStep(targeted=True), setting.eps_targeted, x, y, targets),
        targeted_pgd=over_eps(
            model, PGD(targeted=True, early_stop=True), setting.eps_targeted_pgd, x[few], y[few], targets[few]
        ),
    )


def over_eps(
    model: nn.Module, attack: Attack, eps: tuple[float, ...], x: Tensor, y: Tensor, targets: Tensor | None = None
) -> Curve:
    """One attack through the network itself, at each eps."""
    scores = curve(model, attack, eps, x, y, targets)
    classes = np.stack([score.read for score in scores]).astype(np.uint8)
    return Curve(eps, classes, np.stack([score.losses for score in scores]))


# Digits to look at


@dataclass(frozen=True)
class PicturesSetting:
    """Which network is attacked, how strongly, and on how many images."""

    training: Training
    eps: float
    eps_targeted: float
    count: int = 8

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
    """Attack the first test images with FGSM, and keep them."""
    images, model = data.load(setting.training.dataset), trained(setting.training)
    x, y = images.x_test[: setting.count], images.y_test[: setting.count]

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
    """Of each attacked image with itself as it was: a row for each eps."""


def likeness(setting: LikenessSetting) -> LikenessRecord:
    """Attack test images, and have them read by who knows nothing of the attack."""
    images, model = data.load(setting.training.dataset), trained(setting.training)
    x, y = images.x_test[: setting.n_images], images.y_test[: setting.n_images]
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
