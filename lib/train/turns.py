"""One process at a time on each training: a second process waits, or does something else first."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

SOON_S = 20.0
"""For how many seconds a process has done so little that it can give up and start again later."""


class Busy(RuntimeError):
    """Another process is at work on it."""


_noting: list[Callable[[Path, float], object]] = []
_patient_from: list[float] = []


@contextmanager
def noting(noted: Callable[[Path, float], object]) -> Iterator[None]:
    """Have `noted` called for each training that begins, continues or is found finished within the block.

    It is given the training's folder, and the seconds that the training has taken until then.
    """
    _noting.append(noted)
    try:
        yield
    finally:
        _noting.remove(noted)


def note(folder: Path, seconds: float) -> None:
    """Report that a training begins, continues or is found finished, having taken so many seconds until then."""
    for noted in _noting:
        noted(folder, seconds)


@contextmanager
def impatient(seconds: float = SOON_S) -> Iterator[None]:
    """Wait for no other process in the next `seconds`: `in_turn` raises `Busy` instead."""
    _patient_from.append(time.monotonic() + seconds)
    try:
        yield
    finally:
        _patient_from.pop()


@contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """Lock the folder of a training, created if need be, waiting for any process that holds it.

    Raises
    ------
    Busy
        Where another process holds it and this one is `impatient`.
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
