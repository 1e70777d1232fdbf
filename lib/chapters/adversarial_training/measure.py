"""What else is measured: the red flags, a search over few pixels, and pictures of what is read before and after."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lib.attack.gradient import FGSM, PGD
from lib.attack.search import LocalSearch
from lib.chapters.adversarial_training.networks import TEST, Normal, Training, images, trained
from lib.measure.red_flags import Probes, probes
from lib.measure.score import logits, score, under_attack


@dataclass(frozen=True)
class Probing:
    """A defended network that is checked for signs of hidden gradients.

    Parameters
    ----------
    other
        One trained apart, through which the transfer is made.
    eps
        The radius that it is meant for.
    n_images
        On how many test images, the first ones.
    """

    network: Training
    other: Normal
    eps: float
    n_images: int

    def __str__(self) -> str:
        return str(self.network)


def probed(setting: Probing) -> Probes:
    """The checks of `lib.measure.red_flags`, with PGD through the other network for the transfer."""
    (model, _), (other, _) = trained(setting.network), trained(setting.other)
    x, y = (one[: setting.n_images] for one in images(setting.network.undefended.dataset, TEST))
    return probes(model, x, y, setting.eps, lambda x, y, radius: PGD(eps=radius)(other, x, y))


@dataclass(frozen=True)
class Searching:
    """A network under a local search that may change so many pixels.

    Parameters
    ----------
    search
        The attack but for its `pixels`.
    budgets
        How many may change.
    n_images
        On how many test images, the first ones.
    """

    network: Training
    search: LocalSearch
    budgets: tuple[int, ...]
    n_images: int

    def __str__(self) -> str:
        return str(self.network)


@dataclass(frozen=True, eq=False)
class Searched:
    """As which class each image is read, by how many pixels may have changed; 0 is the clean image."""

    y: NDArray[np.uint8]
    """The true classes (N,)."""
    read: dict[int, NDArray[np.uint8]]

    def correct(self, pixels: int) -> NDArray[np.bool_]:
        """Whether each image is read as its true class."""
        return self.read[pixels] == self.y


def few_pixels(setting: Searching) -> Searched:
    """Search for few pixels that fool a network."""
    model, _ = trained(setting.network)
    x, y = (one[: setting.n_images] for one in images(setting.network.undefended.dataset, TEST))
    found = {0: score(model, x, y)}
    found |= {n: under_attack(model, replace(setting.search, pixels=n), x, y) for n in setting.budgets}
    read = {pixels: one.read.astype(np.uint8) for pixels, one in found.items()}
    return Searched(y.cpu().numpy().astype(np.uint8), read)


@dataclass(frozen=True)
class Picturing:
    """The first test images before and after, by two networks."""

    normal: Normal
    mixed: Training
    eps: float
    n_images: int

    def __str__(self) -> str:
        return f"seed {self.normal.seed}"


@dataclass(frozen=True, eq=False)
class Pictures:
    """Images (N, C, H, W), and as which class each is read."""

    clean: NDArray[np.float32]
    fgsm: NDArray[np.float32]
    """Made through the normal network."""
    pgd: NDArray[np.float32]
    """Made through the mixed-trained network."""
    clean_read: NDArray[np.uint8]
    """By the normal network, as the next."""
    fgsm_read: NDArray[np.uint8]
    fgsm_read_by_mixed: NDArray[np.uint8]
    pgd_read_by_mixed: NDArray[np.uint8]


def pictures(setting: Picturing) -> Pictures:
    """Attack a few images through either network."""
    (normal, _), (mixed, _) = trained(setting.normal), trained(setting.mixed)
    x, y = (one[: setting.n_images] for one in images(setting.normal.dataset, TEST))
    made, aimed = FGSM(eps=setting.eps)(normal, x, y), PGD(eps=setting.eps)(mixed, x, y)
    seen = [(normal, x), (normal, made), (mixed, made), (mixed, aimed)]
    reads = [logits(*pair).argmax(1).cpu().numpy().astype(np.uint8) for pair in seen]
    return Pictures(*(one.cpu().numpy() for one in (x, made, aimed)), *reads)
