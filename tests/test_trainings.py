"""A training that was stopped goes on on another machine, from the file in which the cells are carried."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import toy

from lib.evidence import carry, cells, trainings
from lib.evidence.carry import Brought, Exported
from lib.train import loop, snapshots

CELL = toy.wanted(1)[0]


class Machine:
    """Folders of their own, and how many epochs were trained with them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch, self.epochs = folder, monkeypatch, 0
        self.stopped_after: int | None = None

    def __enter__(self) -> "Machine":
        """Work here."""
        self.patch.setattr(cells, "FOLDERS", [self.folder / "evidence"])
        self.patch.setattr(snapshots, "SNAPSHOTS", self.folder / "snapshots")
        self.patch.setattr(loop, "_epoch", self._epoch)
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def _epoch(self, *arguments: object) -> float:
        loss = EPOCH(*arguments)
        if self.epochs == self.stopped_after:
            raise KeyboardInterrupt
        self.epochs += 1
        return loss

    def states(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "snapshots").rglob("*.pt"))


EPOCH = loop._epoch


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """A machine on which the training was stopped in the third of four epochs."""
    with Machine(tmp_path / "there", monkeypatch) as machine:
        machine.stopped_after = 2
        with pytest.raises(KeyboardInterrupt):
            CELL.make()
        yield machine


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path / "here", monkeypatch)


@pytest.fixture
def file(tmp_path: Path, there: Machine) -> Path:
    assert carry.export([CELL], tmp_path / "cells.zip") == Exported(cells=0, trainings=1, staying=0)
    return tmp_path / "cells.zip"


def rewritten(file: Path, **changed: bytes | None) -> None:
    """The file with the content of its state or its list replaced, or with an entry more."""
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    (state,) = [name for name in entries if name.endswith(".pt")]
    names = {"state": state, "listed": trainings.LIST}
    entries |= {names.get(name, name): content for name, content in changed.items()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def test_it_goes_on_from_its_last_epoch_and_gives_the_same_cell(file: Path, here: Machine, tmp_path: Path) -> None:
    with here:
        assert carry.bring(file) == Brought(new=0, known=0, states=1)
        assert carry.bring(file) == Brought(new=0, known=0, states=0)
        again = tmp_path / "again.zip"
        assert carry.export([CELL], again).trainings == 1, "where it is not gone on with, it can be carried further"
        record, _ = CELL.make()
        assert here.epochs == toy.EPOCHS - 2 and here.states() == [f"epoch-{toy.EPOCHS:04d}.pt"]
        assert carry.export([CELL], again) == Exported(cells=1, trainings=0, staying=0), "nothing has to go on"
    with Machine(tmp_path / "undisturbed", here.patch) as undisturbed:
        whole, _ = CELL.make()
        assert undisturbed.epochs == toy.EPOCHS
    assert np.array_equal(record.weights, whole.weights) and record.losses == whole.losses


def test_what_does_not_fit_stays_and_is_said(there: Machine, tmp_path: Path) -> None:
    file = tmp_path / "cells.zip"
    assert carry.export([CELL], file, at_most=1000) == Exported(cells=0, trainings=0, staying=1)
    assert zipfile.ZipFile(file).namelist() == []


def edited(file: Path) -> dict:
    return json.loads(zipfile.ZipFile(file).read(trainings.LIST))


def packed(state: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


class Code:
    """What would run where it is unpickled."""

    def __reduce__(self) -> tuple:
        return (print, ("unpickled",))


@pytest.mark.parametrize(
    ("state", "honest", "why"),
    [
        (b"half a state", False, "not what was packed"),
        (b"half a state", True, "cannot be loaded"),
        (packed({"epoch": 2, "model": Code()}), True, "cannot be loaded"),
        (packed({"epoch": 7}), True, "not of the epoch"),
        (packed([1]), True, "not of the epoch"),
    ],
    ids=["damaged", "no state", "code", "another epoch", "a list"],
)
def test_what_is_no_state_is_never_believed(
    file: Path, here: Machine, capfd: pytest.CaptureFixture[str], state: bytes, honest: bool, why: str
) -> None:
    """Be it that the list gives its digest."""
    listed = edited(file)
    if honest:
        listed["digests"] = dict.fromkeys(listed["digests"], hashlib.sha256(state).hexdigest())
    rewritten(file, state=state, listed=json.dumps(listed).encode())
    with here:
        assert carry.bring(file) == Brought(0, 0, 0)
        said = capfd.readouterr()
        assert why in said.err and "left out" in said.err and "unpickled" not in said.out and not here.states()
        assert len(CELL.make()[0].losses) == toy.EPOCHS == here.epochs


def test_a_state_that_cannot_be_loaded_just_now_is_not_left_out(
    file: Path, here: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes")

    with here:
        with monkeypatch.context() as patch, pytest.raises(MemoryError, match=r"passing-0002\.pt"):
            patch.setattr(torch, "load", refuse)
            carry.bring(file)
        assert carry.bring(file) == Brought(new=0, known=0, states=1)


@pytest.mark.parametrize(
    "name",
    [
        "snapshots/../outside/epoch-0002.pt",
        "snapshots/0123456789abcdef0123/../../epoch-0002.pt",
        "snapshots/0123456789abcdef0123/epoch-0002.pt\n",
        "snapshots/0123456789abcdef0123/other.pt",
    ],
)
def test_a_name_leads_nowhere_else(
    file: Path, here: Machine, capsys: pytest.CaptureFixture[str], name: str, tmp_path: Path
) -> None:
    state = packed({"epoch": 2})
    listed = edited(file)
    listed["digests"][name] = hashlib.sha256(state).hexdigest()
    listed["begun"] = {"../../outside": ["0123456789abcdef0123"], "0" * 32: ["../outside"]}
    before = set(tmp_path.rglob("*"))
    rewritten(file, **{name: state}, listed=json.dumps(listed).encode())
    with here:
        assert carry.bring(file).states == 1, "the other one"
    assert "left out" in capsys.readouterr().err
    new = {path.relative_to(tmp_path).parts[0] for path in set(tmp_path.rglob("*")) - before}
    assert new == {"here"} and len(here.states()) == 1 and not (here.folder / "evidence").exists()


@pytest.mark.parametrize("listed", [b"[]", b"{", b'{"digests": {}}'])
def test_without_a_list_no_state_is_believed(
    file: Path, here: Machine, capsys: pytest.CaptureFixture[str], listed: bytes
) -> None:
    rewritten(file, listed=listed)
    with here:
        assert carry.bring(file) == Brought(0, 0, 0) and not here.states()
    assert "left out" in capsys.readouterr().err
