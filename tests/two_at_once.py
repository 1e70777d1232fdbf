"""How much two processes train at once on a device, by what one trains alone: whether `fill --jobs 2` is worth it.

python3 tests/two_at_once.py [SECONDS]
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from lib import compute
from lib.models import SimpleCNN, build
from lib.train.batches import Shuffled
from lib.train.loop import fit

IMAGES = 1280
PATIENCE_S = 120


class Over(Exception):
    """The time is over."""


def trained(folder: Path, processes: int, seconds: float) -> float:
    """Images a second that this process trains on, begun as soon as the others are ready too."""
    device = compute.device()
    x = torch.rand(IMAGES, 1, 28, 28, generator=compute.seeded(0)).to(device)
    batches = Shuffled(x, (torch.arange(IMAGES) % 10).to(device), batch_size=128)
    model = build(SimpleCNN, 0, device)
    since, epochs = 0.0, -1

    def look(_: object) -> None:
        nonlocal since, epochs
        epochs += 1
        if epochs == 0:  # the first epoch warms up
            (folder / f"ready-{time.time_ns()}").touch()
            until = time.monotonic() + PATIENCE_S
            while len(list(folder.glob("ready-*"))) < processes and time.monotonic() < until:
                time.sleep(0.01)
            since = time.monotonic()
        elif time.monotonic() > since + seconds:
            raise Over

    try:
        fit(model, batches, 10**6, snapshots=None, each_epoch=look)
    except Over:
        return epochs * IMAGES / (time.monotonic() - since)
    raise AssertionError("a million epochs are not over in seconds")


def together(processes: int, seconds: float) -> float:
    """Images a second of some processes at once."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, folder, str(processes), str(seconds)]
        quiet = {
            "cwd": compute.ROOT,
            "env": os.environ | {"TQDM_DISABLE": "1"},
            "stdout": subprocess.PIPE,
            "text": True,
        }
        started = [subprocess.Popen(command, **quiet) for _ in range(processes)]
        said = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        raise RuntimeError("a process failed; it has said why above")
    return sum(map(float, said))


def main(arguments: list[str]) -> None:
    if len(arguments) == 3:  # one of the processes
        print(trained(Path(arguments[0]), int(arguments[1]), float(arguments[2])))
        return
    seconds = float(arguments[0]) if arguments else 5.0
    one, two = (together(processes, seconds) for processes in (1, 2))
    print(f"one process trains on {one:,.0f} images a second, two at once on {two:,.0f}: {two / one:.2f} times as many")


if __name__ == "__main__":
    main(sys.argv[1:])
