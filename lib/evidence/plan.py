"""What is still to be measured, what comes first, and how long it will take here."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from statistics import median

from lib import provenance
from lib.evidence import cells, store
from lib.evidence.cells import Cell
from lib.evidence.store import Damaged, Made

SHORTEST_S = 0.1
"""Shorter times tell nothing about how fast a device is."""

EPOCHS = re.compile(r"\bepochs? (\d+)|\b(\d+) epochs?\b")
"""How the words of a setting give a number of epochs."""


@dataclass(frozen=True)
class Task:
    """A cell that is missing, and the seconds that it will take here; None where they cannot be estimated."""

    cell: Cell
    seconds: float | None
    is_scaled: bool = False
    """Whether the seconds come from another device or data set, scaled to this one."""


def missing(wanted: Iterable[Cell], order: Sequence[str] = ()) -> list[Task]:
    """The cells that are not kept, in order of priority; a damaged file is set aside.

    Parameters
    ----------
    order
        Parts as `chapter.part`, or whole chapters, the most telling first. Cells of one place in it stay in the order
        given; parts that are not named come last.
    """
    known, here = list(experience()), provenance.describe_device()
    found = [planned(cell, known, here) for cell in dict.fromkeys(wanted) if cell.read() is None]
    return sorted(found, key=lambda task: rank(task.cell, order))


def rank(cell: Cell, order: Sequence[str]) -> int:
    """The place of a cell's part in the order, or of its chapter, whichever comes first; the last place for neither."""
    names = (f"{cell.part.chapter}.{cell.part.name}", cell.part.chapter)
    return min((order.index(name) for name in names if name in order), default=len(order))


def experience(folders: Sequence[Path] | None = None) -> Iterable[Made]:
    """Where each cell that is kept comes from, whichever device made it; `folders` are all by default."""
    for folder in cells.FOLDERS if folders is None else folders:
        for path in sorted(folder.glob("*/*.npz")):
            try:
                yield store.read_made(path)
            except (Damaged, OSError):  # or gone by now: an estimate can do without it
                continue


def planned(cell: Cell, known: Iterable[Made], here: str) -> Task:
    """A cell, and the seconds that it will take on the device `here`.

    Where no cell of its part was made on that device with its data set, those of another device or data set count,
    scaled by the ratio of the two: the median over the parts that both have made under the same settings. Of several
    others, the one that shares most parts is taken.
    """
    made: dict[tuple[str, tuple[str, ...]], list[Made]] = {}
    for one in known:
        made.setdefault((one.device, tuple(sorted(one.data))), []).append(one)
    mine = made.pop((here, tuple(sorted(data_sets(cell.setting)))), [])
    if (seconds := estimate(cell, mine)) is not None:
        return Task(cell, seconds)
    scaled = [(ratios(mine, theirs), estimate(cell, theirs)) for theirs in made.values()]
    found = [pair for pair in scaled if pair[0] and pair[1] is not None]
    if not found:
        return Task(cell, None)
    shared, seconds = max(found, key=lambda pair: len(pair[0]))
    return Task(cell, seconds * median(shared), is_scaled=True)


def data_sets(setting: object) -> set[str]:
    """The data sets that a setting names, in a field `dataset` of its own or of a setting within it."""
    if not is_dataclass(setting):
        return set()
    values = {field.name: getattr(setting, field.name) for field in fields(setting)}
    own = {values.pop("dataset")} if "dataset" in values else set()
    return own.union(*map(data_sets, values.values()))


def ratios(mine: Iterable[Made], theirs: Iterable[Made]) -> list[float]:
    """The ratio of the seconds in `mine` to those in `theirs`, one for each part that both have.

    It is the median over the settings of that part that both have, in the same words.
    """
    one, other = _longest(mine), _longest(theirs)
    parts: dict[tuple[str, str], list[float]] = {}
    for chapter, part, setting in one.keys() & other.keys():
        there = max(other[chapter, part, setting], SHORTEST_S)
        parts.setdefault((chapter, part), []).append(max(one[chapter, part, setting], SHORTEST_S) / there)
    return [median(of) for of in parts.values()]


def _longest(made: Iterable[Made]) -> dict[tuple[str, str, str], float]:
    found: dict[tuple[str, str, str], float] = {}
    for one in made:
        key = one.chapter, one.part, one.setting
        found[key] = max(one.seconds, found.get(key, 0.0))
    return found


def estimate(cell: Cell, known: Iterable[Made]) -> float | None:
    """Seconds for a cell, from those of its part whose settings are most like its own; None where there are none.

    All of `known` are made on one device. The longest counts: a cell that found its networks already trained took less
    than it would have alone. Where cells have other numbers of epochs, their times are scaled in proportion.
    """
    text = str(cell.setting)
    words = set(text.split())
    alike = [made for made in known if (made.chapter, made.part) == (cell.part.chapter, cell.part.name)]
    if not alike:
        return None
    shared = [len(words & set(made.setting.split())) for made in alike]
    nearest = (made for made, count in zip(alike, shared, strict=True) if count == max(shared))
    return max(made.seconds * _longer(text, made.setting) for made in nearest)


def _longer(text: str, other: str) -> float:
    """The ratio of the epochs that the words of two settings name; 1 where either names none."""
    one, by = (sum(int(number) for pair in EPOCHS.findall(of) for number in pair if number) for of in (text, other))
    return one / by if one and by else 1.0


def listed(tasks: Sequence[Task]) -> str:
    """What is missing, with a line for each part: how many cells, and minutes."""
    parts: dict[str, list[Task]] = {}
    for task in tasks:
        parts.setdefault(f"{task.cell.part.chapter}.{task.cell.part.name}", []).append(task)
    lines = [f"{name:42} {len(of):4} {minutes(of):>10}" for name, of in parts.items()]
    head = f"{'what is missing, the most telling first':42} {'cells':>4} {'minutes':>9}"
    total = f"{'all of it':42} {len(tasks):4} {minutes(tasks):>10}"
    notes = ["~ by what another device or data set took"] if any(task.is_scaled for task in tasks) else []
    return "\n".join([head, *lines, total, *notes]) if tasks else "nothing is missing"


def minutes(tasks: Sequence[Task]) -> str:
    """The minutes that cells will take, as far as known; `~` marks times scaled from another device or data set."""
    known = [task.seconds for task in tasks if task.seconds is not None]
    text = f"{sum(known) / 60:.1f}" if known else "?"
    text = f"~{text}" if any(task.is_scaled for task in tasks) else text
    return f"{text} + ?" if known and len(known) < len(tasks) else text
