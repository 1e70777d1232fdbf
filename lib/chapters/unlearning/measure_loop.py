"""What is measured of the loop: at the paper's eps, and where there is something to recover."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lib import data
from lib.attack.gradient import FGSM, PGD
from lib.chapters.unlearning import looks, measure_row, networks, reads
from lib.chapters.unlearning.looks import Images, Look
from lib.chapters.unlearning.measure_row import Row
from lib.chapters.unlearning.networks import Training, Updating
from lib.chapters.unlearning.reads import Reads
from lib.measure.score import under_attack

JUDGED = "b"
"""The reading that stands for the paper's method."""

UPDATED = ("none", "b", "c", "d", "e", "f")
"""The readings whose last network is a candidate for the third row."""


@dataclass(frozen=True)
class LoopSetting:
    """The loop in one reading, looked at after each round: `n_images` test images under PGD, `n_row` for row 3."""

    updating: Updating
    n_images: int
    n_row: int

    def __str__(self) -> str:
        return str(self.updating)


@dataclass(frozen=True, eq=False)
class LoopRecord:
    """Looks at the network after each round, and more of the last one."""

    looks: list[Look]
    printed: Reads
    """The last network on all test images under the paper's FGSM, not clipped."""
    longest: Reads | None
    """The last network on a sample of them under PGD, run to the end of its steps; for the reading `JUDGED` alone."""
    row: Row | None
    """The third row's candidates; for the readings `UPDATED` alone."""

    @property
    def last(self) -> Look:
        """After the last round."""
        return self.looks[-1]


def rounds(setting: LoopSetting) -> LoopRecord:
    """Run the loop and look at the network of each round."""
    updating, fgsm = setting.updating, replace(setting.updating.attack, clip=None)
    dataset, images = updating.training.dataset, Images.of(updating.training.dataset, setting.n_images)
    seen, longest, row = [], None, None
    for step in networks.rounds(updating):
        seen.append(looks.look(step.network, fgsm, images, step.left_out))
    if updating.reading == JUDGED:
        longest = reads.attacked(step.network, PGD(eps=fgsm.eps), *images.some)
    if updating.reading in UPDATED:
        original = networks.trained(updating.training)
        row = measure_row.row(step.network, original, dataset, fgsm.eps, setting.n_row)
    return LoopRecord(seen, reads.attacked(step.network, fgsm, *images.test), longest, row)


# Room to recover

READINGS = ("none", "random", JUDGED)
"""What is run where there is room: the paper's method and its two controls."""

GRID, HALVINGS, CHOOSING = 50, 6, 1000
"""How many eps up to 1 are tried in turn, how often the last step is halved, and on how many training images."""


@dataclass(frozen=True)
class RoomSetting:
    """The loop at the eps where a trained network's accuracy under FGSM is `leaves`.

    eps is found on training images, so that it does not depend on the images on which the loop is judged.
    """

    training: Training
    leaves: float
    remove: int
    round_epochs: int
    rounds: int
    n_images: int

    def __str__(self) -> str:
        return str(self.training)


@dataclass(frozen=True, eq=False)
class RoomRecord:
    """The eps, and the network before and after each round at that eps, by reading."""

    tried: NDArray[np.float64]
    """The eps that were tried and the accuracy under FGSM at each (n, 2), in the order in which they were tried."""
    before: Look
    loops: dict[str, list[Look]]

    @property
    def eps(self) -> float:
        """The eps of the loop: the last that was tried."""
        return float(self.tried[-1, 0])


def room(setting: RoomSetting) -> RoomRecord:
    """Find the eps at which accuracy under FGSM falls to a given value, and run the loop there."""
    original, images = networks.trained(setting.training), Images.of(setting.training.dataset, setting.n_images)
    x, y = images.train
    chosen = data.sample(y, CHOOSING)
    tried = eps_that_leaves(setting.leaves, original, x[chosen], y[chosen])
    fgsm, nothing = FGSM(eps=float(tried[-1, 0]), clip=None), (y != y)
    loops = {}
    for reading in READINGS:
        updating = Updating(setting.training, reading, fgsm, setting.remove, setting.round_epochs, setting.rounds)
        steps = networks.rounds(updating)
        loops[reading] = [looks.look(step.network, fgsm, images, step.left_out) for step in steps]
    return RoomRecord(tried, looks.look(original, fgsm, images, nothing), loops)


def eps_that_leaves(accuracy: float, network: nn.Module, x: Tensor, y: Tensor) -> NDArray[np.float64]:
    """Each eps that was tried, and the accuracy there under FGSM, not clipped: (n, 2), the last row what was found.

    The search goes to the smallest eps of an even grid up to 1 at which accuracy is at most `accuracy`, then halves the
    step from the eps before it. Where accuracy is higher at every eps, the last row is that of the lowest accuracy.
    """
    tried: list[tuple[float, float]] = []

    def left(eps: float) -> float:
        found = float(under_attack(network, FGSM(eps=eps, clip=None), x, y).correct.mean())
        tried.append((eps, found))
        return found

    grid = np.linspace(0, 1, GRID + 1).tolist()
    reached = next((eps for eps in grid if left(eps) <= accuracy), None)
    if reached is None:
        left(min(tried, key=lambda pair: pair[1])[0])
        return np.array(tried)
    low, high = max(reached - 1 / GRID, 0.0), reached
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if left(middle) <= accuracy else (middle, high)
    left(high)
    return np.array(tried)
