"""Several comparisons at once: Holm's adjustment, and the smallest of several measurements."""

import numpy as np
import pytest

from lib.measure.intervals import Measured, over_networks, rate
from lib.measure.multiple import holm, smallest


def test_holm_s_adjustment_of_a_worked_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


def values(mean: float, spread: float) -> Measured:
    return over_networks([mean - spread, mean, mean + spread, mean])


GRID = [values(0.30, 0.01), values(0.20, 0.01), values(0.25, 0.10)]


def test_the_smallest_reaches_down_to_the_lowest_end_of_all() -> None:
    found = smallest(GRID)
    assert found.mean == pytest.approx(0.20)
    assert found.low == GRID[2].low < GRID[1].low, "another's interval reaches further down than that of the least mean"


def test_its_upper_end_is_adjusted_for_having_been_picked() -> None:
    found = smallest(GRID)
    assert found.high == pytest.approx(GRID[1].interval(1 - 0.05 / 3)[1]) and found.high > GRID[1].high
    assert smallest(GRID[1:2]).high == pytest.approx(GRID[1].high)


def test_its_p_value_agrees_with_its_interval() -> None:
    found = smallest(GRID)
    for threshold in (0.0, 0.1, 0.15, 0.2, 0.25, 0.35):
        assert (found.p_above(threshold) < 0.025) == (found.low > threshold)
    assert found.shifted(0.1).p_above(0.05) == pytest.approx(found.p_above(0.15))


def test_one_of_the_grid_decides_where_it_lies_on_the_side_that_one_is_enough_for() -> None:
    """The smallest is below a threshold where any is: the easiest of those that are there tells, Holm-adjusted."""
    adjusted = 1 - 0.05 / 3
    found = smallest(GRID)
    assert found.networks_to_decide(0.26) == GRID[1].networks_to_decide(0.26, adjusted)
    assert GRID[1].networks_to_decide(0.26, adjusted) < GRID[2].networks_to_decide(0.26, adjusted)
    with_one = smallest([*GRID, over_networks([0.1])])
    assert with_one.networks_to_decide(0.26) == GRID[1].networks_to_decide(0.26, 1 - 0.05 / 4)
    assert smallest([*GRID[:1], over_networks([0.1])]).networks_to_decide(0.2) is None


def test_its_interval_at_another_confidence_is_made_as_its_own() -> None:
    found = smallest(GRID)
    assert found.interval(0.95) == (found.low, found.high)
    assert found.interval(0.95 + 1e-9) == pytest.approx((found.low, found.high)), "nothing jumps there"
    low, high = found.interval(0.99)
    assert low < found.low < found.high < high
    assert found.shifted(0.1).interval(0.99) == pytest.approx((low - 0.1, high - 0.1))


def test_the_smallest_of_smallest_ones_is_adjusted_at_both_steps() -> None:
    """Two by two, each is picked from four at last: as careful as one step with four of them."""
    grid = [*GRID, values(0.22, 0.02)]
    nested, flat = smallest([smallest(grid[:2]), smallest(grid[2:])]), smallest(grid)
    assert (nested.mean, nested.low, nested.high) == pytest.approx((flat.mean, flat.low, flat.high))
    for threshold in (0.1, 0.21, 0.26, 0.4):
        assert nested.networks_to_decide(threshold) == flat.networks_to_decide(threshold)


def test_a_higher_confidence_needs_more_networks() -> None:
    for one in (GRID[2], smallest(GRID)):
        assert one.networks_to_decide(0.15, 0.999) > one.networks_to_decide(0.15)


def test_as_many_networks_decide_as_the_hardest_of_them_needs() -> None:
    found = smallest(GRID)
    assert found.networks_to_decide(0.15) == max(one.networks_to_decide(0.15) for one in GRID)
    assert smallest([*GRID, over_networks([0.1, 0.2])]).networks_to_decide(0.15) is None


def test_without_an_interval_of_one_there_is_none_of_all() -> None:
    found = smallest([*GRID, over_networks([0.1])])
    assert (found.mean, found.low, found.high) == (0.1, None, None) and found.interval(0.9) is None
    with pytest.raises(ValueError):
        smallest([])


def test_it_holds_the_true_smallest() -> None:
    """All true values are equal: the hardest case for whatever is picked from many."""
    generator, held = np.random.default_rng(0), []
    for _ in range(300):
        grid = [rate(list(generator.random((4, 200)) < 0.3)) for _ in range(6)]
        found = smallest(grid)
        held.append(found.low <= 0.3 <= found.high)
    assert np.mean(held) >= 0.93
