"""What a long command says where it is read later: lines, and no frames of a progress bar."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import TextIO


@contextmanager
def without_frames() -> Iterator[None]:
    """Have progress bars say nothing on stderr, unless it is a terminal; whatever else is said there stays."""
    if sys.stderr.isatty():
        yield
        return
    with redirect_stderr(_WithoutFrames(sys.stderr)):
        yield


class _WithoutFrames:
    """A stream without what goes back to the start of its line, as each frame of a bar does."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        return len(text) if text.startswith("\r") else self._stream.write(text)
