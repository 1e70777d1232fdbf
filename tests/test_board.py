"""What follows from all answers together: counts, Holm within a chapter, how many may be wrong."""

import re
from dataclasses import replace

from projects import by

from lib.ledger import board
from lib.ledger.answers import Answer, Finding
from lib.ledger.board import Row
from lib.ledger.claims import Claim, paper
from lib.ledger.claims_file import ABOUT
from lib.ledger.entries import entry
from lib.measure.intervals import exact, over_networks, share
from lib.show import board as shown

CLAIMS = {**paper("unlearning").claims}
HOLDS, FAILS = (Finding(over_networks(values), "FGSM") for values in ([0.1, 0.11, 0.12], [-0.1, -0.11, -0.12]))
BARELY = Finding(over_networks([0.022, 0.030, 0.028, 0.026]), "FGSM")


def row(id: str, paper: Finding, sound: Finding | None = None, **facts) -> Row:
    claim = CLAIMS[id]
    return Row(claim, entry(claim, Answer(id, paper, sound, **{"why": "So it is."} | facts)))


def test_numbers_of_one_experiment_count_once() -> None:
    table = [row("clean.accuracy", by(0.9932, 0.993, 0.994)), row("clean.loss", by(0.0271, 0.02, 0.03))]
    both = board.counts([*table, row("removal.helps", HOLDS, HOLDS)])
    assert both["setup"] == {"found": 1} and both["defence"] == {"confirmed": 1}


def test_rows_that_one_measurement_answers_both_ways_count_once() -> None:
    pair = [row("removal.helps", HOLDS, FAILS), row("conclusion.robustness", HOLDS, FAILS)]
    assert board.once(pair) == pair[:1] and board.counts(pair)["defence"] == {"does not stand": 1}
    assert board.told(pair, "defence").startswith("The claims about defences rest on 1 experiment.")
    other_sound = row("conclusion.robustness", HOLDS, BARELY)
    other_attack = row("conclusion.robustness", replace(HOLDS, by="PGD"), FAILS)
    assert len(board.once([pair[0], other_sound])) == len(board.once([pair[0], other_attack])) == 2
    unanswered = [Row(CLAIMS[id], None) for id in ("removal.helps", "conclusion.robustness")]
    assert board.once(unanswered) == unanswered


def test_one_measurement_counts_for_each_word_that_it_makes() -> None:
    first, second = row("removal.helps", HOLDS, FAILS), row("conclusion.robustness", HOLDS, FAILS)
    second = replace(second, answer=second.answer | {"word": "found, unsettled"})
    assert board.counts([first, second])["defence"] == {"does not stand": 1, "found, unsettled": 1}
    assert board.told([first, second], "defence") == (
        "The claims about defences rest on 1 experiment. Of these, 1 was run at the paper's scale; they give 2 "
        "answers: 1 × “found, unsettled”, 1 × “does not stand”."
    )


def test_an_answer_rests_on_the_networks_of_what_decides_it() -> None:
    one, several = Finding(share(60, 100), "FGSM"), HOLDS
    assert not board.rests_on_one(row("removal.helps", one, several).answer)
    assert board.rests_on_one(row("removal.helps", several, one).answer)
    assert board.rests_on_one(row("removal.helps", one).answer)


def test_what_the_paper_only_explains_is_no_headline() -> None:
    background = replace(CLAIMS["removal.helps"], id="explained", background=True)
    told = Row(background, entry(background, Answer("explained", HOLDS, BARELY, why="So it is.")))
    assert not told.in_headline and board.counts([told])["defence"] == {"background": 1}
    both = [told, row("conclusion.robustness", HOLDS, FAILS)]
    assert board.told(both, "defence").startswith("The claims about defences rest on 1 experiment. Of these, 1 was")


def test_smaller_runs_and_what_was_not_run_are_no_headline() -> None:
    small = row("removal.helps", HOLDS, HOLDS, smaller=("2 rounds instead of 3",))
    assert not small.in_headline and not Row(CLAIMS["removal.helps"], None).in_headline
    assert board.counts([small])["defence"] == {"smaller than the paper's": 1}
    told = board.told([small, row("conclusion.robustness", HOLDS, FAILS)], "defence")
    assert told.endswith("Of these, 1 was run at the paper's scale: 1 × “does not stand”.")
    alone = Finding(share(0, 5000), "x")
    told = board.told([row("conclusion.robustness", HOLDS, alone)], "defence")
    assert told.endswith("1 was run at the paper's scale (1 on a single network): 1 × “does not stand”.")
    assert "none of them at the paper's scale" in board.told([small], "defence")


def test_holm_is_taken_over_all_findings_of_a_chapter() -> None:
    assert BARELY.measured.p_above(0.02) < 0.025
    alone = {"removal.helps": row("removal.helps", BARELY).answer}
    assert board.surviving(alone) == {"removal.helps": ("paper",)}
    many = alone | {"conclusion.robustness": row("conclusion.robustness", FAILS, FAILS).answer}
    assert board.surviving(many) == {}
    sure = {
        id: row(id, Finding(over_networks([0.5, 0.5001, 0.5002]), "x")).answer
        for id in ("removal.helps", "room.recovered")
    }
    assert board.surviving(sure) == {"removal.helps": ("paper",), "room.recovered": ("paper",)}


def test_what_is_exact_is_no_test() -> None:
    counted = row("removal.helps", Finding(exact(4), "counted"), Finding(exact(4), "counted"))
    assert board.surviving({"removal.helps": counted.answer}) == {} and board.intervals([counted]) == 0
    none = row("removal.helps", Finding(exact(0), "counted"), Finding(exact(0), "counted"))
    beside = {"removal.helps": none.answer, "conclusion.robustness": row("conclusion.robustness", BARELY).answer}
    assert board.surviving(beside) == {"conclusion.robustness": ("paper",)}, "it adjusts nothing that was tested"


def test_a_finding_that_answers_both_ways_counts_once() -> None:
    both = row("removal.helps", HOLDS, HOLDS)
    assert board.intervals([both]) == 1
    held = board.surviving({"removal.helps": both.answer})
    assert held == {"removal.helps": ("paper", "sound")}
    assert "Of 1 findings that hold over several networks, 1 do so" in board.doubt(
        [replace(both, survives=held["removal.helps"])]
    )
    alone = row("removal.helps", BARELY, BARELY)
    assert board.surviving({"removal.helps": alone.answer}) == {"removal.helps": ("paper", "sound")}


def test_a_finding_that_is_barely_beyond_its_control_is_not_marked() -> None:
    """It holds where it is above the smallest effect and beyond the control: the weaker of the two tests counts."""
    beyond = over_networks([0.02, 0.03, 0.045])
    barely = Finding(HOLDS.measured, "FGSM", beyond, "random signs")
    found = {f"{at}": row("removal.helps", barely, HOLDS).answer for at in range(3)}
    assert found["0"]["paper"]["word"] == "holds" and found["0"]["paper"]["p"] == beyond.p_above(0)
    assert set(board.surviving(found).values()) == {("sound",)}


def test_a_finding_of_one_network_is_not_marked_as_beyond_chance() -> None:
    one = Finding(share(90, 100), "FGSM")
    assert one.measured.networks == 1 and one.measured.p_above(0.02) < 1e-6
    assert board.surviving({"removal.helps": row("removal.helps", one, one).answer}) == {}


def test_one_interval_in_twenty_is_expected_to_miss() -> None:
    rows = [row("removal.helps", HOLDS, FAILS), row("clean.accuracy", by(0.9932, 0.993, 0.994))]
    assert board.intervals(rows) == 3
    open_ = row("removal.helps", Finding(over_networks([-0.5, 0.5]), "FGSM"))
    assert board.intervals([open_]) == 1, "it is counted whatever it decides"
    over = Finding(HOLDS.measured, "FGSM", over_networks([0.1, 0.2, 0.3]), "random signs")
    assert board.intervals([row("removal.helps", over)]) == 2, "what is beyond the control is judged by its own"
    one = row("clean.accuracy", Finding(share(9930, 10_000), "no attack"))
    assert one.answer["paper"]["measured"]["predicted"] is None and board.intervals([one]) == 0
    cited = replace(rows[1], claim=replace(rows[1].claim, kind="citation"))
    assert board.intervals([cited]) == 0
    assert board.doubt([cited]) == "No answer of this run is judged by an interval."
    assert board.doubt(rows).startswith("These answers are judged by 3 intervals.")


def test_a_claim_of_no_run_is_not_run() -> None:
    claim = Claim("mitigation", "gains", "statement", "defence", "IV", smallest=0.0)
    assert Row(claim, None).word == "not run"
    assert row("removal.helps", HOLDS).word == "found, unsettled"


def test_answers_are_counted_in_a_line_each() -> None:
    found = shown.counted([row("clean.accuracy", by(0.9932, 0.993, 0.994)), row("removal.helps", HOLDS, HOLDS)]).data
    lines = [re.findall(r"<t[hd][^>]*>([^<]*)<", line) for line in found.split("<tr>")[1:]]
    assert lines[0] == ["answer", *ABOUT]
    assert {line[0]: line[1:] for line in lines[1:]}["confirmed"][ABOUT.index("defence")] == "1"
    assert {line[0] for line in lines[1:]} == {"confirmed", "found"}
