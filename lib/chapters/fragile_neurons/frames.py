"""The chapter's tables, as data frames: one function a table."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd

from lib.chapters.fragile_neurons import csg
from lib.chapters.fragile_neurons.csg import CsgRecord
from lib.chapters.fragile_neurons.experiment import (
    DATASETS,
    DRAWS,
    NEIGHBOURS,
    NETWORKS,
    TIMES,
    TRAINING_IMAGES,
    Experiment,
    Key,
)
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.kernels import LEVELS, by_skewness
from lib.chapters.fragile_neurons.measure import NOISE_LEVELS
from lib.chapters.fragile_neurons.networks import RECIPES, RecipeRecord
from lib.chapters.fragile_neurons.quantities import by_chance, controls, filter_gains, halves, stable
from lib.chapters.fragile_neurons.record import ALONE, MOVES, CellRecord
from lib.chapters.fragile_neurons.subject import PRINTED_EPS, UNITS
from lib.chapters.fragile_neurons.svd_filter import MEDIAN, PRINTED, READINGS, SOURCE
from lib.ledger.claims import paper
from lib.measure.intervals import over_networks, rate
from lib.models.resnets import RESNETS

FILTERS = (PRINTED, SOURCE, MEDIAN)
"""The readings that are attacked."""


def accuracies(grid: Grid) -> pd.DataFrame:
    """Accuracy on all test images, over the paper's grid."""
    kinds = list(product(grid.experiment.sets, RESNETS))
    columns = {"network": [Key(*kind, 0).kind for kind in kinds]}
    for age in grid.experiment.stages:
        columns[f"epoch {age}"] = [_accuracy(grid, Key(*kind, age)) for kind in kinds]
    return pd.DataFrame(columns)


def _accuracy(grid: Grid, key: Key) -> str:
    return f"{rate([one.clean for one in grid[key]]):.4f}" if key in grid else "missing"


def made(grid: Grid) -> pd.DataFrame:
    """Where each cell was made."""
    rows = []
    for key in grid:
        for record, cell in zip(grid[key], grid.experiment.cells_of(key), strict=True):
            training, made = record.training, cell.made
            row = {"cell": str(key), "training begun on": training.device}
            row |= {"training, minutes": f"{training.seconds / 60:.1f}", "measured on": made.device}
            rows.append(row | {"PyTorch": made.versions["torch"], "finished": made.finished[:10]})
    return pd.DataFrame(rows)


def origins(grid: Grid) -> str:
    """Where the images come from, in words."""
    cells = [grid.experiment.cells_of(grid.nearest(name))[0] for name in grid.experiment.sets]
    return "; ".join(cell.made.data[cell.setting.network.dataset]["origin"] for cell in cells)


def printed_eps(grid: Grid) -> pd.DataFrame:
    """Accuracy under FGSM at the printed eps, in both units."""
    claims, rows = paper(grid.experiment.chapter).claims, []
    for key in grid:
        robustness, eps = [one.robustness for one in grid[key]], PRINTED_EPS[key.dataset]
        told_of = f"cifar10.resnet50.fgsm_{eps}_accuracy" if key.dataset == "cifar10" else _ON_MNIST
        found = rate([one.fgsm("original", eps) for one in robustness]), rate([one.normalised for one in robustness])
        row = {"cell": str(key), "eps": f"{eps:g}"}
        row |= {f"eps in {unit}": f"{one:.3f}" for unit, one in zip(UNITS, found, strict=True)}
        rows.append(row | {"paper: ResNet-50, epoch 100": f"{claims[told_of].value:.3f}"})
    return pd.DataFrame(rows)


_ON_MNIST = "mnist.resnet50.fgsm_0.34_accuracy"


def recipes(records: Sequence[RecipeRecord]) -> pd.DataFrame:
    """How far a short training gets in each recipe."""
    found = [f"{rate([one.correct]):.3f}" for one in records]
    return pd.DataFrame({"recipe": list(RECIPES)[: len(found)], "accuracy, all test images": found})


def recipes_title(experiment: Experiment) -> str:
    """What their table is called."""
    setting = experiment.recipes()[0].setting
    n_train = min(setting.n_train, TRAINING_IMAGES[setting.dataset])
    name = NETWORKS[setting.network]
    return f"{name} after {setting.age} epochs of {n_train:,} images of {DATASETS[setting.dataset]}"


def over_halves(grid: Grid) -> pd.DataFrame:
    """How well S from one half of the images holds on the other."""
    heads = {"share": "share in S", "agreement": "halves agree on", "expected": "by chance on"}
    heads |= {"correlation": "rank correlation of halves", "gap": "S' less S on the other half"}
    rows = []
    for key in grid:
        found = halves(grid[key])
        accuracy = np.mean([np.mean(one.dropout.accuracies) for one in grid[key]])
        error = (accuracy * (1 - accuracy) / (len(grid[key][0].dropout.intact) / 2)) ** 0.5
        row = {"cell": str(key)} | {head: f"{getattr(found, name):.4f}" for name, head in heads.items()}
        rows.append(row | {"standard error of one accuracy": f"{error:.4f}"})
    return pd.DataFrame(rows)


def skewness() -> pd.DataFrame:
    """The share of kernels below the mean, if their drops had some shape."""
    skewed = by_skewness()
    return pd.DataFrame({"shape of the drops": list(skewed), "share in S": [f"{one:.3f}" for one in skewed.values()]})


def stable_kernels(grid: Grid) -> pd.DataFrame:
    """How many kernels are fragile at all three ages."""
    kinds = [kind for kind in product(grid.experiment.sets, RESNETS) if grid.has_all_ages(*kind)]
    through = [grid.through_ages(*kind) for kind in kinds]
    counts = [f"{np.mean([stable(ages).sum() for ages in one]):.1f}" for one in through]
    lots = [f"{np.mean([by_chance(ages) for ages in one]):.1f}" for one in through]
    columns = {"network": [Key(*kind, 0).kind for kind in kinds] or ["no network has all three ages"]}
    columns |= {"in S at all ages": counts or ["missing"], "expected by lot": lots or ["missing"]}
    return pd.DataFrame(columns)


def readings(records: Sequence[CellRecord]) -> pd.DataFrame:
    """What each reading of the filter does, means over seeds."""
    heads = {"tau": "τ", "changed": "values changed", "rank": "rank left", "spectral": "α − 1, spectral norm"}
    heads |= {"frobenius": "α − 1, Frobenius norm", "clean": "accuracy, clean"}
    rows = []
    for name in READINGS:
        found = [one.filters.readings[name] for one in records]
        means = {column: np.mean([getattr(one, column) for one in found]) for column in heads}
        row = {head: f"{means[c]:.0f}" if c in ("changed", "rank") else f"{means[c]:.3f}" for c, head in heads.items()}
        left = {unit: np.mean([one.transfer[unit] for one in found]) for unit in UNITS}
        rows.append({"reading": name} | row | {f"attacked, {unit}": f"{value:.3f}" for unit, value in left.items()})
    return pd.DataFrame(rows)


def readings_title(grid: Grid) -> str:
    """What their table is called, for the main cell."""
    rows, columns = grid[grid.main][0].filters.shape
    about = f"{grid.title(grid.main)}: {rows} × {columns}; {grid.experiment.n_pgd} test images"
    return f"The readings of the filter, {about}, FGSM through the original at {PRINTED_EPS[grid.main.dataset]}"


def noise_levels(record: CellRecord) -> pd.DataFrame:
    """The noise levels of the search, in units of the median singular value."""
    median, longer = float(np.median(record.filters.spectrum)), max(record.filters.shape)
    columns = {"ε": [f"{level:g}" for level in NOISE_LEVELS]}
    columns["√(nε), in median singular values"] = [f"{(longer * e) ** 0.5 / median:.2f}" for e in NOISE_LEVELS]
    columns["√n ε, in median singular values"] = [f"{longer**0.5 * e / median:.2f}" for e in NOISE_LEVELS]
    return pd.DataFrame(columns)


def noise_title(grid: Grid) -> str:
    """What their table is called, for the main cell."""
    median = float(np.median(grid[grid.main][0].filters.spectrum))
    return f"Noise levels of the search, {grid.title(grid.main)}: the median singular value is {median:.3f}"


def algorithm_1(record: CellRecord) -> pd.DataFrame:
    """The share of images with S_f > S_n over eps, at each level, clipped and not."""
    found = record.targeting
    columns = {"eps": [f"{eps:g}" for eps in found.eps]}
    for way, shares in {"unclipped": found.unclipped, "clipped": found.clipped}.items():
        columns |= {f"{way}, after {level}": _three(row) for level, row in zip(LEVELS, shares, strict=True)}
    return pd.DataFrame(columns)


def _three(values: Iterable[float]) -> list[str]:
    return [f"{value:.3f}" for value in values]


def with_controls(grid: Grid) -> pd.DataFrame:
    """Algorithm 1 on the maps of the convolution beside its controls, means over seeds."""
    heads = {"as_high": "splits as high as S", "largest": "largest norm", "smallest": "smallest norm"}
    heads |= {"rank_correlation": "rank correlation with norm"}
    rows = []
    for key, move in product(grid, MOVES):
        found = controls(grid[key], move)
        row = {"cell": str(key), "distances under": move, "S": f"{found.s:.3f}"}
        row["random splits, mean ± spread"] = f"{found.mean:.2f} ± {found.spread:.2f}"
        rows.append(row | {head: f"{getattr(found, name):.3f}" for name, head in heads.items()})
    return pd.DataFrame(rows)


def controls_by_level(records: Sequence[CellRecord]) -> pd.DataFrame:
    """The share of S, and that of random splits, by where the maps are read."""
    columns = {"maps after": list(LEVELS)}
    for move in MOVES:
        found = [controls(records, move, level) for level in LEVELS]
        columns[move] = [f"{one.s:.3f} ({one.mean:.2f} ± {one.spread:.2f})" for one in found]
    return pd.DataFrame(columns)


def gains(grid: Grid) -> pd.DataFrame:
    """What filtered networks gain over the original, and scaling alone."""
    rows = []
    for key, who in product(grid, FILTERS):
        robustness = grid[key][0].robustness
        least = f"{robustness.eps[1]:.3g}, {robustness.pgd_eps[0]:.3g}"
        found, alone = filter_gains(grid[key], who), filter_gains(grid[key], ALONE + who)
        row = {"cell": str(key), "filter": who, "eps of fresh FGSM, PGD": least}
        row |= {kind: f"{gain:+.3f}" for kind, gain in found.items()}
        scaled = {f"{kind}, scaled alone": f"{alone[kind]:+.3f}" for kind in ("fresh FGSM", "fresh PGD")}
        rows.append(row | scaled)
    return pd.DataFrame(rows)


def batch_norm(grid: Grid) -> pd.DataFrame:
    """The mean change of a logit when the fragile kernels are doubled."""
    columns = {"cell": [str(key) for key in grid]}
    for way, head in {"frozen": "batch norm as it is", "reestimated": "batch norm estimated anew"}.items():
        means = [np.mean([getattr(one.batch_norm, way) for one in grid[key]]) for key in grid]
        columns[head] = [f"{mean:.4f}" for mean in means]
    return pd.DataFrame(columns)


PRINTED_CSG = {"digits": "0.11 (MNIST)", "mnist": "0.11", "cifar10": "1.00"}


def gradients(records: Mapping[tuple[str, str], CsgRecord], experiment: Experiment) -> pd.DataFrame:
    """The cumulative spectral gradient by embedding and way of counting, over draws."""
    counted = list(product(csg.EMBEDDINGS, csg.WAYS))
    columns = {"embedding": [f"{embedding}, {way}" for embedding, way in counted]}
    for name in experiment.sets:
        found = [over_networks(csg.gradients(records[name, embedding], way)) for embedding, way in counted]
        columns[DATASETS[name]] = _three(found)
        columns[f"paper, {DATASETS[name]}"] = [PRINTED_CSG[name]] * len(counted)
    return pd.DataFrame(columns)


def gradients_title(experiment: Experiment) -> str:
    """What their table is called."""
    about = f"{experiment.csg_images:,} images, M = {experiment.csg_m}, k = {NEIGHBOURS}"
    return f"Cumulative spectral gradient, {about}, mean and 95 % interval over {DRAWS} draws"


def gradients_by_size(records: Sequence[CsgRecord], experiment: Experiment) -> pd.DataFrame:
    """The same in pixels, each point alike, by how many images there are."""
    sizes, left = [experiment.csg_images * times for times in TIMES], iter(records)
    columns = {"images": [f"{size:,}" for size in sizes]}
    for name in experiment.sets:
        found = [(size, next(left)) for size in sizes]
        columns[DATASETS[name]] = [
            f"{csg.gradients(one, csg.ALIKE)[0]:.3f}" if one.n_images == size else "too few" for size, one in found
        ]
    return pd.DataFrame(columns)
