"""The ledger as tables: HTML that needs no script and reads well aloud."""

import html
from collections.abc import Mapping, Sequence

from IPython.display import HTML

from lib.claims import Claim, Paper

MARKS = {"reproduced": "✓", "holds": "✓", "not reproduced": "✗", "does not hold": "✗", "undecided": "?"}
STANDS_MARKS = {"yes": "✓", "no": "✗", "open": "?"}


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], ids: Sequence[str] = ()) -> HTML:
    """A table in a box that scrolls sideways by itself; cells are HTML, the first of a row its heading."""
    cells = "".join(f'<th scope="col">{name}</th>' for name in head)
    lines = [f"<thead><tr>{cells}</tr></thead>", "<tbody>"]
    for number, row in enumerate(rows):
        anchor = f' id="{ids[number]}"' if ids else ""
        first, *rest = row
        lines.append(
            f'<tr{anchor}><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest) + "</tr>"
        )
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
    interval = "" if value["low"] is None else f" [{value['low']:.3f}, {value['high']:.3f}]"
    unit = value["over"] if value["n"] != 1 else value["over"].removesuffix("s")
    return f"{value['mean']:.4f}{interval}<br><small>{value['n']:,} {unit}</small>"


def claimed(claim: Claim) -> str:
    """What the paper says: the printed number, or what is compared."""
    if claim.value is not None:
        return f"{claim.value:g} <small>± {claim.tolerance:g}</small>"
    bounds = [f"above {claim.above:g}"] if claim.above else []
    bounds += [f"by at least {claim.minimum:g}"] if claim.minimum else []
    return html.escape(claim.compare) + (f" <small>({', '.join(bounds)})</small>" if bounds else "")


def chapter(paper: Paper, answers: Mapping[str, Mapping]) -> HTML:
    """A chapter's claims with both answers; each links to its address on the scoreboard."""
    rows = [
        [
            f'<a href="scoreboard.html#{claim.address}">{claim.id}</a>',
            claimed(claim),
            measured(answers.get(claim.id)),
            verdict(answers.get(claim.id)),
            stands(answers.get(claim.id)),
            html.escape((answers.get(claim.id) or {}).get("why", "")),
        ]
        for claim in paper.claims.values()
    ]
    head = ["claim", "paper", "this run", "do we get it?", "does it stand?", "why"]
    return table(f"The claims of “{paper.title}”", head, rows)


def scoreboard(paper: Paper, recorded: Mapping[str, Mapping], run: Mapping[str, Mapping]) -> HTML:
    """Every claim of a paper: what it says, what the recorded run found, what this run found."""
    rows = []
    for claim in paper.claims.values():
        kept, now = recorded.get(claim.id), run.get(claim.id)
        address = f'<a href="#{claim.address}">{claim.id}</a>'
        why = html.escape((kept or now or {}).get("why", ""))
        answers = [cell for entry in (kept, now) for cell in (measured(entry), verdict(entry), stands(entry))]
        rows.append([address, claimed(claim), *answers, why])
    head = ["claim", "paper", "recorded", "verdict", "stands", "this run", "verdict", "stands", "why"]
    return table(paper.title, head, rows, [claim.address for claim in paper.claims.values()])


def plain(caption: str, columns: Mapping[str, Sequence[object]]) -> HTML:
    """A table of measurements, one column a key, its cells as text."""
    rows = [[html.escape(str(cell)) for cell in row] for row in zip(*columns.values(), strict=True)]
    return table(caption, [html.escape(name) for name in columns], rows)
