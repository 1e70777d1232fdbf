"""AutoAttack, put together from torchattacks' parts: an independent check on our own attacks."""

from collections.abc import Iterator

import torch
import torchattacks
from torch import Tensor, nn

from lib.attack.inputs import check_counts, check_eps
from lib.attack.outside import outside

LEAST_CLASSES = 4
MOST_TARGETS = 9
"""The most targets of an image, as in the reference: the classes with the highest logits other than the true one."""


def autoattack(
    model: nn.Module, x: Tensor, y: Tensor, eps: float, *, steps: int = 100, queries: int = 5000, seed: int = 0
) -> Tensor:
    """AutoAttack: two forms of APGD, FAB and Square, each on the images that still resist (Croce and Hein, 2020).

    The reference's standard version has 100 steps and 5,000 queries, as here; torchattacks' own has 10 steps. The
    result depends on the arguments alone, whatever was drawn before. As with `lib.attack.search.square`, it does depend
    on which images are attacked together.

    Parameters
    ----------
    x, y
        Images (N, C, H, W) in [0, 1] and true labels (N,).
    eps
        The radius of the L-infinity ball, in pixel units.
    steps
        How many steps both APGDs take, and FAB for each of its targets.
    queries
        How many changes to an image Square tries.
    seed
        What the parts' random draws depend on.

    Returns
    -------
    Tensor
        x_adv (N, C, H, W). Images that are already misclassified, and those that resist all parts, are unchanged.

    Raises
    ------
    ValueError
        Where the network has fewer than four classes: the targeted loss takes the four highest logits. Also, as all
        attacks do, on invalid images, labels or logits, on an eps that is negative or not finite, and on counts below
        1.
    """
    check_eps(eps)
    check_counts(steps=steps, queries=queries)
    with outside(model, x, y) as (judged, images, labels):
        x_adv = x.detach().clone()
        if not len(x):
            return x_adv
        resisting, classes = judged.correct(images, labels), judged.classes(images)
        if classes < LEAST_CLASSES:
            raise ValueError(f"AutoAttack needs {LEAST_CLASSES} classes at least; this network has {classes}")
        for part in _parts(judged, eps, steps, queries, seed, classes):
            if not resisting.any():
                break
            given = images[resisting]
            found = part(given.clone(), labels[resisting]).detach()
            found = torch.minimum(torch.maximum(found, given - eps), given + eps).clamp(0, 1)
            fooled = ~judged.correct(found, labels[resisting])
            which = resisting.nonzero().squeeze(1)[fooled]
            x_adv[which] = found[fooled].to(x.dtype)
            resisting[which] = False
    return x_adv


def _parts(
    model: nn.Module, eps: float, steps: int, queries: int, seed: int, classes: int
) -> Iterator[torchattacks.attack.Attack]:
    shared, classes = {"eps": eps, "seed": seed}, min(classes, MOST_TARGETS + 1)
    yield torchattacks.APGD(model, steps=steps, loss="ce", n_restarts=1, **shared)
    yield torchattacks.APGDT(model, steps=steps, n_restarts=1, n_classes=classes, **shared)
    yield torchattacks.FAB(model, steps=steps, multi_targeted=True, n_restarts=1, n_classes=classes, **shared)
    yield torchattacks.Square(model, n_queries=queries, n_restarts=1, **shared)
