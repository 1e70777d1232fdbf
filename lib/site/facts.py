"""The facts that pages show, written afresh for each site: papers, claims, runs, parameters, costs."""

import html
from collections.abc import Mapping, Sequence

from lib import book
from lib.digest import same
from lib.exercises import tasks
from lib.ledger import claims, open_data
from lib.ledger.claims import Claim, Paper
from lib.run import costs, missing, profiles
from lib.run.run import Run
from lib.site import markup, words

Runs = Mapping[str, Run]
"""The runs that a site is rendered from, by the names of their notebooks."""


def fragments(runs: Runs) -> dict[str, str]:
    """What pages include, by name, in Markdown."""
    return {
        "runs": runs_table(runs),
        "parameters": parameters_tables(),
        "missing": missing_tables(),
        "same": same_table(),
        "claims": claims_tables(),
        "costs": costs_table(),
        "exercises": exercises_table(),
        "columns": columns_table(),
    }


def claims_tables() -> str:
    """What all papers claim, with a section for each paper."""
    return "\n".join(
        f"## {markup.plain(paper.title)}\n\n{claims_table(paper)}\n" for paper in map(claims.paper, book.papers())
    )


def claims_table(paper: Paper, *, anchors: bool = False) -> str:
    """What a paper claims and how each claim is judged; with `anchors`, each row is an address to link to."""
    rows = []
    for claim in paper.claims.values():
        id_ = f'<span id="{claim.address}"></span>' if anchors else ""
        link = f'<a href="{"" if anchors else "scoreboard.html"}#{claim.address}">{html.escape(claim.id)}</a>'
        said = markup.plain(claim.says) + (" (It introduces this, and measures nothing.)" if claim.background else "")
        rows.append([id_ + link, said, _rule(claim), markup.plain(claim.where)])
    head = ["Claim", "The paper says", "Judged by", "Where in the paper"]
    return markup.table(f"The claims of {paper.title}", head, rows, wraps=True, stacks=True)


def _rule(claim: Claim) -> str:
    if claim.value is not None:
        partners = ", ".join(f"`{id}`" for id in claim.joint if id != claim.id)
        return f"within {claim.tolerance:g} of it" + (f"; from one experiment with {partners}" if partners else "")
    own = "" if claim.sound_smallest is None else f" (smallest effect that counts: {claim.sound_smallest:g})"
    parts = [f"{claim.way} (smallest effect that counts: {claim.smallest:g})", f"soundly: {claim.sound}{own}"]
    parts += [f"control: {claim.control}"] if claim.control else []
    return markup.plain("; ".join(parts))


def runs_table(runs: Runs) -> str:
    """The runs that this copy of the book was rendered from."""
    head = ["Page", "Profile", "Data", "Device", "Finished", "Seconds", "Commit", "Up to date"]
    rows = [_run_row(runs[name]) for name in [*book.chapters(), book.SCOREBOARD] if name in runs]
    return markup.table("Runs", head, rows) if rows else "It was rendered without any run."


def _run_row(run: Run) -> list[str]:
    found, changed = run.results(), run.changes()
    facts = found["provenance"]
    cells = [f"{{doc}}`{run.notebook}`", words.settings(found["profile"])]
    cells += [markup.plain(facts["data"]), markup.plain(facts["device"])]
    cells += [markup.moment(facts["finished"]), f"{sum(found['seconds'].values()):,.0f}", words.commit(facts["commit"])]
    return [*cells, f"no: {words.listed(changed)}" if changed else "yes"]


def missing_tables() -> str:
    """What of the paper profile was not measured when a run was last recorded, with a table for each chapter."""
    found = missing.kept()
    if found is None:
        return "No run is recorded in this copy."
    chapters = dict.fromkeys(row["chapter"] for row in found)
    return "\n\n".join(_missing_table(name, found) for name in chapters) or "Nothing is missing."


def _missing_table(name: str, found: list[dict]) -> str:
    rows = [
        [
            *(f"`{row['part']}`", markup.plain(row["does"]), f"{row['missing']} of {row['cells']}"),
            *(markup.plain(row["minutes"][kind]) for kind in missing.KINDS),
        ]
        for row in found
        if row["chapter"] == name
    ]
    head = ["Part", "What it does", "Cells missing", *(f"Minutes on a {kind}" for kind in missing.KINDS)]
    table = markup.table(f"What is not measured of {name}", head, rows, wraps=True)
    return f"{{doc}}`{name}`, with `make fill PAPER={name}`:\n\n{table}"


def same_table() -> str:
    """The changes to measuring code that altered no result, with the cells that show it, in Markdown."""
    found = same.changes()
    if not found:
        return "No such change is on record."
    rows = [
        [
            markup.plain(one.why),
            ", ".join(f"`{name}`" for name in sorted({name.partition(":")[0] for name in one.counts_as})),
            f"{sum(one.cells.values()):,} of {len(one.cells)} parts",
            markup.moment(one.finished),
        ]
        for one in found
    ]
    head = ["What was changed", "Where", "Cells that came out the same", "Compared"]
    return markup.table("Changes that altered nothing", head, rows, wraps=True)


def parameters_tables() -> str:
    """The parameters of every experiment: type, range, meaning, and each profile's value."""
    there = book.notebooks()
    parts = [f"### `{name}`\n\n{_parameters_table(name)}\n" for name in book.chapters() if name in there]
    return "\n".join(parts) or "No notebook of this copy declares parameters yet."


def _parameters_table(name: str) -> str:
    names = sorted(profiles.names(), reverse=True)  # quick before paper
    values = [profiles.values(name, profile, {}) for profile in names]
    rows = []
    for one in profiles.declared(name).values():
        allowed = ", ".join(f"`{word}`" for word in one.choices)
        allowed = allowed if one.low is None else f"{one.low:,.9g} to {one.high:,.9g}".replace("inf", "∞")
        set_to = [f"`{given[one.name]}`" for given in values]
        rows.append([f"`{one.name}`", one.type.__name__, allowed, *set_to, markup.plain(one.meaning)])
    head = ["Parameter", "Type", "Allowed", *(f"`{profile}`" for profile in names), "Meaning"]
    return markup.table(f"Parameters of {name}", head, rows, wraps=True)


def columns_table() -> str:
    """What each column of ledger.csv is, according to the schema of the ledger."""
    rows = [[f"`{name}`", markup.plain(meaning)] for name, meaning in open_data.meanings()]
    return markup.table("The columns of ledger.csv", ["Column", "What it is"], rows, wraps=True)


def costs_table() -> str:
    """What each notebook takes in the quick profile, in Markdown."""
    quick = costs.of_profile(profiles.QUICK).items()
    rows = [[f"{{doc}}`{name}`", f"{cost['minutes']:g}", f"{cost['memory_gb']:g}"] for name, cost in quick]
    return markup.table("What the quick profile takes", ["Chapter", "Minutes on two cores", "GB of memory"], rows)


def exercises_table() -> str:
    """The exercises, by page and one by one: what they ask for, the minutes they take and the points they give."""
    if not [*(book.NOTEBOOKS / "course").glob("*.yaml")]:
        return "This copy of the book was made for students: it has no solutions, and nothing of how they are graded."
    sheets = tasks.sheets()
    rows = [
        [_page(sheet), markup.plain(task.exercise.title), tasks.KINDS[task.kind], *_sums([task])]
        for sheet in sheets
        for task in sheet.tasks
    ]
    whole = [[_page(sheet), str(len(sheet.tasks)), *_sums(sheet.tasks)] for sheet in sheets]
    sums = ["Minutes", "Points", "Of these by checks"]
    by_page = markup.table("The exercises by page", ["Page", "Exercises", *sums], whole)
    return f"{by_page}\n\n{markup.table('The exercises', ['Page', 'Exercise', 'Kind', *sums], rows)}"


def _page(sheet: tasks.Sheet) -> str:
    return f"{{doc}}`{sheet.page}`"


def _sums(some: Sequence[tasks.Task]) -> list[str]:
    """What some exercises take and give in total: minutes, points, and how many of the points are given by checks."""
    rows = [(one.minutes, one.points, sum(one.checks.values())) for one in some]
    return [str(sum(values)) for values in zip(*rows, strict=True)]
