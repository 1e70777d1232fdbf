"""A process that is told to stop stops, wherever that reaches it, and with whoever it works for."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from scratch import PATIENCE_S, lives, until

from lib import compute
from lib.run import interrupts, orphan

IMPORTING = """
import pathlib, sys, time
class InTheMidst:
    "Stays in the import of torch, of which the libraries of C are loaded by then, and says so."
    def find_spec(self, name, *_):
        if name == "torch.nn":
            pathlib.Path(__file__).with_name("importing").touch()
            time.sleep(300)
sys.meta_path.insert(0, InTheMidst())
"""
DROPPED = f"""
import runpy, signal, sys, time
heed = runpy.run_path({interrupts.__file__!r})["heed"]
heed.__globals__["AGAIN_S"] = 0.5
heed()
class Ends:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)
        time.sleep(1)
try:
    Ends()
    time.sleep(60)
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
runpy.run_path({orphan.__file__!r})["ends_with"](int(sys.argv[1]), patience={{patience}})
MEANWHILE
pathlib.Path({{noted!r}}).touch()
"""
STARTING = """
import sys, time
from lib.run import orphan, worker
watched = orphan.ends_with
def ends_with(parent):
    watched(parent)
    for _ in range(1200):
        time.sleep(0.05)
    print("nobody has ended it")
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
def test_a_command_that_is_interrupted_while_it_starts_ends_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(IMPORTING)
    command, environment = [sys.executable, "-m", "lib.run", "status"], os.environ | {"PYTHONPATH": str(tmp_path)}
    begun = subprocess.Popen(command, cwd=compute.ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    until(lambda: (tmp_path / "importing").exists() or begun.poll() is not None)
    begun.send_signal(signal.SIGINT)
    _, said = begun.communicate(timeout=PATIENCE_S)
    assert begun.returncode == -signal.SIGINT and said == ""


def test_an_interrupt_that_python_drops_comes_again() -> None:
    pipes = {"capture_output": True, "text": True}
    ran = subprocess.run([sys.executable, "-c", DROPPED], cwd=compute.ROOT, timeout=PATIENCE_S, **pipes)
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
    patience = PATIENCE_S if keeps else 1  # the time to keep what it has, in which one that hears ends by itself
    child = CHILD.format(noted=str(noted), patience=patience).replace("MEANWHILE", meanwhile)
    with subprocess.Popen([sys.executable, "-c", PARENT, child], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        until(ready.exists)
        parent.kill()
    until(lambda: not lives(pid), lambda: "it works for nobody")
    assert noted.exists() == keeps


def worker(parent: int, *, before: str = "") -> subprocess.Popen:
    """A worker that is a minute from its first measurement, and then says so."""
    asked = json.dumps({"runs": [], "needed": True, "ends": None, "failures": "none", "parent": parent})
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with interrupts.withheld():
        return subprocess.Popen([sys.executable, "-c", before + STARTING, asked], cwd=compute.ROOT, **pipes)


def test_a_worker_whose_parent_is_gone_ends_without_a_word() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    process = worker(gone.pid)
    assert process.communicate(timeout=PATIENCE_S) == ("", "") and process.returncode == 0


def test_a_worker_that_is_interrupted_while_it_imports_torch_ends_without_a_word() -> None:
    process = worker(os.getpid(), before="print(flush=True)\n")
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=PATIENCE_S) == ("", "") and process.returncode == 0
