"""The chapter's tables: that of all defences and attacks, and others beside it; data frames where cells are text."""

import html
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.chapters.common_ground import madry
from lib.chapters.common_ground.attacks import ATTACKS
from lib.chapters.common_ground.defences import YARDSTICKS, titled
from lib.chapters.common_ground.judging import WORST, Judgement
from lib.chapters.common_ground.measure import FilterFound
from lib.chapters.common_ground.rows import Row, Rows, against_control, by_worst_case, control, gained
from lib.ledger.claims import paper
from lib.measure.intervals import rate
from lib.show import tables
from lib.show.both import Table

FEW = 6
"""How many lines need not be folded away."""

HEAD = ["defence", "safe from all", *ATTACKS, "L-BFGS: median L2 (fooled)", "training seconds (cost)", "red flags"]


CLAIMED = {
    "removal": ("unlearning", "unlearned.accuracy"),
    "fine-tuned": ("adversarial_training", "finetuned.adversarial_accuracy"),
    "retrained": ("mitigation", "retrained.adversarial_accuracy"),
    "mixed batches": ("adversarial_training", "mixed.adversarial_accuracy"),
    "filter, printed": ("fragile_neurons", "filtered.raises_robustness"),
}
"""For each of the papers' defences, the chapter and the claim that says that it works; both filters share one."""


def claimed() -> Table:
    """What the papers say of their defences, with links to where each claim is answered."""
    lines = []
    for name, (chapter, id) in CLAIMED.items():
        source = paper(chapter)
        claim = source.claims[id]
        number = f"an accuracy of {claim.printed} on attacked images"
        said = html.escape(number if claim.printed else "that it makes a network more robust; no number is printed")
        link = f'<a href="{chapter}.html#{claim.address}">{said}</a> <small>({html.escape(claim.where)})</small>'
        lines.append([titled(name), f"{link}<br><small>{html.escape(source.title)}</small>"])
    title = "What each paper says of its defence, on its own network and by its own attack"
    return tables.table(title, ["defence", "its paper says"], lines, wraps=True)


def against_controls(rows: Rows) -> pd.DataFrame:
    """Each of the papers' defences against its control at each eps: the share of images that no attack fools."""
    lines = []
    for eps, of in rows.items():
        words = {name: word for word, names in against_control(of).items() for name in names}
        for name, difference in gained(of).items():
            lines.append([f"{eps:g}", titled(name), titled(control(name)), f"{difference:+z.3f}", words[name]])
    return pd.DataFrame(
        lines, columns=["eps", "defence", "its control", "safe from all, minus its control", "which is"]
    )


def share_cell(hits: Sequence[NDArray[np.bool_]]) -> str:
    """A share with its 95% interval, as HTML."""
    found = rate(hits)
    return f"{found.mean:.3f}<br><small>[{found.low:.2f}, {found.high:.2f}]</small>"


def row_cells(name: str, row: Row, note: str) -> list[str]:
    """A row of the table as HTML: its name, all columns, L-BFGS, seconds with a note below, red flags."""
    (fooled, asked), median, spent = row.fooled, row.median_distance, np.mean(row.seconds)
    far = f"{median:.2f}" if np.isfinite(median) else "none"
    return [
        name,
        *map(share_cell, row.outcomes.values()),
        f"{far}<br><small>{fooled} of {asked}</small>",
        f"{spent:.1f}<br><small>{note}</small>",
        f"† {len(row.raised)}" if row.raised else "–",
    ]


def defences(rows: Rows, eps: float, costs: Mapping[str, float], last: Sequence[Sequence[str]] = ()) -> Table:
    """The table at one eps, folded, best worst case first; `last` are further rows of cells."""
    lines = [row_cells(titled(name), rows[eps][name], f"× {costs[name]:.2f}") for name in by_worst_case(rows)]
    caption = f"Every defence trained at eps {eps:g} under every attack at that eps: accuracy, with 95% intervals"
    return tables.fold(caption, tables.table(caption, HEAD, [*lines, *last]))


def madry_rows(judgements: Sequence[Judgement]) -> list[list[str]]:
    """The row of Madry's network, from the last judgement, which is at the larger eps; empty where it was not run."""
    label = f"Madry's network and schedule, eps {madry.EPS:g}"
    return [row_cells(label, Row(judgements[-1:]), "another network")] if judgements else []


def published(judgements: Sequence[Judgement], judged: int) -> Table:
    """Madry's network against its published figures, from the first judgement, which is at their eps."""
    found = [share_cell([judgements[0].correct[name]]) if judgements else "not run" for name in madry.PUBLISHED]
    printed = [f"{value:.3f}" for value in madry.PUBLISHED.values()]
    title = f"Madry's network at eps {madry.EPS:g}: published on 10,000 images, measured on {judged:,}"
    lines = list(zip(madry.PUBLISHED, printed, found, strict=True))
    return tables.table(title, ["attack", "published", "measured"], lines)


def flags(rows: Rows) -> Table:
    """Every red flag that is up, folded where there are many."""
    caption = "Every red flag that is up, with the numbers that raise it"
    cells = flag_cells(rows, by_worst_case(rows))
    shown = tables.table(caption, ["row", "flag", "measured"], cells, wraps=True)
    return tables.fold(caption, shown) if len(cells) > FEW else shown


def flag_cells(rows: Rows, order: Sequence[str]) -> list[list[str]]:
    """Every red flag that is up, as HTML: row, flag, numbers; where none is, a line that says so."""
    raised = [
        [f"{titled(name)}, eps {eps:g}", html.escape(flag), html.escape(sentence)]
        for eps, of in rows.items()
        for name in order
        for flag, sentence in of[name].raised.items()
    ]
    return raised or [["every row", "none is up", f"{len(rows) * len(order)} rows"]]


def filtered(found: FilterFound) -> pd.DataFrame:
    """What each reading of the filter does."""
    changes = found.changes.values()
    return pd.DataFrame(
        {
            "reading": list(found.changes),
            "τ": [f"{change.tau:.3f}" for change in changes],
            "largest singular value": [f"{change.before.max():.3f}" for change in changes],
            "values changed": [
                f"{(change.before != change.after).sum()} of {len(change.before)}" for change in changes
            ],
            "fragile kernels amplified by": [f"{change.alpha:.3f}" for change in changes],
        }
    )


def yardsticks(rows: Rows, numbers: range) -> pd.DataFrame:
    """The yardsticks network by network; `numbers` are the seeds."""
    each = [(eps, name) for eps in rows for name in YARDSTICKS]
    frame = pd.DataFrame({"yardstick": [f"{titled(name)}, eps {eps:g}" for eps, name in each]})
    for place, number in enumerate(numbers):
        pairs = [[rows[eps][name].accuracies(way)[place] for way in ("clean", WORST)] for eps, name in each]
        frame[f"seed {number}"] = [" / ".join(f"{share:.2f}" for share in pair) for pair in pairs]
    return frame
