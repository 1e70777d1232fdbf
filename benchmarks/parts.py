"""What a step of training is made of: seconds of each part, where the parts run one after another and uncaptured."""

import copy
import statistics
import time
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib.train.batches import Attacked, Batches, Shuffled

PARTS = ("batch", "attack", "forward", "backward", "optimiser", "rest")
"""Picking the images, attacking them, the network's output and loss, its gradient, Adam, and all that is in between."""

WARM_UP, COUNTED = 3, 5


class Clock:
    """The device's own time between marks: by CUDA events on a GPU, else by the processor's clock."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.marks: list[tuple[str, torch.cuda.Event | float]] = []

    def mark(self, part: str) -> None:
        """Say that a part ends here; the first mark begins the first part."""
        if self.device.type == "cuda":
            now = torch.cuda.Event(enable_timing=True)
            now.record()
        else:
            now = time.perf_counter()
        self.marks.append((part, now))

    def seconds(self) -> dict[str, float]:
        """How long each part took."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        pairs = zip(self.marks, self.marks[1:], strict=False)
        return {part: self._between(before, after) for (_, before), (part, after) in pairs}

    def _between(self, before: torch.cuda.Event | float, after: torch.cuda.Event | float) -> float:
        return before.elapsed_time(after) / 1000 if self.device.type == "cuda" else after - before


def of_a_step(start: nn.Module, batches: Batches, lr: float) -> dict[str, float]:
    """The median seconds of each of `PARTS` over a few steps of a copy of a network; together they make a whole step.

    Parameters
    ----------
    start
        The network; it stays as it is.
    batches
        Plain or attacked batches, whose images are picked and attacked.
    lr
        Adam's learning rate.
    """
    model = copy.deepcopy(start).train()
    device = batches.x.device
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=device.type == "cuda")
    plain = Shuffled(batches.x, batches.y, batches.batch_size)
    attack = batches.attack if isinstance(batches, Attacked) else None
    steps: list[Mapping[str, float]] = []
    while len(steps) < WARM_UP + COUNTED:
        generator = torch.Generator().manual_seed(len(steps))
        clock = Clock(device)
        _wait(device)
        began = time.perf_counter()
        clock.mark("")
        x, y = next(plain(model, generator))
        clock.mark("batch")
        if attack:
            x = attack(model, x, y)
        clock.mark("attack")
        _step(model, optimizer, x, y, clock)
        _wait(device)
        whole = time.perf_counter() - began
        found = clock.seconds()
        steps.append(found | {"rest": max(0.0, whole - sum(found.values()))})
    return {part: statistics.median(step[part] for step in steps[WARM_UP:]) for part in PARTS}


def _step(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor, clock: Clock) -> None:
    loss = F.cross_entropy(model(x), y)
    clock.mark("forward")
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    clock.mark("backward")
    optimizer.step()
    clock.mark("optimiser")


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
