"""The same checks for otter-grader: a test file for each exercise, and cells that call these files."""

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from lib.course.copies import CHECKS, SET_UP, arguments
from lib.exercises.tasks import Task

FILE = """\
OK_FORMAT = False

from otter.test_files import test_case

{imported}

name = {label!r}
"""
CASE = """

@test_case(points={points}, name={name!r})
def test_{name}({arguments}):
    checks.{name}({arguments})
"""


def set_up(page: str) -> str:
    """The code of the first cell of a copy whose checks otter calls."""
    return f'{SET_UP}\n\nimport otter\n\ngrader = otter.Notebook(tests_dir="tests/{page}")'


def cells(task: Task, page: str) -> list[NotebookNode]:
    """The cell that calls otter for an exercise."""
    if not task.checks:
        return []
    facts = {"id": f"{task.label}-check-otter"[:64], "metadata": {"tags": ["course"]}}
    return [new_code_cell(f'grader.check("{task.label}")', **facts)]


def test_file(task: Task, page: str) -> str:
    """The test file of an exercise, in which each check is a case with its own points."""
    head = FILE.format(imported=CHECKS.format(page=page), label=task.label)
    cases = (
        CASE.format(points=points, name=name, arguments=", ".join(arguments(page, name)))
        for name, points in task.checks.items()
    )
    return head + "".join(cases)
