"""Papermill's engine, which says where a notebook is, and the environment that a notebook runs in."""

import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from papermill.engines import NBClientEngine, papermill_engines

NAME = "announcing"
"""What papermill knows the engine by."""

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
                elapsed = clock(time.monotonic() - started)
                print(f"{name}: cell {cell_index + 1:2d} of {total}  {elapsed}  {heading[1]}", flush=True)
            return begin(cell, cell_index=cell_index, **others)

        nb_man.cell_start = announced
        # The kernel warns at each start that it listens on this machine, and takes being told to stop for an error.
        # What goes wrong in a cell, or with the kernel as a whole, papermill reports.
        quiet = ["--IPKernelApp.log_level=CRITICAL"]
        return super().execute_managed_notebook(nb_man, kernel_name, extra_arguments=quiet, **options)


papermill_engines.register(NAME, _Announcing)


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
    found |= {"JUPYTER_PREFER_ENV_PATH": "1", "JUPYTER_PATH": own} | speed()
    if not sys.stderr.isatty():
        found["TQDM_DISABLE"] = "1"  # a progress bar in a log file is noise
    return found


def speed() -> dict[str, str]:
    """Variables that make a process that trains faster; what a user has set stays."""
    found: dict[str, str] = {}
    if not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys():
        # Threads that spin for long while they wait make a run many times slower wherever another program wants the
        # same cores; those that sleep at once make it a third slower where none does.
        found["GOMP_SPINCOUNT"] = "2000"
    if sys.platform == "linux" and not any(name.startswith("MALLOC_") for name in os.environ):
        # glibc hands a large block back to the system once it is free, and the next step asks for the same pages anew;
        # a training on the CPU that keeps them is done in four fifths of the time.
        found |= {"MALLOC_MMAP_THRESHOLD_": str(2**25), "MALLOC_TRIM_THRESHOLD_": str(2**33)}
        found["MALLOC_TOP_PAD_"] = str(2**28)
    return found


@contextmanager
def environment_set(variables: Mapping[str, str]) -> Iterator[None]:
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


def clock(seconds: float) -> str:
    """A span of time as minutes and seconds."""
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
