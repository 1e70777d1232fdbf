"""What is measured on a fixed, stratified sample of the test images: each kernel dropped, and how far each map moves.

It is kept image by image and kernel by kernel, so that the set S of fragile kernels can be chosen again from other
images, and from images drawn anew, whenever the page is made.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lib import compute, data
from lib.attack.noise import noise, random_signs
from lib.chapters.fragile_neurons.kernels import (
    BATCH,
    correct_without,
    first_convolution,
    is_fragile,
    kernel_norms,
    maps,
    with_kernels,
)
from lib.chapters.fragile_neurons.networks import NetworkSetting, trained
from lib.chapters.fragile_neurons.subject import PRINTED_EPS, Variant, linear_eps, logarithmic_eps
from lib.chapters.fragile_neurons.svd_filter import MEDIAN, PRINTED, SOURCE, filtered, readings
from lib.chapters.fragile_neurons.targeting import mean_distance, over_noise, targeted
from lib.digest import values
from lib.measure.score import logits, score
from lib.models.base import evaluating

FGSM_CLIPPED, FGSM_FREE, SIGNS = "FGSM", "FGSM, not clipped", "random signs"
"""What moves the maps, at the printed eps; the last is clipped as well."""

CONVOLUTION = "convolution"


@dataclass(frozen=True)
class SampleSetting:
    """A network at one age, and the sample that it is measured on.

    Parameters
    ----------
    n
        How many test images `lib.data.sample` takes.
    grid
        How many eps each grid has, besides the printed one.
    n_maps
        For how many images the maps are looked at: some of every other image, from the second on.
    noise
        ε of the filter.
    """

    network: NetworkSetting
    n: int
    grid: int
    n_maps: int = 300
    noise: float = 0.015

    def __str__(self) -> str:
        return f"{self.network}, sample of {self.n}"


@dataclass(frozen=True, eq=False)
class Picture:
    """One image, clean and under FGSM at the printed eps, with what the first convolution makes of it.

    Parameters
    ----------
    label, classes
        What the image shows, and the classes that the network gives it: clean, attacked.
    images
        Clean, attacked (2, C, H, W), in [0, 1].
    maps
        (2, kernels, height, width).
    """

    label: int
    classes: tuple[int, int]
    images: NDArray[np.float16]
    maps: NDArray[np.float16]


@dataclass(frozen=True, eq=False)
class Layer:
    """A first layer, original or filtered, under the attack that is made on its own network.

    Parameters
    ----------
    changed
        How many singular values the filter changed; 0 for the original, and where the filter is inert.
    free, free_relative
        Which images move S more without clipping (n,), plainly and in units of random signs: the same at every eps.
    hits, relative
        The same with clipping, at each eps (eps, n).
    beside
        For which images S is farther than S' from the original layer's output on the *same* image (2, n): clean
        images, and those attacked through the original at the printed eps.
    """

    changed: int
    free: NDArray[np.bool_]
    free_relative: NDArray[np.bool_]
    hits: NDArray[np.bool_]
    relative: NDArray[np.bool_]
    beside: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SampleRecord:
    """One network on the sample of N images, and on n of them whose maps are looked at.

    All n are among every other of the N, from the second on: so S from the others is judged on images that it is not
    from.

    Parameters
    ----------
    weights
        The digest of the network's weights.
    intact, without
        Which images the network classifies correctly: whole (N,), and without each kernel (kernels, N).
    norms
        The kernels' norms (kernels,).
    moved
        How far each map of the convolution moves (n, kernels) at the printed eps, by what moves it.
    eps
        The eps of both grids, rising, without 0.
    magnitude
        S_f with S from all images (2, eps, n): under FGSM, and under random signs of the same size.
    layers
        The original and the filter in some readings. Their S is from every other image, from the first on.
    picture
        The first image that FGSM makes the network misclassify; where there is none, the first image.
    """

    weights: str
    intact: NDArray[np.bool_]
    without: NDArray[np.bool_]
    norms: NDArray[np.float64]
    moved: dict[str, NDArray[np.float16]]
    eps: list[float]
    magnitude: NDArray[np.float16]
    layers: dict[str, Layer]
    picture: Picture


def chosen_from(without: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """S (kernels,), from which images are classified correctly without each kernel (kernels, N)."""
    return is_fragile(without.mean(1))


def relative(d: NDArray, by_lot: NDArray) -> NDArray:
    """Distances (N, kernels) in units of what random signs do to each map on average over images."""
    return over_noise({CONVOLUTION: d}, {CONVOLUTION: by_lot})[CONVOLUTION]


def measured(setting: SampleSetting) -> SampleRecord:
    """Drop each kernel of a network's first layer in turn, filter and attack it, on a sample of all test images."""
    images, name = data.load(setting.network.dataset), setting.network.dataset
    model, _ = trained(setting.network)
    own = data.sample(images.y_test, setting.n)
    others = own[1::2][data.sample(images.y_test[own[1::2]], setting.n_maps)]
    x, y = images.x_test[own], images.y_test[own]
    without, original = correct_without(model, x, y), Variant(model, images.x_test[others], images.y_test[others])
    eps = sorted({*logarithmic_eps(name, setting.grid), *linear_eps(name, setting.grid)[1:]})
    steps, whole, printed = Steps.of(original, eps), chosen_from(without), PRINTED_EPS[name]
    at = eps.index(printed)
    moved = {FGSM_CLIPPED: steps.fgsm[at], FGSM_FREE: printed * steps.free[0], SIGNS: steps.by_lot[at]}
    return SampleRecord(
        values.digest(dict(model.state_dict())),
        score(model, x, y).correct,
        without,
        kernel_norms(first_convolution(model).weight),
        {move: d.astype(np.float16) for move, d in moved.items()},
        eps,
        np.array([mean_distance(d, whole) for d in (steps.fgsm, steps.by_lot)], np.float16),
        _layers(original, steps, chosen_from(without[:, ::2]), setting.noise, original.fgsm(printed)),
        _picture(original, original.fgsm(printed)),
    )


@dataclass(frozen=True, eq=False)
class Steps:
    """How far the maps of a network's convolution move (eps, N, kernels): under FGSM on it, and by random signs.

    `free` has both without clipping (2, N, kernels) at eps 1: they are in proportion to eps.
    """

    eps: list[float]
    fgsm: NDArray[np.float64]
    by_lot: NDArray[np.float64]
    free: NDArray[np.float64]

    @classmethod
    def of(cls, variant: Variant, eps: list[float]) -> "Steps":
        """The steps of a network on its images."""
        model, x = variant.model, variant.x

        def moved(to: Tensor) -> NDArray[np.float64]:
            return between((model, x), (model, to))

        lot = (noise(x, 0) - 0.5).sign()
        fgsm = np.array([moved(variant.fgsm(one)) for one in eps])
        by_lot = np.array([moved(random_signs(x, one)) for one in eps])
        return cls(eps, fgsm, by_lot, np.array([moved(x + signs) for signs in (variant.signs, lot)]))

    def layer(self, fragile: NDArray[np.bool_], changed: int, beside: NDArray[np.bool_]) -> Layer:
        """The `Layer` of this network: which images move S more."""
        over = [relative(d, lot) for d, lot in zip(self.fgsm, self.by_lot, strict=True)]
        free = self.free[0], relative(*self.free)
        shares = [np.array([targeted(d, fragile) for d in each]) for each in (self.fgsm, over)]
        return Layer(changed, *(targeted(d, fragile) for d in free), *shares, beside)


def _layers(
    original: Variant, steps: Steps, fragile: NDArray[np.bool_], level: float, attacked: Tensor
) -> dict[str, Layer]:
    """The original and each reading of the filter; a reading that changes nothing is the original."""
    unmoved = np.zeros((2, len(original.x)), dtype=bool)
    found = {"original": steps.layer(fragile, 0, unmoved)}
    weight = first_convolution(original.model).weight
    for name in (PRINTED, SOURCE, MEDIAN):
        done = filtered(weight, fragile, readings(level)[name])
        if not (changed := int((done.after != done.before).sum())):
            found[name] = found["original"]
            continue
        model = with_kernels(original.model, done.weight)
        apart = [between((original.model, images), (model, images)) for images in (original.x, attacked)]
        beside = np.array([targeted(d, fragile) for d in apart])
        found[name] = Steps.of(Variant(model, original.x, original.y), steps.eps).layer(fragile, changed, beside)
    return found


@torch.no_grad()
def between(one: tuple[nn.Sequential, Tensor], other: tuple[nn.Sequential, Tensor]) -> NDArray[np.float64]:
    """How far apart the maps of two networks' first convolutions are, each on its own images (N, kernels)."""
    parts = []
    with evaluating(one[0]), evaluating(other[0]):
        for images in zip(one[1].split(BATCH), other[1].split(BATCH), strict=True):
            plain = [first_convolution(net)(net[:-1](x)) for net, x in zip((one[0], other[0]), images, strict=True)]
            parts.append(compute.float64((plain[0] - plain[1]).flatten(2).norm(dim=2)))
    return torch.cat(parts).cpu().numpy()


@torch.no_grad()
def _picture(original: Variant, attacked: Tensor) -> Picture:
    model, x, y = original.model, original.x, original.y
    before, after = (logits(model, images).argmax(1) for images in (x, attacked))
    fooled = ((before == y) & (after != y)).nonzero().flatten().tolist()
    at = fooled[0] if fooled else 0
    pair = torch.stack([x[at], attacked[at]])
    with evaluating(model):
        both = maps(model, pair)[CONVOLUTION]
    kept = [one.cpu().numpy().astype(np.float16) for one in (pair, both)]
    return Picture(int(y[at]), (int(before[at]), int(after[at])), *kept)
