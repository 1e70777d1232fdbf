"""What a course needs to know about each exercise besides its text, from notebooks/course/<page>.yaml.

common: code that all exercises of the page begin with
exercises:
  label:
    kind: thought, command or code
    minutes: for a student who has read the page
    given: code that the student is given
    leaves: {name: what the student leaves behind under that name}
    answer: code that leaves these names behind; it runs after the solution's code
    checks: {function in lib/course/checks/<page>.py: points}
    rubric: {what an answer in words has to say: points}
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import yaml

from lib import book
from lib.exercises import directives
from lib.exercises.directives import Exercise, ExerciseError

KINDS = {"thought": "on paper", "command": "one command", "code": "code"}
"""The kinds of exercises, and what each kind is called on pages."""


@dataclass(frozen=True)
class Task:
    """An exercise as it is given to students."""

    exercise: Exercise
    kind: str
    minutes: int
    leaves: Mapping[str, str]
    answer: str
    checks: Mapping[str, int]
    rubric: Mapping[str, int]
    given: str = ""

    @property
    def label(self) -> str:
        """The label of the exercise."""
        return self.exercise.label

    @property
    def points(self) -> int:
        """How many points it gives in total."""
        return sum(self.checks.values()) + sum(self.rubric.values())

    @property
    def facts(self) -> str:
        """What it asks for, how long it takes and what it gives, in a line of Markdown."""
        return f"*{KINDS[self.kind].capitalize()}, about {self.minutes} minutes, {self.points} points.*"


@dataclass(frozen=True)
class Sheet:
    """The exercises of one page, and the code that all of them begin with."""

    page: str
    common: str
    tasks: list[Task]


def sheets() -> list[Sheet]:
    """The exercises of all pages that have any, in the book's order."""
    return [found for name in book.files() if (found := sheet(name)).tasks]


def sheet(page: str) -> Sheet:
    """The exercises of a page.

    Raises
    ------
    ExerciseError
        Where an exercise has no entry in the page's file, an entry has no exercise, or an entry is not as it should be.
    """
    exercises = directives.found(directives.source_text(page))
    path = book.NOTEBOOKS / "course" / f"{page}.yaml"
    known = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {"exercises": {}}
    entries = known["exercises"]
    labels = [exercise.label for exercise in exercises]
    if new := [label for label in labels if label not in entries]:
        raise ExerciseError(f"{new[0]}: notebooks/course/{page}.yaml says nothing of this exercise")
    if gone := [label for label in entries if label not in labels]:
        raise ExerciseError(f"{gone[0]}: in notebooks/course/{page}.yaml, and no exercise of that page")
    return Sheet(page, known.get("common", ""), [_task(exercise, entries[exercise.label]) for exercise in exercises])


def _task(exercise: Exercise, entry: Mapping) -> Task:
    entry = {"leaves": {}, "answer": "", "checks": {}, "rubric": {}} | entry
    names = {one.name for one in fields(Task)} - {"exercise"}
    if wrong := sorted((set(entry) ^ names) - {"given"}):
        raise ExerciseError(f"{exercise.label}: {', '.join(wrong)} is missing, or nothing that an exercise has")
    task = Task(exercise, **entry)
    if task.kind not in KINDS or not task.points:
        raise ExerciseError(f"{exercise.label}: a kind of {', '.join(KINDS)}, and a check or a rubric")
    if bool(task.checks) != bool(task.leaves):
        raise ExerciseError(f"{exercise.label}: checks are of what the student leaves behind, so both or neither")
    return task
