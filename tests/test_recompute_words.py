"""The words of the ledger, worked out by a script that shares no code with the book."""

import copy
import itertools
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import recompute_words
from projects import by, measured

from lib.ledger import entries, words
from lib.ledger.answers import Answer, Finding, not_run
from lib.ledger.claims import paper
from lib.measure.intervals import exact, over_networks, rate

SCRIPT = Path(recompute_words.__file__)
EMPTY = replace(by(0.5, 0.4, 0.6), over_control=measured(0.0, -0.1, 0.1))
FINDINGS = [
    None,
    EMPTY,
    by(0.5, 0.4, 0.6),
    by(-0.5, -0.6, -0.4),
    by(0.0, -0.5, 0.5),
    by(0.5),
    replace(by(0.5, 0.4, 0.6), over_control=measured(0.2, 0.1, 0.3)),
    replace(by(0.5, 0.4, 0.6), over_control=measured(0.2)),
    Finding(exact(1), "counted"),
    Finding(exact(0), "proved"),
    Finding(rate([[True] * 50] * 3), "all right"),
]


def row(claim, answer: Answer) -> dict:
    return {"address": claim.address, "chapter": claim.paper, **entries.entry(claim, answer)}


def test_statements_of_every_sort() -> None:
    claims = [paper("unlearning").claims["removal.helps"], paper("mitigation").claims["boundary.separable"]]
    seen = set()
    for claim, (way, sound) in itertools.product(claims, itertools.product(FINDINGS, FINDINGS)):
        made = row(claim, Answer(claim.id, way, sound, why="So it is."))
        seen.add(made["word"])
        assert recompute_words.alone(made) == made["word"]
    assert seen == set(words.STATEMENTS)


def test_a_theorem() -> None:
    claim = paper("fragile_neurons").claims["targeting.grows_with_eps"]
    made = row(claim, Answer(claim.id, Finding(exact(0), "proved"), theorem="QED", why="It cannot."))
    assert recompute_words.alone(made) == made["word"] == "refuted"


@pytest.mark.parametrize("id", ["clean.accuracy", "retrained.adversarial_accuracy"])
def test_numbers_and_their_edges(id: str) -> None:
    claim = paper("mitigation").claims[id]
    seen = set()
    for off, spread in itertools.product((-3, -1.0001, -1, -0.5, 0, 1, 1.5), (0, 0.001, 0.01, 2)):
        values = [claim.value + claim.tolerance * (off + spread * one) for one in (-1, 0, 1)]
        for found in (over_networks(values), over_networks(values[1:2])):
            made = row(claim, Answer(claim.id, Finding(found, "x"), why="So it is."))
            seen.add(made["word"])
            assert recompute_words.alone(made) == made["word"]
    assert seen == {"found", "near", "not found"}


def test_numbers_that_are_found_together() -> None:
    claims = paper("unlearning").claims
    pair = {"clean.accuracy": by(0.9932, 0.99, 0.995), "clean.loss": by(5.0)}
    answers = {id: entries.entry(claims[id], Answer(id, one, experiment="x", why="So.")) for id, one in pair.items()}
    entries.settle(list(answers.values()))
    rows = [{"address": claims[id].address, "chapter": "unlearning", **one} for id, one in answers.items()]
    assert recompute_words.words({"rows": rows}) == dict.fromkeys(
        ("unlearning.clean.accuracy", "unlearning.clean.loss"), "not found"
    )
    assert recompute_words.differences({"rows": rows}) == []


def test_a_word_that_is_not_what_the_numbers_say_is_named(tmp_path: Path) -> None:
    claim = paper("mitigation").claims["clean.accuracy"]
    right = row(claim, Answer(claim.id, by(0.9894, 0.98, 0.995)))
    wrong, path = copy.deepcopy(right) | {"word": "not found"}, tmp_path / "ledger.json"
    for rows, status in (([right], 0), ([wrong], 1)):
        path.write_text(json.dumps({"rows": rows}))
        ran = subprocess.run([sys.executable, "-I", str(SCRIPT), str(path)], capture_output=True, text=True)
        assert ran.returncode == status, ran.stderr
    assert "mitigation.clean.accuracy: 'not found' there, 'found' here" in ran.stderr


def test_it_shares_no_code_with_the_book() -> None:
    assert "lib" not in {
        line.split()[1] for line in SCRIPT.read_text().splitlines() if line.startswith(("import", "from"))
    }


def test_what_was_not_run() -> None:
    claim = paper("mitigation").claims["clean.accuracy"]
    assert recompute_words.alone(row(claim, not_run(claim.id, "seeds=0"))) == "not run"
