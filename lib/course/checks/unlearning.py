"""Checks for the exercises of the chapter on unlearning."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from lib.attack import FGSM, softmax_sum
from lib.chapters.unlearning import rates
from lib.chapters.unlearning.experiment import Experiment
from lib.course.checks.saying import CLOSE, READ_OFF, another, check, kept, mean, near, number
from lib.data import Dataset
from lib.measure.score import attacked_losses, score, under_attack


@check
def the_levels_are_those_measured(experiment: Experiment, other: Experiment, fig4: float, fig2: float) -> None:
    """Your levels are the mean accuracies of the two runs under FGSM, not clipped."""
    for name, value, run in (("fig4", fig4, experiment), ("fig2", fig2, other)):
        near(value, mean(one.printed.correct for one in kept(run.networks())), READ_OFF, name)


@check
def the_gradient_shrinks_with_the_precision(
    single: Tensor, double: Tensor, network: nn.Module, some: Tensor, some_y: Tensor, eps: float
) -> None:
    """Your gradients are of the network and its images, and in double precision a thousand times smaller or less."""
    assert single.shape == double.shape == some.shape, "gradients have the shape of the images"
    assert double.dtype == torch.float64, "the second gradient is to be in double precision"
    again = FGSM(eps=eps, loss=softmax_sum).gradient(network, some, some_y)
    assert torch.allclose(single, again, rtol=0.1, atol=1e-9), "the first gradient is not this network's"
    assert double.abs().max() <= 1e-3 * single.abs().max(), "a rounding error shrinks with the precision"


@check
def the_signs_agree_as_often(agree: float, single: Tensor, double: Tensor) -> None:
    """The signs of your gradients agree in that share of all pixels."""
    near(agree, float(np.mean(single.sign().cpu().numpy() == double.sign().cpu().numpy())), 1e-4, "agree")


@check
def the_images_kept_are_the_hard_ones(
    kept_images: Tensor, images: Dataset, network_before: nn.Module, experiment: Experiment
) -> None:
    """You kept half of the training images, none twice, and no removed one has a higher attacked loss."""
    losses = attacked_losses(network_before, experiment.fgsm, images.x_train, images.y_train)
    stays = torch.zeros(len(losses), dtype=torch.bool, device=losses.device)
    stays[kept_images] = True
    count = int(stays.sum())
    assert count == len(kept_images) == len(losses) - len(losses) // 2, f"{count} images of {len(losses)} are kept"
    assert losses[stays].min() >= losses[~stays].max() - 1e-4, "some removed images have a higher attacked loss"


@check
def the_network_leaves_what_you_found(
    network: nn.Module,
    accuracy: float,
    attacked: float,
    network_before: nn.Module,
    images: Dataset,
    experiment: Experiment,
) -> None:
    """Your network is another one, and is as accurate as you say, clean and under fresh FGSM."""
    x, y = images.x_test, images.y_test
    another(network, network_before, x[:10])
    near(accuracy, score(network, x, y).accuracy, CLOSE, "accuracy")
    near(attacked, under_attack(network, experiment.fgsm, x, y).accuracy, CLOSE, "attacked")


@check
def hardness_cancels(corrected: Callable) -> None:
    """Your area is 1 where training lowers every loss by as much, and one half where it does nothing."""
    generator = np.random.default_rng(0)
    members, others = generator.exponential(size=(2, 500))
    near(corrected(members - 0.5, others, members, others), 1.0, 1e-9, "corrected(...), of losses all lower by a half,")
    near(corrected(members, others, members, others), 0.5, 1e-9, "corrected(...), of the same losses,")


@check
def the_areas_are_corrected(aucs: Mapping[str, float], corrected: Callable, memberships: Sequence) -> None:
    """Your areas are those of the first network's states, each with the network that never saw the images."""
    states = memberships[0].states
    assert set(aucs) == set(states), f"areas of {', '.join(states)} are asked for"
    losses = {name: (one.removed.losses, one.alike.losses) for name, one in states.items()}
    for name, of_state in losses.items():
        near(aucs[name], number(corrected(*of_state, *losses["c"]), "corrected(...)"), 1e-6, f"aucs[{name!r}]")


@check
def so_many_rounds_or_none_can_be_named(
    rounds_needed: float, networks: Sequence, loop: Mapping, experiment: Experiment
) -> None:
    """At the gain over the control, reading (b) needs as many rounds, as far as its interval lets them be named."""
    needed, gain = number(rounds_needed, "rounds_needed"), rates.gain(networks, loop, "b", "FGSM")
    missing = rates.TARGET - mean(one.printed.correct for one in networks)
    low, high = (_rounds(missing, end * gain.mean / experiment.rounds) for end in (1.05, 0.95))
    none = missing > 0 and (gain.low is None or gain.low <= 0)
    named = gain.mean > 0 or missing <= 0
    assert (none and math.isinf(needed)) or (named and low - 1 <= needed <= high + 1), (
        f"{needed:g} rounds do not make up {missing:.3f} at a gain of {gain} in {experiment.rounds} rounds"
    )


def _rounds(missing: float, gain: float) -> float:
    """How many rounds make up what is missing, at this gain for each round."""
    return 0 if missing <= 0 else missing / gain if gain > 0 else math.inf


@check
def the_images_left_follow(
    images_left: float, rounds_needed: float, networks: Sequence, experiment: Experiment
) -> None:
    """After your rounds, so many training images are left."""
    gone = experiment.remove * number(rounds_needed, "rounds_needed")
    near(images_left, max(0, len(networks[0].train) - gone), 2 * experiment.remove, "images_left")


@check
def each_label_leaves_as_much(accuracies: Sequence[float], network: nn.Module, images: Dataset, eps: float) -> None:
    """Each of your ten accuracies is that under FGSM with that digit as the label of every image."""
    assert len(accuracies) == 10, "one accuracy for each digit"
    attack, x, y = FGSM(eps=eps, clip=None), images.x_test, images.y_test
    for digit, value in enumerate(accuracies):
        left = score(network, attack(network, x, torch.full_like(y, digit)), y).accuracy
        near(value, left, CLOSE, f"the accuracy of digit {digit}")
