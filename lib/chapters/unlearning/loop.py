"""Machine unlearning as a defence: the loop that removes training images, in each way the paper can be read.

The loop of the paper (4.1 to 4.6): attack the trained network, select the worst images, remove them, train again.
`READINGS` names what that can mean; `rounds` runs one of them.
"""

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib import compute
from lib.attack.base import Attack
from lib.measure.score import attacked_losses, highest, logits, losses
from lib.models.base import build, evaluating
from lib.train.batches import Shuffled
from lib.train.loop import fit

READINGS = ("none", "random", "a", "b", "c", "d", "e", "f")
"""Two controls, and six readings of the loop by a letter each; `labels` says which is which."""

GUESSING = math.log(10)
"""The loss of guessing among ten classes."""


Images = tuple[Tensor, Tensor]
"""Images (N, C, H, W) and their labels (N,)."""


@dataclass(frozen=True, eq=False)
class Setting:
    """What all readings of the loop share.

    Parameters
    ----------
    x, y
        The training images (N, C, H, W) and labels (N,).
    attack
        The attack by which images are selected and made.
    remove
        How many images a round selects.
    epochs
        Passes of the first training.
    round_epochs
        Passes of each round.
    lenet
        The network's class.
    seed
        What starting weights, the order of images and random choices depend on.
    """

    x: Tensor
    y: Tensor
    attack: Attack
    remove: int
    epochs: int
    round_epochs: int
    lenet: type[nn.Module]
    seed: int
    batch_size: int = 128


@dataclass(frozen=True, eq=False)
class Round:
    """One round's outcome."""

    network: nn.Module
    left_out: Tensor
    """Which of the training images (N,) the round did not train on, neither as they are nor attacked."""


def trained(setting: Setting, x: Tensor, y: Tensor, epochs: int, *, seed: int | None = None) -> nn.Module:
    """A network trained on these images from fresh starting weights; `seed` is the setting's unless given."""
    seed = setting.seed if seed is None else seed
    network = build(setting.lenet, seed, x.device)
    fit(network, Shuffled(x, y, setting.batch_size), epochs, seed=seed, label=f"seed {seed}")
    return network


def rounds(reading: str, original: nn.Module, setting: Setting, count: int) -> Iterator[Round]:
    """Run `count` rounds of a reading from a trained network, which stays as it is.

    Every reading but (c) trains for `round_epochs` in each round. (c) starts afresh in each round, and trains for
    `epochs`, as the first network did: without removal it would be that network again, which is therefore its control.

    Raises
    ------
    ValueError
        On a reading that is not in `READINGS`.
    """
    if reading not in READINGS:
        raise ValueError(f"no reading {reading!r}; there are: {', '.join(READINGS)}")
    network = original
    gone = torch.zeros(len(setting.x), dtype=torch.bool, device=setting.x.device)
    for number in range(1, count + 1):
        network, left_out = _round(reading, network, gone, setting, number)
        yield Round(network, left_out)


def _round(reading: str, network: nn.Module, gone: Tensor, s: Setting, number: int) -> tuple[nn.Module, Tensor]:
    """One round; marks in `gone` (N,) what it removes, and returns the new network and what it did not see (N,)."""
    x, start, left_out = s.x, network, torch.zeros_like(gone)
    if reading == "a":
        _, *worst = worst_attacked(network, s)
        kept = set(letter(len(x), as_tuples(network, *worst)))
        left_out = torch.tensor([number not in kept for number in range(len(x))], device=x.device)
    elif reading in ("d", "e"):
        x, _, attacked = half_attacked(network, s, number)
        if reading == "e":
            gone[highest(losses(network, x, s.y), s.remove, ~attacked | gone)] = True
            left_out = attacked & gone
    elif reading != "none":
        order = removal_order(network, s, at_random=reading == "random", number=number)
        chosen = order[~gone[order]][: s.remove]
        gone[chosen] = True
        start = ascended(network, x[chosen], s.y[chosen]) if reading == "f" else network
        left_out = gone.clone()
    x, y = x[~left_out], s.y[~left_out]
    return (trained(s, x, y, s.epochs) if reading == "c" else further(start, s, x, y, number)), left_out


def further(network: nn.Module, s: Setting, x: Tensor, y: Tensor, number: int = 1) -> nn.Module:
    """A copy of the network, trained for one round's epochs on x and y."""
    after = copy.deepcopy(network)
    seed = s.seed * 1000 + number
    fit(after, Shuffled(x, y, s.batch_size), s.round_epochs, seed=seed, label=f"seed {s.seed}, round {number}")
    return after


def removal_order(network: nn.Module, s: Setting, *, at_random: bool = False, number: int = 0) -> Tensor:
    """Indices of all training images (N,), the first to go first: by attacked loss, or at random by seed and round."""
    if at_random:
        return torch.randperm(len(s.x), generator=compute.seeded(s.seed * 1000 + number)).to(s.x.device)
    return highest(attacked_losses(network, s.attack, s.x, s.y), len(s.x))


def letter(count: int, selected: Sequence) -> list[int]:
    """The indices below `count` that the rule of Figs. 6, 8 and 9 keeps: `if i not in selected_adv_examples`."""
    return [i for i in range(count) if i not in selected]


def worst_attacked(network: nn.Module, s: Setting) -> tuple[Tensor, Tensor, Tensor]:
    """The attacked images of highest loss, as many as a round selects: their indices, the images, their labels."""
    x_adv = s.attack(network, s.x, s.y)
    chosen = highest(losses(network, x_adv, s.y), s.remove)
    return chosen, x_adv[chosen], s.y[chosen]


def as_tuples(network: nn.Module, x_adv: Tensor, y: Tensor) -> list[tuple]:
    """What the text under Fig. 8 says is selected: (example, true label, predicted label) for each image."""
    read = logits(network, x_adv).argmax(1)
    return list(zip(x_adv.cpu().numpy(), y.tolist(), read.tolist(), strict=True))


def half_attacked(network: nn.Module, s: Setting, number: int) -> tuple[Tensor, Tensor, Tensor]:
    """The training set with a random half of it attacked through the network, the labels, and which are attacked."""
    order = torch.randperm(len(s.x), generator=compute.seeded(s.seed * 1000 + number)).to(s.x.device)
    chosen = order[: len(order) // 2]
    x, attacked = s.x.clone(), torch.zeros(len(s.x), dtype=torch.bool, device=s.x.device)
    x[chosen] = s.attack(network, s.x[chosen], s.y[chosen])
    attacked[chosen] = True
    return x, s.y, attacked


def ascended(
    network: nn.Module, x: Tensor, y: Tensor, *, rise: float = GUESSING, length: float = 0.05, steps: int = 200
) -> nn.Module:
    """A copy of the network, moved up the gradient of its mean loss on x until that has risen by `rise`.

    Parameters
    ----------
    x, y
        The images to forget (N, C, H, W) and their labels (N,).
    rise
        In nats; by default the loss of guessing among ten classes. To aim for that loss itself would not do: on images
        selected for being misclassified, the loss is often higher than that before the first step.
    length
        Of each step: the Euclidean norm over all weights. The gradient's own length would start near 0.
    steps
        How many steps at most.
    """
    after = copy.deepcopy(network)
    weights, first = list(after.parameters()), None
    with evaluating(after):
        for _ in range(steps):
            loss = F.cross_entropy(after(x), y)
            first = loss.detach() if first is None else first
            if loss >= first + rise:
                break
            gradients = torch.autograd.grad(loss, weights)
            norm = torch.stack([gradient.norm() for gradient in gradients]).norm().clamp_min(1e-12)
            with torch.no_grad():
                for weight, gradient in zip(weights, gradients, strict=True):
                    weight += length * gradient / norm
    return after
