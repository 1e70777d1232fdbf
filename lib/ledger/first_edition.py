"""What the book's first edition answered, and what became of each of its rows: an address never dies."""

from dataclasses import dataclass

import yaml

from lib import book


@dataclass(frozen=True)
class OldRow:
    """A row of the first edition, with its last answer."""

    id: str
    """Its address."""
    verdict: str
    """Whether it was found, in the first edition's words."""
    stands: str | None
    """Whether it stood when measured soundly; None where that was not told."""
    measured: float | None
    now: tuple[str, ...]
    """The addresses of the claims that ask the same today."""
    why: str
    """Why the rule changed."""
    fitted: bool = False

    @property
    def answer(self) -> str:
        """The old answer in words."""
        parts = [self.verdict, "fitted" if self.fitted else "", f"stands: {self.stands}" if self.stands else ""]
        return "; ".join(filter(None, parts))


def rows() -> list[OldRow]:
    """The rows of the first edition, in its order."""
    path = book.NOTEBOOKS / "claims" / "editions" / "first.yaml"
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))["rows"]
    return [OldRow(**entry | {"now": tuple(entry["now"])}) for entry in entries]
