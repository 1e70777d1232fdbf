"""Which chapters the book has, and in which order: the only place in lib and the tests that says so."""

import importlib
from pathlib import Path

import yaml

from lib import compute

PAGES = compute.ROOT / "book"
"""The pages that are not notebooks, and the table of contents."""

NOTEBOOKS = compute.ROOT / "notebooks"
"""The notebooks, with their claims and profiles."""

SCOREBOARD = "scoreboard"
"""The notebook that measures nothing, and reads what the chapters have found."""


def files() -> list[str]:
    """The pages and notebooks that the table of contents names, in its order."""
    toc = yaml.safe_load((PAGES / "_toc.yml").read_text(encoding="utf-8"))
    return [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]


def chapters() -> list[str]:
    """The experiments, by the names of their notebooks, in the order of the table of contents.

    A chapter is a file that the table of contents names and that has no page in book/, except the scoreboard. Its
    notebook need not exist yet.
    """
    return [name for name in files() if name != SCOREBOARD and not (PAGES / f"{name}.md").exists()]


def pages() -> list[str]:
    """All pages of the site, by their names without an extension, in the order of the table of contents."""
    toc = yaml.safe_load((PAGES / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *files()]


def title() -> str:
    """The book's title."""
    return yaml.safe_load((PAGES / "_config.yml").read_text(encoding="utf-8"))["title"]


def papers() -> list[str]:
    """The chapters on a paper's claims: those with a file in notebooks/claims."""
    return [name for name in chapters() if claims_file(name).exists()]


def notebooks() -> list[str]:
    """The notebooks that exist: those of the chapters, then the scoreboard, which reads their results."""
    return [name for name in [*chapters(), SCOREBOARD] if source(name).exists()]


def experiment(chapter: str) -> type:
    """The class of a chapter's experiment: `Experiment` in `lib.chapters.<chapter>`, or in its module `experiment`."""
    home = importlib.import_module(f"lib.chapters.{chapter}")
    if hasattr(home, "__path__"):
        home = importlib.import_module(f"lib.chapters.{chapter}.experiment")
    return home.Experiment


def source(notebook: str) -> Path:
    """The file of a notebook's source, without outputs."""
    return NOTEBOOKS / f"{notebook}.ipynb"


def claims_file(paper: str) -> Path:
    """The file of what a paper says, as facts."""
    return NOTEBOOKS / "claims" / f"{paper}.yaml"
