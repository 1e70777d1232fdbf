"""The filter of Pravin et al. on this chapter's network: which kernels are fragile, and what a reading changes."""

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lib.chapters.common_ground.first import Images
from lib.chapters.fragile_neurons.kernels import is_fragile
from lib.chapters.fragile_neurons.svd_filter import Filter, Filtered, filtered
from lib.measure.score import score

N_SCAN = 1000
"""How many training images the fragile kernels are found on: no image that the network is judged on has a say."""


@torch.no_grad()
def scan(network: nn.Sequential, train: Images) -> NDArray[np.bool_]:
    """Which images are classified correctly without each kernel of the first layer, dropped in turn (kernels, N).

    The images are the first training images, `N_SCAN` of them. A dropped kernel's weights are zero; its bias stays.
    """
    x, y = (part[:N_SCAN] for part in train)
    return np.stack([score(_without(network, kernel), x, y).correct for kernel in range(len(network[0].weight))])


def _without(network: nn.Sequential, kernel: int) -> nn.Sequential:
    without = copy.deepcopy(network)
    without[0].weight[kernel] = 0
    return without


def fragile_kernels(correct: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which kernels (kernels,) are fragile, by what `scan` found."""
    return is_fragile(correct.mean(1))


def changed(weight: Tensor, correct: NDArray[np.bool_], reading: Filter) -> Filtered:
    """What a reading of the filter does to a first layer, for which `scan` found `correct`."""
    return filtered(weight, fragile_kernels(correct), reading)
