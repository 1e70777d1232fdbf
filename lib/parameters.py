"""The parameters of a notebook: a contract that is read from its `parameters` cell and checked before anything runs.

Each is one line: `eps: float = 0.1  # [0, 1] perturbation size, in pixel units`. The range comes before the meaning:
`[low, high]` for numbers (`inf` where there is no bound), `{one, two}` for words. A comment too long for the page's
column continues on lines of its own, each with `#` and two or more spaces.
"""

import ast
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from lib.notebooks import read_cells

Value = int | float | str | bool
TYPES = {"int": int, "float": float, "str": str, "bool": bool}
MORE = re.compile(r"#\s{2,}(?P<text>.+)$")
LINE = re.compile(r"#\s*(?P<range>\[[^\]]*\]|\{[^}]*\})?\s*(?P<meaning>.+)$")


class ParameterError(ValueError):
    """A parameter does not exist, has the wrong type or is out of its range; or a cell is not a valid contract."""


@dataclass(frozen=True)
class Parameter:
    """One annotated line of the parameters cell."""

    name: str
    type: type
    default: Value
    meaning: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        allowed = f" {{{', '.join(self.choices)}}}" if self.choices else ""
        allowed = allowed if self.low is None else f" [{self.low:g}, {self.high:g}]"
        return f"{self.name}: {self.type.__name__} = {self.default!r}{allowed}  {self.meaning}"

    def checked(self, value: object) -> Value:
        """The value, given as text or in the parameter's type, in that type.

        Raises
        ------
        ParameterError
            Where it is of another type, out of range, or not finite.
        """
        value = self._parsed(value) if isinstance(value, str) and self.type is not str else value
        if self.type is float and type(value) is int:
            with suppress(OverflowError):  # from a number too large for a float
                value = float(value)
        if type(value) is not self.type:
            raise ParameterError(f"{self.name} is {value!r}; it takes {self.type.__name__}: {self}")
        if self.type is float and not math.isfinite(value):
            raise ParameterError(f"{self.name} is {value!r}; results can hold finite numbers only: {self}")
        if self.low is not None and not self.low <= value <= self.high:
            raise ParameterError(f"{self.name} is {value!r}, out of [{self.low:g}, {self.high:g}]: {self}")
        if self.choices and value not in self.choices:
            raise ParameterError(f"{self.name} is {value!r}; it takes one of {', '.join(self.choices)}: {self}")
        return value + 0.0 if self.type is float else value  # -0.0 is 0.0, also in the name of a run

    def _parsed(self, text: str) -> object:
        """The value that a text stands for in this type, or the text itself; it is never run as code."""
        if self.type is bool:
            return {"true": True, "false": False}.get(text.lower(), text)
        try:
            return int(text, 0) if self.type is int else float(text)  # 010 is refused: some would take it for 8
        except ValueError:
            return text


Contract = dict[str, Parameter]


def contract(notebook: Path) -> Contract:
    """Read the parameters that a notebook declares.

    Raises
    ------
    ParameterError
        Where it has no cell tagged `parameters`, a line of that is not a declaration, or a default is invalid.
    """
    for cell in read_cells(notebook):
        if "parameters" in cell.tags:
            return {parameter.name: parameter for parameter in map(_declaration, _lines(cell.source))}
    raise ParameterError(f"{notebook.name} has no cell tagged 'parameters'")


def check(declared: Contract, given: Mapping[str, object]) -> dict[str, Value]:
    """The given values in their types.

    Raises
    ------
    ParameterError
        Where a name is unknown, with a list of those that exist, or a value is invalid.
    """
    unknown = given.keys() - declared.keys()
    if unknown:
        listed = "\n".join(f"  {parameter}" for parameter in declared.values())
        raise ParameterError(f"no parameter named {', '.join(sorted(unknown))}; there are:\n{listed}")
    return {name: declared[name].checked(value) for name, value in given.items()}


def _lines(source: str) -> list[str]:
    """The declarations, each on one line with its whole comment; other comments are left out."""
    found: list[str] = []
    for line in source.splitlines():
        if found and (more := MORE.match(line.strip())):
            found[-1] += f" {more['text']}" if "#" in found[-1] else f"  # {more['text']}"
        elif line.strip() and not line.lstrip().startswith("#"):
            found.append(line)
    return found


def _declaration(line: str) -> Parameter:
    try:
        (statement,) = ast.parse(line).body
        kind = TYPES[statement.annotation.id]
        name, default = statement.target.id, ast.literal_eval(statement.value)
        comment = LINE.search(line[statement.end_col_offset :])
        low, high, choices = _range(comment["range"])
        if low is not None and kind is str:
            raise ValueError("a word has no range")
    except (AttributeError, KeyError, SyntaxError, TypeError, ValueError) as error:
        raise ParameterError(
            f"not a parameter: {line!r}. A line reads `name: float = 0.1  # [0, 1] meaning`, "
            f"its type one of {', '.join(TYPES)}."
        ) from error
    parameter = Parameter(name, kind, default, comment["meaning"], low, high, choices)
    return replace(parameter, default=parameter.checked(default))


def _range(text: str | None) -> tuple[float | None, float | None, tuple[str, ...]]:
    if text is None:
        return None, None, ()
    items = [item.strip() for item in text[1:-1].split(",")]
    if text[0] == "{":
        return None, None, tuple(items)
    low, high = map(float, items)
    return low, high, ()
