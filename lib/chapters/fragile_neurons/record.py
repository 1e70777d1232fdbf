"""What is measured of one cell of the grid, as a typed record. Arrays over images are in the order of the test images.

A network is named `original`, by a reading of the filter as in `svd_filter.READINGS`, or by such a name after `ALONE`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib.chapters.fragile_neurons.networks import Training

MOVES = ("FGSM", "PGD", "random signs", "FGSM over random signs")
"""What moves the maps in Algorithm 1's controls, at the printed eps; the last is FGSM in units of random signs."""

SETS = ("S", "largest norm", "smallest norm")
"""The sets of kernels that the controls look at, besides random ones."""

ALONE = "scaled alone, "
"""The prefix of a reading's name where its α amplifies the fragile kernels and the null ones are left alone."""


@dataclass(frozen=True, eq=False)
class Rounded:
    """Numbers rounded to some decimals, kept as whole steps of the last decimal: exact, and half the size of floats."""

    steps: NDArray[np.int32]
    decimals: int

    @classmethod
    def of(cls, values: NDArray, decimals: int) -> "Rounded":
        """Round numbers; raises ValueError where one is too large."""
        steps = np.rint(np.asarray(values, dtype=np.float64) * 10**decimals)
        if not (np.abs(steps) <= np.iinfo(np.int32).max).all():
            raise ValueError(f"a number is too large for {decimals} decimals")
        return cls(steps.astype(np.int32), decimals)

    @property
    def values(self) -> NDArray[np.float64]:
        """The numbers, as `round` gives them."""
        return self.steps / 10.0**self.decimals


@dataclass(frozen=True, eq=False)
class Dropout:
    """What zeroing one kernel of the first convolution after another does.

    Parameters
    ----------
    intact
        Which of the images the whole network classifies correctly (N,).
    accuracies
        Accuracies without each kernel, on every other image from the first and from the second on (2, kernels).
    rightly
        Without how many of the kernels each image is classified correctly (N,).
    norms
        The kernels' norms (kernels,).
    """

    intact: NDArray[np.bool_]
    accuracies: NDArray[np.float64]
    rightly: NDArray[np.uint16]
    norms: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ReadingOutcome:
    """What one reading of the filter does.

    Parameters
    ----------
    tau, spectral, frobenius
        As in `svd_filter.Filtered`.
    rank, changed
        How many singular values are not 0 afterwards, and how many differ.
    clean, transfer
        Accuracy, and that on images attacked through the original at the printed eps, in each unit.
    """

    tau: float
    rank: int
    changed: int
    spectral: float
    frobenius: float
    clean: float
    transfer: dict[str, float]


@dataclass(frozen=True, eq=False)
class Filters:
    """Section 4's filter, before any attack on filtered networks.

    Parameters
    ----------
    spectrum, shape
        The singular values of the null kernels' matrix, largest first, and its sides.
    readings
        The outcome of each reading, by its name.
    search
        By unit and rule ("variance, hard"), accuracy over `measure.NOISE_LEVELS` (levels, 3): clean, and attacked
        through the original at the printed eps in each unit.
    """

    spectrum: NDArray[np.float64]
    shape: tuple[int, int]
    readings: dict[str, ReadingOutcome]
    search: dict[str, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Controls:
    """Algorithm 1 at the printed eps beside its controls: shares of images that move a set more than the rest.

    Parameters
    ----------
    chosen
        The shares of each of `SETS` (moves, levels, sets); moves are those of `MOVES`.
    random
        The shares of random splits of the size of S (moves, levels, splits).
    rank_correlation
        Spearman's, of the kernels' mean distances with their norms (moves, levels).
    """

    chosen: NDArray[np.float64]
    random: NDArray[np.float64]
    rank_correlation: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Targeting:
    """Algorithm 1, over eps and at the printed one.

    Parameters
    ----------
    size
        How many kernels are in S.
    eps
        Rising.
    clipped, unclipped
        The share of images that move S more (levels, eps).
    hits
        Which images do so (eps, N), clipped and after the convolution: for the `original`, for two filtered networks,
        and as `relative`, for the original in units of random signs.
    moved
        S_f of the original (eps, N).
    chance
        The share of images for random splits (eps, splits).
    printed, printed_relative
        Which images move S more at the printed eps (N,), the second in units of random signs.
    """

    size: int
    eps: list[float]
    clipped: NDArray[np.float64]
    unclipped: NDArray[np.float64]
    hits: dict[str, NDArray[np.bool_]]
    moved: Rounded
    chance: NDArray[np.float64]
    printed: NDArray[np.bool_]
    printed_relative: NDArray[np.bool_]
    controls: Controls


@dataclass(frozen=True, eq=False)
class Robustness:
    """Each network under attack. A filter that changes nothing leaves the original network: the two share a row.

    Parameters
    ----------
    row
        The row of each network below.
    eps, correct
        The eps of FGSM made fresh on each network, and which images are classified correctly (rows, eps, N).
    pgd_images
        The indices, among the N images, of those that PGD is made on (n,).
    pgd_eps, pgd_correct
        The same as `eps` and `correct` for PGD, on those images (rows, eps, n).
    probability
        That of the true class on images made for the original at the printed eps, in each unit (rows, units, N): Eq. 2.
    normalised
        Which images the original classifies correctly under FGSM at the printed eps in normalised units (N,).
    """

    row: dict[str, int]
    eps: list[float]
    correct: NDArray[np.bool_]
    pgd_images: NDArray[np.int64]
    pgd_eps: list[float]
    pgd_correct: NDArray[np.bool_]
    probability: Rounded
    normalised: NDArray[np.bool_]

    def fgsm(self, who: str, eps: float) -> NDArray[np.bool_]:
        """Which images (N,) a network classifies correctly under FGSM on itself, at one of `eps`."""
        return self.correct[self.row[who], self.eps.index(eps)]

    def pgd(self, who: str, eps: float) -> NDArray[np.bool_]:
        """Which images (n,) a network classifies correctly under PGD on itself, at one of `pgd_eps`."""
        return self.pgd_correct[self.row[who], self.pgd_eps.index(eps)]


@dataclass(frozen=True, eq=False)
class BatchNorm:
    """By how much a logit changes on average when S is doubled: with batch norm as it is, and estimated anew."""

    frozen: float
    reestimated: float


@dataclass(frozen=True, eq=False)
class CellRecord:
    """All that the chapter shows of one cell; `clean` says which of all test images are classified correctly."""

    training: Training
    clean: NDArray[np.bool_]
    dropout: Dropout
    filters: Filters
    targeting: Targeting
    robustness: Robustness
    batch_norm: BatchNorm
