"""Sweeps: a tiny notebook over a grid, on a real cluster whose worker dies midway, and on this machine."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
import pytest
from browser import window

from lib import book as the_book
from lib import compute
from lib.ledger import results as kept_results
from lib.measure.intervals import over_seeds
from lib.parameters import ParameterError
from lib.run import profiles
from lib.run.run import Run
from lib.sweep import dask, figures, grid, sweep
from lib.sweep.grid import Sweep

pytest.importorskip("distributed", reason="no Dask: it comes with the extra `sweep`")

NOTEBOOK = "mitigation"  # the runner knows notebooks by name; this one only takes the name
PARAMETERS = """\
seed: int = 0  # [0, 99] the first seed
seeds: int = 1  # [1, 9] how many
dataset: str = "mnist"  # {digits, mnist} which images; these are not at hand
eps: float = 0.1  # [0, 1] perturbation size, in pixel units
rounds: int = 1  # [0, inf] how many
loss: str = "plain"  # {plain, plain+noise} which
"""
CURSED = ("0.2", "plain+noise")
LASTS_S = 2
PATIENCE_S = 900  # with what is stuck
CODE = """\
import os, shutil, time
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
shutil.copyfile(root / "made" / f"{{eps}} {{loss}}.json", Path(os.environ["REPRO_OUT"]) / "mitigation.json")
"""
CLAIMS = """\
title: A paper
setting: none
claims:
  - {id: clean, kind: number, value: 0.3, tolerance: 0.1, where: here}
  - {id: helps, kind: direction, compare: "with *stars* against without", where: there, minimum: 0.05}
  - {id: grows, kind: direction, compare: "one against another", where: there}
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


def started(folder: Path, module: str, *arguments: str, **options) -> subprocess.Popen:
    """A module of Python, run in a copy of the book."""
    environment = os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1", "REPRO_DATA": str(folder / "data")}
    return subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=folder, env=environment, **options)


def copy_of_the_book(folder: Path, write_notebook, code: str) -> Path:
    unneeded = shutil.ignore_patterns("__pycache__", "_build", "recorded")
    for part in ("lib", "book"):
        shutil.copytree(compute.ROOT / part, folder / part, ignore=unneeded)
    write_notebook(folder / "notebooks" / f"{NOTEBOOK}.ipynb", PARAMETERS, code)
    for name, text in ((f"claims/{NOTEBOOK}.yaml", CLAIMS), ("profiles/quick.yaml", "")):
        path = folder / "notebooks" / name
        path.parent.mkdir()
        path.write_text(text)
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, write_notebook) -> Project:
    root = tmp_path_factory.mktemp("a project")
    (root / "broken").touch()
    code = CODE.format(root=str(root), cursed=CURSED, seconds=LASTS_S, stuck=STUCK, patience=PATIENCE_S)
    here, there = (copy_of_the_book(root / name, write_notebook, code) for name in ("here", "there"))
    (root / "made").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(the_book, "NOTEBOOKS", here / "notebooks")
        for point in [point for values in (GRID, MORE) for point in grid.points(grid.parse(NOTEBOOK, "quick", values))]:
            path = root / "made" / f"{point['eps']} {point['loss']}.json"
            path.write_text(json.dumps(results_of(profiles.values(NOTEBOOK, "quick", point))))
    return Project(here, there, root / "log", root / "broken")


def results_of(values: dict) -> dict:
    """What a ledger would write; one in the notebook would import torch, and these tests start many processes."""
    measured = over_seeds([values["eps"], values["eps"] + 0.1])
    gain = asdict(over_seeds([values["eps"], values["eps"]]))
    answers = [("clean", asdict(measured), "not comparable", None), ("helps", gain, "holds", "no")]
    answers.append(("grows", None, "not run", None))
    return {
        "notebook": NOTEBOOK,
        "profile": "quick",
        "parameters": values,
        "claims": [
            {"id": id, "measured": found, "verdict": verdict, "fitted": False, "stands": stands, "why": f"{id}: 1 of 2"}
            for id, found, verdict, stands in answers
        ],
        "metrics": {"doubled": 2 * values["eps"]},
        "seconds": {"setup": 0.5, "all": LASTS_S},
        "provenance": {
            "digest": kept_results.digests(NOTEBOOK, values, None),
            "device": "a test",
            "data": "some images",
            "commit": "0123456789abcdef+changes",
            "versions": {"torch": "9.8.7"},
            "finished": "2026-01-02T03:05:07+00:00",
        },
    }


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
    assert (claim["n"], claim["over"], claim["verdict"]) == (2, "seeds", "not comparable")
    assert claim["low"] < 0.15 < claim["high"]
    assert rows.loc[rows["name"] == "grows", "value"].isna().all()
    helps = rows[rows["name"] == "helps"].iloc[0]
    assert (helps["verdict"], helps["stands"], helps["why"]) == ("holds", "no", "helps: 1 of 2")


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
    assert "Does it stand?" in shown and "2 no" in shown
    for shared in ("some images", "torch 9.8.7", "0123456789ab+changes", "rounds = 1"):
        assert shared in shown
    assert "python -m lib.run sweep mitigation --profile quick -p eps=0.1,0.2" in shown
    assert "runs/quick+eps=0.2+loss=plain+noise" in shown
    assert "2 not comparable" in shown


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


# ---- The grid ----


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_notebook) -> Path:
    """A notebook and a profile, for what runs nothing."""
    write_notebook(tmp_path / f"{NOTEBOOK}.ipynb", PARAMETERS)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "quick.yaml").write_text("mitigation: {seeds: 3}\n")
    monkeypatch.setattr(the_book, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(compute, "RUNS", tmp_path / "runs")
    return tmp_path


def parse(*pairs: str) -> dict:
    return grid.parse(NOTEBOOK, "quick", pairs)


def test_lists_and_ranges(book: Path) -> None:
    assert parse("eps=0.1, 0.20,1", "seed=0:3,7,9:5:-2") == {"eps": [0.1, 0.2, 1.0], "seed": [0, 1, 2, 7, 9]}
    assert parse("loss=plain,plain+noise", "eps=0.1,0.10") == {"loss": ["plain", "plain+noise"], "eps": [0.1]}


def test_every_combination_is_a_point(book: Path) -> None:
    points = grid.points(parse("eps=0.1,0.2", "seed=0:2"))
    assert points == [{"eps": eps, "seed": seed} for eps in (0.1, 0.2) for seed in (0, 1)]


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([], "nothing to sweep"),
        (["epz=0.1,0.2"], "no parameter named epz; there are:\n  seed: int"),
        (["eps=0.1,much"], "eps is 'much'; it takes float"),
        (["eps=0.1,1.5"], "eps is 1.5, out of \\[0, 1\\]"),
        (["eps=0:1"], "eps is '0:1'; it takes float"),
        (["seed=95:105"], "seed is 100, out of"),
        (["seed=3:3"], "seed=3:3 holds no value"),
        (["seed=0:3:0"], "steps of 0"),
        (["eps=0.1,,0.2"], "a value is missing"),
        (["loss=plane"], "one of plain, plain\\+noise"),
        (["eps=0.1", "eps=0.2"], "eps is given twice"),
        (["eps"], "write name=value"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_runs(book: Path, pairs: list[str], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        sweep.run(NOTEBOOK, "quick", pairs)
    assert not (book / "runs").exists()


def test_a_name_that_is_no_folders_is_refused(book: Path) -> None:
    with pytest.raises(ParameterError, match="cannot name a sweep"):
        sweep.run(NOTEBOOK, "quick", ["eps=0.1"], name="../quick")
    assert not (book / "runs").exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"resources": {"GPU": 1}}, "--scheduler"), ({"workers": 2, "scheduler": "tcp://127.0.0.1:1"}, "one of the two")],
)
def test_what_no_cluster_is_there_for_is_refused_at_once(asked: dict, said: str) -> None:
    with pytest.raises(dask.EngineError, match=said):
        list(dask.run([Run.of("mitigation", "quick", {})], **asked))


def test_a_cluster_that_is_not_there_is_said_so(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "CONNECT_S", 0.5)
    with pytest.raises(dask.EngineError, match="no Dask scheduler answers at tcp:"):
        sweep.run(NOTEBOOK, "quick", ["eps=0.1"], scheduler="tcp://127.0.0.1:1")


def test_a_worker_with_another_copy_of_the_book_refuses(book: Path) -> None:
    one, another = (Run.of(NOTEBOOK, "quick", {"eps": eps}) for eps in (0.1, 0.2))
    outcome = dask.one_run(another, one.digests() | {"lib": {"lib.attack.gradient": "another"}})
    assert outcome.error == "the worker's copy of the book is another one: parameters, lib.attack.gradient differ"
    assert not (book / "runs").exists()


def test_the_name_of_a_run_gives_its_values_back(book: Path) -> None:
    given = {"eps": 1e-5, "loss": "plain+noise", "rounds": 3}
    run = Run.of(NOTEBOOK, "quick", given)
    assert profiles.parts(run.name) == ["quick", "eps=1e-05", "loss=plain+noise", "rounds=3"]
    assert Run.of_results({"notebook": NOTEBOOK, "profile": run.name, "parameters": run.values}) == run


def test_a_long_grid_has_a_short_name(book: Path) -> None:
    names = [grid.name(NOTEBOOK, "quick", parse(f"seed=0:{end}")) for end in (2, 60, 61)]
    assert names[0] == "mitigation+quick+seed=0,1"
    assert len(set(names)) == 3
    assert max(map(len, names)) <= grid.LONGEST_NAME


# ---- Curves ----


def numeric(value: object) -> bool:
    return not isinstance(value, str)


def swept(values: dict[str, list], seeds: int = 1) -> tuple[Sweep, pd.DataFrame]:
    """A sweep that is done, of a notebook whose one metric is the sum of the numbers it is given."""
    facts = {"seconds": {"all": 1.0}, "claims": [], "parameters": {"seeds": seeds}}
    runs = [
        (Run(NOTEBOOK, "quick", point, point), facts | {"metrics": {"sum": sum(filter(numeric, point.values()))}})
        for point in grid.points(values)
    ]
    return Sweep(NOTEBOOK, "quick", "", values, runs, []), sweep.table(runs)


@pytest.mark.parametrize(
    ("values", "axis"),
    [
        ({"seed": [0, 1], "loss": ["a", "b"], "eps": [0.1, 0.2]}, "eps"),
        ({"seed": [0, 1], "loss": ["a", "b"]}, "loss"),
        ({"seed": [0, 1], "eps": [0.1]}, "seed"),
        ({"eps": [0.1]}, "eps"),
    ],
)
def test_the_axis_is_a_swept_number_and_seldom_the_seed(values: dict, axis: str) -> None:
    assert grid.axis(values) == axis


def test_one_line_a_value_of_the_second_parameter() -> None:
    found = figures.lines(*swept({"eps": [0.2, 0.1], "rounds": [1, 2], "loss": ["a"]}))
    means = {label: {value: point.mean for value, point in line.items()} for label, line in found.items()}
    assert means == {"rounds=1": {0.1: 1.1, 0.2: 1.2}, "rounds=2": {0.1: 2.1, 0.2: 2.2}}
    assert all(point.low is None for line in found.values() for point in line.values())


def test_seeds_are_the_spread() -> None:
    (line,) = figures.lines(*swept({"eps": [0.5], "rounds": [0, 1], "seed": [0, 2, 4]}, seeds=2)).values()
    assert line[1].mean == pytest.approx(3.5)
    assert line[1].per_seed == (1.5, 3.5, 5.5)
    assert line[1].low == pytest.approx(3.5 - 4.3027 * 2 / 3**0.5, abs=1e-3)


def test_runs_that_share_networks_have_no_interval() -> None:
    (line,) = figures.lines(*swept({"eps": [0.5], "rounds": [0, 1], "seed": [0, 2, 4]}, seeds=3)).values()
    assert line[1].mean == pytest.approx(3.5)
    assert line[1].low is None


@pytest.mark.parametrize("name", the_book.notebooks())
def test_no_parameter_has_the_name_of_a_column(name: str) -> None:
    assert not set(profiles.declared(name)) & set(sweep.COLUMNS)
