"""Tables of the networks: where each was made, and its accuracy."""

from collections.abc import Sequence
from itertools import product

import pandas as pd

from lib.chapters.fragile_neurons.answers.common import claim
from lib.chapters.fragile_neurons.experiment import DATASETS, NETWORKS, PAPERS_SET, TRAINING_IMAGES, Experiment, Key
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.networks import RECIPES, RecipeRecord
from lib.chapters.fragile_neurons.subject import PRINTED_EPS, UNITS
from lib.measure.intervals import rate
from lib.models.resnets import RESNETS


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
        for seed, record in grid.cells[key].items():
            cell = grid.experiment.cells_of(key)[seed - grid.experiment.seed]
            training, made = record.training, cell.made
            row = {"case": str(key), "training begun on": training.device}
            row |= {"training, minutes": f"{training.seconds / 60:.1f}", "measured on": made.device}
            rows.append(row | {"PyTorch": made.versions["torch"], "finished": made.finished[:10]})
    return pd.DataFrame(rows)


def origins(grid: Grid) -> str:
    """Where the images come from, in words."""
    cells = [grid.experiment.cells_of(grid.nearest(name))[0] for name in grid.experiment.sets]
    return "; ".join(cell.made.data[cell.setting.network.dataset]["origin"] for cell in cells)


def printed_eps(grid: Grid) -> pd.DataFrame:
    """Accuracy under FGSM at the printed eps, in both units."""
    rows = []
    for key in grid:
        robustness, eps = [one.robustness for one in grid[key]], PRINTED_EPS[key.dataset]
        printed = claim(f"{PAPERS_SET[key.dataset]}.resnet50.fgsm_{eps}_accuracy").value
        found = rate([one.fgsm("original", eps) for one in robustness]), rate([one.normalised for one in robustness])
        row = {"case": str(key), "eps": f"{eps:g}"}
        row |= {f"eps in {unit}": f"{one:.3f}" for unit, one in zip(UNITS, found, strict=True)}
        rows.append(row | {"paper: ResNet-50, epoch 100": f"{printed:.3f}"})
    return pd.DataFrame(rows)


def recipes(records: Sequence[RecipeRecord]) -> pd.DataFrame:
    """How far a short training run gets with each recipe."""
    found = [f"{rate([one.correct]):.3f}" for one in records]
    return pd.DataFrame({"recipe": list(RECIPES)[: len(found)], "accuracy, all test images": found})


def recipes_title(experiment: Experiment) -> str:
    """The caption of `recipes`."""
    setting = experiment.recipes()[0].setting
    n_train = min(setting.n_train, TRAINING_IMAGES[setting.dataset])
    name = NETWORKS[setting.network]
    return f"{name} after {setting.age} epochs of {n_train:,} images of {DATASETS[setting.dataset]}"
