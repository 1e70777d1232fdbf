"""Carry the states of trainings that cells have begun but not finished, in the file that carries the cells."""

import hashlib
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import torch

from lib.evidence import cells
from lib.evidence.begun import Begun
from lib.evidence.cells import Cell
from lib.files import DAMAGE, first_line, is_of_the_machine, reading, write
from lib.train import snapshots

FOLDER = "snapshots"
LIST = f"{FOLDER}/list.json"
"""The file with the SHA-256 of each state, and the trainings that each cell has begun."""

STATE = re.compile(rf"{FOLDER}/([0-9a-f]{{20}})/({snapshots.NAME.pattern})")
TRAINING = re.compile(r"[0-9a-f]{20}")
CELL = re.compile(r"[0-9a-f]{32}")


class NoState(ValueError):
    """What is given is not a state of a training; the message says why."""


def begun(cell: Cell) -> dict[str, float]:
    """The trainings that a cell has begun, by the names of their folders; empty where the cell is made.

    The values are the seconds that each training had taken before the cell first reached it.
    """
    found = {} if cell.is_kept else cell.begun.trainings()
    return {name: seconds for name, seconds in found.items() if TRAINING.fullmatch(name)}


def pack(wanted: Iterable[Cell], archive: zipfile.ZipFile, at_most: float) -> tuple[int, int]:
    """Put the states of trainings that these cells have begun into an archive.

    All states of a training go together: one that is looked at after each epoch needs all of them to continue.

    Parameters
    ----------
    at_most
        How many bytes of states to add; a training that does not fit in stays here.

    Returns
    -------
    tuple
        How many trainings are in the archive, and how many stay here.
    """
    digests: dict[str, str] = {}
    packed = staying = 0
    trainings = {cell.begun.path.name: names for cell in wanted if (names := begun(cell))}
    for name in dict.fromkeys(name for names in trainings.values() for name in names):
        files = dict(_states(name))
        size = sum(map(len, files.values()))
        if files and size > at_most:
            staying += 1
        elif files:
            packed, at_most = packed + 1, at_most - size
            for path, content in files.items():
                archive.writestr(zipfile.ZipInfo(path), content)  # undated: a wrong clock's date may not fit in a zip
                digests[path] = hashlib.sha256(content).hexdigest()
    if digests:
        archive.writestr(zipfile.ZipInfo(LIST), json.dumps({"digests": digests, "begun": trainings}, indent=1))
    return packed, staying


def _states(training: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted((snapshots.SNAPSHOTS / training).glob("*.pt")):
        if snapshots.epoch_of(path):
            yield f"{FOLDER}/{training}/{path.name}", path.read_bytes()


def unpack(archive: zipfile.ZipFile) -> int:
    """Take over the states that are not here; return how many are new.

    What is not a state is left out, with a message that names it.

    Raises
    ------
    OSError, MemoryError
        Where the machine cannot read a state now.
    """
    names = [name for name in archive.namelist() if name.startswith(f"{FOLDER}/") and name != LIST]
    if not names:
        return 0
    try:
        listed = _listed(archive)
    except NoState as error:
        print(f"{LIST}: {error}; the states of trainings are left out", file=sys.stderr)
        return 0
    new = 0
    for name in names:
        try:
            new += _brought(archive, name, listed["digests"].get(name))
        except NoState as error:
            print(f"{name}: left out, {error}", file=sys.stderr)
    for cell, trainings in listed["begun"].items():
        if CELL.fullmatch(cell) and _are_seconds(trainings):
            Begun(cells.FOLDERS[0] / cells.BEGUN / cell).add(trainings)
    return new


def _are_seconds(trainings: object) -> bool:
    return isinstance(trainings, dict) and all(
        TRAINING.fullmatch(name) and isinstance(seconds, int | float) for name, seconds in trainings.items()
    )


def _listed(archive: zipfile.ZipFile) -> Mapping[str, dict]:
    try:
        listed = json.loads(_content(archive, LIST))
    except ValueError as error:
        raise NoState(f"it cannot be read ({error})") from error
    if not isinstance(listed, dict) or not all(isinstance(listed.get(part), dict) for part in ("digests", "begun")):
        raise NoState("it is no list of states")
    return listed


def _brought(archive: zipfile.ZipFile, name: str, digest: str | None) -> bool:
    """Take over a state; return whether it is new here."""
    found = STATE.fullmatch(name)
    if not found:
        raise NoState("its name is that of no state of a training")
    content = _content(archive, name)
    if hashlib.sha256(content).hexdigest() != digest:
        raise NoState("it is not what was packed")
    place = snapshots.SNAPSHOTS / found[1] / found[2]
    try:
        with reading(Path(name)):
            state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # whatever torch, pickle and zipfile raise on what they cannot load
        if is_of_the_machine(error):
            raise
        raise NoState(f"it cannot be loaded ({first_line(error)})") from error
    if not isinstance(state, dict) or state.get("epoch") != snapshots.epoch_of(place):
        raise NoState("it is not of the epoch that its name says")
    if place.exists():
        return False
    write(place, content)
    return True


def _content(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archive.read(name)
    except DAMAGE as error:
        if is_of_the_machine(error):
            raise
        raise NoState(f"it cannot be read ({error})") from error
