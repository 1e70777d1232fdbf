"""Recorded runs: the paper profile's executed notebooks and results, kept in book/recorded."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from lib import cells, claims
from lib.files import atomic
from lib.run import execute

PROFILE = "paper"


def record(notebook: str, given: Mapping[str, object]) -> None:
    """Execute a notebook in the paper profile, and put the copy and its results into book/recorded.

    The cells of a grid go with them, and a recording starts from those that are there: so a grid that takes longer
    than any one machine is at hand is filled step by step. The scoreboard there is made anew; itself, it reads the
    recorded results and has nothing else to run.

    Raises
    ------
    lib.run.execute.RunError
        Where a cell fails; what was recorded before stays.
    """
    claims.RECORDED.mkdir(parents=True, exist_ok=True)
    if notebook != execute.SCOREBOARD:
        album = execute.album(notebook, claims.RECORDED)
        has_a_grid = _bring(album, cells.CELLS)
        executed = execute.execute(notebook, PROFILE, given, force=has_a_grid)  # there may be more cells by now
        shown = execute.album(notebook, executed.parent)
        _bring(shown, album)
        for path in (executed, executed.with_suffix(".json")):
            with atomic(claims.RECORDED / path.name) as temporary:
                shutil.copyfile(path, temporary)
        for path in album.glob("*"):
            if not (shown / path.name).exists() and _cell(path) in {_cell(one) for one in shown.glob("*")}:
                path.unlink()  # another of the same cell has taken its place; what this run only left out stays
    if execute.SCOREBOARD in execute.notebooks():
        execute.execute_scoreboard(claims.RECORDED)


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
