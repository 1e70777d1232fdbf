"""Filter and amplification, Eqs. 3 to 9 of Pravin, Martino, Nicosia and Ojha, in each reading of their section 4."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import integrate, optimize
from torch import Tensor, nn

from lib import compute
from lib.chapters.fragile_neurons.kernels import first_convolution, with_kernels


def threshold_factor(beta: float) -> float:
    """λ(β), Eq. 6: Gavish and Donoho's Eq. 11, for known noise. β in [0, 1] is the shorter side over the longer."""
    return float(np.sqrt(2 * (beta + 1) + 8 * beta / (beta + 1 + np.sqrt(beta**2 + 14 * beta + 1))))


def median_factor(beta: float) -> float:
    """ω(β): the source's threshold for unknown noise, in units of the median singular value.

    λ(β) over the root of the median of the Marchenko-Pastur distribution. β in (0, 1].
    """

    def density(angle: float) -> float:  # with x = middle - half-width cos(angle): it stays smooth at the ends
        x = 1 + beta - 2 * beta**0.5 * np.cos(angle)
        return 2 * np.sin(angle) ** 2 / (np.pi * x)

    middle = optimize.brentq(lambda end: integrate.quad(density, 0, end)[0] - 0.5, 0, np.pi)
    median = 1 + beta - 2 * beta**0.5 * np.cos(middle)
    return threshold_factor(beta) / float(np.sqrt(median))


@dataclass(frozen=True)
class Filter:
    """One reading of section 4.

    Parameters
    ----------
    rule
        What happens to singular values. `at most`: none exceeds τ (Eq. 4's words). `at least`: none falls below it
        (4.1's first words). `hard`: those up to τ become 0 (the cited source). `index`: all after the one nearest to τ
        become 0 (Eq. 4's arg min).
    unit
        What τ is made from. `variance`: λ √(n ε), as printed. `deviation`: λ √n ε, as in the source.
        `median`: ω times the median singular value, the source's rule where the noise is not known.
    noise
        The noise level ε.
    norm
        The norm of what was taken away, in Eq. 9: `spectral` (as printed) or `frobenius`.
    """

    rule: str = "at most"
    unit: str = "variance"
    noise: float = 0.015
    norm: str = "spectral"


READINGS: dict[str, Filter] = {
    "at most, variance (printed)": Filter(),
    "at most, deviation": Filter(unit="deviation"),
    "at least, variance": Filter("at least"),
    "at least, deviation": Filter("at least", "deviation"),
    "hard, variance": Filter("hard"),
    "hard, deviation (source)": Filter("hard", "deviation"),
    "hard, median (source)": Filter("hard", "median"),
    "by index, variance": Filter("index"),
    "by index, deviation": Filter("index", "deviation"),
}
PRINTED, SOURCE, MEDIAN = "at most, variance (printed)", "hard, deviation (source)", "hard, median (source)"
FILTERS = (PRINTED, SOURCE, MEDIAN)
"""The readings that are attacked."""


def readings(noise: float) -> dict[str, Filter]:
    """`READINGS` at another noise level."""
    return {name: Filter(one.rule, one.unit, noise, one.norm) for name, one in READINGS.items()}


def threshold(values: Sequence[float], shape: Sequence[int], reading: Filter) -> float:
    """τ, Eq. 5, for a matrix of this shape with these singular values."""
    short, long = sorted(shape)
    if reading.unit == "median":
        return median_factor(short / long) * float(np.median(values))
    scale = (long * reading.noise) ** 0.5 if reading.unit == "variance" else long**0.5 * reading.noise
    return threshold_factor(short / long) * scale


def filtered_values(values: NDArray, tau: float, rule: str) -> NDArray:
    """Singular values, largest first, after a rule of `Filter`; raises ValueError on another."""
    if rule == "at most":
        return np.minimum(values, tau)
    if rule == "at least":
        return np.maximum(values, tau)
    if rule == "hard":
        return np.where(values > tau, values, 0.0)
    if rule == "index":
        return np.where(np.arange(len(values)) <= np.abs(values - tau).argmin(), values, 0.0)
    raise ValueError(f"no rule named {rule!r}; there are: at most, at least, hard, index")


@dataclass(frozen=True, eq=False)
class Filtered:
    """What a filter does to the kernels of one layer.

    Parameters
    ----------
    weight
        All kernels afterwards, of the shape of those before.
    alpha
        The factor by which S was amplified.
    tau
        The threshold.
    before, after
        The singular values of the null kernels' matrix.
    spectral, frobenius
        The norms of what was taken from that matrix.
    """

    weight: Tensor
    alpha: float
    tau: float
    before: NDArray
    after: NDArray
    spectral: float
    frobenius: float


def filtered(weight: Tensor, fragile: NDArray, reading: Filter) -> Filtered:
    """Filter the null kernels and amplify the fragile ones, Eqs. 3 to 9.

    Parameters
    ----------
    weight
        (kernels, channels, side, side).
    fragile
        Which kernels are in S (kernels,); not all can be.
    """
    rows = compute.float64(weight.detach()).cpu().numpy().reshape(len(weight), -1)
    u, before, v = np.linalg.svd(rows[~fragile], full_matrices=False)
    tau = threshold(before, rows[~fragile].shape, reading)
    after = filtered_values(before, tau, reading.rule)
    taken = np.abs(before - after)
    norms = {"spectral": float(taken.max()), "frobenius": float(np.linalg.norm(taken))}
    alpha = 1 + norms[reading.norm]
    changed = rows.copy()
    if taken.any():  # otherwise not even rounding may change them
        changed[~fragile] = u * after @ v
    changed[fragile] *= alpha
    kernels = torch.from_numpy(changed).view(weight.shape).to(weight)
    return Filtered(kernels, alpha, tau, before, after, **norms)


def variants(
    model: nn.Sequential, fragile: NDArray, noise: float, names: Sequence[str] = (PRINTED, SOURCE, MEDIAN)
) -> dict[str, nn.Sequential]:
    """The original and, by name, the filter in some readings."""
    weight = first_convolution(model).weight
    done = {name: filtered(weight, fragile, readings(noise)[name]) for name in names}
    return {"original": model} | {name: with_kernels(model, one.weight) for name, one in done.items()}
