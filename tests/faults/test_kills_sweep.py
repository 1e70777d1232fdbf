"""A sweep on a real cluster whose worker dies midway, one that fails in part, and one that is interrupted."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator

import pytest
from scratch import lives, until
from sweeps import CURSED, MORE, STUCK, Project, Said, finished, wait_for
from swept import NOTEBOOK, started

pytest.importorskip("distributed", reason="no Dask: it comes with the extra `sweep`")
pytestmark = pytest.mark.campaign

WORKER = "--nthreads 1 --no-nanny --resources GPU=1 --preload lib.sweep.dask"


@pytest.fixture(scope="module")
def cluster(sweeping: Project) -> Iterator[str]:
    """A Dask scheduler and two workers, each a process without a nanny that would start it again: its address."""
    file = sweeping.there / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    where = ["--scheduler-file", str(file), "--no-dashboard"]
    processes = [started(sweeping.there, "dask", "scheduler", "--host", "127.0.0.1", "--port", "0", *where, **quiet)]
    worker = ["dask", "worker", *where, *WORKER.split()]
    processes += [started(sweeping.there, *worker, **quiet) for _ in range(2)]
    wait_for(lambda: file.exists() and file.read_text(), processes[0])  # it is there before its text is
    yield json.loads(file.read_text())["address"]
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def first(sweeping: Project, cluster: str) -> Said:
    """A sweep on the cluster; a worker is killed in the middle of a run that began when another had ended."""
    sweeping.broken.touch()
    sweeping.held.touch()
    process = sweeping.sweep("--scheduler", cluster, "--resources", "GPU=1")
    wait_for(sweeping.late, process)
    struck = sweeping.late()[0]
    os.kill(struck.worker, signal.SIGKILL)
    until(lambda: not lives(struck.kernel))  # which ends with its worker, and else would end the run as well
    sweeping.held.unlink()
    return finished(process, sweeping)


@pytest.fixture(scope="module")
def second(sweeping: Project, first: Said) -> Said:
    """The same sweep again, on this machine, when what made a run fail is mended."""
    sweeping.broken.unlink()
    return finished(sweeping.sweep("--workers", "2"), sweeping)


@pytest.mark.survives(
    "kills",
    tried="A worker of a Dask cluster of two is killed in the middle of a run of a sweep.",
    happens="The other worker makes that run once more; no run is lost, and none that had ended runs again.",
)
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


@pytest.mark.survives(
    "kills",
    tried="A run of a sweep fails.",
    happens="It is reported with its cell, its error and where its notebook is; the others are made.",
)
def test_a_run_that_fails_is_reported_and_the_others_are_done(first: Said) -> None:
    assert first.status == 1
    assert "1 of 4 runs failed" in first.output
    assert "eps=0.2, loss=plain+noise: mitigation: cell 4 failed with ValueError: eps is cursed" in first.output
    assert "runs/quick+eps=0.2+loss=plain+noise/mitigation.failed.ipynb" in first.output


def test_results_come_back_without_a_shared_folder(sweeping: Project, first: Said) -> None:
    for name in ("mitigation.json", "mitigation.ipynb"):
        brought, made = (
            where / "runs" / "quick+eps=0.1+loss=plain+noise" / name for where in (sweeping.here, sweeping.there)
        )
        assert brought.read_bytes() == made.read_bytes()


def test_evidence_comes_back_as_well(sweeping: Project, first: Said) -> None:
    brought, made = (list((where / "runs" / "evidence").glob("*/*.npz")) for where in (sweeping.here, sweeping.there))
    assert [path.read_bytes() for path in brought] == [path.read_bytes() for path in made] and len(made) == 1
    assert brought[0].parent.name == NOTEBOOK and brought[0].name.startswith("doubled-eps-0.1-plain-noise-")


@pytest.mark.survives(
    "kills",
    tried="The sweep that has failed in part is started again.",
    happens="Only what is not done is run.",
)
def test_a_second_try_runs_only_what_is_not_done(sweeping: Project, first: Said, second: Said) -> None:
    assert second.status == 0, second.output
    assert "4 runs of mitigation, 3 of them up to date" in second.output
    assert [(event.word, event.run) for event in second.events[len(first.events) :]] == [
        ("start", CURSED),
        ("end", CURSED),
    ]
    kept = sweeping.here / "runs" / "quick+eps=0.2+loss=plain+noise"
    assert sorted(path.name for path in kept.iterdir()) == ["mitigation.ipynb", "mitigation.json"]


@pytest.mark.survives(
    "kills",
    tried="A sweep is interrupted while a run is in its middle.",
    happens="What is done stands, and the same command makes the rest.",
)
def test_ctrl_c_ends_a_sweep_and_what_is_done_stands(sweeping: Project, second: Said) -> None:
    stuck = sweeping.log.with_name("stuck")
    stuck.touch()
    process = sweeping.sweep("--workers", "2", values=MORE, name="more", preexec_fn=heed_interrupts)
    wait_for((sweeping.here / "runs" / "quick+eps=0.3+loss=plain" / "mitigation.json").exists, process)
    wait_for(lambda: (str(STUCK), "plain") in {event.run for event in sweeping.events()}, process)
    process.send_signal(signal.SIGINT)
    stopped = finished(process, sweeping)
    assert stopped.status == 130, stopped.output
    assert stopped.output.endswith("training goes on from its last snapshot\n")
    stuck.unlink()
    again = finished(sweeping.sweep("--workers", "2", values=MORE, name="more"), sweeping)
    assert again.status == 0, again.output
    assert "2 runs of mitigation, 1 of them up to date" in again.output
    assert {event.run for event in again.events[len(stopped.events) :]} == {(str(STUCK), "plain")}


def heed_interrupts() -> None:
    """A shell's background jobs ignore Ctrl-C, and so would what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
