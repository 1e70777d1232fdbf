"""The figures of a sweep: one quantity over the swept parameter, in the book's look."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lib.measure.intervals import Measured, over_networks
from lib.parameters import Value
from lib.show import plots
from lib.show.palette import COLOURS, DASHES, MARKERS
from lib.sweep import grid
from lib.sweep.grid import SEED, Sweep

Line = dict[Value, Measured]
"""What was measured at each value on the axis."""

Mark = tuple[str, float]
"""A dotted line: `paper` and the number that it prints, or `to exceed` and the smallest effect that counts."""

SAID = {"paper": "The paper prints", "to exceed": "It has to exceed"}

LOGARITHMIC = 100
"""An axis whose largest value is this many times its smallest has a logarithmic scale."""


def lines(sweep: Sweep, rows: pd.DataFrame) -> dict[str, Line]:
    """The curves of one quantity, by label: one for each combination of the swept parameters except axis and seed.

    Where curves are over seeds, a point is the mean of its runs with a t interval, or with none if the runs share
    networks. Otherwise it is what the one run measured, with the run's own interval.

    Parameters
    ----------
    rows
        Rows of `lib.sweep.sweep.table`, all of one quantity.
    """
    beside = [name for name in grid.swept(sweep.grid) if name not in (sweep.axis, SEED)]
    found: dict[str, Line] = {}
    for point in grid.points({name: sweep.grid[name] for name in beside}):
        of_line = rows[rows[beside].eq(pd.Series(point)).all(axis=1)] if beside else rows
        by_value = {value: of_line[of_line[sweep.axis] == value] for value in _ordered(sweep)}
        line = {value: _at(sweep, part) for value, part in by_value.items() if len(part)}
        if line:
            found[grid.described(point)] = line
    return found


def _ordered(sweep: Sweep) -> list[Value]:
    values = sweep.grid[sweep.axis]
    return sorted(values) if grid.numeric(values) else values


def _at(sweep: Sweep, rows: pd.DataFrame) -> Measured:
    if sweep.over_seeds:
        measured = over_networks(rows["value"])
        return replace(measured, low=None, high=None) if sweep.overlapping else measured
    (row,) = rows.to_dict("records")
    low, high = (None if pd.isna(row[end]) else row[end] for end in ("low", "high"))
    return Measured(row["value"], low, high, 1)


def draw(sweep: Sweep, rows: pd.DataFrame, lines: Mapping[str, Line], mark: Mark | None, path: Path) -> None:
    """Draw the curves of one quantity into a file.

    Over numbers these are curves, over words separate points. Where a point is a mean, each run is a dot as well. The
    `mark` is a dotted line.
    """
    values = _ordered(sweep)
    scale = grid.numeric(values)
    place = dict(zip(values, values if scale else range(len(values)), strict=True))
    with rc_context(plots.STYLE):
        figure = Figure(figsize=(4.6, 3.2 if len(lines) == 1 else 3.4 + 0.2 * len(lines)))
        ax = figure.subplots()
        for number, (label, line) in enumerate(lines.items()):
            _draw_line(ax, {place[value]: point for value, point in line.items()}, label, number, scale)
        if sweep.over_seeds:
            ax.plot(rows[sweep.axis].map(place), rows["value"], ".", color="0.25", markersize=4, alpha=0.7)
        if mark:
            word, level = mark
            ax.axhline(level, **plots.DOTTED)
            where = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "bottom", "color": "0.25"}
            ax.annotate(f"{word}: {level:g}", (1, level), **where)
        _scale(ax, values, scale)
        shown = [*rows["value"], *([mark[1]] if mark else [])]
        if min(shown) >= 0 and max(shown) <= 1:
            ax.set_ylim(-0.03, 1.03)
        ax.set(xlabel=sweep.axis, ylabel="measured")
        if len(lines) > 1:
            figure.legend(loc="outside lower center", ncols=2, fontsize=8)
        figure.savefig(path, metadata={"Date": None})


def _draw_line(ax: Axes, line: Mapping[float, Measured], label: str, number: int, scale: bool) -> None:
    colour, marker = COLOURS[number % 7], MARKERS[number % 7]
    dashes = DASHES[number % 7] if scale else "none"
    means = [point.mean for point in line.values()]
    ax.plot(list(line), means, label=label, markersize=5, color=colour, marker=marker, linestyle=dashes)
    bounded = [(at, point.low, point.high) for at, point in line.items() if point.low is not None]
    if not bounded:
        return
    at, low, high = zip(*bounded, strict=True)
    if scale and len(at) > 1:
        ax.fill_between(at, low, high, color=colour, alpha=0.15, linewidth=0)
    else:
        ax.vlines(at, low, high, color=colour)


def _scale(ax: Axes, values: Sequence[Value], scale: bool) -> None:
    if not scale:
        ax.set_xticks(range(len(values)), map(str, values))
        ax.margins(x=0.2)
    elif values[0] > 0 and values[-1] / values[0] >= LOGARITHMIC:
        ax.set_xscale("log")


def described(sweep: Sweep, lines: Mapping[str, Line], mark: Mark | None) -> str:
    """The figure in words, for those who cannot see it."""
    parts = []
    for label, line in lines.items():
        first, *_, last = [*line, *line]
        lowest, highest = (choose(line, key=lambda at: line[at].mean) for choose in (min, max))
        parts.append(
            f"{label and label + ': '}{line[first].mean:.3g} at {sweep.axis} {first}, {line[last].mean:.3g} at {last}; "
            f"lowest at {lowest}, highest at {highest}."
        )
    return " ".join(parts) + (f" {SAID[mark[0]]} {mark[1]:g}." if mark else "")
