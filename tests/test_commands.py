"""What pages, notebooks and the Makefile tell a reader to type is there to be typed."""

import io
import re
import shlex
import zipfile
from pathlib import Path

import nbformat
import pytest

from lib import book, compute
from lib.ledger import results
from lib.run import __main__ as command_line
from lib.run import commands, profiles
from lib.sweep import grid

MAKEFILE = (compute.ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
VARIABLES = set(re.findall(r"^([A-Z]+) \?=", MAKEFILE, re.MULTILINE))
PAGES = [compute.ROOT / "README.md", compute.ROOT / "CONTRIBUTING.md", *sorted((compute.ROOT / "book").glob("*.md"))]


def text_of(path: Path) -> str:
    """A page's text, or that of a notebook's Markdown cells; what goes on in the next line is on one."""
    if path.suffix != ".ipynb":
        return path.read_text().replace("\\\n", " ")
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def lines(start: str) -> list[str]:
    """The words that follow `start` on the lines of pages that are commands, one string a command."""
    found = [re.findall(rf"^(?:[A-Z_]+=\S+ )*!?{start}\b(.*)$", text_of(page), re.MULTILINE) for page in PAGES]
    return [line for of_page in found for line in of_page]


def settings() -> list[tuple[str, str, str]]:
    """Every PARAMS that is told, with the notebook and the profile that it is for."""
    told = []
    for path in [*PAGES, *map(book.source, book.chapters())]:
        for line in text_of(path).splitlines():
            for params in re.findall(r'PARAMS="([^"]*)"', line):
                profile, paper = (re.search(rf"{name}=(\w+)", line) for name in ("PROFILE", "PAPER"))
                told.append((paper[1] if paper else path.stem, profile[1] if profile else "quick", params))
    return told


@pytest.mark.parametrize("line", lines("python -m lib.run"))
def test_the_command_line_takes_what_is_told(line: str) -> None:
    options = command_line._parser().parse_args(shlex.split(line, comments=True))
    if getattr(options, "parameter", None):
        names = [options.notebook] if isinstance(options.notebook, str) else options.notebook
        profile = getattr(options, "profile", profiles.PAPER)
        assert all(grid.parse(name, profile, options.parameter) for name in names)


@pytest.mark.parametrize("command", ["book", "pdf"])
def test_the_recorded_results_are_the_same_folder_however_they_are_named(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Else the scoreboard would read them twice, and seem to be stale."""
    monkeypatch.chdir(compute.ROOT / "lib")
    options = command_line._parser().parse_args([command, "../book/recorded"])
    assert options.results == results.RECORDED == command_line._parser().parse_args([command]).results


@pytest.mark.parametrize("line", lines("make"))
def test_make_takes_what_is_told(line: str) -> None:
    words = shlex.split(line, comments=True)
    assert {word for word in words if "=" not in word} <= TARGETS
    assert {word.split("=")[0] for word in words if "=" in word} <= VARIABLES


@pytest.mark.parametrize(("notebook", "profile", "params"), settings())
def test_a_notebook_takes_the_parameters_that_are_told(notebook: str, profile: str, params: str) -> None:
    assert grid.parse(notebook, profile, params.split())


def test_each_kind_is_told_somewhere() -> None:
    chapters = {notebook for notebook, _, _ in settings()}
    assert lines("make") and lines("python -m lib.run") and chapters == set(book.chapters())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("export mitigation", "mitigation is a notebook: name the file first, say cells.zip mitigation"),
        ("export book mitigation", "book is a folder: name the file, say book/cells.zip"),
        ("fill mitigation --within 1h --export book", "book is a folder"),
    ],
)
def test_a_file_that_could_not_be_written_is_refused_before_anything_runs(line, said, monkeypatch, capsys) -> None:
    monkeypatch.chdir(compute.ROOT)
    with pytest.raises(SystemExit):
        command_line.main(line.split())
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("command", "status"), [("fill mitigation", 141), ("status", 0)])
def test_a_command_whose_reader_has_gone_says_whether_its_work_is_done(command, status, monkeypatch) -> None:
    def unread(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(command_line.measuring, "fill", unread)
    monkeypatch.setattr(command_line.os, "dup2", lambda *_: None)
    monkeypatch.setattr("builtins.print", unread)
    assert command_line.main(command.split()) == status


def test_an_interrupt_that_another_error_covers_is_told_as_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def within_a_file(options: object) -> None:
        with zipfile.ZipFile(io.BytesIO(), "w") as archive:
            half = archive.open("half", "w")
            raise KeyboardInterrupt(half)

    def of_its_own(options: object) -> None:
        raise ValueError("a mistake")

    monkeypatch.setattr(commands, "run_status", within_a_file)
    assert command_line.main(["status"]) == 130
    assert capsys.readouterr().err == f"interrupted; {command_line.KEPT}\n"
    monkeypatch.setattr(commands, "run_status", of_its_own)
    with pytest.raises(ValueError, match="a mistake"):
        command_line.main(["status"])
