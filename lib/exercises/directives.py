"""Exercises and solutions, as pages write them: the directives of sphinx-exercise in Markdown."""

import re
from dataclasses import dataclass

from nbformat import NotebookNode

from lib import book
from lib.notebooks import read_cells

BLOCK = re.compile(
    r"^(?P<fence>`{3,})\{(?P<kind>exercise|solution)\} *(?P<title>[^\n]*)\n(?P<body>.*?)^(?P=fence)$\n?", re.M | re.S
)
OPTION = re.compile(r":(\w+):(.*)\n")
CODE = re.compile(r"^```python\n(.*?)^```$\n?", re.M | re.S)


class ExerciseError(ValueError):
    """Something about an exercise is missing, unknown or belongs to no exercise; the message names it."""


@dataclass(frozen=True)
class Exercise:
    """One exercise, in Markdown."""

    label: str
    title: str
    text: str
    solution: str

    @property
    def code(self) -> str:
        """The Python code of its solution; empty where the solution is in words alone."""
        return "\n".join(CODE.findall(self.solution))

    @property
    def words(self) -> str:
        """The rest of its solution."""
        return CODE.sub("", self.solution).strip()


def source_text(page: str) -> str:
    """The Markdown of a page, or of a notebook's cells; empty where there is neither."""
    if (path := book.PAGES / f"{page}.md").exists():
        return path.read_text(encoding="utf-8")
    if (path := book.source(page)).exists():
        return "\n\n".join(cell.source for cell in read_cells(path) if cell.kind == "markdown")
    return ""


def found(text: str) -> list[Exercise]:
    """The exercises in some Markdown, in order, each with its solution.

    Raises
    ------
    ExerciseError
        Where an exercise has no solution or no label, or a solution has no exercise.
    """
    blocks = [(match["kind"], match["title"].strip(), *_options(match["body"])) for match in BLOCK.finditer(text)]
    solutions = {title: body for kind, title, _, body in blocks if kind == "solution"}
    exercises = [(options.get("label", ""), title, body) for kind, title, options, body in blocks if kind == "exercise"]
    labels = [label for label, *_ in exercises]
    wrong = [title for label, title, _ in exercises if label not in solutions]
    if wrong := [*wrong, *(label for label in solutions if label not in labels)]:
        raise ExerciseError(
            f"{wrong[0]}: an exercise has a label and a solution of that label, a solution its exercise"
        )
    return [Exercise(label, title, body, solutions[label]) for label, title, body in exercises]


def _options(body: str) -> tuple[dict[str, str], str]:
    options = {}
    while match := OPTION.match(body):
        options[match[1]] = match[2].strip()
        body = body[match.end() :]
    return options, body.strip()


def without_solutions(text: str) -> str:
    """The same Markdown with its solutions taken out."""
    return BLOCK.sub(lambda match: "" if match["kind"] == "solution" else match[0], text)


def strip(notebook: NotebookNode) -> None:
    """Take the solutions out of a notebook, in place."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = without_solutions(cell.source)
