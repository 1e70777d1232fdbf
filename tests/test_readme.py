"""README.md shows what the recorded runs hold, and nothing else."""

import re

import pytest

from lib import book
from lib.ledger.claims import paper
from lib.site import readme


def test_what_is_generated_is_that_of_the_recorded_runs() -> None:
    text = readme.README.read_text(encoding="utf-8")
    assert readme.with_generated(text) == text


def test_a_place_that_is_missing_is_an_error() -> None:
    text = readme.README.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="no place for costs"):
        readme.with_generated(text.replace("<!-- end of costs -->", ""))


def test_the_figure_is_that_of_the_recorded_run() -> None:
    assert readme.figure() is not None
    assert readme.FIGURE.read_bytes() == readme.figure().png
    assert readme.FIGURE.name in readme.README.read_text(encoding="utf-8")


def test_each_paper_has_a_line_with_its_idea_and_what_was_found() -> None:
    _, _, *lines = readme.findings().splitlines()
    assert len(lines) == len(book.papers())
    for name, line in zip(book.papers(), lines, strict=True):
        title, idea, found = line.strip("| ").split(" | ")
        assert title == f"[{paper(name).title}](notebooks/{name}.ipynb)" and idea == paper(name).idea
        assert re.search(r"\d", found), "a finding has a number of the run"


def test_the_first_screen_has_the_findings_the_figure_and_two_commands() -> None:
    text = readme.README.read_text(encoding="utf-8")
    first, _, _ = text.partition("\n## ")
    assert "| paper | its idea | what we found |" in first and readme.FIGURE.name in first
    assert re.findall(r"^make ?\w*", first, re.MULTILINE) == ["make ", "make test"]


def test_every_chapter_is_costed() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", readme.README.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == book.chapters()
    assert "not timed" not in readme.costs_table()
