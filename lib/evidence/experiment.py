"""An experiment: a chapter's parameters, and the cells that its pages are made from."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, Self, get_type_hints

from lib.evidence.cells import Cell
from lib.evidence.kept import Kept


@dataclass(frozen=True)
class Experiment(ABC):
    """The parameters of a chapter's notebook, as fields of the same names, and the cells that they ask for.

    Each kind of cell has a method, which gives those that the notebook reads; `cells` gives all of them.
    """

    chapter: ClassVar[str]
    """The notebook's name."""

    @abstractmethod
    def cells(self) -> list[Cell]:
        """Every cell of the chapter, in the order in which the notebook reaches them."""

    def needed(self) -> list[Cell]:
        """The cells that the notebook cannot do without; it shows the others where they are kept."""
        return self.cells()

    def kept(self) -> Kept | None:
        """The networks and images that others may try; None where the experiment keeps none."""
        return None

    def refused(self) -> str:
        """Why these values, though each is in its range, cannot go together; empty where they can."""
        return ""

    @classmethod
    def of(cls, variables: Mapping[str, object]) -> Self:
        """The experiment whose parameters have these values; `variables` may hold more, as `globals()` does.

        A whole number given for a float becomes a float, as on the command line, so that it asks for the same cells.
        """
        kinds = get_type_hints(cls)
        values = {one.name: variables[one.name] for one in fields(cls)}
        whole = {name for name, value in values.items() if kinds[name] is float and type(value) is int}
        return cls(**values | {name: float(values[name]) for name in whole})

    @property
    def parameters(self) -> dict[str, object]:
        """The values of the parameters by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


class Nothing(Experiment):
    """The experiment of the scoreboard, which measures nothing: it reads what others have found."""

    def cells(self) -> list[Cell]:
        return []
