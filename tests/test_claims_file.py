"""A file of claims that says what none may say is refused, with the claim, the key and what is allowed."""

import re
from pathlib import Path

import pytest

from lib import book
from lib.ledger import claims_file
from lib.ledger.answers import Answer
from lib.ledger.claims import paper
from lib.ledger.claims_file import ClaimsError
from lib.ledger.ledger import Ledger
from lib.run import __main__ as command
from lib.run import status
from lib.run.run import Run
from lib.show.cards import answered

CLAIMS = """\
title: On the brightness of digits
idea: Something that can be tried.
setting: no network, digits
scale: {dataset: mnist}
claims:
  - {id: mean.brightness, says: The mean brightness is 0.13.,
     kind: number, about: setup, value: 0.13, tolerance: 0.02, where: Table 1}
  - {id: ones.are_darker, says: Ones are darker than other digits.,
     kind: statement, about: mechanism, where: section 2, smallest: 0.0,
     paper: "brightness of other digits less that of ones", sound: "the same"}
"""
FILE = "notebooks/claims/brightness.yaml"
NUMBER, STATEMENT = f"{FILE}: mean.brightness", f"{FILE}: ones.are_darker"

MISTAKES = {
    "a word that is none": (
        "about: mechanism",
        "about: mechanisms",
        f"{STATEMENT}: about is 'mechanisms'; it takes one",
    ),
    "a kind that is none": (
        "statement",
        "stmt",
        f"{STATEMENT}: kind is 'stmt'; it takes one of number, statement, cit",
    ),
    "no kind": ("kind: statement, ", "", f"{STATEMENT}: a claim needs kind"),
    "no tolerance": (
        ", tolerance: 0.02",
        "",
        f"{NUMBER}: a number needs tolerance:\n  tolerance: a number above 0: how",
    ),
    "no room": ("tolerance: 0.02", "tolerance: 0", f"{NUMBER}: tolerance is 0; it takes a number above 0: how far"),
    "a rule of words": (
        "smallest: 0.0",
        "smallest: any",
        f"{STATEMENT}: smallest is 'any'; it takes a number from 0 on",
    ),
    "not finite": ("value: 0.13", "value: .inf", f"{NUMBER}: value is inf; it takes a number: the printed figure"),
    "a key mistyped": (
        "smallest",
        "smalest",
        f"{STATEMENT}: a statement has no key smalest; there are:\n  id: letters",
    ),
    "another kind's key": ("tolerance: 0.02", "smallest: 0", f"{NUMBER}: a number has no key smallest; there are:"),
    "no sentence": ("says: Ones are darker than other digits.,", "", f"{STATEMENT}: a statement needs says"),
    "an empty sentence": ("Ones are darker than other digits.", "", f"{STATEMENT}: says is empty; it takes text: the"),
    "no place": (
        ", where: Table 1",
        "",
        f"{NUMBER}: a number needs where:\n  where: text or a number: the place in the",
    ),
    "not soundly": (
        ', sound: "the same"',
        "",
        f"{STATEMENT}: a statement needs sound:\n  sound: text: what is compared",
    ),
    "one id twice": ("ones.are_darker", "mean.brightness", f"{FILE}: mean.brightness is the id of two claims"),
    "an id of two words": ("ones.are_darker", "ones are darker", f"{FILE}: claim 2: id is 'ones are darker'; it takes"),
    "no list": ("where: Table 1", "where: 1, joint: a.loss", f"{NUMBER}: joint is 'a.loss'; it takes a list of texts"),
    "no such number": (
        "where: Table 1",
        "where: 1, joint: [a.loss]",
        f"{NUMBER}: joint has 'a.loss'; other numbers are",
    ),
    "a figure in words": (
        "value: 0.13",
        "value: 1:30",
        f"{NUMBER}: value is 1:30, which YAML takes for 90; write plain",
    ),
    "a key twice": ("where: Table 1", "where: 1, where: 2", f"{FILE} cannot be read: where is given twice"),
    "no scale": ("{dataset: mnist}", "mnist", f"{FILE}: scale is 'mnist'; it takes {{name: value}}, values a"),
    "no idea": (
        "idea: Something that can be tried.\n",
        "",
        f"{FILE}: a paper needs idea:\n  idea: text: what it proposes",
    ),
    "no YAML": ("idea: Some", "idea: Some: ", f'in "{FILE}", line 2, column 11'),
    "no day": ("Table 1", "2026-13-45", f"{FILE} cannot be read: month must be in 1..12"),
}


@pytest.mark.parametrize(("right", "wrong", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_the_claim_the_key_and_what_is_allowed(right: str, wrong: str, said: str) -> None:
    assert right in CLAIMS and claims_file.read("brightness", CLAIMS)
    with pytest.raises(ClaimsError) as refused:
        claims_file.read("brightness", CLAIMS.replace(right, wrong, 1))
    assert said in str(refused.value) and FILE in str(refused.value) and "<unicode" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "claims: []", "- title", "title: x\nclaims: [one]"])
def test_a_file_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ClaimsError, match=re.escape(FILE)):
        claims_file.read("brightness", text)


def test_a_place_that_is_a_number_is_told_as_it_is_written(notebooks: Path) -> None:
    path = notebooks / "claims" / "brightness.yaml"
    path.write_text(CLAIMS.replace("where: Table 1", "where: 3.10, also: 7"))
    found = paper("brightness").claims["mean.brightness"]
    assert (found.where, found.also) == ("3.10", "7")


def test_a_claim_belongs_to_one_group() -> None:
    rule = "kind: number, about: setup, says: It is 1., value: 1, tolerance: 1, where: 1"
    other = f"  - {{id: a, {rule}, joint: [mean.brightness]}}\n"
    text = CLAIMS.replace("where: Table 1", "where: 1, joint: [a]") + other
    with pytest.raises(ClaimsError, match="is in two groups"):
        claims_file.read("brightness", text)


@pytest.mark.parametrize("arguments", [["status"], ["execute", "mitigation"], ["fill", "mitigation", "--list"]])
def test_a_command_says_it_in_a_sentence(
    notebooks: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    path = notebooks / "claims" / "mitigation.yaml"
    path.write_text(path.read_text().replace("tolerance: 0.05", "tolerence: 0.05", 1))
    monkeypatch.setattr(status, "lines", lambda: [paper("mitigation").title])
    monkeypatch.setattr(Run, "of", lambda *_: None)  # there is nothing else to be refused
    assert command.main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: notebooks/claims/mitigation.yaml: clean.accuracy: a number has no key tolerence;")
    assert "\n  tolerance: a number above 0: how far from the printed figure" in said and "Traceback" not in said


def test_a_run_that_ends_with_the_scoreboard_reads_the_claims_of_all_papers_first(
    notebooks: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (notebooks / "claims" / "mitigation.yaml").write_bytes(b"title: \xff")
    monkeypatch.setattr(Run, "of", lambda *_: None)
    assert command.main(["reproduce", "common_ground"]) == 1
    assert "error: notebooks/claims/mitigation.yaml cannot be read: 'utf-8'" in capsys.readouterr().err


def test_an_answer_to_no_claim_is_told_which_there_are(ledger: Ledger) -> None:
    there = "mitigation has no claim 'clean.acuracy'; there are: clean.accuracy, attacked.accuracy, attacked.loss"
    with pytest.raises(ClaimsError, match=re.escape(there)):
        answered(ledger, Answer("clean.acuracy", None, why="Not run."))
    with pytest.raises(ClaimsError, match=re.escape(there)):
        paper("mitigation").claims["clean.acuracy"]
    ledger.paper = None
    with pytest.raises(ValueError, match=r"there is no notebooks/claims/mitigation\.yaml"):
        answered(ledger, Answer("clean.accuracy", None, why="Not run."))


def test_the_head_of_a_file_tells_of_every_key() -> None:
    """CONTRIBUTING points there; an id, a value and a tolerance it tells with the kinds."""
    head = book.claims_file("mitigation").read_text().partition("\ntitle:")[0]
    assert {name for name in claims_file.OF_A_CLAIM if not re.search(rf"\b{name}\b", head)} <= {"id", "value"}
