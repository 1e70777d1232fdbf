"""The environment of the processes that measure and of those that notebooks run in."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


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
