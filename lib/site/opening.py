"""What the opening card of a chapter says, with the numbers of a run filled in: for the front page and README."""

import ast
import re
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode

from lib import book
from lib.markdown import plain
from lib.run.run import Run
from lib.show.glue import RECORD
from lib.site import pages
from lib.site.render import SiteError

PARAGRAPH = re.compile(r"\*\*(?P<label>The question|What we found)\.?\*\*\s*(?P<text>.*)", re.DOTALL)
GLUED = re.compile(r"\{glue:text\}`(?P<name>[^`:]+)(?::(?P<format>[^`]+))?`")


@dataclass(frozen=True)
class Opening:
    """The opening card of a chapter, as text without roles; a part that it lacks is empty."""

    question: str
    found: str
    """Empty where there is no run."""


def of_run(name: str, run: Run | None) -> Opening:
    """The opening of a chapter as its page shows it.

    Parameters
    ----------
    run
        The run that the page shows; None where there is none.
    """
    if run is None:
        source = nbformat.read(book.source(name), as_version=4) if book.source(name).exists() else None
        return Opening(_paragraphs(source).get("The question", "") if source else "", "")
    notebook = pages.shown(run)
    told = _paragraphs(notebook)
    return Opening(told.get("The question", ""), _filled_in(told.get("What we found", ""), glued(notebook), name))


def glued(notebook: NotebookNode) -> dict[str, object]:
    """The numbers and words that an executed notebook has kept for its prose, by name."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            kept = output.get("metadata", {}).get("scrapbook")
            if kept:
                found[kept["name"]] = _value(output.data[f"{RECORD}text/plain"])
    return found


def _value(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _paragraphs(notebook: NotebookNode) -> dict[str, str]:
    """The labelled paragraphs of a notebook's first cell, by label, without roles except those of glued values."""
    paragraphs = map(PARAGRAPH.fullmatch, re.split(r"\n\s*\n", notebook.cells[0].source.strip()))
    return {one["label"]: plain(" ".join(one["text"].split())) for one in paragraphs if one}


def _filled_in(text: str, values: dict[str, object], notebook: str) -> str:
    """The text with the values that the run has glued.

    Raises
    ------
    SiteError
        Where the text names a value that the run has not glued.
    """

    def value(found: re.Match) -> str:
        if found["name"] not in values:
            raise SiteError(
                f"the opening of {notebook} shows {found['name']}, which its run did not glue: run it again"
            )
        return format(values[found["name"]], found["format"] or "")

    return GLUED.sub(value, text)
