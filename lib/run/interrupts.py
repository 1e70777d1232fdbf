"""How a process of this book is told to stop: by Ctrl-C or SIGTERM, both of which let it keep what it has."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

AGAIN_S = 0.05
CAN_WAIT = hasattr(signal, "pthread_sigmask")
"""Whether a signal can be held back; on Windows it cannot."""


def heed() -> None:
    """Have SIGTERM do what Ctrl-C does, and let no interrupt be lost; one that was `withheld` arrives now.

    Python prints and drops an interrupt that comes in an object's `__del__`, and a training run would go on. Such an
    interrupt is sent again a moment later.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # as while torch is imported; if ignored, it stays ignored
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.unraisablehook is not _heard:
        _before.append(sys.unraisablehook)
        sys.unraisablehook = _heard
    if CAN_WAIT:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def withheld() -> Iterator[None]:
    """Hold Ctrl-C back in processes started within the block until they call `heed`, after they have imported torch."""
    if not CAN_WAIT:
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_before = []


def _heard(dropped: "sys.UnraisableHookArgs") -> None:
    if issubclass(dropped.exc_type, KeyboardInterrupt):
        threading.Timer(AGAIN_S, _again).start()
    else:
        _before[-1](dropped)


def _again() -> None:
    if CAN_WAIT:
        signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)  # wakes it, whatever it is waiting for
    else:
        signal.raise_signal(signal.SIGTERM)
