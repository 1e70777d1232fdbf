"""The ledger's tables: each run in a column, each claim at its address, and why below it."""

import re

from lib.ledger.claims import paper
from lib.show import tables

PAPER = paper("mitigation")
ANSWER = {
    "measured": {"mean": 0.9885, "low": 0.987, "high": 0.99, "n": 5, "over": "seeds"},
    "verdict": "reproduced",
    "stands": "yes",
    "fitted": False,
    "why": "0.9885 & more",
}


def columns(table: str) -> list[str]:
    return re.findall(r'<th scope="col">(.*?)</th>', table)


def test_the_scoreboard_has_a_column_for_each_run_and_no_other() -> None:
    one = tables.scoreboard(PAPER, {"recorded": {}}).data
    two = tables.scoreboard(PAPER, {"recorded": {}, "this run": {}}).data
    assert columns(one) == ["claim", "paper", "recorded"]
    assert columns(two) == ["claim", "paper", "recorded", "this run"]


def test_the_scoreboard_shows_what_a_run_found_in_its_own_column() -> None:
    lines = tables.scoreboard(PAPER, {"recorded": {}, "this run": {"clean.accuracy": ANSWER}}).data.splitlines()
    row = next(line for line in lines if 'id="mitigation.clean.accuracy"' in line)
    _, recorded, run = re.findall("<td>(.*?)</td>", row)
    assert recorded == "not run"
    assert run.startswith("0.9885") and "5 seeds" in run and "reproduced" in run and "yes" in run
    assert sum("not run" in line for line in lines) == len(PAPER.claims)


def test_the_scoreboard_says_why_by_the_first_run_that_measured_the_claim() -> None:
    later = ANSWER | {"why": "0.9885, later"}
    both = {"recorded": {"clean.accuracy": ANSWER}, "this run": {"clean.accuracy": later}}
    only = {"recorded": {}, "this run": {"clean.accuracy": later}}
    shown, shown_only = (tables.scoreboard(PAPER, runs).data for runs in (both, only))
    assert "0.9885 &amp; more" in shown and "later" not in shown
    assert "later" in shown_only
