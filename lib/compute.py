"""Where and how the arithmetic runs: device, seeds, precision."""

import os
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
"""The root of the repository."""

RUNS = ROOT / "runs"
"""Where executed notebooks, results and snapshots of trained networks are kept."""


def device() -> torch.device:
    """The fastest device available: CUDA, else Apple's MPS, else the CPU.

    The environment variable REPRO_DEVICE ("cpu", "cuda", "mps") overrides the choice.
    """
    if name := os.environ.get("REPRO_DEVICE"):
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def at_once(images: int, device: torch.device) -> int:
    """How many images a device should take at once: `images` on a CPU, five times as many on a GPU, to fill it."""
    return 5 * images if device.type == "cuda" else images


def seeded(seed: int) -> torch.Generator:
    """A separate generator, on the CPU, so that no other draw can shift this one's."""
    return torch.Generator().manual_seed(seed)


def float64(x: torch.Tensor) -> torch.Tensor:
    """x in double precision, on its own device; on the CPU instead of Apple's GPUs, which do not support it."""
    return x.cpu().double() if x.device.type == "mps" else x.double()
