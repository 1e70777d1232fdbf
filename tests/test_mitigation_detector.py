"""The detector, what its suspicion tells, and the pieces of the attack that knows it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lib.chapters.mitigation.detector import (
    LEAD,
    BlackPixels,
    Guarded,
    adaptive,
    comparisons,
    separation,
    suspicion,
    train_detector,
    unnoticed,
    unsuspected_error,
)


class Brightness(nn.Module):
    """Takes bright images for attacked."""

    def forward(self, x: Tensor) -> Tensor:
        bright = x.flatten(1).mean(1)
        return torch.stack([torch.ones_like(bright), 3 * bright], dim=1)


def test_suspicion_is_the_difference_of_the_two_logits():
    np.testing.assert_allclose(suspicion(Brightness(), torch.full((2, 1, 4, 4), 0.5)), [0.5, 0.5])


def test_separable_images_separate_and_identical_ones_do_not():
    dark, bright = 0.3 * torch.rand(30, 1, 4, 4), 0.7 + 0.3 * torch.rand(30, 1, 4, 4)
    dark, bright = (suspicion(Brightness(), images) for images in (dark, bright))
    assert separation(dark, bright) == 1
    assert separation(bright, dark) == 0
    assert separation(dark, dark) == pytest.approx(0.5)


def test_one_value_an_image_has_the_area_as_its_mean_and_varies_as_it_does():
    generator = np.random.default_rng(0)
    clean = generator.normal(0, 1, 400).round(1)  # with ties
    attacked = (clean + generator.normal(1, 1, 400)).round(1)
    values = comparisons(clean, attacked)
    assert values.mean() == pytest.approx(separation(clean, attacked))
    draws = generator.integers(0, 400, (1000, 400))
    resampled = [separation(clean[places], attacked[places]) for places in draws]
    assert values.std() / 400**0.5 == pytest.approx(np.std(resampled), rel=0.1)
    assert comparisons(clean, clean + 100).tolist() == [1] * 400


def test_unnoticed_lets_the_given_share_of_clean_images_raise_a_false_alarm():
    clean, attacked = np.linspace(0, 1, 101), np.array([0.5, 0.85, 0.95])
    assert unnoticed(clean, attacked, false_alarms=0.1).tolist() == [True, True, False]
    assert unnoticed(clean, attacked, false_alarms=0.2).tolist() == [True, False, False]


def test_a_detector_learns_what_is_plain_to_see(digits, tmp_path):
    x = digits.x_train[:200]
    detector = train_detector(x, (x + 0.3).clamp(0, 1), 3, lr=3e-3, snapshots=tmp_path)
    clean = digits.x_test[:50]
    assert separation(suspicion(detector, clean), suspicion(detector, (clean + 0.3).clamp(0, 1))) > 0.95


def test_black_pixels_alone_tell_what_was_lifted_off_black_from_what_was_not():
    clean = torch.zeros(3, 1, 2, 2)
    clean[:, 0, 0, 0] = torch.tensor([0.2, 0.5, 1.0])
    nearly_black = clean + 1e-6
    assert suspicion(BlackPixels(), clean).tolist() == [-0.75] * 3  # three of four
    assert suspicion(BlackPixels(), nearly_black).tolist() == [0] * 3
    by_black = suspicion(BlackPixels(), clean)
    assert separation(by_black, suspicion(BlackPixels(), nearly_black)) == 1
    assert separation(by_black, suspicion(BlackPixels(), clean.flip(0))) == 0.5


def test_guarded_gives_the_classes_and_then_the_suspicion(trained, digits):
    x = digits.x_test[:5]
    outputs = Guarded(trained, Brightness()).eval()(x)
    assert outputs.shape == (5, 11)
    torch.testing.assert_close(outputs[:, :10], trained.eval()(x))
    np.testing.assert_allclose(outputs[:, 10].detach().cpu(), suspicion(Brightness(), x), rtol=1e-6)


def test_the_adaptive_loss_serves_one_aim_at_a_time():
    # Class logits and suspicion: the first is read right, the second clearly misread.
    outputs = torch.tensor([[5.0, 1.0, 0.0, 2.0], [1.0, 5.0, 0.0, 2.0]], requires_grad=True)
    unsuspected_error(outputs, torch.tensor([0, 0])).sum().backward()
    read_right, misread = outputs.grad
    assert read_right[0] < 0 and read_right[1] > 0 and read_right[3] == 0
    assert misread.tolist() == [0, 0, 0, -1]


def test_who_knows_the_detector_is_misread_and_less_suspect_than_clean_images(trained, digits):
    x, y = digits.x_test[:20], digits.y_test[:20]
    right = trained.eval()(x).argmax(1) == y
    found = adaptive(0.3)(Guarded(trained, Brightness()), x, y)
    assert (found - x).abs().max() <= 0.3 + 1e-6
    assert (trained(found).argmax(1) != y)[right].float().mean() > 0.8
    assert suspicion(Brightness(), found).mean() < suspicion(Brightness(), x).mean()


def test_who_knows_the_detector_starts_at_the_image_itself_unless_told_otherwise(trained, digits):
    x = digits.x_test[:2]
    still = [replace(adaptive(0.3, **start), steps=0) for start in ({}, {"random_start": True})]
    itself, elsewhere = (attack(Guarded(trained, Brightness()), x, digits.y_test[:2]) for attack in still)
    assert torch.equal(itself, x) and (elsewhere != x).float().mean() > 0.4


def test_the_attack_turns_to_the_detector_once_the_lead_is_clear():
    leads = torch.tensor([LEAD - 0.01, LEAD + 0.01])
    outputs = torch.stack([torch.zeros(2), leads, torch.full((2,), 7.0)], dim=1)
    assert unsuspected_error(outputs, torch.tensor([0, 0])).tolist() == [pytest.approx(LEAD - 0.01), -7]
