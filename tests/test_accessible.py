"""What axe-core finds on the pages of the site, light and dark: nothing."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import Window, window

from lib.show.wording import MARKS, badge

THEMES = ("light", "dark")
CONTRAST = "color-contrast"
COSTLY = [[".highlight"], ["mjx-container"], ["div.ledger:not(.claim) tbody tr:nth-child(n + 6)"]]
"""Thousands of small elements in few colours: those of code and the words of answers are looked at once for all,
formulas have the text's, and of a table five rows are enough.
"""
STILL = "*, *::before, *::after { transition: none !important; animation: none !important }"
TOKEN = re.compile(r'<span class="(\w{1,3})">')


class Checked:
    """A window in which axe-core runs."""

    def __init__(self, opened: Window) -> None:
        self.page, self._look, self._axe = opened.page, opened.look, Axe()

    def open(self, page: Path) -> None:
        self._look(page.as_uri())
        self.page.add_style_tag(content=STILL)

    def found(self, context: dict | None = None, **options: object) -> list[str]:
        """Each rule that is broken, with the element that breaks it."""
        response = self._axe.run(self.page, context, {"resultTypes": ["violations"], **options}).response
        assert response["passes"]  # it has looked at something
        return [f"{rule['id']}: {node['html'][:120]}" for rule in response["violations"] for node in rule["nodes"]]

    def contrast(self, theme: str, context: dict | None = None) -> list[str]:
        self.page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        return [f"{theme}: {one}" for one in self.found(context, runOnly=[CONTRAST])]


@pytest.fixture(scope="module")
def checked() -> Iterator[Checked]:
    with window() as opened:
        yield Checked(opened)


def test_axe_finds_nothing_on_any_page(built_site: Path, checked: Checked) -> None:
    found = {}
    for page in sorted(built_site.glob("*.html")):
        if page.name == "index.html":  # which only leads to another
            continue
        checked.open(page)
        broken = checked.found(rules={CONTRAST: {"enabled": False}})
        broken += [one for theme in THEMES for one in checked.contrast(theme, {"exclude": COSTLY})]
        found |= {page.name: broken} if broken else {}
    assert found == {}


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_of_code_can_be_read(theme: str, built_site: Path, checked: Checked) -> None:
    kinds = sorted({kind for page in built_site.glob("*.html") for kind in TOKEN.findall(page.read_text("utf-8"))})
    assert len(kinds) > 15
    checked.open(built_site / "primer.html")
    shown = "".join(f'<span class="{kind}">{kind}</span> ' for kind in kinds)
    checked.page.locator("main div.highlight pre").first.evaluate("(pre, shown) => { pre.innerHTML = shown }", shown)
    checked.page.evaluate("document.querySelectorAll('main div.highlight pre')[0].id = 'kinds'")
    assert checked.contrast(theme, {"include": [["#kinds"]]}) == []


@pytest.mark.parametrize("theme", THEMES)
def test_every_word_of_an_answer_can_be_read(theme: str, built_site: Path, checked: Checked) -> None:
    checked.open(built_site / "scoreboard.html")
    words = "<br>".join(badge("a word", tone) for tone in MARKS)  # not in a table, whose shades axe cannot judge
    checked.page.locator("main p").first.evaluate("(p, words) => { p.innerHTML = words; p.id = 'words' }", words)
    assert checked.page.locator("#words .verdict").count() == len(MARKS)
    assert checked.contrast(theme, {"include": [["#words"]]}) == []


def test_what_cannot_be_read_is_found(built_site: Path, checked: Checked) -> None:
    checked.open(built_site / "intro.html")
    checked.page.locator("main p").first.evaluate("p => { p.style.color = '#bbb'; p.innerHTML = 'pale <img src=x>' }")
    assert any(one.startswith("image-alt") for one in checked.found(rules={CONTRAST: {"enabled": False}}))
    assert any("pale" in one for one in checked.contrast("light"))
