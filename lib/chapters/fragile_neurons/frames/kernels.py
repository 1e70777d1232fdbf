"""Tables of the kernels: dropped one by one, and which of them are fragile."""

from itertools import product

import numpy as np
import pandas as pd

from lib.chapters.fragile_neurons.answers.kernels import gaps
from lib.chapters.fragile_neurons.experiment import Key
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.kernels import by_skewness
from lib.chapters.fragile_neurons.quantities import by_chance, halves, stable
from lib.models.resnets import RESNETS


def over_halves(grid: Grid) -> pd.DataFrame:
    """How well S from one half of the images holds on the other."""
    heads = {"share": "share in S", "agreement": "halves agree on", "expected": "by chance on"}
    heads |= {"correlation": "rank correlation of halves", "gap": "S' minus S on the other half"}
    rows = []
    for key in grid:
        found = halves(grid[key])
        accuracy = np.mean([np.mean(one.dropout.accuracies) for one in grid[key]])
        error = (accuracy * (1 - accuracy) / (len(grid[key][0].dropout.intact) / 2)) ** 0.5
        row = {"case": str(key)} | {head: f"{getattr(found, name):.4f}" for name, head in heads.items()}
        rows.append(row | {"standard error of one accuracy": f"{error:.4f}"})
    return pd.DataFrame(rows)


def skewness() -> pd.DataFrame:
    """The share of kernels in S if their drops had each of some shapes."""
    skewed = by_skewness()
    return pd.DataFrame({"shape of the drops": list(skewed), "share in S": [f"{one:.3f}" for one in skewed.values()]})


def stable_kernels(grid: Grid) -> pd.DataFrame:
    """How many kernels are fragile at all three ages."""
    kinds = [kind for kind in product(grid.experiment.sets, RESNETS) if grid.has_all_ages(*kind)]
    through = [grid.through_ages(*kind) for kind in kinds]
    counts = [f"{np.mean([stable(ages).sum() for ages in one]):.3g}" for one in through]
    lots = [f"{np.mean([by_chance(ages) for ages in one]):.2g}" for one in through]
    columns = {"network": [Key(*kind, 0).kind for kind in kinds] or ["no network has all three ages"]}
    columns |= {"in S at all ages": counts or ["missing"], "expected by chance": lots or ["missing"]}
    return pd.DataFrame(columns)


def dropped(grid: Grid) -> pd.DataFrame:
    """How much more accuracy a fragile kernel is worth than a null one."""
    rows = []
    for key in grid:
        (same, _), (other, beyond) = gaps(grid, key)
        row = {"case": str(key), "networks": other.networks}
        row |= {"on the images of S": f"{same:.4f}", "on other images": f"{other:.4f}"}
        rows.append(row | {"beyond kernels of large norm": f"{beyond:+.4f}"})
    return pd.DataFrame(rows)
