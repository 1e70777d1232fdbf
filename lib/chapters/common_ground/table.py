"""What `lib.chapters.common_ground.judging` measures as the cells of a table, in HTML."""

import html
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lib.chapters.common_ground.judging import Row
from lib.measure.intervals import rate


def share_cell(hits: Sequence[NDArray[np.bool_]]) -> str:
    """A share with its 95 % interval, as HTML."""
    found = rate(hits)
    return f"{found.mean:.3f}<br><small>[{found.low:.2f}, {found.high:.2f}]</small>"


def row_cells(name: str, row: Row, note: str) -> list[str]:
    """A row of the table as HTML: its name, all columns, L-BFGS, seconds with a note below, red flags."""
    fooled, asked = sum(int(np.isfinite(one).sum()) for one in row.distances), sum(map(len, row.distances))
    median, spent = np.mean([np.median(one) for one in row.distances]), np.mean(row.seconds)
    return [
        name,
        *map(share_cell, row.outcomes.values()),
        f"{median:.2f}<br><small>{fooled} of {asked}</small>",
        f"{spent:.1f}<br><small>{note}</small>",
        f"† {len(row.raised)}" if row.raised else "–",
    ]


def flag_cells(rows: dict[float, dict[str, Row]], order: Sequence[str]) -> list[list[str]]:
    """Every red flag that is up, as HTML: row, flag, numbers; a line that says so where none is."""
    raised = [
        [f"{name}, eps {eps:g}", html.escape(flag), html.escape(sentence)]
        for eps, of in rows.items()
        for name in order
        for flag, sentence in of[name].raised.items()
    ]
    return raised or [["every row", "none is up", f"{len(rows) * len(order)} rows"]]
