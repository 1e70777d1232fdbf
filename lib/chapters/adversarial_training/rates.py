"""What several tables, figures and answers of the chapter are made of: rates, losses, accuracy under each attack."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lib.chapters.adversarial_training.cases import MIXED_HELD_OUT, UNDEFENDED
from lib.chapters.adversarial_training.courses import Course
from lib.chapters.adversarial_training.distances import Reach
from lib.chapters.adversarial_training.measure import Searched
from lib.chapters.adversarial_training.networks import FineTuned, MixedTrained
from lib.chapters.adversarial_training.scores import CONTROL, Scores
from lib.measure.intervals import Measured, cut, difference, rate
from lib.measure.intervals import loss as mean_loss
from lib.measure.ratios import linearised, mean
from lib.measure.red_flags import Flag, Probes, flags
from lib.show import cells

KERAS_CAP = -math.log(1e-7)
"""The highest loss an image can have in Keras, which clips probabilities at 1e-7: 16.12 nats."""

Scored = Mapping[str, Sequence[Scores]]
"""The scores of each case of the chapter, one for each seed."""

Ladder = tuple[tuple[str, Measured], ...]


def accuracy(scores: Sequence[Scores], kind: str) -> Measured:
    """Accuracy on one kind of images."""
    return rate([one.correct(kind) for one in scores])


def worst(scores: Sequence[Scores]) -> Measured:
    """Accuracy on the sampled images, each under whichever attack fools the network."""
    return rate([one.worst for one in scores])


def loss(scores: Sequence[Scores], kind: str) -> Measured:
    """The mean loss on one kind of images, in nats."""
    return mean_loss([one.losses[kind] for one in scores])


def keras_loss(scores: Sequence[Scores], kind: str) -> Measured:
    """The mean loss on one kind of images as Keras would report it."""
    return cut(mean_loss([capped(one.losses[kind]) for one in scores]), 0, KERAS_CAP)


def capped(losses: NDArray) -> NDArray:
    """Losses (N,) as Keras would report them."""
    return np.minimum(losses, KERAS_CAP)


def confusion(scores: Sequence[Scores], kind: str) -> NDArray[np.float64]:
    """Of the images of each class (rows), the share that is classified as each (columns), over all networks."""
    labels = (one.y if len(one.read[kind]) == len(one.y) else one.y[one.sampled] for one in scores)
    return cells.confusion(zip(labels, (one.read[kind] for one in scores), strict=True))


def gap(scores: Sequence[Scores], others: Sequence[Scores], kind: str) -> Measured:
    """Accuracy of one defence minus that of another on one kind of images, paired."""
    return difference([one.correct(kind) for one in scores], [one.correct(kind) for one in others])


def fall_under_bim(scores: Sequence[Scores]) -> Measured:
    """Accuracy under FGSM, clipped, minus that under BIM, on the sampled images."""
    return difference(*([one.correct_sampled(kind) for one in scores] for kind in ("clipped", "BIM")))


def few_pixels_gain(searched: Mapping[str, Sequence[Searched]], pixels: int) -> Measured:
    """What mixed training gains over no defence under a search over so many pixels, paired."""
    mixed, undefended = ([one.correct(pixels) for one in searched[case]] for case in (MIXED_HELD_OUT, UNDEFENDED))
    return difference(mixed, undefended)


def ladder(scores: Sequence[Scores]) -> Ladder:
    """Accuracy under each attack, from a control that is not an attack to the worst case."""
    rungs = [("random signs, no attack", accuracy(scores, CONTROL)), ("stale images", accuracy(scores, "P"))]
    if any(not np.array_equal(one.read["P"], one.read["W"]) for one in scores):
        rungs.append(("fresh FGSM", accuracy(scores, "W")))
    return (*rungs, ("PGD, 40 steps", accuracy(scores, "PGD")), ("worst case", worst(scores)))


def loss_ladder(scores: Sequence[Scores]) -> Ladder:
    """The loss under each attack, in nats; that on stale images also as Keras would report it."""
    rungs = [("stale images", loss(scores, "P")), ("the same, capped at 16.12", keras_loss(scores, "P"))]
    if any(not np.array_equal(one.read["P"], one.read["W"]) for one in scores):
        rungs.append(("fresh FGSM", loss(scores, "W")))
    return (*rungs, ("PGD, 40 steps", loss(scores, "PGD")))


def half_less_won_back(
    before: Sequence[NDArray[np.bool_]], taken: Sequence[NDArray[np.bool_]], kept: Sequence[NDArray[np.bool_]]
) -> Measured | None:
    """One half minus the share that defended networks win back of what an attack takes from undefended ones.

    The share is a ratio of means over images, linearised, so that networks and images both count in its interval.

    Parameters
    ----------
    before, taken
        Which images (N,) an undefended network classifies correctly as they are, and under the attack.
    kept
        Which of them the defended network of the same seed classifies correctly under the attack.

    Returns
    -------
    Measured or None
        None where the attack takes nothing from one of the networks: then nothing can be won back.
    """
    lost = [clean.astype(float) - under for clean, under in zip(before, taken, strict=True)]
    if any(one.mean() <= 0 for one in lost):
        return None
    won = [defended.astype(float) - under for defended, under in zip(kept, taken, strict=True)]
    return mean([0.5 - linearised(*pair) for pair in zip(won, lost, strict=True)])


def lowest(courses: Sequence[Course]) -> list[int]:
    """For each network, the epoch at which the mean test loss of the *others* is lowest; its own where it is alone.

    The lowest of many noisy values lies below the true course. Chosen by the others, the epoch has no part in that.
    """
    losses = np.stack([one.test_loss for one in courses])
    others = [np.delete(losses, at, 0) for at in range(len(losses))] if len(losses) > 1 else [losses]
    return [int(one.mean(0).argmin()) for one in others]


def after_lowest_loss(courses: Sequence[Course]) -> tuple[float, float]:
    """The mean changes of test loss and of accuracy, from the epoch of lowest loss (`lowest`) to the last."""
    pairs = list(zip(courses, lowest(courses), strict=True))
    loss = [one.test_loss[-1] - one.test_loss[at] for one, at in pairs]
    accuracy = [one.test_correct[-1].mean() - one.test_correct[at].mean() for one, at in pairs]
    return float(np.mean(loss)), float(np.mean(accuracy))


def median_l2(far: Reach, first: int | None = None) -> float:
    """The median L2 distance of an attack where it succeeds, over all images or the first; 0 where it never does."""
    reached = far.l2[:first][far.successful[:first]]
    return float(np.median(reached)) if len(reached) else 0.0


def passes_an_image(training: FineTuned | MixedTrained, count: int) -> float:
    """The gradient passes of a defence's training for each image: those of its training steps and of attacks on it.

    Training takes one pass for each image in every epoch.
    Fine-tuning attacks each of its `count` images once. Mixed training attacks the smaller half of every batch, in
    every epoch, with as many passes as its attack has steps.
    """
    if isinstance(training, FineTuned):
        return training.epochs + 1.0
    whole, rest = divmod(count, training.batch_size)
    attacked = whole * (training.batch_size // 2) + rest // 2
    return training.epochs * (1 + attacked * getattr(training.attack, "steps", 1) / count)


def flagged(probed: Sequence[Probes], scored: Sequence[Scores]) -> list[list[Flag]]:
    """The red flags of each network, raised or not; Square's outcome is among its scores, on the same images.

    Raises
    ------
    ValueError
        Where the two are not of the same images.
    """
    pairs = list(zip(probed, scored, strict=True))
    if any(one.labels.tolist() != scores.y[scores.sampled].tolist() for one, scores in pairs):
        raise ValueError("a network was probed on other images than Square attacked")
    return [flags(one, scores.correct("Square")) for one, scores in pairs]
