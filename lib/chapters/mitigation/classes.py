"""The classes that networks give images, as records keep them."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lib.measure.score import logits

Classes = NDArray[np.uint8]
"""The class that each image is taken for, or belongs to; the last axis is over images."""

Places = NDArray[np.int32]
"""Indices of test images, ascending: those attacked in many steps, as `lib.data.sample` chooses them."""


def classified(network: nn.Module, x: Tensor) -> Classes:
    """The class that a network gives each image (N,)."""
    return as_classes(logits(network, x).argmax(1))


def as_classes(labels: Tensor) -> Classes:
    """Labels as records keep them."""
    return labels.cpu().numpy().astype(np.uint8)


def as_places(places: Tensor) -> Places:
    """Places as records keep them."""
    return places.cpu().numpy().astype(np.int32)
