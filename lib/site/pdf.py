"""The site on paper: one PDF of the whole book, and one of each of its pages, with the book's page numbers."""

import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from pypdf import PdfReader, PdfWriter

from lib import book
from lib.files import atomic
from lib.site.bound import CONTENTS, NUMBERS, bound
from lib.site.chromium import TYPESET, Browser

WHOLE = "book"
"""The name of the file with all pages."""

SHEET = {"format": "A4", "prefer_css_page_size": True, "print_background": True}

logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns of how Chromium counts objects, which harms nothing
PATIENCE_MS = 300_000
TITLES = f"() => [...document.querySelectorAll('{CONTENTS} a')].map(link => link.textContent)"
NUMBERS_ALONE = f"""numbers => {{
    document.querySelectorAll("article").forEach(article => article.remove())
    document.body.style.visibility = "hidden"
    document.querySelectorAll(".{NUMBERS}").forEach((place, i) => {{
        place.textContent = numbers[i]
        place.style.visibility = "visible"
    }})
    const bare = "* {{ background: none !important }} @page {{ @bottom-center {{ content: none }} }}"
    document.head.insertAdjacentHTML("beforeend", `<style>${{bare}}</style>`)
}}"""
"""Removes everything from the document except the page numbers in its list of contents, which stay in their places."""


@dataclass(frozen=True)
class Leaf:
    """A page of the site in print: its name and title, and its sheets from `first` to before `end`, counted from 0."""

    name: str
    title: str
    first: int
    end: int


def write(site: Path, output: Path, browser: Browser) -> list[Path]:
    """Print a site: `book.pdf`, and a file for each page that the table of contents names.

    All have bookmarks for their sections, and page numbers; a page's own file has the book's numbers. Links lead within
    a file; a link that would lead to another file of the site is plain text.

    Parameters
    ----------
    site
        The folder of the site. While it is being printed, one more file lies there.
    output
        The folder of the files, made where it is missing.
    browser
        A browser from `lib.site.chromium.launched`.

    Returns
    -------
    list of Path
        The files, the whole book first.
    """
    names = [name for name in book.pages() if (site / f"{name}.html").exists()]
    whole, leaves = _printed(site, names, browser)
    output.mkdir(parents=True, exist_ok=True)
    files = [_kept(whole, output / f"{WHOLE}.pdf")]
    printed = PdfReader(files[0])
    return files + [_kept(_alone(printed, leaf), output / f"{leaf.name}.pdf") for leaf in leaves]


def _printed(site: Path, names: Sequence[str], browser: Browser) -> tuple[PdfWriter, list[Leaf]]:
    """The whole book, and where its pages are.

    Only the print tells where a page begins. So the list of contents is printed again with nothing but the numbers, and
    that is laid over the first print.
    """
    with _document(site, names) as document, browser.new_page() as tab:
        tab.set_default_timeout(PATIENCE_MS)
        tab.goto(document.as_uri(), wait_until="load")
        tab.evaluate(TYPESET)
        titles = tab.evaluate(TITLES)
        printed = PdfReader(BytesIO(tab.pdf(outline=True, tagged=True, **SHEET)))
        places = printed.named_destinations  # the list of contents links there, so the print names where a page begins
        starts = [printed.get_destination_page_number(places[f"/{name}"]) for name in names]
        tab.evaluate(NUMBERS_ALONE, [str(start + 1) for start in starts])
        numbers = PdfReader(BytesIO(tab.pdf(**SHEET)))
    whole = PdfWriter(clone_from=printed)
    for sheet, above in zip(whole.pages, numbers.pages, strict=False):
        sheet.merge_page(above)
    whole.add_metadata({"/Title": book.title()})
    ends = [*starts[1:], len(printed.pages)]
    return whole, [Leaf(*one) for one in zip(names, titles, starts, ends, strict=True)]


@contextmanager
def _document(site: Path, names: Sequence[str]) -> Iterator[Path]:
    """The pages as one file in the folder of the site, which is removed at the end of the block."""
    path = site / f".print-{uuid.uuid4().hex}.htm"  # not one of the site's pages, which end in .html
    try:
        path.write_text(bound(site, names, book.title()), encoding="utf-8")
        yield path
    finally:
        path.unlink(missing_ok=True)


def _alone(printed: PdfReader, leaf: Leaf) -> PdfWriter:
    """The sheets of one page of the site, with their bookmarks and the links among them."""
    alone = PdfWriter()
    alone.append(printed, pages=(leaf.first, leaf.end))
    alone.set_page_label(0, leaf.end - leaf.first - 1, style="/D", start=leaf.first + 1)
    alone.add_metadata({"/Title": f"{leaf.title} - {book.title()}"})
    return alone


def _kept(writer: PdfWriter, path: Path) -> Path:
    with atomic(path) as temporary:
        writer.write(temporary)
    return path
