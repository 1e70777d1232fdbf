"""Carry cells from one machine to another, in one file, with the states of the trainings that some have begun."""

import io
import shutil
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lib.evidence import cells, store, trainings
from lib.evidence.cells import Cell
from lib.evidence.store import Damaged
from lib.files import DAMAGE, DiskError, atomic, is_of_the_machine, scratch


class CarryError(RuntimeError):
    """A file of cells cannot be read; the message names it."""


@dataclass(frozen=True)
class Exported:
    """How many cells a file holds, how many trainings of cells that are not yet made, and how many of these stay."""

    cells: int
    trainings: int
    staying: int


@dataclass(frozen=True)
class Brought:
    """What was taken over from a file: how many cells are new, how many were here already, how many new states."""

    new: int
    known: int
    states: int = 0


def export(wanted: Iterable[Cell], target: Path, *, at_most: float = float("inf")) -> Exported:
    """Write a zip file of the cells that are kept, and of the states from which the other cells' trainings continue.

    Parameters
    ----------
    at_most
        The size of the file, in bytes: trainings that do not fit in beside the cells are left out.
    """
    with atomic(target) as temporary:
        return _write(wanted, temporary, at_most)


def packed(wanted: Iterable[Cell]) -> bytes:
    """What `export` writes, with all states, as bytes."""
    content = io.BytesIO()
    _write(wanted, content)
    return content.getvalue()


def _write(wanted: Iterable[Cell], file: Path | BinaryIO, at_most: float = float("inf")) -> Exported:
    wanted = list(dict.fromkeys(wanted))
    there = [cell for cell in wanted if cell.is_kept]
    with zipfile.ZipFile(file, "w", strict_timestamps=False) as archive:
        for cell in there:  # stored as they are, since they are compressed already
            archive.write(cell.path, f"{cell.part.chapter}/{cell.path.name}")
        packed, staying = trainings.pack(wanted, archive, at_most - sum(cell.path.stat().st_size for cell in there))
    return Exported(len(there), packed, staying)


def bring_packed(content: bytes) -> Brought:
    """Take over what `packed` gave, as `bring` does."""
    return bring(io.BytesIO(content))


def bring(source: Path | BinaryIO) -> Brought:
    """Take over the cells of a file that `export` wrote, and the states of trainings.

    What is neither is left out, with a message that names it.

    Raises
    ------
    CarryError
        Where it is not such a file, or cannot be read now.
    lib.files.DiskError
        Where something cannot be written here.
    """
    outcomes: Counter[bool | None] = Counter()
    try:
        with zipfile.ZipFile(source) as archive, scratch() as folder:
            for one in archive.infolist():
                if not one.is_dir() and not one.filename.startswith(f"{trainings.FOLDER}/"):
                    found = _taken(archive, one, folder)
                    outcomes[_brought(found, one.filename) if found else None] += 1
            return Brought(outcomes[True], outcomes[False], trainings.unpack(archive))
    except DiskError:
        raise
    except (OSError, zipfile.BadZipFile) as error:
        if is_of_the_machine(error):
            raise CarryError(f"{source} cannot be taken over ({error})") from error
        raise CarryError(f"{source} is no file of cells ({error})") from error


def _taken(archive: zipfile.ZipFile, one: zipfile.ZipInfo, folder: Path) -> Path | None:
    """Extract a file of the archive into a folder; None, with a message, where it cannot be read."""
    try:
        return Path(archive.extract(one, folder))
    except DAMAGE as error:
        if is_of_the_machine(error):
            raise
        print(f"{one.filename}: left out, it cannot be read ({error})", file=sys.stderr)
        return None


def _brought(found: Path, name: str) -> bool | None:
    """Take a file over; whether its cell is new here, or None where it is not a cell."""
    try:
        made = store.read_made(found)
    except Damaged as error:
        print(f"{name}: left out, {error}", file=sys.stderr)
        return None
    is_named = found.suffix == ".npz" and found.stem.endswith(f"-{made.digest[:16]}") and made.chapter.isidentifier()
    if not is_named:
        print(f"{name}: left out, its name is not that of the cell {made.digest[:16]}", file=sys.stderr)
        return None
    places = [folder / made.chapter / found.name for folder in cells.FOLDERS]
    if any(_holds(place, made.digest) for place in places):
        return False
    with atomic(places[0]) as temporary:
        shutil.copyfile(found, temporary)
    return True


def _holds(place: Path, digest: str) -> bool:
    """Whether the cell is there, and undamaged."""
    try:
        return store.read_made(place).digest == digest
    except (FileNotFoundError, Damaged):
        return False
