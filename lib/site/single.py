"""A site of one page in the look of the book, with a file to download."""

import shutil
from collections.abc import Callable
from pathlib import Path

from lib import book
from lib.files import copied
from lib.site.render import render

CONTENTS = "format: jb-book\nroot: index\n"


def build(page: Callable[[Path], str], offered: Path, output: Path) -> Path:
    """Render a page into the folder `output`, which is replaced; return the page.

    Parameters
    ----------
    page
        Gives the page in Markdown, and puts its figures into the folder that it is given.
    offered
        The file to put beside the page.

    Raises
    ------
    lib.site.render.SiteError
        Where jupyter-book fails or warns, or `output` holds something other than a site.
    """

    def staged(target: Path) -> None:
        target.mkdir()
        for name in ("_config.yml", "references.bib"):
            shutil.copyfile(book.PAGES / name, target / name)
        copied(book.PAGES / "_static", target / "_static")
        shutil.copyfile(offered, target / offered.name)
        (target / "_toc.yml").write_text(CONTENTS, encoding="utf-8")
        (target / "index.md").write_text(page(target), encoding="utf-8")

    return render(staged, output)
