"""What has run, when and on what, and whether it would come out the same today."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from lib import claims, compute
from lib.parameters import ParameterError
from lib.run import execute, profiles


def changes(results: Mapping, where: Path) -> list[str]:
    """What has changed since a run, in words; empty where it would come out the same today."""
    notebook = results["notebook"]
    if not claims.source(notebook).exists():
        return ["the notebook is gone"]
    try:
        now = profiles.current_values(results)
    except ParameterError:  # a value of then is none of today's
        now = {}
    return claims.changed_since(results, now, execute.data_digest(notebook, results["parameters"], where))


def lines() -> list[str]:
    """A line for each notebook of each folder of runs: the recorded ones first."""
    folders = [claims.RECORDED, *sorted(path for path in compute.RUNS.glob("*") if path.name != "snapshots")]
    return [line for where in folders for line in _folder_lines(where)]


def _folder_lines(where: Path) -> list[str]:
    found = [(name, claims.read_results(where, name)) for name in execute.notebooks()]
    shown = where.relative_to(compute.ROOT)
    return [f"{shown}/{name}: {_state(results, where)}" for name, results in found if results]


def _state(results: Mapping, where: Path) -> str:
    facts = results["provenance"]
    changed = changes(results, where)
    state = f"stale, since {', '.join(changed)} changed" if changed else "up to date"
    return f"{state}; {facts['finished'][:16]} on {facts['device']}, {facts['data']}"


def summary(where: Path) -> str:
    """The verdicts of a folder's runs, counted."""
    runs = [claims.read_results(where, name) for name in claims.papers()]
    entries = [entry for results in runs if results for entry in results["claims"]]
    total = sum(len(claims.paper(name).claims) for name in claims.papers())
    counts = Counter(entry["verdict"] for entry in entries)
    counts["not run"] += total - len(entries)
    said = ", ".join(f"{counts[word]} {word}" for word in claims.VERDICTS if counts[word])
    stands = Counter(entry["stands"] for entry in entries if entry["stands"])
    measured = ", ".join(f"{stands[word]} {word}" for word in ("yes", "no", "open") if stands[word])
    return f"{total} claims: {said}.\nMeasured soundly, do they stand? {measured or 'nothing measured'}."
