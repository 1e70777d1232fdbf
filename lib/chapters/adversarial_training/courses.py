"""Training runs watched epoch by epoch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from lib.attack.gradient import PGD
from lib.chapters.adversarial_training.networks import (
    AS_MANY,
    TEST,
    Images,
    Training,
    images,
    trained,
    watched,
    weights_digest,
)
from lib.measure.score import score, under_attack


@dataclass(frozen=True)
class Watching:
    """A training run that is looked at after each epoch.

    Parameters
    ----------
    training
        Which run.
    probe
        The attack that is made on its network.
    n_images
        On how many test images: those of `networks.watched`.
    """

    training: Training
    probe: PGD
    n_images: int

    def __str__(self) -> str:
        return str(self.training)


@dataclass(frozen=True, eq=False)
class Course:
    """A training run by epoch: arrays (epochs, N) of what the network gets right, and its mean losses (epochs,)."""

    training_correct: NDArray[np.bool_]
    """As many training images as there are test images."""
    training_loss: NDArray[np.float64]
    test_correct: NDArray[np.bool_]
    test_loss: NDArray[np.float64]
    attacked_correct: NDArray[np.bool_]
    """Test images under the probe."""
    lowest_losses: NDArray[np.float32]
    """The loss of each test image (N,) after the epoch with the lowest mean."""
    last_losses: NDArray[np.float32]
    """The same after the last epoch."""
    losses: list[float]
    """The mean loss of each epoch's batches, during training."""
    seconds: float
    """Of training, without the looks."""
    weights: str
    """The digest of the trained network."""

    @property
    def attacked(self) -> list[float]:
        """Accuracy under the probe after each epoch."""
        return [float(one) for one in self.attacked_correct.mean(1)]

    @property
    def best(self) -> int:
        """The epoch, from 1, after which accuracy under the probe was highest; the first of equals."""
        return int(np.argmax(self.attacked)) + 1

    @property
    def epochs(self) -> int:
        """How many there were."""
        return len(self.losses)


@dataclass(frozen=True, eq=False)
class Watch:
    """Looks at a network after each epoch, and keeps what it sees.

    Parameters
    ----------
    train, test
        Images whose accuracy and loss are taken, in eval mode.
    attacked
        Images that `probe` attacks.
    """

    train: Images
    test: Images
    attacked: Images
    probe: PGD

    def __call__(self, model: nn.Module) -> tuple[NDArray, float, NDArray, NDArray, NDArray]:
        """What is right and the mean loss on training images; both for each test image; what is right under attack."""
        train, test = score(model, *self.train), score(model, *self.test)
        under = under_attack(model, self.probe, *self.attacked)
        return train.correct, train.loss, test.correct, test.losses, under.correct


def course(setting: Watching) -> Course:
    """Train a network, or load it epoch by epoch, and watch it."""
    training = setting.training
    test = images(training.undefended.dataset, TEST)
    chosen = watched(test[1], setting.n_images)
    few = test[0][chosen], test[1][chosen]
    watch = Watch(images(training.undefended.dataset, AS_MANY), test, few, setting.probe)
    seen: list[tuple] = []
    model, history = trained(training, each_epoch=lambda now: seen.append(watch(now)))
    right, loss, test_right, test_losses, attacked = (np.stack(column) for column in zip(*seen, strict=True))
    test_loss = test_losses.mean(1, dtype=np.float64)
    return Course(
        right,
        loss,
        test_right,
        test_loss,
        attacked,
        test_losses[test_loss.argmin()],
        test_losses[-1],
        list(history.losses),
        history.seconds,
        weights_digest(model),
    )
