"""Checks for the exercises of the chapter on adversarial training."""

import numpy as np
import torch
from torch import Tensor, nn

from lib.attack import FGSM, LBFGS, PGD
from lib.chapters.adversarial_training.cases import MIXED_HELD_OUT
from lib.chapters.adversarial_training.experiment import Experiment
from lib.chapters.adversarial_training.networks import TEST, Training, images, judged, trained
from lib.course.checks.saying import CLOSE, READ_OFF, check, in_the_ball, kept, mean, near
from lib.measure.score import logits, score, under_attack


@check
def the_accuracies_are_those_measured(larger: Experiment, p: float, w: float, pgd: float) -> None:
    """Your accuracies are those of the mixed-trained networks in the run at the larger eps."""
    scores = kept(larger.scores(MIXED_HELD_OUT))
    for name, value, kind in (("p", p, "P"), ("w", w, "W"), ("pgd", pgd, "PGD")):
        near(value, mean(one.correct(kind) for one in scores), READ_OFF, name)


@check
def so_much_was_lost_since_the_peak(larger: Experiment, fallen: float) -> None:
    """Your fall is that from the best epoch to the last one, the mean over networks."""
    courses = [one.attacked for one in kept(larger.mixed())]
    near(fallen, float(np.mean([max(one) - one[-1] for one in courses])), CLOSE, "fallen")


@check
def the_differences_are_those_measured(
    experiment: Experiment, going_on: Experiment, clean_apart: float, fresh_apart: float
) -> None:
    """Your differences are those of the two runs' mixed-trained networks."""
    plain, other = (kept(one.scores(MIXED_HELD_OUT)) for one in (experiment, going_on))
    for name, value, kind in (("clean_apart", clean_apart, "clean"), ("fresh_apart", fresh_apart, "W")):
        apart = mean(one.correct(kind) for one in other) - mean(one.correct(kind) for one in plain)
        near(value, apart, 2 * READ_OFF, name)


@check
def the_images_go_towards_the_least_likely(
    blind: Tensor, left: float, network: nn.Module, experiment: Experiment
) -> None:
    """Your images stay within eps, most lie nearer to the least likely class, and accuracy on them is what you say."""
    x, y = images(experiment.dataset, TEST)
    in_the_ball(blind, x, experiment.eps, clipped=experiment.fgsm.clip is not None)
    least = logits(network, x).argmin(1)
    before, after = (logits(network, one).log_softmax(1).gather(1, least[:, None]) for one in (x, blind))
    nearer = (after > before).float().mean().item()
    assert nearer > 0.5, f"only {nearer:.0%} of the images lie nearer to the class that was least likely"
    near(left, score(network, blind, y).accuracy, CLOSE, "left")


@check
def it_leaks_or_not(leaks: bool, network: nn.Module, experiment: Experiment) -> None:
    """The network is more accurate on fresh FGSM images than on clean ones, or is not, as you say."""
    x, y = images(experiment.dataset, TEST)
    clean, fresh = score(network, x, y).accuracy, under_attack(network, experiment.fgsm, x, y).accuracy
    assert bool(leaks) == (fresh > clean), f"clean {clean:.3f}, under fresh FGSM {fresh:.3f}"


@check
def they_differ_in_the_attack_alone(plain: Training, strong: Training) -> None:
    """Your two trainings differ in the attack alone, and the second's is PGD of seven steps at the same eps."""
    assert isinstance(strong.attack, PGD) and strong.attack.steps == 7, "seven steps of PGD are asked for"
    assert isinstance(plain.attack, FGSM) and plain.attack.eps == strong.attack.eps, "both at the same eps"
    same = (plain.undefended, plain.epochs, plain.lr) == (strong.undefended, strong.epochs, strong.lr)
    assert same, "as many epochs, of the same network"


@check
def a_fresh_pgd_leaves_as_much(
    plain: Training, strong: Training, pgd_plain: float, pgd_strong: float, experiment: Experiment
) -> None:
    """Your two accuracies are those under a fresh PGD."""
    x, y = images(experiment.dataset, TEST)
    chosen = judged(y, experiment.n_images)
    for name, value, training in (("pgd_plain", pgd_plain, plain), ("pgd_strong", pgd_strong, strong)):
        network, _ = trained(training)
        left = under_attack(network, PGD(eps=experiment.eps), x[chosen], y[chosen]).accuracy
        near(value, left, CLOSE, name)


@check
def the_closed_form_is_the_distance(closed: Tensor, line: nn.Module, zero: Tensor) -> None:
    """A step of your length along the normal brings each image to the boundary."""
    w = (line[-1].weight[1] - line[-1].weight[0]).detach()
    moved = zero + closed.abs()[:, None, None, None] * (w / w.norm()).view_as(zero[:1])
    outputs = logits(line, moved)
    assert torch.allclose(outputs[:, 0], outputs[:, 1], atol=1e-3), "there the two logits are not the same"


@check
def the_box_makes_it_farther(unboxed: Tensor, boxed: Tensor, closed: Tensor, line: nn.Module, zero: Tensor) -> None:
    """Without the box L-BFGS finds your closed form to one in twenty; within it what you found, and never less."""
    closed, zero_y = closed.abs(), torch.zeros(len(zero), dtype=torch.int64, device=zero.device)
    assert bool(((unboxed - closed).abs() <= 0.05 * closed).all()), "without the box the two differ"
    assert bool((boxed >= 0.999 * closed).all()), "within the box an image is nearer than the closed form allows"
    again = (LBFGS()(line, zero, zero_y) - zero).flatten(1).norm(dim=1)
    assert bool(((boxed - again).abs() <= 0.05 * again).all()), "within the box a fresh L-BFGS finds another distance"
