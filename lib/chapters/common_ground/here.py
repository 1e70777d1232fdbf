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


def _named(name: str) -> str:
    """What a row is called in a sentence."""
    return "the network without a defence" if name == NONE else titled(name)


def image_by_image(rows: Rows, eps: float) -> str:
    """For the picture of what becomes of single images: the shares that it is a sample of, on the same network."""
    name = best(rows[eps], FROM_PAPERS)
    first = rows[eps][name].judgements[0]
    kept = (first.correct["clean"] & first.correct["FGSM"]).mean()
    return (
        f"Here: of all {len(first.y)} images, {_named(name)} is safe from FGSM on {kept:.0%}, and from all attacks on "
        f"{first.accuracy(WORST):.0%}."
    )


def what_is_left(rows: Rows) -> str:
    """For the figure from what is hoped for to what is left."""
    parts = []
    for eps, of in rows.items():
        name, yardstick = best(of, FROM_PAPERS), best(of, YARDSTICKS)
        parts.append(
            f"at eps {eps:g} the best of the papers' defences is {_named(name)}, with {of[name].accuracy('FGSM'):.0%} "
            f"under FGSM and {of[name].accuracy(WORST):.0%} safe from all attacks; {_named(yardstick)} has "
            f"{of[yardstick].accuracy(WORST):.0%}"
        )
    return f"Here: {'. '.join(_capital(parts))}."


def _capital(parts: Sequence[str]) -> list[str]:
    """Sentences of which all but the first begin with a capital letter."""
    return [part if not place else part[0].upper() + part[1:] for place, part in enumerate(parts)]


def filtered(found: FilterFound) -> str:
    """For the table of the filter's readings."""
    idle = [name for name, change in found.changes.items() if (change.before == change.after).all()]
    said = f"Here: readings that change no singular value: {len(idle)} of {len(found.changes)}"
    return f"{said} ({'; '.join(idle)})." if idle else f"{said}."


def defences(rows: Rows) -> str:
    """For the tables of all attacks: whom FGSM flatters most."""
    parts = []
    for eps, of in rows.items():
        gaps = {name: of[name].accuracy("FGSM") - of[name].accuracy(WORST) for name in of}
        name = max(gaps, key=gaps.__getitem__)
        fgsm, signs, worst = (of[name].accuracy(column) for column in ("FGSM", "random signs", WORST))
        parts.append(
            f"at eps {eps:g} FGSM flatters {_named(name)} most: {signs:.0%} under random signs, {fgsm:.0%} under FGSM, "
            f"{worst:.0%} safe from all attacks"
        )
    return f"Here: {'. '.join(_capital(parts))}."


def price(rows: Rows, costs: Mapping[str, float]) -> str:
    """For the figure of clean accuracy against the worst case."""
    parts = []
    for eps, of in rows.items():
        name = best(of, YARDSTICKS)
        kept = round(of[name].accuracy("clean") - of[NONE].accuracy("clean"), 2) + 0.0  # no minus before a zero
        won = of[name].accuracy(WORST) - of[NONE].accuracy(WORST)
        parts.append(
            f"at eps {eps:g} {_named(name)} changes clean accuracy by {kept:+.2f} and the share safe from all attacks "
            f"by {won:+.2f}, at {costs[name]:.1f} times the computation"
        )
    return f"Here: {'. '.join(_capital(parts))}."


def over_eps(grid: Sequence[float], curves: Mapping[float, Mapping[str, Sequence[Sequence[float]]]]) -> str:
    """For the curves over eps."""
    ends = {
        eps: {name: float(np.mean(series, axis=0)[-1]) for name, series in of.items()} for eps, of in curves.items()
    }
    if max(end for of in ends.values() for end in of.values()) < CLOSE:
        return f"Here: at eps {grid[-1]:g} every defence has an accuracy below {CLOSE:.0%}."
    parts = []
    for eps, of in ends.items():
        name = max(of, key=of.__getitem__)
        parts.append(f"{_named(name)} at {of[name]:.0%} of those trained at eps {eps:g}")
    return f"Here: at eps {grid[-1]:g} accuracy is highest for {', and for '.join(parts)}."


def flags(rows: Rows) -> str:
    """For the red flags."""
    raised = [of[name].raised for of in rows.values() for name in of]
    counts = {
        flag: sum(flag in one for one in raised) for flag in dict.fromkeys(flag for one in raised for flag in one)
    }
    told = "; ".join(f"{flag}: {count}" for flag, count in counts.items())
    said = f"Here: {sum(map(bool, raised))} of {len(raised)} rows raise a flag"
    return f"{said} ({told})." if told else f"{said}."


def published(judgements: Sequence[Judgement]) -> str:
    """For Madry's network against its published figures."""
    if not judgements:
        return "Here: not run."
    gaps = {name: judgements[0].accuracy(name) - value for name, value in madry.PUBLISHED.items()}
    name = max(gaps, key=lambda one: abs(gaps[one]))
    return f"Here: the farthest from its published figure is {name}, by {gaps[name]:+.3f}."


def yardsticks(rows: Rows) -> str:
    """For the yardsticks network by network: how many of them failed in training, and where."""
    failed, count = [], 0
    for eps, of in rows.items():
        usual = of[NONE].accuracy("clean")
        for name in YARDSTICKS:
            clean, worst = of[name].accuracies("clean"), of[name].accuracies(WORST)
            alike = [abs(one - other) < CLOSE and one < usual / 2 for one, other in zip(clean, worst, strict=True)]
            failed += [f"{sum(alike)} of {_named(name)} at eps {eps:g}"] if any(alike) else []
            count += len(alike)
    if not failed:
        return f"Here: none of {count} networks gives nearly one answer to all images."
    return f"Here: of {count} networks, these give nearly one answer to all images: {', '.join(failed)}."
