"""The ledger as tables: HTML that needs no script and reads well aloud."""

import html
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from lib.ledger.claims import Claim, Paper
from lib.show import wording
from lib.show.both import Table, markdown
from lib.show.lines import lines


def table(
    caption: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    ids: Sequence[str] = (),
    details: Sequence[str] = (),
    wraps: bool = False,
    anchor: str = "",
) -> Table:
    """A table in a box that scrolls sideways by itself, or one that `wraps` and so fits a phone.

    Cells are HTML; the first of a row is its heading. `ids` gives each row an address, `details` each row a line below
    it, and `anchor` the whole table an address.
    """
    titles = "".join(f'<th scope="col">{title}</th>' for title in head)
    parts = [f"<thead><tr>{titles}</tr></thead>", "<tbody>"]
    for number, (first, *rest) in enumerate(rows):
        own = f' id="{ids[number]}"' if ids else ""
        cells = "".join(f"<td>{cell}</td>" for cell in rest)
        parts.append(f'<tr{own}><th scope="row">{first}</th>{cells}</tr>')
        if details and details[number]:
            parts.append(f'<tr class="detail"><td colspan="{len(head)}">{details[number]}</td></tr>')
    body = "\n".join([*parts, "</tbody>"])
    look = "ledger claim" if wraps else "ledger claims" if details else "ledger"
    place = f' id="{anchor}"' if anchor else ""
    written = (
        f'<div class="{look}"{place} tabindex="0" role="region" aria-label="{html.escape(caption)}">'
        f"<table><caption>{html.escape(caption)}</caption>{body}</table></div>"
    )
    return Table(written, markdown(caption, head, rows))


def broken(id: str) -> str:
    """A claim's id or address, which a narrow screen may break after a dot or an underscore."""
    return id.replace(".", ".<wbr>").replace("_", "_<wbr>")


HEAD = ["claim", "the paper’s way", "soundly", "answer"]


def chapter(paper: Paper, answers: Mapping[str, Mapping]) -> Table:
    """A chapter's claims with both measurements, the word and why; each links to its place on the scoreboard.

    Parameters
    ----------
    answers
        By claim, as the results have them; a claim without an answer was not run.
    """
    entries = [(claim, answers.get(claim.id)) for claim in paper.claims.values()]
    rows = [row(claim, entry, "scoreboard.html") for claim, entry in entries]
    details = [detail(claim, entry) for claim, entry in entries]
    return table(f"The claims of “{paper.title}”", HEAD, rows, details=details)


def row(claim: Claim, entry: Mapping | None, scoreboard: str = "") -> list[str]:
    """A claim's cells under `HEAD`: what the paper says, both measurements in short, the word."""
    link = f'<a href="{scoreboard}#{claim.address}">{broken(claim.id)}</a>'
    said = f'{link}<br><span class="said">{wording.said(claim)}</span>'
    if entry is None:
        return [said, "–", "–", wording.answer(None)]
    sound = wording.brief(entry, "sound") if claim.kind == "statement" else wording.last_rung(entry)
    return [said, wording.brief(entry, "paper"), sound, wording.answer(entry)]


def detail(claim: Claim, entry: Mapping | None, page: str = "", more: Iterable[tuple[str, str]] = ()) -> str:
    """What stands below a claim's row: a sentence on why, and a link to its card.

    Where the card is on another page, all that it says is folded away here instead.

    Parameters
    ----------
    page
        The chapter's page, which has the claim's card; empty where the table is on that page.
    more
        Further lines, each a label and HTML; only where `page` is given.
    """
    if entry is None:
        return ""
    why = wording.prose(entry["why"])
    if not page:
        return f'{why} <a href="#{claim.address}">The card</a>' if entry["paper"] else why
    evidence = f'<a href="{page}#{claim.address}">the section that measures it</a>'
    behind = [line for line in lines(claim, entry, evidence) if line[0] != "why"]
    told = "".join(f"<dt>{label}</dt><dd>{text}</dd>" for label, text in [*behind, *more])
    folded = f"<details><summary>what it was measured with</summary><dl>{told}</dl></details>"
    return f"{why} {folded}"


def show(frame: pd.DataFrame, caption: str, *, folded: bool = False) -> Table:
    """A data frame as a table, its values as text; with `folded`, hidden until its caption is clicked."""
    shown = plain(caption, {str(name): list(frame[name]) for name in frame})
    return fold(caption, shown) if folded else shown


def fold(caption: str, *shown: Table) -> Table:
    """Tables that open where their caption is clicked; the caption says what a reader would open them for."""
    summary, data = f"<summary>{html.escape(caption)}</summary>", "".join(one.data for one in shown)
    return Table(f'<details class="folded">{summary}{data}</details>', "\n\n".join(one.text for one in shown))


def plain(caption: str, columns: Mapping[str, Sequence[object]]) -> Table:
    """A table of measurements with one column for each key, its cells as text."""
    rows = [[html.escape(str(cell)) for cell in row] for row in zip(*columns.values(), strict=True)]
    return table(caption, [html.escape(name) for name in columns], rows)
