"""Measure what runs need before their notebooks are executed: in processes that share the cores, or on a cluster."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from tqdm import tqdm

from lib import compute, provenance
from lib.evidence import cells, plan
from lib.evidence.cells import Cell
from lib.evidence.cluster import EngineError, threads
from lib.evidence.limits import cores, memory
from lib.evidence.plan import Task
from lib.evidence.spread import spread
from lib.files import scratch
from lib.run import downloads, interrupts, profiles
from lib.run.run import Run

WATCH_S = 0.3
PATIENCE_S = 10.0
SOFTLY = signal.SIGTERM if sys.platform == "win32" else signal.SIGINT
"""The signal at which a process saves the training it is in. Windows has none: there it ends with what it had saved."""
GB_PER_JOB = 3
"""The most memory that a process takes in any chapter, which limits how many run side by side."""


start = subprocess.Popen


class MeasuringError(RuntimeError):
    """Some cells could not be made; the message names them."""


def fill(
    runs: Sequence[Run],
    *,
    needed: bool = True,
    ends: float | None = None,
    patience: float = PATIENCE_S,
    jobs: int | None = None,
    scheduler: str | None = None,
    resources: Mapping[str, float] | None = None,
) -> list[Task]:
    """Make the cells that runs lack; return the tasks for which there was not enough time.

    Parameters
    ----------
    needed
        Whether to make only the cells that the runs need, or all that they can show.
    ends
        When to stop, as `time.time` has it; the order of worth says what comes first.
    patience
        Seconds after that in which a process may write what it has; then it is ended.
    jobs
        How many processes; by default one for each core, as far as memory allows, and one on a GPU.
    scheduler, resources
        As `lib.evidence.cluster.client` takes them: the cells are then made by a cluster's workers.

    Raises
    ------
    MeasuringError
        Where some cells could not be made; all others are made then.
    lib.evidence.cluster.EngineError
        Where no scheduler answers, or what is asked for does not go together.
    """
    if resources and not scheduler:
        raise EngineError("--resources names what the workers of a cluster offer: give its --scheduler as well")
    if jobs and scheduler:
        raise EngineError("--jobs starts processes on this machine; a --scheduler has its own: give one of the two")
    _tidy(runs)
    missing = tasks(runs, needed=needed)
    if not missing:
        return []
    cells.locks()  # if nothing can be kept, this says so once, before any process is started
    print(f"measuring {len(missing)} cells; each is kept as it is done", flush=True)
    with _Watch([task.cell for task in missing]) as watch:
        if scheduler:
            within = ends and max(ends - time.time(), 0)
            failed = spread(missing, scheduler=scheduler, resources=resources, within=within, say=watch.say)
            killed = []
        else:
            downloads.fetch_for(runs)
            named = [[run.notebook, run.profile, dict(run.given)] for run in runs]
            asked = {"runs": named, "needed": needed, "ends": ends}
            jobs = min(jobs or default_jobs(), len(missing))
            failed, killed = _side_by_side(asked, missing, jobs, watch, (ends or float("inf")) + patience)
    left = [task for task in missing if not task.cell.is_kept]
    reasons = [f"  {cell.label}: {why}" for cell, why in failed.items()] + killed
    if left and (reasons or ends is None):
        listed = "\n".join(reasons or [f"  {task.cell.label}" for task in left])
        raise MeasuringError(f"{len(left)} of {len(missing)} cells are not measured:\n{listed}")
    return left


def tasks(runs: Sequence[Run], *, needed: bool) -> list[Task]:
    """The cells that runs lack, by their profile's order of worth: those that they need, or all that they can show."""
    experiments = [run.experiment for run in runs]
    wanted = [cell for one in experiments for cell in (one.needed() if needed else one.cells())]
    return plan.missing(wanted, profiles.worth(runs[0].profile) if runs else ())


def _tidy(runs: Sequence[Run]) -> None:
    """Remove notes on training begun for cells that are kept by now: a process was killed before it removed them."""
    notes = {path.name for path in (cells.FOLDERS[0] / cells.BEGUN).glob("*")}
    for cell in [cell for run in runs for cell in run.experiment.cells()] if notes else []:
        if cell.begun.path.name in notes and cell.is_kept:
            cell.begun.path.unlink(missing_ok=True)


def default_jobs() -> int:
    """One process for each core, as far as memory allows; a single one where all would share a GPU."""
    if compute.device().type != "cpu":
        return 1
    return max(1, min(cores(), int(memory() / 2**30 / GB_PER_JOB)))


class _Watch:
    """Prints a line for each cell that has come to be kept, whichever process made it."""

    def __init__(self, wanted: Sequence[Cell]) -> None:
        self.open, self.total = list(wanted), len(wanted)
        self.folders = sorted({folder / cell.part.chapter for cell in wanted for folder in cells.FOLDERS})
        self.seen: list[int] = []
        self.bar = tqdm(total=self.total, desc="cells", leave=False, disable=None)

    def __enter__(self) -> "_Watch":
        return self

    def __exit__(self, *error: object) -> None:
        self.look()
        self.bar.close()

    def look(self) -> None:
        """See which cells are kept by now, if anything has changed in their folders."""
        seen = [folder.stat().st_mtime_ns if folder.exists() else 0 for folder in self.folders]
        if seen == self.seen:
            return
        self.seen = seen
        for cell in [cell for cell in self.open if cell.is_kept]:
            self.say(cell)

    def say(self, cell: Cell) -> None:
        self.open.remove(cell)
        self.bar.update()
        made = cell.made
        spent = provenance.clock(made.seconds) if made else "?"
        line = f"{self.total - len(self.open):4} of {self.total}  {spent:>6}  {cell.label}"
        if self.bar.disable:
            print(line, flush=True)
        else:
            tqdm.write(line)


def _side_by_side(
    asked: Mapping[str, object], missing: Sequence[Task], jobs: int, watch: _Watch, over: float
) -> tuple[dict[Cell, str], list[str]]:
    """Start worker processes, each of which takes from one list what no other is at; end all at the time `over`.

    Return why some cells could not be made, and what became of processes that did not end as they should.
    """
    variables = os.environ | threads(jobs) | {"TQDM_DISABLE": "1"}
    with scratch() as failures:
        told = {**asked, "failures": str(failures), "parent": os.getpid()}
        command = [sys.executable, "-m", "lib.run.worker", json.dumps(told)]
        with interrupts.withheld():
            workers = [start(command, cwd=compute.ROOT, env=variables) for _ in range(jobs)]
        try:
            while any(worker.poll() is None for worker in workers) and time.time() < over:
                watch.look()
                time.sleep(WATCH_S)
        except BaseException:
            _stop(workers)
            raise
        notes = {task.cell: failures / task.cell.digest for task in missing}
        failed = {cell: note.read_text(encoding="utf-8") for cell, note in notes.items() if note.exists()}
    late = [worker for worker in workers if worker.poll() is None]
    _stop(late, patience=0)  # what they have written stands
    ended = [worker.returncode for worker in workers if worker not in late]
    killed = [_killed(-code) for code in ended if code < 0]
    return failed, killed + (["  the errors are above"] if any(code > 0 for code in ended) and not failed else [])


def _killed(number: int) -> str:
    name = signal.Signals(number).name
    why = ", most often for taking more memory than there is" if name == "SIGKILL" else ""
    return f"  a process was killed by {name}{why}; the same command goes on where it was"


def _stop(workers: Sequence[subprocess.Popen], patience: float = PATIENCE_S) -> None:
    """Let processes save what they have, then end them."""
    for worker in workers:
        with suppress(ProcessLookupError):
            worker.send_signal(SOFTLY)
    until = time.monotonic() + patience
    for worker in workers:
        try:
            worker.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
