"""A run fails whose answers leave out a control, or that they are of other data than the paper's."""

import json
from pathlib import Path

import pytest
from projects import Project

from lib.ledger.ledger import Ledger
from lib.run import __main__ as command
from lib.run.left_out import left_out


@pytest.fixture
def entries(answered: Ledger, found: dict) -> dict[str, dict]:
    """The answers of a run, by claim, to be changed."""
    found["parameters"]["dataset"] = "digits"
    return {entry["id"]: entry for entry in found["claims"]}


def test_a_control_that_the_claim_asks_for(entries: dict, found: dict) -> None:
    told = ["detector.separates: its control is 'AUC on random signs', and the sound Finding has no `over_control`"]
    assert left_out(found) == told
    entries["detector.separates"]["sound"] = None
    assert left_out(found) == []
    entries["detector.separates"]["paper"]["over_control"] = None
    assert left_out(found) == [told[0].replace("sound", "paper")]


def test_a_control_that_the_claim_does_not_name(entries: dict, found: dict) -> None:
    entries["detector.separates"]["sound"] = None
    entries["removal.helps"]["paper"] |= {"over_control": {"mean": 0.1}, "control": "a random choice"}
    assert left_out(found) == [
        "removal.helps: the paper Finding is compared with 'a random choice', and the claim names no `control`"
    ]


@pytest.mark.parametrize(("scale", "is_short"), [("mnist", True), ("[mnist, digits]", False), ("null", False)])
def test_other_data_than_the_paper_s(entries: dict, found: dict, notebooks: Path, scale: str, is_short: bool) -> None:
    entries["detector.separates"]["sound"] = None
    facts = notebooks / "claims" / "mitigation.yaml"
    facts.write_text(facts.read_text().replace("claims:", f"scale: {{dataset: {scale}}}\nclaims:", 1))
    told = {one.partition(":")[0] for one in left_out(found)}
    run = {"clean.accuracy", "attacked.accuracy", "detector.separates", "removal.helps"}
    assert told == (run if is_short else set()), "attacked.loss is marked, and csg.mnist was not run"
    if is_short:
        assert "is measured on digits, the paper on mnist, and its Answer has no `smaller`" in left_out(found)[0]
        found["parameters"]["dataset"] = "digits+mnist"
        assert left_out(found) == []


def test_what_answers_no_paper_leaves_nothing_out(found: dict) -> None:
    assert left_out(found | {"notebook": "common_ground"}) == []


def test_such_a_run_fails_and_its_notebook_is_kept(
    project: Project, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.run.execute.left_out", lambda found: [f"{found['notebook']}: nothing"])
    assert command.main(["execute", "tiny"]) == 1
    assert "leave out what notebooks/claims/tiny.yaml asks for:\n  tiny: nothing" in capsys.readouterr().err
    kept = json.loads((project.runs / "quick" / "tiny.failed.ipynb").read_text())
    assert kept["cells"] and not (project.runs / "quick" / "tiny.json").exists()
