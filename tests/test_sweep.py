"""Sweeps: a tiny notebook over a grid, on a real cluster whose worker dies midway, and on this machine."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from browser import window
from swept import LASTS_S, NOTEBOOK, Anything, copy_of_the_book, results_of, started

from lib import book as the_book
from lib.run import profiles
from lib.sweep import grid, sweep

pytest.importorskip("distributed", reason="no Dask: it comes with the extra `sweep`")

CURSED = ("0.2", "plain+noise")
MEASURED = ("0.1", "plain+noise")
"""The run that measures a cell; in the others the processes need no torch."""
PATIENCE_S = 900  # with what is stuck
CODE = """\
import importlib, json, os, time
from pathlib import Path
root = Path({root!r})
def note(word):
    with (root / "log").open("a") as file:
        file.write(f"{{word}} {{eps}} {{loss}} {{os.getppid()}} {{time.time()}}\\n")
note("start")
time.sleep({seconds})
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
    results["provenance"]["evidence"]["cells"] = {{cell.name: cell.digest}}
(Path(os.environ["REPRO_OUT"]) / "mitigation.json").write_text(json.dumps(results))
"""
WORKER = "--nthreads 1 --no-nanny --resources GPU=1 --preload lib.sweep.dask"
GRID = ["eps=0.1,0.2", "loss=plain,plain+noise"]
STUCK = 0.6
MORE = [f"eps=0.3,{STUCK}", "loss=plain"]


@dataclass
class Event:
    """A line of the log that the notebooks write."""

    word: str
    run: tuple[str, str]
    worker: int
    at: float


@dataclass
class Project:
    """Copies of the book with one tiny notebook: one where sweeps are started, one where the cluster works."""

    here: Path
    there: Path
    log: Path
    broken: Path
    """While there is this file, one run fails."""

    def events(self) -> list[Event]:
        """What has happened so far."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [
            Event(word, (eps, loss), int(worker), float(at)) for word, eps, loss, worker, at in map(str.split, lines)
        ]

    def sweep(self, *arguments: str, values: Sequence[str] = GRID, name: str = "both", **options) -> subprocess.Popen:
        pairs = [word for pair in values for word in ("-p", pair)]
        command = ["lib.run", "sweep", NOTEBOOK, *pairs, "--name", name, *arguments]
        return started(self.here, *command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)

    def table(self) -> pd.DataFrame:
        return pd.read_csv(self.here / "runs" / "sweeps" / "both" / "results.csv")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, write_notebook) -> Project:
    root = tmp_path_factory.mktemp("a project")
    (root / "broken").touch()
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
    return Project(here, there, root / "log", root / "broken")


@pytest.fixture(scope="module")
def cluster(project: Project) -> Iterator[str]:
    """A Dask scheduler and two workers, each a process without a nanny that would start it again: its address."""
    file = project.there / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    where = ["--scheduler-file", str(file), "--no-dashboard"]
    processes = [started(project.there, "dask", "scheduler", "--host", "127.0.0.1", "--port", "0", *where, **quiet)]
    worker = ["dask", "worker", *where, *WORKER.split()]
    processes += [started(project.there, *worker, **quiet) for _ in range(2)]
    while not file.exists():
        assert processes[0].poll() is None
        time.sleep(0.1)
    yield json.loads(file.read_text())["address"]
    for process in processes:
        process.kill()
        process.wait()


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
def first(project: Project, cluster: str) -> Said:
    """A sweep on the cluster; a worker is killed in the middle of a run that began when another had ended."""
    process = project.sweep("--scheduler", cluster, "--resources", "GPU=1")
    until = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < until:
        events = project.events()
        last = events[-1] if events else None
        if last and last.word == "start" and len(events) > 2 and time.time() - last.at < LASTS_S / 2:
            os.kill(last.worker, signal.SIGKILL)
            break
        time.sleep(0.05)
    return finished(process, project)


@pytest.fixture(scope="module")
def second(project: Project, first: Said) -> Said:
    """The same sweep again, on this machine, when what made a run fail is mended."""
    project.broken.unlink()
    return finished(project.sweep("--workers", "2"), project)


# ---- On a cluster, a worker of which dies ----


def test_nothing_is_lost_and_nothing_runs_twice(first: Said) -> None:
    wanted = {(eps, loss) for eps in ("0.1", "0.2") for loss in ("plain", "plain+noise")}
    assert first.runs("end") == dict.fromkeys(wanted - {CURSED}, 1), first.output
    starts = first.runs("start")
    assert starts.keys() == wanted
    assert sorted(starts.values()) == [1, 1, 1, 2]  # the one whose worker was killed


def test_nothing_that_has_ended_starts_again(first: Said, second: Said) -> None:
    ended = set()
    for event in second.events:
        assert event.run not in ended
        ended |= {event.run} if event.word == "end" else set()


def test_a_run_that_fails_is_reported_and_the_others_are_done(first: Said) -> None:
    assert first.status == 1
    assert "1 of 4 runs failed" in first.output
    assert "eps=0.2, loss=plain+noise: mitigation: cell 4 failed with ValueError: eps is cursed" in first.output
    assert "runs/quick+eps=0.2+loss=plain+noise/mitigation.failed.ipynb" in first.output


def test_results_come_back_without_a_shared_folder(project: Project, first: Said) -> None:
    for name in ("mitigation.json", "mitigation.ipynb"):
        brought, made = (
            where / "runs" / "quick+eps=0.1+loss=plain+noise" / name for where in (project.here, project.there)
        )
        assert brought.read_bytes() == made.read_bytes()


def test_evidence_comes_back_as_well(project: Project, first: Said) -> None:
    brought, made = (list((where / "runs" / "evidence").glob("*/*.npz")) for where in (project.here, project.there))
    assert [path.read_bytes() for path in brought] == [path.read_bytes() for path in made] and len(made) == 1
    assert brought[0].parent.name == NOTEBOOK and brought[0].name.startswith("doubled-eps-0.1-plain-noise-")


def test_a_second_try_runs_only_what_is_not_done(project: Project, first: Said, second: Said) -> None:
    assert second.status == 0, second.output
    assert "4 runs of mitigation, 3 of them up to date" in second.output
    assert [(event.word, event.run) for event in second.events[len(first.events) :]] == [
        ("start", CURSED),
        ("end", CURSED),
    ]
    kept = project.here / "runs" / "quick+eps=0.2+loss=plain+noise"
    assert sorted(path.name for path in kept.iterdir()) == ["mitigation.ipynb", "mitigation.json"]


def test_the_table_has_a_row_for_each_run_and_quantity(project: Project, second: Said) -> None:
    rows = project.table()
    assert list(rows.columns) == ["eps", "loss", *sweep.COLUMNS]
    assert len(rows) == 4 * 4
    doubled = rows[rows["name"] == "doubled"]
    assert doubled["value"].tolist() == pytest.approx((2 * doubled["eps"]).tolist())
    claim = rows[(rows["name"] == "clean") & (rows["eps"] == 0.1) & (rows["loss"] == "plain+noise")].iloc[0]
    assert claim["value"] == pytest.approx(0.15)
    assert (claim["over_networks"], claim["word"]) == (2, "near")
    assert claim["low"] < 0.15 < claim["high"]
    assert rows.loc[rows["name"] == "grows", "value"].isna().all()
    helps = rows[rows["name"] == "helps"].iloc[0]
    assert (helps["word"], helps["sound_value"], helps["why"]) == ("confirmed", helps["value"], "helps: 1 of 2")


def test_the_page_opens_from_disk_and_fits_a_phone(project: Project, second: Said) -> None:
    page = project.here / "runs" / "sweeps" / "both" / "book" / "index.html"
    with window() as chromium:
        sight = chromium.look(page.as_uri(), width=390)
        assert (sight.failures, sight.errors) == ([], [])
        assert [url for url in sight.requests if not url.startswith(("file:", "data:"))] == []
        assert chromium.page.evaluate("document.documentElement.scrollWidth") <= 390
        texts = [image.get_attribute("alt") for image in chromium.page.locator("article figure img").all()]
        assert len(texts) == 3
        assert "loss=plain+noise: 0.2 at eps 0.1, 0.4 at 0.2" in texts[0]
        assert "The paper prints 0.3." in texts[1]
        assert "It has to exceed 0.05." in texts[2]
        shown = chromium.page.locator("article").inner_text()
    assert "4 of 4 runs are done" in shown
    assert "What became of each claim" in shown and "2 confirmed" in shown
    for shared in ("some images", "torch 9.8.7", "0123456789ab+changes", "rounds = 1"):
        assert shared in shown
    assert "python -m lib.run sweep mitigation --profile quick -p eps=0.1,0.2" in shown
    assert "runs/quick+eps=0.2+loss=plain+noise" in shown
    assert "2 near" in shown


# ---- Interrupted ----


def test_ctrl_c_ends_a_sweep_and_what_is_done_stands(project: Project, second: Said) -> None:
    stuck = project.log.with_name("stuck")
    stuck.touch()
    process = project.sweep("--workers", "2", values=MORE, name="more", preexec_fn=heed_interrupts)
    wait_for((project.here / "runs" / "quick+eps=0.3+loss=plain" / "mitigation.json").exists, process)
    wait_for(lambda: (str(STUCK), "plain") in {event.run for event in project.events()}, process)
    process.send_signal(signal.SIGINT)
    stopped = finished(process, project)
    assert stopped.status == 130, stopped.output
    assert stopped.output.endswith("training goes on from its last snapshot\n")
    stuck.unlink()
    again = finished(project.sweep("--workers", "2", values=MORE, name="more"), project)
    assert again.status == 0, again.output
    assert "2 runs of mitigation, 1 of them up to date" in again.output
    assert {event.run for event in again.events[len(stopped.events) :]} == {(str(STUCK), "plain")}


def heed_interrupts() -> None:
    """A shell's background jobs ignore Ctrl-C, and so would what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(happened: Callable[[], bool], process: subprocess.Popen) -> None:
    """Until something has happened; not where the process has ended, nor for ever."""
    until = time.monotonic() + PATIENCE_S
    while not happened():
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.05)
