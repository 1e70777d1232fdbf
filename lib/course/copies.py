"""A page of the book as a notebook to work in: one copy for students, one with solutions for instructors."""

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from functools import partial

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from lib import book
from lib.exercises.directives import BLOCK, ExerciseError
from lib.exercises.tasks import Sheet, Task
from lib.markdown import plain
from lib.run import profiles

SET_UP = """\
# This finds `lib` in the folder that this notebook came in.
import sys
from pathlib import Path

here = Path.cwd()
there = (one for one in (here, *here.parents) if (one / "lib" / "course").exists())
sys.path[:0] = map(str, list(there)[:1])"""
CHECKS = "from lib.course.checks import {page} as checks"
MAY_FAIL = "raises-exception"
"""The tag of a cell after which a notebook goes on even if a check in it fails."""

Check = Callable[[Task, str], list[NotebookNode]]
"""The cells that check an exercise of a page."""


def copy(sheet: Sheet, *, solved: bool, checked: Check | None = None, set_up: str = SET_UP) -> NotebookNode:
    """The page as a notebook, with a place to work for each exercise, or with its solution."""
    tasks = {task.label: task for task in sheet.tasks}
    cells, numbers = [_code("set-up", set_up)], iter(range(1, len(tasks) + 1))
    for cell in _source(sheet.page):
        cells += _in_parts(cell, sheet, lambda label: task_cells(tasks[label], sheet.page, solved, checked, numbers))
        if "parameters" in cell.metadata.get("tags", []):
            cells.append(_parameters(sheet.page))
    names = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": names})
    nbformat.validate(notebook)
    return notebook


def task_cells(
    task: Task, page: str, solved: bool, checked: Check | None = None, numbers: Iterator[int] | None = None
) -> list[NotebookNode]:
    """The cells of an exercise: its text, what is given, a cell to work in or the solution, checks, words."""
    cell = partial(_code, tags=["course"])
    number = f" {next(numbers)}" if numbers else ""
    cells = [_markdown(task.label, _told(task, number))]
    cells += [cell(f"{task.label}-given", task.given)] if task.given else []
    if solved:
        cells += [cell(f"{task.label}-solution", task.exercise.code)] if task.exercise.code else []
        cells += [cell(f"{task.label}-answer", task.answer)] if task.answer else []
    elif task.leaves:
        lines = ["# Your work.", *(f"{name} = ..." for name in task.leaves)]
        cells.append(cell(f"{task.label}-work", "\n".join(lines)))
    checking = (checked or plain_checks)(task, page)
    for one in checking if not solved else []:
        one.metadata["tags"] = [*one.metadata["tags"], MAY_FAIL]
    cells += checking
    if solved:
        cells.append(_markdown(f"{task.label}-words", _solution(task)))
    elif task.rubric:
        cells.append(_markdown(f"{task.label}-words", _asked(task)))
    return cells


def plain_checks(task: Task, page: str) -> list[NotebookNode]:
    """A cell for each check, in which it is called."""
    calls = [f"checks.{name}({', '.join(arguments(page, name))})" for name in task.checks]
    return [_code(f"{task.label}-check-{number}", call, tags=["course"]) for number, call in enumerate(calls, 1)]


def arguments(page: str, check: str) -> list[str]:
    """The names in the learner's notebook that a check takes.

    Raises
    ------
    ExerciseError
        Where the page has no such check.
    """
    function = getattr(importlib.import_module(f"lib.course.checks.{page}"), check, None)
    if function is None:
        raise ExerciseError(f"{check}: no check in lib/course/checks/{page}.py")
    return list(inspect.signature(function).parameters)


def _source(page: str) -> list[NotebookNode]:
    """The cells of a notebook, or one cell for each section of a page in Markdown."""
    if book.source(page).exists():
        return nbformat.read(book.source(page), as_version=4).cells
    text = (book.PAGES / f"{page}.md").read_text(encoding="utf-8")
    return [new_markdown_cell(part.strip()) for part in re.split(r"^(?=## )", text, flags=re.MULTILINE)]


def _in_parts(cell: NotebookNode, sheet: Sheet, made: Callable[[str], list[NotebookNode]]) -> list[NotebookNode]:
    """A cell as it is, or if it has exercises, the cells of these with the rest of its text between them."""
    blocks = [*BLOCK.finditer(cell.source)] if cell.cell_type == "markdown" else []
    if not blocks:
        return [cell]
    common = "\n\n".join([CHECKS.format(page=sheet.page), sheet.common]).strip()
    cells, end = [], 0
    for number, block in enumerate(blocks):
        if between := cell.source[end : block.start()].strip():
            cells.append(_markdown(f"exercises-{number}", plain(between)))
        if number == 0:
            cells.append(_code("exercises-common", common, tags=["course"]))
        if block["kind"] == "exercise":
            cells += made(re.search(r"^:label: *(\S+)", block["body"], re.MULTILINE)[1])
        end = block.end()
    rest = cell.source[end:].strip()
    return [*cells, _markdown("exercises-end", plain(rest))] if rest else cells


def _parameters(page: str) -> NotebookNode:
    values = profiles.values(page, profiles.QUICK, {})
    lines = [f"# The {profiles.QUICK} profile.", *(f"{name} = {value!r}" for name, value in values.items())]
    return _code("parameters-of-the-course", "\n".join(lines), tags=["injected-parameters"])


def _told(task: Task, number: str) -> str:
    leaves = [f"- `{name}`: {meaning}" for name, meaning in task.leaves.items()]
    leaves = ["Leave behind:", "", *leaves] if leaves else ["No check can test this answer; a reader grades it."]
    head = [f"### Exercise{number}: {task.exercise.title}", "", task.facts]
    return "\n".join([*head, "", plain(task.exercise.text), "", *leaves])


def _asked(task: Task) -> str:
    points = sum(task.rubric.values())
    graded = f"{points} points, graded by a reader, not by a check"
    return f"**In words** ({graded}). *Write here what you conclude, and why.*"


def _solution(task: Task) -> str:
    rubric = [f"| {criterion} | {points} |" for criterion, points in task.rubric.items()]
    table = ["", "| In words | Points |", "|---|---|", *rubric] if rubric else []
    return "\n".join(["**Solution.**", "", plain(task.exercise.words), *table])


def _code(id_: str, source: str, tags: list[str] | None = None) -> NotebookNode:
    return new_code_cell(source.strip(), id=id_[:64], metadata={"tags": tags or []})


def _markdown(id_: str, source: str) -> NotebookNode:
    return new_markdown_cell(source.strip(), id=id_[:64])
