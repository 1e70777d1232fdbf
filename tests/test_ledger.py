"""The ledger that holds a chapter to answering every claim once."""

import copy
from pathlib import Path

import pytest
from projects import ACCURATE, measured

from lib.ledger.answers import Answer, not_run
from lib.ledger.ledger import Ledger


def test_an_answer_keeps_claim_measurement_and_verdict(answered: Ledger) -> None:
    assert answered.answers["clean.accuracy"] == {
        "id": "clean.accuracy",
        "kind": "number",
        "claimed": 0.9,
        "measured": {"mean": 0.9, "low": 0.89, "high": 0.91, "n": 5, "over": "seeds", "per_seed": (0.9,)},
        "verdict": "reproduced",
        "fitted": False,
        "stands": "yes",
        "why": "",
    }
    attacked = answered.answers["attacked.accuracy"]
    assert (attacked["verdict"], attacked["fitted"], attacked["stands"]) == ("undecided", True, None)


def test_an_answer_is_given_back_as_it_is_written(ledger: Ledger) -> None:
    given = ledger.answer(Answer("clean.accuracy", ACCURATE, sound=ACCURATE))
    assert given is ledger.answers["clean.accuracy"] and given["verdict"] == "reproduced"


def test_what_is_not_comparable_is_shown_and_not_judged(ledger: Ledger) -> None:
    found = ledger.answer(Answer("clean.accuracy", ACCURATE, "on 5,000 digits", sound=ACCURATE, comparable=False))
    assert (found["verdict"], found["stands"], found["measured"]["mean"]) == ("not comparable", None, 0.9)


@pytest.mark.parametrize(
    ("sound", "stands"),
    [(None, None), (ACCURATE, "yes"), (measured(0.5, 0.4, 0.6), "no"), (measured(0.9, 0.8, 1.0), "open")],
)
def test_whether_a_claim_stands_is_judged_by_the_sound_measurement(sound, stands, ledger: Ledger) -> None:
    found = ledger.answer(Answer("clean.accuracy", ACCURATE, "reads 0.9", sound=sound))
    assert (found["verdict"], found["stands"]) == ("reproduced", stands)


def test_the_sound_form_may_have_a_threshold_of_its_own(ledger: Ledger) -> None:
    separates = measured(0.9, 0.88, 0.92)
    found = ledger.answer(Answer("detector.separates", separates, "AUC 0.9", sound=separates))
    assert (found["verdict"], found["stands"]) == ("does not hold", "yes")


@pytest.mark.parametrize("why", ["", "it did not work out"])
@pytest.mark.parametrize(
    "answer",
    [
        {"measured": measured(0.5, 0.4, 0.6), "sound": ACCURATE},
        {"measured": ACCURATE, "sound": measured(0.5, 0.4, 0.6)},
        {"measured": ACCURATE},
        {"measured": ACCURATE, "sound": ACCURATE, "comparable": False},
    ],
)
def test_an_answer_that_is_not_plainly_good_needs_a_reason_with_a_number(answer, why: str, ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="`why` with a number"):
        ledger.answer(Answer("clean.accuracy", why=why, **answer))
    assert ledger.answers == {}


def test_what_was_not_run_needs_a_reason_with_a_number(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="`why` with a number"):
        ledger.answer(not_run("clean.accuracy", "later"))
    assert ledger.answer(not_run("clean.accuracy", "it takes 3 hours"))["verdict"] == "not run"


@pytest.mark.parametrize("answer", [Answer("clean.acuracy", ACCURATE, sound=ACCURATE), not_run("clean.acuracy", "2")])
def test_an_unknown_id_is_refused(answer: Answer, ledger: Ledger) -> None:
    with pytest.raises(ValueError, match=r"mitigation has no claim 'clean\.acuracy'"):
        ledger.answer(answer)


@pytest.mark.parametrize(
    "answer", [Answer("clean.accuracy", measured(0.5), "0.5"), not_run("clean.accuracy", "2 answers")]
)
def test_a_second_answer_is_refused(answer: Answer, answered: Ledger) -> None:
    first = copy.deepcopy(answered.answers)
    with pytest.raises(ValueError, match="answered already"):
        answered.answer(answer)
    assert answered.answers == first


def test_a_claim_without_an_answer_stops_the_chapter(ledger: Ledger, tmp_path: Path) -> None:
    ledger.answer(Answer("clean.accuracy", ACCURATE, sound=ACCURATE))
    with pytest.raises(ValueError, match=r"without an answer: attacked\.accuracy, attacked\.loss, detector\.separates"):
        ledger.finish()
    assert not (tmp_path / "out").exists()


def answer_the_pair(ledger: Ledger, *experiments: str | None) -> None:
    ledger.answer(Answer("clean.accuracy", ACCURATE, sound=ACCURATE))
    ledger.answer(Answer("attacked.accuracy", measured(0.5), "0.5", experiment=experiments[0]))
    ledger.answer(Answer("attacked.loss", measured(9.0), "9", experiment=experiments[1]))
    ledger.answer(not_run("detector.separates", "it takes 3 hours"))


@pytest.mark.parametrize("experiments", [("FGSM", "PGD"), ("FGSM", None), (None, None)])
def test_numbers_printed_together_come_from_one_experiment(experiments, ledger: Ledger) -> None:
    answer_the_pair(ledger, *experiments)
    with pytest.raises(ValueError, match=r"attacked\.accuracy and attacked\.loss must come from one experiment"):
        ledger.finish()


def test_one_experiment_may_give_both(ledger: Ledger) -> None:
    answer_the_pair(ledger, "PGD", "PGD")
    assert ledger.finish().exists()


def test_numbers_printed_together_may_both_be_left_out(ledger: Ledger) -> None:
    ledger.answer(Answer("clean.accuracy", ACCURATE, sound=ACCURATE))
    for id in ("attacked.accuracy", "attacked.loss", "detector.separates"):
        ledger.answer(not_run(id, "it takes 3 hours"))
    assert ledger.finish().exists()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_metric_that_is_no_number_is_refused_by_its_name(ledger: Ledger, value: float) -> None:
    with pytest.raises(ValueError, match="fgsm_loss"):
        ledger.metric("fgsm_loss", value)
