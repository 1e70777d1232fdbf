"""Which networks are kept, and what is said of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib.chapters.common_ground.defences import NONE, RISING
from lib.chapters.common_ground.settings import Network
from lib.evidence.cells import Cell
from lib.show.counting import counted


@dataclass(frozen=True)
class Words:
    """A network in a word or two, and what it was trained on after the first training."""

    title: str
    how: str


KEPT: dict[str, Words] = {
    NONE: Words("undefended", "on clean images"),
    "retrained": Words("retrained", "on FGSM images, made once through the first network"),
    "mixed batches": Words(
        "mixed batches", "on batches of which half are FGSM images, made through the network as it is by then"
    ),
    RISING: Words(
        "PGD-trained",
        "on PGD images, made through the network as it is by then. "
        "Their eps rises to the full one over the first half of these epochs",
    ),
}
"""By defence. Plain PGD training fails to begin with some seeds at the larger eps: that with a rising eps is taken."""


def how(network: Network) -> str:
    """How a network was trained, in sentences."""
    first = network.first
    eps = "" if network.eps is None else f"with eps {network.eps:g}, "
    return (
        f"Trained on clean images for {counted(first.epochs, 'epoch')}, in batches of {first.batch_size}, with Adam "
        f"(1e-3). Then for {counted(network.further, 'epoch')} more, {eps}{KEPT[network.defence.name].how}. "
        f"Seed {first.seed}."
    )


def under_attack(network: Network, eps: float, cells: Iterable[Cell]) -> Mapping[str, NDArray[np.bool_]]:
    """Which images (N,) a network classifies correctly under each attack at an eps, from those cells that are kept."""
    own = [one for one in cells if one.setting.network == network and one.setting.eps == eps]
    found: dict[str, NDArray[np.bool_]] = {}
    for cell in dict.fromkeys(own):
        if read := cell.read():
            found |= read[0].correct
    return {name: correct for name, correct in found.items() if name != "clean"}
