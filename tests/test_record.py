"""Recording: the paper profile's notebooks, results and cells are copied whole, and what they replace goes."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from projects import Project
from tiny import LABELS, Draw

from lib import book, data
from lib.evidence import cells, store
from lib.evidence.cells import Cell
from lib.run import __main__ as command
from lib.run import execute, record
from lib.run.run import Run
from lib.site import readme


def test_recording_copies_the_paper_profile(project: Project) -> None:
    record.record(Run.of("tiny", "paper", {"eps": "0.3"}))
    kept = json.loads((project.root / "recorded" / "tiny.json").read_text())
    assert kept["profile"] == "paper+eps=0.3"
    assert kept["metrics"]["eps"] == 0.3
    assert (project.root / "recorded" / "tiny.ipynb").exists()


def test_a_recording_checks_all_notebooks_before_the_first_runs(project: Project, monkeypatch) -> None:
    monkeypatch.setattr(record, "record", lambda _: pytest.fail("recorded"))
    monkeypatch.setattr(readme, "update", lambda: pytest.fail("README written"))
    assert command.main(["record", "tiny", "-p", "epz=1"]) == 1


def test_a_recording_that_fails_leaves_readme_with_what_was_recorded_before(project: Project, monkeypatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(record, "record", lambda run: done.append(run.notebook) or _fail(len(done) > 1))
    monkeypatch.setattr(readme, "update", lambda: done.append("README"))
    assert command.main(["record", "tiny", "tiny"]) == 1
    assert done == ["tiny", "tiny", "README"]


def _fail(now: bool) -> None:
    if now:
        raise execute.RunError("a cell failed")


def test_recording_the_scoreboard_makes_it_of_the_recorded_results(project: Project, monkeypatch) -> None:
    made: list[Path] = []
    project.write_scoreboard()

    def instead(run: Run, **options) -> None:
        if run.notebook == book.SCOREBOARD:
            made.append(run.folder)
        else:
            execute.execute(run, **options)

    monkeypatch.setattr(record, "execute", instead)
    record.record(Run.of("tiny", "paper", {}))
    record.record(Run.of(book.SCOREBOARD, "paper", {}))
    assert made == [project.root / "recorded"] * 2
    assert not (project.root / "recorded" / "scoreboard.ipynb").exists()  # no copy of another run's


def recorded(project: Project) -> list[str]:
    return sorted(path.name for path in (project.root / "recorded" / "evidence").rglob("*.npz"))


def test_a_recording_keeps_the_cells_that_it_shows(project: Project) -> None:
    LABELS(Draw(2)).get()  # which is shown where it is kept
    LABELS(Draw(7)).get()  # of another run
    record.record(Run.of("tiny", "paper", {}))
    assert recorded(project) == sorted(LABELS(Draw(seed)).path.name for seed in (1, 2))
    found = json.loads((project.root / "recorded" / "tiny.json").read_text())
    assert sorted(found["provenance"]["evidence"]["cells"]) == [name.removesuffix(".npz") for name in recorded(project)]


MEASURED_ELSEWHERE = """\
tiny.LABELS(tiny.Draw(2)).get()
"""


def test_a_cell_that_another_process_makes_meanwhile_is_no_part_of_the_page(project: Project) -> None:
    """It came after the page had looked for it: the page is out of date, and not silently without it."""
    project.write(MEASURED_ELSEWHERE)
    run = Run.of("tiny", "paper", {})
    record.record(run)
    assert recorded(project) == [LABELS(Draw(1)).path.name] and LABELS(Draw(2)).is_kept
    assert run.changes() == ["the evidence, of which there is more now"]


def test_a_recording_starts_from_the_recorded_cells(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on another machine, to which runs/ has not come: nothing is measured, and nothing changes."""
    run = Run.of("tiny", "paper", {})
    record.record(run)
    before = {path: path.stat().st_mtime_ns for path in (project.root / "recorded" / "evidence").rglob("*")}
    shutil.rmtree(project.evidence[0])
    shutil.rmtree(project.runs)
    monkeypatch.setattr(data, "load", lambda *_: pytest.fail("measured"))
    record.record(run)
    assert {path: path.stat().st_mtime_ns for path in (project.root / "recorded" / "evidence").rglob("*")} == before
    assert not list(project.evidence[0].rglob("*.npz"))


def copy_as(cell: Cell, name: str, **changes: object) -> Path:
    """A recorded file of that name, whose cell says other things of itself."""
    record_of, made = cell.read()
    path = cells.RECORDED / "tiny" / name
    store.write(path, record_of, replace(made, **changes))
    return path


def test_what_recorded_cells_replace_goes_back_to_runs_and_what_was_left_out_stays(project: Project) -> None:
    cell = LABELS(Draw(1))
    cell.get()
    older = copy_as(cell, "labels-seed-1-0123456789abcdef.npz")
    kept = [copy_as(LABELS(Draw(8)), "labels-seed-8-0123456789abcdef.npz") for _ in [LABELS(Draw(8)).get()]]
    kept += [copy_as(cell, "labels-seed-1-eps-0.3-0123456789abcdef.npz", setting="seed 1, eps 0.3")]
    kept += [cells.RECORDED / "tiny" / "labels-seed-1-fedcba9876543210.npz"]
    kept[-1].write_text("no cell, which is not ours to delete")
    record.keep([cell])
    assert not older.exists() and all(path.exists() for path in kept)
    assert (project.evidence[0] / "tiny" / older.name).exists(), "with other parameters it may be of use"
    assert recorded(project) == sorted([cell.path.name, *(path.name for path in kept)])


@dataclass(frozen=True)
class Wordy(Draw):
    """A setting whose words begin like those of every other."""

    def __str__(self) -> str:
        return f"{'all the words that a name has room for ' * 3}seed {self.seed}"


def test_cells_whose_names_begin_alike_do_not_replace_each_other(project: Project) -> None:
    pair = [LABELS(Wordy(seed)) for seed in (1, 2)]
    for cell in pair:
        cell.get()
    names = sorted(cell.path.name for cell in pair)
    assert names[0].rpartition("-")[0] == names[1].rpartition("-")[0]
    record.keep(pair)
    assert recorded(project) == names
    record.keep(pair[:1])
    assert recorded(project) == names
