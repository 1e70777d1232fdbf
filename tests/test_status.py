"""What `make` says at its end of a folder's runs: how many claims have which word, and how many runs are smaller."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lib import book
from lib.run import status

CLAIMS = "title: A paper\nidea: Something that can be tried.\nsetting: one network\nclaims:\n"
CLAIM = "  - {{id: {id}, says: It is 0.9., kind: number, about: setup, value: 0.9, tolerance: 0.1, where: Table 1}}\n"
PAPERS = {"first": ("a", "b", "c"), "second": ("d",)}
Written = Callable[..., None]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    """Writes results into a folder, of a book that has two papers and a chapter that is about none."""
    monkeypatch.setattr(book, "PAGES", tmp_path / "book")
    monkeypatch.setattr(book, "NOTEBOOKS", tmp_path / "notebooks")
    (tmp_path / "book").mkdir()
    (tmp_path / "notebooks" / "claims").mkdir(parents=True)
    files = ", ".join(f"{{file: {name}}}" for name in (*PAPERS, "no_paper", book.SCOREBOARD))
    (tmp_path / "book" / "_toc.yml").write_text(f"parts: [{{chapters: [{files}]}}]\n")
    for name, ids in PAPERS.items():
        text = CLAIMS + "".join(CLAIM.format(id=id) for id in ids)
        (tmp_path / "notebooks" / "claims" / f"{name}.yaml").write_text(text)

    def write(notebook: str, smaller: tuple[str, ...] = (), **found: str) -> None:
        claims = [{"id": id, "word": word, "smaller": ["fewer images"] * (id in smaller)} for id, word in found.items()]
        entry = {"notebook": notebook, "profile": "quick", "claims": claims, "provenance": {"digest": {"lib": {}}}}
        (tmp_path / f"{notebook}.json").write_text(json.dumps(entry))

    return write


def test_where_nothing_has_run_all_claims_are_said_to_be_so(written: Written, tmp_path: Path) -> None:
    assert status.summary(tmp_path) == "4 claims: 4 not run."


def test_words_are_counted_over_all_papers_in_the_order_that_the_book_gives_them(
    written: Written, tmp_path: Path
) -> None:
    written("first", a="not found", b="found", c="confirmed")
    written("second", d="found")
    assert status.summary(tmp_path) == "4 claims: 1 confirmed, 2 found, 1 not found."


def test_what_a_run_has_left_out_and_what_has_no_run_are_counted_together(written: Written, tmp_path: Path) -> None:
    written("first", a="refuted", b="not run")
    assert status.summary(tmp_path) == "4 claims: 1 refuted, 3 not run."


def test_runs_smaller_than_the_papers_are_told_in_a_second_sentence(written: Written, tmp_path: Path) -> None:
    written("first", a="near", b="found", c="found", smaller=("b", "c"))
    written("second", d="found", smaller=("d",))
    said = "4 claims: 3 found, 1 near.\n3 of them by runs smaller than the paper's."
    assert status.summary(tmp_path) == said


def test_results_that_are_damaged_or_of_no_paper_count_for_nothing(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written("second", d="near")
    written("no_paper", e="found", smaller=("e",))
    (tmp_path / "first.json").write_text('{"notebook": "first"')
    assert status.summary(tmp_path) == "4 claims: 1 near, 3 not run."
    assert "first.json is damaged" in capsys.readouterr().err
