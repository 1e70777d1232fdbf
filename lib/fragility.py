"""Fragile kernels: dropping those of the first convolution one by one, filtering them, and what an attack moves.

After Pravin, Martino, Nicosia and Ojha. The networks are those of `lib.models.resnet`. A cell of the grid network ×
data set × age is trained by `trained` and measured by `measure`; `fill` keeps the results of each in a file.
"""

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import integrate, optimize, stats
from torch import Tensor, nn
from tqdm import tqdm

from lib import cells, compute
from lib.attacks import FGSM, PGD
from lib.data import Dataset
from lib.evaluation import logits, score, under_attack
from lib.intervals import Measured, difference, over_seeds
from lib.models import RESNETS, build, evaluating, resnet
from lib.readability import random_signs
from lib.training import SNAPSHOTS, History, Shuffled, fit_further

LEVELS = ("convolution", "batch norm", "ReLU")
"""Where the maps of the first layer can be read: as they come, after batch norm, after ReLU."""

BATCH = 500


# Training


@dataclass(frozen=True, eq=False)
class Augmented(Shuffled):
    """Every image once an epoch, in a new order, each moved by up to four pixels each way and mirrored by half.

    Parameters
    ----------
    mirror
        Whether to mirror: right for CIFAR-10, wrong for digits.
    """

    mirror: bool = False

    def __call__(self, model: nn.Module, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        for x, y in super().__call__(model, generator):
            shift = torch.randint(0, 9, (2, len(x), 1), generator=generator).to(x.device)
            rows, columns = (shift[i] + torch.arange(x.shape[2 + i], device=x.device) for i in (0, 1))
            flipped = torch.rand(len(x), generator=generator).to(x.device) < (0.5 if self.mirror else 0)
            columns = torch.where(flipped[:, None], columns.flip(1), columns)
            padded = nn.functional.pad(x, [4] * 4)
            number = torch.arange(len(x), device=x.device)[:, None, None]
            yield padded[number, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2), y


@dataclass(frozen=True)
class Recipe:
    """What the paper leaves open about its networks and their training.

    Parameters
    ----------
    stem, size
        As in `lib.models.resnet`.
    batch_size
        Images in a batch.
    lr
        Adam's learning rate.
    augment
        Whether training images are moved, and those of CIFAR-10 mirrored.
    """

    stem: str = "imagenet"
    size: int = 0
    batch_size: int = 128
    lr: float = 1e-3
    augment: bool = False


RECIPES: dict[str, Recipe] = {
    "common": Recipe(),
    "batches of 32": Recipe(batch_size=32),
    "rate 0.0003": Recipe(lr=3e-4),
    "augmented": Recipe(augment=True),
    "small stem": Recipe(stem="small"),
    "enlarged": Recipe(size=64),
}
"""A common recipe, and others that differ from it in one setting; the last two take many times longer."""


@dataclass(frozen=True)
class Cell:
    """One network at one age.

    Parameters
    ----------
    network
        A name in `lib.models.RESNETS`.
    images
        The data set's name.
    age
        Epochs trained.
    seed
        What starting weights and the order of images depend on.
    """

    network: str
    images: str
    age: int
    seed: int
    recipe: Recipe = Recipe()


def trained(cell: Cell, images: Dataset, snapshots: Path | None = SNAPSHOTS) -> tuple[nn.Sequential, History]:
    """The network of a cell: from its snapshot, else trained on from the newest earlier age, else from the start."""
    recipe = cell.recipe
    kind = {"name": cell.network, "images": cell.images, "stem": recipe.stem, "size": recipe.size}
    model = build(resnet, cell.seed, compute.device(), **kind)
    data = images.x_train, images.y_train, recipe.batch_size
    batches = Augmented(*data, mirror=cell.images == "cifar10") if recipe.augment else Shuffled(*data)
    options = {"lr": recipe.lr, "seed": cell.seed, "label": f"{cell.network} on {cell.images}", "snapshots": snapshots}
    return model, fit_further(model, batches, cell.age, **options)


# The first layer


def first_convolution(model: nn.Sequential) -> nn.Conv2d:
    """The first convolution of a network of `lib.models.resnet`; its weight is (kernels, channels, side, side)."""
    return model[-1].network.conv1


def halves(model: nn.Sequential) -> tuple[nn.Sequential, nn.Sequential]:
    """The network as two: up to the first max-pooling, and from there to the logits. Both share its weights."""
    network = model[-1].network
    stem = nn.Sequential(*model[:-1], network.conv1, network.bn1, network.relu, network.maxpool)
    stages = network.layer1, network.layer2, network.layer3, network.layer4
    return stem, nn.Sequential(*stages, network.avgpool, nn.Flatten(), network.fc)


def maps(model: nn.Sequential, x: Tensor) -> dict[str, Tensor]:
    """What the first layer makes of images, at each of `LEVELS`: tensors (N, kernels, height, width)."""
    network = model[-1].network
    plain = network.conv1(model[:-1](x))
    normed = network.bn1(plain)
    return dict(zip(LEVELS, (plain, normed, normed.relu()), strict=True))


@torch.no_grad()
def correct_without(model: nn.Sequential, x: Tensor, y: Tensor) -> NDArray[np.bool_]:
    """Which images are read rightly when a kernel of the first convolution is zeroed, for each kernel in turn.

    Up to the first pooling the kernels do not see each other. So that part runs once; for each kernel its map is
    replaced by what a kernel of zeros gives, and the rest of the network runs.

    Parameters
    ----------
    x, y
        Images (N, C, H, W) in [0, 1] and labels (N,).

    Returns
    -------
    array
        (kernels, N).
    """
    stem, rest = halves(model)
    blank = with_kernels(model, torch.zeros_like(first_convolution(model).weight))
    columns = []
    with evaluating(model), evaluating(blank):
        without = halves(blank)[0](x[:1])
        for images, labels in zip(x.split(BATCH), y.split(BATCH), strict=True):
            features = stem(images)
            rows = []
            for kernel in range(features.shape[1]):
                kept = features[:, kernel].clone()
                features[:, kernel] = without[:, kernel]
                rows.append(rest(features).argmax(1) == labels)
                features[:, kernel] = kept
            columns.append(torch.stack(rows))
    return torch.cat(columns, 1).cpu().numpy()


def is_fragile(accuracies: Sequence[float] | NDArray) -> NDArray[np.bool_]:
    """The paper's S: whether accuracy without a kernel is below the mean of that over all kernels (kernels,)."""
    accuracies = np.asarray(accuracies, dtype=float)
    return accuracies < accuracies.mean() - 1e-9  # of equal numbers a mean can be off by rounding


def by_skewness() -> dict[str, float]:
    """The share of values below their mean for drops in accuracy of some shapes: what S holds by skewness alone."""
    shapes = {
        "symmetric": stats.norm(),
        "gamma, shape 2": stats.gamma(2),
        "exponential": stats.expon(),
        "log-normal, spread 1": stats.lognorm(1),
        "gamma, shape 1/2": stats.gamma(0.5),
    }
    return {name: float(drop.sf(drop.mean())) for name, drop in shapes.items()}  # a drop above its mean is in S


def expected_agreement(one: NDArray, other: NDArray) -> float:
    """On what share of kernels two sets agree if which kernels they hold is chance; boolean arrays (kernels,)."""
    p, q = np.mean(one), np.mean(other)
    return float(p * q + (1 - p) * (1 - q))


# Filter and amplification, Eqs. 3 to 9


def threshold_factor(beta: float) -> float:
    """λ(β), Eq. 6: Gavish and Donoho's Eq. 11, for known noise. β in [0, 1] is the shorter side over the longer."""
    return float(np.sqrt(2 * (beta + 1) + 8 * beta / (beta + 1 + np.sqrt(beta**2 + 14 * beta + 1))))


def median_factor(beta: float) -> float:
    """ω(β): the source's threshold for unknown noise, in units of the median singular value.

    λ(β) over the root of the median of the Marchenko-Pastur distribution. β in (0, 1].
    """

    def density(angle: float) -> float:  # with x = middle - half-width cos(angle), which the ends do not trouble
        x = 1 + beta - 2 * beta**0.5 * np.cos(angle)
        return 2 * np.sin(angle) ** 2 / (np.pi * x)

    middle = optimize.brentq(lambda end: integrate.quad(density, 0, end)[0] - 0.5, 0, np.pi)
    median = 1 + beta - 2 * beta**0.5 * np.cos(middle)
    return threshold_factor(beta) / float(np.sqrt(median))


@dataclass(frozen=True)
class Filter:
    """One reading of section 4.

    Parameters
    ----------
    rule
        What happens to singular values. `at most`: none exceeds τ (Eq. 4's words). `at least`: none falls below it
        (4.1's first words). `hard`: those up to τ become 0 (the cited source). `index`: all after the one nearest to τ
        become 0 (Eq. 4's arg min).
    unit
        What τ is made from. `variance`: λ √(n ε), as printed. `deviation`: λ √n ε, as in the source.
        `median`: ω times the median singular value, the source's rule where the noise is not known.
    noise
        ε.
    norm
        Of what was taken away, in Eq. 9: `spectral` (as printed) or `frobenius`.
    """

    rule: str = "at most"
    unit: str = "variance"
    noise: float = 0.015
    norm: str = "spectral"


READINGS: dict[str, Filter] = {
    "at most, variance (printed)": Filter(),
    "at most, deviation": Filter(unit="deviation"),
    "at least, variance": Filter("at least"),
    "at least, deviation": Filter("at least", "deviation"),
    "hard, variance": Filter("hard"),
    "hard, deviation (source)": Filter("hard", "deviation"),
    "hard, median (source)": Filter("hard", "median"),
    "by index, variance": Filter("index"),
    "by index, deviation": Filter("index", "deviation"),
}
PRINTED, SOURCE, MEDIAN = "at most, variance (printed)", "hard, deviation (source)", "hard, median (source)"


def threshold(values: Sequence[float], shape: Sequence[int], reading: Filter) -> float:
    """τ, Eq. 5, for a matrix of this shape with these singular values."""
    short, long = sorted(shape)
    if reading.unit == "median":
        return median_factor(short / long) * float(np.median(values))
    scale = (long * reading.noise) ** 0.5 if reading.unit == "variance" else long**0.5 * reading.noise
    return threshold_factor(short / long) * scale


def filtered_values(values: NDArray, tau: float, rule: str) -> NDArray:
    """Singular values, largest first, after a rule of `Filter`; raises ValueError on another."""
    if rule == "at most":
        return np.minimum(values, tau)
    if rule == "at least":
        return np.maximum(values, tau)
    if rule == "hard":
        return np.where(values > tau, values, 0.0)
    if rule == "index":
        return np.where(np.arange(len(values)) <= np.abs(values - tau).argmin(), values, 0.0)
    raise ValueError(f"no rule named {rule!r}; there are: at most, at least, hard, index")


@dataclass(frozen=True, eq=False)
class Filtered:
    """What a filter does to the kernels of one layer.

    Parameters
    ----------
    weight
        All kernels afterwards, of the shape of those before.
    alpha
        By what S was amplified.
    tau
        The threshold.
    before, after
        The singular values of the null kernels' matrix.
    spectral, frobenius
        The norms of what was taken from that matrix.
    """

    weight: Tensor
    alpha: float
    tau: float
    before: NDArray
    after: NDArray
    spectral: float
    frobenius: float


def filtered(weight: Tensor, fragile: NDArray, reading: Filter) -> Filtered:
    """Filter the null kernels and amplify the fragile ones, Eqs. 3 to 9.

    Parameters
    ----------
    weight
        (kernels, channels, side, side).
    fragile
        Which kernels are in S (kernels,); not all can be.
    """
    rows = compute.float64(weight.detach()).cpu().numpy().reshape(len(weight), -1)
    u, before, v = np.linalg.svd(rows[~fragile], full_matrices=False)
    tau = threshold(before, rows[~fragile].shape, reading)
    after = filtered_values(before, tau, reading.rule)
    taken = np.abs(before - after)
    norms = {"spectral": float(taken.max()), "frobenius": float(np.linalg.norm(taken))}
    alpha = 1 + norms[reading.norm]
    changed = rows.copy()
    if taken.any():  # else not even rounding is to change them
        changed[~fragile] = u * after @ v
    changed[fragile] *= alpha
    kernels = torch.from_numpy(changed).view(weight.shape).to(weight)
    return Filtered(kernels, alpha, tau, before, after, **norms)


def with_kernels(model: nn.Sequential, weight: Tensor) -> nn.Sequential:
    """A copy of a network with other kernels in its first convolution."""
    changed = copy.deepcopy(model)
    with torch.no_grad():
        first_convolution(changed).weight.copy_(weight)
    return changed


def scaled(model: nn.Sequential, fragile: NDArray, alpha: float) -> nn.Sequential:
    """A copy whose fragile kernels are amplified and whose others stay: the trivial alternative to the filter."""
    weight = first_convolution(model).weight.detach().clone()
    weight[torch.from_numpy(fragile).to(weight.device)] *= alpha
    return with_kernels(model, weight)


@torch.no_grad()
def reestimated(model: nn.Sequential, x: Tensor) -> nn.Sequential:
    """A copy whose first batch norm has its mean and variance from images x (N, C, H, W), as training would."""
    changed = copy.deepcopy(model)
    with evaluating(changed):
        plain = torch.cat([maps(changed, images)["convolution"] for images in x.split(BATCH)])
    norm = changed[-1].network.bn1
    norm.running_mean.copy_(plain.mean((0, 2, 3)))
    norm.running_var.copy_(plain.var((0, 2, 3)))
    return changed


# Algorithm 1


def signs(model: nn.Sequential, x: Tensor, y: Tensor) -> Tensor:
    """The sign of the loss's gradient: FGSM at any eps is one step along it, (x + eps signs).clamp(0, 1)."""
    attack = FGSM()
    with evaluating(model), torch.enable_grad():
        parts = zip(x.split(BATCH), y.split(BATCH), strict=True)
        return torch.cat([attack.gradient(model, images, labels).sign() for images, labels in parts])


def in_pixels(model: nn.Sequential, eps: float) -> Tensor:
    """An eps that is meant in normalised units, in pixel units: one a channel (C, 1, 1)."""
    return eps * model[-2].std


@torch.no_grad()
def distances(model: nn.Sequential, x: Tensor, x_adv: Tensor) -> dict[str, NDArray]:
    """How far each kernel's map moves, in Euclidean distance (Algorithm 1, line 11), at each of `LEVELS`.

    Returns
    -------
    dict
        Arrays (N, kernels), float64.
    """
    parts: dict[str, list[Tensor]] = {level: [] for level in LEVELS}
    with evaluating(model):
        for clean, moved in zip(x.split(BATCH), x_adv.split(BATCH), strict=True):
            before, after = maps(model, clean), maps(model, moved)
            for level in LEVELS:
                parts[level].append(compute.float64(after[level] - before[level]).flatten(2).norm(dim=2))
    return {level: torch.cat(one).cpu().numpy() for level, one in parts.items()}


def targeted(d: NDArray, sets: NDArray) -> NDArray[np.bool_]:
    """For each image and each set S whether S_f > S_n (lines 12 to 14).

    Parameters
    ----------
    d
        Distances (N, kernels).
    sets
        Boolean (kernels,), or (sets, kernels) for many splits at once.

    Returns
    -------
    array
        Boolean (N,) or (N, sets).
    """
    return mean_distance(d, sets) > mean_distance(d, ~np.asarray(sets))


def mean_distance(d: NDArray, sets: NDArray) -> NDArray:
    """The mean of distances d (N, kernels) over each set of kernels, (kernels,) or (sets, kernels): S_f or S_n."""
    sets = np.asarray(sets)
    return d @ sets.T / np.maximum(sets.sum(-1), 1)


def over_noise(d: dict[str, NDArray], noise: dict[str, NDArray]) -> dict[str, NDArray]:
    """Distances in units of what random signs of the same size do to that kernel's map, in the mean over images.

    A change of a kernel's scale cancels. A map that random signs do not move on any image counts as not moved.

    Parameters
    ----------
    d, noise
        As `distances` gives them, (N, kernels) at each level.
    """
    units = {level: one.mean(0) for level, one in noise.items()}
    return {level: np.where(units[level] > 0, d[level] / np.where(units[level] > 0, units[level], 1), 0) for level in d}


def random_splits(kernels: int, size: int, n: int, seed: int) -> NDArray[np.bool_]:
    """n random sets of `size` kernels, (n, kernels)."""
    generator = np.random.default_rng(seed)
    return np.array([generator.permutation(kernels) < size for _ in range(n)])


def by_norm(weight: Tensor, size: int, *, largest: bool = True) -> NDArray[np.bool_]:
    """The `size` kernels of largest, or smallest, norm: boolean (kernels,)."""
    order = kernel_norms(weight).argsort()
    chosen = np.zeros(len(order), dtype=bool)
    chosen[order[len(order) - size :] if largest else order[:size]] = True
    return chosen


def kernel_norms(weight: Tensor) -> NDArray:
    """The Euclidean norm of each kernel (kernels,)."""
    return compute.float64(weight.detach()).flatten(1).norm(dim=1).cpu().numpy()


# The grid


@dataclass(frozen=True)
class Probe:
    """How a cell is measured.

    Parameters
    ----------
    n_images
        Test images for kernel dropout, FGSM and Algorithm 1; all test images give the clean accuracy.
    n_pgd
        Test images for PGD, for the table of readings and for the search over noise levels.
    pgd_steps
        PGD's steps.
    grid
        How many eps each grid has, besides the printed one.
    noise
        ε of the filter.
    splits
        How many random splits.
    """

    n_images: int = 1000
    n_pgd: int = 200
    pgd_steps: int = 20
    grid: int = 8
    noise: float = 0.015
    splits: int = 200


PRINTED_EPS = {"digits": 0.34, "mnist": 0.34, "cifar10": 0.01}
"""The eps of FGSM that the paper prints for each data set (3.1); digits are MNIST's."""


def linear_eps(images: str, grid: int) -> list[float]:
    """Where accuracy is measured and Algorithm 1 is run: from 0 to twice the printed eps or 0.4, with that eps."""
    printed = PRINTED_EPS[images]
    steps = np.linspace(0, min(2 * printed, 0.4), grid).round(5).tolist()
    return sorted({*steps, printed})


def logarithmic_eps(images: str, grid: int) -> list[float]:
    """Where Algorithm 1 is run besides: evenly on a logarithmic scale, from a hundredth of the printed eps to 1."""
    return np.geomspace(PRINTED_EPS[images] / 100, 1, grid).round(6).tolist()


def fill(
    keys: Iterable[tuple[str, str, int]],
    sets: dict[str, Dataset],
    seeds: Sequence[int],
    recipe: Recipe,
    probe: Probe,
    folder: Path = cells.CELLS,
) -> dict[tuple[str, str, int], list[dict]]:
    """Measure the cells (data set, network, age), each for every seed, where their files are not there yet."""
    keys = list(keys)
    grid: dict[tuple[str, str, int], list[dict]] = {key: [] for key in keys}
    for (images, network, age), seed in tqdm(list(product(keys, seeds)), desc="cells", leave=False):
        cell, data = Cell(network, images, age, seed, recipe), sets[images]
        facts = asdict(cell), asdict(probe), data.digest
        name = f"{images}-{network}-{age:03d}-seed{seed}"
        found = cells.kept(name, facts, lambda cell=cell, data=data: measure(cell, data, probe), measure, folder)
        grid[images, network, age].append(found)
    return grid


def all_keys(images: Iterable[str], ages: Iterable[int]) -> list[tuple[str, str, int]]:
    """Every cell of the paper's grid, youngest first."""
    return [(one, network, age) for one in images for network in RESNETS for age in sorted(ages)]


def stand_in(grid: dict, images: str, network: str, age: int) -> tuple[str, str, int] | None:
    """The cell asked for, else the one of that data set that is nearest to it: the network first, then the age."""
    there = [key for key in grid if key[0] == images]
    order = {name: number for number, name in enumerate(RESNETS)}
    return min(there, key=lambda key: (abs(order[key[1]] - order[network]), abs(key[2] - age)), default=None)


def pack(bits: NDArray) -> dict:
    """Booleans (N,) as text for a cell's file."""
    return {"n": len(bits), "bits": np.packbits(bits).tobytes().hex()}


def unpack(packed: dict) -> NDArray[np.bool_]:
    """The booleans (N,) that `pack` was given."""
    return np.unpackbits(np.frombuffer(bytes.fromhex(packed["bits"]), np.uint8))[: packed["n"]].astype(bool)


def measure(cell: Cell, images: Dataset, probe: Probe) -> dict:
    """All that the chapter shows of one cell, as JSON. Lists over images are in the order of the test images."""
    model, history = trained(cell, images)
    x, y = images.x_test[: probe.n_images], images.y_test[: probe.n_images]
    correct = correct_without(model, x, y)
    accuracies = [correct[:, half::2].mean(1) for half in (0, 1)]
    fragile = is_fragile(accuracies[0])
    weight = first_convolution(model).weight
    done = filtered(weight, fragile, Filter(noise=probe.noise))
    return {
        "cell": asdict(cell),
        "losses": history.losses,
        "clean": pack(score(model, images.x_test, images.y_test).correct),
        "all": pack(score(model, x, y).correct),
        "without": [one.tolist() for one in accuracies],
        "rightly_without": correct.sum(0).tolist(),
        "norms": kernel_norms(weight).tolist(),
        "spectrum": done.before.tolist(),
        "shape": [int((~fragile).sum()), weight[0].numel()],
        "readings": _readings(model, fragile, x, y, cell, probe),
        "search": _search(model, fragile, x, y, cell, probe),
        "targeting": _targeting(model, fragile, x, y, cell, probe),
        "robustness": _robustness(model, fragile, x, y, cell, probe),
        "batch_norm": _batch_norm(model, fragile, x, images.x_train[: probe.n_images]),
    }


def readings(noise: float) -> dict[str, Filter]:
    """`READINGS` at another noise level."""
    return {name: Filter(one.rule, one.unit, noise, one.norm) for name, one in READINGS.items()}


def variants(
    model: nn.Sequential, fragile: NDArray, noise: float, names: Sequence[str] = (PRINTED, SOURCE, MEDIAN)
) -> dict[str, nn.Sequential]:
    """The original and, by name, the filter in some readings."""
    weight = first_convolution(model).weight
    done = {name: filtered(weight, fragile, readings(noise)[name]) for name in names}
    return {"original": model} | {name: with_kernels(model, one.weight) for name, one in done.items()}


def _readings(model, fragile, x, y, cell: Cell, probe: Probe) -> dict:
    """For each reading τ, rank, norms and α, accuracy clean and on images attacked through the original."""
    eps = PRINTED_EPS[cell.images]
    few, labels = x[: probe.n_pgd], y[: probe.n_pgd]
    stale = FGSM(eps=eps)(model, few, labels)
    rows = {}
    for name, reading in readings(probe.noise).items():
        done = filtered(first_convolution(model).weight, fragile, reading)
        network = with_kernels(model, done.weight)
        rows[name] = {
            "tau": done.tau,
            "rank": int((done.after > 0).sum()),
            "changed": int((done.after != done.before).sum()),
            "spectral": done.spectral,
            "frobenius": done.frobenius,
            "clean": score(network, few, labels).accuracy,
            "transfer": score(network, stale, labels).accuracy,
        }
    return rows


NOISE_LEVELS = np.geomspace(1e-4, 1, 7).round(6).tolist()


def _search(model, fragile, x, y, cell: Cell, probe: Probe) -> dict:
    """The search over noise levels: accuracy clean and on attacked images for each ε, by unit and rule."""
    few, labels = x[: probe.n_pgd], y[: probe.n_pgd]
    stale = FGSM(eps=PRINTED_EPS[cell.images])(model, few, labels)
    found = {}
    for unit, rule in product(("variance", "deviation"), ("at most", "hard")):
        rows = []
        for noise in NOISE_LEVELS:
            done = filtered(first_convolution(model).weight, fragile, Filter(rule, unit, noise))
            network = with_kernels(model, done.weight)
            rows.append([score(network, few, labels).accuracy, score(network, stale, labels).accuracy])
        found[f"{unit}, {rule}"] = rows
    return found


def _targeting(model, fragile, x, y, cell: Cell, probe: Probe) -> dict:
    """Algorithm 1 and its controls."""
    weight = first_convolution(model).weight
    printed = PRINTED_EPS[cell.images]
    size = int(fragile.sum())
    splits = random_splits(len(fragile), size, probe.splits, seed=0)
    networks = variants(model, fragile, probe.noise, (PRINTED, SOURCE))
    steps = {name: signs(network, x, y) for name, network in networks.items()}
    both = {*logarithmic_eps(cell.images, probe.grid), *linear_eps(cell.images, probe.grid)[1:]}
    found: dict = {"size": size, "eps": sorted(both)}
    shares: dict[str, list] = {f"{way}, {level}": [] for way in ("clipped", "unclipped") for level in LEVELS}
    bits: dict[str, list] = {name: [] for name in (*networks, "relative")}
    moved, chance = [], []
    for eps in found["eps"]:
        for name, network in networks.items():
            d = distances(network, x, (x + eps * steps[name]).clamp(0, 1))
            bits[name].append(pack(targeted(d["convolution"], fragile)))
            if name == "original":
                for level in LEVELS:
                    shares[f"clipped, {level}"].append(float(targeted(d[level], fragile).mean()))
                moved.append(mean_distance(d["convolution"], fragile).round(6).tolist())
                chance.append(targeted(d["convolution"], splits).mean(0).tolist())
                noise = distances(model, x, random_signs(x, eps))
                bits["relative"].append(pack(targeted(over_noise(d, noise)["convolution"], fragile)))
        free = distances(model, x, x + eps * steps["original"])
        for level in LEVELS:
            shares[f"unclipped, {level}"].append(float(targeted(free[level], fragile).mean()))
    d = distances(model, x, (x + printed * steps["original"]).clamp(0, 1))
    noise = distances(model, x, random_signs(x, printed))
    few, labels = x[: probe.n_pgd], y[: probe.n_pgd]
    far = distances(model, few, PGD(eps=printed, steps=probe.pgd_steps)(model, few, labels))
    kinds = {"S": fragile, "largest norm": by_norm(weight, size), "smallest norm": by_norm(weight, size, largest=False)}
    rows = {"FGSM": d, "PGD": far, "random signs": noise, "FGSM over random signs": over_noise(d, noise)}
    norms = kernel_norms(weight)
    found |= {
        "shares": shares,
        "bits": bits,
        "moved": moved,
        "chance": chance,
        "printed": pack(targeted(d["convolution"], fragile)),
        "printed_relative": pack(targeted(over_noise(d, noise)["convolution"], fragile)),
        "controls": {
            name: {
                level: {
                    **{kind: float(targeted(one[level], chosen).mean()) for kind, chosen in kinds.items()},
                    "random": targeted(one[level], splits).mean(0).tolist(),
                    "rank_correlation": float(stats.spearmanr(one[level].mean(0), norms).statistic),
                }
                for level in LEVELS
            }
            for name, one in rows.items()
        },
    }
    return found


def _robustness(model, fragile, x, y, cell: Cell, probe: Probe) -> dict:
    """Eq. 2, and accuracy over eps under attacks made fresh on each variant."""
    printed = PRINTED_EPS[cell.images]
    grid = linear_eps(cell.images, probe.grid)
    few, labels = x[: probe.n_pgd], y[: probe.n_pgd]
    strong = sorted({grid[1], printed / 4, printed})
    networks = variants(model, fragile, probe.noise)
    alpha = filtered(first_convolution(model).weight, fragile, readings(probe.noise)[MEDIAN]).alpha
    networks["scaled alone"] = scaled(model, fragile, alpha)
    x_adv = FGSM(eps=printed)(model, x, y)
    found: dict = {"eps": grid, "pgd_eps": strong, "fgsm": {}, "pgd": {}, "probability": {}}
    for name, network in networks.items():
        step = signs(network, x, y)
        found["fgsm"][name] = [pack(score(network, (x + eps * step).clamp(0, 1), y).correct) for eps in grid]
        attack = {"steps": probe.pgd_steps, "early_stop": True}
        scores = [under_attack(network, PGD(eps=eps, **attack), few, labels) for eps in strong]
        found["pgd"][name] = [pack(one.correct) for one in scores]
        found["probability"][name] = _probability(network, x_adv, y)
        if name == "original":
            unit = in_pixels(model, printed)
            found["fgsm_normalised"] = pack(score(network, (x + unit * step).clamp(0, 1), y).correct)
    return found


def _probability(model: nn.Sequential, x: Tensor, y: Tensor) -> list[float]:
    """The probability of the true class for each image."""
    outputs = compute.float64(logits(model, x)).softmax(1)
    return outputs.gather(1, y[:, None].to(outputs.device)).squeeze(1).cpu().numpy().round(7).tolist()


def _batch_norm(model, fragile, x, x_train) -> dict:
    """By how much doubling the fragile kernels changes the logits, with batch norm as it is and estimated anew."""
    twice = scaled(model, fragile, 2.0)
    pairs = {"frozen": (model, twice), "reestimated": [reestimated(one, x_train) for one in (model, twice)]}
    return {way: float((logits(one, x) - logits(other, x)).abs().mean()) for way, (one, other) in pairs.items()}


# Reading the grid


def values(results: Sequence[dict], *path: str | int) -> list:
    """What stands at a path in the result of each seed."""
    found = list(results)
    for step in path:
        found = [one[step] for one in found]
    return found


def bits(results: Sequence[dict], *path: str | int) -> list[NDArray[np.bool_]]:
    """The packed booleans that stand at a path in the result of each seed, one array (N,) each."""
    return [unpack(one) for one in values(results, *path)]


def fragile_sets(result: dict) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """S by each half of the images (kernels,): the chapter uses the first, and judges it by the second."""
    first, second = (is_fragile(one) for one in result["without"])
    return first, second


def stable(grid: dict, images: str, network: str, ages: Sequence[int], seed: int = 0) -> NDArray[np.bool_]:
    """The kernels (kernels,) that are in S at all of these ages, for the seed at this place."""
    return np.all([fragile_sets(grid[images, network, age][seed])[0] for age in ages], axis=0)


def by_chance(grid: dict, images: str, network: str, ages: Sequence[int], seed: int = 0) -> float:
    """How many kernels are in S at all of these ages if each age draws as many of them by lot."""
    sets = [fragile_sets(grid[images, network, age][seed])[0] for age in ages]
    return float(len(sets[0]) * np.prod([one.mean() for one in sets]))


def halves_table(results: Sequence[dict]) -> dict[str, list[float]]:
    """How well S from one half of the images holds on the other: one value a seed for each column.

    `gap` is the accuracy without a kernel of S' less that without one of S, on the other half.
    """
    table: dict[str, list[float]] = {"share": [], "agreement": [], "expected": [], "correlation": [], "gap": []}
    for result in results:
        (first, second), (one, other) = fragile_sets(result), map(np.asarray, result["without"])
        table["share"].append(float(first.mean()))
        table["agreement"].append(float((first == second).mean()))
        table["expected"].append(expected_agreement(first, second))
        table["correlation"].append(float(stats.spearmanr(one, other).statistic))
        table["gap"].append(float(other[~first].mean() - other[first].mean()))
    return table


def cost_eps(eps: Sequence[float], correct: NDArray, cost: float = 0.2) -> float:
    """The smallest eps at which accuracy is lower by `cost`, on straight lines between those measured.

    Parameters
    ----------
    eps
        Rising, from 0.
    correct
        Which images are read rightly at each (len(eps), N).

    Returns
    -------
    float
        The last eps where accuracy falls by less.
    """
    lost = np.maximum.accumulate(correct[0].mean() - correct.mean(1))
    after = int(np.argmax(lost >= cost))
    if lost[-1] < cost:
        return float(eps[-1])
    return float(np.interp(cost, lost[after - 1 : after + 1], eps[after - 1 : after + 1]))


def cost_difference(
    one: tuple[Sequence[float], Sequence[NDArray]], other: tuple[Sequence[float], Sequence[NDArray]], seed: int = 0
) -> Measured:
    """`cost_eps` of one network less that of another: over seeds, or by a bootstrap over the images of one.

    Parameters
    ----------
    one, other
        The eps, and for each seed an array (len(eps), N).
    """
    costs = [[cost_eps(eps, correct) for correct in per_seed] for eps, per_seed in (one, other)]
    measured = over_seeds(np.subtract(*costs))
    if measured.low is not None:
        return measured
    generator = np.random.default_rng(seed)
    draws = []
    for _ in range(500):
        samples = [(eps, per_seed[0][:, _drawn(generator, per_seed[0])]) for eps, per_seed in (one, other)]
        draws.append(cost_eps(*samples[0]) - cost_eps(*samples[1]))
    low, high = np.quantile(draws, [0.025, 0.975])
    n = min(per_seed[0].shape[1] for _, per_seed in (one, other))
    return Measured(measured.mean, float(low), float(high), n, "images", measured.per_seed)


def _drawn(generator: np.random.Generator, correct: NDArray) -> NDArray:
    """As many images as there are, drawn with replacement."""
    return generator.integers(0, correct.shape[1], correct.shape[1])


def rates(results: Sequence[dict], *path: str | int) -> list[list[float]]:
    """The mean of each of the packed booleans in the list at a path, one row a seed."""
    return [[float(unpack(one).mean()) for one in row] for row in values(results, *path)]


def gain(results: Sequence[dict], path: Sequence[str | int], after: str, before: str, *rest: str | int) -> Measured:
    """What stands at `path`, `after`, `rest` less what stands at `path`, `before`, `rest`, paired over images."""
    found = [values(results, *path, who, *rest) for who in (after, before)]
    arrays = [[unpack(one) if isinstance(one, dict) else np.array(one) for one in per_seed] for per_seed in found]
    return difference(*arrays)


def smallest_rise(stages: Sequence[Sequence[NDArray]]) -> Measured:
    """The smallest of the steps between stages that follow each other, each with one array over images a seed."""
    return min((difference(b, a) for a, b in pairwise(stages)), key=_mean)


def controls(results: Sequence[dict], distances_of: str, level: str = "convolution") -> dict[str, float]:
    """Algorithm 1 beside its controls, means over seeds.

    Returns
    -------
    dict
        The share of images of `S`, of the kernels of `largest norm` and of `smallest norm`; of random splits the
        `mean`, the `spread` (standard deviation), the ends of the middle 95 % (`low`, `high`) and the share that is
        `as high` as S; and the `rank_correlation` of distances with norms.
    """
    rows = []
    for one in values(results, "targeting", "controls", distances_of, level):
        random_ = np.array(one["random"])
        low, high = np.quantile(random_, [0.025, 0.975])
        row = {"mean": random_.mean(), "spread": random_.std(), "low": low, "high": high}
        rows.append(one | row | {"as high": (random_ >= one["S"]).mean()})
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0] if name != "random"}


def rise_or_peak(stages: Sequence[Sequence[NDArray]], *, peak: bool) -> Measured:
    """Of three stages the smaller of two steps: up and up again, or up to the middle one and down from it."""
    first, second, third = stages
    pairs = (first, second), (third, second) if peak else (second, third)
    return min(map(smallest_rise, pairs), key=_mean)


def smallest_count_rise(counts: Sequence[Sequence[float]]) -> Measured:
    """The smallest of the steps between numbers that follow each other, each with one value a seed."""
    return min((over_seeds(np.subtract(b, a)) for a, b in pairwise(counts)), key=_mean)


def accuracy_over_eps(results: Sequence[dict], way: str) -> tuple[list[float], list[NDArray[np.bool_]]]:
    """The eps from 0 on and for each seed which images are read rightly at each (len(eps), N), for `cost_eps`.

    `way` is `fgsm` or `pgd`, made fresh on the original network.
    """
    eps = results[0]["robustness"]["eps" if way == "fgsm" else "pgd_eps"]
    found = []
    for clean, one in zip(bits(results, "all"), values(results, "robustness", way, "original"), strict=True):
        attacked = [unpack(packed) for packed in one]
        found.append(np.array([clean[: len(attacked[0])], *attacked]))
    return [0.0, *eps], found


def _mean(measured: Measured) -> float:
    return measured.mean


CLAIMS_ABOUT = {
    "mnist": [
        "mnist.resnet50.clean_accuracy",
        "mnist.resnet50.fgsm_0.34_accuracy",
        "csg.mnist",
        "mnist.resnet50.10.fragile_share",
        "mnist.resnet50.10.targeted_share",
        "kernel_curve.mnist_peaks",
        "cifar10.needs_smaller_eps",
    ],
    "cifar10": [
        "cifar10.resnet50.clean_accuracy",
        "cifar10.resnet50.fgsm_0.01_accuracy",
        "csg.cifar10",
        "cifar10.resnet50.50.fragile_share",
        "cifar10.resnet50.50.targeted_share",
        "depth.grows_fragile_count",
        "kernel_curve.cifar10_rises",
        "cifar10.needs_smaller_eps",
    ],
}
"""The claims that cannot be answered without a data set; one that compares both is in both lists."""
