"""What an attacker can do who sees a network's answers but not its weights."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from lib import compute, data
from lib.attack import FGSM, random_signs
from lib.chapters.mitigation.classes import Classes, as_classes, classified
from lib.chapters.mitigation.networks import Retraining, before_and_after
from lib.measure.score import logits
from lib.models.base import build
from lib.models.small import DenseNetwork
from lib.train.batches import Shuffled
from lib.train.loop import fit


@dataclass(frozen=True)
class SubstituteSetting:
    """A network before and after retraining, what an attacker asks the first, and how long substitutes are trained."""

    retraining: Retraining
    epochs: int
    """Passes over half of the test images; with fewer questions the steps are as many, and so the passes are more."""
    questions: tuple[int, ...]
    """The numbers of questions that the attacker asks; those above half of the test images are left out."""

    def __str__(self) -> str:
        return str(self.retraining)


@dataclass(frozen=True, eq=False)
class Victim:
    """What a network takes images for, by how they were attacked."""

    clean: Classes
    signs: Classes
    through_substitute: Classes
    """A row for each number of questions."""
    through_original: Classes


@dataclass(frozen=True, eq=False)
class SubstituteRecord:
    """How networks classify the half of the test images that the attacker never asked about."""

    labels: Classes
    questions: tuple[int, ...]
    """The setting's numbers of questions up to half of the test images."""
    substitute: Classes
    """What each substitute takes the clean images for: a row for each number of questions."""
    original: Victim
    retrained: Victim


def substitute(setting: SubstituteSetting) -> SubstituteRecord:
    """Train dense networks on the original's answers about half of the test images; attack the rest through them."""
    retraining = setting.retraining
    before, after = before_and_after(retraining)
    images = data.load(retraining.original.dataset)
    half = data.sample(images.y_test, len(images.y_test) // 2)
    asked, labels = images.x_test[half], images.y_test[half]
    rest = np.setdiff1d(np.arange(len(images.y_test)), half.cpu())
    x, y = images.x_test[rest], images.y_test[rest]
    questions = tuple(number for number in setting.questions if number <= len(half))
    copies = []
    for number in questions:
        few = data.sample(labels, number)
        copies.append(copy_of(before, asked[few], setting.epochs * len(half) // number, retraining.original.seed))
    fgsm = FGSM(eps=retraining.eps)
    through = [fgsm(copy, x, y) for copy in copies]
    alone = [x, random_signs(x, retraining.eps), fgsm(before, x, y)]

    def victim(network: nn.Module) -> Victim:
        clean, signs, white_box = (classified(network, shown) for shown in alone)
        return Victim(clean, signs, np.stack([classified(network, shown) for shown in through]), white_box)

    taken = np.stack([classified(copy, x) for copy in copies])
    return SubstituteRecord(as_classes(y), questions, taken, victim(before), victim(after))


def copy_of(network: nn.Module, asked: Tensor, epochs: int, seed: int) -> nn.Module:
    """A dense network trained on what another answers about the images asked (N, C, H, W)."""
    copy = build(DenseNetwork, seed, compute.device())
    answers = logits(network, asked).argmax(1)
    fit(copy, Shuffled(asked, answers), epochs, seed=seed, label=f"substitute, {len(asked)} questions")
    return copy
