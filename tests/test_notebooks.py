"""The notebooks: sources without outputs, short cells, described figures; run in the quick profile, and run again."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import nbformat
import pytest
import quick

from lib import book, compute
from lib.ledger.claims import paper
from lib.ledger.results import read_results
from lib.parameters import contract
from lib.run import environment, profiles
from lib.run.execute import execute
from lib.run.run import Run

NOTEBOOKS = book.notebooks()
CHAPTERS = [name for name in NOTEBOOKS if name != book.SCOREBOARD]
LONGEST_CELL = 15
FIGURE = re.compile(r"^(?:\w+ = )?(?:plots|figures)\.(?!use_style)\w+\(", re.MULTILINE)
NOT_MEASURED_ON_DIGITS = {
    "fragile_neurons.depth.grows_fragile_count": "compares three networks on CIFAR-10; this is ResNet-18 on digits",
    "fragile_neurons.kernel_curve.cifar10_rises": "is about the curve on CIFAR-10; digits stand in for MNIST alone",
    "fragile_neurons.cifar10.needs_smaller_eps": "compares CIFAR-10 with digits",
}
"""The statements that the quick profile leaves open, and why; every other one it measures."""


def cells(name: str) -> list[nbformat.NotebookNode]:
    return nbformat.read(book.source(name), as_version=4).cells


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_source_has_no_outputs(name: str) -> None:
    code = [cell for cell in cells(name) if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_source_declares_its_parameters(name: str) -> None:
    declared = contract(book.source(name))
    assert declared["seed"].type is int and declared["seeds"].type is int


@pytest.mark.parametrize("profile", profiles.names())
@pytest.mark.parametrize("name", CHAPTERS)
def test_each_profile_says_what_a_chapter_runs_on(name: str, profile: str) -> None:
    assert "dataset" in profiles.section(profile, name)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_cells_are_short(name: str) -> None:
    """All but the parameters cell, a list with a line for each."""
    code = [
        cell for cell in cells(name) if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", [])
    ]
    assert not [cell.source for cell in code if cell.source.count("\n") >= LONGEST_CELL]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_folded_cell_is_labelled_by_what_it_holds(name: str) -> None:
    shown = [cell.metadata.get("mystnb", {}) for cell in cells(name) if "hide-input" in cell.metadata.get("tags", ())]
    labels = [one.get("code_prompt_show") for one in shown]
    assert labels and all(labels) and len({*labels}) == len(labels)
    assert labels == [one.get("code_prompt_hide") for one in shown]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_figure_has_a_caption_and_a_description(name: str) -> None:
    for cell in cells(name):
        if cell.cell_type == "code" and FIGURE.search(cell.source):
            described = cell.metadata.get("mystnb", {})
            assert described.get("image", {}).get("alt"), cell.source
            assert described.get("figure", {}).get("caption"), cell.source


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_cell_with_a_figure_shows_that_and_nothing_else(quick_runs: Path, name: str) -> None:
    """MyST-NB would give each further output the figure's name and caption as well."""
    executed = nbformat.read(quick_runs / f"{name}.ipynb", as_version=4).cells
    figures = [cell for cell in executed if "figure" in cell.metadata.get("mystnb", {})]
    assert figures
    for cell in figures:
        assert [has_a_picture(output) for output in shown(cell)] == [True], cell.source
    bare = [cell.source for cell in executed if cell not in figures and any(map(has_a_picture, shown(cell)))]
    assert not bare, "a figure needs a caption and an alt text in its cell's metadata, whatever draws it"


def shown(cell: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for output in cell.get("outputs", []) if output.output_type != "stream"]


def has_a_picture(output: nbformat.NotebookNode) -> bool:
    return "image/png" in output.get("data", {})


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_cell_ends_in_a_semicolon(name: str) -> None:
    """IPython goes by its history to hold a value back, and nbval runs without one: the value would be shown again."""
    assert not [cell.source for cell in cells(name) if cell.cell_type == "code" and cell.source.rstrip().endswith(";")]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_results_have_the_agreed_form(quick_runs: Path, name: str) -> None:
    schema = json.loads((compute.ROOT / "lib" / "ledger" / "results.schema.json").read_text())
    jsonschema.validate(read_results(quick_runs, name), schema)


@pytest.mark.parametrize("name", book.papers())
def test_every_claim_is_answered_and_every_statement_is_measured(quick_runs: Path, name: str) -> None:
    answers = {entry["id"]: entry for entry in read_results(quick_runs, name)["claims"]}
    claims = paper(name).claims
    assert answers.keys() == claims.keys()
    statements = {claim.address: answers[claim.id] for claim in claims.values() if claim.kind == "statement"}
    unmeasured = {address for address, entry in statements.items() if entry["paper"] is None}
    too_few = statements.keys() & quick.TOO_FEW
    assert unmeasured == (statements.keys() & NOT_MEASURED_ON_DIGITS.keys()) | too_few
    assert all("needs three networks" in statements[address]["why"] for address in too_few)
    readers = profiles.values(name, "quick", {})
    seeds = [given for given in quick.FEWER.get(name, ()) if given.endswith("seeds")]
    assert all(readers[given] >= 3 for given in seeds), "a reader's quick run answers these, too"


def test_nothing_is_executed_twice(quick_runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in CHAPTERS:
        execute(quick.run(name))
    execute(Run.scoreboard(quick_runs))
    assert capsys.readouterr().out.count("up to date") == len(NOTEBOOKS)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_running_it_again_gives_the_same_outputs(quick_runs: Path, name: str, tmp_path: Path) -> None:
    """With the first run's snapshots: that training itself repeats is a test of its own (test_training)."""
    arguments = ["--nbval", "--nbval-cell-timeout=1200", "--nbval-kernel-name=python3", "-p", "no:cacheprovider", "-q"]
    copy = tmp_path / f"{name}.ipynb"
    copy.write_bytes((quick_runs / copy.name).read_bytes())
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, str(copy)],
        cwd=tmp_path,
        env=os.environ | environment.variables(tmp_path, quick_runs, "quick"),
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout[-5000:]
    first, again = (read_results(folder, name) for folder in (quick_runs, tmp_path))
    assert (again["metrics"], again["claims"]) == (first["metrics"], first["claims"])
