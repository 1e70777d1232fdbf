"""Cells from one machine to another, in one file, with the states of the trainings that some have begun."""

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
    """What is in a file: how many cells, and how many trainings of cells that are not made; how many stay here."""

    cells: int
    trainings: int
    staying: int


@dataclass(frozen=True)
class Brought:
    """What was taken over of a file: how many cells are new, how many were here, how many states of trainings."""

    new: int
    known: int
    states: int = 0


def export(wanted: Iterable[Cell], target: Path, *, at_most: float = float("inf")) -> Exported:
    """Put the cells that are kept into a zip file, and what the others' trainings go on from.

    Parameters
    ----------
    at_most
        Bytes of the file: of these, as many as fit in beside the cells.
    """
    with atomic(target) as temporary:
        return _write(wanted, temporary, at_most)


def packed(wanted: Iterable[Cell]) -> bytes:
    """What `export` writes, as bytes."""
    content = io.BytesIO()
    _write(wanted, content)
    return content.getvalue()


def _write(wanted: Iterable[Cell], file: Path | BinaryIO, at_most: float = float("inf")) -> Exported:
    wanted = list(dict.fromkeys(wanted))
    there = [cell for cell in wanted if cell.is_kept]
    with zipfile.ZipFile(file, "w", strict_timestamps=False) as archive:
        for cell in there:  # they are compressed already
            archive.write(cell.path, f"{cell.part.chapter}/{cell.path.name}")
        packed, staying = trainings.pack(wanted, archive, at_most - sum(cell.path.stat().st_size for cell in there))
    return Exported(len(there), packed, staying)


def bring_packed(content: bytes) -> Brought:
    """`bring` for what `packed` gave."""
    return bring(io.BytesIO(content))


def bring(source: Path | BinaryIO) -> Brought:
    """Take the cells of such a file over, and the states of trainings.

    What is neither is named and left out.

    Raises
    ------
    CarryError
        Where it is no such file, or cannot be read now.
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
    """A file of the archive in a folder; None where it cannot be read, which is said."""
    try:
        return Path(archive.extract(one, folder))
    except DAMAGE as error:
        if is_of_the_machine(error):
            raise
        print(f"{one.filename}: left out, it cannot be read ({error})", file=sys.stderr)
        return None


def _brought(found: Path, name: str) -> bool | None:
    """Whether a file became a cell here; None where it is none."""
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
    """Whether the cell is there, and whole."""
    try:
        return store.read_made(place).digest == digest
    except (FileNotFoundError, Damaged):
        return False
