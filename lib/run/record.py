"""Recorded runs: the paper profile's executed notebooks and results, kept in book/recorded."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from lib import cells, claims
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
        _copy(album, cells.CELLS)
        executed = execute.execute(notebook, PROFILE, given)
        for path in (executed, executed.with_suffix(".json")):
            shutil.copyfile(path, claims.RECORDED / path.name)
        shutil.rmtree(album, ignore_errors=True)
        _copy(execute.album(notebook, executed.parent), album)
    if execute.SCOREBOARD in execute.notebooks():
        execute.execute_scoreboard(claims.RECORDED)


def _copy(album: Path, folder: Path) -> None:
    if album.exists():  # most chapters have no grid
        shutil.copytree(album, folder, dirs_exist_ok=True)
