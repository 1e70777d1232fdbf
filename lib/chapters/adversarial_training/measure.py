"""What else is measured: what was learned, red flags, a search over few pixels, pictures before and after."""

import copy
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lib.attack.gradient import FGSM, PGD
from lib.attack.search import LocalSearch
from lib.chapters.adversarial_training.networks import (
    TEST,
    TRAINING,
    Images,
    Normal,
    Training,
    images,
    judged,
    trained,
    weights_digest,
)
from lib.measure.red_flags import Probes, probes
from lib.measure.score import logits, score, under_attack


@dataclass(frozen=True)
class Learning:
    """A network after normal training, and the images that it was trained on."""

    network: Normal

    def __str__(self) -> str:
        return str(self.network)


@dataclass(frozen=True, eq=False)
class Learned:
    """Which of all training images (N,) a network classifies correctly."""

    as_used: NDArray[np.bool_]
    """In eval mode."""
    as_trained: NDArray[np.bool_]
    """With dropout and the batches' own statistics, as a log kept during training counts them."""
    weights: str
    """The digest of the network."""


def learned(setting: Learning) -> Learned:
    """Find which training images a network classifies correctly."""
    model, _ = trained(setting.network)
    x, y = images(setting.network.dataset, TRAINING)
    noisy = as_it_trains(model, x, y, setting.network.batch_size)
    return Learned(score(model, x, y).correct, noisy, weights_digest(model))


@torch.no_grad()
def as_it_trains(model: nn.Module, x: Tensor, y: Tensor, batch_size: int, seed: int = 0) -> NDArray[np.bool_]:
    """Which images (N,) the model classifies correctly in training mode, in batches; the model is left as it was."""
    model = copy.deepcopy(model).train()
    devices = [x.device] if x.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        batches = zip(x.split(batch_size), y.split(batch_size), strict=True)
        return torch.cat([model(few).argmax(1) == labels for few, labels in batches]).cpu().numpy()


@dataclass(frozen=True)
class Probing:
    """A defended network that is checked for signs of hidden gradients.

    Parameters
    ----------
    other
        A network trained independently, from which images are transferred.
    eps
        The radius that the network is meant for.
    n_images
        On how many test images: those of `networks.judged`.
    """

    network: Training
    other: Normal
    eps: float
    n_images: int

    def __str__(self) -> str:
        return str(self.network)


def _few(network: Training, n_images: int) -> Images:
    x, y = images(network.undefended.dataset, TEST)
    chosen = judged(y, n_images)
    return x[chosen], y[chosen]


def probed(setting: Probing) -> Probes:
    """Look for signs that a network hides its gradient; images are transferred from another network."""
    (model, _), (other, _) = trained(setting.network), trained(setting.other)
    x, y = _few(setting.network, setting.n_images)
    return probes(model, x, y, setting.eps, lambda x, y, radius: PGD(eps=radius)(other, x, y))


@dataclass(frozen=True)
class Searching:
    """A network under a local search that may change a few pixels.

    Parameters
    ----------
    search
        The attack, except for its `pixels`.
    budgets
        How many pixels may change.
    n_images
        On how many test images: those of `networks.judged`.
    """

    network: Training
    search: LocalSearch
    budgets: tuple[int, ...]
    n_images: int

    def __str__(self) -> str:
        return str(self.network)


@dataclass(frozen=True, eq=False)
class Searched:
    """The class that each image is given, by how many pixels may have changed; 0 is the clean image."""

    y: NDArray[np.uint8]
    """The true classes (N,)."""
    read: dict[int, NDArray[np.uint8]]

    def correct(self, pixels: int) -> NDArray[np.bool_]:
        """Whether each image is classified correctly."""
        return self.read[pixels] == self.y


def few_pixels(setting: Searching) -> Searched:
    """Search for a few pixels whose change fools a network."""
    model, _ = trained(setting.network)
    x, y = _few(setting.network, setting.n_images)
    found = {0: score(model, x, y)}
    found |= {n: under_attack(model, replace(setting.search, pixels=n), x, y) for n in setting.budgets}
    read = {pixels: one.read.astype(np.uint8) for pixels, one in found.items()}
    return Searched(y.cpu().numpy().astype(np.uint8), read)


@dataclass(frozen=True)
class Picturing:
    """The first test images before and after attacks, by two networks."""

    normal: Normal
    mixed: Training
    eps: float
    n_images: int

    def __str__(self) -> str:
        return f"seed {self.normal.seed}"


@dataclass(frozen=True, eq=False)
class Pictures:
    """Images (N, C, H, W), and the class that each is given."""

    clean: NDArray[np.float32]
    fgsm: NDArray[np.float32]
    """Made through the normal network."""
    pgd: NDArray[np.float32]
    """Made through the mixed-trained network."""
    clean_read: NDArray[np.uint8]
    """By the normal network, like the next."""
    fgsm_read: NDArray[np.uint8]
    fgsm_read_by_mixed: NDArray[np.uint8]
    pgd_read_by_mixed: NDArray[np.uint8]


def pictures(setting: Picturing) -> Pictures:
    """Attack a few images through a normal and a mixed-trained network."""
    (normal, _), (mixed, _) = trained(setting.normal), trained(setting.mixed)
    x, y = (one[: setting.n_images] for one in images(setting.normal.dataset, TEST))
    made, aimed = FGSM(eps=setting.eps)(normal, x, y), PGD(eps=setting.eps)(mixed, x, y)
    seen = [(normal, x), (normal, made), (mixed, made), (mixed, aimed)]
    reads = [logits(*pair).argmax(1).cpu().numpy().astype(np.uint8) for pair in seen]
    return Pictures(*(one.cpu().numpy() for one in (x, made, aimed)), *reads)
