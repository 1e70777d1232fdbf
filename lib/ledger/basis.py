"""What a notebook's results rest on: the cells that it was made from, or the results of other notebooks."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
    cells: dict[str, dict[str, str]] = field(default_factory=dict)
    """The `digest` of each cell and that of the `contents` of its file, by its name."""
    devices: tuple[str, ...] = ()
    """What measured them."""
    measured: tuple[str, str] | None = None
    """When the first and the last of them were."""
    networks: dict[str, int] = field(default_factory=dict)
    """How far they are of the same networks: `of_networks`."""
    notes: dict[str, int] = field(default_factory=dict)
    """What cells say of where they come from besides, such as that they were carried over; how many say so."""


def of_cells(cells: Iterable[Cell]) -> Basis:
    """What rests on cells: those of them that are kept."""
    pairs = [(cell, made) for cell in cells if (made := cell.made)]
    found = {(name, one["digest"], one["origin"]) for _, made in pairs for name, one in made.data.items()}
    sets = sorted(found)  # one set can be there twice: another copy of it was measured on elsewhere
    seconds: dict[str, float] = {}
    for cell, made in pairs:
        seconds[cell.part.name] = round(seconds.get(cell.part.name, 0.0) + made.seconds, 3)
    moments = sorted(made.finished for _, made in pairs)
    return Basis(
        data.joined_digest([digest for _, digest, _ in sets]) if sets else None,
        "; ".join(dict.fromkeys(origin for *_, origin in sets)),
        seconds,
        max((made.peak_memory_bytes for _, made in pairs), default=0),
        {cell.name: {"digest": cell.digest, "contents": cell.contents} for cell, _ in pairs},
        tuple(sorted({made.device for _, made in pairs})),
        (moments[0], moments[-1]) if moments else None,
        of_networks([made.networks for _, made in pairs]) if pairs else {},
        dict(Counter(made.note for _, made in pairs if made.note).most_common()),
    )


def of_networks(found: Sequence[Mapping[str, str] | None]) -> dict[str, int]:
    """Whether cells that speak of one training speak of one network.

    Parameters
    ----------
    found
        Of each cell the digests of its networks by training, None where it does not say.

    Returns
    -------
    dict of str to int
        `shared`: trainings that several cells are of; `differing`: those of them that came to different networks;
        `silent`: cells that do not say.
    """
    digests: dict[str, list[str]] = {}
    for cell in found:
        for training, digest in (cell or {}).items():
            digests.setdefault(training, []).append(digest)
    shared = [of_one for of_one in digests.values() if len(of_one) > 1]
    differing = sum(len(set(of_one)) > 1 for of_one in shared)
    return {"shared": len(shared), "differing": differing, "silent": sum(cell is None for cell in found)}
