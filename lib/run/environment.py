"""The environment of the processes that notebooks run in; what makes them fast they get as they import lib."""

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
    found |= {"JUPYTER_PREFER_ENV_PATH": "1", "JUPYTER_PATH": own}
    if not sys.stderr.isatty():
        found["TQDM_DISABLE"] = "1"  # a progress bar in a log file is noise
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
