"""The saved states from which training continues: under runs/snapshots, by a digest of all that decides its outcome.

The digest covers the starting weights, data, recipe and code. It leaves out the number of epochs (it is in the file's
name), the versions of packages, and the device.
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
"""Mean time between kills without warning, as for lack of memory or when the machine stops: a cautious guess.

Interrupts and deadlines do not count: a training writes its state before it stops.
"""
FIRST_GUESS = 200e6
"""Bytes a second that a slow disk writes: assumed until a training has timed its own first write."""


@dataclass
class History:
    """What a training run cost, and how the loss fell."""

    losses: list[float] = field(default_factory=list)
    """Mean training loss of each epoch, in nats."""
    seconds: float = 0.0
    """Seconds of training, on whichever machine did it, in all sessions together."""
    device: str = field(default_factory=provenance.describe_device)
    """The device that trained."""


@dataclass
class State:
    """All that a training needs to continue."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    generator: torch.Generator
    history: History


@dataclass
class _Last:
    """A copy of the state after the last finished epoch: in memory, on the device that trains."""

    epoch: int
    wanted: bool
    content: dict
    is_written: bool = False
    """Whether it is on disk in full, so that a training can continue from it."""


class Snapshots:
    """The saved states of one training, each after an epoch.

    `epoch-0010.pt` was asked for. `passing-0007.pt` was written in passing, at intervals or because the training was
    stopped, and is removed once a later state replaces it. A file without the optimiser's state (two thirds of its
    size) can be shown but not continued from. Of the epochs that were asked for, all except the last are of this kind.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.saved_at = time.monotonic()
        self.seconds: float | None = None
        """How long the last full state took to write; None until one is written."""
        self.last: _Last | None = None

    @classmethod
    def of(cls, root: Path | None, model: nn.Module, batches: object, recipe: dict, *, code: Callable) -> "Snapshots":
        """The states of a training that is about to begin with `model` as it is; nothing is saved if `root` is None."""
        return cls(root and root / training_digest(model, batches, recipe, code)[:20])

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold this training for this process alone, waiting for any other to finish with it first.

        What the other process has saved is then found. However the block ends, even by an interrupt, the state after
        the last finished epoch is on disk afterwards: the next process continues from there.
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
        """Keep the state after an epoch in memory, and write it in full if it is time to.

        A `wanted` state is written by the next call, without the optimiser's state, or in full when the block of
        `alone` ends.
        """
        if self.folder is None:
            return
        if self.last and self.last.wanted:
            self._write("epoch", self.last.epoch, _light(self.last.content))
        with _undisturbed():
            self.last = None  # so that two of them are never in memory at once
            self.last = _Last(epoch, wanted, _content(epoch, state))
        if time.monotonic() - self.saved_at >= self._interval():
            self._write_in_full("passing")

    def _interval(self) -> float:
        """Seconds of training from one full state to the next.

        Young's rule (1974): where writing takes c and a process is killed every m, the time spent on writing and on
        training again is least at sqrt(2 c m). If a state takes 3 s or less to write, writing then takes about 2 % of a
        training's time at most, and training again as much.
        """
        seconds = _guess(self.last.content) if self.seconds is None else self.seconds
        return (2 * seconds * KILLED_EVERY_S) ** 0.5

    def _settle(self, *, wanted: bool) -> None:
        """Write the last state in full: as `epoch` if it was asked for, else in passing if the block raised.

        A state that is in full on disk already is only renamed, and only if the block did not raise.
        """
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
        """Remove the states that were written in passing before an epoch: a later one replaces them."""
        for path in [path for path in self.folder.glob("passing-*.pt") if epoch_of(path) < before]:
            path.unlink(missing_ok=True)

    def _write(self, kind: str, epoch: int, content: dict) -> None:
        with atomic(self._path(kind, epoch)) as temporary, temporary.open("wb") as file:
            torch.save(content, file)  # given a path, it would not report that the disk is full

    def _path(self, kind: str, epoch: int) -> Path:
        return self.folder / f"{kind}-{epoch:04d}.pt"

    def restore(self, state: State, *, upto: int, epochs: int) -> int:
        """Load the newest state of at most `upto` epochs from which training can continue; return its epoch, or 0.

        A state after all `epochs` will do without the optimiser's state, since no training continues from it.
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
                if found["optimizer"]["state"]:  # the process that wrote it may have been killed before the next line
                    self._drop_passing(before=epoch + path.name.startswith("epoch"))
                return epoch
        return 0

    def show(self, epoch: int, state: State) -> bool:
        """Load the weights after an epoch if they are saved; return whether they are."""
        for at, path in self._newest_first(epoch):
            if at == epoch and (found := self._read(path)):
                state.model.load_state_dict(found["model"])
                return True
        return False

    def _newest_first(self, upto: int) -> list[tuple[int, Path]]:
        found = [(epoch_of(path), path) for path in self.folder.glob("*-*.pt")] if self.folder else []
        return sorted((pair for pair in found if 0 < pair[0] <= upto), reverse=True)

    def _read(self, path: Path) -> dict | None:
        """A snapshot as it was saved; None where there is none, or where it is damaged and was set aside.

        Raises
        ------
        OSError, MemoryError
            Where the machine cannot read it now. The file stays: it may hold hours of training.
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
            # The optimiser keeps its own settings: those that the digest leaves open are what this device needs.
            groups = state.optimizer.state_dict()["param_groups"]
            state.optimizer.load_state_dict(found["optimizer"] | {"param_groups": groups})
        state.generator.set_state(found["generator"])
        torch.set_rng_state(found["rng"])
        if found["cuda_rng"] is not None and compute.device().type == "cuda":
            torch.cuda.set_rng_state(found["cuda_rng"])
        for item in fields(History):
            setattr(state.history, item.name, copy.deepcopy(found["history"][item.name]))


def _content(epoch: int, state: State) -> dict:
    """A copy of all that a training needs to continue, which further training does not change."""
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
    """A copy of nested dictionaries and lists, with each tensor's copy on the same device."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _light(content: dict) -> dict:
    """A state without what is needed only to continue training."""
    return content | {"optimizer": content["optimizer"] | {"state": {}}}


def _guess(content: dict) -> float:
    """An estimate of the seconds that it takes to write a state."""
    return _bytes_of(content) / FIRST_GUESS


def _bytes_of(value: object) -> int:
    if isinstance(value, torch.Tensor):
        return value.nbytes
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(_bytes_of, items))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back an interrupt, by Ctrl-C or SIGTERM, until the end of the block."""
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
    """After which epoch a snapshot was taken, by its name; 0 where that is not the name of a snapshot."""
    found = NAME.fullmatch(path.name)
    return int(found[1]) if found else 0


def training_digest(model: nn.Module, batches: object, recipe: dict, code: Callable) -> str:
    """The digest of all that decides a training's outcome."""
    return values.digest((model, batches, recipe, code))
