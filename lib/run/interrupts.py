"""How a process of this book is told to stop: by Ctrl-C or SIGTERM, which both let it keep what it has."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

AGAIN_S = 0.05
CAN_WAIT = hasattr(signal, "pthread_sigmask")
"""Windows has no such thing."""


def heed() -> None:
    """Have SIGTERM do what Ctrl-C does, and have no interrupt lost; one that was `withheld` comes here.

    One that comes while Python ends an object (`__del__`) is printed and dropped there, and a training would go on. It
    comes again a moment later.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # as while torch is imported; who ignores it, ignores it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.unraisablehook is not _heard:
        _before.append(sys.unraisablehook)
        sys.unraisablehook = _heard
    if CAN_WAIT:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def withheld() -> Iterator[None]:
    """Have Ctrl-C wait, in processes that are started here, until they `heed` it: not while they import torch."""
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
        signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)  # which wakes it, whatever it waits for
    else:
        signal.raise_signal(signal.SIGTERM)
