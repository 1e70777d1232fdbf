"""Make cells on the workers of a Dask cluster: each cell is a task. No file system has to be shared."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lib.digest import code
from lib.evidence import carry
from lib.evidence.cells import Cell
from lib.evidence.cluster import client, ended, reason
from lib.evidence.plan import Task

STARTED = time.time()
"""When this process imported the code that it measures with."""


class OtherCode(RuntimeError):
    """A worker's copy of the book differs from the one here."""


def spread(
    tasks: Sequence[Task],
    *,
    scheduler: str,
    resources: Mapping[str, float] | None,
    within: float | None,
    say: Callable[[Cell], None],
) -> dict[Cell, str]:
    """Have cells made, in the order given, and keep each as it arrives; return why some could not be made.

    A cell whose worker dies is given to another.

    Parameters
    ----------
    scheduler, resources
        As for `lib.evidence.cluster.client`.
    within
        Seconds after which to stop: cells that are not done by then are cancelled.
    say
        Called with each cell that is kept.
    """
    failed: dict[Cell, str] = {}
    with client(scheduler, resources=resources) as cluster:
        futures = {}
        for number, task in enumerate(tasks):
            key = f"{task.cell.part.chapter}-{task.cell.name}"
            options = {"key": key, "priority": -number, "resources": resources, "pure": True}
            futures[cluster.submit(one_cell, task.cell, task.cell.digest, **options)] = task.cell
        for future in ended(cluster, futures, within):
            cell = futures[future]
            try:
                carry.bring_packed(future.result())
                say(cell)
            except Exception as error:
                failed[cell] = reason(error)
    return failed


def one_cell(cell: Cell, expected: str) -> bytes:
    """Make one cell on a worker, and pack it.

    Raises
    ------
    OtherCode
        Where the worker would measure something else under the same name: its copy of the book differs, or has changed
        since it was imported.
    """
    if changed := sorted(
        name for name, path in _loaded().items() if not path.exists() or path.stat().st_ctime > STARTED
    ):
        raise OtherCode(f"{', '.join(changed)} changed since the worker began: start it anew")
    code.forget()  # what a run of a sweep may have read in the meantime
    here = Cell(cell.part, cell.setting)
    if here.digest != expected:
        raise OtherCode("the worker's copy of the book measures this in another way")
    here.get()
    return carry.packed([here])


def _loaded() -> dict[str, Path]:
    """The modules of lib that this process has imported, and their files."""
    found = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    return {name: Path(file) for name, file in found.items() if file and name.partition(".")[0] == "lib"}
