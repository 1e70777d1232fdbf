"""What of the paper profile nobody has measured yet, part by part, kept beside the recorded runs for a page to show."""

import inspect
import json
from collections import Counter
from collections.abc import Sequence

from lib import book
from lib.evidence import cells, plan
from lib.evidence.cells import Cell, Part
from lib.evidence.store import Made
from lib.files import write
from lib.ledger import results
from lib.run import profiles
from lib.run.run import Run

FILE = "missing.json"
KINDS = ("CPU", "GPU")
UNKNOWN = "?"


def update() -> None:
    """Write the list of what is missing anew."""
    write(results.RECORDED / FILE, json.dumps(rows(), indent=1) + "\n")


def kept() -> list[dict] | None:
    """The rows as they were last written; None where nothing was recorded."""
    place = results.RECORDED / FILE
    return json.loads(place.read_text(encoding="utf-8")) if place.exists() else None


def rows() -> list[dict]:
    """A row for each part that lacks cells: how many, of how many, and the minutes they take by kind of device.

    The minutes are estimated from the recorded cells, for the device of each kind that made most of them.
    """
    known = list(plan.experience([cells.RECORDED]))
    names = devices(known)
    found = []
    for part, wanted in parts().items():
        lacking = [cell for cell in wanted if not recorded(cell)]
        if lacking:
            does, *_ = (inspect.getdoc(part.measure) or "Not described.").splitlines()
            row = {"chapter": part.chapter, "part": part.name, "does": does}
            row |= {"missing": len(lacking), "cells": len(wanted)}
            found.append(row | {"minutes": {kind: _minutes(lacking, known, names.get(kind)) for kind in KINDS}})
    return found


def parts() -> dict[Part, list[Cell]]:
    """The cells of the whole paper profile, by part, in the order in which the notebooks come to them."""
    found: dict[Part, list[Cell]] = {}
    for name in book.chapters():
        for cell in dict.fromkeys(Run.of(name, profiles.PAPER, {}).experiment.cells()):
            found.setdefault(cell.part, []).append(cell)
    return found


def recorded(cell: Cell) -> bool:
    """Whether a cell is among the recorded ones, whatever the readable part of its file's name."""
    return any((cells.RECORDED / cell.part.chapter).glob(f"*-{cell.digest[:16]}.npz"))


def devices(known: Sequence[Made]) -> dict[str, str]:
    """By kind, the device that made most of the cells; a kind that made none is left out."""
    counted = Counter(made.device for made in known)
    return {"CPU" if name.startswith("cpu") else "GPU": name for name, _ in reversed(counted.most_common())}


def _minutes(lacking: Sequence[Cell], known: Sequence[Made], device: str | None) -> str:
    return plan.minutes([plan.planned(cell, known, device) for cell in lacking]) if device else UNKNOWN
