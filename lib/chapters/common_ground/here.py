"""What this run shows: one sentence for each table and figure of the chapter, from what was measured."""

from collections.abc import Mapping, Sequence

import numpy as np

from lib.chapters.common_ground import madry
from lib.chapters.common_ground.defences import FROM_PAPERS, NONE, YARDSTICKS, titled
from lib.chapters.common_ground.judging import WORST, Judgement
from lib.chapters.common_ground.measure import FilterFound
from lib.chapters.common_ground.rows import Rows, best

CLOSE = 0.02
"""By how much accuracies may differ and still be called the same."""


def filtered(found: FilterFound) -> str:
    """For the table of the filter's readings."""
    idle = [name for name, change in found.changes.items() if (change.before == change.after).all()]
    said = f"{len(idle)} of {len(found.changes)} readings change no singular value"
    return f"Here: {said}" + (f" ({'; '.join(idle)})." if idle else ".")


def defences(rows: Rows) -> str:
    """For the tables of all attacks."""
    parts = []
    for eps, of in rows.items():
        strongest = best(of, FROM_PAPERS)
        fgsm, signs, worst = (of[strongest].accuracy(column) for column in ("FGSM", "random signs", WORST))
        parts.append(
            f"at eps {eps:g} the best of the papers' defences is {titled(strongest)}: {signs:.0%} under random signs, "
            f"{fgsm:.0%} under FGSM, {worst:.0%} in the worst case; without a defence {of[NONE].accuracy(WORST):.0%}"
        )
    return f"Here: {'; '.join(parts)}."


def what_is_left(rows: Rows) -> str:
    """For the figure from what is hoped for to what is left."""
    parts = []
    for eps, of in rows.items():
        gaps = {name: of[name].accuracy("FGSM") - of[name].accuracy(WORST) for name in of}
        name = max(gaps, key=gaps.__getitem__)
        parts.append(f"at eps {eps:g} FGSM flatters {titled(name)} most, by {gaps[name]:.2f}")
    return f"Here: {'; '.join(parts)}."


def price(rows: Rows, costs: Mapping[str, float]) -> str:
    """For the figure of clean accuracy against the worst case."""
    parts = []
    for eps, of in rows.items():
        name = best(of, YARDSTICKS)
        kept = round(of[name].accuracy("clean") - of[NONE].accuracy("clean"), 2) + 0.0  # no minus before a zero
        won = of[name].accuracy(WORST) - of[NONE].accuracy(WORST)
        parts.append(
            f"at eps {eps:g} {titled(name)} changes clean accuracy by {kept:+.2f} and the worst case by {won:+.2f} "
            f"at {costs[name]:.1f} times the computation"
        )
    return f"Here: {'; '.join(parts)}."


def over_eps(grid: Sequence[float], curves: Mapping[float, Mapping[str, Sequence[Sequence[float]]]]) -> str:
    """For the curves over eps."""
    parts = []
    for eps, of in curves.items():
        ends = {name: float(np.mean(series, axis=0)[-1]) for name, series in of.items()}
        name = max(ends, key=ends.__getitem__)
        most = f"{titled(name)} keeps most at eps {grid[-1]:g}: {ends[name]:.0%}"
        most = most if ends[name] >= CLOSE else f"next to nothing is left at eps {grid[-1]:g}"
        parts.append(f"of those trained at eps {eps:g}, {most}")
    return f"Here: {'; '.join(parts)}."


def flags(rows: Rows) -> str:
    """For the red flags."""
    raised = [titled(name) for of in rows.values() for name in of if of[name].raised]
    count = sum(map(len, rows.values()))
    return f"Here: {len(raised)} of {count} rows raise a flag."


def published(judgements: Sequence[Judgement]) -> str:
    """For Madry's network against its published figures."""
    if not judgements:
        return "Here: not run."
    gaps = {name: judgements[0].accuracy(name) - value for name, value in madry.PUBLISHED.items()}
    name = max(gaps, key=lambda one: abs(gaps[one]))
    return f"Here: the farthest from its published figure is {name}, by {gaps[name]:+.3f}."


def yardsticks(rows: Rows) -> str:
    """For the yardsticks network by network: how many of them failed in training."""
    failed, count = 0, 0
    for of in rows.values():
        usual = of[NONE].accuracy("clean")
        for name in YARDSTICKS:
            clean, worst = of[name].accuracies("clean"), of[name].accuracies(WORST)
            alike = [abs(one - other) < CLOSE and one < usual / 2 for one, other in zip(clean, worst, strict=True)]
            failed, count = failed + sum(alike), count + len(alike)
    return f"Here: {failed} of {count} networks give nearly one answer to all images, and are no yardstick."
