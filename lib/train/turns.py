"""Trainings one process at a time: whoever comes second waits, or does something else first."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

SOON_S = 20.0
"""For how long a process has done nothing yet that it would have to do again."""


class Busy(RuntimeError):
    """Another process is at it."""


_noting: list[Callable[[Path, float], object]] = []
_patient_from: list[float] = []


@contextmanager
def noting(noted: Callable[[Path, float], object]) -> Iterator[None]:
    """Have `noted` called with the folder of each training that begins, or goes on, in the meantime, and with the
    seconds that it has taken until then.
    """
    _noting.append(noted)
    try:
        yield
    finally:
        _noting.remove(noted)


def note(folder: Path, seconds: float) -> None:
    """Say that a training of so many seconds begins, or goes on, or is at its end already."""
    for noted in _noting:
        noted(folder, seconds)


@contextmanager
def impatient(seconds: float = SOON_S) -> Iterator[None]:
    """For so many seconds wait for no other process: `in_turn` raises `Busy` instead."""
    _patient_from.append(time.monotonic() + seconds)
    try:
        yield
    finally:
        _patient_from.pop()


@contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """Hold the folder of a training, which is there then; wait for whoever holds it.

    Raises
    ------
    Busy
        Where another process holds it, and this one is `impatient`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        if _patient_from and time.monotonic() < _patient_from[-1]:
            raise Busy(str(folder)) from error
        print("waiting for another process, which trains the same network", file=sys.stderr, flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
