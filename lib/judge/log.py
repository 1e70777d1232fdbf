"""The output of a long command where it will be read later: lines, without the frames of progress bars."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import TextIO


@contextmanager
def without_frames() -> Iterator[None]:
    """Keep progress bars off stderr unless it is a terminal; whatever else is printed there stays."""
    if sys.stderr.isatty():
        yield
        return
    with redirect_stderr(_WithoutFrames(sys.stderr)):
        yield


class _WithoutFrames:
    """A stream that drops text that begins with a carriage return, as each frame of a progress bar does."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        return len(text) if text.startswith("\r") else self._stream.write(text)
