"""Results kept cell by cell."""

import copy
import json
from pathlib import Path

import pytest
import torch
from torch import nn

from lib import cells
from lib.data import Dataset
from lib.measure import intervals


def measured(calls: list[int]) -> dict:
    calls.append(1)
    return {"values": (1, 2), "mean": 0.5}


def test_a_cell_is_measured_once_and_then_read(tmp_path: Path) -> None:
    calls: list[int] = []
    first, again = (cells.kept("a", ("x", 1), lambda: measured(calls), intervals.share, tmp_path) for _ in range(2))
    assert first == again == {"values": [1, 2], "mean": 0.5} and len(calls) == 1


def test_other_facts_and_other_code_are_other_cells(tmp_path: Path) -> None:
    calls: list[int] = []
    for facts, code in ((1, intervals.share), (2, intervals.share), (1, intervals.over_seeds)):
        cells.kept("a", facts, lambda: measured(calls), code, tmp_path)
    assert len(calls) == 3 and len(list(tmp_path.iterdir())) == 3


def test_the_file_alone_is_enough(tmp_path: Path) -> None:
    """Copied to another folder, as to another machine, it is read there without being measured."""
    cells.kept("a", 1, lambda: {"x": 1}, intervals.share, tmp_path / "here")
    (tmp_path / "there").mkdir()
    for path in (tmp_path / "here").iterdir():
        (tmp_path / "there" / path.name).write_bytes(path.read_bytes())
    assert cells.kept("a", 1, lambda: pytest.fail("measured"), intervals.share, tmp_path / "there") == {"x": 1}


@pytest.mark.parametrize("bad", [{"x": float("nan")}, {"x": {1}}])
def test_what_is_no_json_leaves_no_file(tmp_path: Path, bad: dict) -> None:
    with pytest.raises((ValueError, TypeError)):
        cells.kept("a", 1, lambda: bad, intervals.share, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_measurement_that_fails_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        cells.kept("a", 1, lambda: {"x": 1 / 0}, intervals.share, tmp_path)
    assert not list(tmp_path.iterdir())
    cells.kept("a", 1, lambda: {"x": 1}, intervals.share, tmp_path)
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("a-") and json.loads(path.read_text()) == {"x": 1}


def test_digests_tell_weights_layers_and_images_apart(digits: Dataset, linear: nn.Sequential) -> None:
    network, wider = linear, nn.Sequential(*linear, nn.Identity())
    moved = copy.deepcopy(network)
    with torch.no_grad():
        moved[1].bias[0] += 1e-3
    assert cells.weights_digest(network) == cells.weights_digest(copy.deepcopy(network))
    assert cells.weights_digest(network) not in map(cells.weights_digest, (wider, moved))
    x, y = digits.x_train[:200], digits.y_train[:200]
    digests = {cells.images_digest(*images) for images in ((x, y), (x[:100], y[:100]), (x, y.flip(0)), (x.flip(0), y))}
    assert len(digests) == 4 and cells.images_digest(x.clone(), y) in digests
