"""What a container may use is told from what its machine has."""

from pathlib import Path

import psutil
import pytest

from lib.evidence import limits
from lib.run import measuring

GB = 2**30


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files in which Linux says what groups of processes may take; there are none yet."""
    monkeypatch.setattr(limits, "GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(limits, "OWN", tmp_path / "own")
    monkeypatch.setattr(limits.os, "sched_getaffinity", lambda process: set(range(16)), raising=False)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"total": 64 * GB}))
    return tmp_path / "cgroup"


def said(groups: Path, own: str, files: dict[str, str]) -> None:
    (groups.parent / "own").write_text(own)
    for name, text in files.items():
        path = groups / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")


def test_without_groups_the_machine_counts(groups: Path) -> None:
    assert (limits.cores(), limits.memory()) == (16, 64 * GB)


@pytest.mark.survives(
    "machines",
    "A container, or a job of a batch system, may use 4 GB and two cores of a machine that has more.",
    "As many processes measure as go into these.",
)
@pytest.mark.parametrize(
    ("own", "files"),
    [
        ("0::/\n", {"memory.max": f"{4 * GB}", "cpu.max": "200000 100000"}),
        (
            "0::/a/b\n",
            {"a/memory.max": f"{4 * GB}", "a/b/memory.max": "max", "a/cpu.max": "200000 100000"},
        ),
        (
            "5:memory:/docker/x\n4:cpu,cpuacct:/\n",
            {
                "memory/docker/x/memory.limit_in_bytes": f"{4 * GB}",
                "memory/memory.limit_in_bytes": f"{2**63 - 4096}",
                "cpu/cpu.cfs_quota_us": "200000",
                "cpu/cpu.cfs_period_us": "100000",
            },
        ),
    ],
)
def test_a_container_counts_as_it_is(groups: Path, own: str, files: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    said(groups, own, files)
    assert (limits.cores(), limits.memory()) == (2, 4 * GB)
    monkeypatch.setenv("REPRO_DEVICE", "cpu")
    assert measuring.default_jobs() == 1


def test_what_has_no_limit_counts_as_the_machine(groups: Path) -> None:
    said(groups, "0::/a\n", {"a/memory.max": "max", "a/cpu.max": "max 100000"})
    assert (limits.cores(), limits.memory()) == (16, 64 * GB)
    said(groups, "4:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"})
    assert limits.cores() == 16
