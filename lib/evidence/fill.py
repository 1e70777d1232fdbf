"""Make the cells that are missing: in a given order, within a given time, in one process or several side by side.

Every cell is kept the moment it is done, and a training inside one continues from its last snapshot. So a process may
be killed at any time and started again. Several may run at once: each takes cells that no other is making.
"""

import _thread
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from itertools import product
from pathlib import Path

from lib import data
from lib.evidence import limits
from lib.evidence.cells import Cell
from lib.evidence.plan import Task
from lib.files import DiskError
from lib.train import turns
from lib.train.turns import Busy

POLL_S = 0.5
"""Seconds between looks at whether other processes are done with their cells."""


def fill(tasks: Sequence[Task], *, within: float | None = None, failures: Path | None = None) -> dict[Cell, str]:
    """Make cells in this process, one after the other; return why some could not be made.

    Parameters
    ----------
    tasks
        In the order in which to make them.
    within
        Seconds after which to stop. Cells that would not be done by then come after those that would. One that is being
        made when the time is over is interrupted, and its training continues from there the next time.
    failures
        A folder in which processes side by side note what fails, so that none tries what has failed in another.

    Raises
    ------
    KeyboardInterrupt
        Where the user interrupts it; what was made is kept.
    lib.files.DiskError
        Where a cell, or the state of a training, cannot be written: nothing more is begun.
    """
    clock, failed, waiting = Deadline(within), {}, list(tasks)
    while waiting and not clock.is_over:
        order = sorted(waiting, key=lambda task: (task.seconds or 0) > clock.left)  # what fits comes first
        for patient, task in product((False, True), order):  # what waits for another process's training comes last
            if _one(task.cell, failed, clock, failures, patient) or clock.is_over:
                break
        else:  # other processes are making all of them
            time.sleep(min(POLL_S, max(clock.left, 0)))
        waiting = [task for task in waiting if task.cell not in failed and not task.cell.is_kept]
    return failed


def _one(cell: Cell, failed: dict[Cell, str], clock: "Deadline", failures: Path | None, patient: bool) -> bool:
    """Make one cell; return whether that ended here, with success or failure."""
    try:
        with cell.alone(wait=False), nullcontext() if patient else turns.impatient():
            return _held(cell, failed, clock, failures)
    except Busy:
        return False


def _held(cell: Cell, failed: dict[Cell, str], clock: "Deadline", failures: Path | None) -> bool:
    """Make a cell that this process holds, so that a failure is noted before another process can try; as `_one`."""
    note = failures and failures / cell.digest
    if cell.is_kept:
        return False
    if note and note.exists():
        failed[cell] = note.read_text(encoding="utf-8")
        return True
    try:
        clock.call(cell.measured)
    except OutOfTime:
        return cell.is_kept
    except Busy:
        raise
    except Exception as error:
        if not isinstance(error, DiskError | data.DataError):  # their messages say all there is to say
            traceback.print_exc(file=sys.stderr)
        failed[cell] = f"{type(error).__name__}: {error}{limits.advice(str(error), type(error).__name__)}"
        if note:
            _note(note, failed[cell])
        if isinstance(error, DiskError):
            raise  # nothing else that is measured could be kept either
    return True


def _note(note: Path, why: str) -> None:
    try:
        note.write_text(why, encoding="utf-8")
    except OSError:  # such as a full disk here too
        print(why, file=sys.stderr, flush=True)


class OutOfTime(Exception):
    """The deadline has come while something was running."""


class Deadline:
    """How much time is left, and an interrupt when it is over."""

    def __init__(self, within: float | None) -> None:
        self.ends = None if within is None else time.monotonic() + within

    @property
    def left(self) -> float:
        """Seconds left: infinite without a deadline, negative after it."""
        return float("inf") if self.ends is None else self.ends - time.monotonic()

    @property
    def is_over(self) -> bool:
        return self.left <= 0

    def call(self, work: Callable[[], object]) -> None:
        """Call `work`, and interrupt it when the time is over.

        This is not a context manager: an interrupt between the end of a block and the manager's exit would be raised in
        neither.

        Raises
        ------
        OutOfTime
            Where `work` was interrupted for lack of time.
        """
        if self.ends is None:
            work()
            return
        fired = threading.Event()

        def interrupt() -> None:
            fired.set()
            _thread.interrupt_main()

        timer = threading.Timer(max(self.left, 0), interrupt)
        timer.daemon = True
        try:
            try:
                timer.start()
                work()
            finally:
                timer.cancel()
                timer.join()
                time.sleep(0)  # a pending interrupt arrives here, not in whatever comes next
        except KeyboardInterrupt as error:
            if fired.is_set():
                raise OutOfTime from error
            raise
