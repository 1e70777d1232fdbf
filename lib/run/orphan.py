"""Have a process that works for another end with it, however that one ends: nobody waits for what an orphan computes.

This file runs by itself, without the rest of lib: not every process that has a parent needs torch.
"""

import _thread
import os
import threading
import time

import psutil

LOOK_S = 0.5
PATIENCE_S = 10.0
"""Seconds in which an orphan may save the state of its work, as at an interrupt; then it is ended."""


def ends_with(parent: int, *, patience: float = PATIENCE_S) -> None:
    """Interrupt this process when the parent with this process id is gone; end it if it then does not end by itself."""
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
