"""All that is asked of a machine with a GPU, in one command: `python3 tests/device_check.py --within 10m`.

The tests that need a GPU, its rows of the benchmarks, whether two processes at once are worth it, and then as much of
the paper profile as the rest suffices for. It needs no environment of its own, only what python3 can import. What each
step says goes into a log. Whatever happens, the cells that are made are exported at the end, in pieces that are small
enough to be sent: `cat cells.zip.* >cells.zip` puts them together.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUN = [sys.executable, "-m", "lib.run"]
PIECE_BYTES = 15 * 2**20
LARGEST_MB = 60
LET_GO_S = 10.0
"""What a step is given to end by itself after its time; it is then killed, and what it has started."""
EXPORT_S = 15.0


@dataclass(frozen=True)
class Step:
    """One command, and the share of the whole time that it may take; the last one takes what is left."""

    name: str
    command: Callable[[float], Sequence[str]]
    """By the seconds that it has."""
    share: float = 1.0


def steps(out: Path) -> list[Step]:
    """What there is to do, in this order."""
    return [
        Step("machine", lambda _: [sys.executable, "-c", MACHINE], 0.1),
        Step("tests", lambda _: _tests(), 0.3),
        Step("benchmarks", lambda _: [sys.executable, "-m", "benchmarks", "--output", str(out)], 0.3),
        Step("two at once", lambda _: [sys.executable, str(ROOT / "tests" / "two_at_once.py")], 0.15),
        Step("fill", lambda left: [*RUN, "fill", "--within", f"{max(left - LET_GO_S / 2, 1):.0f}s"]),
    ]


MACHINE = """
import torch
from lib import compute, provenance
print(provenance.describe_device(), provenance.versions())
print("CUDA", torch.version.cuda, torch.cuda.mem_get_info() if torch.cuda.is_available() else "is not there")
"""


def _tests() -> list[str]:
    """Those that need a GPU, of the files that have some: to collect all others would take longer than these do."""
    files = [path for path in sorted(ROOT.glob("tests/test_*.py")) if "mark.cuda" in path.read_text(encoding="utf-8")]
    if not files:
        return [sys.executable, "-c", "raise SystemExit('no test is marked for a GPU')"]
    return [sys.executable, "-m", "pytest", "-q", "-rs", "-m", "cuda", "-p", "no:cacheprovider", *map(str, files)]


def check(wanted: Sequence[Step], out: Path, ends: float, export: Sequence[str]) -> int:
    """Take steps, each within its time, then export; return how many did not end well.

    Parameters
    ----------
    out
        The folder of the log and of what is made.
    ends
        When all is to be over, as `time.monotonic` has it.
    export
        The command that leaves `cells.zip` in that folder.
    """
    out.mkdir(parents=True, exist_ok=True)
    bad, whole = 0, ends - time.monotonic()
    with (out / "check.log").open("w", encoding="utf-8") as log:
        try:
            for step in wanted:
                left = ends - time.monotonic() - min(EXPORT_S + LET_GO_S, whole / 4)
                limit = min(step.share * whole, left)
                bad += limit <= 0 or not _taken(step.name, step.command(limit), limit, log)
        finally:
            bad += not _taken("export", export, max(ends - time.monotonic(), EXPORT_S), log)
            _cut(out / "cells.zip")
    return bad


def _taken(name: str, command: Sequence[str], limit: float, log) -> bool:
    """Whether a command ended well within its time."""
    print(f"\n== {name}: at most {limit:.0f} s", file=log, flush=True)
    began, at = time.monotonic(), log.tell()
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | _path(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        how = "ended" if (status := process.wait(limit)) == 0 else f"failed with {status}"
    except subprocess.TimeoutExpired:
        how = "was stopped"
    finally:
        _end(process)
    log.seek(0, os.SEEK_END)
    print(f"{name:12} {how} after {time.monotonic() - began:.0f} s: {_last_line(Path(log.name), at)}", flush=True)
    return how == "ended"


def _path() -> dict[str, str]:
    """So that scripts find lib as `python3 -m` does."""
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}


def _end(process: subprocess.Popen) -> None:
    """End a command that goes on, and whatever it has started: first so that it can keep what it has."""
    for number in (signal.SIGINT, signal.SIGKILL):
        if process.poll() is None or number == signal.SIGKILL:
            try:
                os.killpg(process.pid, number)
                process.wait(LET_GO_S)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue


def _last_line(log: Path, since: int) -> str:
    with log.open("rb") as file:
        file.seek(since)
        lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "nothing was said"


def _cut(file: Path) -> None:
    """Cut a file into pieces where it is too large to be sent."""
    if not file.exists() or file.stat().st_size <= PIECE_BYTES:
        return
    with file.open("rb") as whole:
        number = 0
        while piece := whole.read(PIECE_BYTES):
            file.with_name(f"{file.name}.{number:02d}").write_bytes(piece)
            number += 1
    file.unlink()


def _seconds(text: str) -> float:
    return float(text[:-1]) * {"s": 1, "m": 60}[text[-1]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the steps that are asked for, all of them where none is named."""
    out = Path(os.environ.get("OUT") or ROOT / "runs" / "device")
    found = steps(out)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", nargs="*", help=f"{', '.join(step.name for step in found)}; all by default")
    parser.add_argument("--within", type=_seconds, default=600.0, metavar="TIME", help="90s or 10m; 10m by default")
    options = parser.parse_args(arguments)
    if unknown := set(options.step) - {step.name for step in found}:
        parser.error(f"no step named {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    recorded = ROOT / "book" / "recorded" / "benchmarks.json"
    out.mkdir(parents=True, exist_ok=True)
    if recorded.exists():  # the rows of other devices stay beside this one's
        shutil.copy(recorded, out)
    wanted = [step for step in found if not options.step or step.name in options.step]
    export = [*RUN, "export", str(out / "cells.zip"), "--at-most", str(LARGEST_MB)]
    return 1 if check(wanted, out, time.monotonic() + options.within, export) else 0


if __name__ == "__main__":
    sys.exit(main())
