"""Steps at random: by eps, within the range of pixels, decided by the image and the seed."""

import torch

from lib.attack import random_signs
from lib.data import Dataset


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
