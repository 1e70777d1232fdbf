"""The kernels of the first convolution: reading and changing them, and finding the fragile ones by dropping each."""

import copy
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor, nn

from lib import compute
from lib.models.base import evaluating
from lib.train import graphs

LEVELS = ("convolution", "batch norm", "ReLU")
"""Where the maps of the first layer can be read: as they come, after batch norm, after ReLU."""

BATCH = 500


def first_convolution(model: nn.Sequential) -> nn.Conv2d:
    """The first convolution of a network of `lib.models.resnets`; its weight is (kernels, channels, side, side)."""
    return model[-1].network.conv1


def halves(model: nn.Sequential) -> tuple[nn.Sequential, nn.Sequential]:
    """The network as two: up to the first max-pooling, and from there to the logits. Both share its weights."""
    network = model[-1].network
    stem = nn.Sequential(*model[:-1], network.conv1, network.bn1, network.relu, network.maxpool)
    stages = network.layer1, network.layer2, network.layer3, network.layer4
    return stem, nn.Sequential(*stages, network.avgpool, nn.Flatten(), network.fc)


def maps(model: nn.Sequential, x: Tensor) -> dict[str, Tensor]:
    """What the first layer makes of images, at each of `LEVELS`: tensors (N, kernels, height, width)."""
    network = model[-1].network
    plain = network.conv1(model[:-1](x))
    normed = network.bn1(plain)
    return dict(zip(LEVELS, (plain, normed, normed.relu()), strict=True))


def kernel_norms(weight: Tensor) -> NDArray:
    """The Euclidean norm of each kernel (kernels,)."""
    return compute.float64(weight.detach()).flatten(1).norm(dim=1).cpu().numpy()


def with_kernels(model: nn.Sequential, weight: Tensor) -> nn.Sequential:
    """A copy of a network with other kernels in its first convolution."""
    changed = copy.deepcopy(model)
    with torch.no_grad():
        first_convolution(changed).weight.copy_(weight)
    return changed


def scaled(model: nn.Sequential, fragile: NDArray, alpha: float) -> nn.Sequential:
    """A copy whose fragile kernels are amplified and whose others are not: the trivial alternative to the filter."""
    weight = first_convolution(model).weight.detach().clone()
    weight[torch.from_numpy(fragile).to(weight.device)] *= alpha
    return with_kernels(model, weight)


@torch.no_grad()
def reestimated(model: nn.Sequential, x: Tensor) -> nn.Sequential:
    """A copy whose first batch norm takes its mean and variance from images x (N, C, H, W), as in training."""
    changed = copy.deepcopy(model)
    with evaluating(changed):
        plain = torch.cat([maps(changed, images)["convolution"] for images in x.split(BATCH)])
    norm = changed[-1].network.bn1
    norm.running_mean.copy_(plain.mean((0, 2, 3)))
    norm.running_var.copy_(plain.var((0, 2, 3)))
    return changed


@torch.no_grad()
def correct_without(model: nn.Sequential, x: Tensor, y: Tensor) -> NDArray[np.bool_]:
    """Which images are classified correctly when a kernel of the first convolution is zeroed, for each kernel in turn.

    Up to the first pooling, kernels do not affect each other's maps. So that part runs once. For each kernel, its map
    is replaced by that of a kernel of zeros, and the rest of the network runs. Results leave the device at the end.

    Parameters
    ----------
    x, y
        Images (N, C, H, W) in [0, 1] and labels (N,).

    Returns
    -------
    array
        (kernels, N).
    """
    stem, rest = halves(model)
    blank = with_kernels(model, torch.zeros_like(first_convolution(model).weight))
    columns, size = [], compute.at_once(BATCH, x.device)
    with evaluating(model), evaluating(blank), graphs.kept():
        correct = graphs.Captured(_correct, rest)
        without = halves(blank)[0](x[:1])
        for images, labels in zip(x.split(size), y.split(size), strict=True):
            features = stem(images)
            rows = []
            for kernel in range(features.shape[1]):
                kept = features[:, kernel].clone()
                features[:, kernel] = without[:, kernel]
                rows.append(correct(features, labels))
                features[:, kernel] = kept
            columns.append(torch.stack(rows))
    return torch.cat(columns, 1).cpu().numpy()


def _correct(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Which inputs (N,) are classified as y."""
    return network(x).argmax(1) == y


def is_fragile(accuracies: Sequence[float] | NDArray) -> NDArray[np.bool_]:
    """The paper's S (kernels,): whether accuracy without a kernel is below the mean of that over all kernels."""
    accuracies = np.asarray(accuracies, dtype=float)
    return accuracies < accuracies.mean() - 1e-9  # the mean of equal numbers can be off by rounding


def by_skewness() -> dict[str, float]:
    """The share of kernels in S for drops in accuracy of some shapes: what S holds by skewness alone."""
    shapes = {
        "symmetric": stats.norm(),
        "gamma, shape 2": stats.gamma(2),
        "exponential": stats.expon(),
        "log-normal, spread 1": stats.lognorm(1),
        "gamma, shape 1/2": stats.gamma(0.5),
    }
    return {name: float(drop.sf(drop.mean())) for name, drop in shapes.items()}  # a drop above its mean is in S


def expected_agreement(one: NDArray, other: NDArray) -> float:
    """The share of kernels on which two sets agree if they hold theirs by chance; boolean arrays (kernels,)."""
    p, q = np.mean(one), np.mean(other)
    return float(p * q + (1 - p) * (1 - q))
