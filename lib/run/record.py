"""Recorded runs: the paper profile's executed notebooks and results, kept in book/recorded."""

import shutil
from pathlib import Path

from lib import book, cells
from lib.files import atomic
from lib.ledger import results
from lib.run.execute import execute
from lib.run.run import Run

PROFILE = "paper"


def record(run: Run) -> None:
    """Execute a run of the paper profile, and put the copy and its results into book/recorded.

    The cells of a grid go with them, and a recording starts from those that are there: so a grid that takes longer
    than any one machine is at hand is filled step by step. The scoreboard there is made anew; itself, it reads the
    recorded results and has nothing else to run.

    Raises
    ------
    lib.run.execute.RunError
        Where a cell fails; what was recorded before stays.
    """
    results.RECORDED.mkdir(parents=True, exist_ok=True)
    if run.notebook != book.SCOREBOARD:
        kept = run.at(results.RECORDED)
        has_a_grid = _bring(kept.album, cells.CELLS)
        execute(run, force=has_a_grid)  # there may be more cells by now
        _bring(run.album, kept.album)
        for made, place in ((run.target, kept.target), (run.results_file, kept.results_file)):
            with atomic(place) as temporary:
                shutil.copyfile(made, temporary)
        for path in kept.album.glob("*"):
            if not (run.album / path.name).exists() and _cell(path) in {_cell(one) for one in run.album.glob("*")}:
                path.unlink()  # another of the same cell has taken its place; what this run only left out stays
    if book.SCOREBOARD in book.notebooks():
        execute(Run.scoreboard(results.RECORDED))


def _cell(path: Path) -> str:
    """What a cell is of: its file's name without the digest."""
    return path.stem.rpartition("-")[0]


def _bring(album: Path, folder: Path) -> bool:
    """Copy the cells of an album that a folder lacks; whether there are any: most chapters have no grid."""
    found = sorted(album.glob("*.json"))
    for path in found:
        if not (folder / path.name).exists():
            with atomic(folder / path.name) as temporary:
                shutil.copyfile(path, temporary)
    return bool(found)
