"""What has run, when and on what, and whether it would come out the same today."""

from collections import Counter
from pathlib import Path

from lib import book, compute
from lib.ledger import results, words
from lib.ledger.claims import paper
from lib.run.execute import shown
from lib.run.run import Run


def lines() -> list[str]:
    """A line for each notebook in each folder of runs, the recorded ones first."""
    folders = [results.RECORDED, *sorted(compute.RUNS.glob("*"))]
    return [line for where in folders for line in _folder_lines(where)]


def _folder_lines(where: Path) -> list[str]:
    runs = [run for name in book.notebooks() if (run := Run.found(name, where))]
    return [f"{shown(where)}/{run.notebook}: {_state(run)}" for run in runs]


def _state(run: Run) -> str:
    found, changed = run.results(), run.changes()
    facts = found["provenance"]
    state = f"stale, since {', '.join(changed)} changed" if changed else "up to date"
    return f"{state}; {facts['finished'][:16]} on {facts['device']}, {facts['data']}"


def summary(where: Path) -> str:
    """How often each word is an answer in a folder's runs, in a line or two."""
    runs = [results.read_results(where, name) for name in book.papers()]
    entries = [entry for found in runs if found for entry in results.answers(found).values()]
    total = sum(len(paper(name).claims) for name in book.papers())
    counts = Counter(entry["word"] for entry in entries)
    counts[words.NOT_RUN] += total - len(entries)
    said = ", ".join(f"{counts[word]} {word}" for word in words.ALL if counts[word])
    smaller = sum(bool(entry["smaller"]) for entry in entries)
    return f"{total} claims: {said}." + (f"\n{smaller} of them by runs smaller than the paper's." if smaller else "")
