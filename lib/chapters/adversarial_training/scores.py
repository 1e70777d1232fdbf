"""A network scored on images: as they are, made without the network, and made through it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lib.attack.gradient import BIM, FGSM, PGD
from lib.attack.noise import uniform
from lib.attack.search import square
from lib.chapters.adversarial_training.networks import Normal, Training, images, judged, trained, weights_digest
from lib.measure.score import score

WITH_LOSSES = ("clean", "P", "W", "PGD")
"""The kinds of images whose losses are kept."""

CONTROL = "signs"
"""Random signs of FGSM's size: what any perturbation that large does, whatever its direction."""


@dataclass(frozen=True)
class Scoring:
    """A network, and what it is scored on.

    Parameters
    ----------
    network
        How it is trained.
    on
        Which images.
    kinds
        How they are made: names in `KINDS`.
    fgsm
        The attack of protocols P and W; its eps is the radius of all others.
    n_images
        On how many of the images attacks of many steps are run: those of `networks.judged`.
    queries
        How many queries Square may make for each image.
    other
        A network trained independently, from which images are transferred.
    """

    network: Training
    on: str
    kinds: tuple[str, ...]
    fgsm: FGSM
    n_images: int
    queries: int = 0
    other: Normal | None = None

    def __str__(self) -> str:
        return f"{self.network}, on {self.on} images"


@dataclass(frozen=True, eq=False)
class Scores:
    """How a network classifies images, by how they are made; only the sampled images under attacks of many steps."""

    y: NDArray[np.uint8]
    """The true classes (N,)."""
    sampled: NDArray[np.int32]
    """Which images (n,) attacks of many steps are run on, by index."""
    read: dict[str, NDArray[np.uint8]]
    """The class that each image is given (N,) or (n,)."""
    losses: dict[str, NDArray[np.float32]]
    """Cross-entropy in nats, for `WITH_LOSSES`."""
    training_losses: list[float]
    """The mean loss of each epoch's batches, during training."""
    seconds: float
    """Of training the network, from where it began."""
    weights: str
    """The digest of the network."""

    def correct(self, kind: str) -> NDArray[np.bool_]:
        """Whether each image is classified correctly: all of them (N,), or the sampled ones (n,)."""
        read = self.read[kind]
        return read == (self.y if len(read) == len(self.y) else self.y[self.sampled])

    def correct_sampled(self, kind: str) -> NDArray[np.bool_]:
        """The same for the sampled images (n,), whatever the kind."""
        hits = self.correct(kind)
        return hits[self.sampled] if len(hits) == len(self.y) else hits

    @property
    def worst(self) -> NDArray[np.bool_]:
        """Whether each sampled image is classified correctly, both as it is and under every attack."""
        return np.all([self.correct_sampled(kind) for kind in self.read if kind != CONTROL], axis=0)


@dataclass(frozen=True, eq=False)
class Scene:
    """A network and the images that it is scored on."""

    setting: Scoring
    model: nn.Module
    x: Tensor
    y: Tensor

    @property
    def eps(self) -> float:
        return self.setting.fgsm.eps

    @cached_property
    def few(self) -> tuple[Tensor, Tensor]:
        """The images for attacks of many steps."""
        chosen = judged(self.y, self.setting.n_images)
        return self.x[chosen], self.y[chosen]

    @cached_property
    def stale(self) -> Tensor:
        """The images, attacked through the undefended network."""
        return self.setting.fgsm(trained(self.setting.network.undefended)[0], self.x, self.y)

    @property
    def fresh(self) -> Tensor:
        """The images, attacked through the network itself."""
        if self.setting.network == self.setting.network.undefended:
            return self.stale
        return self.setting.fgsm(self.model, self.x, self.y)

    def signed(self) -> Tensor:
        """The images with every pixel moved as far as FGSM moves it, up or down at random."""
        direction = (uniform(self.x, 1.0, seed=1) - self.x).sign()
        return self.setting.fgsm.clipped(self.x + self.eps * direction)

    def transferred(self) -> Tensor:
        """The sampled images, attacked through a network that was trained independently."""
        other, _ = trained(self.setting.other)
        return PGD(eps=self.eps)(other, *self.few)


KINDS: dict[str, Callable[[Scene], Tensor]] = {
    "clean": lambda scene: scene.x,
    "P": lambda scene: scene.stale,
    "W": lambda scene: scene.fresh,
    "clipped": lambda scene: FGSM(eps=scene.eps)(scene.model, scene.x, scene.y),
    CONTROL: lambda scene: scene.signed(),
    "BIM": lambda scene: BIM(eps=scene.eps, steps=10)(scene.model, *scene.few),
    "PGD": lambda scene: PGD(eps=scene.eps)(scene.model, *scene.few),
    "Square": lambda scene: square(scene.model, *scene.few, scene.eps, scene.setting.queries),
    "transfer": lambda scene: scene.transferred(),
}
"""What a network can be scored on. PGD takes all 40 steps even once an image is misclassified: its loss counts too."""


def scored(setting: Scoring) -> Scores:
    """Train a network, or load it, and score it."""
    model, history = trained(setting.network)
    x, y = images(setting.network.undefended.dataset, setting.on)
    scene = Scene(setting, model, x, y)
    read, losses = {}, {}
    for kind in setting.kinds:
        made = KINDS[kind](scene)
        found = score(model, made, y if len(made) == len(y) else scene.few[1])
        read[kind] = found.read.astype(np.uint8)
        if kind in WITH_LOSSES:
            losses[kind] = found.losses
    true = y.cpu().numpy().astype(np.uint8)
    sampled = judged(y, setting.n_images).cpu().numpy().astype(np.int32)
    return Scores(true, sampled, read, losses, list(history.losses), history.seconds, weights_digest(model))
