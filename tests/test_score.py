"""Scores against models whose answers are known."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib.attack import FGSM, PGD
from lib.measure.curves import curve
from lib.measure.red_flags import zero_gradients
from lib.measure.score import logits, next_class, score, under_attack


class Steep(nn.Module):
    """The pixels themselves as logits, times a factor: the brightest of ten pixels is the class that is read."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * x.flatten(1)


def one_bright_pixel(classes: list[int], by: float = 1.0) -> Tensor:
    return by * F.one_hot(torch.tensor(classes), 10).float().view(-1, 1, 1, 10)


def test_score_of_a_model_known_by_hand():
    result = score(Steep(), one_bright_pixel([0, 1, 2, 3]), torch.tensor([0, 1, 2, 7]))
    e = np.e
    assert result.read.tolist() == [0, 1, 2, 3]
    assert result.correct.tolist() == [True, True, True, False]
    assert result.accuracy == 0.75
    np.testing.assert_allclose(result.losses, 3 * [np.log((e + 9) / e)] + [np.log(e + 9)], rtol=1e-6)
    assert result.loss == pytest.approx(result.losses.mean())


def test_logits_come_in_the_order_of_the_images(monkeypatch):
    monkeypatch.setattr("lib.measure.score.BATCH", 3)
    x = torch.rand(10, 1, 1, 10)
    torch.testing.assert_close(logits(Steep(), x), x.flatten(1), rtol=0, atol=0)


def test_networks_are_read_in_eval_mode_and_left_in_their_own():
    model = nn.Sequential(Steep(), nn.Dropout(0.9)).train()
    x = one_bright_pixel([0, 1, 2, 3, 4] * 20)
    assert score(model, x, torch.tensor([0, 1, 2, 3, 4] * 20)).accuracy == 1
    assert model.training and model[1].training


def test_an_attack_is_judged_by_the_true_label_not_by_the_target():
    # A brightest pixel leads by 0.3; FGSM moves each of the two pixels by 0.2.
    x = 0.3 + one_bright_pixel([0, 1, 2, 3], by=0.3)
    y = torch.tensor([0, 1, 2, 3])
    assert under_attack(Steep(), FGSM(0.2), x, y).accuracy == 0
    result = under_attack(Steep(), FGSM(0.2, targeted=True), x, y, targets=next_class(y))
    assert result.read.tolist() == [1, 2, 3, 4] and result.y.tolist() == [0, 1, 2, 3]
    assert result.accuracy == 0
    assert under_attack(Steep(), FGSM(0.1), x, y).accuracy == 1


@pytest.mark.parametrize("targeted", [False, True])
def test_targets_belong_to_a_targeted_attack_and_it_to_them(targeted):
    x, y = one_bright_pixel([0, 1]), torch.tensor([0, 1])
    with pytest.raises(ValueError, match="targets belong to a targeted attack"):
        under_attack(Steep(), FGSM(0.1, targeted=targeted), x, y, targets=None if targeted else next_class(y))


def test_a_curve_is_the_attack_at_each_eps(trained, digits):
    x, y, grid = digits.x_test[:50], digits.y_test[:50], [0.0, 0.05, 0.2]
    attack = PGD(steps=3, seed=4)
    found = curve(trained, attack, grid, x, y)
    expected = [under_attack(trained, PGD(eps=eps, steps=3, seed=4), x, y) for eps in grid]
    assert [one.losses.tolist() for one in found] == [one.losses.tolist() for one in expected]
    assert found[0].losses.tolist() == score(trained, x, y).losses.tolist()
    assert found[0].loss < found[1].loss < found[2].loss


def test_a_curve_hands_the_targets_on(trained, digits):
    x, y = digits.x_test[:50], digits.y_test[:50]
    attack, targets = FGSM(0.1, targeted=True), next_class(y)
    (found,) = curve(trained, attack, [0.1], x, y, targets)
    assert found.losses.tolist() == under_attack(trained, attack, x, y, targets).losses.tolist()


def test_a_saturated_model_gives_no_gradient_and_a_linear_one_does():
    x, y = one_bright_pixel([0, 1, 2, 3], by=0.5), torch.tensor([0, 1, 2, 3])
    assert zero_gradients(Steep(1e6), FGSM(0.1), x, y) == 1
    assert zero_gradients(Steep(1.0), FGSM(0.1), x, y) == 0
    assert zero_gradients(Steep(1e6), FGSM(0.1), x, torch.tensor([0, 1, 2, 7])) == 0.75


def test_zero_gradients_leave_modes_and_parameters_as_they_were(trained, digits):
    trained.train()
    zero_gradients(trained, FGSM(0.1), digits.x_test[:10], digits.y_test[:10])
    assert all(module.training for module in trained.modules())
    assert all(parameter.grad is None for parameter in trained.parameters())


def test_next_class_is_every_class_once_and_never_its_own():
    y = torch.arange(10)
    assert sorted(next_class(y).tolist()) == y.tolist()
    assert not (next_class(y) == y).any()
    assert next_class(torch.tensor([2]), classes=3).tolist() == [0]
