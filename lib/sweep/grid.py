"""The grid of a sweep: lists and ranges of values, each checked by the notebook's contract before anything runs."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from lib.files import short_name
from lib.parameters import Parameter, ParameterError, Value, check
from lib.run import profiles
from lib.run.run import Run

Grid = dict[str, list[Value]]
"""The values of each parameter that is given by hand; one with a single value is the same in every run."""

Point = dict[str, Value]
"""One value of each parameter of a grid: what one run is given."""

SEED = "seed"
RANGE = re.compile(r"(-?\d+):(-?\d+)(?::(-?\d+))?")


def parse(notebook: str, profile: str, pairs: Sequence[str]) -> Grid:
    """Read `name=values` pairs.

    Parameters
    ----------
    pairs
        Values are separated by commas, each as in `lib.run execute -p`; for an int, also ranges `first:end` and
        `first:end:step`, whose end is left out.

    Raises
    ------
    ParameterError
        Where there is no such notebook or profile, nothing to sweep, a parameter given twice, or a name or a value that
        the contract does not allow.
    """
    profiles.section(profile, notebook)
    declared = profiles.declared(notebook)
    grid: Grid = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise ParameterError(f"{pair!r} is no parameter: write name=value,value,...")
        if name in grid:
            raise ParameterError(f"{name} is given twice: write all its values in one list")
        if name not in declared:
            check(declared, {name: text})  # raises, naming what exists
        grid[name] = list(dict.fromkeys(declared[name].checked(word) for word in _words(declared[name], text)))
        if not grid[name]:
            raise ParameterError(f"{name}={text} holds no value")
    if not grid:
        raise ParameterError("nothing to sweep: give -p name=value,value,...")
    return grid


def _words(parameter: Parameter, text: str) -> Iterator[Value]:
    for word in text.split(","):
        found = RANGE.fullmatch(word.strip())
        if found and parameter.type is int:
            first, end, step = (int(part) for part in found.groups(default="1"))
            if step == 0:
                raise ParameterError(f"{parameter.name}={word}: a range cannot go in steps of 0")
            yield from range(first, end, step)
        elif word.strip():
            yield word.strip()
        else:
            raise ParameterError(f"{parameter.name}={text}: a value is missing between the commas")


def points(grid: Grid) -> list[Point]:
    """Every combination of values, with the last parameter changing fastest."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


@dataclass(frozen=True)
class Sweep:
    """What was asked for in a sweep, and what became of it."""

    notebook: str
    profile: str
    command: str
    grid: Grid
    runs: list[tuple[Run, Mapping]]
    """Each run that is done, with its results."""
    failed: list[tuple[Run, str]]
    """Each run that failed, with the reason."""

    @property
    def axis(self) -> str:
        """The parameter that the curves run over."""
        return axis(self.grid)

    @property
    def over_seeds(self) -> bool:
        """Whether several runs differ in the seed alone, so that the curves show their mean."""
        return SEED in swept(self.grid) and self.axis != SEED

    @cached_property
    def overlapping(self) -> bool:
        """Whether runs that differ in their seed alone share networks: each run trains several, from `seed` upwards."""
        alike: dict[str, list[Run]] = {}
        for run, _ in self.runs:
            alike.setdefault(repr({name: value for name, value in run.values.items() if name != SEED}), []).append(run)
        return any(_share(*pair) for of in alike.values() for pair in itertools.pairwise(sorted(of, key=_seed)))


FAR = 50_000
"""A run whose seed is this much higher has no network in common."""


def _seed(run: Run) -> Value:
    return run.values[SEED]


def _share(one: Run, other: Run) -> bool:
    """Whether two runs have a cell in common that depends on the seed."""
    far = replace(one, values={**one.values, SEED: _seed(one) + FAR})
    mine, others, at_any_seed = (set(run.experiment.cells()) for run in (one, other, far))
    return bool((mine & others) - at_any_seed)


def swept(grid: Grid) -> list[str]:
    """The parameters with more than one value."""
    return [name for name, values in grid.items() if len(values) > 1]


def axis(grid: Grid) -> str:
    """The parameter that the curves run over: the first swept one, numbers first, `seed` only if no other is swept."""

    def order(name: str) -> tuple[bool, bool, bool]:
        return name not in swept(grid), name == SEED, not numeric(grid[name])

    return min(grid, key=order)


def numeric(values: Sequence[Value]) -> bool:
    """Whether values lie on a scale: numbers, and neither words nor booleans."""
    return all(type(value) in (int, float) for value in values)


def name(notebook: str, profile: str, grid: Grid) -> str:
    """What a sweep is called if the user does not say, as in `mitigation+quick+eps_train=0.05,0.1`."""
    parts = [f"{name}={','.join(map(str, values))}" for name, values in grid.items()]
    return short_name("+".join([notebook, profile, *parts]).replace("/", "_"))


def described(point: Mapping[str, Value]) -> str:
    """A point in words."""
    return ", ".join(f"{name}={value}" for name, value in point.items())
