"""What is chosen from a registry: a function by its name, with those of the notebook's parameters that it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any


@dataclass(frozen=True)
class Chosen:
    """A function of a registry, as a setting holds it: the rest of the registry is not part of it.

    Parameters
    ----------
    name
        What the registry calls it.
    function
        Called with `options` by keyword.
    options
        The parameters that it takes, and no others: names and values.
    """

    name: str
    function: Callable[..., Any]
    options: tuple[tuple[str, int], ...] = ()

    def __call__(self, *arguments: object) -> Any:
        return self.function(*arguments, **dict(self.options))


def choose(registry: Mapping[str, Callable[..., Any]], parameters: Mapping[str, object]) -> tuple[Chosen, ...]:
    """All functions of a registry; the keyword-only arguments of each name the parameters that it takes."""
    return tuple(
        Chosen(name, function, tuple((one, parameters[one]) for one in _takes(function)))
        for name, function in registry.items()
    )


def _takes(function: Callable[..., Any]) -> list[str]:
    return [one.name for one in signature(function).parameters.values() if one.kind is Parameter.KEYWORD_ONLY]
