"""Networks by name, from their weights alone."""

import numpy as np
import torch
from torch import nn

from lib.digest.weights import Weights
from lib.models.lenets import LENETS
from lib.models.small import DenseNetwork, MadryCNN, SimpleCNN, SmallCNN, StridedCNN

NETWORKS: dict[str, type[nn.Module]] = {
    one.__name__: one for one in (SimpleCNN, DenseNetwork, StridedCNN, SmallCNN, MadryCNN, *LENETS.values())
}
"""The small networks, each built with its default options."""


class WeightsError(ValueError):
    """What is given holds no network of this book; the message names it and says why."""


def built(architecture: str, weights: Weights, whose: str) -> nn.Module:
    """A network with these weights, in eval mode, on the CPU.

    Raises
    ------
    WeightsError
        Where lib has no such network, or the weights do not fit it; the message begins with `whose`.
    """
    if architecture not in NETWORKS:
        raise WeightsError(f"{whose} holds a network named {architecture!r}; there are: {', '.join(NETWORKS)}")
    network = NETWORKS[architecture]()
    try:
        network.load_state_dict({name: torch.from_numpy(np.array(one)) for name, one in weights.items()})
    except RuntimeError as error:
        said = str(error).splitlines()[-1].strip()
        raise WeightsError(f"{whose} does not hold the weights of a {architecture}: {said}") from error
    return network.eval()
