"""How readable an image is: the nearest known image, the correlation with the original, steps at random."""

import pytest
import torch
from torch import Tensor

from lib.attack import random_signs
from lib.chapters.mitigation.likeness import correlation, nearest_class
from lib.data import Dataset

RAMP = torch.linspace(0, 1, 16).view(1, 1, 4, 4)
STRIPES = torch.tensor([0.0, 1.0, 1.0, 0.0]).expand(1, 1, 4, 4)
"""Symmetric from left to right, where the ramp rises: the two are uncorrelated."""


def grey(*levels: float) -> Tensor:
    return torch.tensor(levels).view(-1, 1, 1, 1).expand(-1, 1, 2, 2)


def test_the_nearest_class_is_that_of_the_nearest_known_image() -> None:
    found = nearest_class(grey(0.1, 0.4, 0.6, 1.0), grey(1.0, 0.0, 0.5), torch.tensor([7, 3, 5]))
    assert found.tolist() == [3, 5, 5, 7]


def test_nearest_is_meant_in_l2() -> None:
    """One pixel that is far off outweighs four that are a little off: in L1 it would be the other way round."""
    known = torch.tensor([[0.0, 0.0, 0.0, 0.9], [0.3, 0.3, 0.3, 0.3]]).view(2, 1, 2, 2)
    assert nearest_class(torch.zeros(1, 1, 2, 2), known, torch.tensor([1, 2])).tolist() == [2]


def test_known_images_have_their_own_class_in_every_batch(digits: Dataset) -> None:
    assert len(digits.x_train) > 500
    found = nearest_class(digits.x_train, digits.x_train, digits.y_train)
    assert found.dtype == digits.y_train.dtype and torch.equal(found, digits.y_train)


@pytest.mark.parametrize(
    ("other", "expected"),
    [(RAMP, 1), (0.2 + RAMP / 2, 1), (1 - RAMP, -1), (STRIPES, 0), (torch.full_like(RAMP, 0.5), 0)],
)
def test_the_correlation_with_a_ramp(other: Tensor, expected: float) -> None:
    assert correlation(RAMP, other) == pytest.approx(expected, abs=1e-6)
    assert correlation(other, RAMP) == pytest.approx(expected, abs=1e-6)


def test_correlation_is_a_mean_over_images() -> None:
    """One image alike, one reversed, one alike: a third. All pixels taken together would give another number."""
    others = torch.cat([RAMP, 1 - RAMP, 0.9 + RAMP / 10])
    assert correlation(RAMP.expand(3, -1, -1, -1), others) == pytest.approx(1 / 3, abs=1e-6)


def test_random_signs_move_every_pixel_by_eps_either_way() -> None:
    x = torch.full((5, 1, 28, 28), 0.5)
    moved = random_signs(x, 0.25) - x
    assert moved.unique().tolist() == [-0.25, 0.25]
    assert 0.4 < (moved > 0).float().mean() < 0.6


def test_random_signs_stay_in_the_valid_range() -> None:
    x = torch.linspace(0, 1, 784).view(1, 1, 28, 28)
    moved = random_signs(x, 0.3)
    assert moved.shape == x.shape and moved.min() == 0 and moved.max() == 1
    assert (moved - x).abs().max() <= 0.3 + 1e-6
    assert torch.equal(random_signs(x, 0.0), x)


def test_random_signs_depend_on_the_image_and_the_seed_alone(digits: Dataset) -> None:
    x = digits.x_test[:4]
    both = random_signs(x, 0.1)
    torch.manual_seed(5)
    assert torch.equal(random_signs(x, 0.1, seed=0), both)
    assert torch.equal(random_signs(x[2:], 0.1), both[2:]), "whatever the batch"
    assert not torch.equal(random_signs(x, 0.1, seed=1), both)
