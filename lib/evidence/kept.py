"""What an experiment keeps for others to try: trained networks, and images to try them on."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib.evidence.cells import Cell


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network.

    Parameters
    ----------
    name
        What its file is called.
    title, how
        What it is, in a word or two, and how it was trained, in sentences.
    cell
        The cell of the network. Its record has the `architecture`, the `weights` by name, and which of all test images
        are `correct` (N,).
    attacked
        Which images (N,) it classifies correctly under each attack, by the attack's name; attacks that were not
        measured are left out.
    """

    name: str
    title: str
    how: str
    cell: Cell
    attacked: Mapping[str, NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class Kept:
    """All that an experiment keeps.

    Parameters
    ----------
    dataset
        The data set that the networks are trained on, and that the images are from.
    eps
        The radius that the networks are defended against, and attacked at, in pixel units.
    networks
        The networks, the undefended one first.
    images
        The cell of the images; its record has `images` (n, H, W), from 0 to 255, and their classes `y` (n,).
    """

    dataset: str
    eps: float
    networks: tuple[Trained, ...]
    images: Cell
