"""The words that answer a claim, on made-up measurements: each word of every kind, and what lies on an edge."""

import itertools
from dataclasses import replace

import pytest
from projects import by, measured

from lib.ledger import words
from lib.ledger.answers import Finding
from lib.ledger.claims import Claim
from lib.measure.intervals import Measured, exact, over_networks, rate, share

NUMBER = Claim("mitigation", "clean.accuracy", "number", "setup", "IV", value=0.9, printed="0.90", tolerance=0.05)
GAIN = Claim("mitigation", "gains", "statement", "defence", "IV", smallest=0.02, effect=0.887)


# Numbers.


@pytest.mark.parametrize(
    ("mean", "predicted", "word"),
    [
        (0.91, (0.88, 0.94), "found"),
        (0.84, (0.75, 0.93), "near"),  # off by more than the tolerance, and one more network could give it
        (0.94, (0.93, 0.95), "near"),  # within the tolerance, and no network of ours would give it
        (0.70, (0.65, 0.75), "not found"),
        (0.95, (0.90, 1.00), "found"),  # on the tolerance
        (0.85, (0.80, 0.90), "found"),
        (0.9500001, (0.90, 1.00), "near"),
        (0.91, (0.905, 0.915), "found"),  # the end is half a unit of the last printed digit away
        (0.91, (0.9051, 0.9149), "near"),
        (0.90, (0.20, 1.00), "found"),
    ],
)
def test_a_number(mean: float, predicted: tuple[float, float], word: str) -> None:
    assert words.number(NUMBER, measured(mean, *predicted)) == word


@pytest.mark.parametrize(("mean", "word"), [(0.95, "found"), (0.951, "not found")])
def test_with_one_network_a_number_is_judged_by_the_tolerance_alone(mean: float, word: str) -> None:
    one = share(round(mean * 1000), 1000)
    assert one.predicted is None and words.number(NUMBER, one) == word


def test_two_networks_far_apart_around_the_number_could_have_printed_it() -> None:
    assert words.number(NUMBER, over_networks([0.86, 0.94])) == "found"
    assert words.number(NUMBER, over_networks([0.70, 0.80])) == "near"
    assert words.number(NUMBER, over_networks([0.899, 0.901, 0.9, 0.9, 0.9])) == "found"


def test_networks_without_any_spread_predict_nothing_and_the_tolerance_decides() -> None:
    assert over_networks([0.92, 0.92, 0.92]).predicted is None
    assert words.number(NUMBER, over_networks([0.9, 0.9, 0.9])) == "found"
    assert words.number(NUMBER, over_networks([0.92, 0.92, 0.92])) == "found"
    assert words.number(NUMBER, over_networks([0.5, 0.5, 0.5])) == "not found"


@pytest.mark.parametrize(
    ("printed", "half"), [("0.9970", 0.00005), ("0.99", 0.005), ("1.00", 0.005), ("15.7830", 5e-5), ("3", 0.5)]
)
def test_half_a_unit_of_the_last_printed_digit(printed: str, half: float) -> None:
    assert replace(NUMBER, printed=printed).half_step == pytest.approx(half)


@pytest.mark.parametrize(("mean", "word"), [(0.95, "found there and here"), (0.96, "not found here")])
def test_a_citation_is_judged_by_the_tolerance_on_the_mean(mean: float, word: str) -> None:
    assert words.citation(NUMBER, measured(mean, 0.1, 1.0)) == word


# Findings of a statement.


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (by(0.10, 0.05, 0.15), "holds"),
        (by(0.01, -0.01, 0.019), "fails"),
        (by(-0.10, -0.15, -0.05), "fails"),
        (by(0.10, -0.05, 0.25), "cannot tell"),
        (by(0.05, 0.02, 0.08), "cannot tell"),  # the interval touches the smallest effect, from above
        (by(0.00, -0.02, 0.02), "cannot tell"),  # and from below
        (by(0.5), "cannot tell"),
        (by(-0.5), "cannot tell"),
        (Finding(over_networks([0.1, 0.1, 0.1]), "no spread, and so no interval"), "cannot tell"),
        (Finding(over_networks([0.0, 0.0, 0.0]), "no spread, and so no interval"), "cannot tell"),
        (Finding(rate([[True] * 500] * 3), "all right"), "holds"),
        (Finding(rate([[False] * 500] * 3), "all wrong"), "fails"),
        (Finding(rate([[False] * 100] * 3), "all wrong, of a hundred"), "cannot tell"),
        (Finding(exact(4), "counted"), "holds"),
        (Finding(exact(0.02), "counted"), "holds"),
        (Finding(exact(0.01), "counted"), "fails"),
    ],
)
def test_a_finding(found: Finding, word: str) -> None:
    assert words.finding(0.02, found) == word


def test_an_exact_value_of_nothing_is_no_effect() -> None:
    assert words.finding(0.0, Finding(exact(0), "proved")) == "fails"


@pytest.mark.parametrize(
    ("over_control", "word"),
    [
        (measured(0.05, 0.01, 0.09), "holds"),
        (measured(0.05, 0.0, 0.10), "empty"),
        (measured(0.01, -0.03, 0.05), "empty"),
        (measured(-0.05, -0.09, -0.01), "empty"),
        (measured(0.05), "empty"),
    ],
)
def test_what_holds_is_empty_where_the_control_does_as_well(over_control: Measured, word: str) -> None:
    assert words.finding(0.02, replace(by(0.10, 0.05, 0.15), over_control=over_control)) == word


@pytest.mark.parametrize("found", [by(0.10, -0.05, 0.25), by(-0.10, -0.15, -0.05)])
def test_empty_replaces_nothing_but_holds(found: Finding) -> None:
    worse = replace(found, over_control=measured(-0.05, -0.09, -0.01))
    assert words.finding(0.02, worse) == words.finding(0.02, found) != "empty"


# Both findings.

FINDINGS = ("holds", "fails", "cannot tell", "empty", None)
TABLE = {  # soundly, then the paper's way
    ("holds", "holds"): "confirmed",
    ("holds", "fails"): "true, not as shown",
    ("holds", "cannot tell"): "true, not as shown",
    ("holds", "empty"): "empty",
    ("fails", "holds"): "does not stand",
    ("fails", "cannot tell"): "does not stand",
    ("fails", "empty"): "does not stand",
    ("fails", "fails"): "refuted",
    ("empty", "holds"): "empty",
    ("empty", "cannot tell"): "empty",
    ("empty", "empty"): "empty",
    ("empty", "fails"): "refuted",
    ("cannot tell", "holds"): "found, unsettled",
    ("cannot tell", "fails"): "cannot tell",
    ("cannot tell", "cannot tell"): "cannot tell",
    ("cannot tell", "empty"): "empty",
    (None, "holds"): "found, unsettled",
    (None, "fails"): "cannot tell",
    (None, "cannot tell"): "cannot tell",
    (None, "empty"): "empty",
}


@pytest.mark.parametrize(("sound", "paper"), itertools.product(FINDINGS, FINDINGS))
def test_two_findings_make_one_word(sound: str | None, paper: str | None) -> None:
    assert words.statement(paper, sound) == ("not run" if paper is None else TABLE[sound, paper])


def test_every_word_of_a_statement_can_come_about() -> None:
    assert {*TABLE.values(), "not run"} == set(words.STATEMENTS)


@pytest.mark.parametrize(
    ("found", "excluded"),
    [(measured(0.0, -0.01, 0.03), True), (measured(0.8, 0.7, 0.9), False), (measured(0.0), None)],
)
def test_whether_an_effect_of_the_paper_s_size_is_excluded(found: Measured, excluded: bool | None) -> None:
    assert words.effect_excluded(GAIN, found) is excluded
    assert words.effect_excluded(replace(GAIN, effect=None), found) is None
