"""The scoreboard: all claims in one figure and in tables, each row at its address."""

import html
from collections.abc import Iterator, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from lib.ledger import board, words
from lib.ledger.board import Row
from lib.show import tables, wording
from lib.show.both import Table
from lib.show.meaning import SIDES
from lib.show.palette import COLOURS
from lib.show.tables import broken

TONES = {
    **{"good": COLOURS[2], "same": COLOURS[0], "bad": COLOURS[1], "open": COLOURS[4]},
    **{"none": "0.45", "limited": "0.45"},
}
"""The colours of marks, by the tone of a word. Words are dark: orange ones would be too pale to read."""
INK = "0.15"
FARTHEST = {"numbers": 4.0, "statements": 2.0}
"""How far from the middle a mark can be drawn, in tolerances and in the units of the effect; what lies farther out is
put at the edge."""
EVEN = 0.02
"""Up to here the axis of effects is linear, and beyond it logarithmic: effects are of all sizes."""
TICKS = (-1, -0.1, -EVEN, 0, EVEN, 0.1, 1)


def figure(rows: Sequence[Row]) -> Figure:
    """One line for each row: numbers beside the paper's value, statements beside the smallest effect that counts.

    A number is drawn as its distance from the paper's value, in tolerances (grey), with the prediction interval for one
    more network. A statement is drawn as its effect minus the smallest that counts, with the 95% interval: hollow for
    the paper's way, filled for the sound measurement.
    """
    numbers = [row for row in rows if row.claim.kind != "statement"]
    statements = [row for row in rows if row.claim.kind == "statement"]
    heights = [max(len(numbers), 1), max(len(statements), 1)]
    fig, (above, below) = plt.subplots(2, 1, figsize=(8, 0.24 * sum(heights) + 2.0), height_ratios=heights)
    above.axvspan(-1, 1, color="0.9")
    for at, row in enumerate(numbers):
        _number(above, at, row)
    for at, row in enumerate(statements):
        _statement(below, at, row)
    _finish(above, numbers, FARTHEST["numbers"], "numbers", "ours minus the paper's, in tolerances")
    below.set_xscale("symlog", linthresh=EVEN, linscale=0.6)
    below.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
    below.xaxis.set_minor_locator(NullLocator())
    unit = "effect minus the smallest that counts, each in its own unit: mostly accuracy"
    _finish(below, statements, FARTHEST["statements"], "statements", unit)
    return fig


def _number(ax: Axes, at: int, row: Row) -> None:
    if row.answer and row.answer["paper"]:
        found, claim = row.answer["paper"]["measured"], row.claim
        ends = found["predicted"] or (found["low"], found["high"])
        in_tolerances = [
            None if one is None else (one - claim.value) / claim.tolerance for one in (found["mean"], *ends)
        ]
        _mark(ax, at, *in_tolerances, _colour(row), FARTHEST["numbers"], filled=True)


def _statement(ax: Axes, at: int, row: Row) -> None:
    for side, shift in (("paper", -0.15), ("sound", 0.15)):
        if row.answer and row.answer[side]:
            found, smallest = row.answer[side]["measured"], row.claim.smallest_of(side)
            less = [None if found[name] is None else found[name] - smallest for name in ("mean", "low", "high")]
            _mark(ax, at + shift, *less, _colour(row), FARTHEST["statements"], filled=side == "sound")


def _colour(row: Row) -> str:
    return TONES[wording.tone_of(row.answer) if row.answer else wording.tone(row.word)]


def _mark(
    ax: Axes, at: float, mean: float, low: float | None, high: float | None, colour: str, edge: float, *, filled: bool
) -> None:
    if low is not None:
        ax.hlines(at, *np.clip([low, high], -edge, edge), color=colour, linewidth=1.5)
    beyond = abs(mean) > edge
    marker = ">" if beyond and mean > 0 else "<" if beyond else "o"
    face = colour if filled else "white"
    ax.plot(np.clip(mean, -edge, edge), at, marker, color=colour, markerfacecolor=face, markersize=5)


def _finish(ax: Axes, rows: Sequence[Row], edge: float, title: str, xlabel: str) -> None:
    ax.axvline(0, color="0.35", linewidth=1)
    ax.set_yticks(range(len(rows)), [row.claim.address for row in rows], fontsize=8)
    ax.set(xlim=(-1.06 * edge, 1.06 * edge), ylim=(len(rows) - 0.4, -0.6))
    ax.set_title(title, fontsize=10)
    ax.set_xlabel(xlabel, fontsize=9)
    ax.grid(False, axis="y")
    for at, row in enumerate(rows):
        word = row.word + "".join(f" ({short})" for short in _beside(row))
        place = {"xycoords": ("axes fraction", "data"), "va": "center", "fontsize": 8}
        ax.annotate(word, (1.01, at), color=INK, annotation_clip=False, **place)


def _beside(row: Row) -> Iterator[str]:
    """What has to be known beside a row's word, in a word or two."""
    if row.answer and row.answer["alone"] != row.word:
        yield f"by itself: {row.answer['alone']}"
    if row.answer and row.answer["smaller"]:
        yield "smaller"
    if row.answer and row.claim.kind == "statement" and board.rests_on_one(row.answer):
        yield "one network"


def table(caption: str, rows: Sequence[Row]) -> Table:
    """Rows with both measurements and their word; each has the address of its claim."""
    cells = [[*tables.row(row.claim, row.answer)[:-1], _answer(row)] for row in rows]
    for row, line in zip(rows, cells, strict=True):
        line[0] = f"<small>{row.claim.paper}</small><br>{line[0]}"
    details = [tables.detail(row.claim, row.answer, f"{row.claim.paper}.html", _more(row)) for row in rows]
    return tables.table(caption, tables.HEAD, cells, ids=[row.claim.address for row in rows], details=details)


def _answer(row: Row) -> str:
    """A row's word, and which of its findings hold with Holm's adjustment."""
    shown = wording.badge(row.word) if row.answer is None else wording.answer(row.answer)
    whose = "" if len(row.survives) == len(SIDES) else "".join(f"{SIDES[side]}, it " for side in row.survives)
    return wording.under(shown, [f"{whose}holds with Holm’s adjustment"] if row.survives else [])


def _more(row: Row) -> Iterator[tuple[str, str]]:
    """What the whole ledger adds to an answer: which findings hold with Holm's adjustment, the recorded run's word."""
    if row.survives:
        yield "with Holm’s adjustment", f"holds {' and '.join(SIDES[side] for side in row.survives)}"
    if row.recorded:
        yield "the recorded run", html.escape(row.recorded["word"])


def counted(rows: Sequence[Row]) -> Table:
    """How often each word is the answer, by what claims are about; no experiment counts twice under the same word."""
    found = board.counts(rows)
    order = [*words.ALL, board.SMALLER, board.BACKGROUND]
    given = [word for word in order if any(count[word] for count in found.values())]
    columns = {about: [count[word] or "–" for word in given] for about, count in found.items()}
    return tables.plain("Answers, counted by what the claims are about", {"answer": given} | columns)


def made(runs: Mapping[str, Mapping]) -> Table:
    """What each paper's answers were made with: the profile, and what was set by hand."""
    profiles = [run["profile"].replace("+", " + ") for run in runs.values()]
    columns = {"paper": list(runs), "profile, and what was set by hand": profiles}
    return tables.plain("What each run was made with", columns)


def deviations(found: Sequence[Mapping]) -> Table:
    """Every row of the first edition: its answer then, today's answer, and why the rule changed.

    Parameters
    ----------
    found
        From `lib.ledger.open_data.deviations`.
    """
    rows, ids = [], []
    for old in found:
        stays = old["id"] in old["now"]
        links = ", ".join(f'<a href="#{address}">{broken(address)}</a>' for address in old["now"])
        stands = old["stands"] and f"stands: {old['stands']}"
        then = "; ".join(filter(None, [old["verdict"], old["fitted"] and "fitted", stands]))
        rows.append([broken(old["id"]), html.escape(then), links, html.escape(old["answer"]), html.escape(old["why"])])
        ids.append(f"first-{old['id']}" if stays else old["id"])
    head = ["row of the first edition", "its answer", "today", "today’s answer", "why the rule changed"]
    return tables.table("What became of the first edition’s rows", head, rows, ids=ids)


def changes(found: Sequence[Mapping]) -> Table:
    """Changes to what answers a row that were made after results had been seen.

    Parameters
    ----------
    found
        From `lib.ledger.open_data.changes`.
    """
    rows = [
        [
            f"{one['date']}, {one['edition']} edition",
            ", ".join(map(broken, one["rows"])),
            *(html.escape(one[key]) for key in ("what", "then", "later")),
        ]
        for one in found
    ]
    head = ["when", "rows", "what", "answer before", "answer after"]
    return tables.table("Rules that were changed after results", head, rows, wraps=True)
