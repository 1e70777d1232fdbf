"""Training by ages, and on images that are moved."""

from pathlib import Path

import torch
from fragility_networks import CPU

from lib import fragility, models
from lib.data import Dataset
from lib.training import Shuffled, fit, fit_further


def test_going_on_from_an_earlier_age_gives_the_weights_of_one_training(digits: Dataset, tmp_path: Path) -> None:
    batches = Shuffled(digits.x_train[:200], digits.y_train[:200], 50)

    def start() -> torch.nn.Module:
        return models.build(models.SimpleCNN, 0, CPU)

    whole, by_ages, again = start(), start(), start()
    fit(whole, batches, 4, snapshots=None)
    for age in (1, 3, 4):
        model = start()
        history = fit_further(model, batches, age, snapshots=tmp_path)
        assert len(history.losses) == age
    by_ages.load_state_dict(model.state_dict())
    for one, other in zip(whole.parameters(), by_ages.parameters(), strict=True):
        assert torch.equal(one, other)
    folder = next(tmp_path.iterdir())
    assert sorted(path.name for path in folder.iterdir()) == ["epoch-0001.pt", "epoch-0003.pt", "epoch-0004.pt"]
    fit_further(again, batches, 2, snapshots=tmp_path)  # a younger age than what there is, from the one before
    fit(twin := start(), batches, 2, snapshots=None)
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), twin.parameters(), strict=True))


def test_an_older_age_trains_only_what_is_missing(digits: Dataset, tmp_path: Path, monkeypatch) -> None:
    batches = Shuffled(digits.x_train[:100], digits.y_train[:100], 50)
    fit_further(models.build(models.SimpleCNN, 0, CPU), batches, 2, snapshots=tmp_path)
    epochs = []
    original = Shuffled.__call__
    monkeypatch.setattr(Shuffled, "__call__", lambda *arguments: epochs.append(1) or original(*arguments))
    fit_further(models.build(models.SimpleCNN, 0, CPU), batches, 3, snapshots=tmp_path)
    assert len(epochs) == 1


def test_augmented_images_are_moved_and_mirrored_and_repeat(digits: Dataset) -> None:
    x = torch.rand(40, 3, 8, 8)
    batches = fragility.Augmented(x, torch.arange(40), 40, mirror=True)
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
    plain = fragility.Augmented(x, torch.arange(40), 40)
    moved, y = next(plain(None, torch.Generator().manual_seed(0)))
    assert all(
        any(torch.equal(image, around[:, i : i + 8, j : j + 8]) for i in range(9) for j in range(9))
        for image, around in zip(moved, torch.nn.functional.pad(x[y], [4] * 4), strict=True)
    )
