"""Intervals against SciPy and against formulas written out."""

import numpy as np
import pytest
from scipy import stats

from lib.measure.intervals import Measured, difference, loss, over_images, over_seeds, rate, share


def test_over_seeds_is_the_t_interval():
    values = [0.91, 0.94, 0.90, 0.97, 0.93]
    measured = over_seeds(values)
    expected = stats.t.interval(0.95, df=4, loc=np.mean(values), scale=stats.sem(values))
    assert (measured.low, measured.high) == pytest.approx(expected)
    assert measured.mean == pytest.approx(0.93)
    assert (measured.n, measured.over, measured.per_seed) == (5, "seeds", tuple(values))


def test_one_seed_gives_no_interval():
    assert over_seeds([0.9]) == Measured(0.9, None, None, 1, "seeds", (0.9,))


def test_no_seed_gives_no_mean():
    with pytest.raises(ValueError):
        over_seeds([])


@pytest.mark.parametrize(("successes", "n"), [(83, 100), (0, 40), (40, 40), (1, 7)])
def test_a_share_has_wilson_s_interval(successes, n):
    z = stats.norm.ppf(0.975)
    p = successes / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
    measured = share(successes, n)
    assert (measured.mean, measured.low, measured.high) == pytest.approx((p, centre - half, centre + half), abs=1e-12)
    assert (measured.n, measured.over) == (n, "images")


def test_over_images_counts_images_of_one_network():
    losses = np.array([0.1, 0.4, 2.0, 0.3])
    measured = over_images(losses)
    assert (measured.low, measured.high) == pytest.approx(
        stats.t.interval(0.95, df=3, loc=losses.mean(), scale=stats.sem(losses))
    )
    assert (measured.n, measured.over, measured.per_seed) == (4, "images", (losses.mean(),))


def test_a_rate_is_over_images_for_one_seed_and_over_seeds_for_several():
    one = np.array([True, True, True, False])
    other = np.array([True, False, False, False])
    assert rate([one]) == share(3, 4)
    several = rate([one, other, one])
    assert several.per_seed == (0.75, 0.25, 0.75)
    assert several.mean == over_seeds([0.75, 0.25, 0.75]).mean


def test_the_interval_of_a_rate_stays_between_0_and_1():
    all_, most = np.array([True] * 10), np.array([True] * 9 + [False])
    unbound = over_seeds([1.0, 0.9, 1.0])
    assert unbound.high > 1
    assert rate([all_, most, all_]).high == 1
    assert rate([all_, most, all_]).low == unbound.low
    assert rate([~all_, ~most, ~all_]).low == 0


def test_a_difference_is_paired_over_the_images_of_one_network():
    # Both networks vary by image, their difference does not: paired, the interval is a point.
    before = np.array([0.0, 1.0, 0.0, 1.0, 1.0])
    assert difference([before + 0.5], [before]) == Measured(0.5, 0.5, 0.5, 5, "images", (0.5,))


def test_a_difference_is_paired_over_seeds():
    before = [np.array([True, False]), np.array([False, False]), np.array([True, True])]
    after = [np.array([True, True]), np.array([True, False]), np.array([True, True])]
    assert difference(after, before) == over_seeds([0.5, 0.5, 0.0])


def test_a_difference_has_the_sign_of_after_less_before():
    assert difference([np.array([True, True])], [np.array([False, True])]).mean == 0.5


def test_a_difference_needs_as_many_seeds_on_both_sides():
    with pytest.raises(ValueError):
        difference([np.ones(3)], [np.ones(3), np.ones(3)])


def test_shifted_moves_the_mean_the_interval_and_each_seed():
    measured = over_seeds([0.6, 0.8, 0.7])
    shifted = measured.shifted(0.5)
    assert shifted.mean == pytest.approx(0.2)
    assert (shifted.low, shifted.high) == pytest.approx((measured.low - 0.5, measured.high - 0.5))
    assert shifted.per_seed == pytest.approx((0.1, 0.3, 0.2))
    assert over_seeds([0.6]).shifted(0.5).low is None


def test_printed_with_its_interval_where_it_has_one():
    assert f"{Measured(0.5, 0.25, 0.75, 3, 'seeds'):.2f}" == "0.50 [0.25, 0.75]"
    assert f"{over_seeds([0.5]):.1f}" == "0.5"
    assert f"{over_seeds([0.5])}" == "0.500"


def test_a_loss_is_over_images_for_one_seed_and_over_seeds_for_several():
    one, other = np.array([0.41, 0.43, 0.42]), np.array([0.42, 0.42, 0.45])
    assert loss([one]) == over_images(one)
    assert loss([one, other, one]) == over_seeds([one.mean(), other.mean(), one.mean()])


def test_the_interval_of_a_loss_stays_above_0():
    low, high = np.array([0.1, 0.1]), np.array([9.0, 11.0])
    unbound = over_seeds([0.1, 10.0, 0.1])
    assert unbound.low < 0
    assert loss([low, high, low]) == Measured(unbound.mean, 0.0, unbound.high, 3, "seeds", unbound.per_seed)
    assert loss([np.array([0.0, 5.0])]).low == 0  # over images as well


def test_one_image_of_one_network_gives_a_loss_without_an_interval():
    assert loss([np.array([0.4])]).low is None
