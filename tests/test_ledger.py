"""The ledger that holds a chapter to answering every claim once."""

import copy
from dataclasses import replace
from pathlib import Path

import pytest
from projects import ACCURATE, by, measured

from lib.ledger.answers import Answer, Finding, not_run
from lib.ledger.ledger import Ledger
from lib.measure.intervals import difference, exact, over_networks

GAINS, LOSES, OPEN = by(0.10, 0.05, 0.15), by(-0.10, -0.15, -0.05), by(0.10, -0.05, 0.25)


def test_an_answer_keeps_both_measurements_and_what_they_were_made_with(answered: Ledger) -> None:
    found = answered.answers["detector.separates"]
    assert (found["word"], found["kind"], found["about"]) == ("empty", "statement", "defence")
    paper, sound = found["paper"], found["sound"]
    assert (paper["word"], paper["measured"]["mean"], paper["by"]) == ("empty", 0.99, ACCURATE.by)
    assert (paper["over_control"]["mean"], paper["control"]) == (-0.01, "random signs of the same size")
    assert (sound["word"], sound["measured"]["high"], sound["over_control"]) == ("cannot tell", 0.8, None)
    attacked = answered.answers["attacked.accuracy"]
    assert [one["attack"] for one in attacked["ladder"]] == ["the paper's images", "PGD"]
    assert attacked["readings"] == {"tried": 52, "giving": 6, "nearest": "not by the nearest"}
    assert (attacked["fitted"], attacked["joint"]) == (True, ["attacked.accuracy", "attacked.loss"])


def test_an_answer_is_given_back_as_it_is_written(ledger: Ledger) -> None:
    given = ledger.answer(Answer("clean.accuracy", ACCURATE))
    assert given is ledger.answers["clean.accuracy"] and given["word"] == "found"


def test_a_smaller_run_keeps_its_word_and_says_so(ledger: Ledger) -> None:
    found = ledger.answer(Answer("clean.accuracy", ACCURATE, smaller=("2 epochs instead of 15",)))
    assert (found["word"], found["smaller"]) == ("found", ["2 epochs instead of 15"])


@pytest.mark.parametrize(
    ("paper", "sound", "word"),
    [
        (GAINS, GAINS, "confirmed"),
        (LOSES, GAINS, "true, not as shown"),
        (GAINS, LOSES, "does not stand"),
        (LOSES, LOSES, "refuted"),
        (GAINS, OPEN, "found, unsettled"),
        (OPEN, None, "cannot tell"),
        (None, GAINS, "not run"),
    ],
)
def test_a_statement_has_one_word_for_both_findings(paper, sound, word, ledger: Ledger) -> None:
    assert ledger.answer(Answer("removal.helps", paper, sound, why="So it is."))["word"] == word


def test_the_sound_form_may_have_a_smallest_effect_of_its_own(ledger: Ledger) -> None:
    auc = by(0.9, 0.88, 0.92)
    found = ledger.answer(Answer("detector.separates", auc, auc, why="AUC 0.9 is enough where the attack knows it."))
    assert (found["paper"]["word"], found["sound"]["word"], found["word"]) == ("fails", "holds", "true, not as shown")


def test_what_cannot_be_told_says_how_many_networks_would_decide(ledger: Ledger) -> None:
    few = over_networks([0.02, 0.05, 0.11])
    found = ledger.answer(Answer("removal.helps", Finding(few, "FGSM"), why="Three networks."))["paper"]
    assert found["word"] == "cannot tell" and found["networks_needed"] == few.networks_to_decide(0.02) > 3
    assert found["effect_excluded"] is True and found["p"] == pytest.approx(few.p_above(0.02))


def test_a_theorem_answers_a_statement(ledger: Ledger) -> None:
    proof = {"theorem": "Without clipping the step is proportional to eps.", "why": "It cannot depend on eps."}
    found = ledger.answer(Answer("removal.helps", Finding(exact(0), "proved"), **proof))
    assert (found["word"], found["theorem"]) == ("refuted", proof["theorem"])


def test_a_theorem_s_value_is_exact(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match=r"answered by a theorem: its value is exact\(\)"):
        ledger.answer(Answer("removal.helps", GAINS, theorem="QED", why="So it is."))


def test_a_number_has_no_sound_form_and_a_statement_no_ladder(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="it has a ladder, and no sound form"):
        ledger.answer(Answer("clean.accuracy", ACCURATE, sound=ACCURATE))
    with pytest.raises(ValueError, match="only a number has a ladder"):
        ledger.answer(Answer("removal.helps", GAINS, GAINS, ladder=(("PGD", measured(0.1)),)))


@pytest.mark.parametrize(
    "answer",
    [
        Answer("clean.accuracy", by(0.5, 0.4, 0.6)),
        Answer("removal.helps", GAINS, OPEN),
        Answer("csg.mnist", by(0.5)),
        not_run("removal.helps", ""),
    ],
)
def test_what_is_not_plainly_good_needs_a_reason(answer: Answer, ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="needs a `why`"):
        ledger.answer(answer)
    assert ledger.answers == {}


def test_a_reason_is_one_short_sentence(ledger: Ledger) -> None:
    assert ledger.answer(not_run("csg.mnist", "word " * 25))
    with pytest.raises(ValueError, match="`why` has 26 words, and 25 at most"):
        ledger.answer(not_run("clean.accuracy", "word " * 26))


def test_a_mean_that_is_no_number_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="measured was nan"):
        ledger.answer(Answer("clean.accuracy", by(float("nan")), why="It is."))


@pytest.mark.parametrize("answer", [Answer("clean.acuracy", ACCURATE), not_run("clean.acuracy", "2")])
def test_an_unknown_id_is_refused(answer: Answer, ledger: Ledger) -> None:
    with pytest.raises(ValueError, match=r"mitigation has no claim 'clean\.acuracy'"):
        ledger.answer(answer)


@pytest.mark.parametrize("answer", [Answer("clean.accuracy", by(0.5), why="0.5"), not_run("clean.accuracy", "2")])
def test_a_second_answer_is_refused(answer: Answer, answered: Ledger) -> None:
    first = copy.deepcopy(answered.answers)
    with pytest.raises(ValueError, match="answered already"):
        answered.answer(answer)
    assert answered.answers == first


def test_a_claim_without_an_answer_stops_the_chapter(ledger: Ledger, tmp_path: Path) -> None:
    ledger.answer(Answer("clean.accuracy", ACCURATE))
    with pytest.raises(ValueError, match=r"without an answer: attacked\.accuracy, attacked\.loss, csg\.mnist"):
        ledger.finish()
    assert not (tmp_path / "out").exists()


# Claims that are found together.


def answer_all(ledger: Ledger, accuracy: Answer, loss: Answer) -> None:
    ledger.answer(Answer("clean.accuracy", ACCURATE))
    ledger.answer(accuracy)
    ledger.answer(loss)
    for id in ("detector.separates", "removal.helps", "csg.mnist"):
        ledger.answer(not_run(id, "it takes 3 hours"))


ACCURACY = Answer("attacked.accuracy", by(0.1, 0.08, 0.12), experiment="FGSM", why="As printed.")
LOSS = Answer("attacked.loss", by(2.3, 2.2, 2.4), experiment="FGSM", why="As printed.")


@pytest.mark.parametrize(
    ("loss", "word"),
    [
        (LOSS, "found"),
        (replace(LOSS, paper=by(2.38, 2.35, 2.41)), "near"),
        (replace(LOSS, paper=by(9.0, 8.0, 10.0)), "not found"),
    ],
)
def test_they_are_found_only_as_far_as_the_least_found(loss: Answer, word: str, ledger: Ledger) -> None:
    answer_all(ledger, ACCURACY, loss)
    ledger.finish()
    together = [ledger.answers[id] for id in ("attacked.accuracy", "attacked.loss")]
    assert [one["word"] for one in together] == [word, word]
    assert [one["alone"] for one in together] == ["found", word]
    assert ledger.answers["clean.accuracy"]["word"] == "found"


@pytest.mark.parametrize(
    "loss",
    [replace(LOSS, experiment="PGD"), replace(LOSS, experiment=""), not_run("attacked.loss", "n_images=0")],
)
def test_they_come_from_one_experiment(loss: Answer, ledger: Ledger) -> None:
    answer_all(ledger, ACCURACY, loss)
    with pytest.raises(ValueError, match=r"attacked\.accuracy, attacked\.loss must come from one experiment"):
        ledger.finish()


def test_an_experiment_has_a_name(ledger: Ledger) -> None:
    answer_all(ledger, replace(ACCURACY, experiment=""), replace(LOSS, experiment=""))
    with pytest.raises(ValueError, match="must come from one experiment"):
        ledger.finish()


def test_they_may_all_be_left_out(ledger: Ledger) -> None:
    answer_all(ledger, not_run("attacked.accuracy", "n_images=0"), not_run("attacked.loss", "n_images=0"))
    assert ledger.finish().exists()


def test_a_difference_of_real_hits_can_be_answered(ledger: Ledger) -> None:
    gain = difference([[True] * 40 + [False] * 60] * 3, [[False] * 100] * 3)
    found = ledger.answer(Answer("removal.helps", Finding(gain, "FGSM"), Finding(gain, "PGD"), why="It gains."))
    assert found["word"] == "confirmed" and found["paper"]["measured"]["low"] > 0.02


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_metric_that_is_no_number_is_refused_by_its_name(ledger: Ledger, value: float) -> None:
    with pytest.raises(ValueError, match="fgsm_loss"):
        ledger.metric("fgsm_loss", value)
