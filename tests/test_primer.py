"""What the primer shows of runs: figures of chapters, the rule, one worked row; what no run has says so."""

import json
from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest
from projects import by, measured
from test_front import figure
from test_pages import RUN

from lib import book
from lib.ledger.answers import Answer, Finding, not_run
from lib.ledger.claims import paper
from lib.ledger.entries import entry
from lib.measure.intervals import over_networks
from lib.run.run import Run
from lib.site import pages, primer

CLAIMS = paper("mitigation").claims
HOLDS, OPEN = by(0.47, 0.38, 0.56), Finding(over_networks([0.05, 0.12, 0.2]), "fresh PGD")


def answered(*answers: Answer) -> list[Mapping]:
    return [entry(CLAIMS[one.claim], one) for one in answers]


@pytest.fixture
def staged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Stages the primer over a run of mitigation with these answers; returns what it includes, by name."""
    monkeypatch.setattr(pages, "take_prose", lambda *_: None)

    def stage(*answers: Answer) -> dict[str, str]:
        (tmp_path / "mitigation.json").write_text(json.dumps(RUN | {"claims": answered(*answers)}))
        notebook = nbformat.v4.new_notebook(cells=[figure("mitigation-digits")])
        nbformat.write(notebook, tmp_path / "mitigation.ipynb")
        run = Run("mitigation", "quick", RUN["parameters"], {}, tmp_path)
        return primer.stage({"mitigation": run}, tmp_path)

    return stage


def statement(sound: Finding | None, way: Finding = HOLDS) -> Answer:
    return Answer(primer.STATEMENT[1], way, sound, why="It depends on the images.")


def test_the_page_includes_what_is_staged(staged) -> None:
    page = (book.PAGES / "primer.md").read_text(encoding="utf-8")
    included = {line.split("_generated/")[1] for line in page.splitlines() if "{include} _generated" in line}
    assert {f"{name}.md" for name in staged()} == included


@pytest.mark.parametrize(("notebook", "figure"), primer.PICTURES.values(), ids=primer.PICTURES)
def test_the_figures_that_it_takes_are_in_their_chapters(notebook: str, figure: str) -> None:
    cells = nbformat.read(book.source(notebook), as_version=4).cells
    assert figure in [cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for cell in cells]


def test_a_picture_comes_with_what_is_to_be_seen_and_its_chapter(staged, tmp_path: Path) -> None:
    shown = staged()["primer_attacked"]
    assert (tmp_path / "primer_attacked.png").read_bytes() == b"a picture"
    assert ":alt: alt of mitigation-digits" in shown and "From {doc}`mitigation`." in shown


def test_what_no_run_has_says_so(staged) -> None:
    found = staged(not_run(primer.STATEMENT[1], "seeds=0"))
    for name in ("primer_judged", "worked_row", "worked_number"):
        assert found[name].startswith("*Not run in this copy of the book"), name


def test_a_worked_row_tells_both_findings_and_their_word(staged, tmp_path: Path) -> None:
    row = staged(statement(OPEN))["worked_row"]
    assert "The smallest effect that counts is 0.1." in row and "#mitigation.retraining.recovers" in row
    assert "0.4700, with the 95% interval 0.3800 to 0.5600 (FGSM 0.1, 1,000 images, 5 networks)" in row
    assert "The interval lies above 0.1: the statement *holds*." in row
    needed = OPEN.measured.networks_to_decide(0.1)
    assert needed
    assert f"on both sides of 0.1, so we *cannot tell*. About {needed} networks would decide." in row
    assert "**found, unsettled**. It depends on the images." in row
    assert (tmp_path / "worked_row.svg").exists() and "worked_row.svg" in row


def test_a_worked_row_says_where_each_interval_lies(staged) -> None:
    below = staged(statement(Finding(measured(0.03, 0.01, 0.05), "PGD")))["worked_row"]
    assert "The interval lies below 0.1: the statement *fails*." in below and "**does not stand**" in below
    empty = Finding(HOLDS.measured, "FGSM", over_control=measured(0.0, -0.1, 0.1), control="noise")
    assert (
        "but it is not shown to go beyond the control: the statement is *empty*"
        in staged(statement(OPEN, empty))["worked_row"]
    )
    alone = staged(statement(None))
    assert "**Soundly.**" in alone["worked_row"] and "This was not measured." in alone["worked_row"]
    assert "worked_row.svg" not in alone["worked_row"]


def test_a_worked_number_tells_tolerance_and_prediction(staged) -> None:
    number = staged(Answer(primer.NUMBER[1], by(0.944, 0.908, 0.966), why="Fewer images."))["worked_number"]
    assert (
        "“The trained network classifies 0.9894 of the test images correctly.”" in number
        and "It lies outside the tolerance of 0.005." in number
    )
    assert "One more network of ours would lie between 0.9080 and 0.9660." in number
    assert number.endswith("So the number is **not found**.")
    bound = staged(Answer(primer.NUMBER[1], Finding(measured(0.9944), "one network")))["worked_number"]
    assert "It lies within" in bound and bound.endswith("So the number is **found**.")
    alone = staged(Answer(primer.NUMBER[1], Finding(measured(0.9894), "one network")))["worked_number"]
    assert "It lies within" in alone and "With one network the tolerance decides alone." in alone


def test_the_worked_statement_has_one_smallest_effect() -> None:
    claim = paper(primer.STATEMENT[0]).claims[primer.STATEMENT[1]]
    assert claim.kind == "statement" and claim.sound_smallest is None
    assert paper(primer.NUMBER[0]).claims[primer.NUMBER[1]].kind == "number"
