"""The grid network × data set × age: its cells, kept in a file each, and the claims that need a data set."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from functools import partial
from itertools import product
from pathlib import Path

from tqdm import tqdm

from lib import cells
from lib.chapters.fragile_neurons.measuring import Probe, measure
from lib.chapters.fragile_neurons.networks import Cell, Recipe
from lib.data import Dataset
from lib.models.resnets import RESNETS


def fill(
    keys: Iterable[tuple[str, str, int]],
    sets: dict[str, Dataset],
    seeds: Sequence[int],
    recipe: Recipe,
    probe: Probe,
    *,
    train: bool = True,
    album: Path | None = None,
    folder: Path = cells.CELLS,
) -> dict[tuple[str, str, int], list[dict]]:
    """The cells (data set, network, age), each for every seed: read where they are kept, else trained and measured.

    Parameters
    ----------
    train
        Whether to train and measure what is not kept; if not, a cell that lacks a seed is left out.
    album
        A folder that gets a copy of each cell.
    folder
        Where cells are kept.

    Raises
    ------
    LookupError
        Where a data set is left without any cell.
    """
    grid: dict[tuple[str, str, int], list[dict]] = {}
    for key, seed in tqdm(list(product(keys, seeds)), desc="cells", leave=False):
        images, network, age = key
        cell, data = Cell(network, images, age, seed, recipe), sets[images]
        make = partial(measure, cell, data, probe) if train else _refuse
        facts = f"{images}-{network}-{age:03d}-seed{seed}", (asdict(cell), asdict(probe), data.digest)
        try:
            found = cells.kept(*facts, make, measure, folder)
        except NotKept:
            continue
        grid.setdefault(key, []).append(found)
        if album:
            cells.kept(*facts, partial(dict, found), measure, album)  # under the same name
    grid = {key: found for key, found in grid.items() if len(found) == len(seeds)}
    if empty := sets.keys() - {images for images, *_ in grid}:
        raise LookupError(f"no cell of {', '.join(sorted(empty))} is kept or was to be made with these settings")
    return grid


class NotKept(LookupError):
    """A cell is in no file."""


def _refuse() -> dict:
    raise NotKept


def all_keys(images: Iterable[str], ages: Iterable[int]) -> list[tuple[str, str, int]]:
    """Every cell of the paper's grid, youngest first."""
    return [(one, network, age) for one in images for network in RESNETS for age in sorted(ages)]


def stand_in(
    grid: dict, images: str, network: str, age: int, *, whole: Collection[int] = ()
) -> tuple[str, str, int] | None:
    """The cell asked for, else the one of that data set that is nearest to it: the network first, then the age.

    With `whole`, only among networks that have all of these ages, if there are any.
    """
    there = [key for key in grid if key[0] == images]
    complete = [key for key in there if all((*key[:2], other) in grid for other in whole)]
    order = {name: number for number, name in enumerate(RESNETS)}
    nearness = {key: (abs(order[key[1]] - order[network]), abs(key[2] - age)) for key in complete or there}
    return min(nearness, key=nearness.__getitem__, default=None)


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
