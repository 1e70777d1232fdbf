"""Changes of code that alter no result, and what the digests of the changed definitions count as.

`lib.evidence.same` finds out by cells that were measured before a change and after it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lib import compute


@dataclass(frozen=True)
class Change:
    """A change, why it was made, and the cells that came out the same."""

    why: str
    counts_as: Mapping[str, Mapping[str, str]]
    """By definition as it is written now: its digest (`now`), and that of the one which it counts as (`then`)."""
    cells: Mapping[str, int]
    """How many cells of each `chapter.part` were measured before and after, and hold the same to the bit."""
    commit: str | None
    device: str
    finished: str


def path() -> Path:
    """The file of the changes, which goes wherever the code goes: without it recorded cells would be missing."""
    return compute.ROOT / "lib" / "digest" / "same.json"


def changes() -> list[Change]:
    """The changes that are on record, the oldest first."""
    return [Change(**one) for one in json.loads(path().read_text(encoding="utf-8"))] if path().exists() else []


def table() -> dict[str, str]:
    """What the digest of a changed definition counts as."""
    return {one["now"]: one["then"] for change in changes() for one in change.counts_as.values()}


def text(found: Iterable[Change]) -> str:
    """Changes as the file has them."""
    return json.dumps([asdict(one) for one in found], indent=1) + "\n"
