"""Several comparisons at once: Holm's adjustment, and extremes over a grid."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from lib.measure.intervals import CONFIDENCE, Measured


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's (1979) adjusted p-values, in the order given: below a level, the family's error rate is at most that."""
    values = np.asarray(p_values, dtype=float)
    order = np.argsort(values, kind="stable")
    factors = len(values) - np.arange(len(values))
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * values[order]), 1)
    return adjusted.tolist()


@dataclass(frozen=True)
class Extreme(Measured):
    """The smallest or largest of several measurements, with an interval for the extreme of the true values."""

    grid: tuple[Measured, ...] = ()
    which: Literal["smallest", "largest"] = "smallest"

    def shifted(self, by: float) -> "Extreme":
        """The same measurement of the quantity less `by`."""
        return extreme([one.shifted(by) for one in self.grid], self.which)

    def interval(self, confidence: float) -> tuple[float, float] | None:
        """The two-sided interval at another confidence in (0, 1); None where there is none."""
        return None if self.low is None else _ends(self.grid, self.which, confidence)

    def p_above(self, threshold: float) -> float:
        """One-sided p-value of the null hypothesis that the extreme is at most `threshold`.

        For the smallest all have to lie above (an intersection-union test: the largest p-value); for the largest one
        has to (Holm's: the smallest p-value, times their number).
        """
        each = [one.p_above(threshold) for one in self.grid]
        return max(each) if self.which == "smallest" else min(holm(each))

    def networks_to_decide(self, threshold: float, confidence: float = CONFIDENCE) -> int | None:
        """How many networks would decide, at the means and the spreads seen here; None where that is not to be had.

        The smallest lies below a threshold where one of the grid does, with the confidence adjusted for having been
        picked; above it where all do. For the largest it is the other way round.
        """
        sign = -1 if self.which == "smallest" else 1
        enough = [one for one in self.grid if sign * (one.mean - threshold) > 0]
        if enough:
            adjusted = _adjusted(confidence, self.grid)
            each = [one.networks_to_decide(threshold, adjusted) for one in enough]
            return min((one for one in each if one is not None), default=None)
        each = [one.networks_to_decide(threshold, confidence) for one in self.grid]
        return None if None in each else max(each)


def extreme(measured: Sequence[Measured], which: Literal["smallest", "largest"]) -> Extreme:
    """The extreme over a grid, taken over the intervals' ends and not over the means.

    That the smallest lies above a threshold needs every interval above it, so its lower end is the lowest of theirs.
    That it lies below needs one, picked from many, so its upper end is the lowest upper end at a confidence that is
    adjusted for their number (Holm's first step). The largest is its mirror image.

    Raises
    ------
    ValueError
        Where there is nothing to choose from.
    """
    if not measured:
        raise ValueError("an extreme needs at least one measurement")
    choose = min if which == "smallest" else max
    nearest = choose(measured, key=lambda one: one.mean)
    kept = {field.name: getattr(nearest, field.name) for field in fields(Measured)}
    if any(one.low is None for one in measured):
        return Extreme(**kept | {"low": None, "high": None}, grid=tuple(measured), which=which)
    low, high = _ends(measured, which, CONFIDENCE)
    return Extreme(**kept | {"low": low, "high": high}, grid=tuple(measured), which=which)


def _ends(
    measured: Sequence[Measured], which: Literal["smallest", "largest"], confidence: float
) -> tuple[float, float]:
    """The interval's ends for an extreme of what has intervals, at a confidence in (0, 1)."""
    is_kept = confidence == CONFIDENCE  # then as it stands: some are cut off where no value can be
    each = [(one.low, one.high) if is_kept else one.interval(confidence) for one in measured]
    adjusted = [one.interval(_adjusted(confidence, measured)) for one in measured]
    if which == "smallest":
        return min(low for low, _ in each), min(high for _, high in adjusted)
    return max(low for low, _ in adjusted), max(high for _, high in each)


def _adjusted(confidence: float, measured: Sequence[Measured]) -> float:
    """The confidence for one that was picked from several (Holm's first step)."""
    return 1 - (1 - confidence) / len(measured)
