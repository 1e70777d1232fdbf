"""The chapter's measurements: from a setting, which has all that decides the outcome, to a raw record."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib import data
from lib.attack.gradient import PGD
from lib.chapters.common_ground import attacks, judging
from lib.chapters.common_ground import madry as own
from lib.chapters.common_ground.attacks import Case
from lib.chapters.common_ground.defences import Defended
from lib.chapters.common_ground.filtering import changed, scan
from lib.chapters.common_ground.first import First, held_out, sampled, start
from lib.chapters.common_ground.judging import Judgement
from lib.chapters.common_ground.settings import Attacked, Distances, Filtering, Madry, Network, OverEps
from lib.measure.curves import curve
from lib.measure.score import score
from lib.models.base import outline, parameter_count

# Records


@dataclass(frozen=True, eq=False)
class FirstFound:
    """A network before any defence.

    Parameters
    ----------
    origin, n_train
        Where the images come from, and how many the network was trained on.
    outline, parameters
        Its layers in words, and how many parameters it has.
    correct
        Which of all test images (N,) it classifies correctly.
    """

    origin: str
    n_train: int
    outline: str
    parameters: int
    correct: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class AttacksFound:
    """Which images (N,) are classified correctly under each attack and each check, and what else a judgement has.

    Parameters
    ----------
    y
        The true classes (N,).
    no_gradient
        On which images (N,) the gradient is zero in every pixel.
    seconds
        Seconds of training beyond the first training.
    """

    y: NDArray[np.uint8]
    correct: dict[str, NDArray[np.bool_]]
    checks: dict[str, NDArray[np.bool_]]
    no_gradient: NDArray[np.bool_]
    seconds: float


@dataclass(frozen=True, eq=False)
class SearchesFound:
    """Which images (N,) are classified correctly under each attack."""

    correct: dict[str, NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class DistancesFound:
    """How far L-BFGS has to go for each image (n,), in L2; infinite where it fails."""

    l2: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CurveFound:
    """Which images are classified correctly under PGD at each eps of the grid (eps, N)."""

    correct: NDArray[np.bool_]

    @property
    def accuracies(self) -> list[float]:
        """The accuracy at each eps."""
        return self.correct.mean(1).tolist()


@dataclass(frozen=True, eq=False)
class Change:
    """What a reading of the filter did.

    Parameters
    ----------
    tau
        The threshold.
    alpha
        The factor by which fragile kernels were amplified.
    before, after
        The singular values of the null kernels.
    """

    tau: float
    alpha: float
    before: NDArray[np.float64]
    after: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FilterFound:
    """Which training images are classified correctly without each kernel (kernels, N), and what each reading did."""

    correct: NDArray[np.bool_]
    changes: dict[str, Change]


# Measurements


def trained(setting: Network) -> Defended:
    """The network of a setting: trained, or loaded where it was before."""
    return setting.defence(start(setting.first, setting.further), setting.eps)


def first(setting: First) -> FirstFound:
    """Train the network that all defences of a seed start from."""
    begun, images = start(setting), data.load(setting.dataset)
    correct = score(begun.network, images.x_test, images.y_test).correct
    network = begun.network
    return FirstFound(images.origin, len(images.x_train), outline(network), parameter_count(network), correct)


def filtering(setting: Filtering) -> FilterFound:
    """Apply readings of the filter to a network's first layer."""
    begun = start(setting.network.first, setting.network.further)
    network = setting.network.defence(begun, setting.network.eps).network
    correct = scan(network, begun.train)
    changes = {name: changed(network[0].weight, correct, reading) for name, reading in setting.readings}
    return FilterFound(
        correct, {name: Change(one.tau, one.alpha, one.before, one.after) for name, one in changes.items()}
    )


def attacked(setting: Attacked) -> AttacksFound:
    """Defend a network, and attack it along its gradient."""
    defended = trained(setting.network)
    case = _case(defended, setting)
    return AttacksFound(
        case.y.cpu().numpy().astype(np.uint8),
        attacks.correct_under(case, setting.attacks),
        attacks.correct_under(case, setting.checks),
        judging.silent(case),
        defended.seconds,
    )


def searched(setting: Attacked) -> SearchesFound:
    """Attack a defended network by search: Square, and AutoAttack's four attacks."""
    return SearchesFound(attacks.correct_under(_case(trained(setting.network), setting), setting.attacks))


def distances(setting: Distances) -> DistancesFound:
    """Find, for each image, the nearest one that a defended network misclassifies, by L-BFGS."""
    network = trained(setting.network).network
    judged = held_out(setting.network.first.dataset, setting.n_judge)
    return DistancesFound(attacks.nearest_adversarial(network, *sampled(judged, setting.n)))


def over_eps(setting: OverEps) -> CurveFound:
    """Attack a defended network with PGD at each eps."""
    network = trained(setting.network).network
    images = held_out(setting.network.first.dataset, setting.n_judge)
    return CurveFound(np.stack([one.correct for one in curve(network, PGD(early_stop=True), setting.grid, *images)]))


def madry(setting: Madry) -> Judgement:
    """Train Madry's own network, on its schedule, and attack it in every way."""
    defended = own.trained(setting.dataset, setting.epochs, setting.seed)
    case = _case(defended, setting)
    return judging.judged(case, setting.attacks, setting.checks, setting.n_lbfgs, defended.seconds)


def _case(defended: Defended, setting: Attacked | Madry) -> Case:
    other = start(setting.other).network
    return Case(defended.network, other, *held_out(setting.other.dataset, setting.n_judge), setting.eps)
