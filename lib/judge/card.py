"""A verdict as plain text, for a terminal."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np

from lib.chapters.common_ground.judging import WORST
from lib.judge import words
from lib.judge.radii import shown
from lib.judge.verdict import Verdict

WIDTH = 80


def card(verdict: Verdict) -> str:
    """What was found, as a table with one column for each eps, and what speaks against believing it."""
    radii = list(verdict.at)
    head = ["", *(f"eps {shown(eps)}" for eps in radii)]
    lines = [[column, *(words.cell(verdict, eps, column) for eps in radii)] for column in verdict.columns]
    lines.insert(1, [])
    lines.append(["L-BFGS: median L2", *(words.own_distance(verdict, eps) for eps in radii)])
    lines.append(["red flags", *(f"{len(verdict.raised(eps))} up" for eps in radii)])
    doubts = [f"eps {shown(eps)}: {flag.name} ({flag.sentence})." for eps in radii for flag in verdict.raised(eps)]
    parts = [
        f"{verdict.subject.name}: accuracy on {verdict.subject.origin}, 95% intervals over them",
        _aligned([head, [], *lines]),
        f"{WORST}: classified rightly clean and under every attack.",
        *(fill(said, WIDTH, initial_indent="! ", subsequent_indent="  ") for said in words.warnings(verdict) + doubts),
    ]
    return "\n".join(parts)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns that are as wide as they need to be; a row without cells is a line of dashes."""
    widths = np.max([[len(cell) for cell in row] for row in rows if row], axis=0)
    line = "-" * (int(widths.sum()) + 2 * (len(widths) - 1))

    def set_(row: Sequence[str]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()

    return "\n".join([*(set_(row) if row else line for row in rows), line])
