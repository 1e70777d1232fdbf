"""AutoAttack, of torchattacks' parts, as an outside judge of what our own attacks leave."""

import copy
from collections.abc import Iterator

import torch
import torchattacks
from torch import Tensor, nn

from lib import compute


def autoattack(
    model: nn.Module, x: Tensor, y: Tensor, eps: float, *, steps: int = 100, queries: int = 5000, seed: int = 0
) -> Tensor:
    """AutoAttack: two forms of APGD, FAB and Square, each on what those before have left (Croce and Hein, 2020).

    The reference's standard version has 100 steps and 5,000 queries, as here; torchattacks' own has 10 steps. The same
    for the same arguments, whatever was drawn before; but not image by image, as `lib.attack.search.square`.

    Parameters
    ----------
    x, y
        Images (N, C, H, W) in [0, 1] and true labels (N,).
    eps
        The radius of the L-infinity ball, in pixel units.
    steps
        Of both APGDs and of FAB, for each of its targets.
    queries
        Of Square.

    Returns
    -------
    Tensor
        x_adv (N, C, H, W): images that are misread already, and those that resist all parts, are returned as they are.
    """
    devices = [compute.device()] if compute.device().type == "cuda" else []
    judged = copy.deepcopy(model).eval().requires_grad_(False)  # FAB leaves gradients on whatever takes them
    x_adv = x.clone()
    with torch.random.fork_rng(devices=devices):
        resisting = _read_rightly(judged, x, y)
        for part in _parts(judged, eps, steps, queries, seed):
            if not resisting.any():
                break
            found = part(x[resisting], y[resisting]).detach()
            found = torch.minimum(torch.maximum(found, x[resisting] - eps), x[resisting] + eps).clamp(0, 1)
            fooled = ~_read_rightly(judged, found, y[resisting])
            which = resisting.nonzero().squeeze(1)[fooled]
            x_adv[which] = found[fooled]
            resisting[which] = False
    return x_adv


def _parts(model: nn.Module, eps: float, steps: int, queries: int, seed: int) -> Iterator[torchattacks.attack.Attack]:
    shared = {"eps": eps, "seed": seed}
    yield torchattacks.APGD(model, steps=steps, loss="ce", n_restarts=1, **shared)
    yield torchattacks.APGDT(model, steps=steps, n_restarts=1, **shared)
    yield torchattacks.FAB(model, steps=steps, multi_targeted=True, n_restarts=1, **shared)
    yield torchattacks.Square(model, n_queries=queries, n_restarts=1, **shared)


@torch.no_grad()
def _read_rightly(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Whether each image (N,) is read as its true class."""
    return model(x).argmax(1) == y
