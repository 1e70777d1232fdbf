"""The contract of a notebook's parameters."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from lib.parameters import Contract, Parameter, ParameterError, check, contract

CELL = """
# How the run goes.
seed: int = 0  # [0, inf] the first seed
eps: float = 0.1  # [0, 1] perturbation size, in pixel units
clip: bool = True  # whether pixels stay in range
reading: str = "code"  # {code, prose} which reading of the paper's # 4.1

note: str = "a # b"  # what to call the run
rate: float = 1e-3  # learning rate
"""


@pytest.fixture
def read(tmp_path: Path, write_notebook) -> Callable[[str], Contract]:
    """A function that reads the contract of a notebook with this parameters cell."""
    return lambda cell: contract(write_notebook(tmp_path / "chapter.ipynb", cell, "later: int = 1  # not a parameter"))


@pytest.fixture
def declared(read) -> Contract:
    return read(CELL)


# Reading it.


def test_each_line_is_read_with_its_type_range_and_meaning(declared):
    inf = float("inf")
    assert list(declared.values()) == [
        Parameter("seed", int, 0, "the first seed", 0.0, inf),
        Parameter("eps", float, 0.1, "perturbation size, in pixel units", 0.0, 1.0),
        Parameter("clip", bool, True, "whether pixels stay in range"),
        Parameter("reading", str, "code", "which reading of the paper's # 4.1", choices=("code", "prose")),
        Parameter("note", str, "a # b", "what to call the run"),
        Parameter("rate", float, 0.001, "learning rate"),
    ]


def test_a_comment_can_go_on_below_its_line(read):
    cell = """
depth: str = "one"
#  {one, two,
#   three} how many
# Of the images.
eps: float = 0.1  # [0, 1] size,
#  in pixel units
"""
    assert list(read(cell).values()) == [
        Parameter("depth", str, "one", "how many", choices=("one", "two", "three")),
        Parameter("eps", float, 0.1, "size, in pixel units", 0.0, 1.0),
    ]


def test_a_parameter_prints_as_its_line_reads(declared):
    assert str(declared["eps"]) == "eps: float = 0.1 [0, 1]  perturbation size, in pixel units"
    assert str(declared["reading"]) == "reading: str = 'code' {code, prose}  which reading of the paper's # 4.1"


def test_an_integer_default_of_a_float_becomes_a_float(read):
    default = read("eps: float = 1  # [0, 1] size")["eps"].default
    assert default == 1.0 and type(default) is float


def test_a_notebook_without_a_parameters_cell_is_refused(tmp_path):
    path = tmp_path / "bare.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("eps: float = 0.1  # size")]), path)
    with pytest.raises(ParameterError, match=r"bare\.ipynb has no cell tagged 'parameters'"):
        contract(path)


@pytest.mark.parametrize(
    "line",
    [
        "eps = 0.1  # [0, 1] size",
        "eps: float = 0.1",
        "eps: float  # [0, 1] size",
        "eps: number = 0.1  # [0, 1] size",
        "eps: int | None = None  # size",
        "eps: float = 2 * 0.1  # [0, 1] size",
        "eps: float = 0.1  # [0] size",
        "eps: float = 0.1  # [zero, one] size",
        "eps: float = 0.1  #",
        "eps: float = ",
        "eps: float = 0.1; seed: int = 0  # two at once",
        'eps: str = "a"  # [0, 1] a word has no range',
        "import torch",
    ],
)
def test_a_line_that_declares_nothing_is_refused_and_shown(line, read):
    with pytest.raises(ParameterError, match="not a parameter") as raised:
        read(line)
    assert line in str(raised.value)


@pytest.mark.parametrize(
    "line", ["eps: float = 1.5  # [0, 1] size", "seed: int = 0.5  # first", 'how: str = "c"  # {a, b} way']
)
def test_a_default_that_breaks_its_own_contract_is_refused(line, read):
    with pytest.raises(ParameterError):
        read(line)


# Holding values against it.


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("eps", "0.2", 0.2),
        ("eps", 0.2, 0.2),
        ("eps", 1, 1.0),
        ("eps", "0", 0.0),
        ("eps", "1e-3", 0.001),
        ("seed", "7", 7),
        ("seed", 7, 7),
        ("clip", "true", True),
        ("clip", "False", False),
        ("clip", False, False),
        ("reading", "prose", "prose"),
        ("note", "0.2", "0.2"),
        ("rate", "-5", -5.0),
        ("seed", " 1_000 ", 1000),
    ],
)
def test_good_values_come_back_in_their_types(name, given, expected, declared):
    (value,) = check(declared, {name: given}).values()
    assert value == expected and type(value) is type(expected)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("seed", "0.5"),
        ("seed", 3.0),
        ("seed", "true"),
        ("seed", True),
        ("seed", "many"),
        ("seed", "{[]: 1}"),
        ("seed", "-" * 5000 + "1"),
        ("seed", "9" * 5000),
        ("seed", "1 # first"),
        ("seed", ""),
        ("eps", 10**400),
        ("eps", "big"),
        ("eps", True),
        ("eps", "[0.1]"),
        ("eps", None),
        ("clip", "1"),
        ("clip", 1),
        ("clip", "yes"),
        ("note", 5),
        ("reading", None),
    ],
)
def test_another_type_is_refused(name, given, declared):
    with pytest.raises(ParameterError, match=f"{name} is .*; it takes {declared[name].type.__name__}"):
        check(declared, {name: given})


@pytest.mark.parametrize("given", ["-0.1", 1.01, "2", -1])
def test_a_value_out_of_range_is_refused_with_the_range(given, declared):
    with pytest.raises(ParameterError, match=r"eps is .*, out of \[0, 1\]"):
        check(declared, {"eps": given})


@pytest.mark.parametrize("given", [float("nan"), float("inf"), "nan", "1e999", "1" + "0" * 400])
def test_a_float_is_a_number_that_results_can_hold(given, declared):
    with pytest.raises(ParameterError, match="rate is"):
        check(declared, {"rate": given})


def test_the_ends_of_a_range_belong_to_it(declared):
    assert check(declared, {"eps": "1", "seed": 10**9}) == {"eps": 1.0, "seed": 10**9}
    assert check(declared, {"eps": 0.0}) == {"eps": 0.0}


def test_zero_has_no_sign(declared):
    assert [str(value) for value in check(declared, {"eps": "-0.0", "rate": -0.0}).values()] == ["0.0", "0.0"]


def test_a_word_that_is_no_choice_is_refused_with_the_choices(declared):
    with pytest.raises(ParameterError, match="it takes one of code, prose"):
        check(declared, {"reading": "poetry"})


def test_an_unknown_name_lists_what_exists(declared):
    with pytest.raises(ParameterError, match="no parameter named epsilon") as raised:
        check(declared, {"epsilon": 0.1, "seed": 1})
    assert all(str(parameter) in str(raised.value) for parameter in declared.values())


def test_nothing_given_is_nothing_changed(declared):
    assert check(declared, {}) == {}
