"""Sweeps: a notebook run once for each point of a grid, one table of all results, and a page with the curves.

Each run has the folder that `lib.run execute` would give it, so a run that is up to date is not repeated, whichever
command made it: a sweep that was stopped goes on where it was. The table and the page are in runs/sweeps/<name>.
"""

import functools
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from lib import claims, compute, data
from lib.files import atomic
from lib.parameters import ParameterError
from lib.run import engine, execute, grid, profiles, sweep_page
from lib.run.grid import Point, Sweep

COLUMNS = ["kind", "name", "value", "low", "high", "n", "over", "verdict", "fitted", "stands", "why", "seconds"]
Results = Callable[[Point], dict | None]
"""The results of a point's run, or None where it is not there or not up to date."""


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
    """Execute what a grid still lacks, write the table, render the page; return the page.

    Parameters
    ----------
    pairs
        As `lib.run.grid.parse` takes them.
    name
        Of the sweep's folder in runs/sweeps; made of what is swept where it is not given.
    scheduler, workers, resources
        As `lib.run.engine.run` takes them.

    Raises
    ------
    lib.parameters.ParameterError
        Before anything runs.
    lib.run.engine.EngineError
        Where Dask is missing or no scheduler answers.
    SweepError
        Where runs failed: when all others are done, and table and page are written.
    """
    values = grid.parse(notebook, profile, pairs)
    where = folder(name or grid.name(notebook, profile, values))
    points = grid.points(values)
    results = _reader(notebook, profile)
    pending = [point for point in points if results(point) is None]
    print(f"{len(points)} runs of {notebook}, {len(points) - len(pending)} of them up to date", flush=True)
    failed = []
    if pending:
        outcomes = engine.run(notebook, profile, pending, scheduler=scheduler, workers=workers, resources=resources)
        failed = _collect(notebook, profile, pending, outcomes, results)
    runs = [(point, found) for point in points if (found := results(point))]
    rows = table(runs)
    with atomic(where / "results.csv") as path:
        rows.to_csv(path, index=False)
    command = _command(notebook, profile, pairs, name)
    page = sweep_page.build(Sweep(notebook, profile, command, values, runs, failed), rows, where)
    print(f"\nThe table: {execute.shown(where / 'results.csv')}\nThe page:  {execute.shown(page)}", flush=True)
    if failed:
        listed = "\n".join(f"  {_line(notebook, profile, *run)}" for run in failed)
        raise SweepError(f"{len(failed)} of {len(points)} runs failed; the same command tries them again:\n{listed}")
    return page


def folder(name: str) -> Path:
    """Where a sweep's table and page are.

    Raises
    ------
    ParameterError
        Where the name is no folder's.
    """
    if name in ("", ".", "..") or "/" in name or "\\" in name:
        raise ParameterError(f"{name!r} cannot name a sweep: it names one folder in runs/sweeps")
    return compute.RUNS / "sweeps" / name


def table(runs: Iterable[tuple[Point, Mapping]]) -> pd.DataFrame:
    """One row a run and quantity: the parameters given, then `COLUMNS`.

    A metric has a value alone; a claim what was measured with its interval, both answers and the reason. What was not
    measured has no value.
    """
    rows = []
    for point, results in runs:
        seconds = round(sum(results["seconds"].values()), 3)
        rows += [point | {"kind": kind, "seconds": seconds, **facts} for kind, facts in _quantities(results)]
    given = [name for name in (rows[0] if rows else {}) if name not in COLUMNS]
    return pd.DataFrame(rows, columns=[*given, *COLUMNS]).astype({"n": "Int64"})


def _quantities(results: Mapping) -> Iterator[tuple[str, dict]]:
    for name, value in results["metrics"].items():
        yield "metric", {"name": name, "value": value}
    for entry in results["claims"]:
        found = entry["measured"] or {}
        facts = {key: found.get(key) for key in ("low", "high", "n", "over")}
        answers = {key: entry[key] for key in ("verdict", "fitted", "stands", "why")}
        yield "claim", {"name": entry["id"], "value": found.get("mean"), **facts, **answers}


def _reader(notebook: str, profile: str) -> Results:
    digest = functools.cache(data.current_digest)  # seconds each time, and the same for all runs

    def read(point: Point) -> dict | None:
        where = execute.folder(profile, point)
        results = claims.read_results(where, notebook)
        if results is None or not (where / f"{notebook}.ipynb").exists():
            return None
        values = profiles.values(notebook, profile, point)
        return None if claims.changed_since(results, values, digest(values["dataset"])) else results

    return read


def _collect(
    notebook: str, profile: str, points: Sequence[Point], outcomes: Iterable[tuple[int, engine.Outcome]], read: Results
) -> list[tuple[Point, str]]:
    """Keep what the workers hand over, saying so; return the runs that failed, each with the reason."""
    failed = []
    with tqdm(total=len(points), unit="run", disable=None) as bar:
        for number, (index, outcome) in enumerate(outcomes, start=1):
            point = points[index]
            _keep(outcome, notebook, execute.folder(profile, point))
            error = outcome.error or ("" if read(point) else "it does not hold here: other data, or changed code")
            if error:
                failed.append((point, error))
            bar.write(f"{number} of {len(points)}: {grid.described(point)}: {error or 'done'}")
            bar.update()
    return failed


def _keep(outcome: engine.Outcome, notebook: str, where: Path) -> None:
    """Put the files of a run into its folder, results last; a run that is done leaves no trace of one that failed."""
    for name, content in outcome.files.items():
        with atomic(where / name) as path:
            path.write_bytes(content)
    if not outcome.error:
        (where / f"{notebook}.failed.ipynb").unlink(missing_ok=True)


def _command(notebook: str, profile: str, pairs: Iterable[str], name: str | None) -> str:
    words = ["python", "-m", "lib.run", "sweep", notebook, "--profile", profile]
    words += [word for pair in pairs for word in ("-p", pair)]
    return shlex.join(words + (["--name", name] if name else []))


def _line(notebook: str, profile: str, point: Point, error: str) -> str:
    kept = execute.folder(profile, point) / f"{notebook}.failed.ipynb"
    rest = f"\n    all up to that cell: {execute.shown(kept)}" if kept.exists() else ""
    return f"{grid.described(point)}: {error}{rest}"
