"""A network to be measured, with what several measurements need: its variants, and attacked images."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lib import data
from lib.chapters.fragile_neurons.kernels import first_convolution, scaled
from lib.chapters.fragile_neurons.networks import NetworkSetting
from lib.chapters.fragile_neurons.record import ALONE
from lib.chapters.fragile_neurons.svd_filter import filtered, readings, variants
from lib.chapters.fragile_neurons.targeting import in_pixels, signs


@dataclass(frozen=True)
class Probe:
    """How a cell is measured.

    Parameters
    ----------
    n_images
        Test images for kernel dropout, FGSM and Algorithm 1; all test images give the clean accuracy.
    n_pgd
        Test images for PGD, for the table of readings and for the search over noise levels.
    pgd_steps
        PGD's steps.
    grid
        How many eps each grid has, besides the printed one.
    noise
        ε of the filter.
    splits
        How many random splits.
    chosen
        Which test images: "sample", spread over the classes as the whole is, or "first".
    """

    n_images: int = 1000
    n_pgd: int = 200
    pgd_steps: int = 20
    grid: int = 8
    noise: float = 0.015
    splits: int = 200
    chosen: str = "sample"

    def images(self, y: Tensor) -> Tensor:
        """Indices (min(n_images, N),) of the test images, of labels y (N,), that a cell is measured on."""
        return self._of(y, self.n_images)

    def few(self, y: Tensor) -> Tensor:
        """Indices (min(n_pgd, N),) of the images, of labels y (N,), for what takes long."""
        return self._of(y, self.n_pgd)

    def _of(self, y: Tensor, n: int) -> Tensor:
        return data.sample(y, n) if self.chosen == "sample" else torch.arange(min(n, len(y)), device=y.device)


PRINTED_EPS = {"digits": 0.34, "mnist": 0.34, "cifar10": 0.01}
"""The eps of FGSM that the paper prints for each data set (3.1); digits are MNIST's."""

UNITS = ("pixels", "normalised units")
"""What the paper's eps may be meant in: it does not say."""


def linear_eps(dataset: str, grid: int) -> list[float]:
    """Where accuracy is measured and Algorithm 1 is run: from 0 to twice the printed eps, at most 0.4; and that eps."""
    printed = PRINTED_EPS[dataset]
    steps = np.linspace(0, min(2 * printed, 0.4), grid).round(5).tolist()
    return sorted({*steps, printed})


def logarithmic_eps(dataset: str, grid: int) -> list[float]:
    """Where Algorithm 1 is run as well: evenly on a logarithmic scale, from a hundredth of the printed eps to 1."""
    return np.geomspace(PRINTED_EPS[dataset] / 100, 1, grid).round(6).tolist()


@dataclass(frozen=True, eq=False)
class Variant:
    """A network and the signs of its gradient on some images: FGSM at any eps is one step along them."""

    model: nn.Sequential
    x: Tensor
    y: Tensor

    @cached_property
    def signs(self) -> Tensor:
        """The signs of the gradient, of the shape of x."""
        return signs(self.model, self.x, self.y)

    def fgsm(self, eps: float) -> Tensor:
        """The images under FGSM on this network."""
        return (self.x + eps * self.signs).clamp(0, 1)


@dataclass(frozen=True, eq=False)
class Subject:
    """A trained network, its fragile kernels (kernels,), and the images x (N, C, H, W), y (N,) to measure it on."""

    model: nn.Sequential
    fragile: NDArray[np.bool_]
    x: Tensor
    y: Tensor
    setting: NetworkSetting
    probe: Probe

    @property
    def weight(self) -> Tensor:
        """The weight of the first convolution."""
        return first_convolution(self.model).weight

    @property
    def printed(self) -> float:
        """The eps that the paper prints for this data set."""
        return PRINTED_EPS[self.setting.dataset]

    @property
    def few(self) -> tuple[Tensor, Tensor]:
        """Some of the images, with their labels, for what takes long."""
        return self.of_few(self.x), self.of_few(self.y)

    def of_few(self, images: Tensor) -> Tensor:
        """The part of `images`, which has a row for each of the images, that belongs to the few."""
        return images[self.probe.few(self.y)]

    @cached_property
    def variants(self) -> dict[str, Variant]:
        """The original, the filter in some readings, and the amplification of each alone; equal networks are one."""
        networks = variants(self.model, self.fragile, self.probe.noise)
        for name in list(networks)[1:]:
            alpha = filtered(self.weight, self.fragile, readings(self.probe.noise)[name]).alpha
            networks[ALONE + name] = scaled(self.model, self.fragile, alpha)
        found: dict[bytes, Variant] = {}
        for network in networks.values():
            found.setdefault(_kernels(network), Variant(network, self.x, self.y))
        return {name: found[_kernels(network)] for name, network in networks.items()}

    @property
    def signs(self) -> Tensor:
        """The signs of the original's gradient."""
        return self.variants["original"].signs

    @cached_property
    def attacked(self) -> dict[str, Tensor]:
        """The images under FGSM on the original at the printed eps, for each of `UNITS`."""
        lengths = dict(zip(UNITS, (self.printed, in_pixels(self.model, self.printed)), strict=True))
        return {unit: (self.x + length * self.signs).clamp(0, 1) for unit, length in lengths.items()}


def _kernels(model: nn.Sequential) -> bytes:
    """The weights of the first convolution, in which alone the variants of a network differ."""
    return first_convolution(model).weight.detach().cpu().numpy().tobytes()
