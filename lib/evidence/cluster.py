"""Dask workers: started on this machine, or those of a running scheduler."""

import os
import signal
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from queue import Empty, SimpleQueue

from lib import compute
from lib.evidence.limits import cores
from lib.files import first_line

CONNECT_S = 20
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
CORES_PER_WORKER = 4
"""With fewer cores each, more workers gain nothing: a training uses all the cores that it has."""


class EngineError(RuntimeError):
    """Dask is missing, no scheduler answers, or options contradict each other."""


def threads(processes: int) -> dict[str, str]:
    """Environment variables for each of several processes that share the cores.

    Where the user has set any of them, they stay as they are: each library falls back on the variables of the others,
    and a network trained with another number of threads differs in its last bits.
    """
    own = {name: os.environ[name] for name in THREADS if name in os.environ}
    return own or dict.fromkeys(THREADS, str(max(1, cores() // processes)))


@contextmanager
def client(
    scheduler: str | None = None,
    workers: int | None = None,
    resources: Mapping[str, float] | None = None,
    tasks: int = 1,
) -> Iterator:
    """Give a Dask client.

    Parameters
    ----------
    scheduler
        The address of a running Dask scheduler; None starts workers on this machine.
    workers
        How many workers to start, at most `tasks`; they share the cores.
    resources
        What one task takes of what a cluster's workers offer, as in {"GPU": 1}.
    tasks
        How many tasks there are.

    Raises
    ------
    EngineError
        Where Dask is not installed, no scheduler answers, `resources` come without a scheduler, or `workers` with one.
    """
    if resources and not scheduler:
        raise EngineError("--resources names what the workers of a cluster offer: give its --scheduler as well")
    if workers and scheduler:
        raise EngineError("--workers starts workers on this machine; a --scheduler has its own: give one of the two")
    try:
        import distributed
    except ImportError as error:
        raise EngineError("this runs on Dask: `make sweep` installs it, or `pip install -e '.[sweep]'`") from error
    local = min(workers or _default_workers(), tasks)
    with _connected(distributed, scheduler) if scheduler else _local(distributed, local) as found:
        yield found


def ended(cluster, futures: Collection, within: float | None = None) -> Iterator:
    """Yield futures as they end, and release each afterwards; after `within` seconds, cancel those that remain."""
    ends, done = None if within is None else time.monotonic() + within, SimpleQueue()
    for future in futures:
        future.add_done_callback(done.put)  # Dask's as_completed can hang if Ctrl-C comes while it holds its lock
    for _ in futures:
        try:
            future = done.get(timeout=ends and max(ends - time.monotonic(), 0))
        except Empty:
            cluster.cancel(list(futures))  # a worker finishes what it is at, and keeps it on its own disk
            return
        yield future
        future.release()  # what has been handed over need not be kept, nor made again if its worker dies


def reason(error: Exception) -> str:
    """Why a task failed, in one line."""
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        return f"{error.allowed_failures + 1} workers died of it, one after the other; it may take too much memory"
    return f"{type(error).__name__}: {first_line(error)}"


def _default_workers() -> int:
    """How many workers to start on this machine: a single one where they would share a GPU."""
    return max(1, cores() // CORES_PER_WORKER) if compute.device().type == "cpu" else 1


@contextmanager
def _local(distributed, workers: int) -> Iterator:
    """Give a client with workers of its own on this machine, each a process with its share of the cores."""
    import dask

    settings = {
        "distributed.nanny.pre-spawn-environ": {},  # Dask's default limits every worker, and then us, to one thread
        "distributed.scheduler.worker-saturation": 1.0,  # a worker that dies takes only its own run with it
    }
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            memory_limit=0,  # it is the notebook's kernel that takes the memory, another process
            env=threads(workers),
            dashboard_address="127.0.0.1:0",
            silence_logs="CRITICAL",
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.run(_ignore_interrupts)
        yield client


def _ignore_interrupts() -> None:
    """Have a worker ignore Ctrl-C, which a terminal sends to workers too: the sweep stops, and ends them with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _connected(distributed, address: str) -> Iterator:
    try:
        client = distributed.Client(address, timeout=CONNECT_S, name="adversarial-reproductions")
    except (OSError, ValueError) as error:
        raise EngineError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        workers = len(client.scheduler_info(n_workers=-1)["workers"])
        print(
            f"{workers} workers at {address}" + ("" if workers else ": what is to be done waits until one comes"),
            flush=True,
        )
        yield client
