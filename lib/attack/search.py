"""Attacks that search, using the network's outputs and no gradient."""

from dataclasses import KW_ONLY, dataclass

import torch
import torch.nn.functional as F
import torchattacks
from torch import Tensor, nn

from lib.attack.base import Attack
from lib.attack.inputs import check_classes, check_counts, check_eps, check_logits
from lib.attack.noise import noise
from lib.attack.outside import outside


@dataclass(frozen=True)
class LocalSearch(Attack):
    """Greedy search over single pixels, which changes a few pixels by much and uses outputs only, no gradient.

    After the local search of Narodytska and Kasiviswanathan, 2017. In each round `candidates` pixels are drawn for each
    image and tried at both ends of their range, all channels alike. The change that raises the loss most is kept, if
    any raises it. An image on which the attack has succeeded is left alone.

    Parameters
    ----------
    eps
        The largest change of a pixel, in pixel units; by default 1, so that only the valid range bounds it.
    pixels
        How many rounds there are, at least 0, and so how many pixels may change.
    candidates
        How many pixels are tried in a round, at least 1. Each is tried at two values: twice as many queries.
    batch_size
        How many images are searched at once on a CPU, each with all its trials; `compute.at_once` says how many that is
        on a GPU.
    seed
        What the draws depend on, besides the image itself and the round.
    """

    eps: float = 1.0
    _: KW_ONLY
    batch_size: int = 20
    pixels: int = 20
    candidates: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_counts(candidates=self.candidates)
        check_counts(least=0, pixels=self.pixels)

    @torch.no_grad()
    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        x_adv, going = x.clone(), torch.arange(len(x), device=x.device)
        for number in range(self.pixels):
            logits = check_logits(model(x_adv[going]), len(going))
            check_classes(y, logits.shape[1])
            open_ = self.resisting(logits, y[going])
            going, logits = going[open_], logits[open_]
            if not len(going):
                break
            trials = self.trials(x_adv[going], x[going], number)
            found = self.losses(model(trials.flatten(0, 1).clone()), y[going].repeat_interleave(trials.shape[1]))
            highest, which = found.view(trials.shape[:2]).max(1)
            better = highest > self.losses(logits, y[going])
            x_adv[going[better]] = trials[better, which[better]]
        return x_adv

    def trials(self, x_adv: Tensor, x: Tensor, number: int) -> Tensor:
        """Each image with each candidate of a round, first at the lower, then at the upper end.

        Shape (N, 2 * candidates, C, H, W), with fewer candidates where an image has fewer pixels.
        """
        draw = noise(x[:, :1], self.seed * 1000 + number).flatten(1)
        places = draw.topk(min(self.candidates, draw.shape[1])).indices
        one = F.one_hot(places, draw.shape[1]).bool().view(*places.shape, 1, *x.shape[2:])
        ends = [self.within(x + end, x)[:, None] for end in (-self.eps, self.eps)]
        return torch.cat([torch.where(one, end, x_adv[:, None]) for end in ends], dim=1)


def square(model: nn.Module, x: Tensor, y: Tensor, eps: float, queries: int, seed: int = 0) -> Tensor:
    """Square: a random search that uses the network's outputs and no gradient (Andriushchenko et al., 2020).

    The result depends on the arguments alone, whatever was drawn before. It does depend on which images are attacked
    together, since all images of a call share their random squares.

    Parameters
    ----------
    x, y
        Images (N, C, H, W) in [0, 1] and true labels (N,).
    eps
        The radius of the L-infinity ball, in pixel units.
    queries
        How many changes of an image are tried, one after the other, until one is misclassified; at least 1. An image
        that resists costs three queries more (the image itself, the first change, the result), and the first image of a
        call another one, to count the classes.
    seed
        What the random squares depend on.

    Returns
    -------
    Tensor
        x_adv (N, C, H, W), including images that are already misclassified and those that resist.

    Raises
    ------
    ValueError
        As all attacks do, on invalid images, labels or logits, on an eps that is negative or not finite, and on fewer
        than one query.
    """
    check_eps(eps)
    check_counts(queries=queries)
    with outside(model, x, y) as (wrapped, images, labels):
        found = torchattacks.Square(wrapped, eps=eps, n_queries=queries, seed=seed)(images, labels)
    return found.detach().to(x.dtype)
