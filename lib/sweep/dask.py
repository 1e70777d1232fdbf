"""Execute the runs of a sweep on Dask, with its own workers on this machine or those of a running scheduler.

A worker executes a notebook in its own copy of the book and hands back the files, so no file system has to be shared.
"""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field

from lib.digest import code
from lib.digest.code import differing_files
from lib.digest.text import sha256
from lib.evidence import carry
from lib.evidence.cluster import client, ended, reason
from lib.files import first_line
from lib.run import execute
from lib.run.run import Run

_one_at_a_time = threading.Lock()
"""A run sets the environment of its process, so on a worker with several threads the others wait."""


@dataclass(frozen=True)
class Outcome:
    """What became of one run: the files of its folder, by name, and the reason if it failed."""

    files: dict[str, bytes] = field(default_factory=dict)
    error: str = ""
    evidence: bytes = b""
    """The cells that it was made from, as `lib.evidence.carry` packs them."""


def run(
    runs: Sequence[Run],
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    resources: Mapping[str, float] | None = None,
) -> Iterator[tuple[int, Outcome]]:
    """Execute runs; yield each outcome, with the run's index, as it comes in.

    A run whose worker dies is given to another worker; a worker that finds a run up to date does not repeat it. The
    other parameters, and what is raised, are those of `lib.evidence.cluster.client`.
    """
    with client(scheduler, workers, resources, len(runs)) as cluster:
        futures = {}
        for index, one in enumerate(runs):
            expected = one.digests()
            key = f"{one.notebook}-{one.name}-{sha256(repr(expected))[:8]}"
            futures[cluster.submit(one_run, one, expected, key=key, resources=resources)] = index
        for future in ended(cluster, futures):
            try:
                outcome = future.result()
            except Exception as error:
                outcome = Outcome(error=_reason(error))
            yield futures[future], outcome


def one_run(asked: Run, expected: Mapping[str, object]) -> Outcome:
    """Execute one run on a worker.

    Parameters
    ----------
    expected
        The digests of what the run depends on, as they are where the sweep was started; a worker whose copy of the book
        differs refuses.
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
    files = {path.name: path.read_bytes() for path in (run.target, run.results_file)}
    return Outcome(files, evidence=carry.packed(run.experiment.cells()))


def _differs(here: Mapping, there: Mapping) -> str:
    parts = [name for name in ("notebook", "parameters") if here[name] != there[name]]
    return ", ".join([*parts, *differing_files(here["lib"], there["lib"])])


def _reason(error: Exception) -> str:
    """Why a run failed, in a line; the message of a `RunError` is enough by itself."""
    return first_line(error) if isinstance(error, execute.RunError) else reason(error)
