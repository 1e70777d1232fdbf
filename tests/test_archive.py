"""The book to take along: what is in the archive, and that it runs from there."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lib import book, compute
from lib.evidence import cells
from lib.site import archive


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive."""
    folder = tmp_path_factory.mktemp("taken along")
    archive.stage(folder)
    return folder / archive.ARCHIVE


@pytest.fixture(scope="module")
def unpacked(staged: Path) -> Path:
    """The folder of the book as a reader has it after unpacking."""
    with zipfile.ZipFile(staged) as found:
        found.extractall(staged.parent)
    return staged.parent / archive.NAME


def test_all_that_runs_the_book_is_in_it(unpacked: Path) -> None:
    for name in ("Makefile", "README.md", "LICENSE", "pyproject.toml", "constraints.txt", "environment.yml"):
        assert (unpacked / name).read_bytes() == (compute.ROOT / name).read_bytes()
    inner = {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()}
    assert {book.source(name).relative_to(compute.ROOT) for name in book.notebooks()} <= inner
    kept = {path.relative_to(compute.ROOT) for path in cells.RECORDED.rglob("*.npz")}
    assert kept <= inner and {Path("tests/test_archive.py"), Path("book/_toc.yml")} <= inner


def test_nothing_that_a_run_makes_is_in_it(unpacked: Path) -> None:
    names = {part for path in unpacked.rglob("*") for part in path.relative_to(unpacked).parts}
    assert not names & {"runs", "data", "_build", "__pycache__"} and not [name for name in names if name[0] == "."]


def test_what_a_reader_keeps_beside_the_book_is_not_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lib").mkdir()
    for name in ("README.md", "weights.pt", "lib/there.py", "lib/.hidden"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(compute, "ROOT", tmp_path)
    assert [path.name for path in archive.files()] == ["README.md", "there.py"]


def test_one_book_makes_one_archive(staged: Path, tmp_path: Path) -> None:
    archive.stage(tmp_path)
    assert (tmp_path / archive.ARCHIVE).read_bytes() == staged.read_bytes()


def test_it_runs_from_there(unpacked: Path) -> None:
    """It finds its own chapters, and what was measured for a recorded page."""
    code = "from lib.run.run import Run; cells = Run.of('mitigation', 'paper', {}).experiment.cells(); "
    code += "print(all(cell.is_kept for cell in cells))"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run([sys.executable, "-c", code], cwd=unpacked, env=environment, capture_output=True, text=True)
    assert ran.stdout.strip() == "True", ran.stderr
