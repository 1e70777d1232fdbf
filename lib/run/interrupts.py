"""How a process of this book is told to stop: by Ctrl-C or SIGTERM, which both let it keep what it has."""

import signal
import sys
from threading import Timer

AGAIN_S = 0.05


def heed() -> None:
    """Have SIGTERM do what Ctrl-C does, and have no interrupt lost.

    One that comes while Python ends an object (`__del__`) is printed and dropped there, and a training would go on. It
    comes again a moment later.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if sys.unraisablehook is not _heard:
        _before.append(sys.unraisablehook)
        sys.unraisablehook = _heard


_before = []


def _heard(dropped: "sys.UnraisableHookArgs") -> None:
    if issubclass(dropped.exc_type, KeyboardInterrupt):
        Timer(AGAIN_S, signal.raise_signal, [signal.SIGTERM]).start()
    else:
        _before[-1](dropped)
