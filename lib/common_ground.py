"""Every defence of the four papers against every attack: one network, the same images, the same number of epochs.

`DEFENCES` and `ATTACKS` are the table's rows and columns, by name. All defences go on from the same trained network for
as many epochs over as many images; "none" goes on over clean ones. What is measured is kept cell by cell, by the
weights that are judged, so that a long run can stop anywhere and go on.
"""

import copy
import hashlib
import html
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from lib import cells, outside, unlearning
from lib.attacks import BIM, FGSM, LBFGS, PGD, Attack, noise
from lib.defences import AttackedOnce, Mixed
from lib.evaluation import curve, next_class, score
from lib.fragility import MEDIAN, PRINTED, READINGS, Filtered, filtered, is_fragile
from lib.intervals import rate
from lib.models import MadryCNN, SmallCNN, build
from lib.red_flags import Flag, red_flags
from lib.training import Batches, Shuffled, fit

Images = tuple[Tensor, Tensor]
"""Images (N, C, H, W) in [0, 1] and their true labels (N,)."""


# Batches


@dataclass(frozen=True, eq=False)
class Attacked:
    """Every image once an epoch, attacked through the network as it is by then: Madry et al., 2018, section 2.

    Parameters
    ----------
    x, y
        Images (N, C, H, W) and true labels (N,).
    attack
        Its random starts are drawn anew for each batch.
    batch_size
        How many images a batch has.
    """

    x: Tensor
    y: Tensor
    attack: PGD
    batch_size: int = 64

    def __call__(self, model: nn.Module, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        for images, labels in Shuffled(self.x, self.y, self.batch_size)(model, generator):
            attack = replace(self.attack, seed=int(torch.randint(2**31, (1,), generator=generator)))
            yield attack(model, images, labels), labels

    def __len__(self) -> int:
        return len(Shuffled(self.x, self.y, self.batch_size))


@dataclass(frozen=True, eq=False)
class WithoutWorst:
    """All images but those whose attacked version has the highest loss: a round of removal, as in `lib.unlearning`.

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
        losses = unlearning.attacked_losses(self.through, self.attack, self.x, self.y)
        stays = torch.ones(len(self.x), dtype=torch.bool, device=self.x.device)
        stays[unlearning.highest(losses, self.remove)] = False
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


def filtered_as_cited(begun: Start, eps: float) -> Defended:
    """The same filter by the rule of the source that it cites, for noise that is not known: by the median."""
    return _filtered(begun, MEDIAN)


def _filtered(begun: Start, reading: str) -> Defended:
    plain = undefended(begun, 0.0)
    network = copy.deepcopy(plain.network)
    with torch.no_grad():
        network[0].weight.copy_(filtering(begun, plain.network, reading).weight)
    return Defended(network, plain.seconds + fragile_kernels(begun, plain.network)["seconds"])


def filtering(begun: Start, network: nn.Sequential, reading: str) -> Filtered:
    """What a reading of the filter, a key of `lib.fragility.READINGS`, does to a network's first layer."""
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
    "filter, source": filtered_as_cited,
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
    "filter, source": lambda recipe, n: recipe.further * n + FORWARD * KERNELS * recipe.n_scan,
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


# Attacks


@dataclass(frozen=True)
class Strength:
    """How much the costly attacks may do.

    Parameters
    ----------
    restarts
        Of PGD.
    steps
        Of AutoAttack's parts; 100 in the reference.
    queries
        Of Square, alone and in AutoAttack; 5,000 in the reference.
    """

    restarts: int = 5
    steps: int = 100
    queries: int = 5000


@dataclass(frozen=True, eq=False)
class Case:
    """What an attack is turned on: a network, another one that was trained apart, images and a radius."""

    model: nn.Module
    other: nn.Module
    x: Tensor
    y: Tensor
    eps: float
    strength: Strength


def uniform_noise(case: Case) -> Tensor:
    """Noise that fills the ball evenly."""
    return (case.x + case.eps * (2 * noise(case.x, seed=1) - 1)).clamp(0, 1)


ATTACKS: dict[str, Callable[[Case], Tensor]] = {
    "clean": lambda case: case.x,
    "noise": uniform_noise,
    "FGSM": lambda case: FGSM(eps=case.eps)(case.model, case.x, case.y),
    "targeted FGSM": lambda case: FGSM(eps=case.eps, targeted=True)(case.model, case.x, next_class(case.y)),
    "BIM-10": lambda case: BIM(eps=case.eps, early_stop=True)(case.model, case.x, case.y),
    "PGD-40": lambda case: PGD(eps=case.eps, restarts=case.strength.restarts, early_stop=True)(
        case.model, case.x, case.y
    ),
    "transfer": lambda case: PGD(eps=case.eps)(case.other, case.x, case.y),
    "Square": lambda case: outside.square(case.model, case.x, case.y, case.eps, case.strength.queries),
    "AutoAttack": lambda case: outside.autoattack(
        case.model, case.x, case.y, case.eps, steps=case.strength.steps, queries=case.strength.queries
    ),
}
"""The columns: each gives x_adv (N, C, H, W). BIM and PGD leave an image alone once a step has got it misread."""


def read_rightly(name: str, case: Case) -> dict:
    """Which images are still read as their true class under an attack of `ATTACKS`, as 0 and 1."""
    return {"correct": score(case.model, ATTACKS[name](case), case.y).correct.astype(int).tolist()}


def nearest_adversarial(model: nn.Module, x: Tensor, y: Tensor) -> dict:
    """How far L-BFGS has to go for each image, in L2; None where it fails, 0 where the image is misread as it is."""
    x_adv = LBFGS()(model, x, y)
    fooled = ~score(model, x_adv, y).correct
    lengths = (x_adv - x).flatten(1).norm(dim=1).tolist()
    return {"l2": [length if gone else None for length, gone in zip(lengths, fooled, strict=True)]}


def accuracies_over_eps(model: nn.Module, eps_values: Sequence[float], x: Tensor, y: Tensor) -> dict:
    """Accuracy under PGD at each eps."""
    return {"accuracies": [one.accuracy for one in curve(model, PGD(early_stop=True), eps_values, x, y)]}


def flags_raised(model: nn.Module, other: nn.Module, x: Tensor, y: Tensor, eps: float) -> dict:
    """The checks of `lib.red_flags`, with `other` for the transfer."""
    found = red_flags(model, x, y, eps, lambda images, labels, radius: PGD(eps=radius)(other, images, labels))
    return {"flags": [[flag.name, bool(flag.raised), flag.sentence] for flag in found]}


# The table


WORST = "worst case"
"""The last column: an image counts where it is read rightly clean and under every attack."""


@dataclass(frozen=True, eq=False)
class Judge:
    """What every network of one seed is judged by; each result is kept in a file of its own.

    Parameters
    ----------
    images
        Test images, the same for all attacks.
    other
        A network trained apart, for the transfer.
    strength
        Of the costly attacks.
    n_lbfgs
        How many of the images L-BFGS is run on, the first ones.
    grid
        The eps of the curve.
    folder
        Where cells are kept.
    """

    images: Images
    other: nn.Module
    strength: Strength
    n_lbfgs: int
    grid: tuple[float, ...]
    folder: Path = cells.CELLS

    def correct(self, model: nn.Module, name: str, eps: float) -> NDArray[np.bool_]:
        """Which images (N,) are read rightly under an attack of `ATTACKS`."""
        case = Case(model, self.other, *self.images, eps, self.strength)
        found = self._kept(
            f"attack {name}", model, (eps, self.strength), lambda: read_rightly(name, case), read_rightly
        )
        return np.array(found["correct"], dtype=bool)

    def distances(self, model: nn.Module) -> NDArray[np.float64]:
        """The L2 distance of L-BFGS (n_lbfgs,); infinite where it fails."""
        x, y = (part[: self.n_lbfgs] for part in self.images)
        measure = nearest_adversarial
        found = self._kept("lbfgs", model, self.n_lbfgs, lambda: measure(model, x, y), measure)
        return np.array([np.inf if length is None else length for length in found["l2"]])

    def curve(self, model: nn.Module) -> list[float]:
        """Accuracy under PGD at each eps of the grid."""
        measure = accuracies_over_eps
        found = self._kept("curve", model, self.grid, lambda: measure(model, self.grid, *self.images), measure)
        return found["accuracies"]

    def flags(self, model: nn.Module, eps: float) -> list[Flag]:
        """The red flags."""
        x, y = self.images
        found = self._kept("flags", model, eps, lambda: flags_raised(model, self.other, x, y, eps), flags_raised)
        return [Flag(*flag) for flag in found["flags"]]

    def _kept(self, name: str, model: nn.Module, facts: object, measure: Callable[[], dict], code: Callable) -> dict:
        """A result by all that decides it; `code` is the function that `measure` calls."""
        facts = name, facts, weights_digest(model), *self._digests
        return cells.kept(name.replace(" ", "-"), facts, measure, code, self.folder)

    @cached_property
    def _digests(self) -> tuple[str, str]:
        return weights_digest(self.other), images_digest(*self.images)


@dataclass(frozen=True, eq=False)
class Row:
    """A defence at one eps, judged: one entry a seed everywhere."""

    correct: dict[str, list[NDArray[np.bool_]]]
    """Which images (N,) are read rightly under each attack of `ATTACKS`."""
    distances: list[NDArray[np.float64]]
    """Of L-BFGS (n_lbfgs,); infinite where it failed."""
    curves: list[list[float]]
    """Accuracy under PGD over the grid."""
    flags: list[list[Flag]]
    """The red flags."""
    seconds: list[float]
    """Of training beyond the first."""

    @property
    def worst(self) -> list[NDArray[np.bool_]]:
        """Which images (N,) no attack fools."""
        return [np.all(of_seed, axis=0) for of_seed in zip(*self.correct.values(), strict=True)]

    @property
    def outcomes(self) -> dict[str, list[NDArray[np.bool_]]]:
        """Which images (N,) are read rightly, by column of the table: under each attack, and under all of them."""
        return self.correct | {WORST: self.worst}

    def accuracy(self, column: str) -> float:
        """The accuracy in a column of the table, a mean over seeds."""
        return float(np.mean(self.outcomes[column]))

    @property
    def raised(self) -> dict[str, str]:
        """The red flags that are up in at least one seed, each with the first such seed's numbers."""
        found: dict[str, str] = {}
        for flag in (flag for of_seed in self.flags for flag in of_seed if flag.raised):
            found.setdefault(flag.name, flag.sentence)
        return found


def judged(networks: Sequence[Defended], judges: Sequence[Judge], eps: float) -> Row:
    """A row: the networks of all seeds, each under its own seed's judge."""
    pairs = [(one.network, judge) for one, judge in zip(networks, judges, strict=True)]
    return Row(
        {name: [judge.correct(model, name, eps) for model, judge in pairs] for name in ATTACKS},
        [judge.distances(model) for model, judge in pairs],
        [judge.curve(model) for model, judge in pairs],
        [judge.flags(model, eps) for model, judge in pairs],
        [one.seconds for one in networks],
    )


def table(starts: Sequence[Start], judges: Sequence[Judge], eps_values: Sequence[float]) -> dict[float, dict[str, Row]]:
    """All rows at each eps, every defence trained at that eps."""
    bar = tqdm(total=len(eps_values) * len(DEFENCES), desc="defences", leave=False)
    rows: dict[float, dict[str, Row]] = {}
    for eps in eps_values:
        rows[eps] = {}
        for name, defend in DEFENCES.items():
            rows[eps][name] = judged([defend(begun, eps) for begun in starts], judges, eps)
            bar.update()
    bar.close()
    return rows


def by_worst_case(rows: dict[float, dict[str, Row]]) -> list[str]:
    """The defences, the one first that leaves most under the worst case, over all eps together.

    Of those that leave as much, the one that leaves more in the mean of all columns comes first.
    """
    return sorted(DEFENCES, key=lambda name: _left([of[name] for of in rows.values()]), reverse=True)


def best(rows: dict[str, Row], names: Sequence[str]) -> str:
    """Which of these defences comes first in that order at one eps."""
    return max(names, key=lambda name: _left([rows[name]]))


def _left(rows: Sequence[Row]) -> tuple[float, float]:
    """What is left under the worst case, and in the mean of all columns, summed over rows."""
    worst = sum(row.accuracy(WORST) for row in rows)
    return worst, sum(row.accuracy(column) for row in rows for column in row.outcomes) / len(rows[0].outcomes)


def share_cell(hits: Sequence[NDArray[np.bool_]]) -> str:
    """A share with its 95 % interval, as HTML."""
    found = rate(hits)
    return f"{found.mean:.3f}<br><small>[{found.low:.2f}, {found.high:.2f}]</small>"


def row_cells(name: str, row: Row, note: str) -> list[str]:
    """A row of the table as HTML: its name, all columns, L-BFGS, seconds with a note below, red flags."""
    fooled, asked = sum(int(np.isfinite(one).sum()) for one in row.distances), sum(map(len, row.distances))
    median, spent = np.mean([np.median(one) for one in row.distances]), np.mean(row.seconds)
    return [
        name,
        *map(share_cell, row.outcomes.values()),
        f"{median:.2f}<br><small>{fooled} of {asked}</small>",
        f"{spent:.1f}<br><small>{note}</small>",
        f"† {len(row.raised)}" if row.raised else "–",
    ]


def flag_cells(rows: dict[float, dict[str, Row]], order: Sequence[str]) -> list[list[str]]:
    """Every red flag that is up, as HTML: row, flag, numbers; a line that says so where none is."""
    raised = [
        [f"{name}, eps {eps:g}", html.escape(flag), html.escape(sentence)]
        for eps, of in rows.items()
        for name in order
        for flag, sentence in of[name].raised.items()
    ]
    return raised or [["every row", "none is up", f"{len(rows) * len(order)} rows"]]


def weights_digest(model: nn.Module) -> str:
    """What tells one network from another: its layers and its weights."""
    sha = hashlib.sha256(repr(model).encode())
    for name, tensor in model.state_dict().items():
        sha.update(f"{name} {tuple(tensor.shape)}".encode())
        sha.update(tensor.cpu().contiguous().numpy().tobytes())
    return sha.hexdigest()


def images_digest(x: Tensor, y: Tensor) -> str:
    """What tells one set of images and labels from another."""
    sha = hashlib.sha256(f"{tuple(x.shape)}".encode())
    for part in (x, y):
        sha.update(part.cpu().contiguous().numpy().tobytes())
    return sha.hexdigest()
