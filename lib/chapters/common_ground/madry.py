"""Madry's own network on Madry's own schedule, which has published figures."""

from lib import data
from lib.attack.gradient import PGD
from lib.chapters.common_ground.defences import Defended
from lib.models.base import build
from lib.models.small import MadryCNN
from lib.train.batches import Attacked
from lib.train.loop import fit

EPS = 0.3
PUBLISHED = {"clean": 0.988, "FGSM": 0.956, "PGD-40": 0.932, "AutoAttack": 0.885}
"""Accuracy on MNIST at eps 0.3: the paper's Table 1, and AutoAttack's list for the same network."""

EPOCHS = 83
"""About 100,000 steps on MNIST."""


def trained(dataset: str, epochs: int, seed: int) -> Defended:
    """Train from scratch on PGD images: 40 steps of 0.01, batches of 50, Adam at 1e-4."""
    images = data.load(dataset)
    network = build(MadryCNN, seed, images.x_train.device)
    batches = Attacked(images.x_train, images.y_train, PGD(eps=EPS, alpha=0.01, steps=40), 50)
    return Defended(network, fit(network, batches, epochs, lr=1e-4, seed=seed, label="Madry's network").seconds)
