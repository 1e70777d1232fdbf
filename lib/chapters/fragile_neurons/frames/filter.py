"""Tables of the filter: what its readings change, and what they gain."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.measure import NOISE_LEVELS
from lib.chapters.fragile_neurons.quantities import filter_gains, judged_at
from lib.chapters.fragile_neurons.record import ALONE, CellRecord
from lib.chapters.fragile_neurons.subject import PRINTED_EPS, UNITS
from lib.chapters.fragile_neurons.svd_filter import FILTERS, READINGS
from lib.measure.intervals import rate


def readings(records: Sequence[CellRecord]) -> pd.DataFrame:
    """What each reading of the filter does, averaged over seeds."""
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
    """The caption of `readings`, for the main cell."""
    rows, columns = grid[grid.main][0].filters.shape
    many = len(grid[grid.main][0].robustness.pgd_images)
    about = f"{grid.title(grid.main)}: {rows} × {columns}; {many:,} test images"
    return f"The readings of the filter, {about}, FGSM through the original at {PRINTED_EPS[grid.main.dataset]}"


def noise_levels(record: CellRecord) -> pd.DataFrame:
    """The noise levels of the search, in units of the median singular value."""
    median, longer = float(np.median(record.filters.spectrum)), max(record.filters.shape)
    columns = {"ε": [f"{level:g}" for level in NOISE_LEVELS]}
    columns["√(nε), in median singular values"] = [f"{(longer * e) ** 0.5 / median:.2f}" for e in NOISE_LEVELS]
    columns["√n ε, in median singular values"] = [f"{longer**0.5 * e / median:.2f}" for e in NOISE_LEVELS]
    return pd.DataFrame(columns)


def noise_title(grid: Grid) -> str:
    """The caption of `noise_levels`, for the main cell."""
    median = float(np.median(grid[grid.main][0].filters.spectrum))
    return f"Noise levels of the search, {grid.title(grid.main)}: the median singular value is {median:.3f}"


def gains(grid: Grid) -> pd.DataFrame:
    """What filtered networks gain over the original, and what scaling alone gains."""
    rows = []
    for key, who in product(grid, FILTERS):
        at = ", ".join(f"{eps:.3g}" for eps in judged_at(grid[key][0].robustness, key.dataset))
        found, alone = (filter_gains(grid[key], name, key.dataset) for name in (who, ALONE + who))
        row = {"case": str(key), "filter": who, "eps of fresh FGSM, PGD": at}
        row |= {kind: f"{gain:+.3f}" for kind, gain in found.items()}
        scaled = {f"{kind}, scaled alone": f"{alone[kind]:+.3f}" for kind in ("fresh FGSM", "fresh PGD")}
        rows.append(row | scaled)
    return pd.DataFrame(rows)


def batch_norm(grid: Grid) -> pd.DataFrame:
    """The mean change of a logit when the fragile kernels are doubled."""
    columns = {"case": [str(key) for key in grid]}
    for way, head in {"frozen": "batch norm as it is", "reestimated": "batch norm estimated anew"}.items():
        means = [np.mean([getattr(one.batch_norm, way) for one in grid[key]]) for key in grid]
        columns[head] = [f"{mean:.4f}" for mean in means]
    return pd.DataFrame(columns)


def lowered(grid: Grid) -> pd.DataFrame:
    """The share of images on which S moves more, original and filtered, not clipped: the same at every eps.

    Only cases in which that was measured have rows.
    """
    rows = []
    for key in filter(grid.sampled, grid):
        sampled = grid.sampled(key)
        for name in FILTERS:
            layers = [(one.layers["original"], one.layers[name]) for one in sampled]
            changed = float(np.mean([filtered.changed for _, filtered in layers]))
            row = {"case": str(key), "filter": name, "values changed": f"{changed:.0f}" if changed else "0: inert"}
            for of, head in {"free": "share", "free_relative": "relative to random signs"}.items():
                for at, who in enumerate(("original", "filtered")):
                    row[f"{head}, {who}"] = f"{rate([getattr(one[at], of) for one in layers]):.3f}"
            rows.append(row)
    return pd.DataFrame(rows or [{"case": "none", "filter": "–", "values changed": "not measured"}])
