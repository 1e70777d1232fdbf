"""Where a result comes from: the commit, the device, the versions, and the memory that it took."""

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import psutil
import torch

from lib import compute

REDIRECTING = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY"),
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT", "GIT_SHALLOW_FILE"),
    *("GIT_GRAFT_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE", "GIT_CEILING_DIRECTORIES"),
)
"""Environment variables that make git look elsewhere than in the folder that it is run in."""


def commit() -> str | None:
    """The commit the code is at, with "+changes" where tracked files differ; None outside a checkout of its own."""
    try:
        if not Path(_git("rev-parse", "--show-toplevel")).samefile(compute.ROOT):
            return None  # another repository, in whose folders this one was unpacked
        head = _git("rev-parse", "HEAD")
        return head + ("+changes" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*arguments: str) -> str:
    """Git's output for this folder, whoever owns it, and whatever repository the environment names (as in hooks)."""
    command = ["git", "-C", str(compute.ROOT), "-c", f"safe.directory={compute.ROOT}", *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in REDIRECTING}
    said = subprocess.run(command, check=True, capture_output=True, env=environment).stdout
    return os.fsdecode(said).rstrip("\n")  # paths are in the file system's encoding, whatever the locale


def describe_device() -> str:
    """The device in words."""
    where = compute.device()
    if where.type == "cuda":
        return torch.cuda.get_device_name(where)
    return f"{where.type} ({platform.machine()}, {os.cpu_count()} cores)"


def versions() -> dict[str, str]:
    """Python and the packages whose versions can change a number."""
    packages = ["torch", "torchvision", "torchattacks", "numpy", "scipy", "scikit-learn", "matplotlib", "papermill"]
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in packages}


def peak_memory_bytes() -> int:
    """The most memory that this process has held so far: on the GPU where the device is CUDA, else in RAM."""
    if compute.device().type == "cuda":
        return torch.cuda.max_memory_allocated()
    held = psutil.Process().memory_info()
    if hasattr(held, "peak_wset"):  # on Windows, which has no `resource`
        return held.peak_wset
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux KiB


def clock(seconds: float) -> str:
    """A duration as minutes:seconds."""
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
