"""Odd checkouts: the commit is that of this folder, or a page says why there is none; what may only be read is read."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from scratch import copy_of_the_book
from test_provenance import git

from lib import compute, provenance
from lib.evidence import carry, cells
from lib.evidence.cells import Part
from lib.run import __main__ as command
from lib.site import words

ODD = "Größe: 'einfach' & \"doppelt\" (100 %); $HOME ~ #1 "
NAMES = [ODD, "sehr " * 40 + "lang", "*", "-c", "a\nb", "%(prefix)x"]


def committed(root: Path) -> str:
    """A repository in place of the book's; its commit."""
    root.mkdir(parents=True)
    git(root, "init", "-q")
    (root / "file").write_text("one")
    git(root, "add", "file")
    git(root, "commit", "-qm", "First")
    return git(root, "rev-parse", "HEAD")


@pytest.mark.survives(
    "machines",
    "The checkout lies in a path with blanks, quotes, umlauts, a line's end, or 200 letters.",
    "The commit is named.",
)
@pytest.mark.parametrize("name", NAMES)
def test_a_path_of_any_letters(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = committed(tmp_path / name)
    monkeypatch.setattr(compute, "ROOT", tmp_path / name)
    assert provenance.commit() == head


ASCII = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
TOLD = """\
from pathlib import Path
from lib import compute, provenance
compute.ROOT = Path.cwd()
print(provenance.commit())
"""


@pytest.mark.survives(
    "machines", "The path has umlauts, and the system's language knows ASCII alone.", "The commit is named."
)
def test_a_language_without_umlauts(tmp_path: Path) -> None:
    head = committed(tmp_path / "Größe")
    environment = os.environ | ASCII | {"PYTHONPATH": str(compute.ROOT)}
    ran = subprocess.run([sys.executable, "-c", TOLD], cwd=tmp_path / "Größe", env=environment, capture_output=True)
    assert ran.stdout.decode().strip() == head, ran.stderr.decode(errors="replace")


def linked(root: Path) -> Path:
    (root.parent / "link").symlink_to(root)
    return root.parent / "link"


def worktree(root: Path) -> Path:
    git(root, "worktree", "add", "-q", "--detach", str(root.parent / "worktree"))
    return root.parent / "worktree"


def anothers(root: Path) -> Path:
    for path in (root, *root.rglob("*")):
        os.chown(path, 65534, 65534)
    return root


def no_objects(root: Path) -> Path:
    os.environ["GIT_OBJECT_DIRECTORY"] = str(root.parent)
    return root


@pytest.mark.survives(
    "machines",
    "The checkout is behind a symbolic link, a worktree, or another user's; git's objects are said to be elsewhere.",
    "The commit is named.",
)
@pytest.mark.parametrize("become", [linked, worktree, anothers, no_objects])
def test_a_checkout_of_another_kind(become: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if become is anothers and os.geteuid():
        pytest.skip("only root gives files to another user")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "")
    monkeypatch.delenv("GIT_OBJECT_DIRECTORY")
    head = committed(tmp_path / "a book")
    monkeypatch.setattr(compute, "ROOT", become(tmp_path / "a book"))
    assert provenance.commit() == head


@pytest.mark.survives(
    "machines", "A zip file of the book, without .git, is unpacked.", "Pages say that the commit is not known, and why."
)
def test_a_zip_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "ROOT", tmp_path)
    assert provenance.commit() is None
    assert "no checkout, or there was no git" in words.commit(None)


@pytest.mark.survives(
    "machines",
    "The environment, the data or the runs are links to another disk.",
    "git takes none of them for a part of the book.",
)
def test_links_to_another_disk_are_ignored_by_git(tmp_path: Path) -> None:
    committed(tmp_path / "a book")
    shutil.copy(compute.ROOT / ".gitignore", tmp_path / "a book")
    (tmp_path / "a book" / "book").mkdir()
    for name in (".venv", "runs", "data", "book/_build"):
        (tmp_path / "a book" / name).symlink_to(tmp_path)
    assert git(tmp_path / "a book", "status", "--porcelain") == "?? .gitignore"


WITHOUT = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
"""Root may write everywhere; without these rights it is as anybody else."""


@pytest.mark.campaign
@pytest.mark.survives(
    "machines",
    "The checkout may only be read.",
    "What needs no writing runs; what would write says in one line what it cannot.",
)
def test_a_checkout_that_may_only_be_read(tmp_path: Path) -> None:
    if not os.geteuid() and not shutil.which(WITHOUT[0]):
        pytest.skip("root may write everywhere, and there is no setpriv to take that away")
    root = copy_of_the_book(tmp_path / "a book").root
    for path in (root, *root.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    rights = [] if os.geteuid() else WITHOUT
    environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "HOME": str(tmp_path)}

    def ran(*arguments: str) -> subprocess.CompletedProcess:
        whole = [*rights, sys.executable, "-m", "lib.run", *arguments]
        return subprocess.run(whole, cwd=root, env=environment, capture_output=True, text=True)

    try:
        status, listed, refused = ran("status"), ran("fill", "--list"), ran("execute", "toy")
    finally:
        for path in (root, *root.rglob("*")):
            path.chmod(path.stat().st_mode | 0o700)
    assert (status.returncode, status.stdout) == (0, "nothing has run yet\n"), status.stderr
    assert listed.returncode == 0 and "toy.train" in listed.stdout, listed.stderr
    assert refused.returncode == 1 and refused.stderr.count("error: ") == 1, refused.stderr
    assert "runs" in refused.stderr and "Traceback" not in refused.stderr, refused.stderr


def one(setting: int) -> float:
    raise NotImplementedError


@pytest.mark.survives(
    "machines",
    "Files are dated 1970, and so is the clock, which is before the first date that a zip file can hold.",
    "Cells are packed for another machine all the same.",
)
def test_files_older_than_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "FOLDERS", [tmp_path / "evidence"])
    monkeypatch.setattr("time.time", lambda: 0.0)
    cell = Part("toy", "one", one)(0)
    cell.path.parent.mkdir(parents=True)
    cell.path.write_bytes(b"a cell")
    os.utime(cell.path, (0, 0))
    assert command.carry.export([cell], tmp_path / "cells.zip").cells == 1
    with zipfile.ZipFile(tmp_path / "cells.zip") as archive:
        assert archive.read(archive.namelist()[0]) == b"a cell"
    assert carry.export is command.carry.export
