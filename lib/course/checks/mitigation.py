"""Checks for the exercises of the chapter on mitigation."""

from torch import Tensor, nn

from lib.attack import FGSM, PGD, GradientStep, random_signs
from lib.chapters.mitigation.detector import BlackPixels, Guarded, adaptive, separation, suspicion
from lib.chapters.mitigation.experiment import Experiment
from lib.course.checks.saying import CLOSE, READ_OFF, another, check, in_the_ball, kept, mean, near
from lib.measure.score import score, under_attack


@check
def the_gains_are_those_measured(experiment: Experiment, smaller: Experiment, gain_smaller: float, gain: float) -> None:
    """Your gains are those of the networks retrained on training images, each at its own eps."""
    near(gain_smaller, gain_of(smaller), READ_OFF, "gain_smaller")
    near(gain, gain_of(experiment), READ_OFF, "gain")


def gain_of(experiment: Experiment) -> float:
    """What retraining on training images adds to accuracy under fresh FGSM, at the eps of retraining."""
    before, after = kept(experiment.networks()), kept(experiment.retrained(*experiment.held_out))
    first = (one.correct(one.fgsm.at(experiment.eps_train)) for one in before)
    return mean(one.correct(one.fresh_fgsm) for one in after) - mean(first)


@check
def the_numbers_are_the_last_network_s(
    network: nn.Module,
    fgsm_left: float,
    pgd_left: float,
    first_network: nn.Module,
    some: Tensor,
    some_y: Tensor,
    eps_train: float,
) -> None:
    """Your network was trained further, and its accuracy under fresh attacks is what you found."""
    another(network, first_network, some)
    for name, value, attack in (("fgsm_left", fgsm_left, FGSM), ("pgd_left", pgd_left, PGD)):
        left = under_attack(network, attack(eps=eps_train), some, some_y).accuracy
        near(value, left, CLOSE, name)


@check
def half_of_the_images_move_less(median: float, first_network: nn.Module, images: object) -> None:
    """Half of the test images have no pixel that the step at eps 0.3 moves by more than your median."""
    x, y = images.x_test, images.y_test
    moved = (GradientStep(eps=0.3)(first_network, x, y) - x).abs().flatten(1).amax(1).median().item()
    near(median, moved, 0.01 * moved, "median")


@check
def attacked_images_stay_in_the_ball(again: Tensor, some: Tensor, eps_train: float) -> None:
    """Your attacked images stay in [0, 1] and within eps."""
    in_the_ball(again, some, eps_train)


@check
def a_fresh_attack_is_told_as_well(
    second: nn.Module, again: Tensor, auc: float, guarded_first: Guarded, some: Tensor, some_y: Tensor, eps_train: float
) -> None:
    """Your detector is a new one; its AUC is that of your images, and of an attack made afresh."""
    another(second, guarded_first.detector, some)
    fresh = adaptive(eps_train)(Guarded(guarded_first.classifier, second), some, some_y)
    for attacked in (again, fresh):
        near(auc, separation(suspicion(second, some), suspicion(second, attacked)), CLOSE, "auc")


@check
def the_areas_are_those_of_fresh_images(
    second: nn.Module,
    auc_fgsm: float,
    auc_signs: float,
    auc_informed: float,
    first_network: nn.Module,
    some: Tensor,
    some_y: Tensor,
    eps_train: float,
) -> None:
    """Your three areas are those of images made afresh."""
    fgsm, signs = FGSM(eps=eps_train)(first_network, some, some_y), random_signs(some, eps_train)
    informed = adaptive(eps_train)(Guarded(first_network, second), some, some_y)
    clean, *suspicions = (suspicion(second, batch) for batch in (some, fgsm, signs, informed))
    near(auc_fgsm, separation(clean, suspicions[0]), CLOSE, "auc_fgsm")
    near(auc_signs, separation(suspicions[1], suspicions[0]), CLOSE, "auc_signs")
    near(auc_informed, separation(clean, suspicions[2]), CLOSE, "auc_informed")


@check
def black_pixels_stay_black(inked: Tensor, some: Tensor, eps_train: float) -> None:
    """Your attacked images stay in [0, 1] and within eps, and every black pixel is black still."""
    in_the_ball(inked, some, eps_train)
    lit = int(((some == 0) & (inked != 0)).sum())
    assert not lit, f"{lit} pixels were black, and are not any more"


@check
def the_numbers_are_the_images(
    inked: Tensor, accuracy: float, auc_black: float, first_network: nn.Module, some: Tensor, some_y: Tensor
) -> None:
    """Your accuracy and your area are those of your images, and the attack does something."""
    near(accuracy, score(first_network, inked, some_y).accuracy, CLOSE, "accuracy")
    near(auc_black, separation(*(suspicion(BlackPixels(), batch) for batch in (some, inked))), CLOSE, "auc_black")
    before, after = (score(first_network, batch, some_y).loss for batch in (some, inked))
    assert after > before, "the loss is no higher than before"
