"""What is measured of the networks, the letter of the rule and the loop: the first three rows of the paper's table."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lib import data
from lib.attack.base import Attack, softmax_sum
from lib.attack.gradient import FGSM, PGD
from lib.attack.noise import random_signs
from lib.chapters.unlearning import loop, networks, reads
from lib.chapters.unlearning.networks import Training, Updating
from lib.chapters.unlearning.reads import Reads
from lib.digest import values
from lib.measure.red_flags import zero_gradients
from lib.measure.score import score, under_attack

JUDGED = "b"
"""The reading that stands for the paper's method."""


def weights(network: nn.Module) -> str:
    """The digest of a network's weights."""
    return values.digest(dict(network.state_dict()))


# The trained network


@dataclass(frozen=True)
class NetworkSetting:
    """A trained network, attacked within eps; in many steps on the first `n_images` test images."""

    training: Training
    eps: float
    n_images: int

    def __str__(self) -> str:
        return str(self.training)


@dataclass(frozen=True, eq=False)
class NetworkRecord:
    """How it reads test images: all of them as they are and under FGSM, the first ones under PGD."""

    weights: str
    clean: Reads
    printed: Reads
    """Under FGSM, not clipped."""
    clipped: Reads
    pgd: Reads
    """To the end of its steps."""
    stopped: NDArray[np.bool_]
    """Which images are read rightly under PGD that stops at an image as soon as it is misread."""

    @property
    def watched(self) -> dict[str, NDArray[np.bool_]]:
        """Which images it reads rightly, as the loop looks at it after each round."""
        return {"clean": self.clean.correct, "FGSM": self.clipped.correct, "PGD": self.stopped}


def network(setting: NetworkSetting) -> NetworkRecord:
    """Attack the trained network."""
    model, (x, y) = networks.trained(setting.training), _test_images(setting.training)
    some, fgsm = (x[: setting.n_images], y[: setting.n_images]), FGSM(eps=setting.eps)
    return NetworkRecord(
        weights(model),
        reads.clean(model, x, y),
        reads.attacked(model, replace(fgsm, clip=None), x, y),
        reads.attacked(model, fgsm, x, y),
        reads.attacked(model, PGD(eps=setting.eps), *some),
        under_attack(model, PGD(eps=setting.eps, early_stop=True), *some).correct,
    )


def _test_images(training: Training, count: int | None = None) -> tuple[Tensor, Tensor]:
    images = data.load(training.dataset)
    return images.x_test[:count], images.y_test[:count]


# The letter of the rule


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
    """The numbers of the images that the rule removes where the list holds indices, tuples or an array of images."""

    indices: list[int]
    tuples: list[int]
    array: list[int]


def letter(setting: LetterSetting) -> LetterRecord:
    """Run the rule on each of the lists."""
    model = networks.trained(setting.training)
    s = networks.prepared(setting.training, setting.attack, remove=setting.remove)
    numbers, x_adv, y = loop.worst_attacked(model, s)
    tuples, array = loop.as_tuples(model, x_adv, y), x_adv.cpu().numpy()
    every = set(range(len(s.x)))
    lists = (numbers.tolist(), tuples, array)
    return LetterRecord(*(sorted(every - {*loop.letter(len(s.x), chosen)}) for chosen in lists))


# The loop


@dataclass(frozen=True)
class LoopSetting:
    """The loop in one reading, looked at after each round; under PGD on the first `n_images` test images."""

    updating: Updating
    n_images: int

    def __str__(self) -> str:
        return str(self.updating)


@dataclass(frozen=True, eq=False)
class LoopRecord:
    """For each round which test images (rounds, N) are read rightly: as they are, under FGSM (clipped), under PGD."""

    images: list[int]
    """How many each round trained on."""
    weights: list[str]
    clean: NDArray[np.bool_]
    fgsm: NDArray[np.bool_]
    pgd: NDArray[np.bool_]
    """Of the first images; it stops at an image as soon as it is misread."""
    printed: Reads | None
    """After the last round under FGSM, not clipped; of the reading `JUDGED` alone."""
    longest: Reads | None
    """The same under PGD to the end of its steps, the first images."""

    @property
    def watched(self) -> dict[str, NDArray[np.bool_]]:
        """What was looked at, by its name."""
        return {"clean": self.clean, "FGSM": self.fgsm, "PGD": self.pgd}

    def last(self, way: str) -> NDArray[np.bool_]:
        """Which images (N,) are read rightly after the last round."""
        return self.watched[way][-1]


def rounds(setting: LoopSetting) -> LoopRecord:
    """Run the loop and look at the network of each round."""
    updating, attack = setting.updating, setting.updating.attack
    x, y = _test_images(updating.training)
    some = x[: setting.n_images], y[: setting.n_images]
    pgd = PGD(eps=attack.eps, early_stop=True)
    seen, printed, longest = [], None, None
    for step in networks.rounds(updating):
        model = step.network
        correct = (score(model, x, y).correct, under_attack(model, attack, x, y).correct)
        seen.append((step.images, weights(model), *correct, under_attack(model, pgd, *some).correct))
    if updating.reading == JUDGED:
        printed = reads.attacked(model, replace(attack, clip=None), x, y)
        longest = reads.attacked(model, PGD(eps=attack.eps), *some)
    images, digests, *correct = zip(*seen, strict=True)
    return LoopRecord([*images], [*digests], *map(np.array, correct), printed, longest)


# The third row

ORIGINAL = "original"
UPDATED = (ORIGINAL, "none", "b", "c", "d", "e", "f")
"""The networks whose third row is measured: the one before any round, and after the last of these readings."""


def printed_attacks(eps: float) -> dict[str, Attack]:
    """The attacks that the paper prints, and the same clipped."""
    fgsm, rounding = FGSM(eps=eps), FGSM(eps=eps, loss=softmax_sum)
    found = {"fgsm": replace(fgsm, clip=None), "fgsm, clipped": fgsm}
    return found | {"softmax sum": replace(rounding, clip=None), "softmax sum, clipped": rounding}


@dataclass(frozen=True)
class ThirdRowSetting:
    """A trained or an updated network under the printed attacks, on the first `n_forensic` test images."""

    of: Training | Updating
    eps: float
    n_forensic: int

    def __str__(self) -> str:
        return str(self.of) if isinstance(self.of, Updating) else f"{ORIGINAL}, {self.of}"


@dataclass(frozen=True, eq=False)
class ThirdRowRecord:
    """How it reads them, by attack."""

    fresh: dict[str, Reads]
    """Made through the network itself."""
    stale: dict[str, Reads]
    """Made through the original network; none where it is the original, to which they are fresh."""
    noise: Reads
    """Moved by random signs, clipped."""
    zero_gradients: float
    """The share of images on which the gradient of Fig. 5 is zero in every pixel."""


def third_row(setting: ThirdRowSetting) -> ThirdRowRecord:
    """Attack the network, and show it what was made through the original."""
    of, attacks = setting.of, printed_attacks(setting.eps)
    training = of if isinstance(of, Training) else of.training
    x, y = _test_images(training, setting.n_forensic)
    original = networks.trained(training)
    model = original if of is training else networks.updated(of)
    stale = {} if model is original else {name: attack(original, x, y) for name, attack in attacks.items()}
    return ThirdRowRecord(
        {name: reads.attacked(model, attack, x, y) for name, attack in attacks.items()},
        {name: reads.clean(model, images, y) for name, images in stale.items()},
        reads.clean(model, random_signs(x, setting.eps), y),
        zero_gradients(model, attacks["softmax sum, clipped"], x, y),
    )
