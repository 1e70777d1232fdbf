"""The site as files: what each page says of itself, and where its links lead."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest
import recompute_words

from lib import book as the_book
from lib.ledger import open_data
from lib.ledger.claims import paper

VERBATIM = {"pre", "code", "script", "style"}
MARKUP = re.compile(r"```|:::|\{(?:glue|cite|doc|ref|numref)\b")
"""What the renderer reads: in the prose of a page it means a fence or a role that was not understood."""


class Page(HTMLParser):
    """The addresses, links, images and prose of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.repeated: set[str] = set()
        self.title = ""
        self.description: str | None = None
        self.links: set[str] = set()
        self.images: list[dict[str, str | None]] = []
        self.prose = ""
        self._verbatim = 0
        self._in_title = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag names, points to or shows."""
        given = dict(attrs)
        self.repeated |= {given.get("id")} & self.ids
        if given.get("name") == "description":
            self.description = given["content"]
        self._in_title = tag == "title"
        self.ids |= {value for key in ("id", "name") if (value := given.get(key))}
        self.links |= {value for key in ("href", "src") if (value := given.get(key))}
        if tag == "img":
            self.images.append(given)
        self._verbatim += tag in VERBATIM

    def handle_endtag(self, tag: str) -> None:
        """Note where code ends."""
        self._verbatim -= tag in VERBATIM
        self._in_title = False

    def handle_data(self, data: str) -> None:
        """Gather the title, and the text that is not code."""
        if self._in_title:
            self.title += data
        if not self._verbatim:
            self.prose += data


@pytest.fixture(scope="module")
def book(built_site: Path) -> Path:
    return built_site


@pytest.fixture(scope="module")
def pages(book: Path) -> dict[str, Page]:
    return {path.name: Page(path) for path in sorted(book.glob("*.html"))}


def test_every_image_has_a_text(pages: dict[str, Page]) -> None:
    def is_silent(text: str | None) -> bool:  # a file's name is what the renderer puts where nobody wrote a text
        return not (text or "").strip() or "_images/" in text or text.endswith((".png", ".svg"))

    silent = [(name, image["src"]) for name, page in pages.items() for image in page.images if is_silent(image["alt"])]
    assert silent == []


def test_every_page_has_a_title_of_its_own_and_says_what_it_is_about(pages: dict[str, Page]) -> None:
    titles = [page.title for page in pages.values()]
    assert all(titles) and len(set(titles)) == len(titles)
    assert pages["intro.html"].title == "Adversarial Reproductions"
    listings = {"index.html", "genindex.html", "search.html"}
    assert {name for name, page in pages.items() if not page.description} == listings
    assert pages["mitigation.html"].description.startswith("The question. ")


def test_no_address_is_that_of_two_places(pages: dict[str, Page]) -> None:
    found = {name: page.repeated for name, page in pages.items() if page.repeated}
    assert found == {"search.html": {"search-input"}}  # the theme's own


def test_no_markup_is_left_in_the_prose(pages: dict[str, Page]) -> None:
    assert all("reproduc" in pages[name].prose.lower() for name in ("intro.html", "mitigation.html"))
    assert {name: found for name, page in pages.items() if (found := MARKUP.findall(page.prose))} == {}


def test_every_internal_link_leads_somewhere(book: Path, pages: dict[str, Page]) -> None:
    dead = []
    for name, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = unquote(parts.path) or name
            reached = pages[target].ids if target in pages else None
            missing = not (book / target).exists() or (
                parts.fragment and reached is not None and unquote(parts.fragment) not in reached
            )
            if missing:
                dead.append((name, link))
    assert dead == []


def test_every_claim_has_an_address(pages: dict[str, Page]) -> None:
    claimed = {claim.address for name in the_book.papers() for claim in paper(name).claims.values()}
    assert claimed - pages["scoreboard.html"].ids == set()


def test_the_words_of_the_ledger_come_out_the_same_when_worked_out_from_it_alone(book: Path) -> None:
    ledger = json.loads((book / "ledger.json").read_text(encoding="utf-8"))
    jsonschema.validate(ledger, json.loads((book / "ledger.schema.json").read_text()))
    assert len(ledger["rows"]) == sum(len(paper(name).claims) for name in the_book.papers())
    assert sum(row["word"] != "not run" for row in ledger["rows"]) > 30
    assert recompute_words.differences(ledger) == []


def test_the_ledger_s_files_lie_beside_the_pages(book: Path, pages: dict[str, Page]) -> None:
    for name in ("ledger.json", "ledger.csv", "ledger.schema.json"):
        assert (book / name).exists() and name in pages["open_data.html"].links


def test_every_address_of_the_first_edition_leads_somewhere(pages: dict[str, Page]) -> None:
    assert {row["id"] for row in open_data.first_edition()} - pages["scoreboard.html"].ids == set()


def test_no_page_names_the_folder_it_was_built_in(book: Path) -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in book.glob("*.html")}
    assert [name for name, text in texts.items() if str(book.parent) in text] == []
