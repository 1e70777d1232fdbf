"""The ledger as data: every row with its rule, both measurements and its word, as JSON and as CSV."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from lib import book
from lib.ledger import board, results
from lib.ledger.answers import not_run
from lib.ledger.board import Row
from lib.ledger.entries import CLAIMED, SIDES, entry

HERE = Path(__file__).parent

MEASURED = ("mean", "low", "high", "networks", "images", "predicted.low", "predicted.high")
FINDING = (
    *(f"measured.{name}" for name in MEASURED),
    "by",
    *(f"over_control.{name}" for name in ("mean", "low", "high")),
    "control",
    "word",
    "p",
    "networks_needed",
    "effect_excluded",
)
COLUMNS = (
    *("address", "chapter", "says", "id", "kind", "about"),
    *(f"claimed.{name}" for name in CLAIMED),
    *("word", "alone", "smaller", "fitted"),
    *(f"{side}.{name}" for side in SIDES for name in FINDING),
    *("readings.tried", "readings.giving", "readings.nearest", "experiment", "joint", "theorem", "why"),
    *("run.profile", "run.commit", "run.finished", "run.cells", "survives"),
)
"""The columns of ledger.csv: where each value stands in a row of ledger.json."""

ENDS = {"low": 0, "high": 1}
"""The places of an interval's ends where ledger.json has it as a list; its schema describes them in `prefixItems`."""


def files(folder: Path) -> dict[str, str]:
    """The text of each file of the ledger of the runs in a folder, by the file's name."""
    found = ledger(folder)
    return {
        "ledger.json": json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        "ledger.csv": table(found["rows"]),
        "ledger.schema.json": json.dumps(schema(), indent=1) + "\n",
    }


def ledger(folder: Path) -> dict:
    """The ledger of the runs in a folder, in the form that `schema` describes."""
    rows = board.rows(folder)
    return {
        "title": "Adversarial Reproductions: the ledger",
        "rows": [_row(row, results.read_results(folder, row.claim.paper)) for row in rows],
        "first_edition": deviations(rows),
        "changes": changes(),
    }


def deviations(rows: Sequence[Row]) -> list[dict]:
    """The rows of the first edition with their old answers, today's answers, and why the rule changed."""
    today = {row.claim.address: row.word for row in rows}
    return [{"fitted": False, **old, "answer": "; ".join(today[now] for now in old["now"])} for old in first_edition()]


def first_edition() -> list[dict]:
    """What the book's first edition answered, row by row. It is kept because an address never dies."""
    return yaml.safe_load(_editions("first"))["rows"]


def changes() -> list[dict]:
    """Changes to what answers a row that were made after results had been seen, by date, all values as text."""
    return yaml.load(_editions("changes"), yaml.BaseLoader)


def _editions(name: str) -> str:
    return (book.NOTEBOOKS / "claims" / "editions" / f"{name}.yaml").read_text(encoding="utf-8")


def _row(row: Row, run: Mapping | None) -> dict:
    claim = row.claim
    facts = run and {
        "profile": run["profile"],
        "commit": run["provenance"]["commit"],
        "finished": run["provenance"]["finished"],
        "cells": len(run["provenance"]["evidence"]["cells"]),
    }
    return {
        "address": claim.address,
        "chapter": claim.paper,
        "says": claim.says,
        **(row.answer or entry(claim, not_run(claim.id, "No run of this site has measured it."))),
        "run": facts if row.answer else None,
        "survives": list(row.survives),
    }


def table(rows: Sequence[Mapping]) -> str:
    """The rows as CSV: a column for each of `COLUMNS`, empty where there is no value; lists are joined by "; "."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(row, column) for column in COLUMNS])
    return text.getvalue()


def _cell(row: Mapping, column: str) -> object:
    value: object = row
    for name in column.split("."):
        key = ENDS[name] if isinstance(value, list) else name
        value = value[key] if isinstance(value, Mapping | list) else None
    return "; ".join(map(str, value)) if isinstance(value, list) else value


def schema() -> dict:
    """The form of ledger.json: a row is an answer as the results have it, with what the ledger adds."""
    own, of_results = (
        json.loads((HERE / f"{name}.schema.json").read_text(encoding="utf-8")) for name in ("ledger", "results")
    )
    definitions = of_results["$defs"] | own["$defs"]
    row, answer = own["$defs"]["row"], of_results["$defs"]["answer"]
    definitions["row"] = answer | {
        "required": row["required"] + answer["required"],
        "properties": row["properties"] | answer["properties"],
    }
    return own | {"$defs": definitions}


def meanings() -> Iterator[tuple[str, str]]:
    """Each column of the CSV with what the schema says of it."""
    whole = schema()
    for column in COLUMNS:
        yield column, _meaning(whole, column)


def _meaning(whole: Mapping, column: str) -> str:
    part, said = whole["$defs"]["row"], []
    for name in column.split("."):
        part = _resolved(whole, part)
        part = part["properties"][name] if "properties" in part else part["prefixItems"][ENDS[name]]
        said.append(part.get("description", ""))
    return " ".join(filter(None, said))


def _resolved(whole: Mapping, part: Mapping) -> Mapping:
    part = part["oneOf"][0] if "oneOf" in part else part
    return whole["$defs"][part["$ref"].rsplit("/", 1)[-1]] if "$ref" in part else part
