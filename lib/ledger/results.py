"""What a run leaves behind: its results, what they depend on, and whether that has changed."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import torch

from lib import book, compute, files, provenance
from lib.digest import code
from lib.digest.text import sha256
from lib.ledger.basis import Basis
from lib.ledger.claims import paper
from lib.notebooks import read_cells

RECORDED = book.PAGES / "recorded"
"""The recorded runs, which the site shows."""

SHOWN = "lib.show"
"""The package that decides no number: cells do not depend on it, but a page does."""


def results_folder() -> Path:
    """Where the results of the other notebooks of this run are: where the runner says, else runs/lab."""
    return Path(os.environ.get("REPRO_RESULTS", compute.RUNS / "lab"))


def scoreboard_inputs(folder: Path) -> Basis:
    """What the scoreboard reads: the claims, the recorded results, and those in a folder."""
    folders = dict.fromkeys([RECORDED, folder])  # the same folder where the recorded site is made
    places = [path / f"{name}.json" for path in folders for name in book.papers()]
    found = [path for path in places if path.exists()]
    facts = [(path.name, path.parent == RECORDED, path.read_text("utf-8", "replace")) for path in found]
    claims = [path.read_text(encoding="utf-8") for path in sorted((book.NOTEBOOKS / "claims").rglob("*.yaml"))]
    return Basis(sha256(repr((facts, claims))), f"the results of {len(found)} runs")


def notebook_code(notebook: str) -> str:
    """The code cells of a notebook's source, joined."""
    return "\n".join(cell.source for cell in read_cells(book.source(notebook)) if cell.kind == "code")


def digests(notebook: str, parameters: Mapping[str, object], data_digest: str | None) -> dict:
    """What a result depends on: the notebook's code, what it reaches in lib, claims, parameters, data."""
    source = notebook_code(notebook)
    judged = paper(notebook).claims if notebook in book.papers() else {}
    return {
        "notebook": code.code_digest(source),
        "lib": code.definitions(code.roots_of(source), SHOWN),
        "claims": sha256(json.dumps([asdict(claim) for claim in judged.values()])),
        "parameters": sha256(json.dumps(dict(parameters), sort_keys=True)),
        "data": data_digest,
    }


def written(
    notebook: str, parameters: Mapping[str, object], basis: Basis, commit: str | None, started: datetime
) -> dict:
    """The results of a notebook, as far as they have the same form whatever it is about."""
    return {
        "notebook": notebook,
        "profile": os.environ.get("REPRO_PROFILE", "lab"),
        "parameters": dict(parameters),
        "claims": [],
        "metrics": {},
        "seconds": basis.seconds,
        "provenance": {
            "commit": commit,
            "digest": digests(notebook, parameters, basis.digest),
            "data": basis.origin,
            "evidence": {
                "cells": basis.cells,
                "devices": list(basis.devices),
                "measured": list(basis.measured) if basis.measured else None,
                "networks": basis.networks or None,
                "notes": basis.notes,
            },
            "versions": provenance.versions(),
            "device": provenance.describe_device(),
            "threads": torch.get_num_threads(),
            "peak_memory_bytes": basis.peak_memory_bytes or provenance.peak_memory_bytes(),
            "started": started.isoformat(timespec="seconds"),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    }


def write(notebook: str, found: Mapping) -> Path:
    """Put results where the runner looks for them, which moves them once the notebook has ended; return the file."""
    path = Path(os.environ.get("REPRO_OUT", results_folder()), f"{notebook}.json")
    files.write(path, json.dumps(found, indent=1, allow_nan=False) + "\n")
    return path


WHOLE = {"notebook", "profile", "claims", "provenance"}
"""The keys that results always have."""


def read_results(folder: Path, notebook: str) -> dict | None:
    """The results of a notebook's run in a folder, or None where it has not run there or they cannot be read."""
    path = folder / f"{notebook}.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        if found is not None and not _is_whole(found):
            raise ValueError("it has not what results have")
    except ValueError as error:  # raised too where the file is not text, or not JSON
        print(f"{path} is damaged ({error}) and counts as not run", file=sys.stderr)
        return None
    return found


def _is_whole(found: object) -> bool:
    if not isinstance(found, dict) or not found.keys() >= WHOLE or not isinstance(found["provenance"], dict):
        return False
    digest = found["provenance"].get("digest")
    return isinstance(digest, dict) and "lib" in digest


def answers(results: Mapping) -> dict[str, dict]:
    """The answers of a run, by claim."""
    return {entry["id"]: entry for entry in results["claims"]}


def changed_since(results: Mapping, parameters: Mapping[str, object], data_digest: str | None) -> list[str]:
    """What has changed since a run, in words: empty where its results still hold.

    Parameters
    ----------
    parameters
        What a run would use today.
    data_digest
        The digest of the data as they are now; None where they are not at hand, which says nothing about the results.
    """
    then = results["provenance"]["digest"]
    now = digests(results["notebook"], parameters, data_digest)
    changed = ["the notebook's code"] if then["notebook"] != now["notebook"] else []
    changed += code.changed_files(then["lib"], code.roots_of(notebook_code(results["notebook"])), SHOWN)
    changed += ["the claims"] if then.get("claims") != now["claims"] else []
    changed += ["the parameters"] if then["parameters"] != now["parameters"] else []
    changed += ["the data"] if data_digest and then["data"] and then["data"] != data_digest else []
    return changed
