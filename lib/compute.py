"""Where and how the arithmetic runs: device, seeds, versions."""

import os
import platform
import resource
import sys
from importlib import metadata
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
"""The repository."""

RUNS = ROOT / "runs"
"""Where executed notebooks, results and snapshots of trained networks are kept."""


def device() -> torch.device:
    """The fastest device at hand: CUDA, else Apple's MPS, else the CPU.

    The environment variable REPRO_DEVICE ("cpu", "cuda", "mps") overrides the choice.
    """
    if name := os.environ.get("REPRO_DEVICE"):
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def seeded(seed: int) -> torch.Generator:
    """A generator of its own on the CPU, so that no other draw can shift this one."""
    return torch.Generator().manual_seed(seed)


def describe_device() -> str:
    """The device in words, for provenance."""
    where = device()
    if where.type == "cuda":
        return torch.cuda.get_device_name(where)
    return f"{where.type} ({platform.machine()}, {os.cpu_count()} cores)"


def versions() -> dict[str, str]:
    """Python and the packages whose versions can change a number."""
    packages = ["torch", "torchvision", "numpy", "scipy", "scikit-learn", "matplotlib", "papermill"]
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in packages}


def peak_memory_bytes() -> int:
    """The most memory that this process has held so far, on the GPU where it used one, else in RAM."""
    if device().type == "cuda":
        return torch.cuda.max_memory_allocated()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux KiB


def float64(x: torch.Tensor) -> torch.Tensor:
    """x in double precision, on its own device where that has it; Apple's GPUs have not, and the CPU takes over."""
    return x.cpu().double() if x.device.type == "mps" else x.double()
