"""Pieces of Markdown that pages of the site are put together from."""

import html
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

SCALED = ":scale: 100"
"""Sphinx makes a picture a link where its scale is given; `_static/book.css` keeps it as wide as the page."""


def table(
    label: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, wraps: bool = False, stacks: bool = False
) -> str:
    """A table in Markdown, in a box of its own that scrolls sideways; cells are Markdown without line breaks.

    A table that `wraps` is as wide as the page, and its columns share that width. Of one that `stacks`, a phone shows
    the cells of a row below one another, the third and the fourth with their column's heading.
    """
    lines = [head, ["---"] * len(head), *rows]
    kind = "ledger" + " wraps" * wraps + " stacks" * stacks
    heads = f" style=\"--third: '{head[2]}: '; --fourth: '{head[3]}: '\"" if stacks else ""
    opening = f'<div class="{kind}"{heads} tabindex="0" role="region" aria-label="{html.escape(label)}">'
    return "\n".join([opening, "", *(f"| {' | '.join(cells)} |" for cells in lines), "", "</div>"])


def figure(path: str, alt: str, caption: str, name: str | None = None) -> str:
    """A picture with its caption, in Markdown; it is a link to itself at full size."""
    options = [f":name: {name}"] if name else []
    return "\n".join([f"```{{figure}} {path}", *options, f":alt: {alt}", SCALED, "", caption, "```"])


def plain(text: str) -> str:
    """Text in one line, escaped so that no character means anything to Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>|$#~])", r"\\\1", " ".join(text.split()))


def not_run(text: str) -> str:
    """What a page says in place of what was not run, in Markdown."""
    return f"```{{admonition}} Not run\n:class: important\n{text}\n```"


def moment(text: str) -> str:
    """A moment in UTC, given in ISO 8601, to the minute: "2025-01-31 09:05 UTC"."""
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M UTC")
