"""What a reader takes away to try: the weights of networks, and images to attack."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib import data
from lib.chapters.common_ground.first import held_out
from lib.chapters.common_ground.measure import trained
from lib.chapters.common_ground.settings import Network
from lib.measure.score import score

SHOWN = 10
"""How many images are shown."""


@dataclass(frozen=True)
class Shown:
    """Test images of a data set."""

    dataset: str

    def __str__(self) -> str:
        return f"test images of {self.dataset}"


@dataclass(frozen=True)
class Places:
    """The shown images of a data set among those that networks are judged on.

    Parameters
    ----------
    shown
        The images.
    n_judge
        How many test images are judged on.
    """

    shown: Shown
    n_judge: int

    def __str__(self) -> str:
        return f"{self.shown}, among {self.n_judge}"


@dataclass(frozen=True, eq=False)
class WeightsFound:
    """A trained network.

    Parameters
    ----------
    architecture
        Its class in `lib.models`.
    weights
        All values of its state, by name.
    correct
        Which of all test images (N,) it classifies correctly.
    """

    architecture: str
    weights: dict[str, NDArray[np.float32]]
    correct: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ShownFound:
    """Test images (n, H, W) in grey levels from 0 to 255, and their classes (n,)."""

    images: NDArray[np.uint8]
    y: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class PlacesFound:
    """The place of each shown image (n,) among those that are judged."""

    places: NDArray[np.int32]


def weights(setting: Network) -> WeightsFound:
    """Train a defended network, and keep its weights."""
    network, images = trained(setting).network, data.load(setting.first.dataset)
    found = {name: one.detach().cpu().contiguous().numpy() for name, one in network.state_dict().items()}
    return WeightsFound(type(network).__name__, found, score(network, images.x_test, images.y_test).correct)


def shown(setting: Shown) -> ShownFound:
    """Choose a sample of the test images to show."""
    x, y = held_out(setting.dataset, SHOWN)
    levels = (x[:, 0].cpu() * 255).round()
    return ShownFound(levels.numpy().astype(np.uint8), y.cpu().numpy().astype(np.uint8))


def places(setting: Places) -> PlacesFound:
    """Find the shown images among the judged ones: the larger sample has the smaller one in it.

    Raises
    ------
    ValueError
        Where it does not.
    """
    y = data.load(setting.shown.dataset).y_test
    shown, judged = (data.sample(y, n).cpu().numpy() for n in (SHOWN, setting.n_judge))
    if not np.isin(shown, judged).all():
        raise ValueError(f"not all images that are shown are among the {setting.n_judge} that are judged")
    return PlacesFound(np.searchsorted(judged, shown).astype(np.int32))
