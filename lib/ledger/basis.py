"""What a notebook's results rest on: the cells that it was made from, or the results of other notebooks."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from lib import data
from lib.evidence.cells import Cell


@dataclass(frozen=True)
class Basis:
    """What results rest on."""

    digest: str | None
    """Of the data that was measured on, or the results that were read."""
    origin: str
    """Where these come from, in words."""
    seconds: dict[str, float] = field(default_factory=dict)
    """What measuring took, by part."""
    peak_memory_bytes: int = 0
    cells: dict[str, str] = field(default_factory=dict)
    """The digest of each cell, by its name."""
    devices: tuple[str, ...] = ()
    """What measured them."""
    measured: tuple[str, str] | None = None
    """When the first and the last of them were."""


def of_cells(cells: Iterable[Cell]) -> Basis:
    """What rests on cells: those of them that are kept."""
    pairs = [(cell, made) for cell in cells if (made := cell.made)]
    sets = dict(sorted((name, facts) for _, made in pairs for name, facts in made.data.items()))
    seconds: dict[str, float] = {}
    for cell, made in pairs:
        seconds[cell.part.name] = round(seconds.get(cell.part.name, 0.0) + made.seconds, 3)
    moments = sorted(made.finished for _, made in pairs)
    return Basis(
        data.joined_digest([facts["digest"] for facts in sets.values()]) if sets else None,
        "; ".join(facts["origin"] for facts in sets.values()),
        seconds,
        max((made.peak_memory_bytes for _, made in pairs), default=0),
        {cell.name: cell.digest for cell, _ in pairs},
        tuple(sorted({made.device for _, made in pairs})),
        (moments[0], moments[-1]) if moments else None,
    )
