"""The environment that a notebook runs in: what makes it faster, unless the user has set something else."""

import os
import sys
from pathlib import Path

import pytest

from lib.run import environment


def test_a_wait_policy_that_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    assert environment.environment(tmp_path, tmp_path)["GOMP_SPINCOUNT"] == "2000"
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    assert "GOMP_SPINCOUNT" not in environment.environment(tmp_path, tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="settings of glibc's allocator")
def test_settings_of_the_allocator_that_the_user_has_made_stay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("MALLOC_")]:
        monkeypatch.delenv(name)
    assert environment.environment(tmp_path, tmp_path)["MALLOC_MMAP_THRESHOLD_"] == str(2**25)
    monkeypatch.setenv("MALLOC_ARENA_MAX", "2")
    assert not {"MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"} & environment.environment(tmp_path, tmp_path).keys()
