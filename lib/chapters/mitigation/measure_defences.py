"""What retraining does to a network, how a detector fares, and what an attacker without the weights can do."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lib import compute, data
from lib.attack import FGSM, PGD, random_signs
from lib.chapters.mitigation.detector import BlackPixels, Guarded, adaptive, suspicion, train_detector
from lib.chapters.mitigation.measure_attacks import Classes, as_classes, classified
from lib.chapters.mitigation.networks import Retraining, Training, before_and_after, trained
from lib.measure.boundary import Slice, attack_direction, distance, orthogonal_direction, plane
from lib.measure.red_flags import Probes, probes
from lib.measure.score import logits
from lib.models.base import build
from lib.models.small import DenseNetwork
from lib.train.batches import Shuffled
from lib.train.loop import fit

# Retraining


@dataclass(frozen=True)
class RetrainedSetting:
    """A network that is trained again, and how many test images are attacked in many steps."""

    retraining: Retraining
    n_images: int

    def __str__(self) -> str:
        return str(self.retraining)


@dataclass(frozen=True, eq=False)
class RetrainedRecord:
    """What the retrained network takes the test images for, by how they were attacked."""

    labels: Classes
    clean: Classes
    stale_fgsm: Classes
    """Attacked through the network as it was before."""
    fresh_fgsm: Classes
    fresh_pgd: Classes
    """Of the first images alone."""


def retrained(setting: RetrainedSetting) -> RetrainedRecord:
    """Train a network again and attack it at the same eps."""
    retraining = setting.retraining
    before, after = before_and_after(retraining)
    images, few = data.load(retraining.original.dataset), slice(setting.n_images)
    x, y = images.x_test, images.y_test
    fgsm, pgd = FGSM(eps=retraining.eps), PGD(eps=retraining.eps, early_stop=True)
    return RetrainedRecord(
        as_classes(y),
        classified(after, x),
        classified(after, fgsm(before, x, y)),
        classified(after, fgsm(after, x, y)),
        classified(after, pgd(after, x[few], y[few])),
    )


@dataclass(frozen=True)
class FlagsSetting:
    """A retrained network, another for transferred images, and how many test images are attacked."""

    retraining: Retraining
    source: Training
    n_images: int

    def __str__(self) -> str:
        return str(self.retraining)


def flags(setting: FlagsSetting) -> Probes:
    """Look for signs that the retrained network hides its gradient."""
    _, after = before_and_after(setting.retraining)
    images, source = data.load(setting.retraining.original.dataset), trained(setting.source)
    x, y = images.x_test[: setting.n_images], images.y_test[: setting.n_images]
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
    x, y = images.x_test[: setting.n_images], images.y_test[: setting.n_images]

    def around(network: nn.Module) -> Surroundings:
        uphill = attack_direction(network, x, y)
        sideways = orthogonal_direction(uphill, seed)
        return Surroundings(
            plane(network, x[:1], y[:1], setting.radius, seed=seed),
            distance(network, x, y, uphill),
            distance(network, x, y, sideways),
        )

    return BoundaryRecord(*map(around, before_and_after(setting.retraining)))


# The detector


@dataclass(frozen=True)
class DetectorSetting:
    """A network, the images that its detector learns from, and how many test images are judged."""

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
    """Of the detector."""
    suspicion_by_black: NDArray[np.float32]
    """By the count of black pixels."""
    classes: Classes


@dataclass(frozen=True, eq=False)
class DetectorRecord:
    """The same test images, clean and attacked, before a detector that was trained on FGSM images."""

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
    """Moved by random signs, which is no attack."""


def detector(setting: DetectorSetting) -> DetectorRecord:
    """Show test images to a detector, clean and attacked, also by who knows it."""
    images, eps, pair = data.load(setting.training.dataset), setting.eps, guarded(setting)
    x, y, network = images.x_test[: setting.n_images], images.y_test[: setting.n_images], pair.classifier

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


# A substitute


@dataclass(frozen=True)
class SubstituteSetting:
    """A network before and after retraining, and how long the attacker's substitute for the first is trained."""

    retraining: Retraining
    epochs: int

    def __str__(self) -> str:
        return str(self.retraining)


@dataclass(frozen=True, eq=False)
class Victim:
    """What a network takes images for, by how they were attacked."""

    clean: Classes
    signs: Classes
    through_substitute: Classes
    through_original: Classes


@dataclass(frozen=True, eq=False)
class SubstituteRecord:
    """The half of the test images that the attacker never asked about."""

    labels: Classes
    substitute: Classes
    """What the substitute takes the clean images for."""
    original: Victim
    retrained: Victim


def substitute(setting: SubstituteSetting) -> SubstituteRecord:
    """Train a dense network on the original's answers to half of the test images, and attack the rest through it."""
    retraining = setting.retraining
    before, after = before_and_after(retraining)
    images, seed = data.load(retraining.original.dataset), retraining.original.seed
    half = len(images.x_test) // 2
    asked, x, y = images.x_test[:half], images.x_test[half:], images.y_test[half:]
    copy = build(DenseNetwork, seed, compute.device())
    fit(copy, Shuffled(asked, logits(before, asked).argmax(1)), setting.epochs, seed=seed, label="substitute")
    fgsm = FGSM(eps=retraining.eps)
    shown = [x, random_signs(x, retraining.eps), fgsm(copy, x, y), fgsm(before, x, y)]
    victims = (Victim(*(classified(network, batch) for batch in shown)) for network in (before, after))
    return SubstituteRecord(as_classes(y), classified(copy, x), *victims)
