"""What is left of an image: the nearest known image, the correlation with the original."""

import pytest
import torch
from torch import Tensor

from lib.chapters.mitigation.likeness import correlations, nearest_class
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
    assert correlations(RAMP, other) == pytest.approx([expected], abs=1e-6)
    assert correlations(other, RAMP) == pytest.approx([expected], abs=1e-6)


def test_each_image_has_its_own_correlation() -> None:
    others = torch.cat([RAMP, 1 - RAMP, 0.9 + RAMP / 10])
    assert correlations(RAMP.expand(3, -1, -1, -1), others) == pytest.approx([1, -1, 1], abs=1e-6)
