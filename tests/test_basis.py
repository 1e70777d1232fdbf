"""What results rest on: the cells that are kept, what they were measured on, when and for how long."""

from dataclasses import replace
from pathlib import Path

import pytest
from tiny import LABELS, Draw

from lib import data
from lib.data import Dataset
from lib.digest import values
from lib.evidence import cells, store
from lib.evidence.cells import Cell
from lib.evidence.store import Made
from lib.ledger.basis import Basis, of_cells, of_networks
from lib.models import SimpleCNN, build
from lib.show import wording
from lib.train import outcomes
from lib.train.batches import Shuffled
from lib.train.loop import fit


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
        cells={cell.name: {"digest": cell.digest, "contents": cell.contents} for cell in two},
        devices=("a CPU", "a GPU"),
        measured=("2026-01-02T03:04:05+00:00", "2027-01-02T03:04:05+00:00"),
        networks={"shared": 0, "differing": 0, "silent": 0},
    )


def test_the_order_of_the_cells_is_no_matter(two: list[Cell]) -> None:
    assert of_cells(two[::-1]) == of_cells(two)


def test_of_one_set_of_images_the_digest_is_its_own(two: list[Cell]) -> None:
    assert of_cells(two[:1]).digest == made_by(two[0]).data["digits"]["digest"] == "0"


def test_two_copies_of_one_set_are_both_told(two: list[Cell]) -> None:
    """As of CIFAR-10, which some machine has had from elsewhere."""
    record, made = two[1].read()
    store.write(two[1].path, record, replace(made, data={"digits": {"digest": "2", "origin": "another copy"}}))
    found = of_cells(two)
    assert (found.digest, found.origin) == (data.joined_digest(["0", "2"]), "set 0; another copy")


def test_a_cell_that_is_not_kept_is_no_part_of_it(two: list[Cell]) -> None:
    assert of_cells([*two, LABELS(Draw(2))]) == of_cells(two)
    assert not LABELS(Draw(2)).is_kept, "looking measures nothing"
    assert of_cells([LABELS(Draw(2))]) == Basis(None, "")


def test_cells_of_one_training_that_came_to_different_networks_are_counted() -> None:
    first = {"a epoch 5": "1", "b epoch 5": "1"}
    assert of_networks([first, {"a epoch 5": "1"}, {}]) == {"shared": 1, "differing": 0, "silent": 0}
    assert of_networks([first, {"a epoch 5": "2"}, None]) == {"shared": 1, "differing": 1, "silent": 1}
    assert of_networks([first, {"a epoch 6": "2"}]) == {"shared": 0, "differing": 0, "silent": 0}


def test_a_cell_says_which_networks_it_is_of(digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "FOLDERS", [tmp_path / "cells"])
    batches = Shuffled(digits.x_train[:64], digits.y_train[:64])

    def trained(seed: int, epochs: int) -> SimpleCNN:
        model = build(SimpleCNN, seed, digits.x_train.device)
        fit(model, batches, epochs, snapshots=tmp_path / "snapshots")
        return model

    def noted(*trainings: tuple[int, int]) -> dict[str, str]:
        with outcomes.noting() as found:
            models = [trained(*one) for one in trainings]
        assert list(found.values()) == [values.digest(dict(model.state_dict())) for model in models]
        return found

    anew, loaded, further = noted((0, 1), (1, 1)), noted((0, 1)), noted((0, 2))
    assert loaded.items() < anew.items() and [name.split()[-1] for name in further] == ["2"]
    assert of_networks([anew, loaded, further]) == {"shared": 1, "differing": 0, "silent": 0}
    with outcomes.noting() as nothing:
        pass
    trained(2, 1)
    assert not nothing and LABELS(Draw(3)).make()[1].networks == {}


def test_a_page_says_whether_its_cells_are_of_the_same_networks() -> None:
    same, apart = ({"shared": 3, "differing": differing, "silent": differing} for differing in (0, 1))
    assert wording.networks(same).endswith("came out the same, weight for weight")
    told = wording.networks(apart)
    assert "1 of 3 networks" in told and "; 1 measurement does not record which it used" in told
    assert "no two" in wording.networks({"shared": 0, "differing": 0, "silent": 0})
