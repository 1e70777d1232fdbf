"""Changes of what answers a row that were made after results had been seen: rules should be there before."""

from dataclasses import dataclass

import yaml

from lib import book


@dataclass(frozen=True)
class RuleChange:
    """One of them, by the edition of the book that made it."""

    date: str
    commit: str
    edition: str
    rows: tuple[str, ...]
    """The addresses of the claims."""
    what: str
    then: str
    """The answer before, in words."""
    later: str
    """The answer by the new rule."""


def changes() -> list[RuleChange]:
    """All of them, by date."""
    path = book.NOTEBOOKS / "claims" / "editions" / "changes.yaml"
    return [
        RuleChange(**entry | {"date": str(entry["date"]), "commit": str(entry["commit"]), "rows": tuple(entry["rows"])})
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]
