"""What a cell has begun: its trainings, and how long they took before."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from lib.data import Dataset
from lib.evidence import cells
from lib.evidence.begun import Begun
from lib.evidence.cells import Part
from lib.models import SimpleCNN, build
from lib.train import turns
from lib.train.batches import Shuffled
from lib.train.loop import fit

COMES_TO: list[tuple[str, float]] = []
"""The trainings that a process comes to, each with the seconds that it has taken by then."""


@dataclass(frozen=True)
class Found:
    number: int


def measured(seed: int) -> Found:
    for name, seconds in COMES_TO:
        if name == "interrupt":
            raise KeyboardInterrupt
        turns.note(Path(name), seconds)
    return Found(seed)


CELL = Part("toy", "trained", measured)(0)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "FOLDERS", [tmp_path / "here"])


def comes_to(*trainings: tuple[str, float]) -> None:
    COMES_TO[:] = trainings


def test_a_cell_s_seconds_have_what_interrupted_processes_trained_for_it() -> None:
    for own in (0.0, 50.0):
        comes_to(("of-another-cell", 1000.0), ("own", own), ("interrupt", 0.0))
        with pytest.raises(KeyboardInterrupt):
            CELL.make()
    assert CELL.begun.trainings() == {"of-another-cell": 1000.0, "own": 0.0}
    comes_to(("of-another-cell", 1000.0), ("own", 80.0), ("own", 95.0), ("new", 0.0), ("new", 20.0))
    found, made = CELL.make()
    assert found.number == 0 and 80 <= made.seconds < 85, "not what this process trains: its own clock has that"
    assert not CELL.begun.path.exists()


def test_a_line_is_written_once_and_one_without_seconds_is_read(tmp_path: Path) -> None:
    begun = Begun(tmp_path / "begun")
    begun.path.write_text("a\nb 2.5")
    begun.add({"b": 7.0, "c": 1.25})
    assert begun.trainings() == {"b": 2.5, "c": 1.25, "a": 0.0}


def test_a_training_says_how_long_it_has_taken_when_it_goes_on(digits: Dataset, tmp_path: Path) -> None:
    noted: list[tuple[Path, float]] = []
    batches = Shuffled(digits.x_train[:64], digits.y_train[:64])
    with turns.noting(lambda *given: noted.append(given)):
        took = [fit(build(SimpleCNN, 0, digits.x_train.device), batches, epochs, snapshots=tmp_path).seconds
                for epochs in (1, 2, 2)]  # fmt: skip
    assert [seconds for _, seconds in noted] == [0.0, *took[:2]] and 0 < took[0] < took[1] == took[2]
    assert len({folder for folder, _ in noted}) == 1


def test_a_training_that_was_begun_anew_has_taken_no_time_before(tmp_path: Path) -> None:
    Begun(tmp_path / "note").came_to(tmp_path / "training", 100.0)
    again = Begun(tmp_path / "note")
    again.came_to(tmp_path / "training", 0.0)  # its states are gone
    assert list(again.earlier.values()) == [0.0]
