"""A log of `judge` holds lines; the frames of progress bars are for a terminal."""

import io
import sys

import pytest
from tqdm import tqdm

from lib.judge import log


@pytest.mark.parametrize("is_terminal", [True, False])
def test_bars_are_drawn_on_a_terminal_alone(is_terminal, monkeypatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: is_terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    with log.without_frames():
        for one in tqdm(range(3), desc="training", mininterval=0, leave=False):
            print(f"line {one}", file=sys.stderr, flush=True)
    told = stream.getvalue()
    assert ("\r" in told and "training" in told) == is_terminal
    assert is_terminal or told == "line 0\nline 1\nline 2\n"
    assert sys.stderr is stream
