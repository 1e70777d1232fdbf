"""A run of common_ground whose networks were trained for seconds: for the tests of what is written from them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lib.chapters.common_ground.measure_weights import ShownFound, WeightsFound
from lib.evidence import cells, store
from lib.evidence.cells import Cell
from lib.evidence.store import Made
from lib.models import SmallCNN, build
from lib.run.run import Run
from lib.train.batches import Shuffled
from lib.train.loop import fit

CPU = torch.device("cpu")
MADE = Made(
    "common_ground", "", "", "", {}, {"digits": {"digest": "d1", "origin": "a few digits"}}, "c0ffee", "a machine", 1,
    {"torch": "2.14.1"}, 1.0, 1, "2026-11-28T12:00:00+00:00",
)  # fmt: skip


def put(cell: Cell, record: object) -> Path:
    """Keep a record as that of a cell."""
    path = cells.FOLDERS[0] / cell.part.chapter / f"{cell.name}.npz"
    store.write(path, record, replace(MADE, part=cell.part.name, setting=str(cell.setting), digest=cell.digest))
    return path


def weights_of(network: nn.Module) -> dict[str, np.ndarray]:
    """The weights of a network on the CPU."""
    return {name: one.detach().contiguous().numpy() for name, one in network.state_dict().items()}


def networks(x: Tensor, y: Tensor, folder: Path) -> list[nn.Module]:
    """Four networks that differ, each trained for some seconds on images on the CPU, in eval mode."""
    found = []
    for seed in range(4):
        network = build(SmallCNN, seed, CPU)
        fit(network, Shuffled(x, y, 50), 4, lr=2e-3, seed=seed, snapshots=folder)
        found.append(network.eval())
    return found


def keep(run: Run, trained: Sequence[nn.Module], images: Mapping[str, Tensor], monkeypatch: pytest.MonkeyPatch, folder):
    """Put networks, and ten images of `x` and `y`, into the cells of a run, in a folder of their own."""
    monkeypatch.setattr(cells, "FOLDERS", [folder])
    kept = run.experiment.kept()
    for one, network in zip(kept.networks, trained, strict=False):
        put(one.cell, WeightsFound("SmallCNN", weights_of(network), np.array([True, True, True, False])))
    levels = (images["x"][:10, 0] * 255).round().numpy().astype(np.uint8)
    put(kept.images, ShownFound(levels, images["y"][:10].numpy().astype(np.uint8)))
    return kept
