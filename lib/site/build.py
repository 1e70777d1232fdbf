"""Build the site from a folder of executed notebooks: what it is put together from."""

from pathlib import Path

import nbformat

from lib import book, compute
from lib.exercises import directives
from lib.files import copied
from lib.ledger import open_data
from lib.run.run import Run
from lib.site import archive, benchmarks, facts, front, live, pages, primer, survives
from lib.site.render import BESIDE, SiteError, render

GENERATED = "_generated"
"""The folder of a staged book whose files are written afresh each time, for pages to include."""


def build(results: Path, output: Path, *, solutions: bool = True) -> Path:
    """Render the book from a folder of executed notebooks.

    A warning counts as a failure. `output` is replaced as a whole, and stays as it was where rendering fails.

    Parameters
    ----------
    results
        Holds `<notebook>.ipynb` and `<notebook>.json` of each notebook that was executed; any may be missing.
    output
        The folder of the site.
    solutions
        Whether the site has the solutions of the exercises. If not, neither a page nor anything that a page lets a
        reader download has them.

    Returns
    -------
    Path
        Its first page, `output/index.html`.

    Raises
    ------
    SiteError
        Where there is no folder `results`, jupyter-book fails or warns, or `output` holds something other than a site.
    """
    if not results.is_dir():
        raise SiteError(f"no folder {results}: name one that holds executed notebooks")
    return render(lambda target: stage(results, target, solutions=solutions), output)


def stage(results: Path, target: Path, *, solutions: bool = True) -> None:
    """Put together what jupyter-book renders: pages, executed notebooks, and the code and facts that pages show.

    Where `results` lacks a chapter's notebook, a page says so, and lists what the paper claims. The ledger as data
    goes beside the pages; so does the book as an archive, unless it is without solutions.
    """
    copied(book.PAGES, target, "_build", "recorded", ".*")
    copied(compute.ROOT / "lib", target / "lib", "__pycache__")
    names = [*book.chapters(), book.SCOREBOARD]
    runs = {name: run for name in names if (run := Run.found(name, results)) and run.target.exists()}
    for name in names:
        executed = results / f"{name}.ipynb"
        if executed.exists():
            notebook = nbformat.read(executed, as_version=4)
            pages.prepare(notebook, name, runs)
            if not solutions:
                directives.strip(notebook)
            nbformat.write(notebook, target / f"{name}.ipynb")
        else:
            (target / f"{name}.md").write_text(pages.missing_page(name), encoding="utf-8")
    for page in target.glob("*.md") if not solutions else []:
        page.write_text(directives.without_solutions(page.read_text(encoding="utf-8")), encoding="utf-8")
    generated, beside = target / GENERATED, target / BESIDE
    generated.mkdir()
    beside.mkdir()
    fragments = facts.fragments(runs) | live.stage(runs, target, beside)
    fragments |= front.stage(runs, generated) | primer.stage(runs, generated) | benchmarks.stage(target, generated)
    fragments |= {"survives": survives.fragment(), "archive": archive.LINK if solutions else archive.NO_LINK}
    for name, text in fragments.items():
        (generated / f"{name}.md").write_text(text, encoding="utf-8")
    for name, text in open_data.files(results).items():
        (beside / name).write_text(text, encoding="utf-8")
    if solutions:
        archive.stage(beside)
