"""The scoreboard's cells, run in this process: whatever has run, and where nothing has."""

from pathlib import Path

import nbformat
import pytest

from lib import book
from lib.ledger import claims, results


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """What its code leaves behind, over a folder with the recorded results of nothing."""
    monkeypatch.setattr(results, "RECORDED", tmp_path / "recorded")
    monkeypatch.setenv("REPRO_RESULTS", str(tmp_path / "quick"))
    monkeypatch.setenv("REPRO_OUT", str(tmp_path / "out"))
    found: dict = {}
    for cell in nbformat.read(book.source(book.SCOREBOARD), as_version=4).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, book.SCOREBOARD, "exec"), found)
    return found


def test_where_nothing_has_run_every_claim_is_counted_as_not_run(names: dict, tmp_path: Path) -> None:
    assert [count["not run"] for (_, kind), count in names["counts"].items() if kind == "recorded"] == [
        len(claims.paper(name).claims) for name in book.papers()
    ]
    written = results.read_results(tmp_path / "out", book.SCOREBOARD)
    assert written["metrics"] == {f"{name}.answered": 0.0 for name in book.papers()}
    assert written["provenance"]["evidence"] == {"cells": {}, "devices": [], "measured": None}
