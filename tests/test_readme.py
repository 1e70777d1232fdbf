"""README.md shows what the recorded runs hold, and nothing else."""

import re

from projects import by

from lib import book
from lib.ledger import board
from lib.ledger.answers import Answer
from lib.ledger.claims import paper
from lib.ledger.entries import entry
from lib.ledger.results import RECORDED
from lib.site import readme


def test_the_result_table_is_that_of_the_recorded_runs() -> None:
    text = readme.README.read_text()
    assert readme.with_results(text) == text


def test_the_figure_is_that_of_the_recorded_run() -> None:
    assert readme.figure() is not None
    assert readme.figure_file().read_bytes() == readme.figure()
    assert readme.figure_file().name in readme.README.read_text()


def test_every_recorded_claim_about_a_defence_is_in_the_table() -> None:
    table = readme.results_table()
    measured = [row for row in board.rows(RECORDED) if row.word != "not run"]
    assert measured
    for row in measured:
        line = f"| {row.claim.paper}: {row.claim.id} | "
        assert (line in table) == (row.claim.about == "defence")


def test_each_paper_has_a_line_that_counts_no_experiment_twice() -> None:
    lines = readme.results_table().splitlines()
    for name in book.papers():
        (line,) = [line for line in lines if line.startswith(f"| {paper(name).title} |")]
        claims, words = line.strip("| ").split(" | ")[1:]
        assert int(claims) == len(paper(name).claims)
        groups = {claim.joint or claim.id for claim in paper(name).claims.values()}
        assert sum(map(int, re.findall(r"\d+", words))) <= len(groups)


def test_every_chapter_is_costed() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", readme.README.read_text(), re.MULTILINE)
    assert set(rows) == set(book.chapters()), "the table in README, What it takes"


def test_a_line_has_both_measurements_and_what_has_to_be_known_beside_the_word() -> None:
    claim = paper("unlearning").claims["removal.helps"]
    gains = by(0.1, 0.05, 0.15)
    answer = entry(claim, Answer(claim.id, gains, by(0.2, 0.15, 0.25), smaller=("2 rounds for 3",)))
    assert readme._line(board.Row(claim, answer)) == (
        "| unlearning: removal.helps | 0.100 [0.050, 0.150] | 0.200 [0.150, 0.250] "
        "| confirmed; smaller than the paper’s: 2 rounds for 3 |"
    )


def test_what_only_the_first_edition_measured_says_so() -> None:
    claim = paper("unlearning").claims["removal.helps"]
    old = {"verdict": "undecided", "stands": "open", "measured": {"mean": 0.0073, "low": -0.05, "high": 0.064}}
    expected = "| unlearning: removal.helps | 0.007 [-0.050, 0.064] | – | first edition: undecided, stands: open |"
    assert readme._line(board.Row(claim, None, old)) == expected
