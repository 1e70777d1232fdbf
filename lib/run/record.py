"""Recorded runs: the paper profile's executed notebooks, results and cells, kept in book/recorded."""

import shutil
from pathlib import Path

from lib import book
from lib.evidence import cells, store
from lib.evidence.cells import Cell
from lib.files import atomic
from lib.ledger import results
from lib.run import measuring
from lib.run.execute import execute
from lib.run.run import Run


def record(run: Run) -> None:
    """Measure what a run of the paper profile needs, execute it, and put all of it into book/recorded.

    The scoreboard there is made again. To record the scoreboard itself does only that, since it reads recorded results.

    Raises
    ------
    lib.run.measuring.MeasuringError
        Where a cell cannot be measured.
    lib.run.execute.RunError
        Where the notebook fails; what was recorded before stays.
    """
    results.RECORDED.mkdir(parents=True, exist_ok=True)
    if run.notebook != book.SCOREBOARD:
        measuring.fill([run])
        execute(run)
        shown = {one["digest"] for one in run.results()["provenance"]["evidence"]["cells"].values()}
        keep([cell for cell in run.experiment.cells() if cell.digest in shown])
        kept = run.at(results.RECORDED)
        for made, place in ((run.target, kept.target), (run.results_file, kept.results_file)):
            with atomic(place) as temporary:
                shutil.copyfile(made, temporary)
    if book.SCOREBOARD in book.notebooks():
        execute(Run.scoreboard(results.RECORDED))


def keep(shown: list[Cell]) -> None:
    """Put cells among the recorded ones; those that they replace, of the same part and setting, go back to runs/.

    A setting in words leaves out what is the same in the whole chapter, such as epochs. So the replaced cells may still
    serve under other parameters.
    """
    places = [cells.RECORDED / cell.part.chapter / cell.path.name for cell in shown]
    for cell, place in zip(shown, places, strict=True):
        if cell.path != place:
            with atomic(place) as temporary:
                shutil.copyfile(cell.path, temporary)
        stem = place.stem.rpartition("-")[0]
        for other in place.parent.glob(f"{stem}-*.npz"):
            if other not in places and _setting(other) == str(cell.setting):
                _put_back(other)


def _put_back(recorded: Path) -> None:
    """Move a recorded cell to where new cells are kept."""
    place = cells.FOLDERS[0] / recorded.parent.name / recorded.name
    with atomic(place) as temporary:
        shutil.copyfile(recorded, temporary)
    recorded.unlink()


def _setting(path: Path) -> str | None:
    """A recorded cell's setting in full, of which the file's name may have only the beginning; None if damaged."""
    try:
        return store.read_made(path).setting
    except store.Damaged:
        return None
