"""What checks are made from. A check that fails raises an AssertionError that tells the learner what is wrong."""

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from numbers import Real

import numpy as np
import torch
from torch import Tensor, nn

from lib.evidence.cells import Cell
from lib.measure.score import logits

CLOSE = 0.02
"""By how much an accuracy may differ from that under a fresh attack: one in fifty images."""

READ_OFF = 0.01
"""By how much a number may differ that was read off a table with two decimals or more."""


def check(function: Callable[..., None]) -> Callable[..., None]:
    """Make a function a check, whose docstring says what is true if it passes.

    It fails where an argument is still `...`, or None.
    """
    names = inspect.signature(function)

    @wraps(function)
    def checked(*args: object, **more: object) -> None:
        given = names.bind(*args, **more).arguments
        undone = [name for name, value in given.items() if value is ... or value is None]
        assert not undone, f"still to be done: {', '.join(undone)}"
        function(*args, **more)
        print("passed:", inspect.getdoc(function))

    return checked


def number(value: object, name: str) -> float:
    """The value as a float, where it is a number, or a tensor or array that holds one."""
    if isinstance(value, Tensor | np.ndarray | np.generic):
        assert value.shape in ((), (1,)), f"{name} is to be one number, not {tuple(value.shape)} of them"
        value = value.item()
    assert isinstance(value, Real) and not isinstance(value, bool), f"{name} is to be a number, not {value!r}"
    return float(value)


def near(value: object, expected: float, within: float, name: str) -> None:
    """Check that a number is at most `within` away from what a measurement gives."""
    found = number(value, name)
    apart = abs(found - expected)
    assert apart <= within + 1e-9, f"{name} is {found:.4g}; what comes out here is more than {within:g} away"


def in_the_ball(attacked: object, x: Tensor, eps: float, *, clipped: bool = True) -> None:
    """Check that attacked images (N, C, H, W) are within eps of the clean ones and, if the attack clips, in [0, 1]."""
    assert isinstance(attacked, Tensor), "the attacked images are to be a tensor"
    assert attacked.shape == x.shape, f"images of shape {tuple(attacked.shape)}; the clean ones have {tuple(x.shape)}"
    far = (attacked - x).abs().max().item()
    assert far <= eps + 1e-5, f"a pixel is moved by {far:.3g}, farther than eps = {eps:g}"
    if clipped:
        low, high = attacked.min().item(), attacked.max().item()
        assert low >= -1e-6 and high <= 1 + 1e-6, f"pixels lie between {low:.3g} and {high:.3g}, not in [0, 1]"


def another(network: object, before: nn.Module, x: Tensor) -> None:
    """Check that a network's logits differ from those of the one before."""
    assert isinstance(network, nn.Module), "a network is to be left behind"
    assert not torch.allclose(logits(network, x), logits(before, x)), "this is the network as it was before"


def kept(cells: Iterable[Cell]) -> list:
    """The records of cells; a check measures nothing itself, and looks at what the learner has run."""
    cells = list(cells)
    missing = [cell for cell in cells if not cell.is_kept]
    assert not missing, f"not measured yet: {missing[0].label}. Run the exercise's command first"
    return [cell.get() for cell in cells]


def mean(hits: Iterable) -> float:
    """The mean over networks of the share of images for which something is true."""
    return float(np.mean([np.mean(one) for one in hits]))
