"""The tests that carry `survives`: what each says of itself, and the record of a run of them for the book's page.

`pytest -m survives --survived FILE` writes the record, with one entry a test function: its words are the marker's, its
trials, outcome and seconds are added up over the cases that it was run with. A run of some of the tests leaves the
entries of the others as they were; what no test carries any more goes.
"""

import ast
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lib import provenance
from lib.files import write
from lib.site.survives import KINDS

TESTS = Path(__file__).parent
TELLS = ("kind", "tried", "happens")
"""What a marker says, and an entry of the record as well."""
WORST_LAST = ("passed", "skipped", "failed")
"""Outcomes: that of a test is the worst of its cases."""


@dataclass(frozen=True)
class Told:
    """What a marker says."""

    kind: str
    tried: str
    happens: str
    times: int = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no kind {self.kind!r} of faults; there are: {', '.join(KINDS)}")


def marked(folder: Path = TESTS) -> dict[str, Told]:
    """What every marker says, by the test that carries it, as the sources have it: nothing is imported for this.

    Raises
    ------
    ValueError
        Where a marker's words are not written out, or are elsewhere than above a test function.
    """
    found: dict[str, Told] = {}
    for path in sorted(folder.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        every = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_marker(node)]
        for node in tree.body:
            for call in _markers(node):
                given = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
                told = Told(*map(ast.literal_eval, call.args), **given)
                found[f"{path.relative_to(folder.parent).as_posix()}::{node.name}"] = told
                every.remove(call.func)
        if every:
            raise ValueError(f"{path}, line {every[0].lineno}: `survives` stands above a test function, with its words")
    return found


def _is_marker(node: ast.Attribute) -> bool:
    return ast.unparse(node) == "pytest.mark.survives"


def _markers(node: ast.stmt) -> Iterator[ast.Call]:
    for one in getattr(node, "decorator_list", []):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and _is_marker(one.func):
            yield one


# ---- The record of a run ----


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--survived", type=Path, metavar="FILE", help="write what the tests that carry `survives` found")


def pytest_configure(config: pytest.Config) -> None:
    target = config.getoption("--survived")
    if target and not hasattr(config, "workerinput"):  # the processes of pytest-xdist report to the first one
        config.pluginmanager.register(Recorder(target, config.rootpath / TESTS.name))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test says what its marker says, so that the process which writes the record knows it."""
    marker = item.get_closest_marker("survives")
    if marker:
        item.user_properties.append(("survives", asdict(Told(*marker.args, **marker.kwargs))))


class Recorder:
    """Collects what tests report, and writes it at the end of a run that was not broken off."""

    def __init__(self, target: Path, tests: Path) -> None:
        self.target, self.tests = target, tests
        self.commit = provenance.commit()
        """What is tried; by the end of a long run the checkout may have gone on."""
        self.cases: dict[str, dict[str, dict[str, Any]]] = {}
        """By test, then by case."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = dict(report.user_properties).get("survives")
        if told is None:
            return
        test = report.nodeid.partition("[")[0]
        case = self.cases.setdefault(test, {}).setdefault(
            report.nodeid, told | {"outcome": "passed", "seconds": 0.0, "why": ""}
        )
        case["seconds"] += report.duration
        case["outcome"] = max(case["outcome"], report.outcome, key=WORST_LAST.index)
        if report.skipped and isinstance(report.longrepr, tuple):
            case["why"] = report.longrepr[2].removeprefix("Skipped: ")

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            write(self.target, json.dumps(self.record(), indent=1, ensure_ascii=False) + "\n")

    def record(self) -> dict[str, Any]:
        ran = {
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": self.commit,
            "device": provenance.describe_device(),
            "versions": provenance.versions(),
        }
        entries = {test: _entry(test, list(cases.values())) | ran for test, cases in self.cases.items()}
        tests = self._before() | entries
        return {"tests": sorted(tests.values(), key=lambda one: (KINDS.index(one["kind"]), one["test"]))}

    def _before(self) -> dict[str, dict[str, Any]]:
        """What the record has of tests that still say the same."""
        if not self.target.exists():
            return {}
        there = {test: (told.kind, told.tried, told.happens) for test, told in marked(self.tests).items()}
        before = json.loads(self.target.read_text(encoding="utf-8"))["tests"]
        return {one["test"]: one for one in before if there.get(one["test"]) == tuple(one[name] for name in TELLS)}


def _entry(test: str, cases: list[dict[str, Any]]) -> dict[str, Any]:
    """One test: trials are those of the cases that were run."""
    worst = max((case["outcome"] for case in cases), key=WORST_LAST.index)
    return {
        **{name: cases[0][name] for name in TELLS},
        "times": sum(case["times"] for case in cases if case["outcome"] != "skipped"),
        "test": test,
        "outcome": worst,
        "why": next((case["why"] for case in cases if case["why"]), ""),
        "seconds": round(sum(case["seconds"] for case in cases), 1),
    }
