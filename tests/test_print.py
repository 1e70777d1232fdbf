"""The site on paper: nothing is cut off or folded, and the PDF has bookmarks, page numbers and links."""

import re
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from browser import Window, window
from bs4 import BeautifulSoup
from pypdf import PdfReader
from pypdf.generic import Destination

from lib import book
from lib.site import pdf

PAPER = 680
"""Pixels of CSS between the margins of a sheet of A4."""

CUT_OFF = """() => [...document.querySelectorAll("main :is(pre, table, th, td, img, div.ledger, div.output)")]
    .filter(one => one.clientWidth && (one.scrollWidth > one.clientWidth + 1
        || one.getBoundingClientRect().right > document.documentElement.clientWidth + 1))
    .map(one => `${one.tagName}: ${one.innerText.slice(0, 60)}`)"""
"""What is wider than its own box, or than the sheet."""

FOLDED = """() => [...document.querySelectorAll("main :is(details > :not(summary), .toggle > :not(.admonition-title))")]
    .filter(one => getComputedStyle(one).display != "none" && (one.getBoundingClientRect().height == 0
        || !one.checkVisibility({opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true})))
    .map(one => one.textContent.slice(0, 60))"""

INKS = """() => ["body", "main pre span", "main h1", "main a", "main td", "main .verdict"]
    .map(what => document.querySelector(what)).filter(one => one)
    .map(one => Math.max(...getComputedStyle(one).color.match(/[0-9.]+/g).slice(0, 3).map(Number)))"""
"""The brightest of red, green and blue, from 0 to 255, of what is written on a page."""


@pytest.fixture(scope="module")
def screen() -> Iterator[Window]:
    with window() as opened:
        yield opened


@pytest.fixture(scope="module")
def on_paper(built_site: Path, screen: Window) -> dict[str, tuple[list[str], list[str]]]:
    """What is cut off and what is folded on each page of the site, as it is printed from a browser."""
    found = {}
    screen.page.emulate_media(media="print")
    for page in sorted(built_site.glob("*.html")):
        if page.name != "index.html":  # which only leads to another
            screen.look(page.as_uri(), width=PAPER)
            found[page.stem] = screen.page.evaluate(CUT_OFF), screen.page.evaluate(FOLDED)
    return found


@pytest.fixture(scope="module")
def files(built_site: Path, screen: Window, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The printed site."""
    return pdf.write(built_site, tmp_path_factory.mktemp("printed"), screen.page.context.browser)


@pytest.fixture(scope="module")
def whole(files: list[Path]) -> PdfReader:
    return PdfReader(files[0])


# ---- From a browser ----


def test_nothing_is_cut_off_on_paper(on_paper: dict[str, tuple[list[str], list[str]]]) -> None:
    assert {name: cut for name, (cut, _) in on_paper.items() if cut} == {}


def test_nothing_stays_folded_on_paper(on_paper: dict[str, tuple[list[str], list[str]]]) -> None:
    assert {name: folded for name, (_, folded) in on_paper.items() if folded} == {}


def test_a_dark_screen_prints_dark_on_white(built_site: Path, screen: Window) -> None:
    screen.page.emulate_media(media="screen", color_scheme="dark")
    screen.look((built_site / "scoreboard.html").as_uri())
    assert min(screen.page.evaluate(INKS)) > 128
    screen.page.emulate_media(media="print", color_scheme="dark")
    assert max(screen.page.evaluate(INKS)) <= 176
    screen.page.emulate_media(media="print", color_scheme="light")


# ---- The file of the whole book ----


def test_the_bookmarks_are_the_pages_and_their_sections(whole: PdfReader, built_site: Path) -> None:
    outline = list(whole.outline)
    expected = [_headings(built_site, name, "h1")[0] for name in book.pages()]
    assert [one.title for one in outline if isinstance(one, Destination)] == expected
    for name, title in zip(book.pages(), expected, strict=True):
        at = next(i for i, one in enumerate(outline) if isinstance(one, Destination) and one.title == title)
        below = outline[at + 1] if at + 1 < len(outline) and isinstance(outline[at + 1], list) else []
        assert [one.title for one in below if isinstance(one, Destination)] == _headings(built_site, name, "h2")


def _headings(site: Path, name: str, level: str) -> list[str]:
    article = BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser").find("article")
    for link in article.select("a.headerlink, noscript"):
        link.decompose()
    return [heading.get_text() for heading in article.find_all(level)]


def test_every_sheet_has_its_number(whole: PdfReader) -> None:
    some = [*range(1, len(whole.pages), 12), len(whole.pages)]  # to get the text of all takes as long as the print
    words = {number: whole.pages[number - 1].extract_text().split() for number in some}
    assert [number for number, found in words.items() if str(number) not in (found[0], found[-1])] == []


def test_the_contents_say_where_each_page_begins(whole: PdfReader) -> None:
    starts = [whole.get_destination_page_number(one) + 1 for one in whole.outline if isinstance(one, Destination)]
    numbers = [int(line) for line in whole.pages[0].extract_text().splitlines() if line.strip().isdecimal()]
    assert len(starts) == len(book.pages()) and starts == sorted(set(starts))
    assert numbers[-len(starts) :] == starts


def test_titles_and_numbers_of_the_contents_are_both_to_be_seen(files: list[Path]) -> None:
    sheet = pypdfium2.PdfDocument(files[0])[0].render(scale=1, grayscale=True).to_numpy()
    dark = (sheet < 128).any(axis=0).nonzero()[0] / sheet.shape[1]
    lines = (sheet < 128).any(axis=1).sum()
    assert dark.min() < 0.15 and dark.max() > 0.85
    assert ((dark > 0.1) & (dark < 0.4)).sum() > 100  # titles run on from the left
    assert lines > 5 * len(book.pages())


def test_links_lead_within_the_book_or_to_the_web(whole: PdfReader) -> None:
    links = _links(whole)
    within = [link["/Dest"] for link in links if "/Dest" in link]
    assert len(within) > 500
    assert {str(name) for name in within if isinstance(name, str)} - whole.named_destinations.keys() == set()
    outside = [link["/A"]["/URI"] for link in links if "/A" in link]
    assert [address for address in outside if not re.match(r"https?://|mailto:", address)] == []


def _links(reader: PdfReader) -> list[dict]:
    found = [one.get_object() for sheet in reader.pages for one in sheet.get("/Annots", [])]
    return [one for one in found if one["/Subtype"] == "/Link"]


# ---- One file a page ----


def test_each_page_of_the_book_has_a_file(files: list[Path], whole: PdfReader) -> None:
    assert [path.stem for path in files[1:]] == book.pages()
    alone = [PdfReader(path) for path in files[1:]]
    starts = [whole.get_destination_page_number(one) for one in whole.outline if isinstance(one, Destination)]
    assert [int(one.page_labels[0]) for one in alone] == [start + 1 for start in starts]
    assert starts[0] + sum(len(one.pages) for one in alone) == len(whole.pages)
    titles = [one.title for one in whole.outline if isinstance(one, Destination)]
    assert [one.outline[0].title for one in alone] == titles
    assert all(one.metadata.title.startswith(title) for one, title in zip(alone, titles, strict=True))


def test_links_within_a_page_work_in_its_own_file(files: list[Path]) -> None:
    chapter = PdfReader(next(path for path in files if path.stem == book.papers()[0]))
    names = {str(link["/Dest"]) for link in _links(chapter) if isinstance(link.get("/Dest"), str)}
    assert names and names <= chapter.named_destinations.keys()


def test_the_site_is_left_as_it_was(files: list[Path], built_site: Path) -> None:
    assert files and list(built_site.glob(".print-*")) == []
