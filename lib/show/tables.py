"""The ledger as tables: HTML that needs no script and reads well aloud."""

import html
from collections.abc import Mapping, Sequence

import pandas as pd
from IPython.display import HTML

from lib.ledger.claims import Claim, Paper

MARKS = {"reproduced": "✓", "holds": "✓", "not reproduced": "✗", "does not hold": "✗", "undecided": "?"}
STANDS_MARKS = {"yes": "✓", "no": "✗", "open": "?"}


def table(
    caption: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    ids: Sequence[str] = (),
    details: Sequence[str] = (),
) -> HTML:
    """A table in a box that scrolls sideways by itself.

    Cells are HTML; the first of a row is its heading. `ids` gives each row an address, `details` each a line below it.
    """
    titles = "".join(f'<th scope="col">{title}</th>' for title in head)
    lines = [f"<thead><tr>{titles}</tr></thead>", "<tbody>"]
    for number, (first, *rest) in enumerate(rows):
        anchor = f' id="{ids[number]}"' if ids else ""
        cells = "".join(f"<td>{cell}</td>" for cell in rest)
        lines.append(f'<tr{anchor}><th scope="row">{first}</th>{cells}</tr>')
        if details and details[number]:
            lines.append(f'<tr class="detail"><td></td><td colspan="{len(rest)}">{details[number]}</td></tr>')
    body = "\n".join([*lines, "</tbody>"])
    return HTML(
        f'<div class="ledger" tabindex="0" role="region" aria-label="{html.escape(caption)}">'
        f"<table><caption>{html.escape(caption)}</caption>{body}</table></div>"
    )


def verdict(entry: Mapping | None) -> str:
    """A verdict as words with a mark, `fitted` where a setting was chosen to come near the number."""
    if entry is None:
        return "not run"
    word = entry["verdict"]
    text = f'<span class="verdict {word.replace(" ", "-")}">{MARKS.get(word, "–")}&nbsp;{word}</span>'
    return text + (" (fitted)" if entry["fitted"] else "")


def stands(entry: Mapping | None) -> str:
    """Whether the statement stands, as a word with a mark."""
    word = entry and entry["stands"]
    return f'<span class="verdict stands-{word}">{STANDS_MARKS[word]}&nbsp;{word}</span>' if word else "–"


def measured(entry: Mapping | None) -> str:
    """A measurement with its interval and what it was taken over."""
    value = entry and entry["measured"]
    if not value:
        return "–"
    interval = "" if value["low"] is None else f" [{value['low']:.3f},&nbsp;{value['high']:.3f}]"
    return f"{value['mean']:.4f}{interval}<br><small>{over(value)}</small>"


def over(value: Mapping) -> str:
    """What a measurement was taken over, in words: "3 seeds", "1 seed"."""
    return f"{value['n']:,} {value['over'] if value['n'] != 1 else value['over'].removesuffix('s')}"


def claimed(claim: Claim) -> str:
    """What the paper says: the printed number, or what is compared."""
    if claim.value is not None:
        return f"{claim.value:g} <small>± {claim.tolerance:g}</small>"
    return html.escape(claim.compare)


def name(claim: Claim) -> str:
    """A claim's id, which a narrow screen may break after a dot or a dash."""
    return claim.id.replace(".", ".<wbr>").replace("_", "_<wbr>")


def chapter(paper: Paper, answers: Mapping[str, Mapping]) -> HTML:
    """A chapter's claims with both answers and why; each links to its address on the scoreboard."""
    entries = [(claim, answers.get(claim.id)) for claim in paper.claims.values()]
    rows = [
        [
            f'<a href="scoreboard.html#{claim.address}">{name(claim)}</a>',
            claimed(claim),
            measured(entry),
            verdict(entry),
            stands(entry),
        ]
        for claim, entry in entries
    ]
    head = ["claim", "paper", "this run", "do we get it?", "does it stand?"]
    details = [html.escape((entry or {}).get("why", "")) for _, entry in entries]
    return table(f"The claims of “{paper.title}”", head, rows, details=details)


def scoreboard(paper: Paper, runs: Mapping[str, Mapping[str, Mapping]]) -> HTML:
    """Every claim of a paper: what it says, what each run found, and why by the first run that measured it.

    Parameters
    ----------
    runs
        The answers of each run by the ids of their claims, by what the run is called.
    """
    claims = list(paper.claims.values())
    entries = [[run.get(claim.id) for run in runs.values()] for claim in claims]
    rows = [
        [f'<a href="#{claim.address}">{name(claim)}</a>', claimed(claim), *map(answers, found)]
        for claim, found in zip(claims, entries, strict=True)
    ]
    ids = [claim.address for claim in claims]
    details = [html.escape(next((entry["why"] for entry in found if entry), "")) for found in entries]
    return table(paper.title, ["claim", "paper", *runs], rows, ids=ids, details=details)


def answers(entry: Mapping | None) -> str:
    """A measurement with both answers, in one cell."""
    if entry is None:
        return "not run"
    return f"{measured(entry)}<br>{verdict(entry)}<br>stands: {stands(entry)}"


def show(frame: pd.DataFrame, caption: str) -> HTML:
    """A data frame as a table: its columns as they are named, its values as text."""
    return plain(caption, {str(name): list(frame[name]) for name in frame})


def plain(caption: str, columns: Mapping[str, Sequence[object]]) -> HTML:
    """A table of measurements, one column a key, its cells as text."""
    rows = [[html.escape(str(cell)) for cell in row] for row in zip(*columns.values(), strict=True)]
    return table(caption, [html.escape(name) for name in columns], rows)
