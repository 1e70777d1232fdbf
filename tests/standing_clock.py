"""A clock that stands until something moves it on: what has a time is then over at a sign, however slow the machine is.

Nothing of lib or of the tests is imported here: the processes of a scratch copy import this too.
"""

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace

LOOK_S = 0.005


class Clock:
    """Stands, but for the sleep of whoever goes by it, which it skips, and a millisecond for each look at it.

    The millisecond ends who looks again and again without any sleep.
    """

    def __init__(self) -> None:
        self.passed, self.naps = 0.0, []

    def time(self) -> float:
        self.passed += 0.001
        return self.passed

    monotonic = perf_counter = time

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.passed += seconds


class ClockInAFile:
    """Stands at as many seconds as a file says, for all processes that are forked from the one that made it."""

    sleep = staticmethod(time.sleep)

    def __init__(self, file: Path) -> None:
        self.file, self.began = file.absolute(), time.time()

    @property
    def passed(self) -> float:
        return float(self.file.read_text())

    def time(self) -> float:
        return self.began + self.passed

    monotonic = time


def move(file: Path, seconds: float) -> None:
    """Set what a file says at once, so that nobody reads half of it."""
    new = file.with_name(f"{file.name}.new")
    new.write_text(str(seconds))
    os.replace(new, file)


class Timer(threading.Timer):
    """A timer that goes by such a clock."""

    def __init__(self, clock: Clock | ClockInAFile, interval: float, function: Callable[[], object]) -> None:
        super().__init__(interval, function)
        self.clock, self.due = clock, clock.passed + interval

    def run(self) -> None:
        while not self.finished.wait(LOOK_S):
            if self.clock.passed >= self.due:
                self.function()
                return


def put(clock: Clock | ClockInAFile, *modules: ModuleType, by: Callable[[object, str, object], None] = setattr) -> None:
    """Have modules go by a clock, with the timers that they start."""
    for module in modules:
        by(module, "time", clock)
        if hasattr(module, "threading"):
            by(module, "threading", SimpleNamespace(Event=threading.Event, Timer=partial(Timer, clock)))
