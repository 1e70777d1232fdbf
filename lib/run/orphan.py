"""A process that works for another ends with it, however that one ended: nobody waits for what an orphan computes.

A file that runs by itself, without the rest of lib: not every process that has a parent needs torch.
"""

import _thread
import os
import threading
import time

import psutil

LOOK_S = 0.5
PATIENCE_S = 10.0
"""Seconds in which an orphan may write the state of what it is at, as at an interrupt; it is then ended."""


def ends_with(parent: int, *, patience: float = PATIENCE_S) -> None:
    """Have this process interrupted when its parent, by its number, is gone, and ended where that does not end it."""
    threading.Thread(target=_watch, args=(parent, patience), daemon=True).start()


def _watch(parent: int, patience: float) -> None:
    try:
        process = psutil.Process(parent)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(LOOK_S)
    except psutil.NoSuchProcess:
        pass
    _thread.interrupt_main()
    time.sleep(patience)
    os._exit(1)
