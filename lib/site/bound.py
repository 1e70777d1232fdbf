"""The pages of a site as one document for printing: in order, with links that lead within it."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

NAMED = ("for", "headers", "aria-controls", "aria-describedby", "aria-labelledby")
"""Attributes that name other elements of the page, one or several."""

NUMBERS = "page-number"
"""The class of the places for page numbers in the list of contents."""

CONTENTS = "nav.printed-contents"
"""The list of contents, as a style sheet finds it."""

# A title that wraps would lose its space in the bookmarks.
STYLE = f"""
h1, h2, h3, h4 {{ white-space: pre-wrap; }}
article.bd-article {{ break-before: page; padding: 0; }}
{CONTENTS} li {{ display: flex; justify-content: space-between; margin: 0.4rem 0; }}
{CONTENTS} .{NUMBERS} {{ min-width: 4em; text-align: right; }}
"""


def bound(site: Path, names: Sequence[str], title: str) -> str:
    """Put pages of a site into one HTML document, which is to lie beside them.

    Parameters
    ----------
    site
        The folder of the site.
    names
        Its pages in the order in which they are printed, without `.html`.
    title
        What the document is called, in its list of contents and in its metadata.

    Returns
    -------
    str
        HTML. Page `name` is the element with the id `name`; an id `x` on that page becomes `name--x`. A link to another
        page of the document leads within it; one to another file of the site is plain text, since no file lies beside
        the print. Scripts are left out, except those that set formulas.
    """
    texts = {name: (site / f"{name}.html").read_text(encoding="utf-8") for name in names}
    pages = {name: BeautifulSoup(text, "html.parser") for name, text in texts.items()}
    articles = [_article(page, name, set(names)) for name, page in pages.items()]
    whole = BeautifulSoup('<!DOCTYPE html><html lang="en" data-theme="light"></html>', "html.parser")
    whole.html.append(_head(list(pages.values()), title))
    body = whole.new_tag("body")
    main = whole.new_tag("main", attrs={"class": "bd-main bd-content", "id": "main-content"})
    main.extend([_contents(whole, articles, title), *articles])
    body.append(main)
    whole.html.append(body)
    return str(whole)


def _head(pages: Sequence[BeautifulSoup], title: str) -> Tag:
    """The head of the document: the pages' style sheets, and the scripts for formulas if a page has any."""
    head = next((page for page in pages if page.head.find(_sets_formulas)), pages[0]).head
    for script in head.find_all("script"):
        if not _sets_formulas(script):
            script.decompose()
    head.title.string = title
    style = BeautifulSoup(f"<style>{STYLE}</style>", "html.parser")
    head.append(style.style)
    return head


def _sets_formulas(tag: Tag) -> bool:
    return tag.name == "script" and "mathjax" in f"{tag.get('src', '')} {tag.string or ''}".lower()


def _article(page: BeautifulSoup, name: str, within: set[str]) -> Tag:
    """The article of a page, with its ids and links rewritten to be those of the whole document."""
    article = page.find("article")
    for useless in article.select("script, noscript, a.headerlink, button"):
        useless.decompose()
    for tag in article.find_all(True):
        if "id" in tag.attrs:
            tag["id"] = f"{name}--{tag['id']}"
        for attribute in NAMED:
            if attribute in tag.attrs:
                listed = tag[attribute] if isinstance(tag[attribute], list) else tag[attribute].split()
                tag[attribute] = " ".join(f"{name}--{one}" for one in listed)
    for link in article.find_all("a", href=True):
        target = _target(link["href"], name, within)
        if target is None:
            del link["href"]
        else:
            link["href"] = target
    article["id"] = name
    return article


def _target(address: str, name: str, within: set[str]) -> str | None:
    """Where a link of the page `name` leads in the whole document; None where it leads to another file of the site."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return address
    page = unquote(parts.path).removesuffix(".html") or name
    if page not in within:
        return None
    return f"#{page}--{parts.fragment}" if parts.fragment else f"#{page}"


def _contents(whole: BeautifulSoup, articles: Sequence[Tag], title: str) -> Tag:
    """The list of the pages, with a place for the page number at which each begins."""
    nav = whole.new_tag("nav", attrs={"class": CONTENTS.partition(".")[2], "aria-label": "Contents"})
    heading = whole.new_tag("p", attrs={"class": "title h1"})
    heading.string = title
    entries = whole.new_tag("ol", attrs={"class": "list-unstyled"})
    for article in articles:
        entry, link = whole.new_tag("li"), whole.new_tag("a", attrs={"href": f"#{article['id']}"})
        link.string = article.find("h1").get_text()
        entry.extend([link, whole.new_tag("span", attrs={"class": NUMBERS})])
        entries.append(entry)
    nav.extend([heading, entries])
    return nav
