"""What is measured to see whether the network after the loop hides its gradient."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib import data
from lib.attack.gradient import PGD
from lib.attack.search import square
from lib.chapters.unlearning import networks
from lib.chapters.unlearning.networks import Updating
from lib.measure import red_flags
from lib.measure.red_flags import Flag, Probes
from lib.measure.score import score


@dataclass(frozen=True)
class FlagsSetting:
    """The loop in one reading, how many test images are attacked, and in how many queries of Square each."""

    updating: Updating
    n_images: int
    queries: int

    def __str__(self) -> str:
        return str(self.updating)


@dataclass(frozen=True, eq=False)
class FlagsRecord:
    """What the network after the last round classifies correctly; transferred images come from that before the loop."""

    probes: Probes
    searched: NDArray[np.bool_]
    """The same images (N,) under Square, which sees no gradient."""

    @property
    def flags(self) -> list[Flag]:
        """The signs, raised or not."""
        return red_flags.flags(self.probes, self.searched)


def flags(setting: FlagsSetting) -> FlagsRecord:
    """Run the loop, and look for signs that its last network hides its gradient, with pixels kept in their range."""
    updating, eps = setting.updating, setting.updating.attack.eps
    images, original = data.load(updating.training.dataset), networks.trained(updating.training)
    chosen = data.sample(images.y_test, setting.n_images)
    x, y = images.x_test[chosen], images.y_test[chosen]
    *_, last = networks.rounds(updating)
    found = red_flags.probes(last.network, x, y, eps, lambda x, y, radius: PGD(eps=radius)(original, x, y))
    return FlagsRecord(found, score(last.network, square(last.network, x, y, eps, setting.queries), y).correct)
