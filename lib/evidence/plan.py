"""What is still to be measured, what comes first, and how long it will take here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lib import provenance
from lib.evidence import cells, store
from lib.evidence.cells import Cell
from lib.evidence.store import Damaged, Made


@dataclass(frozen=True)
class Task:
    """A cell that is missing, and the seconds that it will take here; None where nothing like it was measured."""

    cell: Cell
    seconds: float | None


def missing(wanted: Iterable[Cell], order: Sequence[str] = ()) -> list[Task]:
    """The cells that are not kept, by worth; a file that is damaged is set aside.

    Parameters
    ----------
    order
        Parts as `chapter.part`, or whole chapters, the most telling first. Those of a part stay in their order; parts
        that are not named come last.
    """
    known = list(experience())
    found = [Task(cell, estimate(cell, known)) for cell in dict.fromkeys(wanted) if cell.read() is None]
    return sorted(found, key=lambda task: rank(task.cell, order))


def rank(cell: Cell, order: Sequence[str]) -> int:
    """The place of a cell's part in the order."""
    names = (f"{cell.part.chapter}.{cell.part.name}", cell.part.chapter)
    return min((order.index(name) for name in names if name in order), default=len(order))


def experience() -> Iterable[Made]:
    """Where each cell comes from that was made on a device like this one."""
    here = provenance.describe_device()
    for folder in cells.FOLDERS:
        for path in sorted(folder.glob("*/*.npz")):
            try:
                made = store.read_made(path)
            except (Damaged, FileNotFoundError):
                continue
            if made.device == here:
                yield made


def estimate(cell: Cell, known: Iterable[Made]) -> float | None:
    """Seconds for a cell, by those of its part whose settings are most like its own.

    Of these the longest counts: a cell that found its networks trained by another took less than it would alone.
    """
    words = set(str(cell.setting).split())
    alike = [made for made in known if (made.chapter, made.part) == (cell.part.chapter, cell.part.name)]
    if not alike:
        return None
    shared = [len(words & set(made.setting.split())) for made in alike]
    return max(made.seconds for made, count in zip(alike, shared, strict=True) if count == max(shared))


def listed(tasks: Sequence[Task]) -> str:
    """What is missing, in lines: a part each, with its cells and minutes."""
    parts: dict[str, list[Task]] = {}
    for task in tasks:
        parts.setdefault(f"{task.cell.part.chapter}.{task.cell.part.name}", []).append(task)
    lines = [f"{name:42} {len(of):4} {_minutes([task.seconds for task in of]):>10}" for name, of in parts.items()]
    head = f"{'what is missing, the most telling first':42} {'cells':>4} {'minutes':>9}"
    total = f"{'all of it':42} {len(tasks):4} {_minutes([task.seconds for task in tasks]):>10}"
    return "\n".join([head, *lines, total]) if tasks else "nothing is missing"


def _minutes(seconds: Sequence[float | None]) -> str:
    known = [one for one in seconds if one is not None]
    text = f"{sum(known) / 60:.1f}" if known else "?"
    return f"{text} + ?" if known and len(known) < len(seconds) else text
