"""The scoreboard's cells, run in this process: whatever has run, and where nothing has."""

from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest

from lib import book
from lib.ledger import claims, open_data, results
from lib.ledger.answers import Answer, Finding
from lib.ledger.entries import entry
from lib.measure.intervals import over_networks, rate
from lib.show import board as shown

RECORDED = results.RECORDED


def ran(folder: Path, monkeypatch: pytest.MonkeyPatch, *, recorded: Path) -> dict:
    """What its code leaves behind, over the runs in a folder."""
    monkeypatch.setattr(results, "RECORDED", recorded)
    monkeypatch.setenv("REPRO_RESULTS", str(folder))
    monkeypatch.setenv("REPRO_OUT", str(folder / "out"))
    found: dict = {}
    for cell in nbformat.read(book.source(book.SCOREBOARD), as_version=4).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, book.SCOREBOARD, "exec"), found)
    plt.close("all")
    return found


def page(names: dict) -> str:
    """All rows and the table of deviations, as the page has them."""
    rows = names["rows"]
    return shown.table("all", rows).data + shown.deviations(names["open_data"].deviations(rows)).data


def test_where_nothing_has_run_every_claim_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ran(tmp_path, monkeypatch, recorded=tmp_path / "recorded")
    assert {row.word for row in names["rows"]} == {"not run"} and len(names["rows"]) == 67
    assert names["rows"][0].claim.about == "defence"
    written = results.read_results(tmp_path / "out", book.SCOREBOARD)
    assert written["metrics"] == {f"{name}.answered": 0.0 for name in book.papers()}
    assert written["provenance"]["evidence"] == {
        "cells": {},
        "devices": [],
        "measured": None,
        "networks": None,
        "notes": {},
    }


def test_the_address_of_every_row_there_ever_was_leads_somewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown_page = page(ran(tmp_path, monkeypatch, recorded=tmp_path / "recorded"))
    old = open_data.first_edition()
    assert len(old) == 54
    today = [claim.address for name in book.papers() for claim in claims.paper(name).claims.values()]
    for address in {*today, *(row["id"] for row in old)}:
        assert shown_page.count(f' id="{address}"') == 1, address
    gone = "unlearning.conclusion.accuracy_and_robustness"
    after = shown_page.partition(f' id="{gone}"')[2].partition("</tr>")[0]
    assert 'href="#unlearning.conclusion.accuracy"' in after and 'href="#unlearning.conclusion.robustness"' in after


def test_a_row_says_what_the_whole_ledger_adds() -> None:
    gain = claims.paper("unlearning").claims["removal.helps"]
    finding = Finding(over_networks([0.1, 0.2, 0.15]), "FGSM")
    answer = entry(gain, Answer(gain.id, finding, finding))
    row = shown.Row(gain, answer, recorded={"word": "refuted"}, survives=("paper", "sound"))
    line, _, folded = shown.table("one", [row]).data.partition("<details>")
    assert "holds with Holm’s adjustment" in line and "unlearning</small>" in line and "refuted" not in line
    assert "holds the paper’s way and soundly" in folded and "<dt>the recorded run</dt><dd>refuted</dd>" in folded
    assert 'href="unlearning.html#unlearning.removal.helps"' in folded
    one_side = shown.table("one", [shown.Row(gain, answer, survives=("paper",))]).data.partition("<details>")[0]
    assert "the paper’s way, it holds with Holm’s adjustment" in one_side, "which may be what the word denies"
    plain = shown.table("one", [shown.Row(gain, answer)]).data
    assert "Holm" not in plain and "recorded" not in plain


def test_the_figure_has_a_line_for_each_row() -> None:
    number = claims.paper("mitigation").claims["clean.accuracy"]
    gain = claims.paper("unlearning").claims["removal.helps"]
    finding = Finding(over_networks([0.1, 0.2, 0.15]), "FGSM")
    rows = [
        shown.Row(number, entry(number, Answer(number.id, Finding(over_networks([0.98, 0.99, 1.5]), "x"), why="Far."))),
        shown.Row(gain, entry(gain, Answer(gain.id, finding, finding, smaller=("2 rounds instead of 3",)))),
        shown.Row(gain, None),
    ]
    left, right = shown.figure(rows).axes
    assert [text.get_text() for text in left.get_yticklabels()] == ["mitigation.clean.accuracy"]
    assert [text.get_text() for text in right.texts] == ["confirmed (smaller)", "not run"]
    (dot,) = [line for line in left.lines if line.get_marker() == ">"]
    assert dot.get_xdata()[0] == shown.FARTHEST["numbers"], "a mean far out is drawn at the edge"
    assert [line.get_xdata()[0] for line in right.lines if line.get_marker() == "o"] == pytest.approx([0.13, 0.13])
    assert left.get_xscale() == "linear" and right.get_xscale() == "symlog"
    plt.close("all")


def test_an_answer_by_one_network_says_so_in_the_figure() -> None:
    gain = claims.paper("unlearning").claims["removal.helps"]
    one = Finding(rate([np.arange(100) < 60]), "FGSM")
    row = shown.Row(gain, entry(gain, Answer(gain.id, one, one)))
    below = shown.figure([row]).axes[1]
    (word,) = below.texts
    assert word.get_text() == "confirmed (one network)" and word.get_color() == shown.INK
    assert {line.get_color() for line in below.lines if line.get_marker() == "o"} == {shown.TONES["limited"]}
    plt.close("all")


def test_a_number_that_another_one_overrides_has_its_own_word_beside_it() -> None:
    number = claims.paper("mitigation").claims["clean.accuracy"]
    answer = entry(number, Answer(number.id, Finding(over_networks([number.value - 0.001, number.value + 0.001]), "x")))
    row = shown.Row(number, answer | {"word": "not found"})
    assert [text.get_text() for text in shown.figure([row]).axes[0].texts] == ["not found (by itself: found)"]
    plt.close("all")


def test_another_rule_makes_the_scoreboard_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "NOTEBOOKS", tmp_path)
    (tmp_path / "claims" / "editions").mkdir(parents=True)
    before = results.scoreboard_inputs(RECORDED).digest
    (tmp_path / "claims" / "editions" / "first.yaml").write_text("rows: []")
    assert results.scoreboard_inputs(RECORDED).digest != before
