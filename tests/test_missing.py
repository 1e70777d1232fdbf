"""What the paper profile still lacks: counted by part, estimated by kind of device, and shown on a page."""

from dataclasses import replace

import pytest
from projects import Project
from tiny import LABELS, Draw

from lib.evidence import cells, plan
from lib.evidence.store import Made
from lib.run import __main__ as command
from lib.run import missing, record
from lib.site import facts, readme


def made(device: str, seconds: float) -> Made:
    """Where another cell of that part comes from."""
    draw = LABELS(Draw(8))
    _, found = draw.make()
    return replace(found, device=device, seconds=seconds)


def test_a_part_of_which_cells_are_missing_has_a_row(project: Project) -> None:
    LABELS(Draw(1)).make()
    record.keep([LABELS(Draw(1))])
    (row,) = missing.rows()
    assert (row["chapter"], row["part"], row["missing"], row["cells"]) == ("tiny", "labels", 1, 2)


def test_where_all_is_recorded_nothing_is_missing_and_the_page_says_so(project: Project) -> None:
    record.keep([cell for seed in (1, 2) if (cell := LABELS(Draw(seed))).make()])
    missing.update()
    assert missing.kept() == []
    assert facts.missing_tables() == "Nothing is missing."


def test_what_is_kept_here_and_not_recorded_is_missing(project: Project) -> None:
    LABELS(Draw(1)).make()
    assert [row["missing"] for row in missing.rows()] == [2]


def test_minutes_are_those_of_each_kind_of_device(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [made("cpu (x86_64, 2 cores)", 120.0), made("NVIDIA H200", 6.0)]
    monkeypatch.setattr(plan, "experience", lambda folders: both)
    assert [row["minutes"] for row in missing.rows()] == [{"CPU": "4.0", "GPU": "0.2"}]


def test_a_kind_of_device_that_made_no_cell_is_not_guessed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "experience", lambda folders: [made("cpu (x86_64, 2 cores)", 120.0)])
    assert [row["minutes"] for row in missing.rows()] == [{"CPU": "4.0", "GPU": missing.UNKNOWN}]


def test_the_device_that_made_most_cells_stands_for_its_kind(project: Project) -> None:
    one, other = made("cpu (arm64, 8 cores)", 1.0), made("cpu (x86_64, 2 cores)", 1.0)
    assert missing.devices([one, other, other]) == {"CPU": "cpu (x86_64, 2 cores)"}


def test_recording_writes_what_is_missing_anew(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readme, "update", lambda: None)
    assert command.main(["record", "tiny"]) == 0
    (row,) = missing.kept()
    assert (row["missing"], row["cells"]) == (1, 2)  # the second is shown where it is kept, and not needed
    assert "| `labels` | Take the labels of five digits. | 1 of 2 |" in facts.missing_tables()


def test_a_copy_without_recorded_runs_says_so(project: Project) -> None:
    assert missing.kept() is None
    assert facts.missing_tables() == "No run is recorded in this copy."


def test_the_book_says_what_it_lacks_today() -> None:
    """By counts: minutes follow from the machine that recorded last."""
    said = [(row["chapter"], row["part"], row["missing"], row["cells"]) for row in missing.kept()]
    wanted = [
        (part.chapter, part.name, sum(not missing.recorded(cell) for cell in of), len(of))
        for part, of in missing.parts().items()
    ]
    assert said == [row for row in wanted if row[2]]
    assert {part.chapter for part in missing.parts()} >= {folder.name for folder in cells.RECORDED.iterdir()}
