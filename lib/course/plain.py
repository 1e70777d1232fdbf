"""Markdown as every notebook program shows it, from that of the book's pages."""

import re

ROLES = {
    r" ?\{cite(?::\w+)?\}`[^`]*`": "",
    r"\{eq\}`([^`]*)`": r"the equation *\1*",
    r"\{(?:ref|numref)\}`([^`<]*?)`": r"*\1*",
    r"\{(?:doc|ref)\}`([^`<]+?) <[^`]*>`": r"*\1*",
    r"\{doc\}`([^`]*)`": r"the page *\1*",
}
"""What becomes of the roles that exercises use."""


def plain(text: str) -> str:
    """The same words without the roles that only the book's own renderer knows."""
    for role, words in ROLES.items():
        text = re.sub(role, words, text)
    return text
