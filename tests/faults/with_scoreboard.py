"""The toy book with a scoreboard, so that `reproduce`, which is what `make` does, runs to its end."""

from pathlib import Path

import nbformat
from scratch import Copy
from toy_book import toy_book

PARAMETERS = "seed: int = 0  # [0, 9] unused\nseeds: int = 1  # [1, 1] unused\n"
CODE = """\
from datetime import UTC, datetime
from lib import book, provenance
from lib.ledger import results
started = datetime.now(UTC)
here, commit = results.results_folder(), provenance.commit()
basis = results.scoreboard_inputs(here)
parameters = {"seed": seed, "seeds": seeds}
found = results.written(
    book.SCOREBOARD, parameters, basis, commit, started
)
path = results.write(book.SCOREBOARD, found)
"""
COSTS = "{quick: {}, disk_mb: {}, download_mb: {}}\n"
PAGES = ("primer", "toy", "scoreboard", "run_it_yourself", "recorded_results")
TOC = f"format: jb-book\nroot: intro\nparts: [{{chapters: [{', '.join(f'{{file: {one}}}' for one in PAGES)}]}}]\n"


def whole_book(root: Path) -> Copy:
    """The copy; what its processes write as temporary files is in `tmp`."""
    copy = toy_book(root)
    (root / "book" / "_toc.yml").write_text(TOC)
    (root / "notebooks" / "costs.yaml").write_text(COSTS)
    editions = root / "notebooks" / "claims" / "editions"
    editions.mkdir(parents=True, exist_ok=True)
    (editions / "first.yaml").write_text("rows: []\n")
    (editions / "changes.yaml").write_text("[]\n")
    cells = [
        nbformat.v4.new_markdown_cell("# Scoreboard"),
        nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(CODE),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(notebook, root / "notebooks" / "scoreboard.ipynb")
    return copy
