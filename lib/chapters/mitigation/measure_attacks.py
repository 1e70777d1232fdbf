"""What attacks do to a network over eps."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lib import data
from lib.attack import FGSM, PGD, GradientStep, random_signs
from lib.attack.base import Attack
from lib.chapters.mitigation.classes import Classes, Places, as_classes, as_places, classified
from lib.chapters.mitigation.networks import Training, trained
from lib.digest import values
from lib.measure.score import next_class
from lib.models.base import parameter_count


@dataclass(frozen=True)
class NetworkSetting:
    """A network, and how strongly it is attacked."""

    training: Training
    eps: tuple[float, ...]
    """Of the untargeted attacks; 0 is among them."""
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

    def at(self, eps: float) -> Classes:
        """The row of one eps."""
        return self.classes[self.eps.index(eps)]


@dataclass(frozen=True, eq=False)
class NetworkRecord:
    """How a network classifies the test images attacked through it; only `some` are attacked in many steps."""

    origin: str
    """Where the images come from, in words."""
    weights: str
    """Their digest."""
    parameters: int
    labels: Classes
    targets: Classes
    some: Places
    fgsm: Curve
    step: Curve
    """The step along the gradient without its sign."""
    pgd: Curve
    """Of `some` images."""
    targeted_fgsm: Curve
    targeted_step: Curve
    targeted_pgd: Curve
    """Of `some` images."""
    signs: Curve
    """Moved by random signs, which is not an attack: at every eps of the attacks, targeted or not."""

    @property
    def clean(self) -> Classes:
        """Without an attack: FGSM at eps 0 leaves an image as it is, to the bit."""
        return self.fgsm.at(0.0)

    def correct(self, classes: Classes) -> NDArray[np.bool_]:
        """Which images are classified correctly; `classes` are of all images, or of `some`."""
        return classes == self.on(self.labels, classes)

    def reached(self, classes: Classes) -> NDArray[np.bool_]:
        """Which images are taken for the attack's target; `classes` are of all images, or of `some`."""
        return classes == self.on(self.targets, classes)

    def on(self, known: np.ndarray, others: np.ndarray) -> np.ndarray:
        """The part of `known`, which is of all images (N,), for the images that `others` (..., n) are about."""
        return known if others.shape[-1] == len(known) else known[self.some]


def network(setting: NetworkSetting) -> NetworkRecord:
    """Train a network and attack it."""
    images, model = data.load(setting.training.dataset), trained(setting.training)
    x, y = images.x_test, images.y_test
    targets, some = next_class(y), data.sample(y, setting.n_images)
    return NetworkRecord(
        images.origin,
        values.digest(model.state_dict()),
        parameter_count(model),
        as_classes(y),
        as_classes(targets),
        as_places(some),
        fgsm=over_eps(model, FGSM(), setting.eps, x, y),
        step=over_eps(model, GradientStep(), setting.eps, x, y),
        pgd=over_eps(model, PGD(early_stop=True), setting.eps, x[some], y[some]),
        targeted_fgsm=over_eps(model, FGSM(targeted=True), setting.eps_targeted, x, targets),
        targeted_step=over_eps(model, GradientStep(targeted=True), setting.eps_targeted, x, targets),
        targeted_pgd=over_eps(
            model, PGD(targeted=True, early_stop=True), setting.eps_targeted_pgd, x[some], targets[some]
        ),
        signs=by_chance(model, tuple(sorted({*setting.eps, *setting.eps_targeted})), x),
    )


def over_eps(model: nn.Module, attack: Attack, eps: tuple[float, ...], x: Tensor, y: Tensor) -> Curve:
    """One attack through the network itself, at each eps; y (N,) are its targets if it is a targeted one."""
    return Curve(eps, np.stack([classified(model, replace(attack, eps=one)(model, x, y)) for one in eps]))


def by_chance(model: nn.Module, eps: tuple[float, ...], x: Tensor) -> Curve:
    """Each pixel moved up or down at random, at each eps."""
    return Curve(eps, np.stack([classified(model, random_signs(x, one)) for one in eps]))
