"""What decides the outcome of each measurement, as plain values."""

from dataclasses import dataclass

from lib.chapters.common_ground.chosen import Chosen
from lib.chapters.common_ground.first import First
from lib.chapters.fragile_neurons.svd_filter import Filter


@dataclass(frozen=True)
class Network:
    """A defended network.

    Parameters
    ----------
    first
        The training that it starts from.
    further
        For how many epochs it is trained further.
    defence
        A function of `defences.DEFENCES`.
    eps
        What it is defended against; None where the defence does not depend on it.
    """

    first: First
    further: int
    defence: Chosen
    eps: float | None

    def __str__(self) -> str:
        against = "" if self.eps is None else f"eps {self.eps:g}, "
        return f"{self.defence.name}, {against}{self.first}"


@dataclass(frozen=True)
class Attacked:
    """A network under attacks at one eps.

    Parameters
    ----------
    network, other
        The one that is judged, and the one through which a transfer attack is made.
    n_judge
        How many test images, at most.
    eps
        The radius of the attacks.
    attacks, checks
        Some of `attacks.ATTACKS` and of `attacks.CHECKS`.
    """

    network: Network
    other: First
    n_judge: int
    eps: float
    attacks: tuple[Chosen, ...]
    checks: tuple[Chosen, ...] = ()

    def __str__(self) -> str:
        return f"{self.network.defence.name}, eps {self.eps:g}, {self.network.first}"


@dataclass(frozen=True)
class Filtering:
    """Readings of the filter, by name, on a network without a defence."""

    network: Network
    readings: tuple[tuple[str, Filter], ...]

    def __str__(self) -> str:
        return str(self.network)


@dataclass(frozen=True)
class Distances:
    """L-BFGS on at most n of the n_judge test images that are judged."""

    network: Network
    n_judge: int
    n: int

    def __str__(self) -> str:
        return str(self.network)


@dataclass(frozen=True)
class OverEps:
    """PGD over a grid of eps, on at most n_judge test images."""

    network: Network
    n_judge: int
    grid: tuple[float, ...]

    def __str__(self) -> str:
        return str(self.network)


@dataclass(frozen=True)
class Madry:
    """Madry's own network, trained on its own schedule for some epochs, and judged at an eps."""

    dataset: str
    epochs: int
    seed: int
    other: First
    n_judge: int
    eps: float
    attacks: tuple[Chosen, ...]
    checks: tuple[Chosen, ...]
    n_lbfgs: int

    def __str__(self) -> str:
        return f"judged at eps {self.eps:g}, seed {self.seed}"
