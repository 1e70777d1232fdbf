"""The networks, by the papers' names. Each takes images in [0, 1]: what a network normalises, it normalises inside."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


class SimpleCNN(nn.Sequential):
    """A simple convolution network: two 5 x 5 convolutions (10, 20 maps) with max-pooling, dense 50, dropout.

    Sharna's paper (mitigation, IV) names its network so and prints neither layers nor sizes. This is the network of
    PyTorch's early MNIST example and of its FGSM tutorial, whose variable `data_grad` is in the paper's code line.
    Input (N, 1, 28, 28) in [0, 1], output (N, classes) logits.
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__(
            nn.Conv2d(1, 10, 5),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(10, 20, 5),
            nn.Dropout2d(),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(320, 50),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(50, classes),
        )


class DenseNetwork(nn.Sequential):
    """One hidden layer of 200: an attacker's guess at a network it cannot see. (N, 1, 28, 28) to (N, 10) logits."""

    def __init__(self) -> None:
        super().__init__(nn.Flatten(), nn.Linear(784, 200), nn.ReLU(), nn.Linear(200, 10))


def build(network: type[nn.Module], seed: int, device: torch.device, **options) -> nn.Module:
    """A fresh network whose starting weights depend on the seed alone, laid out for fast convolutions."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = network(**options)
    return model.to(device, memory_format=torch.channels_last)


def parameter_count(model: nn.Module) -> int:
    """How many numbers training may change."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[nn.Module]:
    """Put every module in eval mode, and give each its own mode back afterwards, also after an error.

    One flag for the whole model would be wrong: a network whose batch norm is frozen is in both modes at once.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for module, training in modes:
            module.training = training
