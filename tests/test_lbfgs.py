"""L-BFGS finds the nearest adversarial image: exactly, where the distance is known."""

from dataclasses import replace

import pytest
import torch
from devices import DEVICE
from torch import Tensor, nn

from lib.attack import LBFGS
from lib.chapters.adversarial_training.distances import smallest_fgsm
from lib.measure.score import logits

FINE = LBFGS(tolerance=0.01, searches=20, iterations=50)
FREE = replace(FINE, eps=100.0, clip=None)
"""No box: the nearest image lies on the normal of a linear model's boundary."""


def margin(model: nn.Sequential, x: Tensor, y: Tensor) -> Tensor:
    """By how much each image's own logit leads in a model of two classes."""
    outputs = model(x).detach()
    return (outputs.gather(1, y[:, None]) - outputs.gather(1, 1 - y[:, None]))[:, 0]


@pytest.fixture
def x(digits) -> Tensor:
    return digits.x_test[:6]


@pytest.fixture
def read(linear, x) -> Tensor:
    """What the linear model reads, so that every image has to be moved."""
    return logits(linear, x).argmax(1)


@pytest.mark.parametrize("targeted", [False, True])
def test_on_a_linear_model_it_goes_the_known_distance_along_the_normal(targeted, linear, x, read):
    x_adv = replace(FREE, targeted=targeted)(linear, x, 1 - read if targeted else read)
    normal = (linear[1].weight[1] - linear[1].weight[0]).detach()
    distance = margin(linear, x, read) / normal.norm()
    moved = (x_adv - x).flatten(1)
    assert torch.equal(logits(linear, x_adv).argmax(1), 1 - read)
    assert (moved.norm(dim=1) >= distance).all()
    torch.testing.assert_close(moved.norm(dim=1), distance, rtol=0.01, atol=0.005)
    along = (moved @ normal).abs() / normal.norm()
    assert (along > 0.99 * moved.norm(dim=1)).all()


def test_within_the_box_it_goes_farther_and_no_farther_than_the_best_known(linear, x, read):
    """In the box the solution is x + t w, cut to [0, 1], for the smallest t that flips the label."""
    normal = (linear[1].weight[1] - linear[1].weight[0]).detach().view(1, 1, 28, 28)
    boxed = (FINE(linear, x, read) - x).flatten(1).norm(dim=1)
    free = margin(linear, x, read) / normal.norm()
    for image, label, found, unboxed in zip(x, read, boxed, free, strict=True):
        away = normal if label == 0 else -normal
        path = (image + torch.linspace(0, 50, 20001, device=DEVICE).view(-1, 1, 1, 1) * away).clamp(0, 1)
        first = (logits(linear, path).argmax(1) != label).int().argmax()
        best = (path[first] - image).norm()
        assert unboxed < best and found.item() == pytest.approx(best.item(), rel=0.02)


def test_each_image_s_smallest_fgsm_is_farther_in_l2(trained, digits):
    x, y = digits.x_test[:8], digits.y_test[:8]
    near = LBFGS()(trained, x, y)
    right = logits(trained, x).argmax(1) == y
    assert right.sum() > 4 and (logits(trained, near).argmax(1) != y).all()
    assert torch.equal(near[~right], x[~right])
    far = smallest_fgsm(trained, x, y)
    lengths = [(one - x).flatten(1).norm(dim=1)[right] for one in (near, far)]
    assert (lengths[0] < lengths[1]).all()


def test_it_reaches_targets_and_they_are_farther_than_any_class(trained, digits):
    x, y = digits.x_test[:4], digits.y_test[:4]
    targets = (y + 1) % 10
    aimed, away = LBFGS(targeted=True)(trained, x, targets), LBFGS()(trained, x, y)
    assert (logits(trained, aimed).argmax(1) == targets).all()
    lengths = [(one - x).flatten(1).norm(dim=1).mean() for one in (aimed, away)]
    assert lengths[0] > lengths[1]


def test_where_nothing_succeeds_the_image_comes_back_and_it_stops(linear, x, read):
    attack = LBFGS(eps=0.001)
    assert torch.equal(attack(linear, x, read), x)


def test_it_stops_when_c_is_known_well_enough(linear, x, read, monkeypatch):
    calls = []
    examine = LBFGS.examine
    monkeypatch.setattr(LBFGS, "examine", lambda *a: calls.append(1) or examine(*a))
    LBFGS(searches=1000)(linear, x[:1], read[:1])
    enough = len(calls)
    LBFGS(searches=1000, tolerance=0.001)(linear, x[:1], read[:1])
    assert enough < len(calls) - enough < 2000


def test_more_searching_is_never_worse(trained, digits):
    x, y = digits.x_test[:3], digits.y_test[:3]
    lengths = [
        (LBFGS(searches=searches, tolerance=0.01)(trained, x, y) - x).flatten(1).norm(dim=1) for searches in (4, 10)
    ]
    assert (lengths[1] <= lengths[0]).all()


def test_a_loss_of_another_s_choice_is_refused():
    with pytest.raises(ValueError, match="a loss of its own"):
        LBFGS(loss=lambda outputs, y: outputs.sum(1))


def test_no_images_are_no_problem(trained, digits):
    assert LBFGS()(trained, digits.x_test[:0], digits.y_test[:0]).shape == (0, 1, 28, 28)
