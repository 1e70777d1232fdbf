"""Execute notebooks with papermill, and keep what they produce whole.

A run goes into a folder of its own, runs/<profile>[+name=value...]. What stood there before is replaced only when the
notebook has run to its end. Where a cell fails, the partly executed notebook is kept beside the earlier one.
"""

import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import papermill
from filelock import Timeout
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from lib import book, compute, provenance
from lib.evidence import cells, limits
from lib.files import clear_abandoned, scratch, write
from lib.run import engine, environment
from lib.run.left_out import left_out
from lib.run.run import Run

START_S = 300
"""How many seconds a kernel may take to start: from a slow shared disk, it reads its packages for minutes."""
KERNEL_BYTES = 10**6
"""More than a kernel itself writes as it starts: without room for that, it does not start."""


class RunError(RuntimeError):
    """A notebook did not run to its end; the message names the cell and where the rest is kept."""


def execute(run: Run, *, force: bool = False) -> Path:
    """Execute a run if it is not up to date; return the executed copy.

    Parameters
    ----------
    force
        Execute it even if it is up to date.

    Raises
    ------
    RunError
        Where a cell fails, the kernel dies or does not start, or the results are missing or leave something out.
    KeyboardInterrupt
        After the partly executed notebook has been kept.
    """
    clear_abandoned(run.folder, run.notebook)
    if not force and run.up_to_date():
        run.failed.unlink(missing_ok=True)  # of an earlier try; the one that succeeded was killed before it removed it
        print(f"{run.notebook}: up to date in {shown(run.folder)}", flush=True)
        return run.target
    with _alone(run) as waited:
        if waited and run.up_to_date():
            print(f"{run.notebook}: another process has executed it, in {shown(run.folder)}", flush=True)
        else:
            _executed(run)
    return run.target


@contextmanager
def _alone(run: Run) -> Iterator[bool]:
    """Keep other processes from executing a run; yield whether one had to be waited for. A dead process lets go."""
    lock, waited = cells.lock(hashlib.sha256(os.fsencode(run.target.resolve())).hexdigest()), False
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"{run.notebook}: waiting for another process, which executes it", flush=True)
        waited = bool(lock.acquire())
    try:
        yield waited
    finally:
        lock.release()


def _executed(run: Run) -> None:
    with scratch(run.notebook, run.folder) as folder:
        partial = folder / run.target.name
        try:
            with environment.environment_set(environment.variables(folder, run.folder, run.name)):
                _papermill(run, partial)
        except BaseException as error:
            if partial.exists():
                shutil.move(partial, run.failed)
            if isinstance(error, PapermillExecutionError):
                raise RunError(_failure(run, error)) from error
            if isinstance(error, DeadKernelError):
                raise RunError(_died(run)) from error
            if isinstance(error, RuntimeError) and not partial.exists():  # what jupyter_client raises
                write(folder / "room", "x" * KERNEL_BYTES)  # where the disk is full, this raises that error
                raise RunError(_not_started(run, error)) from error
            raise
        _install(partial, run)
    run.failed.unlink(missing_ok=True)


def _papermill(run: Run, output: Path) -> None:
    started = time.monotonic()
    papermill.execute_notebook(
        _plain(book.source(run.notebook)),
        _plain(output),
        parameters=dict(run.values),
        engine_name=engine.NAME,
        kernel_name="python3",
        progress_bar=False,
        start_timeout=START_S,
        stderr_file=sys.stderr,  # the progress bars of long cells
        coalesce_streams=True,
        cwd=str(compute.ROOT),
    )
    print(f"{run.notebook}: done in {provenance.clock(time.monotonic() - started)}", flush=True)


def _plain(path: Path) -> str:
    """A path for papermill, to which single braces would mean the value of a parameter."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _install(executed: Path, run: Run) -> None:
    """Move what a run left in its scratch folder into place: the notebook and its results."""
    results = executed.with_suffix(".json")
    if not results.exists():
        raise RunError(f"{run.notebook} ran to its end, but wrote no results: its last cells have to finish the ledger")
    if lacking := left_out(json.loads(results.read_text(encoding="utf-8"))):
        shutil.move(executed, run.failed)
        listed = "\n".join(f"  {told}" for told in lacking)
        raise RunError(
            f"{run.notebook} ran to its end, but its answers leave out what notebooks/claims/{run.notebook}.yaml asks "
            f"for:\n{listed}\n\nThe notebook is in {shown(run.failed)}; earlier results stand."
        )
    notebook = nbformat.read(executed, as_version=4)
    for path in ("input_path", "output_path"):  # folders of this machine, which no reader needs
        notebook.metadata.get("papermill", {}).pop(path, None)
    nbformat.write(notebook, executed)
    os.replace(executed, run.target)
    os.replace(results, run.results_file)


def _failure(run: Run, error: PapermillExecutionError) -> str:
    return (
        f"{run.notebook}: cell {error.cell_index + 1} failed with {error.ename}: {error.evalue}"
        f"{limits.advice(error.evalue, error.ename)}\n\n"
        f"{error.source.strip()}\n\nAll up to that cell is in {shown(run.failed)}; earlier results stand."
    )


def _died(run: Run) -> str:
    return (
        f"{run.notebook}: its process was killed, most often for taking more memory than there is. What had run is in "
        f"{shown(run.failed)}; earlier results stand. Smaller sizes (README, What it takes) need less."
    )


def _not_started(run: Run, error: RuntimeError) -> str:
    return (
        f"{run.notebook}: its kernel did not start ({error}). Most often something on this machine ends every Python "
        f"kernel, as a startup file does that fails; `{sys.executable} -m ipykernel_launcher` shows what it says."
    )


def shown(path: Path) -> str:
    """A path as a user sees it from the book's folder."""
    inside = path.absolute()  # a link within the folder keeps its name there
    return str(inside.relative_to(compute.ROOT) if inside.is_relative_to(compute.ROOT) else path)
