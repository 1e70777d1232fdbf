"""The states that a training goes on from: under runs/snapshots, by a digest of all that decides its outcome.

That is the starting weights, the data, the recipe and the code that trains; not the number of epochs, which is in the
file's name, nor versions and the device.
"""

import copy
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import torch
from filelock import FileLock, Timeout
from torch import nn

from lib import compute, provenance
from lib.digest import values
from lib.files import atomic

SNAPSHOTS = compute.RUNS / "snapshots"
SAVE_EVERY_S = 20.0


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


class Snapshots:
    """The kept states of one training, each after an epoch.

    `epoch-0010.pt` was asked for. `passing-0007.pt` was written on the way, now and then, and goes with the next. A
    file without the optimiser's numbers, two thirds of it, can be shown and not continued.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.saved_at = time.monotonic()

    @classmethod
    def of(cls, root: Path | None, model: nn.Module, batches: object, recipe: dict, *, code: Callable) -> "Snapshots":
        """Those of a training that is about to begin with `model` as it is; none where there is no `root`."""
        return cls(root and root / training_digest(model, batches, recipe, code)[:20])

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other process is at this training: it then finds what that one has made."""
        if self.folder is None:
            yield
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            print("waiting for another process, which trains the same network", file=sys.stderr, flush=True)
            lock.acquire()
        try:
            self.saved_at = time.monotonic()
            yield
        finally:
            lock.release()

    def save(self, epoch: int, state: State, *, wanted: bool) -> None:
        """Keep the state after an epoch that is wanted, and of the others one now and then."""
        if self.folder is None or not (wanted or time.monotonic() - self.saved_at > SAVE_EVERY_S):
            return
        with atomic(self.folder / f"{'epoch' if wanted else 'passing'}-{epoch:04d}.pt") as temporary:
            torch.save(
                {
                    "epoch": epoch,
                    "model": state.model.state_dict(),
                    "optimizer": state.optimizer.state_dict(),
                    "generator": state.generator.get_state(),
                    "rng": torch.get_rng_state(),
                    "cuda_rng": torch.cuda.get_rng_state() if compute.device().type == "cuda" else None,
                    "history": asdict(state.history),
                },
                temporary,
            )
        for path in self.folder.glob("passing-*.pt"):
            if wanted or _epoch_of(path) < epoch:
                path.unlink(missing_ok=True)
        self.saved_at = time.monotonic()
        if wanted:
            self._lighten(epoch - 1)

    def restore(self, state: State, *, upto: int, epochs: int) -> int:
        """Load the newest state of at most `upto` epochs that training can go on from; return its epoch, or 0.

        Where that is after all `epochs`, nothing has to go on from it.
        """
        for epoch, path in self._newest_first(upto):
            found = self._read(path)
            if found and (found["optimizer"]["state"] or epoch == epochs):
                self._load(found, state)
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
        found = [(_epoch_of(path), path) for path in self.folder.glob("*-*.pt")] if self.folder else []
        return sorted((pair for pair in found if 0 < pair[0] <= upto), reverse=True)

    def _read(self, path: Path) -> dict | None:
        """A snapshot as it was saved; one that cannot be read is set aside."""
        try:
            return torch.load(path, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            return None
        except Exception as error:  # whatever torch, pickle and zipfile raise on a damaged file
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

    def _lighten(self, epoch: int) -> None:
        """Leave out of a wanted snapshot what only a training that goes on needs: the next one has it."""
        path = self.folder / f"epoch-{epoch:04d}.pt"
        found = self._read(path) if path.exists() else None
        if found and found["optimizer"]["state"]:
            found["optimizer"]["state"] = {}
            with atomic(path) as temporary:
                torch.save(found, temporary)


def _epoch_of(path: Path) -> int:
    """After which epoch a snapshot was taken; 0 where the file is none."""
    kind, _, number = path.stem.partition("-")
    return int(number) if kind in ("epoch", "passing") and number.isdigit() else 0


def training_digest(model: nn.Module, batches: object, recipe: dict, code: Callable) -> str:
    """The digest of all that decides a training's outcome."""
    return values.digest((model, batches, recipe, code))
