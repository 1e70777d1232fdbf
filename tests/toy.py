"""A measurement small enough to be killed twenty times in a test: a network on sixty-four made-up images."""

import multiprocessing
from dataclasses import dataclass
from pathlib import Path

import forked
import numpy as np
import torch
from numpy.typing import NDArray

from lib.compute import seeded
from lib.evidence import cells, fill, plan
from lib.evidence.cells import Cell, Part
from lib.models import SimpleCNN, build
from lib.train import loop, snapshots
from lib.train.batches import Shuffled
from lib.train.loop import fit

EPOCHS = 4


@dataclass(frozen=True)
class Setting:
    seed: int

    def __str__(self) -> str:
        return f"seed {self.seed}"


@dataclass(frozen=True, eq=False)
class Record:
    weights: NDArray[np.float32]
    losses: list[float]


def measure(setting: Setting) -> Record:
    x, y = torch.rand(64, 1, 28, 28, generator=seeded(0)), torch.arange(64) % 10
    model = build(SimpleCNN, setting.seed, torch.device("cpu"))
    batches = Shuffled(x, y, batch_size=8)
    history = fit(model, batches, EPOCHS, seed=setting.seed, snapshots=snapshots.SNAPSHOTS)
    weights = torch.cat([parameter.detach().flatten() for parameter in model.parameters()]).numpy()
    return Record(weights, history.losses)


PART = Part("toy", "network", measure)


def wanted(count: int) -> list[Cell]:
    return [PART(Setting(seed)) for seed in range(count)]


def move_to(folder: Path) -> None:
    """Keep cells and snapshots in a folder, a snapshot after every epoch."""
    cells.FOLDERS[:] = [folder / "evidence"]
    snapshots.SNAPSHOTS = folder / "snapshots"
    snapshots.KILLED_EVERY_S = 0.0


def epochs(folder: Path) -> Path:
    """A file with a byte for each epoch that was trained."""
    return folder / "epochs.txt"


def fill_in(folder: Path, count: int) -> None:
    """What a process of the tests does: make what is missing, and leave lists of what it made and of its epochs."""
    torch.set_num_threads(1)
    move_to(folder)
    measured, epoch = Cell.measured, loop._epoch

    def counted(*arguments: object) -> float:
        loss = epoch(*arguments)
        with epochs(folder).open("a") as file:
            file.write("e")
        return loss

    def noted(cell: Cell) -> tuple:
        found = measured(cell)
        with (folder / "made.txt").open("a") as file:
            file.write(f"{cell.name}\n")
        return found

    Cell.measured, loop._epoch = noted, counted
    fill.fill(plan.missing(wanted(count)))


def process(folder: Path, count: int) -> multiprocessing.Process:
    """A process that does this."""
    return forked.process(fill_in, folder, count)
