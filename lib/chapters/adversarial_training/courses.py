"""What the chapter on adversarial training measures: courses of training, calibration, distances, judges."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from lib.attack.base import Attack, squared_error
from lib.attack.gradient import FGSM, PGD
from lib.attack.noise import uniform
from lib.attack.search import square
from lib.measure import boundary
from lib.measure.red_flags import Flag, red_flags
from lib.measure.score import Score, score, under_attack
from lib.models.base import build
from lib.models.small import StridedCNN
from lib.train.batches import AttackedOnce, Batches, Mixed, Shuffled
from lib.train.loop import fit
from lib.train.snapshots import History

Images = tuple[Tensor, Tensor]
"""Images (N, C, H, W) in [0, 1] and their true labels (N,)."""

READINGS: dict[str, FGSM] = {
    "cross_entropy": FGSM(clip=None),
    "cross_entropy_clipped": FGSM(),
    "squared_error": FGSM(loss=squared_error, clip=None),
    "squared_error_clipped": FGSM(loss=squared_error),
}
"""What the paper's FGSM can be: it prints J without saying which loss, and Eq. 1 without clipping."""

TUTORIAL = replace(READINGS["squared_error"], eps=0.1)
"""The attack of the two tutorials whose plan the paper follows (Rosebrock, 2021a and b)."""

TUTORIAL_BATCH = 64
"""How many images a batch of theirs has, in training, fine-tuning and mixed training."""

KERAS_CAP = -math.log(1e-7)
"""The highest loss an image can have in Keras, which clips probabilities at 1e-7: 16.12 nats."""


def capped(losses: np.ndarray) -> np.ndarray:
    """Losses (N,) as Keras would report them."""
    return np.minimum(losses, KERAS_CAP)


@dataclass(frozen=True, eq=False)
class Watch:
    """What is looked at after each epoch.

    Parameters
    ----------
    train, test
        Images whose accuracy and loss are taken, in eval mode.
    attacked
        Images that `attack` is turned on.
    """

    train: Images
    test: Images
    attacked: Images
    attack: Attack

    def __call__(self, model: nn.Module) -> dict[str, float]:
        """Accuracy and loss on both sets, and accuracy under the attack, by name."""
        train, test = score(model, *self.train), score(model, *self.test)
        return {
            "accuracy, training": train.accuracy,
            "accuracy, test": test.accuracy,
            "loss, training": train.loss,
            "loss, test": test.loss,
            "attacked": under_attack(model, self.attack, *self.attacked).accuracy,
        }


@dataclass(frozen=True, eq=False)
class Course:
    """A training, epoch by epoch."""

    batches: Batches
    seed: int
    seen: list[dict[str, float]]
    """What `Watch` saw after each epoch."""
    history: History

    def column(self, name: str) -> list[float]:
        """One quantity after each epoch."""
        return [row[name] for row in self.seen]

    @property
    def best(self) -> int:
        """The epoch, from 1, after which most was left under the watch's attack; the first of equals."""
        return int(np.argmax(self.column("attacked"))) + 1


def network(seed: int, device: torch.device, **options) -> nn.Module:
    """A fresh network of the paper."""
    return build(StridedCNN, seed, device, **options)


def course(model: nn.Module, batches: Batches, epochs: int, watch: Watch, *, seed: int, **options) -> Course:
    """Train `model` in place and watch it; a second call with another watch trains nothing.

    Parameters
    ----------
    options
        What else `lib.train.loop.fit` takes.
    """
    seen: list[dict[str, float]] = []
    history = fit(model, batches, epochs, seed=seed, each_epoch=lambda now: seen.append(watch(now)), **options)
    return Course(batches, seed, seen, history)


def at_epoch(start: nn.Module, taken: Course, epoch: int, **options) -> nn.Module:
    """The network of a course as it was after an epoch; `start` is the network as the course began."""
    model = copy.deepcopy(start)
    fit(model, taken.batches, epoch, seed=taken.seed, **options)
    return model


def continued(model: nn.Module, batches: Batches, epochs: int, *, seed: int, **options) -> tuple[nn.Module, History]:
    """A copy of a trained network, trained on at a tenth of the first training's rate, as fine-tuning does."""
    after = copy.deepcopy(model)
    history = fit(after, batches, epochs, lr=1e-4, seed=seed, label=f"continued, seed {seed}", **options)
    return after, history


@dataclass(frozen=True, eq=False)
class Tutorials:
    """What the two tutorials make of one start."""

    normal: nn.Module
    """Trained on clean images."""
    tuned: nn.Module
    """The first tutorial's defence: trained on with the attacked test images."""
    mixed: nn.Module
    """The second's: trained on with mixed batches of training images."""
    x_adv: Tensor
    """The test images, attacked through the normal network (N, C, H, W): what both defences are scored on there."""


def tutorials(seed: int, train: Images, test: Images, epochs: int, more_epochs: int, **options) -> Tutorials:
    """The runs of the tutorials that the paper follows, both from one normally trained network.

    Parameters
    ----------
    epochs
        Of normal training; 20 there.
    more_epochs
        Of either defence; 10 there.
    options
        What else `lib.train.loop.fit` takes.
    """
    normal = network(seed, train[0].device)
    fit(normal, Shuffled(*train, TUTORIAL_BATCH), epochs, seed=seed, label=f"tutorial, seed {seed}", **options)
    attacked = AttackedOnce(*test, TUTORIAL, normal, TUTORIAL_BATCH)
    tuned, _ = continued(normal, attacked, more_epochs, seed=seed, **options)
    mixed, _ = continued(normal, Mixed(*train, TUTORIAL, TUTORIAL_BATCH), more_epochs, seed=seed, **options)
    return Tutorials(normal, tuned, mixed, TUTORIAL(normal, *test))


def calibration(
    networks: Sequence[nn.Module], eps_values: Sequence[float], x: Tensor, y: Tensor
) -> dict[tuple[str, float], list[Score]]:
    """How the networks read FGSM images by each of `READINGS`: scores by (reading, eps), one a network."""
    scores: dict[tuple[str, float], list[Score]] = {(name, eps): [] for name in READINGS for eps in eps_values}
    for model in networks:
        for name, fgsm in READINGS.items():
            sign = (replace(fgsm, eps=1.0, clip=None)(model, x, y) - x).sign()  # of the gradient, whatever eps
            for eps in eps_values:
                scores[name, eps].append(score(model, fgsm.clipped(x + eps * sign), y))
    return scores


def smallest_fgsm(model: nn.Module, x: Tensor, y: Tensor, steps: int = 256) -> Tensor:
    """Each image under FGSM at its own smallest eps that succeeds, of `steps` even ones up to 1.

    Images that no eps fools are returned as they are.
    """
    direction = boundary.attack_direction(model, x, y)
    eps = torch.from_numpy(boundary.distance(model, x, y, direction, steps=steps)).to(x)
    eps = eps.masked_fill(eps.isinf(), 0).view(-1, 1, 1, 1)
    return (x + eps * direction).clamp(0, 1)


@dataclass(frozen=True, eq=False)
class Reach:
    """How far an attack went: an array (N,) each."""

    fooled: np.ndarray
    """Whether the image is misread."""
    l2: np.ndarray
    """The Euclidean distance from the clean image."""
    linf: np.ndarray
    """The largest change of a pixel."""


def reach(model: nn.Module, x: Tensor, y: Tensor, x_adv: Tensor) -> Reach:
    """Whether adversarial images x_adv (N, C, H, W) of x with labels y (N,) succeed, and how far they are."""
    moved = (x_adv - x).flatten(1)
    fooled = ~score(model, x_adv, y).correct
    return Reach(fooled, moved.norm(dim=1).cpu().numpy(), moved.abs().amax(1).cpu().numpy())


@dataclass(frozen=True, eq=False)
class Judges:
    """What a network is judged by.

    Parameters
    ----------
    fgsm
        The attack of protocols P and W.
    eps
        The radius of all others.
    n_images
        On how many of the images PGD, Square and the transfer attack are run, the first ones.
    queries
        Square's.
    """

    fgsm: FGSM
    eps: float
    n_images: int
    queries: int

    def inputs(self, undefended: nn.Module, other: nn.Module, images: Images) -> dict[str, Images]:
        """What is the same whichever network is judged: images as they are, and attacked without it.

        Parameters
        ----------
        undefended
            The network that protocol P attacks through.
        other
            One trained apart, through which the transfer attack is made.
        """
        x, y = images
        few, few_y = x[: self.n_images], y[: self.n_images]
        return {
            "clean": images,
            "P": (self.fgsm(undefended, x, y), y),
            "transfer": (PGD(eps=self.eps)(other, few, few_y), few_y),
            "noise": (uniform(x, self.eps, seed=1).clamp(0, 1), y),
        }

    def __call__(self, model: nn.Module, inputs: dict[str, Images]) -> dict[str, Score]:
        """Read such inputs, and the same images attacked through the network itself."""
        x, y = inputs["clean"]
        few, few_y = x[: self.n_images], y[: self.n_images]
        searched = square(model, few, few_y, self.eps, self.queries)
        return {name: score(model, *given) for name, given in inputs.items()} | {
            "W": under_attack(model, self.fgsm, x, y),
            "PGD": under_attack(model, PGD(eps=self.eps, early_stop=True), few, few_y),
            "Square": score(model, searched, few_y),
        }


def flags(model: nn.Module, other: nn.Module, images: Images, eps: float) -> list[Flag]:
    """The checks of `lib.measure.red_flags`, with PGD through `other`, a network trained apart, for the transfer."""
    return red_flags(model, *images, eps, lambda x, y, radius: PGD(eps=radius)(other, x, y))


def remedies(fgsm: FGSM) -> dict[str, Attack]:
    """What else a mixed batch can be attacked by than FGSM, to keep the training from collapsing, at FGSM's cost.

    The random start with a step of 1.25 eps is that of Wong, Rice and Kolter, 2020.
    """
    shared = {"loss": fgsm.loss, "clip": fgsm.clip}
    return {
        "half the step": FGSM(eps=fgsm.eps / 2, **shared),
        "random start": PGD(eps=fgsm.eps, alpha=1.25 * fgsm.eps, steps=1, **shared),
    }


SWEEP: dict[str, dict] = {
    "as above": {},
    "batches of 128": {"batch_size": 128},
    "batches of 227": {"batch_size": 227},
    "1 convolution": {"convolutions": 1},
    "3 convolutions": {"convolutions": 3},
    "sigmoid": {"activation": "sigmoid"},
}
"""What the paper says matters most, one change at a time; epochs are the figure's axis."""


def sweep(train: Images, batch_size: int, epochs: int, watch: Watch, seed: int, **options) -> dict[str, Course]:
    """Normal training with each change of `SWEEP`, watched epoch by epoch."""
    courses = {}
    for name, change in SWEEP.items():
        change = dict(change)
        batches = Shuffled(*train, change.pop("batch_size", batch_size))
        model = network(seed, train[0].device, **change)
        courses[name] = course(model, batches, epochs, watch, seed=seed, label=name, **options)
    return courses
