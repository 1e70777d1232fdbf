"""The page of a verdict: the network beside the book's networks, in the look of the book."""

import html
import json
from collections.abc import Mapping
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from lib.chapters.common_ground.drawing import ladders
from lib.chapters.common_ground.frames import share_cell
from lib.chapters.common_ground.judging import WORST
from lib.judge import beside, words, written
from lib.judge.beside import Known, Rows
from lib.judge.radii import shown
from lib.judge.verdict import COLUMNS, Verdict
from lib.show import plots, tables
from lib.site import markup, single

BESIDE = ("L-BFGS: median L2", "red flags", "networks")
"""What a table has to the right of the attacks."""

DRAWN = ("clean", "FGSM", "PGD-40", WORST)
"""What the figure shows of a network, from clean accuracy to the worst case."""


def keep(verdict: Verdict, folder: str | Path) -> Path:
    """Write `folder/verdict.json` and `folder/page`, replacing any that are there; return the page to open.

    Raises
    ------
    OSError
        Where the folder cannot be written.
    lib.site.render.SiteError
        Where jupyter-book fails or warns; the JSON is written by then.
    """
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    written.write(verdict, folder)
    return build(verdict, folder)


def build(verdict: Verdict, folder: Path) -> Path:
    """Make the page alone, in a folder that has the JSON: the network beside the book's, at each of its radii."""
    by_eps = {eps: beside.rows(verdict.subject.data, eps) for eps in verdict.at}
    return single.build(lambda target: page(verdict, by_eps, target), folder / written.NAME, folder / "page")


def page(verdict: Verdict, by_eps: Mapping[float, Rows | None], target: Path) -> str:
    """The page in Markdown, with the book's rows by eps (None if there are none); figures are put into `target`."""
    parts = [f"# {_plain(verdict.subject.name)} under attack", _opening(verdict)]
    parts += [f"```{{warning}}\n{_plain(said)}\n```" for said in words.warnings(verdict)]
    for eps, rows in by_eps.items():
        parts += [f"## At eps {shown(eps)}", _figure(verdict, eps, rows, target / f"eps-{eps:g}.svg")]
        parts += [_plain(words.compared(verdict, eps, rows)), _table(verdict, eps, rows)]
        parts += [_plain(words.differences(verdict, rows)) if rows else ""]
    parts += ["## Red flags", _READ_FLAGS, _flags(verdict), "## How it was judged", _conditions(verdict)]
    return "\n\n".join(filter(None, parts)) + "\n"


_READ_FLAGS = (
    "A network can seem robust because its gradient leads nowhere, and not because it resists. These signs speak for "
    "that (Athalye et al., 2018; Carlini et al., 2019). Where one is up, doubt the accuracy before you quote it."
)


def _opening(verdict: Verdict) -> str:
    return (
        f"{_plain(verdict.subject.name)}, judged on {_plain(verdict.subject.origin)} as the book judges its own "
        f"networks. *{WORST}* is the share that is classified correctly, clean and under every attack. It is "
        "an upper bound: under an attack made for this defence it may be lower. {download}`verdict.json` has every "
        "image's outcome."
    )


def _figure(verdict: Verdict, eps: float, rows: Rows | None, path: Path) -> str:
    """Draw the network above the book's networks; return the figure in Markdown."""
    known = [one for one in rows.known if one.is_measured] if rows else []
    shares = {
        column: [[verdict.at[eps].accuracy(column)], *([one.accuracy(column)] for one in known)] for column in DRAWN
    }
    void = " (void)" if verdict.is_void else ""
    names = [verdict.subject.name + void, *(one.title for one in known)]
    flags = [_raised(len(verdict.raised(eps))), *(_raised(len(one.raised)) for one in known)]
    title = f"eps {shown(eps)}"
    with rc_context(plots.STYLE):
        drawn = [name.replace("$", r"\$") for name in names]  # names are not formulas
        figure: Figure = ladders({title: shares}, drawn, flags, noted="flags")
        figure.savefig(path, bbox_inches="tight")
        plots.plt.close(figure)
    described = "; ".join(f"{name} {shares[WORST][place][0]:.2f}" for place, name in enumerate(names))
    alt = json.dumps(f"Accuracy from clean down to the worst case. The worst case: {described}.", ensure_ascii=False)
    caption = "From clean accuracy down to the worst case of all attacks"
    mean = "; a row of the book is the mean of its networks" if known else ""
    return f"```{{figure}} {path.name}\n:alt: {alt}\n\n{caption}{mean}.\n```"


def _table(verdict: Verdict, eps: float, rows: Rows | None) -> str:
    own = [
        html.escape(verdict.subject.name),
        *(_cell(verdict, eps, column) for column in verdict.columns),
        words.own_distance(verdict, eps),
        _raised(len(verdict.raised(eps))),
        "1",
    ]
    lines = [own, *(_known(one, len(verdict.asked.own)) for one in (rows.known if rows else ()))]
    head = ["network", *verdict.columns, *BESIDE]
    return tables.table(f"Accuracy at eps {shown(eps)}, 95% intervals", list(map(html.escape, head)), lines).data


def _cell(verdict: Verdict, eps: float, column: str) -> str:
    hits = verdict.at[eps].outcomes.get(column)
    if hits is None:
        return words.MISSING
    return words.marked(verdict, column, share_cell([hits]), "<br><small>void</small>")


def _known(row: Known, own: int) -> list[str]:
    """A row of the book; the reader's own attacks, as many as `own`, were not tried on it."""
    if not row.is_measured:
        missing = [words.MISSING] * (len(COLUMNS) + own + 2)
        return [html.escape(row.title), *missing, f"0 of {row.networks}"]
    outcomes, of = row.outcomes, len(row.judgements)
    return [
        html.escape(row.title),
        *(share_cell(outcomes[column]) for column in COLUMNS),
        *[words.MISSING] * own,
        words.distance(row),
        _raised(len(row.raised)),
        str(of) if of == row.networks else f"{of} of {row.networks}",
    ]


def _raised(count: int) -> str:
    return f"† {count}" if count else "–"


def _flags(verdict: Verdict) -> str:
    lines = [
        [f"eps {shown(eps)}", html.escape(flag.name), "up" if flag.raised else "–", html.escape(flag.sentence)]
        for eps in verdict.at
        for flag in verdict.flags(eps)
    ]
    return tables.table("Every red flag", ["at", "flag", "", "measured"], lines).data


def _conditions(verdict: Verdict) -> str:
    subject, asked, made = verdict.subject, verdict.asked, verdict.made
    code = ", ".join(f"{name} (SHA-256 {digest[:16]}…)" for name, digest in made["modules"].items())
    facts = [
        ("weights", f"{subject.parameters:,} parameters, SHA-256 {subject.weights[:16]}…"),
        ("images", f"{subject.origin}, SHA-256 {subject.digest[:16]}…"),
        ("AutoAttack", f"{asked.steps:,} steps, {asked.queries:,} queries; Square as many queries"),
        ("L-BFGS", f"on {asked.n_lbfgs} of the images"),
        ("transfer", f"through {asked.other}" if asked.other else "none"),
        ("attacks of your own", ", ".join(asked.own) or "none"),
        ("made on", f"{made['device']}, torch {made['versions']['torch']}, in {made['seconds']:,.0f} seconds"),
        ("your code", code or "no module from the folder that Python ran in"),
        ("the book's code", made["commit"] or "not known: no checkout, or no git"),
        ("finished", markup.moment(made["finished"])),
    ]
    lines = [[html.escape(name), html.escape(fact)] for name, fact in facts]
    return tables.table("What it was judged with", ["", ""], lines, wraps=True).data


def _plain(text: str) -> str:
    return markup.plain(html.escape(text, quote=False))
