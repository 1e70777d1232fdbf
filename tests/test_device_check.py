"""The check of a machine with a GPU: each step within its time, and an export whatever happened before."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import device_check
import pytest
from device_check import Step
from scratch import lives, until


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not end is ended after a second; what does may take its time, on a machine that is busy."""
    monkeypatch.setattr(device_check, "LET_GO_S", 1.0)
    monkeypatch.setattr(device_check, "EXPORT_S", 60.0)


def python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", code]


def step(name: str, code: str, share: float = 1.0) -> Step:
    return Step(name, lambda _: python(code), share)


def checked(folder: Path, steps: Sequence[Step], within: float = 100.0, size: int = 3) -> int:
    """The check, with an export that writes as many bytes."""
    export = python(f"open({str(folder / 'cells.zip')!r}, 'wb').write(bytes({size})); print('exported')")
    return device_check.check(steps, folder, time.monotonic() + within, export)


def test_what_each_step_says_is_in_the_log_and_how_it_ended_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    steps = [step("one", "print('first'); print('done')"), step("two", "raise SystemExit(3)"), step("three", "")]
    assert checked(tmp_path, steps) == 1
    said = capfd.readouterr().out.splitlines()
    ends = ["done", "nothing was said", "nothing was said", "exported"]
    assert [line.split(": ", 1)[1] for line in said] == ends
    assert "one          ended after" in said[0] and "two          failed with 3" in said[1]
    log = (tmp_path / "check.log").read_text()
    assert log.index("== one") < log.index("first") < log.index("== two") < log.index("exported")
    assert (tmp_path / "cells.zip").stat().st_size == 3


def test_a_step_that_goes_on_is_ended_with_what_it_has_started_and_the_next_one_has_its_time(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Begun(subprocess.Popen):
        """A process whose time begins when it has done what it is stopped after."""

        def wait(self, timeout: float | None = None) -> int:
            until(lambda: len(list(tmp_path.glob("*.pid"))) == 2 or self.poll() is not None)
            return super().wait(timeout)

    monkeypatch.setattr(subprocess, "Popen", Begun)
    deaf = "import os, signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    note = f"open({str(tmp_path)!r} + '/' + str(os.getpid()) + '.pid', 'w')"
    code = f"{deaf}; os.fork(); {note}; time.sleep(600)"
    began = time.monotonic()
    assert checked(tmp_path, [step("deaf", code, 0.01), step("next", "print('its turn')")]) == 1
    assert time.monotonic() - began < 300
    said = capfd.readouterr().out
    assert "deaf         was stopped" in said and "its turn" in said
    processes = [int(path.stem) for path in tmp_path.glob("*.pid")]
    assert len(processes) == 2
    until(lambda: not any(map(lives, processes)))


def test_an_interrupt_is_followed_by_the_export(tmp_path: Path) -> None:
    code = f"import os, signal, time; os.kill({os.getpid()}, signal.SIGINT); time.sleep(60)"
    with pytest.raises(KeyboardInterrupt):
        checked(tmp_path, [step("interrupting", code)])
    assert (tmp_path / "cells.zip").exists()


def test_where_no_time_is_left_a_step_is_not_begun_and_the_export_is_made(tmp_path: Path) -> None:
    assert checked(tmp_path, [step("late", "print('begun')")], within=0.0) == 1
    assert (tmp_path / "cells.zip").exists() and "begun" not in (tmp_path / "check.log").read_text()


def test_a_file_that_is_too_large_to_be_sent_is_cut_and_can_be_put_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_check, "PIECE_BYTES", 1000)
    whole = os.urandom(2500)
    (tmp_path / "cells.zip").write_bytes(whole)
    device_check._cut(tmp_path / "cells.zip")
    pieces = sorted(tmp_path.glob("cells.zip*"))
    assert [piece.name for piece in pieces] == ["cells.zip.00", "cells.zip.01", "cells.zip.02"]
    assert b"".join(piece.read_bytes() for piece in pieces) == whole


def test_the_last_step_fills_in_what_is_left(tmp_path: Path) -> None:
    *_, last = device_check.steps(tmp_path)
    assert last.name == "fill" and last.share == 1
    assert last.command(321.5)[-2:] == ["--within", "321s"], "less half of what it is given to let go"
