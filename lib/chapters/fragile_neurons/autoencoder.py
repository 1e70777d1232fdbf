"""The cumulative spectral gradient by its source's embedding: a convolutional autoencoder's code, then t-SNE.

Branchaud-Charron, Achkar and Jodoin, 2019, whose figures for CIFAR-10 and MNIST the paper repeats. Their code has four
convolutions with batch norm and pooling, a code of 8 maps, four transposed convolutions back, and 100 epochs of Adam
on squared error; ours has the same layers with fewer maps.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from lib import compute, data
from lib.chapters.fragile_neurons.csg import CsgRecord, embedded, similarity
from lib.models.base import build, evaluating

CODE, BATCH, RATE = 8, 128, 1e-3
"""Maps of the code, images in a batch, Adam's learning rate: the source's."""


class Autoencoder(nn.Module):
    """Four convolutions to a code at a sixteenth of the side, and four back; images are padded to a multiple of 16.

    Parameters
    ----------
    channels
        Channels of an image.
    width
        Maps of the first convolution; the source has 64.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        down, up = (
            [channels, width, 2 * width, 4 * width, 4 * width],
            [CODE, 2 * width, 4 * width, 8 * width, 8 * width],
        )
        layers = []
        for before, after in pairwise(down):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.MaxPool2d(2)]
        self.encoder = nn.Sequential(*layers, nn.Conv2d(down[-1], CODE, 1))
        layers = []
        for before, after in pairwise(up):
            layers += [nn.ConvTranspose2d(before, after, 2, stride=2), nn.BatchNorm2d(after)]
        self.decoder = nn.Sequential(*layers, nn.Conv2d(up[-1], channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """The reconstruction of images (N, C, H, W), whose sides are multiples of 16."""
        return self.decoder(self.encoder(x))


def padded(x: Tensor) -> Tensor:
    """Images (N, C, H, W) with a border of zeros up to the next multiple of 16."""
    rows, columns = (-side % 16 for side in x.shape[2:])
    return functional.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))


@dataclass(frozen=True)
class AutoencoderSetting:
    """The measure of one data set from one autoencoder.

    Parameters
    ----------
    n_images
        How many of the training images are used, a fixed sample; all where there are fewer.
    width, epochs
        As in `Autoencoder`, and how long it is trained on these images.
    m, neighbours
        As in `csg.similarity`, where the second is k.
    seed
        Of the autoencoder, of t-SNE and of the first draw; the others follow.
    draws
        How many draws from the one embedding.
    """

    dataset: str
    n_images: int
    width: int
    epochs: int
    m: int
    neighbours: int
    seed: int
    draws: int

    def __str__(self) -> str:
        return f"{self.n_images} images of {self.dataset}, {self.epochs} epochs, seed {self.seed}, {self.draws} draws"


@dataclass(frozen=True, eq=False)
class AutoencoderRecord:
    """The similarities from t-SNE of the code, and from the code itself; and the mean squared error of each epoch."""

    tsne: CsgRecord
    code: CsgRecord
    errors: list[float]


def measured(setting: AutoencoderSetting) -> AutoencoderRecord:
    """Train an autoencoder on images, embed them with it, and draw points of each class."""
    images = data.load(setting.dataset)
    own = data.sample(images.y_train, setting.n_images)
    x, y = padded(images.x_train[own]), images.y_train[own].cpu().numpy()
    network = build(Autoencoder, setting.seed, x.device, channels=x.shape[1], width=setting.width)
    errors = _train(network, x, setting.epochs, setting.seed)
    code = encoded(network, x)
    points = embedded(code / np.abs(code).max(), "tsne", setting.seed)
    return AutoencoderRecord(*(_drawn(one, y, setting) for one in (points, code)), errors)


def _train(network: Autoencoder, x: Tensor, epochs: int, seed: int) -> list[float]:
    """Train by Adam on the squared error; return its mean in each epoch."""
    optimizer, generator = torch.optim.Adam(network.parameters(), lr=RATE), compute.seeded(seed)
    network.train()
    errors = []
    for _ in range(epochs):
        total = 0.0
        for own in torch.randperm(len(x), generator=generator).split(BATCH):
            batch = x[own.to(x.device)]
            error = functional.mse_loss(network(batch), batch)
            optimizer.zero_grad()
            error.backward()
            optimizer.step()
            total += float(error.detach()) * len(batch)
        errors.append(total / len(x))
    return errors


@torch.no_grad()
def encoded(network: Autoencoder, x: Tensor) -> NDArray[np.float32]:
    """The codes of images as points (N, dimensions)."""
    with evaluating(network):
        return torch.cat([network.encoder(part).flatten(1) for part in x.split(500)]).cpu().numpy()


def _drawn(points: NDArray, y: NDArray, setting: AutoencoderSetting) -> CsgRecord:
    seeds, given = range(setting.seed, setting.seed + setting.draws), (setting.m, setting.neighbours)
    ways = [[similarity(points, y, *given, seed, by_volume=way) for seed in seeds] for way in (True, False)]
    return CsgRecord(len(points), *map(np.array, ways))
