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
"""What takes less says nothing of how fast a device is."""

EPOCHS = re.compile(r"\bepochs? (\d+)|\b(\d+) epochs?\b")
"""How the words of a setting name a length of training."""


@dataclass(frozen=True)
class Task:
    """A cell that is missing, and the seconds that it will take here; None where nothing like it was measured."""

    cell: Cell
    seconds: float | None
    is_scaled: bool = False
    """Whether that was measured on another device or data set, and is scaled to this one."""


def missing(wanted: Iterable[Cell], order: Sequence[str] = ()) -> list[Task]:
    """The cells that are not kept, by worth; a file that is damaged is set aside.

    Parameters
    ----------
    order
        Parts as `chapter.part`, or whole chapters, the most telling first. Those of a part stay in their order; parts
        that are not named come last.
    """
    known, here = list(experience()), provenance.describe_device()
    found = [planned(cell, known, here) for cell in dict.fromkeys(wanted) if cell.read() is None]
    return sorted(found, key=lambda task: rank(task.cell, order))


def rank(cell: Cell, order: Sequence[str]) -> int:
    """The place of a cell's part in the order."""
    names = (f"{cell.part.chapter}.{cell.part.name}", cell.part.chapter)
    return min((order.index(name) for name in names if name in order), default=len(order))


def experience(folders: Sequence[Path] | None = None) -> Iterable[Made]:
    """Where each cell comes from that is kept in folders, by default all of them, whichever device made it."""
    for folder in cells.FOLDERS if folders is None else folders:
        for path in sorted(folder.glob("*/*.npz")):
            try:
                yield store.read_made(path)
            except (Damaged, OSError):  # or gone by now: an estimate does without
                continue


def planned(cell: Cell, known: Iterable[Made], here: str) -> Task:
    """A cell, and what it will take on the device `here`.

    Where none of its part was made on that with its data set, those of another device or data set count, times the
    ratio of the two: the median over the parts that both have made under the same settings. Of several others, the one
    with most of these.
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
    """The seconds of one list by those of another, of each part that both have under some setting of the same words."""
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
    """Seconds for a cell, by those of its part whose settings are most like its own, all made on one device.

    Of these the longest counts: a cell that found its networks trained by another took less than it would alone. Where
    they trained for other epochs, time is in proportion.
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
    """The epochs that the words of one setting name by those of another; 1 where either names none."""
    one, by = (sum(int(number) for pair in EPOCHS.findall(of) for number in pair if number) for of in (text, other))
    return one / by if one and by else 1.0


def listed(tasks: Sequence[Task]) -> str:
    """What is missing, in lines: a part each, with its cells and minutes."""
    parts: dict[str, list[Task]] = {}
    for task in tasks:
        parts.setdefault(f"{task.cell.part.chapter}.{task.cell.part.name}", []).append(task)
    lines = [f"{name:42} {len(of):4} {minutes(of):>10}" for name, of in parts.items()]
    head = f"{'what is missing, the most telling first':42} {'cells':>4} {'minutes':>9}"
    total = f"{'all of it':42} {len(tasks):4} {minutes(tasks):>10}"
    notes = ["~ by what another device or data set took"] if any(task.is_scaled for task in tasks) else []
    return "\n".join([head, *lines, total, *notes]) if tasks else "nothing is missing"


def minutes(tasks: Sequence[Task]) -> str:
    """What cells will take, as far as it is known; a `~` marks what another device took, scaled."""
    known = [task.seconds for task in tasks if task.seconds is not None]
    text = f"{sum(known) / 60:.1f}" if known else "?"
    text = f"~{text}" if any(task.is_scaled for task in tasks) else text
    return f"{text} + ?" if known and len(known) < len(tasks) else text
