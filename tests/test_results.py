"""Results: written beside the run, of a form that a schema holds, and stale where what they depend on has changed."""

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from projects import ATTACK, CLAIMS, TWO_PARAMETERS, Judged, Unjudged
from tiny import LABELS, Draw

from lib import book, compute
from lib.data import Dataset
from lib.evidence.cells import records
from lib.ledger.ledger import Ledger
from lib.ledger.results import answers, changed_since, digests, read_results
from lib.parameters import ParameterError

WITHOUT_ORIGIN = [
    json.dumps({"notebook": "", "profile": "", "claims": [], "provenance": one}).encode() for one in ([], {"digest": 3})
]
"""Results that have all that results have, but do not say where they come from."""
SCHEMA = json.loads((compute.ROOT / "lib" / "ledger" / "results.schema.json").read_text())


def test_results_are_written_beside_the_run_and_read_back(answered: Ledger, tmp_path: Path) -> None:
    path = answered.finish()
    assert path == tmp_path / "out" / "mitigation.json"
    assert list(path.parent.iterdir()) == [path]
    results = read_results(path.parent, "mitigation")
    assert [one["id"] for one in results["claims"]] == list(answered.paper.claims)
    assert results["parameters"] == {"seed": 3, "eps": 0.2}
    assert results["profile"] == "quick+eps=0.2"
    assert results["metrics"] == {"accuracy": 1.0}
    assert read_results(path.parent, "unlearning") is None


@pytest.mark.parametrize("name", book.chapters())
def test_a_page_depends_on_the_words_of_its_cards_and_on_how_its_tables_look(name: str) -> None:
    found = digests(name, {}, None)["lib"]
    assert "lib/show/tables.py: show" in found
    assert name not in book.papers() or "lib/show/meaning.py: meaning" in found


def test_results_say_which_cells_they_rest_on(found: dict, all_digits: Dataset) -> None:
    cells = [LABELS(Draw(3)), LABELS(Draw(4))]
    evidence = found["provenance"]["evidence"]
    assert evidence["cells"] == {cell.name: {"digest": cell.digest, "contents": cell.contents} for cell in cells}
    assert evidence["devices"] == [cells[0].made.device]
    assert evidence["measured"] == [cells[0].made.finished, cells[1].made.finished]
    assert list(found["seconds"]) == ["labels"]
    assert found["seconds"]["labels"] == pytest.approx(sum(cell.made.seconds for cell in cells), abs=1e-3)
    assert found["provenance"]["data"] == all_digits.origin
    assert found["provenance"]["digest"]["data"] == all_digits.digest


def test_only_cells_that_are_kept_are_named(answered: Ledger) -> None:
    other = LABELS(Draw(4))
    other.path.unlink()
    named = json.loads(answered.finish().read_text())["provenance"]["evidence"]["cells"]
    assert list(named) == [LABELS(Draw(3)).name] and not other.is_kept


def test_finishing_twice_adds_nothing(answered: Ledger) -> None:
    first, second = (json.loads(answered.finish().read_text()) for _ in range(2))
    for one in (first, second):
        for what in ("finished", "peak_memory_bytes"):
            del one["provenance"][what]
    assert first == second


def test_a_notebook_of_no_paper_has_no_claims(notebooks: Path) -> None:
    experiment = Unjudged(3, 0.2)
    records(experiment.cells())
    results = json.loads(Ledger(experiment).finish().read_text())
    assert results["claims"] == []
    jsonschema.validate(results, SCHEMA)


def test_results_that_cannot_be_written_leave_the_old_ones(answered: Ledger) -> None:
    path = answered.finish()
    old = path.read_text()
    answered.metrics["fgsm_loss"] = float("nan")
    with pytest.raises(ValueError):
        answered.finish()
    assert path.read_text() == old
    assert list(path.parent.iterdir()) == [path]


def test_results_that_are_damaged_count_as_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tiny.json"
    path.write_text("")
    assert read_results(tmp_path, "tiny") is None and str(path) in capsys.readouterr().err


# Their form.


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_results_have_the_form_of_the_schema(found):
    jsonschema.Draft202012Validator(SCHEMA).validate(found)


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
    "a key too many in an answer": lambda results: first(results).update(verdict="holds"),
    "an unknown word": lambda results: first(results).update(word="plausible"),
    "a statement's word on a number": lambda results: first(results).update(word="confirmed"),
    "a number's word on a statement": lambda results: results["claims"][4].update(word="found"),
    "a word on nothing": lambda results: first(results).update(paper=None),
    "no number where one is claimed": lambda results: first(results)["claimed"].update(value=None),
    "no smallest effect": lambda results: results["claims"][4]["claimed"].update(smallest=None),
    "half an interval": lambda results: first(results)["paper"]["measured"].update(low=None),
    "half a prediction": lambda results: first(results)["paper"]["measured"]["predicted"].pop(),
    "a sound form of a number": lambda results: first(results).update(sound=first(results)["paper"]),
    "a ladder of a statement": lambda results: results["claims"][4].update(ladder=results["claims"][1]["ladder"]),
    "a measurement with nothing": lambda results: first(results)["paper"].update(by=""),
    "no reason": lambda results: results["claims"][4].update(why=""),
    "a measurement that was not run": lambda results: results["claims"][5].update(paper=first(results)["paper"]),
    "a parameter that is a list": lambda results: results["parameters"].update(eps=[0.1, 0.2]),
    "a metric in words": lambda results: results["metrics"].update(accuracy="high"),
    "a nameless section": lambda results: results["seconds"].update({"": 0.1}),
    "a shortened digest": lambda results: results["provenance"]["digest"].update(data="dddd"),
    "a foreign module": lambda results: results["provenance"]["digest"]["lib"].update({"torch: nn": "d" * 64}),
    "a cell without a digest": lambda results: results["provenance"]["evidence"]["cells"].update(cell="yes"),
    "half a span of time": lambda results: results["provenance"]["evidence"]["measured"].pop(),
    "no data": lambda results: results["provenance"]["digest"].update(data=None),
    "a commit in words": lambda results: results["provenance"].update(commit="yesterday"),
    "a local time": lambda results: results["provenance"].update(started="2026-01-01T10:00:00+02:00"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_the_schema_refuses(name, found):
    BREAKS[name](found)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(found)


# Staleness.


def changes(results: dict, eps: float = 0.2, data: str | None = None) -> list[str]:
    """What has changed since; of the data nothing, where no digest is given."""
    return changed_since(results, {"seed": 3, "eps": eps}, data or results["provenance"]["digest"]["data"])


def test_nothing_has_changed_right_after_a_run(found: dict) -> None:
    assert changes(found) == []


def test_changed_since_names_what_changed(found: dict, notebooks: Path, write_notebook) -> None:
    assert changes(found, eps=0.3) == ["the parameters"]
    assert changes(found, data="e" * 64) == ["the data"]
    write_notebook(notebooks / "mitigation.ipynb", TWO_PARAMETERS, ATTACK.replace("FGSM(eps)", "FGSM(2 * eps)"))
    assert changes(found, eps=0.3) == ["the notebook's code", "the parameters"]


def test_a_comment_in_the_notebook_changes_nothing(found: dict, notebooks: Path, write_notebook) -> None:
    write_notebook(notebooks / "mitigation.ipynb", TWO_PARAMETERS, ATTACK.replace("one step", "a single step"))
    assert changes(found) == []


def test_what_is_changed_while_a_notebook_runs_makes_its_results_stale(
    answered: Ledger, notebooks: Path, write_notebook
) -> None:
    write_notebook(notebooks / "mitigation.ipynb", TWO_PARAMETERS, ATTACK.replace("FGSM(eps)", "FGSM(2 * eps)"))
    assert changes(json.loads(answered.finish().read_text())) == ["the notebook's code"]


def test_the_file_in_which_something_that_the_notebook_reaches_was_another_is_named(found: dict) -> None:
    reached = found["provenance"]["digest"]["lib"]
    assert "lib/attack/gradient.py: FGSM" in reached and "lib/attack/__init__.py" not in "".join(reached)
    reached["lib/attack/gradient.py: FGSM"] = "0" * 64
    assert changes(found) == ["lib/attack/gradient.py"]


def test_where_a_definition_stood_then_is_no_matter(found: dict) -> None:
    reached = found["provenance"]["digest"]["lib"]
    found["provenance"]["digest"]["lib"] = {
        f"lib/older.py: {number}": one for number, one in enumerate(reached.values())
    }
    assert changes(found) == []


def test_another_tolerance_makes_a_run_stale_and_a_comment_does_not(found: dict, notebooks: Path) -> None:
    facts = notebooks / "claims" / "mitigation.yaml"
    facts.write_text("# where it stands in the paper\n" + facts.read_text())
    assert changes(found) == []
    facts.write_text(facts.read_text().replace("tolerance: 0.05", "tolerance: 0.04"))
    assert changes(found) == ["the claims"]


def test_another_paper_leaves_the_runs_of_the_others_as_they_were(found: dict, notebooks: Path) -> None:
    (notebooks / "claims" / "unlearning.yaml").write_text(CLAIMS)
    assert book.papers() == ["mitigation", "unlearning"]
    assert changes(found) == []


def test_data_that_are_not_at_hand_say_nothing(found: dict) -> None:
    assert changed_since(found, {"seed": 3, "eps": 0.2}, None) == []


def test_a_whole_number_for_a_decimal_one_asks_for_the_same_cells_and_counts_as_the_runner_would_count_it(
    notebooks: Path,
) -> None:
    experiment = Judged.of({"seed": 3, "eps": 1, "more": object()})
    assert experiment == Judged(3, 1.0) and type(experiment.eps) is float
    (notebooks / "claims" / "mitigation.yaml").unlink()
    found = json.loads(Ledger(Judged(3, 1)).finish().read_text())
    assert changes(found, eps=1.0) == [] and found["parameters"] == {"seed": 3, "eps": 1.0}


@pytest.mark.parametrize(("seed", "eps", "said"), [(3, 1.5, "eps is 1.5, out of"), (0.5, 1.0, "seed is 0.5")])
def test_a_notebook_does_not_begin_with_values_that_are_not_allowed(notebooks, seed, eps, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        Ledger(Judged(seed, eps))


def test_nor_with_values_that_do_not_go_together(notebooks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Judged, "refused", lambda self: "seed=3 is one too many")
    with pytest.raises(ParameterError, match="seed=3 is one too many"):
        Ledger(Judged(3, 0.2))


def test_answers_are_found_by_claim(found: dict) -> None:
    assert list(answers(found)) == [one["id"] for one in found["claims"]]


def test_results_that_do_not_say_what_they_depend_on_count_as_not_run(
    answered: Ledger, capsys: pytest.CaptureFixture
) -> None:
    path = answered.finish()
    found = json.loads(path.read_text())
    digest = found["provenance"]["digest"]
    digest["modules"] = digest.pop("lib")
    path.write_text(json.dumps(found))
    assert read_results(path.parent, "mitigation") is None
    assert "counts as not run" in capsys.readouterr().err


@pytest.mark.parametrize("bytes_", [b"\xff", b"{}", b"[]", b"", b'{"notebook"', b"null", *WITHOUT_ORIGIN])
@pytest.mark.survives(
    "disk",
    "The results of a run are no text, no JSON, or have not what results have.",
    "The file is named, and the chapter counts as not run.",
)
def test_results_that_are_none_are_named_and_count_as_not_run(
    tmp_path: Path, bytes_: bytes, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "mitigation.json"
    assert read_results(tmp_path, "mitigation") is None and capsys.readouterr().err == ""
    path.write_bytes(bytes_)
    assert read_results(tmp_path, "mitigation") is None
    assert bytes_ == b"null" or f"{path} is damaged" in capsys.readouterr().err
