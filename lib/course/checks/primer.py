"""Checks for the primer's exercises."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from lib.attack import FGSM
from lib.compute import seeded
from lib.course.checks.saying import check, near, number

SIZES = (4, 100, 784)
"""The sizes of made-up images, in pixels."""


@check
def fgsm_crosses_at(smallest_eps: Callable) -> None:
    """FGSM changes the class a little above your eps and not a little below it, on made-up linear classifiers."""
    for size in SIZES:
        w, x = (torch.randn(size, generator=seeded(seed + size), dtype=torch.float64) for seed in (0, 1))
        b = 1 - w @ x  # so that x is of class 1, by a margin of 1
        eps = number(smallest_eps(w, b, x), "smallest_eps(w, b, x)")
        for factor, expected in ((0.999, 1), (1.001, 0)):
            seen = _class_after(factor * eps, w, b, x)
            assert seen == expected, f"at {factor} of your eps an image of {size} pixels is of class {seen}"


def _class_after(eps: float, w: Tensor, b: Tensor, x: Tensor) -> int:
    """The class of an image x (n,) of class 1 after FGSM, without clipping."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(len(x), 2, dtype=torch.float64))
    with torch.no_grad():
        model[1].weight.copy_(torch.stack([torch.zeros_like(w), w]))
        model[1].bias.copy_(torch.stack([torch.zeros_like(b), b]))
    image = x.reshape(1, 1, 1, -1)
    return int(model(FGSM(eps=eps, clip=None)(model, image, torch.tensor([1]))).argmax())


@check
def no_constant_guess_keeps_more(most_kept: Callable) -> None:
    """The best constant guess keeps your share, on made-up labels."""
    for seed in range(5):
        y = torch.randint(2 + seed, (100,), generator=seeded(seed)) ** 2
        kept = max(float((y == label).double().mean()) for label in y.unique())
        near(most_kept(y), kept, 1e-6, "most_kept(y)")


@check
def one_in_forty(lowest: Callable) -> None:
    """Networks of your accuracy classify all n images correctly in about one case of forty."""
    for n in (100, 1000):
        p = number(lowest(n), "lowest(n)")
        chance = max(p, 0) ** n
        assert 0.02 <= chance <= 0.03, f"at lowest({n}) all are right with a probability of {chance:.3f}, not of 0.025"


@check
def the_plain_interval_is_as_wide(plain_width: float) -> None:
    """The plain interval is as wide as you say, end to end."""
    right = np.ones(100)
    near(plain_width, 2 * 1.96 * right.std() / len(right) ** 0.5, 1e-9, "plain_width")
