"""A change of code counts as none where cells of before and after it are the same, and only there."""

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from lib import compute
from lib.digest import code, same
from lib.digest.code import Definition
from lib.digest.same import SameError
from lib.evidence import cells, compare, plan
from lib.evidence.cells import Cell, Part
from lib.evidence.compare import NotTheSame, accept, differences
from lib.run import __main__ as command
from lib.run import commands
from lib.run.run import Run
from lib.site import facts

LOW = """
def scaled(x):
    return 2 * x
"""
MEASURED = """
from lib.low import scaled

def measure(setting):
    return scaled(setting.x)

def measure_more(setting):
    return scaled(setting.x) + 1
"""


@dataclass(frozen=True)
class Setting:
    x: float
    by: object = None

    def __str__(self) -> str:
        return f"x {self.x:g}"


@dataclass(frozen=True)
class Found:
    value: float
    many: dict[str, np.ndarray] = field(default_factory=dict)
    seconds: float = 0.0


class Book:
    """A book of one module that measures and one that it uses; what it measures is told, not computed."""

    def __init__(self, root: Path) -> None:
        self.root, self.value, self.seconds = root, 4.0, 0.0
        self.write("lib/__init__.py", "")
        self.write("lib/low.py", LOW)
        self.write("lib/high.py", MEASURED)
        self.parts = [Part("tiny", name, self._measuring(name)) for name in ("measure", "measure_more")]

    def write(self, path: str, source: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(source))
        code.forget()

    def change(self, old: str, new: str, path: str = "lib/low.py") -> None:
        source = (self.root / path).read_text()
        assert old in source
        self.write(path, source.replace(old, new))

    def _measuring(self, name: str):
        def measure(setting: Setting) -> Found:
            self.seconds += 1
            return Found(self.value * setting.x, {"all": np.full(3, self.value)}, self.seconds)

        measure.__module__, measure.__qualname__ = "lib.high", name
        return measure

    def cells(self, *xs: float, with_other: bool = False) -> list[Cell]:
        """Cells as today's code has them."""
        return [part(Setting(x, other if with_other else None)) for part in self.parts for x in xs]

    def measure(self, *xs: float, with_other: bool = False) -> None:
        for cell in self.cells(*xs, with_other=with_other):
            cell.get()

    def record(self, *xs: float, with_other: bool = False) -> None:
        """Measure cells, and put them among the recorded ones."""
        for cell in self.cells(*xs, with_other=with_other):
            cell.get()
            target = cells.RECORDED / "tiny" / cell.path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            cell.path.replace(target)


def other(x: float) -> float:
    """What stands for a function of the book's."""
    return x - 1


other.__module__ = "lib.low"


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    monkeypatch.setattr(compute, "ROOT", tmp_path)
    monkeypatch.setattr(compute, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(cells, "RECORDED", tmp_path / "book" / "recorded" / "evidence")
    monkeypatch.setattr(cells, "FOLDERS", [tmp_path / "runs" / "evidence", cells.RECORDED])
    yield Book(tmp_path)
    code.forget()


def test_cells_of_before_count_where_those_of_after_are_the_same(book: Book) -> None:
    book.record(1, 2)
    book.measure(3)
    before = [cell.digest for cell in book.cells(1, 2, 3)]
    book.change("2 * x", "x + x")
    assert not any(cell.is_kept for cell in book.cells(1, 2, 3))
    book.measure(3)
    change = accept("a sum instead of a product", book.cells(1, 2, 3))
    assert [cell.digest for cell in book.cells(1, 2, 3)] == before
    assert all(cell.is_kept for cell in book.cells(1, 2))
    assert (change.why, change.cells) == ("a sum instead of a product", {"tiny.measure": 1, "tiny.measure_more": 1})
    assert list(change.counts_as) == ["lib/low.py: scaled"], "what merely calls it is none of it"
    assert same.changes() == [change]


def test_where_one_cell_differs_nothing_is_accepted(book: Book) -> None:
    book.record(1)
    book.measure(3)
    book.change("2 * x", "2.5 * x")
    book.value = 5.0
    book.measure(3)
    with pytest.raises(NotTheSame, match=r"2 of 2 cells differ .*\n  tiny: measure, x 3: many.all, value\n  tiny: "):
        accept("it seems the same", book.cells(1, 3))
    assert not same.path().exists()
    assert not book.cells(1)[0].is_kept


def test_a_part_that_was_not_measured_again_is_named(book: Book) -> None:
    book.record(1)
    book.measure(3)
    book.change("2 * x", "x + x")
    book.cells(3)[0].get()
    with pytest.raises(NotTheSame, match=r"of 1 parts no cell was measured both .*: tiny.measure_more\n"):
        accept("a sum", book.cells(1, 3))
    assert not same.path().exists()


def test_each_change_has_to_be_seen_by_each_part(book: Book) -> None:
    """A part is measured with one of two attacks, say, and both were changed: cells of both are needed."""
    book.write("lib/low.py", LOW + "\n\ndef other(x):\n    return x - 1\n")
    book.record(1, with_other=True)
    book.measure(3)
    book.change("x - 1", "-1 + x")
    book.change("2 * x", "x + x")
    book.measure(3)
    with pytest.raises(NotTheSame, match=r"of 2 parts no cell was measured both before and after: tiny.measure, "):
        accept("both", book.cells(1, 3))
    book.measure(1, with_other=True)
    with pytest.raises(NotTheSame, match="of 2 parts"):
        accept("both", book.cells(1, 3))
    change = accept("both", [*book.cells(1, 3), *book.cells(1, with_other=True)])
    assert change.cells == {"tiny.measure": 2, "tiny.measure_more": 2}


def test_without_a_change_there_is_nothing_to_accept(book: Book) -> None:
    book.record(1)
    with pytest.raises(NotTheSame, match="nothing has changed by which a recorded cell was measured"):
        accept("nothing", book.cells(1))
    book.write("lib/other.py", "X = 1\n")
    with pytest.raises(NotTheSame, match="nothing has changed"):
        accept("what no cell reaches", book.cells(1))


def test_what_is_accepted_holds_for_that_code_alone(book: Book) -> None:
    book.record(1)
    book.measure(3)
    book.change("2 * x", "x + x")
    book.measure(3)
    accept("a sum", book.cells(1, 3))
    book.change("x + x", "x + x + 0")
    assert not any(cell.is_kept for cell in book.cells(1, 3))
    book.change("x + x + 0", "x + x")
    assert all(cell.is_kept for cell in book.cells(1))


def test_networks_that_differ_are_a_difference_even_if_the_records_are_the_same(book: Book) -> None:
    book.record(1)
    book.measure(3)
    book.change("2 * x", "x + x")
    book.measure(3)
    for weights, cell in zip("ab", book.cells(3), strict=True):
        record, made = cell.read()
        cells.store.write(cell.path, record, replace(made, networks={"a training": weights}))
    kept = [path for path in cells.FOLDERS[0].rglob("*.npz") if cells.store.read_made(path).networks == {}]
    for path in kept:
        found = cells.store.read_made(path)
        cells.store.write(path, Found(12.0, {"all": np.full(3, 4.0)}), replace(found, networks={"a training": "a"}))
    with pytest.raises(NotTheSame, match=r"1 of 2 cells differ .*\n  tiny: measure_more, x 3: the weights of its netw"):
        accept("a sum", book.cells(1, 3))


def test_an_earlier_change_stays_where_what_it_rests_on_is_changed_next(book: Book) -> None:
    book.record(1)
    book.measure(3)
    before = [cell.digest for cell in book.cells(1, 3)]
    book.change("scaled(setting.x) + 1", "1 + scaled(setting.x)", "lib/high.py")
    book.measure(3)
    accept("the sum the other way round", book.cells(1, 3))
    book.change("2 * x", "x + x")
    book.measure(3)
    accept("a sum", book.cells(1, 3))
    assert [change.why for change in same.changes()] == ["the sum the other way round", "a sum"]
    assert [cell.digest for cell in book.cells(1, 3)] == before


def test_a_constant_does_not_count_as_every_other_of_its_value(book: Book) -> None:
    book.write("lib/low.py", "AT_ONCE, FACTOR = 5, 2\n\n\ndef scaled(x):\n    return AT_ONCE and FACTOR * x\n")
    book.change("AT_ONCE, FACTOR = 5, 2", "AT_ONCE = 5\nFACTOR = 2")
    book.record(1)
    book.measure(3)
    book.change("AT_ONCE = 5", "AT_ONCE = 7")
    book.measure(3)
    assert list(accept("fewer at once", book.cells(1, 3)).counts_as) == ["lib/low.py: AT_ONCE"]
    assert all(cell.is_kept for cell in book.cells(1))
    book.change("FACTOR = 2", "FACTOR = 7")
    other = [cell.digest for cell in book.cells(1)]
    book.change("FACTOR = 7", "FACTOR = 5")
    assert not set(other) & {cell.digest for cell in book.cells(1)}, "7 counts as 5 for the other constant alone"


def test_a_helper_that_such_a_change_brings_is_part_of_it(book: Book) -> None:
    """Pages, too, are as up to date as before: until the helper is changed."""
    book.record(1)
    book.measure(3)
    roots = [Definition("lib.high", "measure")]
    page = code.definitions(roots)
    book.write("lib/low.py", "def half(x):\n    return x / 2\n\n\ndef scaled(x):\n    return 4 * half(x)\n")
    book.measure(3)
    assert code.changed_files(page, roots) == ["lib/low.py"]
    change = accept("halves", book.cells(1, 3))
    assert list(change.counts_as) == ["lib/low.py: scaled"]
    assert code.changed_files(page, roots) == []
    assert "lib/low.py: half" in code.definitions(roots), "which those who measure from now on know"
    book.change("x / 2", "x / 3")
    assert code.changed_files(page, roots) == ["lib/low.py"]


def test_a_second_change_counts_as_the_first_code_and_ousts_what_is_gone(book: Book) -> None:
    book.record(1)
    book.measure(3)
    before = [cell.digest for cell in book.cells(1, 3)]
    for old, new in (("2 * x", "x + x"), ("x + x", "x * 2")):
        book.change(old, new)
        book.measure(3)
        last = accept(new, book.cells(1, 3))
        assert [cell.digest for cell in book.cells(1, 3)] == before
    assert same.changes() == [last], "the code of the first change is gone"
    assert compare.is_in_use(last)
    book.write("lib/low.py", "from lib.elsewhere import scaled\n")
    book.write("lib/elsewhere.py", "def scaled(x):\n    return x * 2\n")
    assert [cell.digest for cell in book.cells(1, 3)] == before, "a move is no change of it"


def test_a_change_of_what_calls_another_is_accepted_beside_it(book: Book) -> None:
    book.record(1)
    book.measure(3)
    before = [cell.digest for cell in book.cells(1, 3)]
    book.change("2 * x", "x + x")
    book.change("scaled(setting.x) + 1", "1 + scaled(setting.x)", "lib/high.py")
    book.measure(3)
    change = accept("sums", book.cells(1, 3))
    assert list(change.counts_as) == ["lib/high.py: measure_more", "lib/low.py: scaled"]
    assert [cell.digest for cell in book.cells(1, 3)] == before


def test_functions_that_call_each_other_are_accepted_together(book: Book) -> None:
    circle = "def scaled(x):\n    return 2 * x if x > 0 else less(x)\n\ndef less(x):\n    return -scaled(-x)\n"
    book.write("lib/low.py", circle)
    book.record(1)
    book.measure(3)
    before = [cell.digest for cell in book.cells(1, 3)]
    book.change("-scaled(-x)", "0 - scaled(-x)")
    book.measure(3)
    assert list(accept("a difference", book.cells(1, 3)).counts_as) == ["lib/low.py: less", "lib/low.py: scaled"]
    assert [cell.digest for cell in book.cells(1, 3)] == before


def test_every_change_that_counts_as_none_is_of_code_that_is_there() -> None:
    """The file is written by `lib.run same` alone, which leaves out what is gone."""
    recorded = {digest for made in plan.experience([cells.RECORDED]) for digest in made.definitions.values()}
    for change in same.changes():
        assert compare.is_in_use(change), change.why
        assert change.why and change.cells and {one["then"] for one in change.counts_as.values()} <= recorded


def test_a_page_lists_what_altered_nothing(book: Book) -> None:
    assert facts.same_table() == "No such change is on record."
    book.record(1)
    book.measure(3)
    book.change("2 * x", "x + x")
    book.measure(3)
    accept("a sum, not a product", book.cells(1, 3))
    assert "| a sum, not a product | `lib/low.py` | 2 of 2 parts | 20" in facts.same_table()


def test_the_command_compares_the_cells_of_all_profiles(book: Book, monkeypatch, capsys) -> None:
    asked = []
    monkeypatch.setattr(commands.Run, "of", lambda *run: asked.append(run) or Run("tiny", "quick", {}))
    monkeypatch.setattr(commands, "_check_claims", lambda _: None)
    monkeypatch.setattr(Run, "experiment", SimpleNamespace(cells=lambda: book.cells(1, 3)))
    book.record(1)
    book.measure(3)
    assert command.main(["same", "nothing"]) == 1
    assert capsys.readouterr().err == "error: nothing has changed by which a recorded cell was measured\n"
    book.change("2 * x", "x + x")
    book.measure(3)
    assert command.main(["same", "a sum"]) == 0
    assert capsys.readouterr().out == (
        "2 cells of 2 parts, measured before and after, are the same to the bit\n"
        "counts as unchanged:\n  lib/low.py: scaled\n"
    )
    assert {profile for _, profile, _ in asked} >= {"quick", "paper"}


ENTRY = {"why": "", "counts_as": {}, "cells": {}, "commit": None, "device": "", "finished": ""}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<<<<<<< HEAD\n[]", "Expecting value"),
        ("{}", "it is no list"),
        ("[1]", "must be a mapping"),
        ('[{"why": "half of it"}]', "missing 5 required"),
        (json.dumps([ENTRY | {"counts_as": {"a": {"now": "1"}}}]), "'then'"),
        (json.dumps([ENTRY | {"counts_as": {"a": "1"}}]), "string indices"),
        (json.dumps([ENTRY | {"counts_as": {"a": {"now": "1", "then": x}}} for x in "23"]), "counts as two"),
    ],
)
def test_a_damaged_record_of_changes_is_named(book: Book, text: str, said: str) -> None:
    """After a merge, say: nothing that was accepted may be forgotten in silence."""
    book.write("lib/digest/same.json", text)
    with pytest.raises(SameError, match=f"same.json cannot be read .*{said}"):
        book.cells(1)[0].digest  # noqa: B018


NAN = float("nan")


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({}, []),
        ({"seconds": 9.0}, []),
        ({"value": np.nextafter(NAN, 1)}, []),
        ({"value": 1.0}, ["value"]),
        ({"many": {"a": np.zeros(2, np.float32)}}, ["many.a"]),
        ({"many": {"a": np.zeros(3)}}, ["many.a"]),
        ({"many": {"a": -np.zeros(2)}}, ["many.a"]),
        ({"many": {"b": np.zeros(2)}}, ["many"]),
        ({"many": {"a": np.array([0.0, 5e-324])}}, ["many.a"]),
    ],
)
def test_records_are_compared_to_the_bit_but_for_times(change: dict, fields: list[str]) -> None:
    one = Found(NAN, {"a": np.zeros(2)})
    assert differences(one, replace(one, **change)) == fields


@dataclass(frozen=True)
class Nested:
    runs: list[Found]
    numbers: list[int]


def test_a_difference_is_named_by_its_place() -> None:
    one = Nested([Found(1.0), Found(2.0)], [1, 2])
    assert differences(one, Nested([Found(1.0), Found(3.0)], [1, 4])) == ["numbers[1]", "runs[1].value"]
    assert differences(one, Nested([Found(1.0)], [1, 2])) == ["runs"]
