"""One training loop. Fine-tuning, mixed batches and removal only change what `batches` yields.

A finished or interrupted training is kept as a snapshot under runs/snapshots, named by a digest of all that
decides its outcome: the starting weights, the data, the recipe, and the code that trains.
"""

import copy
import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from types import FunctionType

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from lib import compute, provenance
from lib.files import atomic
from lib.train.batches import Batches

SNAPSHOTS = compute.RUNS / "snapshots"
SAVE_EVERY_S = 20.0


@dataclass
class History:
    """What training cost and how the loss fell."""

    losses: list[float] = field(default_factory=list)
    """Mean training loss of each epoch, in nats."""
    seconds: float = 0.0
    """Seconds of training, on the machine that did it, whenever that was."""
    device: str = ""
    """The device that trained."""


def fit(
    model: nn.Module,
    batches: Batches,
    epochs: int,
    *,
    lr: float = 1e-3,
    seed: int = 0,
    label: str = "training",
    snapshots: Path | None = SNAPSHOTS,
) -> History:
    """Train `model` in place with Adam on cross-entropy, or load the snapshot of the same training.

    The model is left in training mode; `lib.measure.score` and `lib.attack` switch it for as long as they need.

    Parameters
    ----------
    model
        On the device it trains on; its weights as they are now are the starting point.
    batches
        What an epoch consists of.
    epochs
        How many, at least 0.
    lr
        Adam's learning rate.
    seed
        What the order of images and dropout depend on.
    label
        What the progress bar says.
    snapshots
        Where finished and interrupted trainings are kept; None keeps none and looks for none.

    Returns
    -------
    History
        Of the whole training, also where it was loaded or continued.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    generator = compute.seeded(seed)
    history = History(device=compute.describe_device())
    keeper = _Keeper(snapshots, model, batches, {"optimizer": "adam", "lr": lr, "seed": seed}, epochs)
    devices = [compute.device()] if compute.device().type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        first = keeper.restore(model, optimizer, generator, history)
        bar = tqdm(total=epochs * len(batches), initial=first * len(batches), desc=label, leave=False)
        for epoch in range(first, epochs):
            started = time.perf_counter()
            history.losses.append(_epoch(model, batches(model, generator), optimizer, bar))
            history.seconds += time.perf_counter() - started
            keeper.save(epoch + 1, model, optimizer, generator, history)
        bar.close()
    return history


def _epoch(model: nn.Module, batches: Iterator[tuple[Tensor, Tensor]], optimizer: torch.optim.Optimizer, bar) -> float:
    model.train()
    total = count = 0
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        total = total + loss.detach() * len(x)
        count += len(x)
        bar.update()
    return float(total) / count


class _Keeper:
    """Reads and writes the snapshots of one training."""

    def __init__(self, root: Path | None, model: nn.Module, batches: Batches, recipe: dict, epochs: int) -> None:
        self.folder = root and root / training_digest(model, batches, recipe)[:20]
        self.epochs = epochs
        self.saved_at = time.monotonic()

    def path(self, epoch: int) -> Path:
        return self.folder / f"epoch-{epoch:04d}.pt"

    def save(self, epoch: int, model, optimizer, generator, history: History) -> None:
        """Keep the last epoch, and on the way there one state now and then, each in place of the one before."""
        last = epoch == self.epochs
        if self.folder is None or not (last or time.monotonic() - self.saved_at > SAVE_EVERY_S):
            return
        state = {
            "epoch": epoch,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "generator": generator.get_state(),
            "rng": torch.get_rng_state(),
            "cuda_rng": torch.cuda.get_rng_state() if compute.device().type == "cuda" else None,
            "history": asdict(history),
        }
        with atomic(self.path(epoch) if last else self.folder / "interrupted.pt") as temporary:
            torch.save(state, temporary)
        if last:
            (self.folder / "interrupted.pt").unlink(missing_ok=True)
        self.saved_at = time.monotonic()

    def restore(self, model, optimizer, generator, history: History) -> int:
        """Load the finished training, else the interrupted one; return how many epochs are done."""
        if self.folder is None:
            return 0
        for path in (self.path(self.epochs), self.folder / "interrupted.pt"):
            if not path.exists():
                continue
            state = torch.load(path, map_location="cpu", weights_only=True)
            if state["epoch"] > self.epochs:
                continue
            model.load_state_dict(state["model"])
            optimizer.load_state_dict(state["optimizer"])
            generator.set_state(state["generator"])
            torch.set_rng_state(state["rng"])
            if state["cuda_rng"] is not None and compute.device().type == "cuda":
                torch.cuda.set_rng_state(state["cuda_rng"])
            for item in fields(History):
                setattr(history, item.name, state["history"][item.name])
            return state["epoch"]
        return 0


def training_digest(model: nn.Module, batches: Batches, recipe: dict) -> str:
    """The digest of all that decides a training's outcome, but for the number of epochs, versions and the device."""
    facts = {"start": _describe(model), "batches": _describe(batches), "recipe": recipe}
    roots = {("lib.training", "fit"), *_definitions_in(model), *_definitions_in(batches)}
    return provenance.sha256(repr((facts, provenance.definition_digests(sorted(roots)))))


def _describe(value) -> object:
    """A value as text that is equal where the value is: tensors by content, what has parts part by part."""
    if isinstance(value, Tensor):
        array = value.detach().cpu().contiguous().numpy()
        return f"{array.dtype}{array.shape}{hashlib.sha256(array.data).hexdigest()}"
    if isinstance(value, nn.Module):
        trained = [name for name, parameter in value.named_parameters() if parameter.requires_grad]
        return repr(value), trained, [(name, _describe(tensor)) for name, tensor in value.state_dict().items()]
    if _is_of_lib(value):
        return f"{value.__module__}.{value.__qualname__}"
    if is_dataclass(value):
        return type(value).__qualname__, [(item.name, _describe(getattr(value, item.name))) for item in fields(value)]
    if isinstance(value, list | tuple):
        return [_describe(item) for item in value]
    return repr(value)


def _definitions_in(value) -> set[provenance.Definition]:
    """The classes and functions of lib that a value is made of."""
    parts = []
    if isinstance(value, nn.Module):
        parts = value.children()
    elif is_dataclass(value) and not isinstance(value, type):
        parts = [getattr(value, item.name) for item in fields(value)]
    elif isinstance(value, list | tuple):
        parts = value
    own = value if isinstance(value, FunctionType | type) else type(value)
    found = {(own.__module__, own.__qualname__)} if _is_of_lib(own) else set()
    return found.union(*map(_definitions_in, parts))


def _is_of_lib(value) -> bool:
    """Whether this is a class or function that a module of lib defines on its top level."""
    named = isinstance(value, FunctionType | type) and value.__module__.startswith("lib.")
    return named and "<" not in value.__qualname__  # a closure's name does not say what it holds


def fit_by_epoch(
    model: nn.Module,
    batches: Batches,
    epochs: int,
    *,
    lr: float = 1e-3,
    seed: int = 0,
    label: str = "training",
    snapshots: Path | None = SNAPSHOTS,
) -> Iterator[History]:
    """Train as `fit` does, and stop after each epoch: the model is then what `fit` makes of it in as many, to the bit.

    Every epoch's weights are kept, so that a second pass trains nothing, and `fit` with any number of epochs up to
    `epochs` only loads. With no folder for snapshots they are kept as long as this runs.

    Parameters
    ----------
    model, batches, epochs, lr, seed, label, snapshots
        As for `fit`.

    Yields
    ------
    History
        Of all epochs so far.
    """
    start = copy.deepcopy(model.state_dict())
    recipe = {"optimizer": "adam", "lr": lr, "seed": seed}
    with tempfile.TemporaryDirectory() as temporary:
        root = snapshots or Path(temporary)
        keeper = _Keeper(root, model, batches, recipe, epochs)
        for epoch in range(1, epochs + 1):
            before, now = keeper.path(epoch - 1), keeper.path(epoch)
            if before.exists() and not now.exists():
                with atomic(keeper.folder / "interrupted.pt") as path:  # where fit takes up an unfinished training
                    shutil.copyfile(before, path)
            model.load_state_dict(start)
            history = fit(model, batches, epoch, lr=lr, seed=seed, label=label, snapshots=root)
            if before.exists():
                _drop_optimizer(before)
            yield history


def _drop_optimizer(path: Path) -> None:
    """Leave out of a snapshot what only a training that goes on needs, two thirds of it."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    if state["optimizer"]["state"]:
        state["optimizer"]["state"] = {}
        with atomic(path) as temporary:
            torch.save(state, temporary)


def fit_further(
    model: nn.Module,
    batches: Batches,
    epochs: int,
    *,
    lr: float = 1e-3,
    seed: int = 0,
    label: str = "training",
    snapshots: Path | None = SNAPSHOTS,
) -> History:
    """Train as `fit` does, going on from the newest finished training of fewer epochs that is otherwise the same.

    The weights are those of one training without a stop, to the bit. Only what was asked for is kept, so that a few
    ages of a long training take the disk of a few snapshots.

    Parameters
    ----------
    model, batches, epochs, lr, seed, label, snapshots
        As for `fit`.
    """
    keeper = _Keeper(snapshots, model, batches, {"optimizer": "adam", "lr": lr, "seed": seed}, epochs)
    if snapshots is not None and not keeper.path(epochs).exists():
        started = keeper.folder / "interrupted.pt"
        reached = _epoch_of(started)
        behind = reached if reached <= epochs else 0  # fit makes no use of a state that is too far on
        earlier = [age for age in range(epochs - 1, behind, -1) if _epoch_of(keeper.path(age)) == age]
        if earlier:
            with atomic(started) as temporary:  # where fit takes up an unfinished training
                shutil.copyfile(keeper.path(earlier[0]), temporary)
    return fit(model, batches, epochs, lr=lr, seed=seed, label=label, snapshots=snapshots)


def _epoch_of(path: Path) -> int:
    """After which epoch a snapshot was taken, 0 where there is none that training can go on from."""
    if not path.exists():
        return 0
    state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    return state["epoch"] if state["optimizer"]["state"] else 0
