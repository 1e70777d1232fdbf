"""The folders of a course: what students get, with all that it takes to run, and what instructors have besides."""

import shutil
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from lib import book, compute
from lib.course import copies, otter, rubric
from lib.exercises import tasks
from lib.exercises.directives import ExerciseError, strip, without_solutions
from lib.exercises.tasks import Sheet
from lib.files import copied, whole
from lib.run import profiles
from lib.run.run import Run

COPIED = (
    *("lib", "notebooks", "book", "benchmarks", "Makefile", "LICENSE"),
    *("pyproject.toml", "constraints.txt", "environment.yml"),
)
ARCHIVE = "student.zip"
LEFT_OUT = ("__pycache__", "_build", "recorded", ".*")
README = """\
# The exercises

{pages}

Each notebook in `notebooks/course` is a page of the book with its exercises at the end. Below an exercise is a cell to
work in, where every name that is to be left behind is `...`, and a cell for each check. A check says what it has found,
or what is wrong. It tests what a right answer has to fulfil, so any way to one will do. What is asked *in words* a
reader grades.

```bash
make lab        # sets up .venv on the first call, then opens JupyterLab; the exercises are in its folder `course`
```

Python 3.11, 3.12 or 3.13 and make. Where the packages of `pyproject.toml` are installed already, any JupyterLab will
do: the first cell of each notebook finds `lib`. Nothing is downloaded but those packages.

Where an exercise names `PARAMS`, run its `make` command in this folder. The check then looks at what that has measured.
"""


@dataclass(frozen=True)
class Course:
    """What was made."""

    student: Path
    instructor: Path
    archive: Path
    exercises: int
    cells: int
    """How many measured cells are in it, so that the chapters' own numbers need no measuring."""


def make(folder: Path, pages: Sequence[str] = (), *, grader: bool = False) -> Course:
    """Make the copies of some pages, by default of all that have exercises; an older course is replaced.

    Parameters
    ----------
    grader
        Whether otter-grader calls the checks, instead of plain cells.

    Raises
    ------
    ExerciseError
        Where a page has no exercises, or something of an exercise is missing; or where other things lie among the
        instructor's files, such as what students have sent.
    """
    known = {sheet.page: sheet for sheet in tasks.sheets()}
    if unknown := [page for page in pages if page not in known]:
        raise ExerciseError(f"{unknown[0]}: no page with exercises; there are {', '.join(known)}")
    if foreign := _foreign(folder / "instructor", known):
        raise ExerciseError(f"{foreign} is no part of a course, and would go with the last one: move it")
    sheets = [known[page] for page in dict.fromkeys(pages or known)]
    with whole(folder) as made:
        student, instructor = made / "student", made / "instructor"
        _copied(student)
        write(student / "notebooks" / "course", sheets, solved=False, grader=grader)
        write(instructor, sheets, solved=True, grader=grader)
        listed = "\n".join(f"- `{sheet.page}.ipynb`: {rubric.summed(sheet)}" for sheet in sheets)
        (student / "README.md").write_text(README.format(pages=listed), encoding="utf-8")
        (instructor / "rubric.md").write_text(rubric.rubric(sheets), encoding="utf-8")
        cells = _measured(student, [sheet.page for sheet in sheets if sheet.page in book.chapters()])
        _zipped(student, made / ARCHIVE)
    exercises = sum(len(sheet.tasks) for sheet in sheets)
    return Course(folder / "student", folder / "instructor", folder / ARCHIVE, exercises, cells)


def _foreign(instructor: Path, pages: Iterable[str]) -> Path | None:
    """Something among the instructor's files that no course has put there."""
    ours = {"rubric.md", "tests", *(f"{page}.ipynb" for page in pages)}
    return next((path for path in sorted(instructor.glob("[!._]*")) if path.name not in ours), None)


def write(folder: Path, sheets: Iterable[Sheet], *, solved: bool, grader: bool) -> None:
    """Write the copies of pages, and otter's tests if it grades."""
    folder.mkdir(parents=True)
    for sheet in sheets:
        page = sheet.page
        options = {"checked": otter.cells, "set_up": otter.set_up(page)} if grader else {}
        nbformat.write(copies.copy(sheet, solved=solved, **options), folder / f"{page}.ipynb")
        for task in sheet.tasks if grader else []:
            path = folder / "tests" / page / f"{task.label}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(otter.test_file(task, page), encoding="utf-8")


def _copied(target: Path) -> None:
    """Copy the project without solutions, answers, tests and recorded runs."""
    target.mkdir(parents=True)
    for name in COPIED:
        source = compute.ROOT / name
        if source.is_dir():
            copied(source, target / name, *LEFT_OUT)
        else:
            shutil.copyfile(source, target / name)
    shutil.rmtree(target / "notebooks" / "course")
    for page in (target / "book").glob("*.md"):
        page.write_text(without_solutions(page.read_text(encoding="utf-8")), encoding="utf-8")
    for path in (target / "notebooks").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        strip(notebook)
        nbformat.write(notebook, path)


def _measured(target: Path, chapters: Iterable[str]) -> int:
    """Copy the kept cells of these chapters in the quick profile; return how many there are."""
    cells = [cell for name in chapters for cell in Run.of(name, profiles.QUICK, {}).experiment.cells()]
    there = {cell.path for cell in cells if cell.is_kept}
    for path in there:
        kept = target / "runs" / "evidence" / path.parent.name / path.name
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, kept)
    return len(there)


def _zipped(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, Path("exercises") / path.relative_to(folder))
