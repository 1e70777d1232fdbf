"""Every defence of the four papers on one footing: one network, the same images, the same number of epochs.

`DEFENCES` has them by name. All start from the same trained network and train further for as many epochs. "none" trains
on clean images, and is the control of all but removal, which has a control of its own. They are the rows of the table
in which `judging` says what they are worth.

A defence is a function of the start and the eps that it is meant for. Its keyword-only arguments are the notebook's
parameters on which it depends as well.
"""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from lib import compute
from lib.attack.gradient import FGSM, PGD
from lib.chapters.common_ground import costs
from lib.chapters.common_ground.costs import Work
from lib.chapters.common_ground.filtering import changed, scan
from lib.chapters.common_ground.first import Start
from lib.chapters.common_ground.removal import WithoutWorst, to_remove
from lib.chapters.fragile_neurons.svd_filter import MEDIAN, PRINTED, READINGS, Filter
from lib.train.batches import Attacked, AttackedOnce, Batches, Mixed, Shuffled
from lib.train.loop import fit


@dataclass(frozen=True, eq=False)
class Defended:
    """A defended network, and the seconds of training that it took beyond the first training."""

    network: nn.Module
    seconds: float


def further(begun: Start, batches: Batches, lr: float = 1e-3) -> Defended:
    """A copy of the network, trained further for as many epochs as every defence."""
    after = copy.deepcopy(begun.network)
    label = f"{type(batches).__name__}, seed {begun.seed}"
    history = fit(after, batches, begun.further, lr=lr, seed=begun.seed, label=label)
    return Defended(after, history.seconds)


def undefended(begun: Start, eps: float | None) -> Defended:
    """No defence: clean images, for as long as the others train on theirs. `eps` is not used."""
    return further(begun, Shuffled(*begun.train, begun.batch_size))


def removed(begun: Start, eps: float) -> Defended:
    """Reading (b) of the loop of Khorasani et al.: in each epoch, the worst images under FGSM leave the set."""
    network, seconds = begun.network, 0.0
    x, y = begun.train
    remove = to_remove(len(x))
    for number in range(1, begun.further + 1):
        batches = WithoutWorst(x, y, FGSM(eps=eps), network, remove, begun.batch_size)
        network = copy.deepcopy(network)
        label = f"removal, round {number}"
        seconds += fit(network, batches, 1, seed=begun.seed * 1000 + number, label=label).seconds
        x, y = batches.kept.x, batches.kept.y
    return Defended(network, seconds)


def removed_at_random(begun: Start, eps: float | None) -> Defended:
    """The control of `removed`: in each epoch, as many images leave the set by chance, and Adam starts anew as well."""
    network, seconds = begun.network, 0.0
    x, y = begun.train
    remove = to_remove(len(x))
    for seed in range(begun.seed * 1000 + 1, begun.seed * 1000 + begun.further + 1):
        stays = torch.randperm(len(x), generator=compute.seeded(seed))[remove:].to(x.device)
        x, y = x[stays], y[stays]
        network = copy.deepcopy(network)
        batches = Shuffled(x, y, begun.batch_size)
        seconds += fit(network, batches, 1, seed=seed, label="random removal").seconds
    return Defended(network, seconds)


def fine_tuned(begun: Start, eps: float) -> Defended:
    """Biswari et al., first method: FGSM images made once through the trained network, at a tenth of the rate."""
    return further(begun, _attacked_once(begun, eps), lr=1e-4)


def retrained(begun: Start, eps: float) -> Defended:
    """Sharna's mitigation on training images alone: those of `fine_tuned`, at the first training's rate."""
    return further(begun, _attacked_once(begun, eps))


def _attacked_once(begun: Start, eps: float) -> AttackedOnce:
    return AttackedOnce(*begun.train, FGSM(eps=eps), begun.network, begun.batch_size)


def mixed(begun: Start, eps: float) -> Defended:
    """Biswari et al., second method: half of each batch is FGSM images, made through the network at that step."""
    return further(begun, Mixed(*begun.train, FGSM(eps=eps), begun.batch_size))


def pgd_trained(begun: Start, eps: float, *, pgd_steps: int) -> Defended:
    """Madry et al.: every batch is PGD images, made through the network at that step."""
    return further(begun, Attacked(*begun.train, PGD(eps=eps, steps=pgd_steps), begun.batch_size))


def pgd_trained_rising(begun: Start, eps: float, *, pgd_steps: int) -> Defended:
    """The same with an eps that rises linearly, epoch by epoch, over the first half of the epochs.

    Wong and Kolter, 2018, appendix B.2, do so in their own robust training on MNIST, which can otherwise fail to begin.
    Each epoch is a training run of its own here, in which Adam starts anew; in `pgd_trained` one Adam goes on over all
    epochs.
    """
    network, seconds = copy.deepcopy(begun.network), 0.0
    rising = (begun.further + 1) // 2
    for number in range(1, begun.further + 1):
        attack = PGD(eps=eps * min(1.0, number / rising), steps=pgd_steps)
        batches = Attacked(*begun.train, attack, begun.batch_size)
        label = f"rising eps, epoch {number}"
        seconds += fit(network, batches, 1, seed=begun.seed * 1000 + number, label=label).seconds
    return Defended(network, seconds)


def filtered_as_printed(begun: Start, eps: float | None) -> Defended:
    """The filter of Pravin et al. as printed, on the network without a defence. `eps` is not used."""
    return _filtered(begun, READINGS[PRINTED])


def filtered_by_median(begun: Start, eps: float | None) -> Defended:
    """The same filter by its source's rule for unknown noise, which goes by the median singular value."""
    return _filtered(begun, READINGS[MEDIAN])


def _filtered(begun: Start, reading: Filter) -> Defended:
    plain = undefended(begun, None)
    network = copy.deepcopy(plain.network)
    started = time.perf_counter()
    correct = scan(network, begun.train)
    seconds = time.perf_counter() - started
    with torch.no_grad():
        network[0].weight.copy_(changed(network[0].weight, correct, reading).weight)
    return Defended(network, plain.seconds + seconds)


@dataclass(frozen=True)
class Defence:
    """How a network is defended, and what that costs.

    Parameters
    ----------
    train
        Trains further from a start, for an eps.
    passes
        How much that computes, in passes of an image.
    shown
        What it is called on the page and, where it is a paper's, whose it is: the first author, and the year if the
        paper has one.
    knows_eps
        Whether it depends on the eps; a defence that does not is given None.
    """

    train: Callable[..., Defended]
    passes: Callable[[Work], float]
    shown: str
    knows_eps: bool = True


NONE, AT_RANDOM, PGD_TRAINING, RISING = "none", "random removal", "PGD training", "PGD, rising eps"
YARDSTICKS = (PGD_TRAINING, RISING)

DEFENCES: dict[str, Defence] = {
    NONE: Defence(undefended, costs.clean, "no defence", knows_eps=False),
    "removal": Defence(removed, costs.removal, "removal (Khorasani 2025)"),
    "fine-tuned": Defence(fine_tuned, costs.attacked_once, "fine-tuning (Biswari)"),
    "retrained": Defence(retrained, costs.attacked_once, "retraining (Sharna)"),
    "mixed batches": Defence(mixed, costs.half_attacked, "mixed batches (Biswari)"),
    "filter, printed": Defence(filtered_as_printed, costs.filtering, "filter, printed (Pravin 2021)", knows_eps=False),
    "filter, median": Defence(filtered_by_median, costs.filtering, "filter, median (Pravin 2021)", knows_eps=False),
    PGD_TRAINING: Defence(pgd_trained, costs.attacked_in_steps, "PGD training (Madry 2018)"),
    RISING: Defence(pgd_trained_rising, costs.attacked_in_steps, "PGD, rising eps"),
    AT_RANDOM: Defence(removed_at_random, costs.removal_at_random, "random removal", knows_eps=False),
}
"""The rows of the table. A defence of your own is one more: it has its place in every table and figure."""

FROM_PAPERS = ("removal", "fine-tuned", "retrained", "mixed batches", "filter, printed", "filter, median")
"""The defences that sentences about the papers' defences count."""


def titled(name: str) -> str:
    """What a row is called where it is shown: a defence of `DEFENCES` as that says, any other as it is."""
    return DEFENCES[name].shown if name in DEFENCES else name


def cost(name: str, work: Work) -> float:
    """How much a defence computes, relative to no defence."""
    return DEFENCES[name].passes(work) / DEFENCES[NONE].passes(work)
