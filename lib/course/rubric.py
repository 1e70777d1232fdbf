"""What each exercise is graded by, for instructors."""

import importlib
import inspect
from collections.abc import Iterable

from lib.exercises.tasks import Sheet, Task

HEAD = """\
# Rubric

A check gives all of its points or none. In words, give all of a line's points for what it says, half where it is said
without a number or a reason, and none where it is missing. Another conclusion that the student's own numbers bear out
counts as well.
"""


def rubric(sheets: Iterable[Sheet]) -> str:
    """The rubric of some pages, in Markdown."""
    parts = [HEAD]
    for sheet in sheets:
        parts += [f"## {sheet.page}\n\n{summed(sheet)}.\n", *(_of_task(task, sheet.page) for task in sheet.tasks)]
    return "\n".join(parts)


def summed(sheet: Sheet) -> str:
    """How many exercises a page has, how many minutes they take, and how many points they give."""
    minutes, points = (sum(getattr(task, name) for task in sheet.tasks) for name in ("minutes", "points"))
    return f"{len(sheet.tasks)} exercises, about {minutes} minutes, {points} points"


def _of_task(task: Task, page: str) -> str:
    module = importlib.import_module(f"lib.course.checks.{page}")
    checks = [(f"Check: {inspect.getdoc(getattr(module, name))}", points) for name, points in task.checks.items()]
    rows = [f"| {text} | {points} |" for text, points in [*checks, *task.rubric.items()]]
    return "\n".join([f"### {task.exercise.title}", "", task.facts, "", "| | Points |", "|---|---|", *rows, ""])
