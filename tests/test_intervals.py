"""Intervals against SciPy and against formulas written out; how often they hold the truth is in test_coverage."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from lib.measure import crossed
from lib.measure.intervals import (
    Measured,
    difference,
    exact,
    loss,
    over_networks,
    rate,
    share,
)


def hits(*rows: str) -> list[np.ndarray]:
    """One boolean array a network, from strings of 0 and 1."""
    return [np.array([one == "1" for one in row]) for row in rows]


MANY = hits("1110100110" * 20, "1010110110" * 20, "1110101111" * 20)
"""Three networks that classify 200 images: neither kind is rare."""


# Networks and images.


def test_the_variance_is_that_of_two_crossed_factors() -> None:
    """By the mean squares of a table of networks by images, written out."""
    x = np.array(MANY, dtype=float)
    n, images = x.shape
    rows, columns, mean = x.mean(1), x.mean(0), x.mean()
    of_networks = images * ((rows - mean) ** 2).sum() / (n - 1)
    of_images = n * ((columns - mean) ** 2).sum() / (images - 1)
    rest = ((x - rows[:, None] - columns + mean) ** 2).sum() / ((n - 1) * (images - 1))
    assert of_images > rest
    found = crossed.parts(x)
    assert found.error**2 == pytest.approx((of_networks + of_images - rest) / (n * images))
    assert found.between == pytest.approx(rows.std(ddof=1))
    assert found.within**2 == pytest.approx((of_images - rest) / (n * images))


def test_where_networks_agree_on_every_image_the_images_count_in_full() -> None:
    one = MANY[0]
    found = rate([one, one, one])
    assert found.between == 0
    assert found.within == pytest.approx(one.std(ddof=1) / len(one) ** 0.5)
    assert found.high > found.low


def test_what_networks_vary_by_on_their_own_is_counted_once() -> None:
    """Independent coins: the spread between networks holds all there is; adding that over images would double it."""
    coins = np.random.default_rng(0).random((400, 5, 300)) < 0.5
    mean_square = (crossed.parts(coins).error ** 2).mean()
    assert 1.0 <= mean_square / (0.25 / 1500) < 1.5


def test_a_rate_is_a_t_interval_on_the_logit_scale() -> None:
    found = rate(MANY)
    p, error = found.mean, float(crossed.parts(np.array(MANY)).error)
    half = stats.t.ppf(0.975, 2) * error / (p * (1 - p))
    assert (found.low, found.high) == pytest.approx((expit(logit(p) - half), expit(logit(p) + half)))
    assert (found.networks, found.images, found.scale) == (3, 200, "logit")
    assert found.per_network == pytest.approx([row.mean() for row in MANY])
    assert found.error == pytest.approx(error / (p * (1 - p))) and found.df == 2


@pytest.mark.parametrize("networks", [1, 2, 3])
def test_of_one_image_a_difference_and_a_loss_have_no_interval(networks: int) -> None:
    values = [0.5, 2.0, 1.0][:networks]
    after = [np.array([value]) for value in values]
    before = [np.zeros(1) for _ in values]
    for found in (
        difference([one > 0.7 for one in after], [one > 0.7 for one in before]),
        difference(after, before),
        difference(after, before, shares=True),
        loss(after),
    ):
        assert (found.low, found.high, found.predicted, found.error) == (None,) * 4
        assert (found.networks, found.images, len(found.per_network)) == (networks, 1, networks)
        assert found.p_above(0.0) == 1.0 and found.interval(0.9) is None and found.networks_to_decide(0.0) is None
    assert found.mean == pytest.approx(np.mean(values))
    assert found.between == (pytest.approx(np.std(values, ddof=1)) if networks > 1 else None)


def test_networks_that_are_alike_by_chance_leave_the_images_what_their_means_vary_by() -> None:
    """Both classify half of the images, and not the same half: equal means say nothing of how far images vary."""
    x = np.array(hits("1100" * 10, "1010" * 10))
    found = crossed.parts(x)
    assert found.between == 0
    assert found.within == found.error == pytest.approx((x.mean(0).var(ddof=1) / 40) ** 0.5)


@pytest.mark.parametrize("rows", [("1", "0"), ("1", "1"), ("1", "0", "0")])
def test_of_one_image_a_share_of_several_networks_has_numbers_that_a_file_can_hold(rows: tuple[str, ...]) -> None:
    """How far networks agree on images cannot be seen on one: its part is the largest that there can be."""
    found = rate(hits(*rows))
    json.dumps(asdict(found), allow_nan=False)
    p = found.mean
    assert found.within == pytest.approx((p * (1 - p)) ** 0.5) and 0 <= found.low <= p <= found.high <= 1


def test_one_network_is_over_its_images() -> None:
    one = MANY[0]
    found, p = rate([one]), one.mean()
    half = stats.t.ppf(0.975, 199) * one.std(ddof=1) / 200**0.5 / (p * (1 - p))
    assert (found.low, found.high) == pytest.approx((expit(logit(p) - half), expit(logit(p) + half)))
    assert (found.networks, found.images, found.predicted, found.between) == (1, 200, None, None)
    assert share(int(one.sum()), 200) == found


@pytest.mark.parametrize("networks", [1, 5])
@pytest.mark.parametrize("images", [1, 7, 300])
def test_all_right_and_all_wrong_have_the_exact_interval(networks: int, images: int) -> None:
    """Clopper and Pearson's, whose end is 3.69 / N for many images: the rule of three at two-sided 95%."""
    if networks == images == 1:
        return
    exact_interval = stats.binomtest(0, images).proportion_ci(0.95, "exact")
    none, all_ = (rate([np.full(images, value)] * networks) for value in (False, True))
    assert (none.low, none.high) == pytest.approx((0, exact_interval.high))
    assert (all_.low, all_.high) == pytest.approx((1 - exact_interval.high, 1))
    assert none.error is None and (images < 300 or none.high == pytest.approx(3.69 / images, rel=0.01))


def test_no_share_leaves_0_and_1_and_none_has_width_zero() -> None:
    rows = hits("1" * 99 + "0", "1" * 100, "1" * 98 + "00")
    for found in (rate(rows), rate([~row for row in rows])):
        low, high = found.predicted
        assert 0 < found.low < found.mean < found.high < 1 and 0 <= low < found.low and found.high < high <= 1


def test_of_a_rare_kind_the_images_count_as_if_networks_agreed() -> None:
    """One miss each, on other images: nothing shows that there are no images that all of them miss."""
    rows = hits("0" + "1" * 299, "10" + "1" * 298, "110" + "1" * 297)
    p = 299 / 300
    assert rate(rows).within == pytest.approx((p * (1 - p) / 300) ** 0.5)


@pytest.mark.parametrize("misses", range(1, 10))
def test_a_rare_share_of_one_network_has_the_exact_interval(misses: int) -> None:
    expected = stats.binomtest(300 - misses, 300).proportion_ci(0.95, "exact")
    found = share(300 - misses, 300)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=2e-4)
    assert found.p_above(0.95) == pytest.approx(stats.binomtest(300 - misses, 300, 0.95, "greater").pvalue, rel=0.2)


def test_a_single_miss_says_little_less_than_none() -> None:
    """On the logit scale alone one miss of 5,000 would leave [0.90, 1.00], and none [0.996, 1]."""
    some, none = rate([*hits("0" + "1" * 999), *hits("1" * 1000) * 4]), rate(hits("1" * 1000) * 5)
    assert 0.98 < some.low < none.low and some.low < some.mean < some.high <= 1
    near = over_networks([1.0] * 4 + [1 - 1e-7], scale="logit", images=1000)
    assert near.low == pytest.approx(none.low, abs=0.005) and near.mean <= near.high <= 1


def test_a_rare_share_of_networks_counts_fewer_images_where_they_differ() -> None:
    alike, apart = rate(hits("0" * 4 + "1" * 296) * 3), rate(hits("0" * 11 + "1" * 289, "1" * 300, "0" + "1" * 299))
    assert alike.mean == pytest.approx(apart.mean, abs=1e-3) and apart.low < alike.low - 0.05
    for found in (alike, apart):
        for threshold in np.linspace(0.8, 0.999, 40):
            assert (found.p_above(threshold) < 0.025) == (found.low > threshold)


def test_a_share_among_some_of_the_images_is_the_mean_of_the_networks_shares() -> None:
    among = hits("1111111100" * 20, "1111110000" * 20, "1111111111" * 20)
    found = rate(MANY, among)
    expected = [(row & chosen).sum() / chosen.sum() for row, chosen in zip(MANY, among, strict=True)]
    assert found.per_network == pytest.approx(expected) and found.mean == pytest.approx(np.mean(expected))
    assert found.images == 120
    everything = [np.ones(200, dtype=bool)] * 3
    assert rate(MANY, everything).high == pytest.approx(rate(MANY).high)


def test_a_network_of_which_no_image_counts_has_no_share_and_is_named() -> None:
    among = [MANY[0], np.zeros(200, dtype=bool), MANY[2]]
    with pytest.raises(ValueError, match="of network 2 of 3, no image counts"):
        rate(MANY, among)


def test_a_share_among_some_that_is_1_is_exactly_1() -> None:
    found = rate(MANY, MANY)
    assert (found.mean, found.high, found.images) == (1, 1, 120)


@pytest.mark.parametrize("rows", [[], hits("11", "1"), [np.ones((2, 2))], [np.array([])]])
def test_arrays_of_other_images_are_refused(rows: list) -> None:
    with pytest.raises(ValueError, match="of the same images"):
        rate(rows)


# Differences and losses.


def test_a_difference_is_paired() -> None:
    generator = np.random.default_rng(0)
    before = generator.normal(0, 5, (4, 200))
    after = before + 1 + generator.normal(0, 0.1, (4, 200))
    found = difference(list(after), list(before))
    assert found.mean == pytest.approx(1, abs=0.02) and found.high - found.low < 0.1
    assert found == difference([row for row in after - before], [np.zeros(200)] * 4)


def test_a_difference_has_the_sign_of_after_less_before() -> None:
    assert difference(hits("11"), hits("01")).mean == 0.5


def test_where_no_image_differs_the_difference_has_the_score_interval() -> None:
    z = stats.norm.ppf(0.975)
    found = difference([MANY[0]], [MANY[0]])
    assert (found.low, found.high) == pytest.approx((-z * z / 200, z * z / 200), rel=0.02)  # Tango: z^2 / (N + z^2)
    assert difference(MANY, MANY).high > 0


def test_a_difference_needs_as_many_networks_and_images_on_both_sides() -> None:
    for before in ([np.ones(3)] * 2, [np.ones(4)]):
        with pytest.raises(ValueError, match="cannot be paired"):
            difference([np.ones(3)], before)


def test_a_loss_is_over_images_for_one_network_and_over_both_for_several() -> None:
    one = np.array([0.41, 0.43, 0.42])
    factor = np.exp(stats.t.ppf(0.975, df=2) * stats.sem(one) / one.mean())
    assert (loss([one]).low, loss([one]).high) == pytest.approx((one.mean() / factor, one.mean() * factor))
    several = loss([one, one + 0.1, one - 0.1])
    assert several.low < loss([one]).low and several.per_network == pytest.approx([0.42, 0.52, 0.32])


def test_the_intervals_of_a_loss_stay_above_0() -> None:
    """On a linear scale, one more network would be predicted to have a loss anywhere from below 0 to 4.3."""
    found = loss([np.full(50, value) + np.linspace(-0.1, 0.1, 50) for value in (1.80, 1.89, 2.62)])
    assert 0.7 < found.predicted[0] < found.low < found.mean < found.high < found.predicted[1] < 7
    assert found.low * found.high == pytest.approx(found.mean**2)
    apart = loss([np.array([0.1, 0.1]), np.array([9.0, 11.0]), np.array([0.1, 0.1])])
    assert 0 < apart.predicted[0] < apart.low < apart.high


def test_a_threshold_that_a_loss_cannot_reach_is_passed_for_certain() -> None:
    found = loss([np.array([0.4, 0.5]), np.array([0.5, 0.7])])
    assert found.p_above(0.0) == found.p_above(-1.0) == 0
    assert found.shifted(0.1).p_above(0.2) == pytest.approx(found.p_above(0.3))


def test_one_image_of_one_network_has_no_interval() -> None:
    assert loss([np.array([0.4])]).low is None and rate([np.array([True])]).low is None


# Networks alone.


def test_over_networks_is_the_t_interval() -> None:
    values = [0.91, 0.94, 0.90, 0.97, 0.93]
    found = over_networks(values)
    expected = stats.t.interval(0.95, df=4, loc=np.mean(values), scale=stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected)
    assert (found.networks, found.images, found.per_network) == (5, None, tuple(values))


def test_an_area_under_a_curve_stays_between_0_and_1() -> None:
    values = [1.0, 0.9, 0.99]
    assert over_networks(values).high > 1
    found = over_networks(values, scale="logit")
    assert found.high < 1 and found.predicted[1] < 1 and found.mean == pytest.approx(np.mean(values))


def test_an_area_that_is_1_has_an_interval_where_its_images_are_known() -> None:
    assert over_networks([1.0, 1.0], scale="logit").low is None
    assert over_networks([1.0, 1.0], scale="logit", images=100).low == pytest.approx(1 - 3.62 / 100, abs=1e-3)


def test_one_network_has_no_interval_and_none_has_no_mean() -> None:
    assert over_networks([0.9]) == Measured(0.9, None, None, 1, per_network=(0.9,))
    with pytest.raises(ValueError):
        over_networks([])


# What one more network would give.


def test_a_prediction_interval_is_for_one_more_network() -> None:
    values = [2.0, 2.5, 3.5]
    half = stats.t.ppf(0.975, 2) * np.std(values, ddof=1) * (1 + 1 / 3) ** 0.5
    assert over_networks(values).predicted == pytest.approx((np.mean(values) - half, np.mean(values) + half))


def test_a_predicted_share_moves_in_steps_of_an_image() -> None:
    found = rate(MANY)
    half = stats.t.ppf(0.975, 2) * found.between * (1 + 1 / 3) ** 0.5
    half = half / (found.mean * (1 - found.mean))
    expected = (expit(logit(found.mean) - half) - 1 / 400, expit(logit(found.mean) + half) + 1 / 400)
    assert found.predicted == pytest.approx(expected)


def test_where_all_networks_gave_the_same_number_nothing_is_predicted() -> None:
    assert rate([MANY[0]] * 3).predicted is None and rate([MANY[0]] * 3).low is not None
    rare = rate([np.arange(300) < 299] * 3)
    assert rare.predicted[0] < 299 / 300 < rare.predicted[1]


# Thresholds.


@pytest.mark.parametrize("threshold", [0.5, 0.6, 0.7, 0.8])
def test_the_p_value_says_what_the_interval_says(threshold: float) -> None:
    for found in (rate(MANY), over_networks([0.6, 0.7, 0.75]), share(70, 100), rate(MANY).shifted(0.1)):
        assert (found.p_above(threshold) < 0.025) == (found.low > threshold)


def test_the_p_value_is_that_of_a_t_test() -> None:
    values = [0.1, 0.3, 0.35, 0.2]
    expected = stats.ttest_1samp(values, 0.05, alternative="greater").pvalue
    assert over_networks(values).p_above(0.05) == pytest.approx(expected)


def test_the_p_value_where_all_are_right_is_the_binomial_one() -> None:
    found = rate([np.ones(50, dtype=bool)] * 3)
    assert found.p_above(0.9) == pytest.approx(stats.binomtest(50, 50, 0.9, "greater").pvalue)
    assert found.shifted(0.5).p_above(0.4) == pytest.approx(0.9**50)
    assert rate([np.zeros(50, dtype=bool)]).p_above(0.01) == 1


@pytest.mark.parametrize(
    ("found", "p"), [(exact(3), 0.0), (exact(2), 1.0), (over_networks([9.0]), 1.0), (over_networks([9.0] * 3), 1.0)]
)
def test_the_p_value_without_spread(found: Measured, p: float) -> None:
    assert found.p_above(2) == p


def test_as_many_networks_as_it_says_decide() -> None:
    for found, threshold in ((over_networks([0.1, 0.3, 0.35, -0.1]), 0.05), (rate(MANY), 0.6), (rate(MANY), 0.8)):
        needed = found.networks_to_decide(threshold)
        errors = [(found.between**2 / n + (found.within or 0) ** 2) ** 0.5 for n in (needed - 1, needed)]
        scale = found.mean * (1 - found.mean) if found.scale == "logit" else 1
        gap = abs(logit(found.mean) - logit(threshold)) if found.scale == "logit" else found.mean - threshold
        fewer, enough = (
            gap > stats.t.ppf(0.975, n - 1) * error / scale
            for n, error in zip((needed - 1, needed), errors, strict=True)
        )
        assert enough and not fewer


def test_no_number_of_networks_decides_what_the_images_leave_open() -> None:
    few_images = rate(hits("1110100110", "1010110110", "1110101111"))
    assert few_images.low < 0.6 < few_images.high
    assert few_images.networks_to_decide(0.6) is None
    assert over_networks([0.1, 0.3]).networks_to_decide(0.2) is None  # the mean lies on it
    assert share(6, 10).networks_to_decide(0.5) is None  # one network says nothing about others


# The rest.


def test_shifted_moves_everything_that_is_shown() -> None:
    found = rate(MANY)
    shifted = found.shifted(0.5)
    assert (shifted.mean, shifted.low, shifted.high) == pytest.approx(
        (found.mean - 0.5, found.low - 0.5, found.high - 0.5)
    )
    assert shifted.per_network == pytest.approx(np.array(found.per_network) - 0.5)
    assert shifted.predicted == pytest.approx(np.array(found.predicted) - 0.5)
    assert shifted.p_above(0.1) == pytest.approx(found.p_above(0.6))
    assert shifted.networks_to_decide(0.1) == found.networks_to_decide(0.6)
    assert over_networks([0.6]).shifted(0.5).low is None


def test_an_interval_at_another_confidence() -> None:
    found = rate(MANY)
    assert found.interval(0.95) == pytest.approx((found.low, found.high))
    low, high = found.interval(0.99)
    assert low < found.low and found.high < high
    assert rate([np.ones(50, dtype=bool)]).interval(0.9)[0] == pytest.approx(0.05 ** (1 / 50))
    assert over_networks([0.6]).interval(0.9) is None and exact(2).interval(0.5) == (2, 2)


def test_printed_with_its_interval_where_it_has_one() -> None:
    assert f"{Measured(0.5, 0.25, 0.75, 3):.2f}" == "0.50 [0.25, 0.75]"
    assert str(Measured(0.5, 0.25, 0.75, 3)) == "0.500 [0.250, 0.750]" and str(exact(0.5)) == "0.500"
    assert f"{over_networks([0.5]):.1f}" == "0.5"
    assert f"{exact(5):.0f}" == "5"
    assert f"{over_networks([0.5])}" == "0.500"


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_what_is_no_share_is_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError):
        share(k, n)


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("value", [0.0, 0.1, -7.3])
def test_a_sample_in_which_nothing_differs_has_no_interval(networks: int, value: float) -> None:
    same = [np.full(50, value + 2)] * networks
    apart = difference(same, [np.full(50, 2.0)] * networks)
    for found in (apart, loss([np.full(50, value)] * networks), over_networks([value] * 3)):
        assert (found.low, found.high, found.predicted, found.error) == (None, None, None, None)
        assert found.p_above(-10) == 1 and found.networks_to_decide(-10) is None and "[" not in f"{found}"
    assert apart.mean == pytest.approx(value)
    assert over_networks([0.9] * 3, scale="logit").low is None


def test_a_difference_of_shares_has_an_interval_where_nothing_differs_whatever_type_they_are_kept_in() -> None:
    booleans = difference([np.ones(50, bool)], [np.ones(50, bool)])
    areas = difference([np.ones(50)], [np.ones(50)], shares=True)
    assert areas == booleans and areas.low < 0 < areas.high
    assert difference([np.ones(50, bool)], [np.zeros(50, bool)], shares=False).low is None


@pytest.mark.parametrize("sign", [1, -1])
def test_a_difference_of_shares_has_no_interval_beyond_one(sign: int) -> None:
    """Of few images all that is added to the variance would reach further."""
    none, all_ = [np.zeros(3, bool)] * 2, [np.ones(3, bool)] * 2
    found = difference(*((all_, none) if sign == 1 else (none, all_)))
    assert (found.low, found.high)[sign == 1] == sign and found.mean == sign
    assert all(-1 <= end <= 1 for end in (found.low, found.high, *found.predicted))
    uncut = difference([np.array([3.0, 5.0])] * 2, [np.array([0.0, 1.0])] * 2)
    assert uncut.high > 1, "what has another unit is not cut"
