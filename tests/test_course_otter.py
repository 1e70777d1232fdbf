"""otter-grader grades by the same checks: of a student's copy nothing before work, of an instructor's all."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from lib import compute
from lib.course import otter, package
from lib.exercises import tasks
from lib.exercises.tasks import Sheet

PAGE = "primer"


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    return tasks.sheet(PAGE)


@pytest.mark.parametrize("page", [sheet.page for sheet in tasks.sheets()])
def test_a_test_file_gives_each_check_its_points(page: str) -> None:
    for task in tasks.sheet(page).tasks:
        source = otter.test_file(task, page)
        compile(source, task.label, "exec")
        assert all(f"@test_case(points={points}, name='{name}')" in source for name, points in task.checks.items())


def test_a_copy_calls_otter_once_for_each_exercise(sheet: Sheet, tmp_path: Path) -> None:
    package.write(tmp_path / "copies", [sheet], solved=False, grader=True)
    sources = [cell.source for cell in nbformat.read(tmp_path / "copies" / f"{PAGE}.ipynb", as_version=4).cells]
    called = [one for one in sources if "grader.check" in one]
    assert called == [f'grader.check("{task.label}")' for task in sheet.tasks]
    assert 'grader = otter.Notebook(tests_dir="tests/primer")' in sources[0]


@pytest.mark.skipif(not importlib.util.find_spec("otter"), reason="otter-grader, the extra `course`, is not installed")
@pytest.mark.parametrize("solved", [False, True])
def test_otter_grades(sheet: Sheet, tmp_path: Path, solved: bool) -> None:
    package.write(tmp_path / "copies", [sheet], solved=solved, grader=True)
    otter_of = [sys.executable, "-m", "otter"]
    environment = os.environ | {"PYTHONPATH": str(compute.ROOT)}
    for arguments in (
        ["generate", "-t", f"copies/tests/{PAGE}", "-o", "grader.zip"],
        ["run", "-a", "grader.zip", "-o", str(tmp_path), "--no-logo", f"copies/{PAGE}.ipynb"],
    ):
        ran = subprocess.run([*otter_of, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr[-2000:]
    graded = json.loads((tmp_path / "results.json").read_text())["tests"]
    scores = {one["name"]: (one["score"], one["max_score"]) for one in graded if "score" in one}
    most = {task.label: sum(task.checks.values()) for task in sheet.tasks}
    assert scores == {label: (points if solved else 0, points) for label, points in most.items()}
