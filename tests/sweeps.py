"""Sweeps of a tiny notebook: where they are started, where a cluster works, and what the notebooks wrote by then."""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path

import pandas as pd
import pytest
from swept import LASTS_S, NOTEBOOK, Anything, copy_of_the_book, results_of, started

from lib import book as the_book
from lib.run import profiles
from lib.sweep import grid

CURSED = ("0.2", "plain+noise")
MEASURED = ("0.1", "plain+noise")
"""The run that measures a cell; in the others the processes need no torch."""
PATIENCE_S = 900  # with what is stuck
CODE = """\
import importlib, json, os, time
from pathlib import Path
root = Path({root!r})
log, held = root / "log", root / "held"
def note(word):
    with log.open("a") as file:
        file.write(f"{{word}} {{eps}} {{loss}} {{os.getppid()}} {{os.getpid()}}\\n")
note("start")
is_late = any(line.startswith("end") for line in log.open())
time.sleep({seconds})
while is_late and held.exists():
    time.sleep(0.05)
if (root / "stuck").exists() and eps == {stuck}:
    time.sleep({patience})
if (root / "broken").exists() and (str(eps), loss) == {cursed}:
    raise ValueError("eps is cursed")
note("end")
results = json.loads((root / "made" / f"{{eps}} {{loss}}.json").read_text())
if (str(eps), loss) == {measured}:
    chapter = importlib.import_module("lib.chapters.mitigation.experiment")
    (cell,) = chapter.Experiment.of(globals()).cells()
    results["metrics"]["doubled"] = cell.get().number
    results["provenance"]["evidence"]["cells"] = {{cell.name: {{"digest": cell.digest, "contents": cell.contents}}}}
(Path(os.environ["REPRO_OUT"]) / "mitigation.json").write_text(json.dumps(results))
"""
GRID = ["eps=0.1,0.2", "loss=plain,plain+noise"]
STUCK = 0.6
MORE = [f"eps=0.3,{STUCK}", "loss=plain"]


@dataclass
class Event:
    """A line of the log that the notebooks write."""

    word: str
    run: tuple[str, str]
    worker: int
    kernel: int


@dataclass
class Project:
    """Copies of the book with one tiny notebook: one where sweeps are started, one where the cluster works."""

    here: Path
    there: Path
    log: Path
    broken: Path
    """While there is this file, one run fails."""
    held: Path
    """While there is this file, a run that began when another had ended does not end."""

    def events(self) -> list[Event]:
        """What has happened so far."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [
            Event(word, (eps, loss), int(worker), int(kernel))
            for word, eps, loss, worker, kernel in map(str.split, lines)
        ]

    def late(self) -> list[Event]:
        """The runs that have begun since another had ended."""
        events = list(dropwhile(lambda event: event.word != "end", self.events()))
        return [event for event in events if event.word == "start"]

    def sweep(self, *arguments: str, values: Sequence[str] = GRID, name: str = "both", **options) -> subprocess.Popen:
        pairs = [word for pair in values for word in ("-p", pair)]
        command = ["lib.run", "sweep", NOTEBOOK, *pairs, "--name", name, *arguments]
        return started(self.here, *command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)

    def table(self) -> pd.DataFrame:
        return pd.read_csv(self.here / "runs" / "sweeps" / "both" / "results.csv")


@dataclass
class Said:
    """How a command ended, and all that the notebooks had written by then."""

    status: int
    output: str
    events: list[Event]

    def runs(self, word: str) -> Counter:
        """How often each run has started, or has come to its end."""
        return Counter(event.run for event in self.events if event.word == word)


def finished(process: subprocess.Popen, project: Project) -> Said:
    output, _ = process.communicate(timeout=PATIENCE_S)
    return Said(process.returncode, output, project.events())


@pytest.fixture(scope="module")
def sweeping(tmp_path_factory: pytest.TempPathFactory, write_notebook) -> Project:
    root = tmp_path_factory.mktemp("a project")
    values = {"root": str(root), "cursed": CURSED, "measured": MEASURED, "seconds": LASTS_S, "stuck": STUCK}
    code = CODE.format(**values, patience=PATIENCE_S)
    here, there = (copy_of_the_book(root / name, write_notebook, code) for name in ("here", "there"))
    (root / "made").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(the_book, "NOTEBOOKS", here / "notebooks")
        patch.setattr(the_book, "experiment", lambda name: Anything)
        for point in [point for values in (GRID, MORE) for point in grid.points(grid.parse(NOTEBOOK, "quick", values))]:
            path = root / "made" / f"{point['eps']} {point['loss']}.json"
            path.write_text(json.dumps(results_of(profiles.values(NOTEBOOK, "quick", point))))
    return Project(here, there, root / "log", root / "broken", root / "held")


def wait_for(happened: Callable[[], object], process: subprocess.Popen) -> None:
    """Until something has happened; not where the process has ended, nor for ever."""
    until = time.monotonic() + PATIENCE_S
    while not happened():
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.05)
