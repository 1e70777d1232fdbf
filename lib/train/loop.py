"""The one training loop. Fine-tuning, mixed batches and removal only change what `batches` yields."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from lib import compute
from lib.train import graphs
from lib.train.batches import Batches
from lib.train.snapshots import SNAPSHOTS, History, Snapshots, State

EachEpoch = Callable[[nn.Module], object]
"""A function that is called with the network after each epoch."""


def fit(
    model: nn.Module,
    batches: Batches,
    epochs: int,
    *,
    lr: float = 1e-3,
    seed: int = 0,
    label: str = "training",
    snapshots: Path | None = SNAPSHOTS,
    each_epoch: EachEpoch | None = None,
) -> History:
    """Train `model` in place with Adam on cross-entropy, continuing from the newest saved state of the same training.

    A finished training run is loaded; one that was interrupted, or has fewer epochs, is continued. The weights are
    those of an uninterrupted run, to the bit. The model is left without gradients and in training mode: `lib.measure`
    and `lib.attack` switch the mode for as long as they need.

    Parameters
    ----------
    model
        The network, on the device it trains on; its current weights are the starting point.
    batches
        What an epoch consists of.
    epochs
        How many epochs to train in all, at least 0.
    lr
        Adam's learning rate.
    seed
        What the order of images and dropout depend on.
    label
        The text of the progress bar.
    snapshots
        Where states are saved; None saves none and looks for none.
    each_epoch
        Called with the model, in training mode, after each epoch, whether that was trained now or before. Every epoch's
        weights are saved for it, so that a second call trains nothing.

    Returns
    -------
    History
        The history of the whole training, also where it was loaded or continued.

    Raises
    ------
    ValueError
        Where `epochs` is not 0 and there is no image to train on.
    """
    if epochs and not len(batches):
        raise ValueError(f"{label}: there is no image to train on")
    on_cuda = next(model.parameters()).is_cuda
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, capturable=on_cuda, fused=on_cuda or None)
    state = State(model, optimizer, compute.seeded(seed), History())
    kept = Snapshots.of(snapshots, model, batches, {"optimizer": "adam", "lr": lr, "seed": seed}, code=fit)
    devices = [compute.device()] if compute.device().type == "cuda" else []
    with kept.alone(), torch.random.fork_rng(devices=devices), graphs.kept():
        torch.manual_seed(seed)
        seen = _look_back(kept, state, epochs, each_epoch) if each_epoch else epochs
        done = kept.restore(state, upto=seen, epochs=epochs)
        bar = tqdm(total=epochs * len(batches), initial=done * len(batches), desc=label, leave=False)
        for epoch in range(done + 1, epochs + 1):
            started = time.perf_counter()
            state.history.losses.append(_epoch(model, batches(model, state.generator), optimizer, bar))
            state.history.seconds += time.perf_counter() - started
            if each_epoch and epoch > seen:
                kept.save(epoch, state, wanted=True)
                with torch.random.fork_rng(devices=devices):  # so that the call does not change the training
                    each_epoch(model)
            else:
                kept.save(epoch, state, wanted=epoch == epochs)
        bar.close()
        model.train()
        optimizer.zero_grad(set_to_none=True)
    return state.history


def _look_back(kept: Snapshots, state: State, epochs: int, each_epoch: EachEpoch) -> int:
    """Call `each_epoch` for the epochs whose weights are saved, from the first on; return the last of them."""
    for epoch in range(1, epochs + 1):
        if not kept.show(epoch, state):
            return epoch - 1
        each_epoch(state.model.train())
    return epochs


def _epoch(model: nn.Module, batches: Iterator[tuple[Tensor, Tensor]], optimizer: torch.optim.Optimizer, bar) -> float:
    model.train()
    step = graphs.Captured(_step, model, optimizer)
    total, count = torch.zeros((), device=next(model.parameters()).device), 0
    for x, y in batches:
        total = step(total, x, y)
        count += len(x)
        bar.update()
    return float(total) / count


def _step(model: nn.Module, optimizer: torch.optim.Optimizer, total: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Train on one batch; return `total` with the batch's losses added."""
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad(set_to_none=True)  # so that gradients are written, not added to those of the step before
    loss.backward()
    optimizer.step()
    return total + loss.detach() * len(x)
