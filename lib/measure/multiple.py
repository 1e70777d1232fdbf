"""Several comparisons at once: Holm's adjustment, and the smallest of several measurements."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

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
class Smallest(Measured):
    """The smallest of several measurements, with an interval for the smallest of the true values."""

    grid: tuple[Measured, ...] = ()

    def shifted(self, by: float) -> "Smallest":
        """The same measurement of the quantity less `by`."""
        return smallest([one.shifted(by) for one in self.grid])

    def interval(self, confidence: float) -> tuple[float, float] | None:
        """The two-sided interval at another confidence in (0, 1); None where there is none."""
        return None if self.low is None else _ends(self.grid, confidence)

    def p_above(self, threshold: float) -> float:
        """One-sided p-value of the null hypothesis that the smallest is at most `threshold`.

        All have to lie above (an intersection-union test), so it is the largest of their p-values.
        """
        return max(one.p_above(threshold) for one in self.grid)

    def networks_to_decide(self, threshold: float, confidence: float = CONFIDENCE) -> int | None:
        """How many networks would decide, at the means and the spreads seen here; None where that is not to be had.

        The smallest lies below a threshold where one of the grid does, with the confidence adjusted for having been
        picked; above it where all do.
        """
        if below := [one for one in self.grid if one.mean < threshold]:
            adjusted = _adjusted(confidence, self.grid)
            each = [one.networks_to_decide(threshold, adjusted) for one in below]
            return min((one for one in each if one is not None), default=None)
        each = [one.networks_to_decide(threshold, confidence) for one in self.grid]
        return None if None in each else max(each)


def smallest(measured: Sequence[Measured]) -> Smallest:
    """The smallest over a grid, taken over the intervals' ends and not over the means.

    That it lies above a threshold needs every interval above it, so its lower end is the lowest of theirs. That it lies
    below needs one, picked from many, so its upper end is the lowest upper end at a confidence that is adjusted for
    their number (Holm's first step).

    Raises
    ------
    ValueError
        Where there is nothing to choose from.
    """
    if not measured:
        raise ValueError("the smallest is one of at least one measurement")
    least = min(measured, key=lambda one: one.mean)
    kept = {field.name: getattr(least, field.name) for field in fields(Measured)}
    low, high = (None, None) if any(one.low is None for one in measured) else _ends(measured, CONFIDENCE)
    return Smallest(**kept | {"low": low, "high": high}, grid=tuple(measured))


def _ends(measured: Sequence[Measured], confidence: float) -> tuple[float, float]:
    """The interval's ends for the smallest of what has intervals, at a confidence in (0, 1)."""
    is_kept = confidence == CONFIDENCE  # then as it stands: some are cut off where no value can be
    lows = [one.low if is_kept else one.interval(confidence)[0] for one in measured]
    adjusted = _adjusted(confidence, measured)
    return min(lows), min(one.interval(adjusted)[1] for one in measured)


def _adjusted(confidence: float, measured: Sequence[Measured]) -> float:
    """The confidence for one that was picked from several (Holm's first step)."""
    return 1 - (1 - confidence) / len(measured)
