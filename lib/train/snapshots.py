"""The states that a training goes on from: under runs/snapshots, by a digest of all that decides its outcome.

These are the starting weights, data, recipe and code; not the epochs (in the file's name), versions and device.
"""

import copy
import io
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import torch
from torch import nn

from lib import compute, provenance
from lib.digest import values
from lib.files import atomic, is_of_the_machine, reading
from lib.train import outcomes, turns

SNAPSHOTS = compute.RUNS / "snapshots"
KILLED_EVERY_S = 3600.0
"""How often a process is ended without a word, as for its memory or with its machine: a guess, and a cautious one.

Interrupts and deadlines do not count: a training writes its state before it lets go.
"""
FIRST_GUESS = 200e6
"""Bytes a second that are written to a slow disk, until a training has measured its own."""


@dataclass
class History:
    """What training cost and how the loss fell."""

    losses: list[float] = field(default_factory=list)
    """Mean training loss of each epoch, in nats."""
    seconds: float = 0.0
    """Seconds of training, on the machine that did it, whenever that was."""
    device: str = field(default_factory=provenance.describe_device)
    """The device that trained."""


@dataclass
class State:
    """All that a training goes on with."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    generator: torch.Generator
    history: History


@dataclass
class _Last:
    """The state after the last epoch that is done, as it was then: in memory, on the device that trains."""

    epoch: int
    wanted: bool
    content: dict
    is_written: bool = False
    """In full: as a state that a training can go on from."""


class Snapshots:
    """The kept states of one training, each after an epoch.

    `epoch-0010.pt` was asked for. `passing-0007.pt` was written on the way and goes with the next: now and then, and
    where the training was stopped. A file without the optimiser's numbers, two thirds of it, can be shown and not
    continued: so are the epochs that were asked for, but for the last.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.saved_at = time.monotonic()
        self.seconds: float | None = None
        """What the last state took to write."""
        self.last: _Last | None = None

    @classmethod
    def of(cls, root: Path | None, model: nn.Module, batches: object, recipe: dict, *, code: Callable) -> "Snapshots":
        """Those of a training that is about to begin with `model` as it is; none where there is no `root`."""
        return cls(root and root / training_digest(model, batches, recipe, code)[:20])

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other process is at this training: it then finds what that one has made.

        However this ends, by an interrupt too, what the last epoch gave is written: the next one goes on from there.
        """
        if self.folder is None:
            yield
            return
        with turns.in_turn(self.folder):
            try:
                self.saved_at = time.monotonic()
                yield
            except BaseException:
                self._settle(wanted=False)
                raise
            else:
                self._settle(wanted=True)
                if self.last:
                    outcomes.note(self.folder, self.last.epoch, self.last.content["model"])

    def save(self, epoch: int, state: State, *, wanted: bool) -> None:
        """Keep the state after an epoch: on disk where it is wanted or time to, else in memory until then."""
        if self.folder is None:
            return
        if self.last and self.last.wanted:
            self._write("epoch", self.last.epoch, _light(self.last.content))
        with _undisturbed():
            self.last = None  # so that there are never two of them in memory
            self.last = _Last(epoch, wanted, _content(epoch, state))
        if time.monotonic() - self.saved_at >= self._interval():
            self._write_in_full("passing")

    def _interval(self) -> float:
        """Seconds of training from one full state to the next.

        Young's rule (1974): where writing takes c and a process is killed every m, what is spent on writing and on
        training again is least at sqrt(2 c m). Of a training, that is 2 % at most where writing takes 3 s or less.
        """
        seconds = _guess(self.last.content) if self.seconds is None else self.seconds
        return (2 * seconds * KILLED_EVERY_S) ** 0.5

    def _settle(self, *, wanted: bool) -> None:
        """Write what is only in memory: as it was asked for where all went well, else as a state on the way."""
        if self.last and (wanted or not self.last.is_written):
            with _undisturbed():
                if self.last.wanted:
                    self._write_in_full("epoch")
                elif not wanted:
                    self._write_in_full("passing")

    def _write_in_full(self, kind: str) -> None:
        last, started = self.last, time.monotonic()
        if last.is_written:
            self._path("passing", last.epoch).replace(self._path(kind, last.epoch))
        else:
            self._write(kind, last.epoch, last.content)
            self.seconds = time.monotonic() - started
        self._drop_passing(before=last.epoch + (kind == "epoch"))
        last.is_written, self.saved_at = True, time.monotonic()

    def _drop_passing(self, *, before: int) -> None:
        """Remove the states on the way that a later one replaces."""
        for path in [path for path in self.folder.glob("passing-*.pt") if epoch_of(path) < before]:
            path.unlink(missing_ok=True)

    def _write(self, kind: str, epoch: int, content: dict) -> None:
        with atomic(self._path(kind, epoch)) as temporary, temporary.open("wb") as file:
            torch.save(content, file)  # to a path, it would not say that the disk is full

    def _path(self, kind: str, epoch: int) -> Path:
        return self.folder / f"{kind}-{epoch:04d}.pt"

    def restore(self, state: State, *, upto: int, epochs: int) -> int:
        """Load the newest state of at most `upto` epochs that training can go on from; return its epoch, or 0.

        Where that is after all `epochs`, nothing has to go on from it.
        """
        epoch = self._restore(state, upto, epochs)
        if self.folder:
            turns.note(self.folder, state.history.seconds)
            if epoch == epochs:
                outcomes.note(self.folder, epoch, state.model.state_dict())
        return epoch

    def _restore(self, state: State, upto: int, epochs: int) -> int:
        for epoch, path in self._newest_first(upto):
            found = self._read(path)
            if found and (found["optimizer"]["state"] or epoch == epochs):
                self._load(found, state)
                if found["optimizer"]["state"]:  # whoever wrote it may have been killed before the next line
                    self._drop_passing(before=epoch + path.name.startswith("epoch"))
                return epoch
        return 0

    def show(self, epoch: int, state: State) -> bool:
        """Load the weights after an epoch, if they are kept."""
        for at, path in self._newest_first(epoch):
            if at == epoch and (found := self._read(path)):
                state.model.load_state_dict(found["model"])
                return True
        return False

    def _newest_first(self, upto: int) -> list[tuple[int, Path]]:
        found = [(epoch_of(path), path) for path in self.folder.glob("*-*.pt")] if self.folder else []
        return sorted((pair for pair in found if 0 < pair[0] <= upto), reverse=True)

    def _read(self, path: Path) -> dict | None:
        """A snapshot as it was saved; one that is damaged is set aside.

        Raises
        ------
        OSError, MemoryError
            Where the machine cannot read it now: it may hold hours of training, and stays.
        """
        try:
            with reading(path):
                return torch.load(io.BytesIO(path.read_bytes()), map_location="cpu", weights_only=True)
        except FileNotFoundError:
            return None
        except Exception as error:  # whatever torch, pickle and zipfile raise on a damaged file
            if is_of_the_machine(error):
                raise
            aside = path.with_suffix(".damaged")
            path.replace(aside)
            print(f"{path} is damaged ({error}); it is now {aside.name}, and trained anew", file=sys.stderr)
            return None

    def _load(self, found: dict, state: State) -> None:
        state.model.load_state_dict(found["model"])
        if found["optimizer"]["state"]:
            # Its settings are those at hand: what the digest leaves open in them is what this device needs.
            groups = state.optimizer.state_dict()["param_groups"]
            state.optimizer.load_state_dict(found["optimizer"] | {"param_groups": groups})
        state.generator.set_state(found["generator"])
        torch.set_rng_state(found["rng"])
        if found["cuda_rng"] is not None and compute.device().type == "cuda":
            torch.cuda.set_rng_state(found["cuda_rng"])
        for item in fields(History):
            setattr(state.history, item.name, copy.deepcopy(found["history"][item.name]))


def _content(epoch: int, state: State) -> dict:
    """All that a training goes on with, apart from what it goes on changing."""
    return {
        "epoch": epoch,
        "model": _copied(state.model.state_dict()),
        "optimizer": _copied(state.optimizer.state_dict()),
        "generator": state.generator.get_state(),
        "rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state() if compute.device().type == "cuda" else None,
        "history": asdict(state.history),
    }


def _copied(value: object) -> object:
    """Nested dictionaries and lists, with tensors where they were."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _light(content: dict) -> dict:
    """Without what only a training that goes on needs."""
    return content | {"optimizer": content["optimizer"] | {"state": {}}}


def _guess(content: dict) -> float:
    """Seconds to write a state."""
    return _bytes_of(content) / FIRST_GUESS


def _bytes_of(value: object) -> int:
    if isinstance(value, torch.Tensor):
        return value.nbytes
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(_bytes_of, items))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Have an interrupt, by Ctrl-C or SIGTERM, wait until this is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {one: signal.signal(one, lambda number, _: came.append(number)) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler or signal.SIG_DFL)
        if came:
            signal.raise_signal(came[0])


NAME = re.compile(r"(?:epoch|passing)-([0-9]{4,9})\.pt")


def epoch_of(path: Path) -> int:
    """After which epoch a snapshot was taken, by its name; 0 where that is none of a snapshot."""
    found = NAME.fullmatch(path.name)
    return int(found[1]) if found else 0


def training_digest(model: nn.Module, batches: object, recipe: dict, code: Callable) -> str:
    """The digest of all that decides a training's outcome."""
    return values.digest((model, batches, recipe, code))
