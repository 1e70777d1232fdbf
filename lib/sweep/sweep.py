"""Sweeps: a notebook run once for each point of a grid, one table of all results, and a page with the curves.

Each run has the folder that `lib.run execute` would give it, so a run that is up to date is not repeated, whichever
command made it: a sweep that was stopped goes on where it was. The table and the page are in runs/sweeps/<name>.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from lib import compute
from lib.evidence import carry
from lib.files import atomic, write
from lib.parameters import ParameterError
from lib.run import execute
from lib.run.run import Run
from lib.sweep import dask, grid, page
from lib.sweep.grid import Sweep

FINDING = {"value": "mean", "low": "low", "high": "high", "over_networks": "networks", "over_images": "images"}
"""What the table has from a measurement, by column."""

COLUMNS = ["kind", "name", *FINDING, "word", "fitted", *(f"sound_{name}" for name in FINDING), "why", "seconds"]
COUNTS = [name for name in COLUMNS if name.endswith(("networks", "images"))]


class SweepError(execute.RunError):
    """Some runs of a sweep failed; the message names them."""


def run(
    notebook: str,
    profile: str,
    pairs: Sequence[str],
    *,
    name: str | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    resources: Mapping[str, float] | None = None,
) -> Path:
    """Execute the runs that a grid still lacks, write the table, render the page; return the page.

    Parameters
    ----------
    pairs
        As `lib.sweep.grid.parse` takes them.
    name
        The name of the sweep's folder in runs/sweeps; by default made from what is swept.
    scheduler, workers, resources
        As `lib.sweep.dask.run` takes them.

    Raises
    ------
    lib.parameters.ParameterError
        Where the grid, a run or the name is not allowed; before anything runs.
    lib.evidence.cluster.EngineError
        Where Dask is missing or no scheduler answers.
    SweepError
        Where runs failed; by then all others are done, and the table and the page are written.
    """
    values = grid.parse(notebook, profile, pairs)
    where = folder(name or grid.name(notebook, profile, values))
    runs = [Run.of(notebook, profile, point) for point in grid.points(values)]
    pending = [one for one in runs if not one.up_to_date()]
    print(f"{len(runs)} runs of {notebook}, {len(runs) - len(pending)} of them up to date", flush=True)
    failed = []
    if pending:
        outcomes = dask.run(pending, scheduler=scheduler, workers=workers, resources=resources)
        failed = _collect(pending, outcomes)
    done = [(one, one.results()) for one in runs if one.up_to_date()]
    rows = table(done)
    with atomic(where / "results.csv") as path:
        rows.to_csv(path, index=False)
    command = _command(notebook, profile, pairs, name)
    index = page.build(Sweep(notebook, profile, command, values, done, failed), rows, where)
    print(f"\nThe table: {execute.shown(where / 'results.csv')}\nThe page:  {execute.shown(index)}", flush=True)
    if failed:
        listed = "\n".join(f"  {_line(*one)}" for one in failed)
        raise SweepError(f"{len(failed)} of {len(runs)} runs failed; the same command tries them again:\n{listed}")
    return index


def folder(name: str) -> Path:
    """The folder of a sweep's table and page.

    Raises
    ------
    ParameterError
        Where the name cannot be that of a folder.
    """
    if name in ("", ".", "..") or "/" in name or "\\" in name:
        raise ParameterError(f"{name!r} cannot name a sweep: it names one folder in runs/sweeps")
    return compute.RUNS / "sweeps" / name


def table(runs: Iterable[tuple[Run, Mapping]]) -> pd.DataFrame:
    """One row for each run and quantity: the parameters given, then `COLUMNS`.

    A metric has only a value. A claim has what was measured the paper's way and soundly, each with its interval, the
    word that both make, and the reason. What was not measured has no value.
    """
    rows = []
    for run, results in runs:
        seconds = round(sum(results["seconds"].values()), 3)
        rows += [{**run.given, "kind": kind, "seconds": seconds, **facts} for kind, facts in _quantities(results)]
    given = [name for name in (rows[0] if rows else {}) if name not in COLUMNS]
    return pd.DataFrame(rows, columns=[*given, *COLUMNS]).astype(dict.fromkeys(COUNTS, "Int64"))


def _quantities(results: Mapping) -> Iterator[tuple[str, dict]]:
    for name, value in results["metrics"].items():
        yield "metric", {"name": name, "value": value}
    for entry in results["claims"]:
        own = {key: entry[key] for key in ("word", "fitted", "why")}
        yield "claim", {"name": entry["id"], **_finding(entry["paper"]), **own, **_finding(entry["sound"], "sound_")}


def _finding(found: Mapping | None, prefix: str = "") -> dict:
    measured = found["measured"] if found else {}
    return {prefix + column: measured.get(name) for column, name in FINDING.items()}


def _collect(runs: Sequence[Run], outcomes: Iterable[tuple[int, dask.Outcome]]) -> list[tuple[Run, str]]:
    """Keep what the workers hand over, printing a line for each; return the runs that failed, each with the reason."""
    failed = []
    with tqdm(total=len(runs), unit="run", disable=None) as bar:
        for number, (index, outcome) in enumerate(outcomes, start=1):
            run = runs[index]
            _keep(outcome, run)
            error = outcome.error
            if not error and not run.up_to_date():
                error = "it does not hold here: other data, or changed code"
            if error:
                failed.append((run, error))
            bar.write(f"{number} of {len(runs)}: {grid.described(run.given)}: {error or 'done'}")
            bar.update()
    return failed


def _keep(outcome: dask.Outcome, run: Run) -> None:
    """Put the files of a run into its folder, results last; a run that is done removes what a failed one left."""
    if outcome.evidence:
        carry.bring_packed(outcome.evidence)
    for name, content in outcome.files.items():
        write(run.folder / name, content)
    if not outcome.error:
        run.failed.unlink(missing_ok=True)


def _command(notebook: str, profile: str, pairs: Iterable[str], name: str | None) -> str:
    words = ["python", "-m", "lib.run", "sweep", notebook, "--profile", profile]
    words += [word for pair in pairs for word in ("-p", pair)]
    return shlex.join(words + (["--name", name] if name else []))


def _line(run: Run, error: str) -> str:
    rest = f"\n    all up to that cell: {execute.shown(run.failed)}" if run.failed.exists() else ""
    return f"{grid.described(run.given)}: {error}{rest}"
