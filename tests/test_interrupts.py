"""A process that is told to stop stops, wherever that reaches it, and with whoever it works for."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scratch import lives, until

from lib import compute
from lib.run import interrupts, orphan

DROPPED = f"""
import runpy, signal, sys, time
runpy.run_path({interrupts.__file__!r})["heed"]()
class Ends:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)
        time.sleep(1)
try:
    Ends()
    time.sleep(20)
except KeyboardInterrupt:
    sys.exit(7)
"""
PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid())])
print(child.pid, flush=True)
time.sleep(60)
"""
CHILD = f"""
import pathlib, runpy, sys, time
runpy.run_path({orphan.__file__!r})["ends_with"](int(sys.argv[1]), patience=1)
MEANWHILE
pathlib.Path({{noted!r}}).touch()
"""
STARTING = """
import sys, time
from lib.run import orphan, worker
watched = orphan.ends_with
def ends_with(parent):
    watched(parent)
    for _ in range(400):
        time.sleep(0.05)
orphan.ends_with = ends_with
sys.exit(worker.main(sys.argv[1]))
"""
HEARS = "try:\n    READY\n    while True:\n        time.sleep(0.05)\nexcept KeyboardInterrupt:\n    pass"
IS_DEAF = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nREADY\ntime.sleep(60)"


@pytest.mark.survives(
    "kills",
    "Ctrl-C comes while a command starts.",
    "It ends at once, without a word.",
)
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="what a process has loaded is not told here")
def test_a_command_that_is_interrupted_while_it_starts_ends_without_a_word() -> None:
    command = [sys.executable, "-m", "lib.run", "status"]
    begun = subprocess.Popen(command, cwd=compute.ROOT, stderr=subprocess.PIPE, text=True)
    until(lambda: "libtorch" in Path(f"/proc/{begun.pid}/maps").read_text())
    begun.send_signal(signal.SIGINT)
    _, said = begun.communicate(timeout=60)
    assert begun.returncode == -signal.SIGINT and said == ""


def test_an_interrupt_that_python_drops_comes_again() -> None:
    ran = subprocess.run([sys.executable, "-c", DROPPED], cwd=compute.ROOT, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 7, ran.stderr


def test_what_else_python_drops_is_said_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    before = signal.getsignal(signal.SIGTERM)
    try:
        interrupts.heed()
        interrupts.heed()

        class Ends:
            def __del__(self) -> None:
                raise ValueError("at its end")

        Ends()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert [one.exc_type for one in said] == [ValueError]


@pytest.mark.survives(
    "kills",
    "The parent of a process that computes is killed.",
    "The process is interrupted, so that it can keep what it has; one that does not hear that is ended.",
)
@pytest.mark.parametrize(("meanwhile", "keeps"), [(HEARS, True), (IS_DEAF, False)], ids=["hears", "is deaf"])
def test_an_orphan_stops(tmp_path: Path, meanwhile: str, keeps: bool) -> None:
    noted, ready = tmp_path / "kept", tmp_path / "ready"
    meanwhile = meanwhile.replace("READY", f"pathlib.Path({str(ready)!r}).touch()")
    child = CHILD.format(noted=str(noted)).replace("MEANWHILE", meanwhile)
    with subprocess.Popen([sys.executable, "-c", PARENT, child], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        until(ready.exists)
        parent.kill()
    end = time.monotonic() + 10
    while lives(pid):
        assert time.monotonic() < end, "it works for nobody"
        time.sleep(0.05)
    assert noted.exists() == keeps


def worker(parent: int, *, before: str = "") -> subprocess.Popen:
    """A worker that is twenty seconds from its first measurement."""
    asked = json.dumps({"runs": [], "needed": True, "ends": None, "failures": "none", "parent": parent})
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with interrupts.withheld():
        return subprocess.Popen([sys.executable, "-c", before + STARTING, asked], cwd=compute.ROOT, **pipes)


def test_a_worker_whose_parent_is_gone_ends_without_a_word() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    process = worker(gone.pid)
    assert process.communicate(timeout=60) == ("", "") and process.returncode == 0


def test_a_worker_that_is_interrupted_while_it_imports_torch_ends_without_a_word() -> None:
    process = worker(os.getpid(), before="print(flush=True)\n")
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("", "") and process.returncode == 0
