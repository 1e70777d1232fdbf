"""What a notebook's results rest on: the cells that it was made from, or the results of other notebooks."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lib import data
from lib.evidence.cells import Cell


@dataclass(frozen=True)
class Basis:
    """The basis of results."""

    digest: str | None
    """The digest of the data that was measured on, or of the results that were read; None where there are none."""
    origin: str
    """Where the data or results come from, in words."""
    seconds: dict[str, float] = field(default_factory=dict)
    """How long measuring took, by part."""
    peak_memory_bytes: int = 0
    cells: dict[str, dict[str, str]] = field(default_factory=dict)
    """By the name of each cell, its `digest` and the digest of its file's `contents`."""
    devices: tuple[str, ...] = ()
    """The devices that measured the cells."""
    measured: tuple[str, str] | None = None
    """When the first and the last of the cells were measured."""
    networks: dict[str, int] = field(default_factory=dict)
    """How far the cells used the same networks: `of_networks`."""
    notes: dict[str, int] = field(default_factory=dict)
    """Further notes of cells on where they come from, such as that they were carried over, and how many say so."""


def of_cells(cells: Iterable[Cell]) -> Basis:
    """The basis of results that are made from cells; cells that are not kept do not count."""
    pairs = [(cell, made) for cell in cells if (made := cell.made)]
    found = {(name, one["digest"], one["origin"]) for _, made in pairs for name, one in made.data.items()}
    sets = sorted(found)  # one data set can be there twice, where another copy of it was measured on elsewhere
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
    """Whether cells that name the same training run used the same network.

    Parameters
    ----------
    found
        For each cell, the digests of its networks by training run; None where the cell does not record them.

    Returns
    -------
    dict of str to int
        `shared`: training runs that several cells name; `differing`: those of them that gave different networks;
        `silent`: cells that do not record their networks.
    """
    digests: dict[str, list[str]] = {}
    for cell in found:
        for training, digest in (cell or {}).items():
            digests.setdefault(training, []).append(digest)
    shared = [of_one for of_one in digests.values() if len(of_one) > 1]
    differing = sum(len(set(of_one)) > 1 for of_one in shared)
    return {"shared": len(shared), "differing": differing, "silent": sum(cell is None for cell in found)}
