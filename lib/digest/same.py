"""Changes of code that alter no result, and what the digests of the changed definitions count as.

`lib.evidence.compare` finds out, from cells that were measured before a change and after it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lib import compute


class SameError(RuntimeError):
    """The file of the changes is damaged; the message says how."""


@dataclass(frozen=True)
class Change:
    """A change, why it was made, and the cells that came out the same."""

    why: str
    counts_as: Mapping[str, Mapping[str, str]]
    """For each changed definition, its digest as it is written now (`now`), and the one that it counts as (`then`)."""
    cells: Mapping[str, int]
    """How many cells of each `chapter.part` were measured before and after, and are the same to the bit."""
    commit: str | None
    device: str
    finished: str


def path() -> Path:
    """The file of the changes. It has to travel with the code: without it, recorded cells would count as missing."""
    return compute.ROOT / "lib" / "digest" / "same.json"


def changes() -> list[Change]:
    """The changes on record, the oldest first.

    Raises
    ------
    SameError
        Where the file is damaged, as by a merge: without it, recorded cells would count as missing.
    """
    if not path().exists():
        return []
    try:
        listed = json.loads(path().read_text(encoding="utf-8"))
        if not isinstance(listed, list):
            raise TypeError("it is no list")
        found = [Change(**one) for one in listed]
        pairs = {(_named(name), one["now"], one["then"]) for change in found for name, one in change.counts_as.items()}
        if len(pairs) != len({(name, now) for name, now, _ in pairs}):
            raise ValueError("a definition counts as two")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SameError(f"{path()} cannot be read ({error}): take it from Git as it was") from error
    return found


def table() -> dict[tuple[str, str], str]:
    """The digests that changed definitions count as, by their names, without the files, and digests as written."""
    found = [entry for change in changes() for entry in change.counts_as.items()]
    return {(_named(name), one["now"]): one["then"] for name, one in found}


def _named(definition: str) -> str:
    """The name of a definition, whose file may become another."""
    return definition.partition(": ")[2]


def text(found: Iterable[Change]) -> str:
    """Changes as the text of the file."""
    return json.dumps([asdict(one) for one in found], indent=1) + "\n"
