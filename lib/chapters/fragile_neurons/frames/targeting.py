"""Tables of what the attack moves: Algorithm 1, its readings and its controls."""

from collections.abc import Iterable, Sequence
from itertools import product

import pandas as pd

from lib.chapters.fragile_neurons.answers.targeting import between_layers, cells_of_89, moved_beside_lot, readings_of
from lib.chapters.fragile_neurons.contradictions import CONTRADICTIONS
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.kernels import LEVELS
from lib.chapters.fragile_neurons.quantities import controls
from lib.chapters.fragile_neurons.record import MOVES, CellRecord
from lib.ledger.contradictions import as_table


def _three(values: Iterable[float]) -> list[str]:
    return [f"{value:.3f}" for value in values]


def with_controls(grid: Grid) -> pd.DataFrame:
    """Algorithm 1 on the maps of the convolution beside its controls, averaged over seeds."""
    heads = {"as_high": "splits as high as S", "largest": "largest norm", "smallest": "smallest norm"}
    heads |= {"rank_correlation": "rank correlation with norm"}
    rows = []
    for key, move in product(grid, MOVES):
        found = controls(grid[key], move)
        row = {"case": str(key), "distances under": move, "S": f"{found.s:.3f}"}
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


def moved(grid: Grid) -> pd.DataFrame:
    """The share of images on which S moves more, not clipped and relative to random signs, beside random sets."""
    rows = []
    for key in grid:
        (plain, _), (free, over) = moved_beside_lot(grid, key)
        row = {
            "case": str(key),
            "not clipped": f"{plain:.3f}",
            "relative to random signs, S from other images": f"{free:.3f}",
        }
        rows.append(row | {"beyond the 95th percentile of random sets": f"{over:+.3f}"})
    return pd.DataFrame(rows)


def readings_of_89(grid: Grid) -> pd.DataFrame:
    """The share in every reading of the paper's words, in the cells for which the paper prints it."""
    columns = {}
    for key in cells_of_89(grid):
        shares = readings_of(grid, key)
        columns[grid.title(key)] = pd.Series(dict(zip(shares, _three(shares.values()), strict=True)))
        if not between_layers(grid, key):
            columns[grid.title(key)]["between original and filtered layer"] = "not measured"
    return pd.DataFrame(columns, dtype=object).fillna("").rename_axis("reading").reset_index()


def contradictions() -> pd.DataFrame:
    """Passages that cannot both be right, or that leave open what was done."""
    return as_table(CONTRADICTIONS)
