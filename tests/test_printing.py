"""How pages are bound for the print, and what is said where there is no browser."""

import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from lib.run import __main__ as command_line
from lib.site import build, chromium
from lib.site.bound import bound

FIRST = """<html><head><title>One</title><script src="theme.js"></script></head><body><article class="bd-article">
<h1 id="one">One<a class="headerlink" href="#one">#</a></h1><a href="#one">up</a> <a href="two.html#part">on</a>
<a href="two.html">all of it</a> <a href="data.json">data</a> <a href="https://example.org/">away</a>
<button>press</button><noscript>without</noscript></article></body></html>"""
SECOND = """<html><head><title>Two</title><script src="mathjax.js"></script></head><body><article class="bd-article">
<h1 id="one">Two</h1><p id="part" aria-labelledby="one part"></p></article></body></html>"""


def test_bound_pages_lead_to_each_other(tmp_path: Path) -> None:
    (tmp_path / "one.html").write_text(FIRST)
    (tmp_path / "two.html").write_text(SECOND)
    whole = BeautifulSoup(bound(tmp_path, ["one", "two"], "Both"), "html.parser")
    ids = [tag["id"] for tag in whole.find_all(id=True)]
    assert len(ids) == len(set(ids))
    links = {link.get_text(): link.get("href") for link in whole.select("article a")}
    addresses = {"up": "#one--one", "on": "#two--part", "all of it": "#two", "data": None}
    assert links == addresses | {"away": "https://example.org/"}
    assert whole.find(id="two--part")["aria-labelledby"] == "two--one two--part"
    assert [script["src"] for script in whole.find_all("script")] == ["mathjax.js"]
    assert whole.title.string == "Both" and not whole.find(["button", "noscript"])


def test_without_a_browser_it_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(chromium, "ways", lambda fetched: [])
    monkeypatch.delattr(build, "build")  # nothing is built
    assert command_line.main(["pdf", str(tmp_path), str(tmp_path / "out")]) == 1
    assert "apt install chromium" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_without_playwright_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(chromium.NoBrowserError, match="package playwright"), chromium.launched():
        pass
