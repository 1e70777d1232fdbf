"""What retraining on targeted images does: the paper does not say which of its two attacks made its images."""

from dataclasses import dataclass

from torch import Tensor, nn

from lib import data
from lib.attack import FGSM, PGD, random_signs
from lib.attack.base import Attack
from lib.chapters.mitigation.classes import as_classes, as_places, classified
from lib.chapters.mitigation.measure_retraining import RetrainedRecord
from lib.chapters.mitigation.networks import BOTH, Retraining, trained
from lib.chapters.mitigation.retraining import Attacked, retrained
from lib.measure.score import next_class


@dataclass(frozen=True)
class TargetedSetting:
    """A network that is retrained on images of targeted FGSM, and how many test images are attacked in many steps."""

    retraining: Retraining
    n_images: int

    def __str__(self) -> str:
        return str(self.retraining)


def to_next(attack: Attack) -> Attacked:
    """A targeted attack as one that is given true labels: each image's target is the next class."""

    def attacked(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return attack(model, x, next_class(y))

    return attacked


def retrained_targeted(setting: TargetedSetting) -> RetrainedRecord:
    """Train a network again on targeted images, and attack it with the same targets at the same eps."""
    retraining, eps = setting.retraining, setting.retraining.eps
    images, before = data.load(retraining.original.dataset), trained(retraining.original)
    x, y = images.x_test, images.y_test
    fgsm, pgd = to_next(FGSM(eps=eps, targeted=True)), to_next(PGD(eps=eps, targeted=True, early_stop=True))
    pairs = [(images.x_train, images.y_train), (x, y)]
    chosen = pairs if retraining.images == BOTH else pairs[:1]
    options = {"seed": retraining.original.seed, "label": f"targeted, {retraining}"}
    after, _ = retrained(before, fgsm, chosen, retraining.epochs, **options)
    some = data.sample(y, setting.n_images)
    return RetrainedRecord(
        as_classes(y),
        as_places(some),
        classified(after, x),
        classified(after, random_signs(x, eps)),
        classified(after, fgsm(before, x, y)),
        classified(after, fgsm(after, x, y)),
        classified(after, pgd(after, x[some], y[some])),
    )
