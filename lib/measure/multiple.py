"""Several comparisons at once: Holm's adjustment, and the smallest of several measurements."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from lib.measure.intervals import CONFIDENCE, Measured


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's (1979) adjusted p-values, in the order given.

    Rejecting those below a level keeps the probability of any false rejection at or below that level.
    """
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
        """The same measurement, of the quantity minus `by`."""
        return smallest([one.shifted(by) for one in self.grid])

    def interval(self, confidence: float) -> tuple[float, float] | None:
        """The two-sided interval at another confidence in (0, 1); None where there is none."""
        return None if self.low is None else _ends(self.grid, confidence)

    def p_above(self, threshold: float) -> float:
        """One-sided p-value of the null hypothesis that the smallest is at most `threshold`.

        All have to lie above it (an intersection-union test), so the p-value is the largest of theirs.
        """
        return max(one.p_above(threshold) for one in self.grid)

    def networks_to_decide(self, threshold: float, confidence: float = CONFIDENCE) -> int | None:
        """How many networks would decide, given the means and the spreads seen here; None where no number is found.

        The smallest lies below a threshold if one measurement of the grid does, at a confidence adjusted for its having
        been picked. It lies above the threshold if all do.
        """
        if below := [one for one in self.grid if one.mean < threshold]:
            adjusted = _adjusted(confidence, self.grid)
            each = [one.networks_to_decide(threshold, adjusted) for one in below]
            return min((one for one in each if one is not None), default=None)
        each = [one.networks_to_decide(threshold, confidence) for one in self.grid]
        return None if None in each else max(each)


def smallest(measured: Sequence[Measured]) -> Smallest:
    """The smallest over a grid of measurements, with an interval from their intervals' ends.

    The smallest lies above a threshold only if every interval does, so its lower end is the lowest of theirs. For it to
    lie below, one interval is enough, but that one is picked from many. So its upper end is the lowest upper end at a
    confidence adjusted for their number (Holm's first step).

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
    """The ends of the interval for the smallest of measurements that have intervals, at a confidence in (0, 1)."""
    is_kept = confidence == CONFIDENCE  # then as they stand: some are cut to the range of the quantity
    lows = [one.low if is_kept else one.interval(confidence)[0] for one in measured]
    adjusted = _adjusted(confidence, measured)
    return min(lows), min(one.interval(adjusted)[1] for one in measured)


def _adjusted(confidence: float, measured: Sequence[Measured]) -> float:
    """The confidence for one that was picked from several (Holm's first step)."""
    return 1 - (1 - confidence) / len(measured)
