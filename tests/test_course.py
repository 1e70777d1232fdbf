"""A course: copies for students, in which no solution is left, and for instructors, in which all are."""

import json
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbclient
import nbformat
import pytest

from lib import book, compute
from lib.course import copies, package, rubric
from lib.course.package import Course
from lib.exercises import directives, tasks
from lib.exercises.directives import ExerciseError
from lib.markdown import plain
from lib.site import build

SHEETS = {sheet.page: sheet for sheet in tasks.sheets()}
EVERY = [(page, task) for page, sheet in SHEETS.items() for task in sheet.tasks]
LABELS = [task.label for _, task in EVERY]
LONG = 30
"""Of shorter lines nobody could tell whose they are."""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return package.make(tmp_path_factory.mktemp("made") / "a course")


@pytest.fixture(scope="module")
def unpacked(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    zipfile.ZipFile(course.archive).extractall(folder)
    return folder / "exercises"


# ---- No solution is left, and all are there ----


NO_TEXT = {".npz", ".npy", ".png", ".svg"}


def lines(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines() if len(line.strip()) >= LONG}


def known() -> set[str]:
    """The lines that students may see: of the code, of the notebooks, of what an exercise begins with."""
    of_pages = (directives.without_solutions(directives.source_text(page)) for page in SHEETS)
    cells = (cell.source for page in book.notebooks() for cell in nbformat.read(book.source(page), 4).cells)
    code = (path.read_text(encoding="utf-8") for path in (compute.ROOT / "lib").rglob("*.py"))
    given = (sheet.common + "\n".join(task.given for task in sheet.tasks) for sheet in SHEETS.values())
    texts = [*of_pages, *map(directives.without_solutions, cells), *code, *given]
    return set().union(*map(lines, texts))


def secrets() -> set[str]:
    """The lines of solutions, of the answers after them and of the rubric that stand nowhere else."""
    parts = ((task.exercise.solution, task.answer, "\n".join(task.rubric)) for _, task in EVERY)
    found = set().union(*(lines(text) for of_task in parts for text in of_task)) - known()
    return {line for line in found if not line.startswith(("import ", "from "))}


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """All files but measured cells; of notebooks also what stands in their metadata."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in NO_TEXT):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            text = _unescaped(json.loads(text))
        yield str(path.relative_to(folder)), text


def _unescaped(value: object) -> str:
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        return ("" if all(isinstance(one, str) for one in value) else "\n").join(map(_unescaped, value))
    return str(value)


def told(text: str, secret: set[str]) -> list[str]:
    """Those of the lines that stand in a text, and not as the end of a longer word."""
    there = (line for line in secret if line in text)
    return [line for line in there if re.search(rf"(?<!\w){re.escape(line)}", text)]


def test_no_solution_is_left_in_anything_that_students_get(unpacked: Path) -> None:
    secret = secrets()
    assert len(secret) > 200
    assert [(name, line) for name, text in texts(unpacked) for line in told(text, secret)] == []
    assert [*(unpacked / "notebooks" / "course").glob("*.yaml")] == []


def test_every_solution_is_in_the_instructors_notebooks(course: Course) -> None:
    there = "\n".join(text for _, text in texts(course.instructor))
    assert [line for line in secrets() if line not in there and plain(line) not in there] == []
    for page, sheet in SHEETS.items():
        cells = nbformat.read(course.instructor / f"{page}.ipynb", as_version=4).cells
        code = {cell.id: cell.source for cell in cells if cell.cell_type == "code"}
        assert all(code[f"{task.label}-answer"] == task.answer.strip() for task in sheet.tasks)
        assert all(code[f"{t.label}-solution"] == t.exercise.code.strip() for t in sheet.tasks if t.exercise.code)


def test_a_site_without_solutions_has_none_to_download(tmp_path: Path) -> None:
    results, secret = tmp_path / "results", secrets()
    results.mkdir()
    for name in book.chapters():
        nbformat.write(nbformat.read(book.source(name), as_version=4), results / f"{name}.ipynb")
    target = tmp_path / "book"
    build.stage(results, target, solutions=False)
    pages = {name: text for name, text in texts(target) if not name.startswith(("lib", "_static"))}
    assert {"primer.md", "mitigation.ipynb"} <= set(pages) and not [*target.rglob("*.zip")]
    assert [(name, line) for name, text in pages.items() for line in told(text, secret)] == []


# ---- What is known of exercises ----


@pytest.mark.parametrize(("page", "task"), EVERY, ids=LABELS)
def test_a_check_is_of_what_the_student_leaves_behind(page: str, task: tasks.Task) -> None:
    asked = {name: set(copies.arguments(page, name)) for name in task.checks}
    assert all(names & set(task.leaves) for names in asked.values()), "undone, this check would not fail"
    assert set(task.leaves) <= set().union(*asked.values()), "no check looks at this"
    assert 5 <= task.minutes <= 90


def test_every_exercise_of_the_book_is_in_a_course() -> None:
    told = [line for page in book.files() for line in directives.source_text(page).splitlines()]
    assert len(LABELS) == len(set(LABELS)) == sum("{exercise} " in line for line in told) > 0


PAGE = """# A page

## Exercises

Some words.

```{exercise} The first
:label: one
Which {doc}`page`?
```

````{solution} one
:class: dropdown
```python
left = 1
```
Because of {cite}`someone`.
````
"""
ENTRY = """exercises:
  one: {kind: code, minutes: 5, leaves: {left: a number}, answer: left = 1, checks: {one_in_forty: 2}, rubric: {Why: 1}}
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A book of one page with one exercise."""
    monkeypatch.setattr(book, "PAGES", tmp_path)
    monkeypatch.setattr(book, "NOTEBOOKS", tmp_path / "notebooks")
    (tmp_path / "notebooks" / "course").mkdir(parents=True)
    (tmp_path / "_toc.yml").write_text("parts: [{chapters: [{file: primer}]}]")
    (tmp_path / "primer.md").write_text(PAGE)
    (tmp_path / "notebooks" / "course" / "primer.yaml").write_text(ENTRY)
    return tmp_path


def test_an_exercise_is_read_with_what_is_known_of_it(page: Path) -> None:
    (sheet,) = tasks.sheets()
    (task,) = sheet.tasks
    assert (task.label, task.exercise.title, task.points) == ("one", "The first", 3)
    assert (task.exercise.code, task.exercise.words) == ("left = 1\n", "Because of {cite}`someone`.")
    assert rubric.summed(sheet) == "1 exercises, about 5 minutes, 3 points"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("  one:", "  two:", "one: notebooks/course/primer.yaml says nothing"),
        ("  one:", "  gone: {}\n  one:", "gone: .* no exercise of that page"),
        ("minutes: 5, ", "", "one: minutes is missing"),
        ("minutes: 5", "minutes: 5, hours: 1", "one: hours"),
        ("kind: code", "kind: song", "one: a kind of"),
        ("checks: {one_in_forty: 2}, ", "", "one: checks are of what"),
    ],
)
def test_what_is_missing_is_refused_by_the_name_of_the_exercise(page: Path, before: str, after: str, said: str) -> None:
    (page / "notebooks" / "course" / "primer.yaml").write_text(ENTRY.replace(before, after))
    with pytest.raises(ExerciseError, match=said):
        tasks.sheets()


@pytest.mark.parametrize(("before", "after"), [("{solution} one", "{solution} two"), (":label: one\n", "")])
def test_an_exercise_without_a_solution_is_refused(page: Path, before: str, after: str) -> None:
    (page / "primer.md").write_text(PAGE.replace(before, after))
    with pytest.raises(ExerciseError):
        tasks.sheets()


def test_a_check_that_is_not_there_is_refused(page: Path) -> None:
    (page / "notebooks" / "course" / "primer.yaml").write_text(ENTRY.replace("one_in_forty", "one_in_fifty"))
    with pytest.raises(ExerciseError, match="one_in_fifty"):
        copies.copy(tasks.sheet("primer"), solved=False)


def test_a_page_without_exercises_makes_no_course(tmp_path: Path) -> None:
    with pytest.raises(ExerciseError, match="claims: no page with exercises; there are primer, mitigation"):
        package.make(tmp_path, ["claims"])


def test_a_page_named_twice_is_in_a_course_once(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "COPIED", ("notebooks",))
    monkeypatch.setattr(compute, "ROOT", page)
    made = package.make(tmp_path / "a course", ["primer", "primer"])
    assert made.exercises == 1 and (made.student / "README.md").read_text().count("primer.ipynb") == 1


def test_what_is_no_part_of_a_course_is_not_thrown_away(page: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(package, "COPIED", ("notebooks",))
    monkeypatch.setattr(compute, "ROOT", page)
    made = package.make(tmp_path / "a course", ["primer"])
    package.make(tmp_path / "a course", grader=True)  # in the place of the first
    sent = made.instructor / "a_student_s_primer.ipynb"
    sent.write_text("an hour's work")
    with pytest.raises(ExerciseError, match=r"a_student_s_primer.ipynb is no part of a course, .* move it"):
        package.make(tmp_path / "a course", ["primer"])
    assert sent.exists()


def test_a_course_of_sources_that_may_only_be_read_can_be_changed(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_only = [page / "primer.md", *(page / "notebooks").rglob("*"), page / "notebooks"]
    monkeypatch.setattr(package, "COPIED", ("notebooks", "primer.md"))
    monkeypatch.setattr(compute, "ROOT", page)
    try:
        for path in read_only:
            path.chmod(0o555 if path.is_dir() else 0o444)
        package.make(tmp_path / "a course")
    finally:
        for path in read_only:
            path.chmod(0o755)
    made = [*(tmp_path / "a course").rglob("*")]
    assert "primer.md" in [path.name for path in made]
    assert [path for path in made if not path.stat().st_mode & stat.S_IWUSR] == [], "root may write anywhere"


def test_a_page_is_cut_where_its_exercises_are(page: Path) -> None:
    cells = copies.copy(tasks.sheet("primer"), solved=False).cells
    assert [cell.id for cell in cells if cell.id.startswith(("one", "exercises"))] == [
        *("exercises-0", "exercises-common", "one", "one-work", "one-check-1", "one-words")
    ]
    text = "\n".join(cell.source for cell in cells)
    assert "Which the page *page*?" in text and "solution" not in text and "Because" not in text
    solved = copies.copy(tasks.sheet("primer"), solved=True).cells
    assert "left = 1" in [cell.source for cell in solved] and "Because of." in solved[-1].source


@pytest.mark.parametrize("page", SHEETS)
def test_a_copy_runs_with_the_quick_profile(page: str) -> None:
    cells = copies.copy(SHEETS[page], solved=False).cells
    given = [cell.source for cell in cells if "injected-parameters" in cell.metadata.get("tags", [])]
    assert len(given) == (page in book.chapters())
    assert all("dataset = 'digits'" in source for source in given)
    assert len({cell.id for cell in cells}) == len(cells)


# ---- Executed, in what students unpack; tests/elsewhere.py does so with the exercises of the chapters ----


def executed(path: Path) -> dict[str, str]:
    """What each code cell ends with: the error's name, or what it prints."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("import lib; print(lib.__file__)", id="which"))
    nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}}).execute()
    outputs = {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}
    return {id_: "".join(one.get("evalue", one.get("text", "")) for one in found) for id_, found in outputs.items()}


def test_the_archive_runs_by_itself_and_every_check_fails_before_work(unpacked: Path) -> None:
    said = executed(unpacked / "notebooks" / "course" / "primer.ipynb")
    checks = {id_: text for id_, text in said.items() if "-check-" in id_}
    assert len(checks) == 4 and all(text.startswith("still to be done") for text in checks.values())
    assert Path(said["which"].strip()).is_relative_to(unpacked)


def test_the_archive_has_what_its_site_is_made_from(unpacked: Path, tmp_path: Path) -> None:
    code = f"from pathlib import Path; from lib.site import build; build.stage(Path('no run'), Path({str(tmp_path)!r}))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=unpacked, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "made for students" in (tmp_path / build.GENERATED / "exercises.md").read_text()


def test_an_instructor_s_copy_passes_every_check(course: Course, unpacked: Path) -> None:
    there = unpacked / "notebooks" / "course" / "solved.ipynb"
    there.write_bytes((course.instructor / "primer.ipynb").read_bytes())
    said = executed(there)
    there.unlink()
    checks = [text for id_, text in said.items() if "-check-" in id_]
    assert len(checks) == 4 and all(text.startswith("passed: ") for text in checks)
