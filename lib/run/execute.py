"""Execute notebooks with papermill, and keep what they produce whole.

A run goes to a folder of its own, runs/<profile>[+name=value...]. What stood there before is replaced only when the
notebook has run to its end; where a cell fails, the partly executed notebook is kept beside it.
"""

import os
import re
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError

from lib import claims, compute, data
from lib.parameters import Value, contract
from lib.run import profiles

CHAPTERS = [*claims.papers(), "common_ground"]
SCOREBOARD = "scoreboard"
CELLS = "cells"
"""The folder for the cells of a grid (`lib.cells`) that a run shows: in what it writes, and beside its results."""


class RunError(RuntimeError):
    """A notebook did not run to its end; the message names the cell and where the rest is kept."""


def notebooks() -> list[str]:
    """The notebooks there are: the chapters, then the scoreboard, which reads their results."""
    return [name for name in [*CHAPTERS, SCOREBOARD] if claims.source(name).exists()]


def folder(profile: str, given: Mapping[str, Value]) -> Path:
    """Where the runs with these settings are."""
    return compute.RUNS / profiles.run_name(profile, given)


def album(notebook: str, where: Path) -> Path:
    """Where, in a folder of runs, the cells are that a notebook's run shows; only one with a grid has any."""
    return where / CELLS / notebook


def data_digest(notebook: str, values: Mapping[str, object], results: Path) -> str | None:
    """The digest of what a notebook measures on: a data set, or for the scoreboard the results it reads."""
    if notebook == SCOREBOARD:
        return claims.scoreboard_inputs(results).digest
    names = values["dataset"]
    files = [path for one in names.split("+") if (path := data.cache_file(one)).exists()]
    return _data_digest(data.current_digest, names, tuple((path, path.stat().st_mtime_ns) for path in files))


@cache
def _data_digest(digest: Callable[[str], str | None], names: str, files: tuple) -> str | None:
    """Kept as long as the files are the same: it takes seconds, and the site asks for it many times."""
    return digest(names)


def up_to_date(notebook: str, values: Mapping[str, object], where: Path) -> bool:
    """Whether a folder holds this very run, by the digests of code, parameters and data."""
    results = claims.read_results(where, notebook)
    if results is None or not (where / f"{notebook}.ipynb").exists():
        return False
    return not claims.changed_since(results, values, data_digest(notebook, values, where))


def execute(notebook: str, profile: str, given: Mapping[str, object], *, force: bool = False) -> Path:
    """Execute one notebook where it is not up to date; return the executed copy.

    Parameters
    ----------
    given
        Parameters set by hand, as values or as text.
    force
        Run it also where it is up to date.

    Raises
    ------
    lib.parameters.ParameterError
        Before anything runs.
    RunError
        Where a cell fails.
    KeyboardInterrupt
        After the partly executed notebook has been kept.
    """
    values = profiles.values(notebook, profile, given)
    return _execute(notebook, values, folder(profile, profiles.by_hand(notebook, given)), force=force)


def execute_scoreboard(where: Path) -> Path:
    """Execute the scoreboard over the results in a folder, where it is not up to date."""
    values = {name: parameter.default for name, parameter in contract(claims.source(SCOREBOARD)).items()}
    return _execute(SCOREBOARD, values, where, force=False)


def _execute(notebook: str, values: Mapping[str, object], where: Path, *, force: bool) -> Path:
    target = where / f"{notebook}.ipynb"
    if not force and up_to_date(notebook, values, where):
        print(f"{notebook}: up to date in {shown(where)}", flush=True)
        return target
    where.mkdir(parents=True, exist_ok=True)
    clear_abandoned(notebook, where)
    owner = f"{os.getpid()}-{socket.gethostname()}"
    with tempfile.TemporaryDirectory(dir=where, prefix=f".{notebook}-{owner}-") as scratch:
        partial = Path(scratch) / target.name
        try:
            with _set(environment(Path(scratch), where)):
                _papermill(notebook, partial, values)
        except BaseException as error:
            kept = where / f"{notebook}.failed.ipynb"
            if partial.exists():
                shutil.move(partial, kept)
            if isinstance(error, PapermillExecutionError):
                raise RunError(_failure(notebook, error, kept)) from error
            if isinstance(error, DeadKernelError):
                raise RunError(_died(notebook, kept)) from error
            raise
        _install(partial, where)
    (where / f"{notebook}.failed.ipynb").unlink(missing_ok=True)
    return target


def clear_abandoned(notebook: str, where: Path) -> None:
    """Remove what processes of this machine that were killed left in a run's folder; those that live keep theirs."""
    own = re.compile(rf"\.{notebook}-(\d+)-{re.escape(socket.gethostname())}-\w+")
    for scratch in where.iterdir():
        found = own.fullmatch(scratch.name)
        if found and not _alive(int(found[1])):
            shutil.rmtree(scratch, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)  # signal 0 only asks
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    return True


def _papermill(notebook: str, output: Path, values: Mapping[str, object]) -> None:
    started = time.monotonic()
    papermill.execute_notebook(
        claims.source(notebook),
        output,
        parameters=dict(values),
        engine_name="announcing",
        kernel_name="python3",
        progress_bar=False,
        stderr_file=sys.stderr,  # the progress bars of long cells
        coalesce_streams=True,
        cwd=str(compute.ROOT),
    )
    print(f"{notebook}: done in {_clock(time.monotonic() - started)}", flush=True)


def _install(executed: Path, where: Path) -> None:
    """Put what a run left in its scratch folder in place: the notebook, its results, the cells of a grid it shows."""
    results, cells = executed.with_suffix(".json"), executed.parent / CELLS
    if not results.exists():
        raise RunError(
            f"{executed.stem} ran to its end, but wrote no results: its last cells have to finish the ledger"
        )
    notebook = nbformat.read(executed, as_version=4)
    for path in ("input_path", "output_path"):  # folders of this machine, which no reader needs
        notebook.metadata.get("papermill", {}).pop(path, None)
    nbformat.write(notebook, executed)
    if cells.exists():
        place = album(executed.stem, where)
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(exist_ok=True)
        os.replace(cells, place)
    for path in (executed, results):
        os.replace(path, where / path.name)


HEADING = re.compile(r"^#+ (.+)", re.MULTILINE)
"""A heading of a text cell, wherever it stands there: a label or the end of the section before may come first."""


class _Announcing(NBClientEngine):
    """Papermill's engine, which also says which cell runs, under which heading, and since when."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        started, begin, total = time.monotonic(), nb_man.cell_start, len(nb_man.nb.cells)
        name = Path(nb_man.output_path or nb_man.nb.metadata.papermill.output_path).stem

        def announced(cell, cell_index=None, **others):
            if cell.cell_type == "markdown" and (heading := HEADING.search(cell.source)):
                elapsed = _clock(time.monotonic() - started)
                print(f"{name}: cell {cell_index + 1:2d} of {total}  {elapsed}  {heading[1]}", flush=True)
            return begin(cell, cell_index=cell_index, **others)

        nb_man.cell_start = announced
        # The kernel warns at each start that it listens on this machine, and takes being told to stop for an error.
        # What goes wrong in a cell, or with the kernel as a whole, papermill reports.
        quiet = ["--IPKernelApp.log_level=CRITICAL"]
        return super().execute_managed_notebook(nb_man, kernel_name, extra_arguments=quiet, **options)


papermill_engines.register("announcing", _Announcing)


def environment(out: Path, results: Path) -> dict[str, str]:
    """Variables for a notebook's process: where its results go, and this environment's own Python.

    Parameters
    ----------
    out
        Where it writes its results.
    results
        The folder of the run, which names the profile too, and holds what other notebooks have found.
    """
    own = os.pathsep.join(filter(None, [f"{sys.prefix}/share/jupyter", os.environ.get("JUPYTER_PATH")]))
    found = {"REPRO_OUT": str(out), "REPRO_RESULTS": str(results), "REPRO_PROFILE": results.name}
    found |= {"JUPYTER_PREFER_ENV_PATH": "1", "JUPYTER_PATH": own}
    if not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys():
        # Threads that spin for long while they wait make a run many times slower wherever another program wants the
        # same cores; those that sleep at once make it a third slower where none does.
        found["GOMP_SPINCOUNT"] = "2000"
    if sys.platform == "linux" and not any(name.startswith("MALLOC_") for name in os.environ):
        # glibc hands a large block back to the system once it is free, and the next step asks for the same pages anew;
        # a training on the CPU that keeps them is done in four fifths of the time.
        found |= {"MALLOC_MMAP_THRESHOLD_": str(2**25), "MALLOC_TRIM_THRESHOLD_": str(2**33)}
        found["MALLOC_TOP_PAD_"] = str(2**28)
    if not sys.stderr.isatty():
        found["TQDM_DISABLE"] = "1"  # a progress bar in a log file is noise
    return found


@contextmanager
def _set(variables: Mapping[str, str]) -> Iterator[None]:
    """Environment variables as given, and as they were afterwards."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _failure(notebook: str, error: PapermillExecutionError, kept: Path) -> str:
    return (
        f"{notebook}: cell {error.cell_index + 1} failed with {error.ename}: {error.evalue}\n\n"
        f"{error.source.strip()}\n\nAll up to that cell is in {shown(kept)}; earlier results stand."
    )


def _died(notebook: str, kept: Path) -> str:
    return (
        f"{notebook}: its process was killed, most often for taking more memory than there is. What had run is in "
        f"{shown(kept)}; earlier results stand. Smaller sizes (README, What it takes) need less."
    )


def shown(path: Path) -> str:
    """A path as a user sees it from the book's folder."""
    return str(path.relative_to(compute.ROOT)) if path.is_relative_to(compute.ROOT) else str(path)


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
