"""Verdicts from made-up measurements, and the ledger that holds a chapter to answering every claim once."""

import copy
import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from lib import book
from lib.measure.intervals import Measured, over_seeds
from lib.ledger import ledger as ledger_module
from lib.ledger.claims import Claim, paper
from lib.ledger.ledger import Ledger
from lib.ledger.results import FIRST_EDITION, changed_since, digests, edition, read_results
from lib.ledger.verdicts import judge

SCHEMA = json.loads((Path(ledger_module.__file__).parent / "results.schema.json").read_text())


def measured(mean: float, low: float | None = None, high: float | None = None) -> Measured:
    return Measured(mean, low, high, 1 if low is None else 5, "seeds", (mean,))


# Verdicts.


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (measured(0.90, 0.88, 0.92), "reproduced"),
        (measured(0.86, 0.855, 0.865), "reproduced"),
        (measured(0.70, 0.65, 0.75), "not reproduced"),
        (measured(0.99, 0.97, 1.00), "not reproduced"),
        (measured(0.84, 0.80, 0.88), "undecided"),
        # Noise around the very number that the paper prints is no reproduction.
        (measured(0.90, 0.60, 1.20), "undecided"),
        (measured(0.90), "undecided"),
        (measured(0.10), "undecided"),
        (measured(float("nan"), float("nan"), float("nan")), "undecided"),
    ],
)
def test_a_number(found, verdict):
    claim = Claim("mitigation", "clean.accuracy", "number", "IV", value=0.9, tolerance=0.05)
    assert judge(claim, found) == verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (measured(0.10, 0.05, 0.15), "holds"),
        (measured(0.10, -0.05, 0.25), "undecided"),
        (measured(-0.10, -0.25, 0.05), "undecided"),
        (measured(-0.10, -0.15, -0.05), "does not hold"),
        (measured(0.0, 0.0, 0.0), "does not hold"),
        (measured(0.5), "undecided"),
        (measured(-0.5), "undecided"),
    ],
)
def test_a_direction(found, verdict):
    assert judge(Claim("mitigation", "falls", "direction", "IV", compare="before less after"), found) == verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (measured(0.15, 0.05, 0.25), "holds"),
        # Certain, and too small to matter.
        (measured(0.05, 0.03, 0.07), "does not hold"),
        # Certainly above zero, but perhaps too small.
        (measured(0.08, 0.04, 0.12), "undecided"),
        (measured(0.20, -0.05, 0.45), "undecided"),
    ],
)
def test_a_direction_with_a_minimum_effect(found, verdict):
    assert judge(Claim("mitigation", "gains", "direction", "IV", compare="a - b", minimum=0.1), found) == verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (measured(0.70, 0.60, 0.80), "holds"),
        (measured(0.70, 0.45, 0.95), "undecided"),
        (measured(0.40, 0.30, 0.49), "does not hold"),
        (measured(0.90), "undecided"),
    ],
)
def test_a_direction_with_a_threshold(found, verdict):
    assert judge(Claim("mitigation", "fools", "direction", "IV", compare="share", above=0.5), found) == verdict


def test_two_seeds_far_apart_reproduce_nothing():
    claim = Claim("mitigation", "clean.accuracy", "number", "IV", value=0.9, tolerance=0.05)
    assert judge(claim, over_seeds([0.86, 0.94])) == "undecided"
    assert judge(claim, over_seeds([0.899, 0.901, 0.9, 0.9, 0.9])) == "reproduced"


# The claims of the four papers.


def test_every_claim_of_the_four_papers_is_there():
    found = {name: paper(name).claims for name in book.papers()}
    assert {path.stem for path in (book.NOTEBOOKS / "claims").glob("*.yaml")} == set(found)
    assert {name: len(ids) for name, ids in found.items()} == {
        "unlearning": 10,
        "adversarial_training": 16,
        "fragile_neurons": 20,
        "mitigation": 8,
    }


@pytest.mark.parametrize(
    "claim", [claim for name in book.papers() for claim in paper(name).claims.values()], ids=lambda claim: claim.address
)
def test_each_claim_can_be_judged(claim):
    assert claim.where
    assert claim.partner is None or claim.partner in paper(claim.paper).claims
    assert claim.address == f"{claim.paper}.{claim.id}"
    if claim.kind == "number":
        assert claim.tolerance > 0 and claim.claimed == claim.value and not claim.compare
    else:
        assert claim.kind == "direction" and claim.claimed == claim.compare != "" and claim.value is None
        assert claim.above >= 0 and claim.minimum >= 0


# The ledger.

CLAIMS = """
title: A paper
setting: one network
claims:
  - {id: clean.accuracy, kind: number, value: 0.9, tolerance: 0.05, where: Table 1}
  - {id: attacked.accuracy, kind: number, value: 0.1, tolerance: 0.05, where: Table 1, with: attacked.loss}
  - {id: attacked.loss, kind: number, value: 2.3, tolerance: 0.1, where: Table 1}
  - {id: detector.separates, kind: direction, compare: AUC, where: V, above: 0.95, sound_above: 0.75}
"""
PARAMETERS = "seed: int = 0  # [0, inf] first seed\neps: float = 0.1  # [0, 1] size"
CODE = "from lib import attack as attacks\nattack = attacks.FGSM(eps)  # one step"
VARIABLES = {"seed": 3, "eps": 0.2, "attack": object()}
ACCURATE = measured(0.9, 0.89, 0.91)


class Data:
    """What a chapter measures on."""

    digest = "d" * 64
    origin = "digits"


@pytest.fixture
def notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_notebook) -> Path:
    """A folder of notebooks in place of the book's: a chapter with four claims, and one of no paper."""
    folder = tmp_path / "notebooks"
    (folder / "claims").mkdir(parents=True)
    (folder / "claims" / "mitigation.yaml").write_text(CLAIMS)
    write_notebook(folder / "mitigation.ipynb", PARAMETERS, CODE)
    write_notebook(folder / "common_ground.ipynb", PARAMETERS, CODE)
    monkeypatch.setattr(book, "NOTEBOOKS", folder)
    monkeypatch.setenv("REPRO_OUT", str(tmp_path / "out"))
    monkeypatch.setenv("REPRO_PROFILE", "quick+eps=0.2")
    return folder


@pytest.fixture
def ledger(notebooks: Path) -> Ledger:
    return Ledger("mitigation", VARIABLES, Data())


@pytest.fixture
def answered(ledger: Ledger) -> Ledger:
    """A ledger with an answer of every sort."""
    ledger.section("training")
    ledger.metric("accuracy", 1)
    ledger.answer("clean.accuracy", ACCURATE, sound=ACCURATE)
    ledger.answer("attacked.accuracy", measured(0.5), why="one seed reads 0.5", experiment="FGSM", fitted=True)
    ledger.answer("attacked.loss", measured(9.0, 8.0, 10.0), why="it is 9", experiment="FGSM", comparable=False)
    ledger.not_run("detector.separates", "it takes 3 hours")
    return ledger


def entry(ledger: Ledger, id: str) -> dict:
    return ledger.answers[id]


def test_an_answer_keeps_claim_measurement_and_verdict(answered):
    assert entry(answered, "clean.accuracy") == {
        "id": "clean.accuracy",
        "kind": "number",
        "claimed": 0.9,
        "measured": {"mean": 0.9, "low": 0.89, "high": 0.91, "n": 5, "over": "seeds", "per_seed": (0.9,)},
        "verdict": "reproduced",
        "fitted": False,
        "stands": "yes",
        "why": "",
    }
    assert entry(answered, "attacked.accuracy")["verdict"] == "undecided"
    assert entry(answered, "attacked.accuracy")["fitted"] is True
    assert entry(answered, "attacked.accuracy")["stands"] is None


def test_what_is_not_comparable_is_shown_and_not_judged(ledger):
    ledger.answer("clean.accuracy", ACCURATE, sound=ACCURATE, comparable=False, why="on 5,000 digits")
    found = entry(ledger, "clean.accuracy")
    assert (found["verdict"], found["stands"], found["measured"]["mean"]) == ("not comparable", None, 0.9)


@pytest.mark.parametrize(
    ("sound", "stands"),
    [(None, None), (ACCURATE, "yes"), (measured(0.5, 0.4, 0.6), "no"), (measured(0.9, 0.8, 1.0), "open")],
)
def test_whether_a_claim_stands_is_judged_by_the_sound_measurement(sound, stands, ledger):
    ledger.answer("clean.accuracy", ACCURATE, sound=sound, why="reads 0.9")
    assert (entry(ledger, "clean.accuracy")["verdict"], entry(ledger, "clean.accuracy")["stands"]) == (
        "reproduced",
        stands,
    )


def test_the_sound_form_may_have_a_threshold_of_its_own(ledger):
    ledger.answer("detector.separates", measured(0.9, 0.88, 0.92), sound=measured(0.9, 0.88, 0.92), why="AUC 0.9")
    found = entry(ledger, "detector.separates")
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
def test_an_answer_that_is_not_plainly_good_needs_a_reason_with_a_number(answer, why, ledger):
    with pytest.raises(ValueError, match="`why` with a number"):
        ledger.answer("clean.accuracy", why=why, **answer)
    assert ledger.answers == {}


def test_what_was_not_run_needs_a_reason_with_a_number(ledger):
    with pytest.raises(ValueError, match="`why` with a number"):
        ledger.not_run("clean.accuracy", "later")


def test_an_unknown_id_is_refused(ledger):
    with pytest.raises(ValueError, match=r"mitigation has no claim 'clean\.acuracy'"):
        ledger.answer("clean.acuracy", ACCURATE, sound=ACCURATE)
    with pytest.raises(ValueError, match=r"mitigation has no claim 'clean\.acuracy'"):
        ledger.not_run("clean.acuracy", "2 typing errors")


def test_a_second_answer_is_refused(answered):
    first = copy.deepcopy(answered.answers)
    with pytest.raises(ValueError, match="answered already"):
        answered.answer("clean.accuracy", ACCURATE, sound=ACCURATE)
    with pytest.raises(ValueError, match="answered already"):
        answered.not_run("clean.accuracy", "2 answers")
    assert answered.answers == first


def test_a_claim_without_an_answer_stops_the_chapter(ledger, tmp_path):
    ledger.answer("clean.accuracy", ACCURATE, sound=ACCURATE)
    with pytest.raises(ValueError, match=r"without an answer: attacked\.accuracy, attacked\.loss, detector\.separates"):
        ledger.finish()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("experiments", [("FGSM", "PGD"), ("FGSM", None), (None, None)])
def test_numbers_printed_together_come_from_one_experiment(experiments, ledger):
    ledger.answer("clean.accuracy", ACCURATE, sound=ACCURATE)
    ledger.answer("attacked.accuracy", measured(0.5), why="0.5", experiment=experiments[0])
    ledger.answer("attacked.loss", measured(9.0), why="9", experiment=experiments[1])
    ledger.not_run("detector.separates", "it takes 3 hours")
    with pytest.raises(ValueError, match=r"attacked\.accuracy and attacked\.loss must come from one experiment"):
        ledger.finish()


def test_numbers_printed_together_may_both_be_left_out(ledger):
    ledger.answer("clean.accuracy", ACCURATE, sound=ACCURATE)
    for id in ("attacked.accuracy", "attacked.loss", "detector.separates"):
        ledger.not_run(id, "it takes 3 hours")
    assert ledger.finish().exists()


# Results.


def test_results_are_written_beside_the_run_and_read_back(answered, tmp_path):
    path = answered.finish()
    assert path == tmp_path / "out" / "mitigation.json"
    assert list(path.parent.iterdir()) == [path]
    results = read_results(path.parent, "mitigation")
    assert [one["id"] for one in results["claims"]] == list(answered.paper.claims)
    assert results["parameters"] == {"seed": 3, "eps": 0.2}
    assert results["profile"] == "quick+eps=0.2"
    assert results["metrics"] == {"accuracy": 1.0}
    assert list(results["seconds"]) == ["setup", "training"]
    assert results["provenance"]["data"] == "digits"
    assert read_results(path.parent, "unlearning") is None


def test_seconds_add_up_where_a_section_is_taken_up_again(ledger, monkeypatch):
    now = iter([10.0, 12.0, 15.0])
    monkeypatch.setattr(ledger_module.time, "perf_counter", lambda: next(now))
    ledger._section_started = 0.0
    for name in ("training", "setup", "attacks"):
        ledger.section(name)
    assert ledger.seconds == {"setup": 13.0, "training": 2.0}


def test_finishing_twice_adds_nothing(answered):
    first = json.loads(answered.finish().read_text())
    second = json.loads(answered.finish().read_text())
    assert first["seconds"] == second["seconds"]


def test_a_notebook_of_no_paper_has_no_claims(notebooks):
    results = json.loads(Ledger("common_ground", VARIABLES, Data()).finish().read_text())
    assert results["claims"] == []
    jsonschema.validate(results, SCHEMA)


def test_results_that_cannot_be_written_leave_the_old_ones(answered, tmp_path):
    path = answered.finish()
    old = path.read_text()
    answered.seconds["attack"] = float("nan")
    with pytest.raises(ValueError):
        answered.finish()
    assert path.read_text() == old
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_metric_that_is_no_number_is_refused_by_its_name(ledger, value):
    with pytest.raises(ValueError, match="fgsm_loss"):
        ledger.metric("fgsm_loss", value)


def test_a_whole_number_for_a_float_counts_as_the_runner_would_count_it(notebooks):
    ledger = Ledger("mitigation", VARIABLES | {"eps": 1}, Data())
    assert ledger.digests == digests("mitigation", {"seed": 3, "eps": 1.0}, Data.digest)


# Their form.


@pytest.fixture
def results(answered: Ledger) -> dict:
    return json.loads(answered.finish().read_text())


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_results_have_the_form_of_the_schema(results):
    jsonschema.Draft202012Validator(SCHEMA).validate(results)


def objects(schema: object) -> list[dict]:
    """Every part of a schema that lists the properties of an object."""
    if isinstance(schema, list):
        return [found for item in schema for found in objects(item)]
    if not isinstance(schema, dict):
        return []
    own = [schema] if schema.get("type") == "object" else []
    return own + [found for item in schema.values() for found in objects(item)]


def test_the_schema_leaves_no_object_open():
    whole = [part for part in objects(SCHEMA) if "properties" in part or "propertyNames" in part]
    assert len(whole) >= 9
    assert all("additionalProperties" in part for part in whole)
    assert all(set(part["required"]) == set(part["properties"]) for part in whole if "properties" in part)


def first(results: dict) -> dict:
    return results["claims"][0]


BREAKS: dict[str, Callable[[dict], object]] = {
    "a key too many": lambda results: results.update(note="by hand"),
    "a key too few": lambda results: results.pop("metrics"),
    "a key too many in an answer": lambda results: first(results).update(experiment="FGSM"),
    "an unknown verdict": lambda results: first(results).update(verdict="confirmed", why="9"),
    "a direction's verdict on a number": lambda results: first(results).update(verdict="holds"),
    "words where a number is claimed": lambda results: first(results).update(claimed="high"),
    "a verdict on nothing": lambda results: first(results).update(measured=None),
    "half an interval": lambda results: first(results)["measured"].update(low=None),
    "no reason": lambda results: first(results).update(stands="no"),
    "a reason without a number": lambda results: first(results).update(stands="open", why="hard to say"),
    "a measurement that was not run": lambda results: results["claims"][3].update(measured=first(results)["measured"]),
    "a parameter that is a list": lambda results: results["parameters"].update(eps=[0.1, 0.2]),
    "a metric in words": lambda results: results["metrics"].update(accuracy="high"),
    "a nameless section": lambda results: results["seconds"].update({"": 0.1}),
    "a shortened digest": lambda results: results["provenance"]["digest"].update(data="dddd"),
    "a foreign module": lambda results: results["provenance"]["digest"]["lib"].update(torch="d" * 64),
    "a commit in words": lambda results: results["provenance"].update(commit="yesterday"),
    "a local time": lambda results: results["provenance"].update(started="2026-01-01T10:00:00+02:00"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_the_schema_refuses(name, results):
    BREAKS[name](results)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(results)


# Staleness.


def changes(results: dict, eps: float = 0.2, data: str | None = Data.digest) -> list[str]:
    return changed_since(results, {"seed": 3, "eps": eps}, data)


def test_nothing_has_changed_right_after_a_run(results):
    assert changes(results) == []


def test_changed_since_names_what_changed(results, notebooks, write_notebook):
    assert changes(results, eps=0.3) == ["the parameters"]
    assert changes(results, data="e" * 64) == ["the data"]
    write_notebook(notebooks / "mitigation.ipynb", PARAMETERS, CODE.replace("FGSM(eps)", "FGSM(2 * eps)"))
    assert changes(results, eps=0.3) == ["the notebook's code", "the parameters"]


def test_a_comment_in_the_notebook_changes_nothing(results, notebooks, write_notebook):
    write_notebook(notebooks / "mitigation.ipynb", PARAMETERS, CODE.replace("one step", "a single step"))
    assert changes(results) == []


def test_a_module_that_the_notebook_reaches_is_named(results):
    assert "lib.attack.gradient" in results["provenance"]["digest"]["lib"]
    results["provenance"]["digest"]["lib"]["lib.attack.gradient"] = "0" * 64
    assert changes(results) == ["lib.attack.gradient"]


def test_another_tolerance_makes_a_run_stale_and_a_comment_does_not(results, notebooks):
    facts = notebooks / "claims" / "mitigation.yaml"
    facts.write_text("# where it stands in the paper\n" + facts.read_text())
    assert changes(results) == []
    facts.write_text(facts.read_text().replace("tolerance: 0.05", "tolerance: 0.04"))
    assert changes(results) == ["the claims"]


def test_another_paper_leaves_the_runs_of_the_others_as_they_were(results, notebooks):
    (notebooks / "claims" / "unlearning.yaml").write_text(CLAIMS)
    assert book.papers() == ["mitigation", "unlearning"]
    assert changes(results) == []


def test_data_that_are_not_at_hand_say_nothing(results):
    assert changes(results, data=None) == []


def test_a_run_of_the_first_edition_is_to_be_measured_again(results):
    assert edition(results) == 2
    digest = results["provenance"]["digest"]
    digest["modules"] = digest.pop("lib")
    assert edition(results) == 1
    assert changes(results) == [FIRST_EDITION]
