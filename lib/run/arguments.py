"""The words of the command line as values."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from lib import book
from lib.parameters import ParameterError


def as_given(pairs: Sequence[str]) -> dict[str, str]:
    """Parameters given by hand as `name=value`, by name.

    Raises
    ------
    ParameterError
        Where one is not `name=value`, or a name is given twice.
    """
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise ParameterError(f"{wrong[0]!r} is no parameter: write name=value")
    names = [pair.partition("=")[0] for pair in pairs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ParameterError(f"{twice[0]} is given twice")
    return dict(pair.split("=", 1) for pair in pairs)


def seconds(text: str) -> float:
    """A span of time, as in 90s, 12m or 2h, in seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no span of time: write 90s, 12m or 2h")
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def folder(text: str) -> Path:
    """A folder by its full path, which tells whether it is book/recorded."""
    return Path(text).resolve()


def new_file(text: str) -> Path:
    """A file to be written; neither a folder nor a notebook, which would have been meant as the argument after it."""
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a folder: name the file, say {path / 'cells.zip'}")
    if text in book.notebooks():
        raise argparse.ArgumentTypeError(f"{text} is a notebook: name the file first, say cells.zip {text}")
    return path


def resource(text: str) -> tuple[str, float]:
    """A name and an amount, as in GPU=1."""
    name, _, amount = text.partition("=")
    try:
        return name, float(amount)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: write NAME=AMOUNT, say GPU=1") from error
