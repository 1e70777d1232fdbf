"""Cards and tables of claims: both measurements, what with, and one word, as the results have them."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import pytest
from projects import ACCURATE, by, measured

from lib.ledger.answers import Answer, Finding, Readings, not_run
from lib.ledger.entries import entry
from lib.ledger.ledger import Ledger
from lib.measure.intervals import exact, over_networks, share
from lib.show import tables, wording
from lib.show.cards import answered, card

SIGNS = replace(by(0.1, 0.05, 0.15), over_control=measured(0.01, -0.02, 0.04), control="as many random images removed")


def shown(ledger: Ledger, *args, **facts) -> str:
    return answered(ledger, Answer(*args, **facts)).data


def test_a_card_of_a_number_shows_its_rule_its_ladder_and_its_readings(ledger: Ledger) -> None:
    ladder = (("the paper’s images", measured(0.9, 0.89, 0.91)), ("PGD", measured(0.1, 0.05, 0.2)))
    card = shown(ledger, "clean.accuracy", ACCURATE, ladder=ladder, readings=Readings(52, 6, "not by the nearest"))
    for said in (
        "classifies 0.90 of the images correctly. <small>(tolerance 0.05)",
        "0.9000 [0.8900,&nbsp;0.9100]",
        ACCURATE.by,
        "=&nbsp;found",
    ):
        assert said in card
    assert "one more network would give 0.8900 to 0.9100, in 95 of 100 cases" in card
    assert "the paper’s images 0.9000 [0.8900,&nbsp;0.9100] → PGD 0.1000" in card
    assert "within the tolerance in 6 of 52 readings, not by the nearest" in card
    assert 'href="scoreboard.html#mitigation.clean.accuracy"' in card and 'href="#evidence"' in card
    assert "soundly" not in card


def test_a_card_says_which_numbers_are_printed_with_its_own(ledger: Ledger) -> None:
    found = Finding(measured(0.1, 0.09, 0.11), "FGSM")
    loss = Answer("attacked.loss", by(2.3, 2.29, 2.31), experiment="one")
    card = answered(ledger, Answer("attacked.accuracy", found, experiment="one"), loss).data
    assert "1 other number of the same experiment: each is found only if all are" in card
    assert "in one experiment" not in shown(ledger, "clean.accuracy", ACCURATE)


def test_a_card_of_a_statement_shows_both_findings_and_the_control(ledger: Ledger) -> None:
    sound = by(-0.1, -0.15, -0.05)
    card = shown(ledger, "removal.helps", SIGNS, sound, why="Training on does as <well>.")
    assert "<strong>empty</strong> <small>(the interval lies above 0.02" in card and "<strong>fails</strong>" in card
    assert "beyond the control (as many random images removed): 0.0100 [-0.0200,&nbsp;0.0400]" in card
    assert card.count("an effect of the paper’s size, 0.887, is excluded") == 1, "the sound form is another quantity"
    assert "✗&nbsp;does not stand" in card and "Training on does as &lt;well&gt;." in card


def test_a_card_says_what_would_decide(ledger: Ledger) -> None:
    few = over_networks([0.02, 0.05, 0.11])
    card = shown(ledger, "removal.helps", Finding(few, "FGSM"), why="Three networks.")
    assert f"about {few.networks_to_decide(0.02)} networks would decide" in card and "?&nbsp;cannot tell" in card


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"smaller": ("2 epochs instead of 15",)}, "smaller than the paper’s: 2 epochs instead of 15"),
        ({"fitted": True}, "fitted: a setting was chosen"),
    ],
)
def test_what_has_to_be_known_stands_beside_the_word(facts: Mapping, said: str, ledger: Ledger) -> None:
    assert said in shown(ledger, "clean.accuracy", ACCURATE, **facts)


def test_one_network_is_said(ledger: Ledger) -> None:
    assert "<small>one network</small>" in shown(ledger, "clean.accuracy", Finding(share(90, 100), "one network"))


def test_a_statement_judged_by_one_network_has_a_neutral_mark(ledger: Ledger) -> None:
    alone, many = Finding(share(90, 100), "one network"), Finding(over_networks([0.89, 0.9, 0.91]), "three")
    held = entry(ledger.paper.claims["removal.helps"], Answer("removal.helps", alone, alone))
    assert held["word"] == "confirmed" and "○&nbsp;confirmed" in wording.answer(held)
    mixed = entry(ledger.paper.claims["removal.helps"], Answer("removal.helps", alone, many))
    assert "✓&nbsp;confirmed" in wording.answer(mixed), "soundly it is judged by three"
    open_ = entry(ledger.paper.claims["removal.helps"], Answer("removal.helps", alone, why="Not measured soundly."))
    assert "?&nbsp;found, unsettled" in wording.answer(open_)
    number = shown(ledger, "clean.accuracy", Finding(share(90, 100), "one network"))
    assert "=&nbsp;found" in number, "a number that one network gives is that network's"


def test_an_exact_value_has_no_interval(ledger: Ledger) -> None:
    card = shown(ledger, "removal.helps", Finding(exact(0), "proved"), theorem="QED", why="It cannot.")
    assert "0 (exact)" in card and "[" not in card and "QED" in card


def test_what_was_not_run_says_what_would_run_it(ledger: Ledger) -> None:
    found = card(ledger.paper.claims["csg.mnist"], ledger.answer(not_run("csg.mnist", "csg_images=0"))).data
    assert "–&nbsp;not run" in found and "csg_images=0" in found and "#evidence" not in found


def test_a_chapter_s_table_has_a_row_for_each_claim(answered: Ledger) -> None:
    answered.finish()
    table = tables.chapter(answered.paper, answered.answers).data
    assert table.count("scoreboard.html#mitigation.") == len(answered.paper.claims) == 6
    assert "by itself: found" in table
    assert (
        table.count('<a href="#mitigation.') == sum(one["paper"] is not None for one in answered.answers.values()) > 0
    )


def test_a_row_of_a_table_is_short_and_all_else_is_folded_below_it(ledger: Ledger) -> None:
    ladder = (("the paper’s images", measured(0.9, 0.89, 0.91)), ("PGD", measured(0.1, 0.05, 0.2)))
    facts = {"smaller": ("2 epochs instead of 15",), "fitted": True, "ladder": ladder}
    claim = ledger.paper.claims["clean.accuracy"]
    found = ledger.answer(Answer("clean.accuracy", ACCURATE, why="So it came out.", **facts))
    row = tables.row(claim, found)
    assert row[1:3] == [
        "0.9000<br><small>[0.8900, 0.9100]</small>",
        "0.1000<br><small>[0.0500, 0.2000]</small><br><small>PGD</small>",
    ]
    assert (
        "classifies 0.90 of the images correctly. <small>(tolerance 0.05)" in row[0]
        and "2 epochs" not in row[3]
        and ACCURATE.by not in "".join(row)
    )
    assert "smaller than the paper’s</small><br><small>fitted</small>" in row[3]
    told, folded = tables.detail(claim, found, "mitigation.html", [("more", "this")]).split("<details>")
    assert told == "So it came out. " and "So it came out" not in folded
    for said in (
        ACCURATE.by,
        "one more network",
        "2 epochs instead of 15",
        "a setting was chosen",
        "→ PGD",
        "<dd>this</dd>",
    ):
        assert said in folded
    assert 'href="mitigation.html#mitigation.clean.accuracy"' in folded


def test_a_row_of_a_statement_has_the_word_of_each_side(ledger: Ledger) -> None:
    found = ledger.answer(Answer("removal.helps", SIGNS, None, why="One way alone."))
    row = tables.row(ledger.paper.claims["removal.helps"], found)
    assert row[1] == "0.1000<br><small>[0.0500, 0.1500]</small><br><strong>empty</strong>" and row[2] == "–"
    proved = ledger.answer(Answer("detector.separates", Finding(exact(0), "proved"), theorem="QED", why="It cannot."))
    assert tables.row(ledger.paper.claims["detector.separates"], proved)[1].startswith("0 (exact)<br><strong>")


def test_the_link_to_the_evidence_leads_to_the_card_in_its_section(ledger: Ledger) -> None:
    shown_card = shown(ledger, "clean.accuracy", ACCURATE)
    assert shown_card.startswith('<div class="ledger claim" id="mitigation.clean.accuracy"')
    table = tables.chapter(ledger.paper, ledger.answers).data
    assert 'href="#mitigation.clean.accuracy">The card' in table


def test_a_chapter_s_table_has_every_claim_answered_or_not(answered: Ledger) -> None:
    answered.finish()
    whole, empty = (tables.chapter(answered.paper, found).data for found in (answered.answers, {}))
    for claim in answered.paper.claims.values():
        link = f'<a href="scoreboard.html#{claim.address}">'
        assert link in whole and link in empty
        assert f'<tr id="{claim.address}">' not in whole, "the address is its card's"
    assert empty.count("not run") == 6


def test_each_word_has_a_tone() -> None:
    assert [wording.tone(word) for word in ("found", "refuted", "cannot tell", "not run")] == [
        "same",
        "bad",
        "open",
        "none",
    ]


def test_a_folded_table_is_all_there_and_opens_by_its_caption() -> None:
    frame = pd.DataFrame({"attack": ["FGSM", "PGD"], "accuracy": ["0.9", "<0.1"]})
    plain = tables.show(frame, "All attacks & all").data
    folded = tables.show(frame, "All attacks & all", folded=True).data
    assert "<details" not in plain and plain in folded
    assert folded.startswith('<details class="folded"><summary>All attacks &amp; all</summary>')
    assert folded.count("<tr>") == 3 and folded.endswith("</details>")
