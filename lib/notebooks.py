"""The cells of a notebook's file, read as plain JSON: nbformat takes seconds to import, in every process."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class NotebookCell:
    """One cell of a notebook."""

    kind: str
    """`code` or `markdown`."""
    source: str
    tags: tuple[str, ...]


def read_cells(path: Path) -> list[NotebookCell]:
    """The cells of a notebook in their order."""
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [
        NotebookCell(cell["cell_type"], "".join(cell["source"]), tuple(cell.get("metadata", {}).get("tags", ())))
        for cell in found
    ]
