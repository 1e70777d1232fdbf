"""Every defence of the four papers on one footing: one network, the same images, the same number of epochs.

`DEFENCES` has them by name. All go on from the same trained network for as many epochs over as many images; "none" goes
on over clean ones. What they are worth is for `judging` to say, in a table whose rows they are.
"""

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn

from lib import cells
from lib.attack.base import Attack
from lib.attack.gradient import FGSM, PGD
from lib.cells import images_digest, weights_digest
from lib.chapters.fragile_neurons.kernels import is_fragile
from lib.chapters.fragile_neurons.svd_filter import MEDIAN, PRINTED, READINGS, Filtered, filtered
from lib.measure.score import attacked_losses, highest, score
from lib.models.base import build
from lib.models.small import MadryCNN, SmallCNN
from lib.train.batches import Attacked, AttackedOnce, Batches, Mixed, Shuffled
from lib.train.loop import fit

Images = tuple[Tensor, Tensor]
"""Images (N, C, H, W) in [0, 1] and their true labels (N,)."""


# Batches


@dataclass(frozen=True, eq=False)
class WithoutWorst:
    """All images but those whose attacked version has the highest loss: a round of removal, as in unlearning.

    They are selected in the first epoch, whose time counts the selection.

    Parameters
    ----------
    x, y
        Images (N, C, H, W) and true labels (N,).
    attack
        How they are attacked to be ranked.
    through
        The network that is attacked; it must not be the one that is trained.
    remove
        How many go.
    batch_size
        How many images a batch has.
    """

    x: Tensor
    y: Tensor
    attack: Attack
    through: nn.Module
    remove: int
    batch_size: int = 64

    def __call__(self, model: nn.Module, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        return self.kept(model, generator)

    def __len__(self) -> int:
        return -(-(len(self.x) - self.remove) // self.batch_size)

    @cached_property
    def kept(self) -> Shuffled:
        """The images that stay, in their order."""
        losses = attacked_losses(self.through, self.attack, self.x, self.y)
        stays = torch.ones(len(self.x), dtype=torch.bool, device=self.x.device)
        stays[highest(losses, self.remove)] = False
        return Shuffled(self.x[stays], self.y[stays], self.batch_size)


# Defences


@dataclass(frozen=True)
class Recipe:
    """What all trainings share.

    Parameters
    ----------
    epochs
        Of the first training.
    further
        Epochs that every defence goes on for.
    batch_size
        Images in a batch.
    pgd_steps
        Of PGD training's attack.
    remove
        How many images a round of removal takes out; a round is an epoch.
    n_scan
        Training images on which the kernels are told apart.
    """

    epochs: int = 5
    further: int = 3
    batch_size: int = 64
    pgd_steps: int = 7
    remove: int = 100
    n_scan: int = 1000


@dataclass(frozen=True, eq=False)
class Start:
    """The trained network that all defences of one seed go on from.

    Parameters
    ----------
    train
        The training images.
    network
        Stays as it is.
    recipe
        What all share.
    seed
        What the order of images depends on.
    folder
        Where cells are kept.
    """

    train: Images
    network: nn.Module
    recipe: Recipe
    seed: int
    folder: Path = cells.CELLS


@dataclass(frozen=True, eq=False)
class Defended:
    """A defended network, and the seconds of training that it took beyond the first training."""

    network: nn.Module
    seconds: float


def start(train: Images, recipe: Recipe, seed: int, folder: Path = cells.CELLS) -> Start:
    """Train the network of one seed on clean images."""
    network = build(SmallCNN, seed, train[0].device)
    fit(network, Shuffled(*train, recipe.batch_size), recipe.epochs, seed=seed, label=f"seed {seed}")
    return Start(train, network, recipe, seed, folder)


def further(begun: Start, batches: Batches, lr: float = 1e-3) -> Defended:
    """A copy of the network, trained on for as long as all are."""
    after = copy.deepcopy(begun.network)
    label = f"{type(batches).__name__}, seed {begun.seed}"
    history = fit(after, batches, begun.recipe.further, lr=lr, seed=begun.seed, label=label)
    return Defended(after, history.seconds)


def undefended(begun: Start, eps: float) -> Defended:
    """No defence: clean images for as long as the others train on theirs. `eps` is not used."""
    return further(begun, Shuffled(*begun.train, begun.recipe.batch_size))


def removed(begun: Start, eps: float) -> Defended:
    """Reading (b) of the loop of Khorasani et al.: each epoch the images that FGSM makes worst leave the set."""
    recipe, network, seconds = begun.recipe, begun.network, 0.0
    x, y = begun.train
    for number in range(1, recipe.further + 1):
        batches = WithoutWorst(x, y, FGSM(eps=eps), network, recipe.remove, recipe.batch_size)
        network = copy.deepcopy(network)
        label = f"removal, round {number}"
        seconds += fit(network, batches, 1, seed=begun.seed * 1000 + number, label=label).seconds
        x, y = batches.kept.x, batches.kept.y
    return Defended(network, seconds)


def fine_tuned(begun: Start, eps: float) -> Defended:
    """Biswari et al., first method: FGSM images made once through the trained network, at a tenth of the rate."""
    return further(begun, _attacked_once(begun, eps), lr=1e-4)


def retrained(begun: Start, eps: float) -> Defended:
    """Sharna's mitigation on training images alone: those of `fine_tuned`, at the first training's rate."""
    return further(begun, _attacked_once(begun, eps))


def _attacked_once(begun: Start, eps: float) -> AttackedOnce:
    return AttackedOnce(*begun.train, FGSM(eps=eps), begun.network, begun.recipe.batch_size)


def mixed(begun: Start, eps: float) -> Defended:
    """Biswari et al., second method: half of each batch FGSM images, made through the network as it is by then."""
    return further(begun, Mixed(*begun.train, FGSM(eps=eps), begun.recipe.batch_size))


def pgd_trained(begun: Start, eps: float) -> Defended:
    """Madry et al.: every batch PGD images, made through the network as it is by then."""
    attack = PGD(eps=eps, steps=begun.recipe.pgd_steps)
    return further(begun, Attacked(*begun.train, attack, begun.recipe.batch_size))


def pgd_trained_rising(begun: Start, eps: float) -> Defended:
    """The same with an eps that rises linearly, epoch by epoch, over the first half of them.

    So Wong and Kolter, 2018, appendix B.2, do in their own robust training on MNIST, which else can fail to begin.
    """
    recipe, network, seconds = begun.recipe, copy.deepcopy(begun.network), 0.0
    rising = (recipe.further + 1) // 2
    for number in range(1, recipe.further + 1):
        attack = PGD(eps=eps * min(1.0, number / rising), steps=recipe.pgd_steps)
        batches = Attacked(*begun.train, attack, recipe.batch_size)
        label = f"rising eps, epoch {number}"
        seconds += fit(network, batches, 1, seed=begun.seed * 1000 + number, label=label).seconds
    return Defended(network, seconds)


def filtered_as_printed(begun: Start, eps: float) -> Defended:
    """The filter of Pravin et al. as printed, on the network without a defence. `eps` is not used."""
    return _filtered(begun, PRINTED)


def filtered_by_median(begun: Start, eps: float) -> Defended:
    """The same filter by its source's rule for noise that is not known, which goes by the median singular value."""
    return _filtered(begun, MEDIAN)


def _filtered(begun: Start, reading: str) -> Defended:
    plain = undefended(begun, 0.0)
    network = copy.deepcopy(plain.network)
    with torch.no_grad():
        network[0].weight.copy_(filtering(begun, plain.network, reading).weight)
    return Defended(network, plain.seconds + fragile_kernels(begun, plain.network)["seconds"])


def filtering(begun: Start, network: nn.Sequential, reading: str) -> Filtered:
    """What a reading of the filter, a key of `svd_filter.READINGS`, does to a network's first layer."""
    return filtered(network[0].weight, fragile_kernels(begun, network)["fragile"], READINGS[reading])


def fragile_kernels(begun: Start, network: nn.Module) -> dict:
    """Which kernels are fragile (kernels,), accuracy without each, and the seconds that finding out took.

    Told apart on the first training images, so that no image that the network is judged on has a say.
    """
    x, y = (part[: begun.recipe.n_scan] for part in begun.train)
    facts = weights_digest(network), images_digest(x, y)
    found = cells.kept("kernels", facts, lambda: scan(network, x, y), scan, begun.folder)
    return found | {"fragile": is_fragile(found["accuracies"])}


@torch.no_grad()
def scan(network: nn.Sequential, x: Tensor, y: Tensor) -> dict:
    """Accuracy without each kernel of the first layer, one dropped after the other, and the seconds it took.

    A dropped kernel's weights are zero; its bias stays.
    """
    started, accuracies = time.perf_counter(), []
    for kernel in range(len(network[0].weight)):
        without = copy.deepcopy(network)
        without[0].weight[kernel] = 0
        accuracies.append(score(without, x, y).accuracy)
    return {"accuracies": accuracies, "seconds": time.perf_counter() - started}


KERNELS = 16
"""How many kernels the first layer has."""

NONE, PGD_TRAINING, RISING = "none", "PGD training", "PGD, rising eps"
YARDSTICKS = (PGD_TRAINING, RISING)

DEFENCES: dict[str, Callable[[Start, float], Defended]] = {
    NONE: undefended,
    "removal": removed,
    "fine-tuned": fine_tuned,
    "retrained": retrained,
    "mixed batches": mixed,
    "filter, printed": filtered_as_printed,
    "filter, median": filtered_by_median,
    PGD_TRAINING: pgd_trained,
    RISING: pgd_trained_rising,
}
"""The rows. From the papers are all but the first and the yardsticks."""

FROM_PAPERS = [name for name in DEFENCES if name not in (NONE, *YARDSTICKS)]

FORWARD = 1 / 3
"""What a forward pass alone counts as: going back takes about two of them."""

PASSES: dict[str, Callable[[Recipe, int], float]] = {
    NONE: lambda recipe, n: recipe.further * n,
    "removal": lambda recipe, n: sum(
        (1 + FORWARD) * (n - gone) + n - gone - recipe.remove
        for gone in range(0, recipe.further * recipe.remove, recipe.remove)
    ),
    "fine-tuned": lambda recipe, n: (recipe.further + 1) * n,
    "retrained": lambda recipe, n: (recipe.further + 1) * n,
    "mixed batches": lambda recipe, n: recipe.further * (n + _halves(n, recipe.batch_size)),
    "filter, printed": lambda recipe, n: recipe.further * n + FORWARD * KERNELS * recipe.n_scan,
    "filter, median": lambda recipe, n: recipe.further * n + FORWARD * KERNELS * recipe.n_scan,
    PGD_TRAINING: lambda recipe, n: recipe.further * n * (1 + recipe.pgd_steps),
    RISING: lambda recipe, n: recipe.further * n * (1 + recipe.pgd_steps),
}
"""What each defence computes beyond the first training, in passes of one image through the network, forward and back.

A function of the recipe and the number of training images. Unlike seconds it does not depend on what else runs.
"""


def _halves(n: int, batch_size: int) -> int:
    """How many images of an epoch are in the first halves of their batches."""
    return n // batch_size * (batch_size // 2) + n % batch_size // 2


def cost(name: str, recipe: Recipe, n: int) -> float:
    """What a defence computes with n training images, relative to no defence."""
    return PASSES[name](recipe, n) / PASSES[NONE](recipe, n)


MADRY_EPS = 0.3
MADRY_PUBLISHED = {"clean": 0.988, "FGSM": 0.956, "PGD-40": 0.932, "AutoAttack": 0.885}
"""Accuracy on MNIST at eps 0.3: the paper's Table 1, and AutoAttack's list for the same network."""


def madry(train: Images, seed: int, epochs: int = 83) -> Defended:
    """Madry's own network and schedule: from the start on PGD images, 40 steps of 0.01, batches of 50, Adam 1e-4.

    100,000 steps, or 83 epochs of MNIST.
    """
    network = build(MadryCNN, seed, train[0].device)
    batches = Attacked(*train, PGD(eps=MADRY_EPS, alpha=0.01, steps=40), 50)
    return Defended(network, fit(network, batches, epochs, lr=1e-4, seed=seed, label="Madry's network").seconds)
