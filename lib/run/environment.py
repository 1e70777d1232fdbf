"""The environment variables of the processes that notebooks run in; what makes them fast is set as they import lib."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from lib import data

INLINE = "module://matplotlib_inline.backend_inline"
DEFAULTS = Path(find_spec("matplotlib").origin).parent / "mpl-data" / "matplotlibrc"
"""The file of Matplotlib's own settings, to be read in place of a user's."""


def variables(out: Path, results: Path, profile: str) -> dict[str, str]:
    """Variables for a notebook's process: where its results go, and this environment's own Python.

    A reader's own settings of IPython and matplotlib are left out, so that a page is the same whoever makes it.

    Parameters
    ----------
    out
        The folder that the notebook writes its results into.
    results
        The folder of the run, which holds the results of other notebooks.
    profile
        The name of the run: its profile, with what was given by hand.
    """
    found = {
        "REPRO_OUT": str(out),
        "REPRO_RESULTS": str(results),
        "REPRO_PROFILE": profile,
        "REPRO_DATA": str(data.CACHE),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_PATH": os.pathsep.join(filter(None, [f"{sys.prefix}/share/jupyter", os.environ.get("JUPYTER_PATH")])),
        "JUPYTER_RUNTIME_DIR": str(out / "jupyter"),  # connection files are removed with the run's scratch folder
        "IPYTHONDIR": str(out / "ipython"),
        "MPLBACKEND": INLINE,
        "MATPLOTLIBRC": str(DEFAULTS),
    }
    if not sys.stderr.isatty():
        found["TQDM_DISABLE"] = "1"  # a progress bar in a log file is noise
    return found


@contextmanager
def environment_set(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables within the block, and put them back after it."""
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
