"""The images' part of a standard error, from images that are drawn anew."""

import numpy as np
import pytest

from lib.measure.drawn import images_part, over_both

NETWORKS, IMAGES, DRAWS = 5, 100, 150


def simulated(*, network: float, image: float, rest: float, seed: int) -> np.ndarray:
    """Values (n, N) of networks on images with these standard deviations: mean + network + image + rest."""
    generator = np.random.default_rng(seed)
    parts = ((NETWORKS, 1), network), ((1, IMAGES), image), ((NETWORKS, IMAGES), rest)
    return sum(generator.normal(0, of, shape) for shape, of in parts)


def drawn(values: np.ndarray, seed: int) -> np.ndarray:
    """The networks' means on images drawn anew (draws, n)."""
    weights = np.random.default_rng(seed).multinomial(IMAGES, np.full(IMAGES, 1 / IMAGES), DRAWS)
    return weights @ values.T / IMAGES


def test_the_images_part_is_that_of_what_images_do_to_all_networks_alike() -> None:
    """Networks differ by 0.5, images by 0.45, both together by 1: so the parts of the mean's variance are 0.25 / 5,
    0.2 / 100 and 1 / 500, of which the last is in the spread between networks already.
    """
    worlds = [simulated(network=0.5, image=0.2**0.5, rest=1.0, seed=seed) for seed in range(300)]
    draws = [drawn(values, seed) for seed, values in enumerate(worlds)]
    own = np.mean([images_part(of.mean(1), one) ** 2 for of, one in zip(worlds, draws, strict=True)])
    of_mean = np.mean([one.mean(1).var(ddof=1) for one in draws])
    assert own == pytest.approx(0.2 / IMAGES, rel=0.1)
    assert of_mean == pytest.approx(0.2 / IMAGES + 1 / NETWORKS / IMAGES, rel=0.1), "it holds the rest as well"


def test_the_whole_error_is_that_of_the_mean_over_worlds() -> None:
    worlds = [simulated(network=0.1, image=0.45, rest=1.0, seed=seed) for seed in range(600)]
    found = [
        over_both(one.mean(1), float(images_part(one.mean(1), drawn(one, seed))), IMAGES, share=False)
        for seed, one in enumerate(worlds)
    ]
    held = np.mean([one.low <= 0 <= one.high for one in found])
    expected = 0.01 / NETWORKS + 0.45**2 / IMAGES + 1 / NETWORKS / IMAGES
    assert np.var([one.mean for one in found]) == pytest.approx(expected, rel=0.15)
    assert held >= 0.93 and np.mean([one.error**2 for one in found]) == pytest.approx(expected, rel=0.2)


def test_networks_that_images_move_alike_leave_all_of_it_and_one_network_too() -> None:
    alike = np.random.default_rng(0).normal(0, 1, (DRAWS, 1, 2))
    expected = alike[:, 0].std(0, ddof=1)
    assert images_part(np.zeros((1, 2)), alike) == pytest.approx(expected)
    assert images_part(np.zeros((3, 2)), np.repeat(alike, 3, axis=1)) == pytest.approx(expected)


def test_networks_that_each_image_moves_in_its_own_way_leave_none_where_they_differ_enough() -> None:
    apart = np.random.default_rng(0).normal(0, 1, (20_000, 4))
    assert images_part([0, 10, 20, 30], apart) < 0.1 < apart.mean(1).std()


def test_where_they_hardly_differ_their_mean_varies_no_less_than_it_is_seen_to() -> None:
    """The spread between few networks can be near zero by chance: then the error is that of the draws."""
    apart = np.random.default_rng(0).normal(0, 1, (DRAWS, 4))
    assert images_part([0.5] * 4, apart) == pytest.approx(apart.mean(1).std(ddof=1))


def test_an_interval_has_both_parts() -> None:
    alone = over_both([0.5], 0.03, 100, share=False)
    assert (alone.mean, alone.error, alone.networks, alone.predicted) == (0.5, 0.03, 1, None)
    assert alone.high == pytest.approx(0.5 + 1.984 * 0.03, abs=1e-4)
    three = over_both([0.4, 0.5, 0.6], 0.03, 100, share=False)
    assert three.error == pytest.approx(np.hypot(0.1 / 3**0.5, 0.03)) and three.df == 2
    assert three.predicted[0] < three.low < 0.5 < three.high < three.predicted[1]


def test_where_nothing_differs_a_share_has_an_interval_and_another_quantity_has_none() -> None:
    assert over_both([1.0], 0.0, 100).low < 1
    nothing = over_both([0.4, 0.4], 0.0, 100, share=False)
    assert (nothing.mean, nothing.low, nothing.high, nothing.error) == (0.4, None, None, None)
