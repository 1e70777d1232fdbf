"""Building a network, running it in eval mode, and describing what it consists of."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from lib.models.layers import PartialConv2d, Subsampling


def build(network: type[nn.Module], seed: int, device: torch.device, **options) -> nn.Module:
    """A new network whose starting weights depend on the seed alone, in a memory layout for fast convolutions."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = network(**options)
    return model.to(device, memory_format=torch.channels_last)


def start_as_keras(model: nn.Module) -> None:
    """Draw starting weights as Keras does (Glorot's uniform, biases 0), for papers whose code is written in Keras."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[nn.Module]:
    """Put every module in eval mode within the block, and give each its own mode back afterwards, even after an error.

    One flag for the whole model would be wrong: a network whose batch norm is frozen is in both modes at once. Only one
    thread is within such a block at a time, so that no other changes the modes in the meantime.
    """
    with _ALONE:
        modes = [(module, module.training) for module in model.modules()]
        model.eval()
        try:
            yield model
        finally:
            for module, training in modes:
                module.training = training


_ALONE = threading.RLock()


def parameter_count(model: nn.Module) -> int:
    """How many trainable numbers a network has."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def outline(model: nn.Sequential) -> str:
    """A network's convolutions, dense layers, dropout and pooling in words; all other layers are left out."""
    words = []
    for layer in model:
        if isinstance(layer, nn.Conv2d):
            words.append(f"convolution {layer.out_channels} of {layer.kernel_size[0]}×{layer.kernel_size[1]}")
        elif isinstance(layer, PartialConv2d):
            words.append(f"partial convolution {layer.shape[0]} of {layer.shape[2]}×{layer.shape[3]}")
        elif isinstance(layer, nn.Linear):
            words.append(f"dense {layer.out_features}")
        elif isinstance(layer, nn.Dropout):
            words.append(f"dropout {layer.p:g}")
        elif isinstance(layer, nn.MaxPool2d | nn.AvgPool2d | Subsampling):
            words.append(
                {"MaxPool2d": "max-pooling", "AvgPool2d": "average pooling"}.get(type(layer).__name__, "sampling")
            )
    return ", ".join(words)
