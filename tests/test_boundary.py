"""Distances and slices where the boundary is known."""

import numpy as np
import pytest
import torch
from devices import DEVICE
from torch import Tensor, nn

from lib.attack import FGSM
from lib.measure.boundary import attack_direction, distance, orthogonal_direction, plane

GREY = 0.5 + 0.05 * torch.rand(20, 1, 28, 28, generator=torch.Generator().manual_seed(1)).to(DEVICE)
"""Images so far from 0 and 1 that a step of 0.4 is not clipped."""
ZEROS = torch.zeros(20, dtype=torch.int64, device=DEVICE)


@pytest.fixture
def centred(linear) -> nn.Sequential:
    """The linear model, with its boundary about 0.2 from the grey images, all of which it reads as class 0."""
    rising = (linear[1].weight[1] - linear[1].weight[0]).detach()
    with torch.no_grad():
        linear[1].bias[0] = (GREY.flatten(1) @ rising).mean() + 0.2 * rising.abs().sum()
    return linear


def closed_form(model: nn.Sequential, x: Tensor) -> np.ndarray:
    """The L-infinity distance to a linear model's boundary: the margin over the weights' L1 norm."""
    logits = model(x).detach()
    rising = (model[1].weight[1] - model[1].weight[0]).detach()
    return ((logits[:, 0] - logits[:, 1]) / rising.abs().sum()).cpu().numpy()


# Distance.


def test_distance_is_the_closed_form_within_one_step(centred):
    expected = closed_form(centred, GREY)
    assert expected.min() > 0.15 and expected.max() < 0.25 and np.ptp(expected) > 0.001
    found = distance(centred, GREY, ZEROS, attack_direction(centred, GREY, ZEROS), largest=0.4, steps=800)
    assert (found >= expected - 1e-5).all() and (found <= expected + 0.4 / 800 + 1e-5).all()


def test_distance_is_zero_where_the_image_is_misread(centred):
    assert (distance(centred, GREY, ZEROS + 1, torch.ones_like(GREY)) == 0).all()


def test_distance_is_infinite_where_nothing_is_misread(centred):
    towards_y = -attack_direction(centred, GREY, ZEROS)
    assert np.isinf(distance(centred, GREY, ZEROS, towards_y, largest=0.4, steps=10)).all()


def test_a_pixel_that_is_at_the_end_of_its_range_moves_no_further(centred):
    """An image of black and white along a direction that leads out of [0, 1], where this model would misread it."""
    rising = (centred[1].weight[1] - centred[1].weight[0]).detach().view(1, 1, 28, 28)
    x, direction = (rising > 0).float(), rising.sign()
    with torch.no_grad():
        margin = centred(x)[0, 1] - centred(x)[0, 0]
        centred[1].bias[0] += margin + 0.1 * rising.abs().sum()
    assert centred(x).argmax(1) == 0 and centred(x + 0.2 * direction).argmax(1) == 1
    assert np.isinf(distance(centred, x, ZEROS[:1], direction, largest=0.4, steps=10)).all()


def test_each_image_has_its_own_distance(centred):
    mixed = torch.where(torch.arange(20, device=DEVICE) % 2 == 0, 0, 1)
    found = distance(centred, GREY, mixed, attack_direction(centred, GREY, ZEROS), largest=0.4, steps=40)
    assert (found[1::2] == 0).all() and (found[::2] > 0.15).all()


# Directions and planes.


def test_the_attack_s_direction_is_that_of_fgsm(trained, digits):
    x, y = digits.x_test[:10], digits.y_test[:10]
    direction = attack_direction(trained, x, y)
    expected = FGSM(0.1, clip=None)(trained, x, y)
    torch.testing.assert_close(x + 0.1 * direction, expected, rtol=0, atol=1e-6)


def test_orthogonal_direction_is_orthogonal_and_as_long():
    direction = torch.randn(10, 1, 28, 28, generator=torch.Generator().manual_seed(2)).sign()
    other = orthogonal_direction(direction, seed=0)
    cosine = (direction * other).flatten(1).sum(1) / direction.flatten(1).square().sum(1)
    torch.testing.assert_close(cosine, torch.zeros(10), rtol=0, atol=1e-5)
    torch.testing.assert_close(other.flatten(1).norm(dim=1), direction.flatten(1).norm(dim=1))
    assert torch.equal(other, orthogonal_direction(direction, seed=0))
    assert not torch.equal(other, orthogonal_direction(direction, seed=1))


def test_images_with_the_same_direction_have_the_same_orthogonal_one():
    direction = torch.randn(1, 1, 28, 28, generator=torch.Generator().manual_seed(2)).sign()
    other = orthogonal_direction(torch.cat([direction, -direction, direction]), seed=0)
    torch.testing.assert_close(other, other[:1].expand_as(other), rtol=0, atol=1e-5)


def test_the_plane_s_centre_is_the_image_itself(trained, digits):
    for i in range(5):
        x, y = digits.x_test[i : i + 1], digits.y_test[i : i + 1]
        image = plane(trained, x, y, radius=0.3, n=9)
        assert image.read.shape == (9, 9)
        assert image.across[4] == image.up[4] == pytest.approx(0, abs=1e-7)
        assert image.read[4, 4] == trained.eval()(x).argmax()


def test_the_plane_runs_across_along_the_attack_and_up_beside_it(centred):
    x = GREY[:1]
    image = plane(centred, x, ZEROS[:1], radius=0.4, n=41)
    # On a linear model the boundary is a line; straight across, it lies where the closed form says.
    first = image.across[image.read[20].argmax()]
    assert first == pytest.approx(closed_form(centred, x)[0], abs=0.021)
    assert image.across.min() == image.up.min() == pytest.approx(-0.4)
    beside = (image.read[:, 20] == 1).sum() / 41
    assert (image.read[:, 0] == 0).all() and (image.read[:, -1] == 1).sum() > 20 and beside < 0.5
