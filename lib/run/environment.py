"""The environment of the processes that notebooks run in; what makes them fast they get as they import lib."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

INLINE = "module://matplotlib_inline.backend_inline"
DEFAULTS = Path(find_spec("matplotlib").origin).parent / "mpl-data" / "matplotlibrc"
"""Matplotlib's own settings, which a user's would else be laid over."""


def environment(out: Path, results: Path) -> dict[str, str]:
    """Variables for a notebook's process: where its results go, and this environment's own Python.

    A user's settings of figures and of IPython stay out of it: the page would show them.

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
    found |= {"MPLBACKEND": INLINE, "MATPLOTLIBRC": str(DEFAULTS), "IPYTHONDIR": str(out / "ipython")}
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
