"""A disk that is full or may only be read: one line names the file and the megabytes, and nothing is half-written."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
import toy
from projects import Project
from pypdf import PdfWriter

from lib import compute, data
from lib.course import package
from lib.evidence import carry, cells, fill, plan, store
from lib.files import DiskError
from lib.ledger import results
from lib.models import SimpleCNN, build, saved
from lib.run import __main__ as command
from lib.run import record
from lib.site import build as site
from lib.site import pdf
from lib.sweep import sweep
from lib.train import snapshots

KB = 200
SPARE_KB = 12
CPU = torch.device("cpu")


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)


@pytest.fixture(params=["full", "read-only"])
def spoilt(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A disk of 200 KB on which an older file stands, full or only to be read."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    try:
        _mount("-t", "tmpfs", "-o", f"size={KB}k", "tmpfs", str(disk))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no small disk can be mounted here ({error})")
    (disk / "older").write_text("it stands")
    if request.param == "full":
        (disk / "filler").write_bytes(bytes(1024 * (KB - SPARE_KB)))
    else:
        _mount("-o", "remount,ro", str(disk))
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@contextmanager
def refused(disk: Path, name: str, error: type[Exception] = DiskError) -> Iterator[None]:
    """What is inside writes there, and cannot: one line says so, and all on the disk is as it was."""
    before = {path: path.stat().st_size for path in disk.rglob("*") if path.is_file()}
    with pytest.raises(error) as raised:
        yield
    said = str(raised.value)
    assert str(disk / name) in said and " MB" in said and "\n" not in said, said
    assert "No space left on device" in said or "Read-only file system" in said, said
    assert {path: path.stat().st_size for path in disk.rglob("*") if path.is_file()} == before


def cell(disk: Path, patch: pytest.MonkeyPatch) -> None:
    part = toy.wanted(1)[0]
    patch.setattr(cells, "FOLDERS", [disk / "evidence"])
    record = toy.Record(np.random.default_rng(0).random(10**5).astype(np.float32), [])
    store.write(part.path, record, store.Made(*[""] * 13))


def snapshot(disk: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(snapshots, "KILLED_EVERY_S", 1e12)  # no state on the way, however slow this machine is
    kept, model = snapshots.Snapshots(disk), build(SimpleCNN, 0, CPU)
    optimizer, generator = torch.optim.Adam(model.parameters()), torch.Generator()
    kept.save(1, snapshots.State(model, optimizer, generator, snapshots.History()), wanted=True)
    kept._settle(wanted=True)


def found(disk: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("REPRO_OUT", str(disk))
    results.write("toy", {"metrics": {f"metric {number}": 0.5 for number in range(10**4)}})


def recorded(disk: Path, patch: pytest.MonkeyPatch) -> None:
    made = disk.parent / "made"
    made.mkdir(exist_ok=True)
    for name in ("toy.ipynb", "toy.json"):
        (made / name).write_bytes(bytes(10**5))
    patch.setattr(results, "RECORDED", disk)
    patch.setattr(record, "execute", lambda run: None)
    patch.setattr(record.measuring, "fill", lambda runs: None)
    where = {"target": made / "toy.ipynb", "results_file": made / "toy.json"}
    of_none = {"provenance": {"evidence": {"cells": {}}}}
    kept = SimpleNamespace(target=disk / "toy.ipynb", results_file=disk / "toy.json")
    way = {"experiment": SimpleNamespace(cells=list), "results": lambda: of_none, "at": lambda folder: kept}
    run = SimpleNamespace(notebook="toy", **way, **where)
    record.record(run)


def frame(disk: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sweep, "table", lambda done: pd.DataFrame(np.random.default_rng(0).random((10**4, 3))))
    patch.setattr(sweep.Run, "up_to_date", lambda run: True)
    patch.setattr(compute, "RUNS", disk)
    sweep.run("mitigation", "quick", ["seed=0"], name="one")


def weights(disk: Path, patch: pytest.MonkeyPatch) -> None:
    network = build(SimpleCNN, 0, CPU)
    held = {name: one.detach().contiguous().numpy() for name, one in network.state_dict().items()}
    saved.save(disk / "network.safetensors", "SimpleCNN", held, {})


def printed(disk: Path, patch: pytest.MonkeyPatch) -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_attachment("bytes", os.urandom(10**5))
    pdf._kept(writer, disk / "book.pdf")


def export(disk: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cells, "FOLDERS", [disk.parent / "evidence"])
    cell(disk.parent, patch)
    carry.export(toy.wanted(1), disk / "cells.zip")


def course(disk: Path, patch: pytest.MonkeyPatch) -> None:
    package.make(disk / "course", ["primer"])


def pages(disk: Path, patch: pytest.MonkeyPatch) -> None:
    site.build(results.RECORDED, disk / "html")


WRITERS: dict[Callable, str] = {
    cell: "evidence/toy/network-seed-0",
    snapshot: "epoch-0001.pt",
    found: "toy.json",
    recorded: "toy.ipynb",
    frame: "sweeps/one/results.csv",
    weights: "network.safetensors",
    printed: "book.pdf",
    export: "cells.zip",
    course: "course",
    pages: "html",
}


@pytest.mark.survives(
    "disk",
    "The disk is full, or may only be read, where a cell, the state of a training, results, a recorded notebook, a "
    "sweep's table, a network, a PDF, a file of cells, a course or the site is to be written.",
    "One line names the file and the free megabytes. Nothing is half-written, and what stood there stands.",
)
@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_what_cannot_be_written_is_named(write: Callable, spoilt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with refused(spoilt, WRITERS[write]):
        write(spoilt, monkeypatch)
    assert (spoilt / "older").read_text() == "it stands"


@pytest.mark.survives(
    "disk",
    "The disk is full, or may only be read, where a downloaded data set is to be stored.",
    "One line names the file, the megabytes that it needs, and the setting that names another folder.",
)
def test_a_data_set_that_cannot_be_stored_is_named(spoilt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "CACHE", spoilt)
    arrays = {"x_train": np.zeros(10**6, np.uint8)}
    with refused(spoilt, "mnist.npz", data.DataError):
        data._store(data.cache_file("mnist"), arrays)


MEASURED: list[int] = []


def large(setting: toy.Setting) -> toy.Record:
    """More than fits on the disk."""
    MEASURED.append(setting.seed)
    return toy.Record(np.random.default_rng(0).random(10**5).astype(np.float32), [])


@pytest.mark.survives(
    "disk",
    "`fill` on a disk that is full or may only be read.",
    "It ends at the first cell that cannot be kept, and says so in a line; no other is measured for nothing.",
)
def test_fill_ends_at_the_first_cell_that_cannot_be_kept(
    spoilt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(cells, "FOLDERS", [tmp_path / "evidence"])
    MEASURED.clear()
    part = cells.Part("toy", "large", large)
    tasks = plan.missing([part(toy.Setting(seed)) for seed in range(3)])
    (tmp_path / "notes").mkdir()
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "toy").symlink_to(spoilt)  # the locks are on another disk
    with refused(spoilt.parent / "evidence" / "toy", "large-seed-0"):
        fill.fill(tasks, failures=tmp_path / "notes")
    assert MEASURED == [0] and "Traceback" not in capsys.readouterr().err
    assert "large-seed-0" in (tmp_path / "notes" / tasks[0].cell.digest).read_text()


@pytest.mark.campaign
@pytest.mark.usefixtures("own_kernels")
@pytest.mark.survives(
    "disk",
    "`execute` on a disk that is full or may only be read.",
    "It ends with one line that names the folder of the run and the free megabytes.",
)
def test_execute_says_what_the_disk_said(
    spoilt: Path, project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    project.write(extra="print('x' * 10**5)")
    monkeypatch.setattr(compute, "RUNS", spoilt / "runs")
    assert command.main(["execute", "tiny"]) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said and said.count("error: ") == 1, said
    assert str(spoilt / "runs") in said and " MB are free" in said
    assert not (spoilt / "runs" / "quick" / "tiny.json").exists()
