"""The small ResNets that tests of `lib.chapters.fragile_neurons` share."""

import torch
from devices import DEVICE

from lib import models


def fresh(images: str = "digits", seed: int = 0, **options) -> torch.nn.Sequential:
    """An untrained ResNet-18 in eval mode, its batch norms not the identity."""
    model = models.build(models.resnet, seed, DEVICE, name="resnet18", images=images, **options)
    norm = model[-1].network.bn1
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        norm.weight.copy_(torch.rand(64, generator=generator) + 0.5)
        norm.bias.copy_(torch.randn(64, generator=generator))
        norm.running_mean.copy_(torch.randn(64, generator=generator))
    return model.eval()
