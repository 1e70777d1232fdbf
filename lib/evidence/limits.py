"""How many cores and how much memory this process may use: in a container, its share rather than the whole machine."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from lib.files import NO_MEMORY

GROUPS = Path("/sys/fs/cgroup")
"""Where Linux says what a group of processes may use, such as a container or a batch job."""

OWN = Path("/proc/self/cgroup")
"""The file that says which groups this process is in."""


def cores() -> int:
    """How many processors this process may use, at least 1."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([bound, *_quotas()]))


def memory() -> int:
    """How many bytes this process and those beside it may hold together."""
    limits = [*_numbers("memory.max"), *_numbers("memory.limit_in_bytes", "memory")]
    return int(min([psutil.virtual_memory().total, *(limit for limit in limits if limit > 0)]))


def advice(said: str, name: str) -> str:
    """What to do about an error, if it was for lack of memory; empty for any other."""
    if name != "MemoryError" and not any(word in said.lower() for word in NO_MEMORY):
        return ""
    return " (too little memory: `--jobs 1`, or smaller sizes, need less; README, What it takes)"


def _quotas() -> Iterator[int]:
    """The limits on processor time, as numbers of cores, rounded down."""
    for text in _read("cpu.max"):
        quota, _, period = text.partition(" ")
        if quota.isdecimal() and int(period or 0):
            yield int(quota) // int(period)
    for quota, period in zip(_numbers("cpu.cfs_quota_us", "cpu"), _numbers("cpu.cfs_period_us", "cpu"), strict=False):
        if quota > 0 and period > 0:
            yield quota // period


def _numbers(name: str, controller: str = "") -> list[int]:
    return [int(text) for text in _read(name, controller) if text.lstrip("-").isdecimal()]


def _read(name: str, controller: str = "") -> Iterator[str]:
    """What a file says in this process's group and in those around it; with a `controller`, of version 1 of cgroups."""
    with suppress(OSError):
        for line in OWN.read_text(encoding="utf-8", errors="replace").splitlines():
            _, controllers, path = line.split(":", 2)
            if controller in controllers.split(","):
                inner = GROUPS / controller / path.strip("/")
                for folder in (inner, *inner.parents):
                    if folder.is_relative_to(GROUPS / controller):
                        with suppress(OSError):
                            yield (folder / name).read_text(encoding="utf-8").strip()
