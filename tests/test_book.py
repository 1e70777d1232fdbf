"""Which chapters there are: what the table of contents names and book/ has no page of."""

from pathlib import Path

import pytest

from lib import book

TOC = """
format: jb-book
root: intro
parts:
  - chapters: [{file: primer}, {file: second}, {file: first}]
  - chapters: [{file: scoreboard}, {file: to_come}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A book of two chapters that are there, one that is to come, and a scoreboard."""
    monkeypatch.setattr(book, "PAGES", tmp_path / "book")
    monkeypatch.setattr(book, "NOTEBOOKS", tmp_path / "notebooks")
    for name in ("book/primer.md", "book/intro.md", "notebooks/second.ipynb", "notebooks/first.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "book" / "_toc.yml").write_text(TOC)
    (tmp_path / "notebooks" / "claims").mkdir()
    for name in ("first", "of_no_chapter"):
        (tmp_path / "notebooks" / "claims" / f"{name}.yaml").touch()
    return tmp_path


def test_files_are_pages_and_notebooks(folder: Path) -> None:
    assert book.files() == ["primer", "second", "first", "scoreboard", "to_come"]


def test_chapters_are_in_the_order_of_the_table_of_contents(folder: Path) -> None:
    assert book.chapters() == ["second", "first", "to_come"]


def test_papers_are_the_chapters_with_claims(folder: Path) -> None:
    assert book.papers() == ["first"]


def test_notebooks_are_those_that_are_there_and_the_scoreboard_comes_last(folder: Path) -> None:
    assert book.notebooks() == ["second", "first"]
    (folder / "notebooks" / "scoreboard.ipynb").touch()
    assert book.notebooks() == ["second", "first", "scoreboard"]


def test_every_notebook_and_every_paper_of_this_book_is_in_it() -> None:
    assert {path.stem for path in book.NOTEBOOKS.glob("*.ipynb")} == set(book.notebooks())
    assert {path.stem for path in (book.NOTEBOOKS / "claims").glob("*.yaml")} == set(book.papers())
