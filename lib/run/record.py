"""Recorded runs: the paper profile's executed notebooks and results, kept in book/recorded."""

import shutil
from collections.abc import Mapping

from lib import claims
from lib.run import execute

PROFILE = "paper"


def record(notebook: str, given: Mapping[str, object]) -> None:
    """Execute a notebook in the paper profile, and put the copy and its results into book/recorded.

    The scoreboard there is made anew; itself, it reads the recorded results and has nothing else to run.

    Raises
    ------
    lib.run.execute.RunError
        Where a cell fails; what was recorded before stays.
    """
    claims.RECORDED.mkdir(parents=True, exist_ok=True)
    if notebook != execute.SCOREBOARD:
        executed = execute.execute(notebook, PROFILE, given)
        for path in (executed, executed.with_suffix(".json")):
            shutil.copyfile(path, claims.RECORDED / path.name)
    if execute.SCOREBOARD in execute.notebooks():
        execute.execute_scoreboard(claims.RECORDED)
