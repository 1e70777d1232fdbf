"""What runs the runs of a sweep: Dask, with workers of its own on this machine or those of a scheduler that is there.

A worker executes a notebook in its own copy of the book and hands back the files, so no file system has to be shared.
"""

import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from queue import SimpleQueue

from lib import compute
from lib.digest import code
from lib.digest.code import differing_files, sha256
from lib.run import execute
from lib.run.run import Run

CONNECT_S = 20
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
CORES_PER_WORKER = 4
"""Fewer gain nothing: a training uses them all."""

_one_at_a_time = threading.Lock()
"""A run sets its process's environment; on a worker with several threads the others wait."""


class EngineError(RuntimeError):
    """Dask is missing, no scheduler answers, or what was asked for does not go together."""


@dataclass(frozen=True)
class Outcome:
    """What became of one run: the files of its folder, by name, and where it failed the reason."""

    files: dict[str, bytes] = field(default_factory=dict)
    error: str = ""


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(
    runs: Sequence[Run],
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    resources: Mapping[str, float] | None = None,
) -> Iterator[tuple[int, Outcome]]:
    """Execute runs; give each outcome, with the run's index, when it is there.

    A run whose worker dies is given to another worker; a worker that finds it up to date does not repeat it.

    Parameters
    ----------
    scheduler
        The address of a running Dask scheduler; workers are started on this machine where there is none.
    workers
        How many of those; they share the cores.
    resources
        What one run takes of what the workers offer, as in {"GPU": 1}.

    Raises
    ------
    EngineError
        Where Dask is not installed, no scheduler answers, or resources are asked for that no cluster is there to offer.
    """
    if resources and not scheduler:
        raise EngineError("--resources names what the workers of a cluster offer: give its --scheduler as well")
    if workers and scheduler:
        raise EngineError("--workers starts workers on this machine; a --scheduler has its own: give one of the two")
    try:
        import distributed
    except ImportError as error:
        raise EngineError("sweeps run on Dask: `make sweep` installs it, or `pip install -e '.[sweep]'`") from error
    with ExitStack() as stack:
        if scheduler:
            client = stack.enter_context(_connected(distributed, scheduler))
        else:
            client = stack.enter_context(_local(distributed, min(workers or _default_workers(), len(runs))))
        futures, done = {}, SimpleQueue()
        for index, one in enumerate(runs):
            expected = one.digests()
            key = f"{one.notebook}-{one.name}-{sha256(repr(expected))[:8]}"
            future = client.submit(one_run, one, expected, key=key, resources=resources)
            futures[future] = index
            future.add_done_callback(done.put)  # Dask's as_completed can hang where Ctrl-C meets its lock
        for _ in runs:
            future = done.get()
            yield futures[future], _outcome(future)
            future.release()  # what has been handed over need not be kept, nor made again where its worker dies


def one_run(asked: Run, expected: Mapping[str, object]) -> Outcome:
    """Execute one run on a worker.

    Parameters
    ----------
    expected
        The digests of what the run depends on where the sweep was started; a worker with another copy refuses.
    """
    code.forget()  # a worker may live longer than the code that it has read
    with _one_at_a_time, open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        run = asked
        try:
            run = Run.of(asked.notebook, asked.profile, asked.given)  # as this copy of the book has it
            here = run.digests()
            if here != expected:
                return Outcome(error=f"the worker's copy of the book is another one: {_differs(here, expected)} differ")
            execute.execute(run)
        except Exception as error:
            files = {run.failed.name: run.failed.read_bytes()} if run.failed.exists() else {}
            return Outcome(files, _reason(error))
    return Outcome({path.name: path.read_bytes() for path in (run.target, run.results_file)})


def _outcome(future) -> Outcome:
    """What a run that has ended hands over, or the reason why it hands over nothing."""
    try:
        return future.result()
    except Exception as error:
        return Outcome(error=_reason(error))


def _differs(here: Mapping, there: Mapping) -> str:
    parts = [name for name in ("notebook", "parameters") if here[name] != there[name]]
    return ", ".join([*parts, *differing_files(here["lib"], there["lib"])])


def _reason(error: BaseException) -> str:
    """An error in a line."""
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        return f"{error.allowed_failures + 1} workers died of it, one after the other; it may take too much memory"
    first = str(error).strip().partition("\n")[0]
    return first if isinstance(error, execute.RunError) else f"{type(error).__name__}: {first}"


def _default_workers() -> int:
    """One where all would share a GPU."""
    return max(1, cores() // CORES_PER_WORKER) if compute.device().type == "cpu" else 1


@contextmanager
def _local(distributed, workers: int) -> Iterator:
    """A client of workers of its own on this machine, each a process with its share of the cores."""
    import dask

    share = str(max(1, cores() // workers))
    settings = {
        "distributed.nanny.pre-spawn-environ": {},  # Dask's holds every worker, and afterwards us, to one thread
        "distributed.scheduler.worker-saturation": 1.0,  # a worker that dies takes its own run with it, no other
    }
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            memory_limit=0,  # the memory is the kernel's, another process
            env={name: os.environ.get(name, share) for name in THREADS},
            dashboard_address="127.0.0.1:0",
            silence_logs="CRITICAL",
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.run(_ignore_interrupts)
        yield client


def _ignore_interrupts() -> None:
    """Ctrl-C in a terminal goes to the workers too; it is the sweep that ends, and them with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _connected(distributed, address: str) -> Iterator:
    try:
        client = distributed.Client(address, timeout=CONNECT_S, name="sweep")
    except (OSError, ValueError) as error:
        raise EngineError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        workers = len(client.scheduler_info(n_workers=-1)["workers"])
        print(f"{workers} workers at {address}" + ("" if workers else ": the runs wait until one comes"), flush=True)
        yield client
