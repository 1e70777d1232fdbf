"""The files of cells: written whole or not at all, checked whenever they are read.

A file is a NumPy archive: the record's arrays, where it comes from (`Made`) and a digest of both. One that is damaged,
was edited or belongs to something else is never trusted: it is moved into the folder `ASIDE`, with a message. One that
the machine cannot read just now stays where it is, and the error is raised.
"""

import hashlib
import io
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from lib.evidence.records import Arrays, from_arrays, text, to_arrays, word
from lib.files import DAMAGE, atomic, is_of_the_machine, reading

R = TypeVar("R")
MADE, DIGEST = "made", "sha256"
ASIDE = "set-aside"
"""The folder, beside the cells, for files that are not valid cells."""


class Damaged(ValueError):
    """A file is not the cell that its name says; the message says why."""


@dataclass(frozen=True)
class Made:
    """Where a cell comes from."""

    chapter: str
    part: str
    setting: str
    """The setting in words, for people; it is the digest that decides."""
    digest: str
    definitions: dict[str, str]
    """The digest of each definition of lib that measured it, to tell which files have changed since."""
    data: dict[str, dict[str, str]]
    """Digest and origin of each data set that was used, by name."""
    commit: str | None
    device: str
    threads: int
    versions: dict[str, str]
    seconds: float
    """How long measuring took, including the trainings that were not done before."""
    peak_memory_bytes: int
    """The most memory that the process had held up to then."""
    finished: str
    note: str = ""
    """Anything else to say, such as that it was made by earlier code."""
    networks: dict[str, str] | None = None
    """The digest of the weights of each network that it trained or found trained (`lib.train.outcomes`)."""


def write(path: Path, record: object, made: Made) -> None:
    """Write a record and where it comes from into a file, whole or not at all."""
    arrays = to_arrays(record) | {MADE: text(json.dumps(asdict(made)))}
    arrays[DIGEST] = text(_digest(arrays))
    with atomic(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)


def read(path: Path, kind: type[R], digest: str) -> tuple[R, Made]:
    """Read a file's record, and where it comes from.

    Raises
    ------
    FileNotFoundError
        Where there is no file.
    Damaged
        Where the file is not as it was written, or is another cell's.
    OSError, MemoryError
        Where the machine cannot read the file now, whatever it holds; the error names the file.
    TypeError
        Where the file is whole and of this digest, but the record's type cannot hold it: annotations are in no digest.
    """
    arrays = _arrays(path)
    made = _made(arrays)
    if made.digest != digest:
        raise Damaged(f"it is the cell {made.digest[:16]}, not {digest[:16]}")
    try:
        return from_arrays(kind, arrays), made
    except ValueError as error:
        raise TypeError(f"{path.name} is whole, but {kind.__name__} has other fields now: {error}") from error


def read_made(path: Path) -> Made:
    """Where a file's record comes from; raises as `read` does."""
    return _made(_arrays(path))


def contents(path: Path) -> str | None:
    """The digest that a file states of what it holds; None where it states none, or there is no file.

    The rest is not read or checked: this tells files of one cell apart, and does not vouch for them. It raises as
    `read` does where the machine cannot read the file.
    """
    try:
        with reading(path), np.load(path, allow_pickle=False) as file:
            return word(file[DIGEST])
    except FileNotFoundError:
        return None
    except DAMAGE as error:
        if is_of_the_machine(error):
            raise
        return None


def kept(path: Path, kind: type[R], digest: str) -> tuple[R, Made] | None:
    """What `read` gives; None where there is no file, or it had to be set aside. It raises as `read` does otherwise."""
    try:
        return read(path, kind, digest)
    except FileNotFoundError:
        return None
    except Damaged as error:
        set_aside(path, str(error))
        return None


def set_aside(path: Path, why: str) -> None:
    """Move a file that is not a valid cell out of the way, and say so."""
    aside = path.parent / ASIDE / path.name
    try:
        aside.parent.mkdir(exist_ok=True)
        path.replace(aside)
        where = f"it is now {ASIDE}/{aside.name} there, and the cell is made anew"
    except FileNotFoundError:
        return  # another process has moved it
    except OSError as error:
        where = f"it cannot be moved ({error.strerror}) and is ignored"
    print(f"{path} is no cell of this book: {why}; {where}", file=sys.stderr, flush=True)


def _arrays(path: Path) -> Arrays:
    try:
        with reading(path), np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except DAMAGE as error:
        if is_of_the_machine(error):  # or there is no such file
            raise
        raise Damaged(f"it cannot be read ({error})") from error
    found = arrays.pop(DIGEST, None)
    if found is None or MADE not in arrays:
        raise Damaged("it does not say where it comes from")
    if word(found) != _digest(arrays):
        raise Damaged("it is not what was written")
    return arrays


def _made(arrays: Arrays) -> Made:
    try:
        return Made(**json.loads(word(arrays[MADE])))
    except (TypeError, ValueError) as error:
        raise Damaged(f"it does not say where it comes from ({error})") from error


def _digest(arrays: Arrays) -> str:
    sha = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        sha.update(f"{name} {array.dtype.str} {array.shape}".encode())
        sha.update(np.ascontiguousarray(array).data)
    return sha.hexdigest()
