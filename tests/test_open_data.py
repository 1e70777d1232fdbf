"""The ledger as data: rows for all claims, of the form that its schema holds, and what each column is."""

import csv
import io
import json
import re
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
from projects import ACCURATE, by

from lib import book
from lib.ledger import open_data, results
from lib.ledger.answers import Answer
from lib.ledger.claims import paper
from lib.ledger.entries import entry


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one answer of one chapter."""
    monkeypatch.setattr(results, "RECORDED", tmp_path)
    claim = paper("mitigation").claims["clean.accuracy"]
    answer = entry(claim, Answer(claim.id, ACCURATE, smaller=("2 epochs instead of 15", "digits"), why="So it is."))
    provenance = {
        "digest": {"lib": {}},
        "commit": None,
        "finished": "2026-11-22T01:51:22+00:00",
        "evidence": {"cells": {"a": "b"}},
    }
    run = {"notebook": "mitigation", "profile": "quick", "claims": [answer], "provenance": provenance}
    (tmp_path / "mitigation.json").write_text(json.dumps(run))
    return tmp_path


@pytest.fixture
def whole(runs: Path) -> dict:
    return json.loads(open_data.files(runs)["ledger.json"])


def test_it_has_the_form_of_its_schema(whole: dict) -> None:
    jsonschema.Draft202012Validator.check_schema(open_data.schema())
    jsonschema.Draft202012Validator(open_data.schema()).validate(whole)
    whole["rows"][0]["word"] = "plausible"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(open_data.schema()).validate(whole)


def test_every_claim_has_a_row(whole: dict) -> None:
    rows = {row["address"]: row for row in whole["rows"]}
    assert len(rows) == 67
    answered = rows["mitigation.clean.accuracy"]
    assert answered["paper"]["measured"]["mean"] == 0.9 and answered["run"]["cells"] == 1
    assert (
        rows["mitigation.retraining.recovers"]["word"] == "not run"
        and rows["mitigation.retraining.recovers"]["run"] is None
    )


def test_the_csv_has_the_same_rows(runs: Path, whole: dict) -> None:
    table = list(csv.DictReader(io.StringIO(open_data.files(runs)["ledger.csv"])))
    assert [row["address"] for row in table] == [row["address"] for row in whole["rows"]]
    (row,) = [row for row in table if row["address"] == "mitigation.clean.accuracy"]
    assert (row["paper.measured.mean"], row["smaller"], row["sound.measured.mean"]) == (
        "0.9",
        "2 epochs instead of 15; digits",
        "",
    )


def test_every_number_of_the_csv_has_a_column_of_its_own(runs: Path) -> None:
    (told,) = re.findall(r"pandas\.read_csv\(.*\)", (book.PAGES / "open_data.md").read_text())
    text = io.StringIO(open_data.files(runs)["ledger.csv"])
    found = eval(told.replace('"book/_build/html/ledger.csv"', "text"), {"pandas": pd, "text": text})
    found = found.set_index("address")
    ends = found.loc["mitigation.clean.accuracy", [f"paper.measured.predicted.{end}" for end in ("low", "high")]]
    assert ends.tolist() == [0.89, 0.91] and "paper.measured.predicted" not in found
    printed = found.loc["adversarial_training.normal.train_accuracy", "claimed.printed"]
    assert printed == "0.9970", "with its last digit"


def test_every_column_is_explained() -> None:
    found = dict(open_data.meanings())
    assert tuple(found) == open_data.COLUMNS and all(found.values())
    assert found["sound.measured.low"] == "Measured soundly. The lower end of the 95% interval of the mean."
    predicted = "Measured soundly. 95% prediction interval for one more network."
    assert found["sound.measured.predicted.high"] == f"{predicted} Its upper end."


def test_every_row_of_the_first_edition_has_its_old_answer_and_today_s(whole: dict) -> None:
    assert len(whole["first_edition"]) == 54 and all(one["why"] and one["answer"] for one in whole["first_edition"])
    by_id = {one["id"]: one for one in whole["first_edition"]}
    assert by_id["mitigation.clean.accuracy"]["answer"] == whole_word(whole, "mitigation.clean.accuracy")


def test_every_change_of_rule_after_results_names_rows_that_there_are(whole: dict) -> None:
    changes = whole["changes"]
    assert [one["date"] for one in changes] == sorted(one["date"] for one in changes)
    assert {one["edition"] for one in changes} == {"first", "second"}
    assert {row for one in changes for row in one["rows"]} <= {row["address"] for row in whole["rows"]}


def whole_word(whole: dict, address: str) -> str:
    return next(row["word"] for row in whole["rows"] if row["address"] == address)


def test_a_finding_without_an_interval_is_an_empty_cell() -> None:
    claim = paper("mitigation").claims["clean.accuracy"]
    row = {"address": "a", "paper": entry(claim, Answer(claim.id, by(0.99)))["paper"]}
    assert (
        open_data._cell(row, "paper.measured.low") is None
        and open_data._cell(row, "paper.measured.predicted.low") is None
        and open_data._cell(row | {"sound": None}, "sound.measured.low") is None
    )
