"""The exercises of a course, done in a namespace as a notebook would: by nobody, by an instructor, and wrongly."""

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from lib.course import copies
from lib.evidence.experiment import Experiment
from lib.exercises import tasks
from lib.exercises.tasks import Sheet, Task


def run(source: str, space: dict, label: str) -> None:
    exec(compile(source, label, "exec"), space)


def begun(sheet: Sheet, space: dict) -> dict:
    """The namespace with what all exercises of a page begin with."""
    run(f"{copies.CHECKS.format(page=sheet.page)}\n{sheet.common}", space, f"{sheet.page}: common")
    return space


def done(task: Task, sheet: Sheet, space: dict, *, solved: bool, small: Mapping[str, object]) -> tuple[dict, list[str]]:
    """The namespace after the cells of one exercise, and its checks, which are not called yet.

    Other experiments that a student is given are as small as this one.
    """
    space, checks = dict(space), []
    for cell in copies.task_cells(task, sheet.page, solved):
        if cell.cell_type != "code":
            continue
        if "-check-" in cell.id:
            checks.append(cell.source)
            continue
        run(cell.source, space, cell.id)
        if cell.id.endswith("-given"):
            space |= {name: _smaller(value, small) for name, value in space.items() if name != "experiment"}
    return space, checks


def _smaller(value: object, small: Mapping[str, object]) -> object:
    if isinstance(value, Experiment):
        return replace(value, **small)
    if isinstance(value, list) and value and all(isinstance(one, Experiment) for one in value):
        return [replace(one, **small) for one in value]
    return value


def refused(check: str, space: dict) -> str:
    """What a check objects to; empty where it passes."""
    try:
        run(check, dict(space), check)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def problems(page: str, space: dict, small: Mapping[str, object]) -> Iterator[str]:
    """What is wrong with the exercises of a page, in the namespace of its notebook."""
    sheet = tasks.sheet(page)
    space = begun(sheet, space)
    for task in sheet.tasks:
        undone, checks = done(task, sheet, space, solved=False, small=small)
        yield from (f"{task.label}: passes undone: {one}" for one in checks if "to be done" not in refused(one, undone))
        solved, checks = done(task, sheet, space, solved=True, small=small)
        said = {check: refused(check, solved) for check in checks}
        yield from (f"{task.label}: {check} refuses the solution: {why}" for check, why in said.items() if why)
        for name in task.leaves:
            spoilt = solved | {name: wrong(solved[name])}
            if not any(refused(check, spoilt) for check in checks):
                yield f"{task.label}: no check refuses another {name}"


def wrong(value: object) -> object:
    """Another value of the same kind, which is no answer."""
    if isinstance(value, Callable) and not isinstance(value, nn.Module):
        return lambda *given: None
    if isinstance(value, bool | np.bool_):
        return not value
    if isinstance(value, str):
        return value + "?"
    if isinstance(value, torch.Tensor):
        return value[1:] if value.dtype == torch.int64 else value + 0.3
    if isinstance(value, np.ndarray) and value.dtype == bool:
        return ~value
    if isinstance(value, int | float | np.number):
        rate = isinstance(value, float) and abs(value) < 10
        return value + (0.3 if rate else 1000) if math.isfinite(value) else -1.0
    if isinstance(value, dict):
        return {key: wrong(one) for key, one in value.items()}
    if isinstance(value, list):
        return [wrong(one) for one in value] or ["?"]
    if isinstance(value, nn.Module):
        other = copy.deepcopy(value)
        with torch.no_grad():
            for parameter in other.parameters():
                parameter.mul_(-1)
        return other
    return object()
