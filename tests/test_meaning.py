"""What a card says of its own word: true of its own measurements, for every word there is."""

import numpy as np
import pytest
from projects import ACCURATE, by, measured

from lib.ledger import words
from lib.ledger.answers import Answer, Finding, Readings, not_run
from lib.ledger.entries import entry
from lib.ledger.ledger import Ledger
from lib.measure.intervals import exact, over_networks, rate, share
from lib.show import meaning, wording
from lib.show.cards import answered, card
from lib.show.lines import SAME, lines

HELPS, CLEAN = "removal.helps", "clean.accuracy"


def of(ledger: Ledger, claim: str, *args, **facts) -> dict:
    return entry(ledger.paper.claims[claim], Answer(claim, *args, why="So.", **facts))


def test_every_word_has_its_meaning() -> None:
    told = {*meaning.STATEMENTS, *meaning.CITATIONS, *words.NUMBERS}
    assert told == set(words.ALL)
    assert len({*meaning.STATEMENTS.values(), *meaning.CITATIONS.values()}) == len(words.STATEMENTS) + 1


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (by(0.9, 0.89, 0.91), "within the tolerance, and one more network could give"),
        (by(0.92, 0.919, 0.921), "within the tolerance, but our networks differ too little"),
        (by(0.85, 0.84, 0.86), "within the tolerance, but our networks differ too little"),  # on the bound
        (by(0.5, 0.0, 1.0), "is 8 times the tolerance away from the printed number, but our networks differ so much"),
        (
            by(0.5, 0.45, 0.55),
            "is 8 times the tolerance away from the printed number, and our networks differ too little",
        ),
        (Finding(share(90, 100), "one"), "our number lies within the tolerance"),
        (Finding(share(50, 100), "one"), "our number is 8 times the tolerance away"),
    ],
)
def test_a_number_is_told_by_its_distance_and_by_what_one_more_network_could_give(
    ledger: Ledger, found: Finding, said: str
) -> None:
    """In the claim made up for the tests 0.90 ± 0.05 is printed."""
    assert said in meaning.meaning(of(ledger, CLEAN, found))


def test_what_was_not_run_or_is_proved_says_so(ledger: Ledger) -> None:
    assert meaning.meaning(entry(ledger.paper.claims[CLEAN], not_run(CLEAN, "later"))) == meaning.NOT_RUN
    proved = of(ledger, HELPS, Finding(exact(0), "proved"), theorem="QED")
    assert (proved["word"], meaning.meaning(proved)) == ("refuted", "a proof says that it fails")


def test_the_meaning_stands_on_the_card_beside_the_word(ledger: Ledger) -> None:
    found = answered(ledger, Answer(HELPS, by(0.1, 0.05, 0.15), by(-0.1, -0.15, -0.05), why="So.")).data
    assert '<th scope="row">does not stand</th><td>it fails measured soundly' in found


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (by(0.1, 0.05, 0.15), "<strong>holds</strong> <small>(the interval lies above 0.02, the smallest"),
        (by(-0.1, -0.15, -0.05), "<strong>fails</strong> <small>(the interval lies below 0.02"),
        (by(0.02, 0.01, 0.03), "<strong>cannot tell</strong> <small>(the interval lies on both sides of 0.02"),
        (Finding(over_networks([0.1]), "one"), "<strong>cannot tell</strong> <small>(without an interval"),
        (Finding(exact(0.5), "counted"), "<strong>holds</strong> <small>(it reaches 0.02"),
        (Finding(exact(0.01), "counted"), "<strong>fails</strong> <small>(it does not reach 0.02"),
        (
            Finding(measured(0.1, 0.05, 0.15), "x", measured(0.0, -0.1, 0.1), "y"),
            "which counts, but not beyond",
        ),
    ],
)
def test_a_finding_says_where_its_interval_lies(ledger: Ledger, finding: Finding, said: str) -> None:
    assert said.replace("which counts", "effect that counts") in wording.finding(of(ledger, HELPS, finding), "paper")


@pytest.mark.parametrize(
    ("beyond", "said"),
    [
        (
            (0.01, 0.005, 0.015),
            "soundly, 0.0900 of the 0.1000 is in the control too (y); the rest, 0.0100, is less than 0.02",
        ),
        ((0.04, 0.03, 0.05), "soundly, 0.0600 of the 0.1000 is in the control too (y)"),
        ((0.06, 0.05, 0.07), ""),
        ((0.01, -0.01, 0.03), ""),
    ],
)
def test_an_effect_that_is_mostly_the_control_s_says_so(ledger: Ledger, beyond: tuple, said: str) -> None:
    """The last one is empty, which is a word of its own."""
    alone, mixed = by(0.1, 0.05, 0.15), Finding(measured(0.1, 0.05, 0.15), "x", measured(*beyond), "y")
    found = of(ledger, HELPS, alone, mixed)
    assert meaning.shared(found).get("sound", "").startswith(said) and bool(meaning.shared(found)) == bool(said)
    assert ("mostly in the control too" in wording.answer(found)) == bool(said)
    assert ("the rest" in wording.notes(found)) == ("the rest" in said)
    other = of(ledger, HELPS, mixed, alone)
    assert "mostly" not in wording.answer(other), "the sound measurement decides"
    assert ("the paper’s way, 0.0" in wording.notes(other)) == bool(said)
    once = of(ledger, HELPS, mixed, mixed)
    assert wording.notes(once).count("in the control too") == bool(said)


def test_one_measurement_that_answers_both_is_shown_once(ledger: Ledger) -> None:
    both, claim = by(0.1, 0.05, 0.15), ledger.paper.claims[HELPS]
    assert dict(lines(claim, of(ledger, HELPS, both, both), ""))["soundly"] == SAME
    assert "FGSM" in dict(lines(claim, of(ledger, HELPS, both, by(0.2, 0.1, 0.3)), ""))["soundly"]
    assert dict(lines(claim, of(ledger, HELPS, both), ""))["soundly"].endswith("–")


def test_a_command_in_a_reason_is_code(ledger: Ledger) -> None:
    found = answered(ledger, not_run(CLEAN, "`make <it>` makes it.")).data
    assert "<code>make &lt;it&gt;</code> makes it." in found


def test_a_ladder_says_on_how_many_images_where_its_rungs_differ(ledger: Ledger) -> None:
    some, all_ = (rate([np.arange(n) < n // 2] * 2) for n in (50, 1000))
    apart = wording.ladder(of(ledger, CLEAN, ACCURATE, ladder=(("FGSM", all_), ("PGD", some))))
    assert apart.startswith("FGSM (1,000 images) 0.5000") and "→ PGD (50 images) 0.5000" in apart
    assert "images" not in wording.ladder(of(ledger, CLEAN, ACCURATE, ladder=(("FGSM", all_), ("PGD", all_))))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (by(0.1, 0.05, 0.15), "it holds the paper’s way; soundly it was not measured"),
        (by(-0.1, -0.15, -0.05), "it fails the paper’s way; soundly it was not measured"),
        (by(0.02, 0.01, 0.03), "the paper’s way does not show it; soundly it was not measured"),
    ],
)
def test_what_was_measured_one_way_alone_says_so(ledger: Ledger, found: Finding, said: str) -> None:
    assert meaning.meaning(of(ledger, HELPS, found)) == said


def test_shares_of_networks_that_lie_far_apart_are_listed(ledger: Ledger) -> None:
    """A detector that works for two networks and fails for the third; three that work alike; one alone."""
    apart, alike, one = (
        of(ledger, HELPS, Finding(rate([np.arange(100) < 100 * share for share in shares]).shifted(0.5), "FGSM"))
        for shares in ((0.8, 0.1, 0.7), (0.8, 0.75, 0.7), (0.8,))
    )
    said = "the paper’s way the networks lie far apart, so the interval may miss more often: 0.8, 0.1, 0.7"
    assert list(meaning.far_apart(apart)) == [said] and said in wording.notes(apart)
    assert list(meaning.far_apart(apart | {"sound": apart["paper"]})) == [said], "one measurement that is both"
    assert list(meaning.far_apart(alike)) == list(meaning.far_apart(one)) == []
    near_1 = of(ledger, HELPS, Finding(rate([np.arange(100) < many for many in (99, 93, 99)]).shifted(0.5), "FGSM"))
    assert next(meaning.far_apart(near_1)).endswith("0.99, 0.93, 0.99"), (
        "where shares can hardly differ, a little is far"
    )


def test_ways_that_give_nothing_name_no_other(ledger: Ledger) -> None:
    for giving, beside in ((0, ""), (1, ", in other units")):
        tried = of(ledger, CLEAN, ACCURATE, readings=Readings(6, giving, "in other units"))
        assert wording.readings(tried) == f"within the tolerance in {giving} of 6 readings{beside}"
        together = tried | {"joint": ["clean.accuracy", "clean.loss"]}
        said = f"all that is printed with it lies within the tolerance in {giving} of 6 readings"
        assert wording.readings(together).startswith(said)
        assert wording.readings(tried | {"kind": "statement"}) == f"found by {giving} of 6 readings{beside}"


def test_an_exact_nothing_is_no_effect() -> None:
    nothing = {"networks": 0, "mean": 0.0, "low": 0.0, "high": 0.0}
    assert meaning.held_against("fails", nothing, 0.0) == "it is no effect"


def test_intervals_that_overlap_are_named(ledger: Ledger) -> None:
    apart = of(ledger, HELPS, by(0.1, 0.05, 0.15), by(-0.1, -0.15, -0.05))
    near = of(ledger, HELPS, by(0.1, 0.03, 0.15), by(0.02, -0.15, 0.05))
    assert "overlap" not in wording.notes(apart)
    assert "the intervals of the two measurements overlap" in wording.notes(near)


def test_a_run_smaller_than_the_paper_s_has_no_mark_of_success_or_failure(ledger: Ledger) -> None:
    for id, found in ((HELPS, by(0.1, 0.05, 0.15)), (HELPS, by(-0.1, -0.15, -0.05)), (CLEAN, by(0.1, 0.08, 0.12))):
        whole, part = (of(ledger, id, found, smaller=one) for one in ((), ("2 epochs instead of 15",)))
        assert wording.tone_of(whole) in ("good", "bad", "open") and whole["word"] == part["word"]
        assert wording.tone_of(part) == ("open" if wording.tone_of(whole) == "open" else "limited")
    assert wording.tone_of(of(ledger, CLEAN, ACCURATE, smaller=("2 epochs instead of 15",))) == "same"


def test_a_number_that_only_another_reading_gives_says_so(ledger: Ledger) -> None:
    for found, giving, said in ((by(0.1, 0.08, 0.12), 2, True), (by(0.1, 0.08, 0.12), 0, False), (ACCURATE, 2, False)):
        shown = wording.answer(of(ledger, CLEAN, found, readings=Readings(6, giving, "in other units")))
        assert ("another reading gives it" in shown) is said


def test_a_smaller_run_says_in_what_it_is_smaller(ledger: Ledger) -> None:
    found = dict(
        lines(ledger.paper.claims[CLEAN], of(ledger, CLEAN, ACCURATE, smaller=("2 epochs instead of 15",)), "")
    )
    assert found["note"] == "smaller than the paper’s: 2 epochs instead of 15"


def test_cards_of_numbers_that_are_found_together_have_the_word_of_the_ledger(ledger: Ledger) -> None:
    near, far = (
        Answer("attacked.accuracy", by(0.1, 0.08, 0.12), experiment="FGSM"),
        Answer("attacked.loss", by(9.0), experiment="FGSM", why="A loss of 9."),
    )
    first = answered(ledger, near, far).data
    assert "✗&nbsp;not found" in first and "by itself: found" in first
    assert "by itself it is found; another number, printed with it, is not found in this experiment" in first
    kept = dict(ledger.answers["attacked.accuracy"])
    ledger.answer(far)
    assert (kept["word"], kept["alone"]) == ("not found", "found")
    assert card(ledger.paper.claims["attacked.accuracy"], kept).data == first


def test_a_card_of_such_a_number_is_refused_alone_and_with_others_than_its_own(ledger: Ledger) -> None:
    answer = Answer("attacked.accuracy", by(0.1, 0.08, 0.12), experiment="FGSM")
    with pytest.raises(ValueError, match=r"attacked\.accuracy is found together with others"):
        answered(ledger, answer)
    with pytest.raises(ValueError, match=r"is found together with attacked\.accuracy, attacked\.loss"):
        answered(ledger, answer, Answer("clean.accuracy", ACCURATE))
    assert not ledger.answers
