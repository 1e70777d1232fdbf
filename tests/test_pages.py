"""A notebook as a page: cleaned, with today's prose, what is stale marked, and where its numbers come from."""

import json
import re
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from lib import book as the_book
from lib.parameters import contract
from lib.run.run import Run
from lib.site import facts, given
from lib.site import pages as the_pages

RUN = {
    "notebook": "mitigation",
    "profile": "quick+eps_train=0.2",
    "parameters": {"seed": 0, "eps_train": 0.2},
    "claims": [],
    "metrics": {},
    "seconds": {"setup": 1.5, "training": 60.0},
    "provenance": {
        "commit": "0123456789abcdef+changes",
        "digest": {"notebook": "0", "lib": {}, "claims": "0", "parameters": "0", "data": "0"},
        "data": "digits, 4,000 + 1,000 images",
        "evidence": {
            "cells": {f"cell-{number}": "0" * 64 for number in range(1200)},
            "devices": ["NVIDIA H100 <80GB>", "cpu (x86_64, 2 cores)"],
            "measured": ["2025-12-30T01:02:03+00:00", "2025-12-31T01:02:03+00:00"],
            "networks": {"shared": 3, "differing": 1, "silent": 2},
            "notes": {"carried over": 2},
        },
        "versions": {"python": "3.11", "torch": "2.14"},
        "device": "cpu (x86_64, 2 cores)",
        "threads": 2,
        "peak_memory_bytes": 3 * 2**29,
        "started": "2026-01-02T03:04:05+00:00",
        "finished": "2026-01-02T03:05:07+00:00",
    },
}


def test_progress_bars_and_stderr_do_not_reach_a_page() -> None:
    bar = {"data": {the_pages.WIDGETS: {}, "text/plain": "0%"}, "metadata": {}}
    outputs = [
        nbformat.v4.new_output("stream", name="stderr", text="50%|#####"),
        nbformat.v4.new_output("display_data", **bar),
        nbformat.v4.new_output("stream", name="stdout", text=" 10%\r100%\rdone\nnext\r\n"),
    ]
    cell = nbformat.v4.new_code_cell("work()", outputs=outputs, metadata={"papermill": {"duration": 1}})
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"papermill": {"input_path": "/home/somebody"}})
    the_pages.clean(notebook)
    assert [output.text for output in cell.outputs] == ["done\nnext\r\n"]
    assert "papermill" not in cell.metadata
    assert "papermill" not in notebook.metadata


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run whose results are `RUN`."""
    (tmp_path / "mitigation.json").write_text(json.dumps(RUN))
    return Run("mitigation", "quick", RUN["parameters"], {"eps_train": 0.2}, tmp_path)


def test_the_foot_of_a_page_says_where_its_numbers_come_from(run: Run) -> None:
    note = the_pages.provenance_note(run)
    for fact in ("`quick` with `eps_train=0.2`", "4,000 + 1,000", "1.5 GiB", "62 s", "torch 2.14"):
        assert fact in note
    assert "2026-01-02 03:04 UTC to 2026-01-02 03:05 UTC" in note
    assert "1,200 cells" in note and "2025-12-30 01:02 UTC to 2025-12-31 01:02 UTC" in note
    assert r"NVIDIA H100 \<80GB\>; cpu (x86\_64, 2 cores)" in note
    assert re.search(r"`0123456789ab`.*not committed", note)


def test_a_page_says_how_to_check_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(the_pages.costs, "of_profile", {"quick": {"mitigation": {"minutes": 1.6}}}.__getitem__)
    told = the_pages.check_note(run)
    start = "**Check it.** `make reproduce PAPER=mitigation` measures it on 5,000 digits, in about 2 minutes"
    assert told.startswith(start)
    assert "PROFILE=paper" not in told
    recorded = replace(run, profile="paper", given={"seeds": 1, "eps_train": 0.2})
    again = '`make reproduce PROFILE=paper PAPER=mitigation PARAMS="seeds=1 eps_train=0.2"` makes this very page'
    assert again in the_pages.check_note(recorded)
    spaced = replace(recorded, given={"seeds": 1, "ages": "5 10 20"})
    again = "`python -m lib.run reproduce mitigation --profile paper -p 'ages=5 10 20' -p seeds=1` makes this very page"
    assert again in the_pages.check_note(spaced)


def test_a_page_says_how_many_of_its_answers_are_of_a_smaller_run(run: Run) -> None:
    def noted(*smaller: list[str] | None) -> str:
        claims = [{"id": str(n), "paper": one is not None, "smaller": one or []} for n, one in enumerate(smaller)]
        run.results_file.write_text(json.dumps(RUN | {"claims": claims}))
        return the_pages.size_note(run)

    assert noted([], []) == "" == noted()
    assert noted([], None) == "**Scale.** This run does not answer 1 claim."
    both = noted(["2 epochs"], [], None)
    assert "1 of the 2 answers below comes from a run smaller than the paper's. Such an answer does not decide" in both
    assert both.endswith("how the run is smaller. This run does not answer 1 claim.")


def test_the_way_to_check_a_chapter_ends_its_opening(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Run, "changes", lambda self: [])
    for name, times in (("mitigation", 1), (the_book.SCOREBOARD, 0)):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A title\n\nAn opening.")])
        the_pages.prepare(notebook, name, {name: run})
        assert notebook.cells[0].source.count("**Check it.**") == times


def test_what_rests_on_no_cells_names_no_device(run: Run) -> None:
    """As the scoreboard, which reads what others have found."""
    nothing = {"cells": {}, "devices": [], "measured": None, "networks": None, "notes": {}}
    assert the_pages.measured_rows({"evidence": nothing}) == [["Evidence", "0 cells, each a measurement of its own"]]
    once = {
        "cells": {"a": "0"},
        "devices": ["a CPU"],
        "measured": ["2026-01-02T03:04:05+00:00"] * 2,
        "networks": None,
        "notes": {},
    }
    assert the_pages.measured_rows({"evidence": once})[2:] == [["Measured", "2026-01-02 03:04 UTC"]]
    apart = once | {"networks": {"shared": 3, "differing": 1, "silent": 0}}
    name, told = the_pages.measured_rows({"evidence": apart})[-1]
    assert name == "Networks" and told.startswith("1 of 3 networks")
    noted = once | {"notes": {"carried over": 2, "by <hand>": 1}}
    assert the_pages.measured_rows({"evidence": noted})[-1] == [
        "Notes",
        "2 cells: carried over; 1 cell: by \\<hand\\>",
    ]


def test_a_stale_run_is_marked_below_the_title(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Run, "changes", lambda self: ["lib/attack/gradient.py", "the parameters"])
    for name in ("mitigation", "scoreboard"):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title\n\nThe answer.")])
        the_pages.prepare(notebook, name, {"mitigation": run})
        page = notebook.cells[0].source
        assert page.startswith("# Title\n\n```{warning}")
        assert "`lib/attack/gradient.py`, the parameters have changed" in page
        assert "python -m lib.run execute mitigation --profile quick -p eps_train=0.2" in page
        assert "\n\nThe answer." in page


def test_the_scoreboard_is_marked_where_it_is_stale_itself(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by a change of what counts the answers, with every chapter up to date."""
    monkeypatch.setattr(Run, "changes", lambda self: ["lib/ledger/board.py"] if self.notebook == "scoreboard" else [])
    own = Run(the_book.SCOREBOARD, "quick", {}, {}, run.where)
    own.results_file.write_text(json.dumps(RUN | {"notebook": own.notebook, "profile": "quick"}))
    runs = {"mitigation": run, own.notebook: own}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title")])
    the_pages.prepare(notebook, own.notebook, runs)
    page = notebook.cells[0].source
    assert "- {doc}`scoreboard`: `lib/ledger/board.py` has changed" in page and "{doc}`mitigation`" not in page
    table = facts.runs_table(runs)
    assert "{doc}`mitigation`" in table and "{doc}`scoreboard`" in table and "no: `lib/ledger/board.py`" in table


def test_the_parameters_are_shown_once_with_the_values_of_the_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Run, "changes", lambda self: [])
    lines = ["seed: int = 3  # [0, 9] seed = 3", "eps_train: float = 0.3  # [0.1, 1]", 'ages: str = "1 2"  # {1 2, 3}']
    cells = [
        nbformat.v4.new_markdown_cell("# Title"),
        nbformat.v4.new_code_cell("\n".join(lines), metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("seed = 0", metadata={"tags": ["injected-parameters"]}),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    the_pages.prepare(notebook, "elsewhere", {"elsewhere": run})
    (cell,) = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert cell.source.splitlines() == [
        lines[0].replace("int = 3", "int = 0"),
        lines[1].replace("0.3", "0.2"),
        lines[2],
    ]
    assert cell.metadata["tags"] == ["parameters", "hide-input"]
    given.show_once(notebook, {"ages": "3"})
    assert 'ages: str = "3"  # {1 2, 3}' in cell.source


@pytest.mark.parametrize("name", the_book.notebooks())
def test_every_parameter_that_a_notebook_declares_can_be_given(name: str) -> None:
    (cell,) = [
        cell
        for cell in nbformat.read(the_book.source(name), as_version=4).cells
        if "parameters" in cell.metadata.get("tags", [])
    ]
    found = [line["name"] for line in given.LINE.finditer(cell.source)]
    assert found == list(contract(the_book.source(name)))


def test_a_run_that_still_holds_is_not_marked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Run, "changes", lambda self: [])
    assert the_pages.stale_note([run]) == ""


def test_a_recorded_page_shows_todays_prose_where_its_code_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_notebook
) -> None:
    monkeypatch.setattr(the_book, "NOTEBOOKS", tmp_path)
    source = write_notebook(tmp_path / "tiny.ipynb", "seed: int = 0  # the seed", "1 + 1")
    executed = nbformat.read(source, as_version=4)
    executed.cells.insert(2, nbformat.v4.new_code_cell("seed = 1", metadata={"tags": ["injected-parameters"]}))
    executed.cells[-1].outputs = [nbformat.v4.new_output("stream", text="2")]
    executed.cells[-1].metadata["tags"] = ["remove-input"]
    today = nbformat.read(source, as_version=4)
    today.cells[1].source += "  # more about it"
    today.cells.insert(2, nbformat.v4.new_markdown_cell("A new paragraph."))
    nbformat.write(today, source)
    the_pages.take_prose(executed, "tiny")
    assert [cell.source for cell in executed.cells] == [
        *(cell.source for cell in today.cells[:2]),
        "seed = 1",
        *(cell.source for cell in today.cells[2:]),
    ]
    assert executed.cells[-1].outputs[0].text == "2" and "tags" not in executed.cells[-1].metadata
    executed.cells[0].source = "# What it said then"
    executed.cells[-1].source = "1 + 2"
    the_pages.take_prose(executed, "tiny")
    assert executed.cells[0].source == "# What it said then"
