"""Training on images that are moved."""

import torch

from lib.data import Dataset
from lib.train.batches import Augmented


def test_augmented_images_are_moved_and_mirrored_and_repeat(digits: Dataset) -> None:
    x = torch.rand(40, 3, 8, 8)
    batches = Augmented(x, torch.arange(40), 40, mirror=True)
    (moved, y), (again, _) = (next(batches(None, torch.Generator().manual_seed(0))) for _ in range(2))
    assert moved.shape == x.shape and torch.equal(moved, again)
    padded = torch.nn.functional.pad(x[y], [4] * 4)
    mirrored = 0
    for image, around in zip(moved, padded, strict=True):
        windows = [around[:, i : i + 8, j : j + 8] for i in range(9) for j in range(9)]
        plain = any(torch.equal(image, window) for window in windows)
        assert plain or any(torch.equal(image, window.flip(2)) for window in windows)
        mirrored += not plain
    assert 8 < mirrored < 32
    plain = Augmented(x, torch.arange(40), 40)
    moved, y = next(plain(None, torch.Generator().manual_seed(0)))
    assert all(
        any(torch.equal(image, around[:, i : i + 8, j : j + 8]) for i in range(9) for j in range(9))
        for image, around in zip(moved, torch.nn.functional.pad(x[y], [4] * 4), strict=True)
    )
