"""Turn the Markdown of the book's pages into Markdown that every program can show."""

import re

ROLES = {
    r"\s*\{cite(?::\w+)?\}`[^`]*`": "",
    r"\{term\}`([^`<]*?)(?:\s*<[^>]*>)?`": r"\1",
    r"\{eq\}`([^`]*)`": r"the equation *\1*",
    r"\{(?:ref|numref)\}`([^`<]*?)`": r"*\1*",
    r"\{(?:doc|ref)\}`([^`<]+?)\s+<[^`]*>`": r"*\1*",
    r"\{doc\}`([^`]*)`": r"the page *\1*",
}
"""What replaces the roles that cards, captions and exercises use."""


def plain(text: str) -> str:
    """The same words without the roles that only the book's own renderer knows."""
    for role, words in ROLES.items():
        text = re.sub(role, words, text)
    return text
