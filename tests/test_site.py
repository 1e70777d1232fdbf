"""The site, as a reader has it: built whole, opened in a browser, with no network."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from browser import Sight, Window, served, window
from test_pages import RUN

from lib import book as the_book
from lib.ledger.claims import paper
from lib.site import build, facts
from lib.site.render import SiteError

PHONE = 390
OVERFLOWING = """() => [...document.querySelectorAll("main :is(td, th, pre)")]
    .filter(cell => cell.clientWidth && cell.scrollWidth > cell.clientWidth + 1).map(cell => cell.innerText)"""
"""The text of the table cells and of the blocks of code whose text runs out of them."""
SMALL_FIGURES = """() => [...document.querySelectorAll("main figure img")].filter(image => image.clientHeight && (
    image.closest("a")?.href !== image.src
    || Math.abs(image.clientWidth * image.naturalHeight / image.clientHeight / image.naturalWidth - 1) > 0.03
)).map(image => image.alt)"""
"""What is said of the figures that do not lead to themselves at full size, or have lost their shape."""
BROKEN = """() => {
    const part = document.createRange();
    const isBroken = text => [...text.data.matchAll(/[^\\s-]+/g)].some(word => {
        part.setStart(text, word.index);
        part.setEnd(text, word.index + word[0].length);
        return part.getClientRects().length > 1;
    });
    return [...document.querySelectorAll("main thead th")].filter(head => {
        const texts = document.createTreeWalker(head, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) if (isBroken(texts.currentNode)) return true;
        return false;
    }).map(head => head.innerText);
}"""
"""The heads of columns that are too narrow for one of their words, which goes on in the next line."""


@dataclass
class Visit:
    """One page, as it was served."""

    sight: Sight
    width: int
    formulas: int
    broken_formulas: int
    overflowing: list[str]
    broken: list[str]
    figures: int
    small_figures: list[str]


@pytest.fixture(scope="module")
def book(built_site: Path) -> Path:
    return built_site


@pytest.fixture(scope="module")
def chromium() -> Iterator[Window]:
    with window() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(book: Path) -> Iterator[str]:
    with served(book) as base:
        yield base


@pytest.fixture(scope="module")
def visits(book: Path, address: str, chromium: Window) -> dict[str, Visit]:
    """Every page, opened on a screen as narrow as a phone's."""
    seen = {}
    for name in sorted(path.name for path in book.glob("*.html") if path.name != "index.html"):
        sight = chromium.look(f"{address}/{name}", width=PHONE)
        width = chromium.page.evaluate("document.documentElement.scrollWidth")
        formulas = chromium.page.locator("mjx-container").count()
        failed = chromium.page.locator("mjx-merror, [data-mjx-error]").count()
        found = [*map(chromium.page.evaluate, (OVERFLOWING, BROKEN)), chromium.page.locator("main figure img").count()]
        seen[name] = Visit(sight, width, formulas, failed, *found, chromium.page.evaluate(SMALL_FIGURES))
    return seen


# ---- The site in a browser ----


def test_no_request_leaves_the_machine(visits: dict[str, Visit], address: str) -> None:
    asked = {url for visit in visits.values() for url in visit.sight.requests}
    assert asked
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []


def test_no_page_shows_an_error(visits: dict[str, Visit]) -> None:
    assert {name: visit.sight.errors for name, visit in visits.items() if visit.sight.errors} == {}
    assert {name: visit.sight.failures for name, visit in visits.items() if visit.sight.failures} == {}


def test_no_page_scrolls_sideways_on_a_phone(visits: dict[str, Visit]) -> None:
    assert {name: visit.width for name, visit in visits.items() if visit.width > PHONE} == {}


def test_formulas_are_set(visits: dict[str, Visit]) -> None:
    assert visits["primer.html"].formulas > 20
    assert {name: visit.broken_formulas for name, visit in visits.items() if visit.broken_formulas} == {}


def test_a_figure_leads_to_itself_at_full_size_and_keeps_its_shape(visits: dict[str, Visit]) -> None:
    assert all(visits[name].figures for name in ("intro.html", "primer.html", "benchmarks.html", "mitigation.html"))
    assert {name: visit.small_figures for name, visit in visits.items() if visit.small_figures} == {}


@pytest.mark.parametrize("name", ["mitigation", "intro", "primer"])
def test_a_figure_lies_on_white_in_the_dark(name: str, address: str, chromium: Window) -> None:
    chromium.look(f"{address}/{name}.html")
    grounds = "images => images.map(image => getComputedStyle(image).backgroundColor)"
    chromium.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    found = chromium.page.locator("main :is(figure img, img.sd-card-img-top)").evaluate_all(grounds)
    assert found and set(found) == {"rgb(255, 255, 255)"}


def test_search_finds_the_one_page_that_has_a_word(address: str, chromium: Window) -> None:
    chromium.look(f"{address}/search.html?q=REPRO_DEVICE")
    results = chromium.page.locator("#search-results ul.search li a")
    results.first.wait_for(timeout=60_000)
    found = {urlsplit(link.get_attribute("href")).path for link in results.all()}
    assert found == {"run_it_yourself.html"}


def test_the_first_page_leads_to_the_introduction(address: str, chromium: Window) -> None:
    chromium.page.goto(f"{address}/index.html")
    chromium.page.wait_for_url(f"{address}/intro.html", timeout=60_000)


def test_no_text_runs_out_of_its_cell_and_no_code_out_of_its_block(visits: dict[str, Visit]) -> None:
    assert {name: visit.overflowing for name, visit in visits.items() if visit.overflowing} == {}


def test_no_column_is_too_narrow_for_a_word_of_its_head(visits: dict[str, Visit]) -> None:
    assert {name: visit.broken for name, visit in visits.items() if visit.broken} == {}


def test_rows_do_not_cover_what_says_that_a_table_goes_on(address: str, chromium: Window) -> None:
    clear = "rgba(0, 0, 0, 0)"
    ground = "rows => rows.map(row => getComputedStyle(row).backgroundColor)"
    chromium.look(f"{address}/benchmarks.html", width=PHONE)
    assert set(chromium.page.locator("div.ledger tr").evaluate_all(ground)) == {clear}
    chromium.look(f"{address}/scoreboard.html#first-mitigation.clean.accuracy")
    assert clear not in chromium.page.locator("tr:target").evaluate_all(ground)  # a row that an address names is marked


@pytest.mark.parametrize("name", ["claims", "survives"])
def test_rows_of_sentences_are_read_on_a_phone_without_scrolling_sideways(
    name: str, address: str, chromium: Window
) -> None:
    chromium.look(f"{address}/{name}.html", width=PHONE)
    fit = "boxes => boxes.map(box => box.scrollWidth <= box.clientWidth)"
    assert set(chromium.page.locator("div.ledger.stacks").evaluate_all(fit)) == {True}


def test_a_long_setting_breaks_within_its_cell(address: str, chromium: Window) -> None:
    chromium.look(f"{address}/recorded_results.html")
    longer = """cell => { cell.innerHTML = `<code><span class="pre">${"+resnet".repeat(40)}</span></code>` }"""
    chromium.page.locator("div.ledger td:nth-child(2)").first.evaluate(longer)
    assert [text for text in chromium.page.evaluate(OVERFLOWING) if "+resnet" in text] == []


@pytest.mark.parametrize("name", ["intro", "primer", "mitigation", "scoreboard"])
def test_a_page_opens_from_disk(name: str, book: Path, chromium: Window) -> None:
    sight = chromium.look((book / f"{name}.html").as_uri())
    assert sight.failures == []
    assert sight.errors == []
    assert [url for url in sight.requests if not url.startswith(("file:", "data:"))] == []


# ---- Staging ----


@pytest.mark.parametrize("name", the_book.chapters())
def test_the_page_for_courses_names_each_exercise_and_what_the_chapter_takes(name: str) -> None:
    cells = nbformat.read(the_book.source(name), as_version=4).cells
    titles = re.findall(r"\{exercise\} (.+)", "\n".join(cell.source for cell in cells))
    by_page, *rows = [line for line in facts.exercises_table().splitlines() if f"{{doc}}`{name}`" in line]
    _, _, count, *sums, _ = (cell.strip() for cell in by_page.split("|"))
    each = [[int(cell) for cell in row.split("|")[-4:-1]] for row in rows]
    assert int(count) == len(rows) and [int(one) for one in sums] == [sum(column) for column in zip(*each, strict=True)]
    assert len(rows) == len(titles) > 0 and [title for title in titles if title not in "".join(rows)] == []
    taught = (the_book.PAGES / "teaching.md").read_text().splitlines()
    assert sum(line.startswith(f"| {{doc}}`{name}`") for line in taught) == 1, "what the page teaches"
    assert sum(re.match(rf"\| \d+ \| {{doc}}`{name}`", line) is not None for line in taught) == 1, "its week"
    assert f"{{doc}}`{name}`" in facts.costs_table()


def test_without_any_run_each_chapter_says_so(tmp_path: Path) -> None:
    target = tmp_path / "a path with spaces" / "book"
    build.stage(tmp_path / "nothing here", target)
    for name in [*the_book.chapters(), the_book.SCOREBOARD]:
        assert "Not run" in (target / f"{name}.md").read_text(encoding="utf-8")
    page = (target / "mitigation.md").read_text(encoding="utf-8")
    assert paper("mitigation").title in page
    assert "make reproduce PAPER=mitigation" in page
    assert "0.9894" in page
    assert 'id="mitigation.clean.accuracy"' in (target / "scoreboard.md").read_text(encoding="utf-8")


def test_results_without_their_notebook_are_no_page(tmp_path: Path) -> None:
    results, target = tmp_path / "results", tmp_path / "book"
    results.mkdir()
    (results / "mitigation.json").write_text(json.dumps(RUN))
    build.stage(results, target)
    assert "Not run" in (target / "mitigation.md").read_text(encoding="utf-8")
    assert "without any run" in (target / build.GENERATED / "runs.md").read_text(encoding="utf-8")


def test_a_warning_fails_the_build_and_what_stood_there_stays(tmp_path: Path) -> None:
    """Only the broken page complains, so the pages of chapters that were not run are rendered without a warning."""
    results, output = tmp_path / "results", tmp_path / "site"
    broken = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Broken\n\n[to nowhere](nowhere.md)")])
    results.mkdir()
    nbformat.write(broken, results / "unlearning.ipynb")
    output.mkdir()
    for name in ("index.html", "objects.inv"):  # what tells a site from any other folder
        (output / name).write_text("before")
    with pytest.raises(SiteError) as failure:
        build.build(results, output)
    complaints = [line for line in str(failure.value).splitlines() if "WARNING" in line]
    assert complaints
    assert [line for line in complaints if not line.startswith("unlearning.ipynb")] == []
    assert (output / "index.html").read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results", "site"]


@pytest.mark.parametrize("name", ["notes.txt", "book/notes.txt"])
def test_a_folder_that_holds_something_else_is_not_replaced(tmp_path: Path, name: str) -> None:
    notes = tmp_path / name
    notes.parent.mkdir(exist_ok=True)
    notes.write_text("mine")
    with pytest.raises(SiteError, match="something else than a site"):
        build.build(tmp_path, notes.parent)
    assert notes.read_text() == "mine"


def test_results_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="no folder"):
        build.build(tmp_path / "mistyped", tmp_path / "site")
