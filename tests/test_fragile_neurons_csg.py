"""The cumulative spectral gradient against its closed forms."""

import numpy as np
import pytest

from lib.chapters.fragile_neurons import csg


def clouds(distance: float, classes: int = 10, each: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Points of `classes` classes around centres this far apart, in as many dimensions."""
    generator = np.random.default_rng(0)
    y = np.repeat(np.arange(classes), each)
    return generator.normal(size=(len(y), 3)) + distance * np.eye(classes, 3)[y] * (1 + y[:, None]), y


@pytest.mark.parametrize("classes", [2, 5, 10])
def test_identical_classes_give_their_number_less_one(classes: int) -> None:
    assert csg.gradient(np.full((classes, classes), 1 / classes)) == pytest.approx(classes - 1)


@pytest.mark.parametrize("classes", [2, 5, 10])
def test_classes_that_are_apart_give_zero(classes: int) -> None:
    assert csg.gradient(np.eye(classes)) == pytest.approx(0, abs=1e-12)


def test_two_groups_of_identical_classes_by_hand() -> None:
    """Two pairs of identical classes: eigenvalues 0, 0, 2, 2; steps 0/4, 2/3, 0/2; largest so far 0, 2/3, 2/3"""
    pair = np.kron(np.eye(2), np.full((2, 2), 0.5))
    assert csg.gradient(pair) == pytest.approx(4 / 3)


@pytest.mark.parametrize("by_volume", [True, False])
def test_points_far_apart_give_zero_and_points_with_random_classes_much(by_volume: bool) -> None:
    generator = np.random.default_rng(1)
    points = generator.normal(size=(600, 3)) + 1000 * np.repeat(np.arange(10), 60)[:, None]
    y = np.repeat(np.arange(10), 60)
    assert csg.gradient(csg.similarity(points, y, 50, 3, 0, by_volume=by_volume)) == pytest.approx(0, abs=1e-9)
    mixed = generator.normal(size=(600, 3))
    assert csg.gradient(csg.similarity(mixed, y, 60, 30, 0, by_volume=False)) > 6


def test_a_row_of_similarities_adds_up_to_one_and_a_draw_depends_on_its_seed_alone() -> None:
    points, y = clouds(1.0)
    one, again, other = (csg.similarity(points, y, 20, 3, seed) for seed in (0, 0, 1))
    np.testing.assert_allclose(one.sum(1), 1)
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_point_is_no_neighbour_of_itself() -> None:
    """Each class a pair of twins with a stranger nearest to both: with k = 1 a point's twin counts, not itself."""
    points = np.array([[0.0], [0.0], [5.0], [5.0]])
    np.testing.assert_array_equal(csg.similarity(points, np.array([0, 1, 0, 1]), 2, 1, 0), [[0, 1], [1, 0]])


def test_by_volume_a_point_counts_by_how_dense_it_lies() -> None:
    """Of class 0 one point has a neighbour of its class 0.1 away, the other one of class 1 at 1: 10 to 1."""
    points = np.array([[0.0], [0.1], [10.0], [11.0]])
    y = np.array([0, 0, 0, 1])
    weights = csg.similarity(points, y, 3, 1, 0)[0]
    assert weights[0] / weights[1] == pytest.approx((1 / 0.2 + 1 / 0.2) / (1 / 2))
    plain = csg.similarity(points, y, 3, 1, 0, by_volume=False)[0]
    np.testing.assert_allclose(plain, [2 / 3, 1 / 3])


@pytest.mark.parametrize(("embedding", "dimensions"), [("pixels", 16), ("pca", 10), ("tsne", 3)])
def test_an_embedding_has_a_point_an_image_and_repeats(embedding: str, dimensions: int) -> None:
    images = np.random.default_rng(0).random((120, 1, 4, 4))
    points, again = (csg.embedded(images, embedding, seed=0) for _ in range(2))
    assert points.shape == (120, dimensions)
    np.testing.assert_array_equal(points, again)


def test_an_unknown_embedding_is_refused() -> None:
    with pytest.raises(ValueError, match="tsne"):
        csg.embedded(np.zeros((4, 1, 2, 2)), "umap")
