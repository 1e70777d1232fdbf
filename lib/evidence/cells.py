"""Cells: a part of a chapter under one setting, measured once and kept."""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar, get_type_hints

import torch
from filelock import FileLock, Timeout
from tqdm import tqdm

from lib import compute, data, provenance
from lib.digest import code, values
from lib.evidence import store
from lib.evidence.begun import Begun
from lib.evidence.store import Made
from lib.files import naming
from lib.train import outcomes, turns
from lib.train.turns import Busy

R = TypeVar("R")

RECORDED = compute.ROOT / "book" / "recorded" / "evidence"
FOLDERS = [compute.RUNS / "evidence", RECORDED]
"""Where cells are looked for, in this order; new ones go to the first."""
BEGUN = ".begun"
"""The folder, beside the cells, of the files that say which trainings a cell has begun."""


@dataclass(frozen=True)
class Part(Generic[R]):
    """One kind of measurement.

    Parameters
    ----------
    chapter, name
        What it is called, in file names and in a profile's order of priority.
    measure
        A pure function in lib from a setting to a record. A setting is a frozen dataclass of all that decides the
        outcome, with data sets by name; its `str` says in a few words which setting it is. A record is a frozen
        dataclass (`lib.evidence.records`), named by the function's return annotation.

    Raises
    ------
    TypeError
        Where `measure` has no return annotation.
    """

    chapter: str
    name: str
    measure: Callable[..., R]

    def __post_init__(self) -> None:
        # Checked here, since it is first needed when a record is read, after hours of measuring.
        if "return" not in self.measure.__annotations__:
            raise TypeError(f"{self.measure.__name__} does not say what it returns: annotate it with its record")

    def __call__(self, setting: object) -> "Cell[R]":
        """The cell of one setting; TypeError where that is mutable."""
        if type(setting).__hash__ is None:
            raise TypeError(f"a {type(setting).__name__} can change: a setting has to be a frozen dataclass")
        return Cell(self, setting)

    @property
    def record(self) -> type[R]:
        """The type of the records."""
        return get_type_hints(self.measure)["return"]


@dataclass(frozen=True)
class Cell(Generic[R]):
    """A part under one setting: where its record is kept, and how that is made."""

    part: Part[R]
    setting: object

    @cached_property
    def digest(self) -> str:
        """What distinguishes it from every other cell: its setting, and the code that measures."""
        return values.digest((self.part.measure, self.setting))

    @property
    def name(self) -> str:
        """The name of its file: part and setting for people to read, then the start of the digest, which decides."""
        words = re.sub(r"[^a-z0-9.]+", "-", f"{self.part.name} {self.setting}".lower()).strip("-.")
        return f"{words[:80]}-{self.digest[:16]}"

    @property
    def label(self) -> str:
        """Chapter, part and setting in words."""
        return f"{self.part.chapter}: {self.part.name}, {self.setting}"

    @property
    def path(self) -> Path:
        """Its file: where it is kept, whatever the readable part of its name, else where it would be."""
        return next(self._files(), FOLDERS[0] / self.part.chapter / f"{self.name}.npz")

    def _files(self) -> Iterator[Path]:
        """The files of this digest, those with the current name first."""
        folders = [folder / self.part.chapter for folder in FOLDERS]
        yield from (path for folder in folders if (path := folder / f"{self.name}.npz").exists())
        renamed = (path for folder in folders for path in folder.glob(f"*-{self.digest[:16]}.npz"))
        yield from (path for path in renamed if path.stem != self.name)

    @property
    def is_kept(self) -> bool:
        """Whether there is a file of its digest; that is read and checked only when the record is asked for."""
        return self.path.exists()

    @property
    def contents(self) -> str | None:
        """The digest of what its file holds, which differs once it was measured again; None where there is no file."""
        return store.contents(self.path)

    def read(self) -> tuple[R, Made] | None:
        """The record and where it comes from; None where it is not kept."""
        for path in self._files():
            if found := store.kept(path, self.part.record, self.digest):
                return found
        return None

    def get(self) -> R:
        """The record, read where it is kept, else measured."""
        return (self.read() or self.make())[0]

    @property
    def made(self) -> Made | None:
        """Where the record comes from; None where it is not kept."""
        found = self.read()
        return found and found[1]

    def make(self) -> tuple[R, Made]:
        """Measure it and keep it, unless another process has done so in the meantime; return what is kept."""
        with self.alone(wait=True):
            return self.read() or self.measured()

    def measured(self) -> tuple[R, Made]:
        """Measure it and keep it; to be called only within `alone`."""
        commit, begun, started = provenance.commit(), self.begun, time.perf_counter()
        with data.noting() as used, turns.noting(begun.came_to), outcomes.noting() as networks:
            record = self.part.measure(self.setting)
        made = Made(
            self.part.chapter,
            self.part.name,
            str(self.setting),
            self.digest,
            code.definitions(values.definitions((self.part.measure, self.setting))),
            used,
            commit,
            provenance.describe_device(),
            torch.get_num_threads(),
            provenance.versions(),
            round(time.perf_counter() - started + sum(begun.earlier.values()), 3),
            provenance.peak_memory_bytes(),
            datetime.now(UTC).isoformat(timespec="seconds"),
            networks=networks,
        )
        path = FOLDERS[0] / self.part.chapter / f"{self.name}.npz"
        store.write(path, record, made)
        begun.path.unlink(missing_ok=True)
        return store.read(path, self.part.record, self.digest)

    @property
    def begun(self) -> Begun:
        """The trainings that it has begun; their file is removed once the cell is made."""
        return Begun(FOLDERS[0] / BEGUN / self.digest[:32])

    @contextmanager
    def alone(self, wait: bool) -> Iterator[None]:
        """Keep other processes from making the cell; a process that dies releases it.

        Raises
        ------
        Busy
            Where another process holds it and `wait` is False.
        """
        held = lock(self.digest)
        try:
            held.acquire(timeout=-1 if wait else 0)
        except Timeout as error:
            raise Busy(self.label) from error
        try:
            yield
        finally:
            held.release()


def lock(digest: str) -> FileLock:
    """The lock of a digest, which one process holds at a time; the system releases it when its owner dies."""
    return FileLock(locks() / digest[:32])


def locks() -> Path:
    """The folder of all locks, created if need be.

    Raises
    ------
    lib.files.DiskError
        Where nothing can be written.
    """
    folder = FOLDERS[0] / ".locks"
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def records(cells: Iterable[Cell[R]]) -> list[R]:
    """The record of each cell, measured where it is not kept, with a progress bar."""
    cells = list(cells)
    missing = [cell for cell in cells if not cell.is_kept]
    for cell in tqdm(missing, desc="measuring", leave=False, disable=None if missing else True):
        cell.get()
    return [cell.get() for cell in cells]
