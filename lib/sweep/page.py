"""The page of a sweep: every metric and claim as a curve over the swept parameter, rendered as the site is."""

import html
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from lib.ledger.claims import Claim, paper
from lib.run.execute import shown
from lib.show import tables
from lib.site import markup, single, words
from lib.sweep import figures, grid
from lib.sweep.grid import Sweep


def build(sweep: Sweep, rows: pd.DataFrame, where: Path) -> Path:
    """Render the page into `where/book`, beside the results.csv that it offers; return it.

    Raises
    ------
    lib.site.render.SiteError
        Where jupyter-book fails or warns, or `where/book` holds something other than a site.
    """
    return single.build(lambda target: page(sweep, rows, target), where / "results.csv", where / "book")


def page(sweep: Sweep, rows: pd.DataFrame, target: Path) -> str:
    """The page in Markdown; its figures are put into `target`."""
    parts = [f"# {_title(sweep)}", _opening(sweep), _missing(sweep)]
    for kind, heading in (("metric", "Metrics"), ("claim", "Claims")):
        chosen = rows[(rows["kind"] == kind) & rows["value"].notna()]
        groups = [part for _, part in chosen.groupby("name", sort=False)]
        groups.sort(key=lambda part: part["value"].nunique() == 1)  # what is the same in every run comes last
        drawn = [_figure(sweep, part, target / f"{kind}-{number}.svg") for number, part in enumerate(groups, start=1)]
        if drawn:
            parts += [f"## {heading}", _reading(sweep, kind), _gallery(drawn)]
    if sweep.runs:
        if (rows["kind"] == "claim").any():
            parts += ["## Answers", _answers(sweep, rows)]
        parts += ["## Runs", _conditions(sweep), _runs(sweep, rows)]
    return "\n\n".join(filter(None, parts)) + "\n"


# ---- Words ----


def _title(sweep: Sweep) -> str:
    return f"`{sweep.notebook}` over " + " and ".join(f"`{name}`" for name in grid.swept(sweep.grid) or sweep.grid)


def _opening(sweep: Sweep) -> str:
    wanted = len(grid.points(sweep.grid))
    given = [f"`{name}` = {', '.join(f'`{value}`' for value in values)}" for name, values in sweep.grid.items()]
    return "\n".join(
        [
            f"The notebook `{sweep.notebook}` in the profile `{sweep.profile}`, once for each combination of "
            f"{'; '.join(given)}: {len(sweep.runs)} of {wanted} runs are done. {{download}}`results.csv` has every "
            "number of this page. This command makes both again; it runs only what is missing or has changed:",
            "",
            f"```bash\n{sweep.command}\n```",
        ]
    )


def _missing(sweep: Sweep) -> str:
    if not sweep.failed:
        return ""
    rows = [[*(html.escape(str(value)) for value in run.given.values()), html.escape(why)] for run, why in sweep.failed]
    head = [html.escape(name) for name in sweep.grid]
    listed = tables.table("Runs that failed", [*head, "why"], rows).data
    return f"```{{warning}}\n{len(rows)} of the runs failed, so no figure or table here has them.\n```\n\n{listed}"


def _reading(sweep: Sweep, kind: str) -> str:
    says = {
        "metric": "The notebook's headline numbers; those that are the same in every run come last.",
        "claim": "What was measured for each claim the paper's way, in the same order. A dotted line is the number "
        "that the paper prints, or the smallest effect that counts.",
    }
    return f"{says[kind]} {_spread(sweep, kind)}".strip()


def _spread(sweep: Sweep, kind: str) -> str:
    if not sweep.over_seeds:
        return "The band is the 95% interval that the run gives." if kind == "claim" else ""
    if not sweep.overlapping:
        return "A dot is one run, the line their mean, the band the 95% interval over the seeds."
    return (
        "A dot is one run, the line their mean. There is no interval: a run trains several networks, from its `seed` "
        "upwards, so runs with neighbouring seeds share some of them. Seeds that lie farther apart share none."
    )


def _figure(sweep: Sweep, rows: pd.DataFrame, path: Path) -> str:
    """Draw one quantity; return the figure in Markdown."""
    kind, name = rows.iloc[0][["kind", "name"]]
    claim = paper(sweep.notebook).claims[name] if kind == "claim" else None
    mark = claim and _mark(claim)
    lines = figures.lines(sweep, rows)
    figures.draw(sweep, rows, lines, mark, path)
    compared = f": {markup.plain(claim.way)}" if claim and claim.way else ""
    described = json.dumps(figures.described(sweep, lines, mark), ensure_ascii=False)
    return f"```{{figure}} {path.name}\n:alt: {described}\n\n`{name}`{compared}\n```"


def _mark(claim: Claim) -> figures.Mark:
    """The value that a claim's measurements are compared with."""
    return ("to exceed", claim.smallest) if claim.value is None else ("paper", claim.value)


def _gallery(drawn: Sequence[str]) -> str:
    """Figures side by side where there is room for two."""
    items = "\n\n".join(f":::{{grid-item}}\n{figure}\n:::" for figure in drawn)
    return f"::::{{grid}} 1 1 2 2\n:gutter: 2\n\n{items}\n::::"


def _answers(sweep: Sweep, rows: pd.DataFrame) -> str:
    """The words of each claim, with a column for each value on the axis; words of several runs are counted."""
    said = rows[rows["kind"] == "claim"]
    values = [value for value in sweep.grid[sweep.axis] if (said[sweep.axis] == value).any()]
    lines = []
    for name, part in said.groupby("name", sort=False):
        counts = [Counter(part.loc[part[sweep.axis] == value, "word"]) for value in values]
        lines.append([html.escape(name), *(_tally(count) for count in counts)])
    head = [sweep.axis, *map(str, values)]
    return tables.table("What became of each claim", [html.escape(cell) for cell in head], lines).data


def _tally(counts: Counter) -> str:
    return "<br>".join(word if sum(counts.values()) == 1 else f"{count} {word}" for word, count in counts.items())


def _conditions(sweep: Sweep) -> str:
    """What the runs have in common: the data, the code, and the parameters that are not in the grid."""
    facts = [results["provenance"] for _, results in sweep.runs]
    data = _distinct(one["data"] for one in facts)
    versions = _distinct(f"torch {one['versions']['torch']}" for one in facts)
    commits = _distinct(words.commit(one["commit"]) for one in facts)
    parameters = sweep.runs[0][1]["parameters"]
    others = [f"`{name}` = `{value}`" for name, value in parameters.items() if name not in sweep.grid]
    fixed = f" The other parameters: {', '.join(others)}." if others else ""
    return f"Data: {data}. Made with {versions}, at commit {commits}.{fixed}"


def _distinct(told: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(told))


def _runs(sweep: Sweep, rows: pd.DataFrame) -> str:
    """One row for each run: its parameters, its metrics, and where it is."""
    metrics = list(dict.fromkeys(rows.loc[rows["kind"] == "metric", "name"]))
    lines = []
    for run, results in sweep.runs:
        measured = [f"{results['metrics'][name]:.4g}" if name in results["metrics"] else "–" for name in metrics]
        facts = results["provenance"]
        where = [
            f"{sum(results['seconds'].values()):,.0f}",
            facts["device"],
            facts["finished"][:16],
            shown(run.folder),
        ]
        lines.append([html.escape(str(cell)) for cell in (*run.given.values(), *measured, *where)])
    head = [*sweep.grid, *metrics, "seconds", "device", "finished (UTC)", "folder"]
    return tables.table("Every run", [html.escape(title) for title in head], lines).data
