"""Downloading data sets: by one process at a time, before anything is measured on them.

A download is given up where the server says nothing for a while.
"""

import shutil
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

from filelock import FileLock

from lib import data
from lib.run.run import Run

AGAIN = "Check the network and the free disk and run `python -m lib.run data {}`. The quick profile needs no download."
STALL_S = 60.0
"""How many seconds a server may say nothing before a download is given up."""


def fetched(name: str) -> Path | None:
    """Make sure that a data set is at hand, as `lib.data.fetch` does.

    Raises
    ------
    lib.data.DataError
        Where it cannot be had; the message is one line.
    """
    if name not in data.DOWNLOADS or data.cache_file(name).exists():
        return data.fetch(name)
    try:
        data.CACHE.mkdir(parents=True, exist_ok=True)
        with FileLock(data.CACHE / f".{name}.lock"), impatient():  # no other process downloads it at the same time
            _clear(name)
            return data.fetch(name)
    except data.DataError as error:
        raise data.DataError(" ".join(str(error).split())) from error
    except (HTTPException, OSError) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        said = f"{name} could not be downloaded into {data.CACHE} ({why}). {AGAIN.format(name)}"
        raise data.DataError(said) from error


def fetch_for(runs: Sequence[Run]) -> None:
    """Download the data sets of runs that are not at hand; print which cannot be had, whose cells will then fail."""
    names = {name for run in runs for name in str(run.values.get("dataset", "")).split("+")}
    for name in sorted(names & data.DOWNLOADS.keys()):
        if not data.cache_file(name).exists():
            try:
                fetched(name)
            except data.DataError as error:
                print(error, file=sys.stderr, flush=True)


@contextmanager
def impatient() -> Iterator[None]:
    """Give up any connection that is opened within the block once nothing has come for `STALL_S`."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(STALL_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _clear(name: str) -> None:
    """Remove what killed downloads have left: folders in which nothing has changed for twice `STALL_S`."""
    for folder in data.CACHE.glob(f".{name}-*"):
        times = [path.stat().st_mtime for path in (folder, *folder.rglob("*"))]
        if folder.is_dir() and time.time() - max(times) > 2 * STALL_S:
            shutil.rmtree(folder, ignore_errors=True)
