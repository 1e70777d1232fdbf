"""An experiment: a chapter's parameters, and the cells that its pages are made from."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, Self, get_type_hints

from lib.evidence.cells import Cell
from lib.evidence.kept import Kept


@dataclass(frozen=True)
class Experiment(ABC):
    """The parameters of a chapter's notebook, as fields of the same names, and what they ask for.

    Each kind of cell has a method that gives its cells, by what the notebook reads; `cells` has all of them.
    """

    chapter: ClassVar[str]
    """The notebook's name."""

    @abstractmethod
    def cells(self) -> list[Cell]:
        """Every cell of the chapter, in the order in which the notebook comes to them."""

    def needed(self) -> list[Cell]:
        """The cells that the notebook cannot do without; it shows the others where they are kept."""
        return self.cells()

    def kept(self) -> Kept | None:
        """The networks and images that others may try; none where the experiment keeps none."""
        return None

    def refused(self) -> str:
        """Why these values, each of them in its range, cannot go together; nothing where they can."""
        return ""

    @classmethod
    def of(cls, variables: Mapping[str, object]) -> Self:
        """The experiment whose parameters have these values; `variables` may hold more, as `globals()` does.

        A whole number for a decimal one counts as that, as on the command line: it asks for the same cells.
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
    """What the scoreboard measures, which reads what others have found."""

    def cells(self) -> list[Cell]:
        return []
