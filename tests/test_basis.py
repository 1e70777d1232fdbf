"""What results rest on: the cells that are kept, what they were measured on, when and for how long."""

from dataclasses import replace
from pathlib import Path

import pytest
from tiny import LABELS, Draw

from lib import data
from lib.evidence import cells, store
from lib.evidence.cells import Cell
from lib.evidence.store import Made
from lib.ledger.basis import Basis, of_cells


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Cell]:
    """A cell that took 2 seconds on one device, and one that took 3 on another, of other images, a year later."""
    monkeypatch.setattr(cells, "FOLDERS", [tmp_path / "evidence"])
    found = [LABELS(Draw(seed)) for seed in (0, 1)]
    years, sets = ("2026", "2027"), ("digits", "mnist")
    for number, (cell, device) in enumerate(zip(found, ("a GPU", "a CPU"), strict=True)):
        record, made = cell.make()
        changed = {"device": device, "seconds": 2.0 + number, "peak_memory_bytes": 10 * number}
        changed |= {"finished": f"{years[number]}-01-02T03:04:05+00:00"}
        changed |= {"data": {sets[number]: {"digest": str(number), "origin": f"set {number}"}}}
        store.write(cell.path, record, replace(made, **changed))
    return found


def made_by(cell: Cell) -> Made:
    return cell.read()[1]


def test_it_says_what_its_cells_were_measured_with(two: list[Cell]) -> None:
    assert of_cells(two) == Basis(
        digest=data.joined_digest(["0", "1"]),
        origin="set 0; set 1",
        seconds={"labels": 5.0},
        peak_memory_bytes=10,
        cells={cell.name: cell.digest for cell in two},
        devices=("a CPU", "a GPU"),
        measured=("2026-01-02T03:04:05+00:00", "2027-01-02T03:04:05+00:00"),
    )


def test_the_order_of_the_cells_is_no_matter(two: list[Cell]) -> None:
    assert of_cells(two[::-1]) == of_cells(two)


def test_of_one_set_of_images_the_digest_is_its_own(two: list[Cell]) -> None:
    assert of_cells(two[:1]).digest == made_by(two[0]).data["digits"]["digest"] == "0"


def test_a_cell_that_is_not_kept_is_no_part_of_it(two: list[Cell]) -> None:
    assert of_cells([*two, LABELS(Draw(2))]) == of_cells(two)
    assert not LABELS(Draw(2)).is_kept, "looking measures nothing"
    assert of_cells([LABELS(Draw(2))]) == Basis(None, "")
