"""The page on what the book survives, from the record that `make test-faults` writes."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from lib.ledger.results import RECORDED
from lib.site import markup, words

FILE = "survived.json"

KINDS = ("kills", "disk", "side by side", "machines", "inputs", "downloads")
"""What can go wrong, in the order of the page."""

TITLES = {
    "kills": ("Kills", "A process is ended at a moment that nobody chose."),
    "disk": ("Disk and damaged files", "The disk is full, may only be read, or a file is not what was written."),
    "side by side": ("Side by side", "Several commands work on one folder at once."),
    "machines": ("Other people's machines", "The folder, the settings and the versions are not ours."),
    "inputs": ("Inputs", "What is given is none of what the code was written for."),
    "downloads": ("Downloads", "The network gives something else than the file, or nothing."),
}

RESULTS = {"passed": "held", "failed": "**failed**"}


def fragment(recorded: Path = RECORDED) -> str:
    """What was tried, how often, and what happened: a table for each kind of fault, and above them when and where."""
    source = recorded / FILE
    if not source.exists():
        return "Nothing is recorded yet: `make test-faults` tries it."
    found = json.loads(source.read_text(encoding="utf-8"))
    parts = [_summary(found)]
    for kind in KINDS:
        tests = [test for test in found["tests"] if test["kind"] == kind]
        if tests:
            title, meaning = TITLES[kind]
            head = ["What is done", "What the book does", "Times", "Result"]
            rows = [_row(test) for test in tests]
            parts.append(f"## {title}\n\n{meaning}\n\n{markup.table(title, head, rows, wraps=True, stacks=True)}")
    return "\n\n".join(parts) + "\n"


def _summary(found: Mapping) -> str:
    outcomes = [test["outcome"] for test in found["tests"]]
    trials = sum(test["times"] for test in found["tests"])
    failed, skipped = outcomes.count("failed"), outcomes.count("skipped")
    said = [f"{len(outcomes):,} faults were tried, in {trials:,} trials."]
    said += ["In each the book did what the tables say." if not failed else f"In {failed:,} of them it did not."]
    said += [f"{skipped:,} could not be tried in full, and say why."] if skipped else []
    return "\n".join([" ".join(said), "", *_runs(found["tests"])])


def _runs(tests: Sequence[Mapping]) -> list[str]:
    """A line for each run that the record comes from, the latest first."""
    counts = Counter(map(_ran, sorted(tests, key=lambda one: one["finished"], reverse=True)))
    return [f"- {count:,} {'faults' if count > 1 else 'fault'}: {ran}." for ran, count in counts.items()]


def _ran(test: Mapping) -> str:
    """When a test ran, at which commit, on which device and with which versions."""
    versions = ", ".join(f"{name} {version}" for name, version in test["versions"].items())
    where = f"{markup.moment(test['finished'])} at commit {words.commit(test['commit'])}"
    return f"{where}, on {markup.plain(test['device'])}, with {markup.plain(versions)}"


def _row(test: Mapping) -> Sequence[str]:
    result = RESULTS.get(test["outcome"]) or f"not tried in full: {markup.plain(test['why'])}"
    return [_worded(test["tried"]), _worded(test["happens"]), f"{test['times']:,}", result]


def _worded(text: str) -> str:
    """What a test says about itself, as Markdown in which text between backticks stays code."""
    return re.sub(r"\\`(.+?)\\`", lambda code: "`" + re.sub(r"\\(.)", r"\1", code[1]) + "`", markup.plain(text))
