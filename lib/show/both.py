"""A table in two forms: HTML for pages; Markdown for terminals, for LaTeX and for comparing two runs."""

import html
import re
from collections.abc import Sequence

from IPython.display import HTML

BREAK, TAG = re.compile(r"<br ?/?>"), re.compile(r"<[^>]+>")


class Table(HTML):
    """HTML, with the same table in Markdown beside it.

    Parameters
    ----------
    data
        The HTML.
    text
        The Markdown, which is also its plain text.
    """

    def __init__(self, data: str, text: str) -> None:
        super().__init__(data)
        self.text = text

    def _repr_markdown_(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


def markdown(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown, a table whose head and cells are HTML: their words alone, a line for each row, under the caption."""
    lines = [head, ["---"] * len(head), *rows]
    written = ["| " + " | ".join(map(_words, line)) + " |" for line in lines]
    return "\n".join([caption, "", *written])


def _words(cell: str) -> str:
    """The text of an HTML cell, in one line."""
    said = html.unescape(TAG.sub("", BREAK.sub("; ", cell)))
    return " ".join(said.replace("|", "\\|").split())
