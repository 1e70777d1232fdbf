"""Which networks are kept, and what is said of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib.chapters.common_ground.defences import NONE, RISING
from lib.chapters.common_ground.settings import Network
from lib.evidence.cells import Cell


@dataclass(frozen=True)
class Words:
    """A network in a word or two, and how it was trained after the first training."""

    title: str
    how: str


KEPT: dict[str, Words] = {
    NONE: Words("undefended", "it went on training on clean images"),
    "retrained": Words(
        "retrained", "it went on training on FGSM images that were made once, through the network as it was before"
    ),
    "mixed batches": Words(
        "mixed batches",
        "it went on training on batches of which half are FGSM images, made through the network as it is by then",
    ),
    RISING: Words(
        "PGD-trained",
        "it went on training on PGD images, made through the network as it is by then, with an eps that rises to the "
        "full one over the first half of the epochs",
    ),
}
"""By defence. At the larger eps plain PGD training fails to begin with some seeds, so the one with a rising eps is
taken."""


def how(network: Network) -> str:
    """How a network was trained, in a sentence."""
    first = network.first
    against = "" if network.eps is None else f", at eps {network.eps:g}"
    return (
        f"Trained on clean images for {first.epochs} epochs in batches of {first.batch_size} with Adam (1e-3); then "
        f"{KEPT[network.defence.name].how}{against}, for {network.further} epochs more. Seed {first.seed}."
    )


def under_attack(network: Network, eps: float, cells: Iterable[Cell]) -> Mapping[str, NDArray[np.bool_]]:
    """Which images (N,) a network classifies correctly under each attack at an eps, from those of the cells kept."""
    own = [one for one in cells if one.setting.network == network and one.setting.eps == eps]
    found: dict[str, NDArray[np.bool_]] = {}
    for cell in dict.fromkeys(own):
        if read := cell.read():
            found |= read[0].correct
    return {name: correct for name, correct in found.items() if name != "clean"}
