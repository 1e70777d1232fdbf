"""Records of the chapter on fragile neurons that are made up: small, and as a test wants them."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from lib.chapters.fragile_neurons.experiment import Experiment, Key
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.kernels import LEVELS
from lib.chapters.fragile_neurons.measure import NOISE_LEVELS
from lib.chapters.fragile_neurons.networks import Training
from lib.chapters.fragile_neurons.record import (
    ALONE,
    MOVES,
    SETS,
    BatchNorm,
    CellRecord,
    Controls,
    Dropout,
    Filters,
    ReadingOutcome,
    Robustness,
    Rounded,
    Targeting,
)
from lib.chapters.fragile_neurons.sampled import FGSM_CLIPPED, FGSM_FREE, SIGNS, Layer, Picture, SampleRecord
from lib.chapters.fragile_neurons.subject import PRINTED_EPS, UNITS, linear_eps, logarithmic_eps
from lib.chapters.fragile_neurons.svd_filter import FILTERS, READINGS
from lib.ledger.answers import Answer
from lib.ledger.claims import paper
from lib.ledger.entries import entry

N = 200
NAMES = ("original", *FILTERS, *(ALONE + name for name in FILTERS))
WHO = ("original", *FILTERS[:2], "relative")
Share = Callable[[str, float], float]
"""A share of images for a network's name, or what `Targeting.hits` knows, and an eps."""


def first(share: float, n: int = N) -> np.ndarray:
    """Booleans (n,) of which the first are true, this share of them."""
    return np.arange(n) < round(share * n)


def unlike(n: int) -> np.ndarray:
    """Factors (n,) of mean 1 by which images differ."""
    return np.linspace(0.75, 1.25, n)


def half(who: str, eps: float) -> float:
    return 0.5


def record(
    dataset: str = "digits",
    *,
    clean: float = 0.9,
    fragile: Sequence[int] = range(20),
    again: Sequence[int] | None = None,
    rightly: float | np.ndarray = 0.8,
    fgsm: Share = half,
    pgd: Share = half,
    normalised: float = 0.6,
    probability: Mapping[str, float] | None = None,
    moves: Share = half,
    unclipped: float = 0.9,
    moved: Callable[[float], float] = lambda eps: eps,
    controls: Mapping[str, tuple[float, float, float]] | None = None,
    random: Sequence[float] = (0.1, 0.5, 0.9, 0.2),
    changed: int | Mapping[str, int] = 0,
) -> CellRecord:
    """What is measured of one cell, with these accuracies and shares.

    Parameters
    ----------
    fragile, again
        The kernels whose loss costs accuracy on each half of the images.
    rightly
        Without what share of the kernels each image is classified rightly, the same for all or one by one (N,).
    moves
        The share of images that move S more.
    moved
        S_f by eps, in the mean over images.
    controls
        For each of `MOVES` the shares of `SETS`.
    changed
        How many singular values the readings of the filter change: all of them, or some by name.
    """
    eps, strong = linear_eps(dataset, 3), [linear_eps(dataset, 3)[1], PRINTED_EPS[dataset]]
    targeted = sorted({*logarithmic_eps(dataset, 3), *eps[1:]})
    without = np.array([np.where(np.isin(np.arange(64), list(s)), 0.5, 0.8) for s in (fragile, again or fragile)])
    chosen = np.array([[(controls or {}).get(move, (0.5, 1.0, 0.0))] * len(LEVELS) for move in MOVES])
    told = dict.fromkeys(NAMES, 0.5) | dict(probability or {})
    many = dict.fromkeys(READINGS, changed) if isinstance(changed, int) else dict.fromkeys(READINGS, 0) | dict(changed)
    left = dict.fromkeys(UNITS, 0.3)
    readings = {name: ReadingOutcome(1.0, 3, many[name], 0.1, 0.2, 0.9, left) for name in READINGS}
    rules = [f"{unit}, {rule}" for unit in ("variance", "deviation") for rule in ("at most", "hard")]
    hits = {who: np.array([first(moves(who, one)) for one in targeted]) for who in WHO}
    at = targeted.index(PRINTED_EPS[dataset])
    return CellRecord(
        Training([2.0, 1.0], 60.0, "a device", "a digest"),
        first(clean),
        Dropout(
            first(clean),
            without,
            np.broadcast_to(np.round(64 * np.asarray(rightly)), N).astype(np.uint16),
            np.arange(64.0),
        ),
        Filters(
            np.linspace(2, 1, 44), (44, 49), readings, {rule: np.full((len(NOISE_LEVELS), 3), 0.5) for rule in rules}
        ),
        Targeting(
            len(fragile),
            targeted,
            np.array([hits["original"].mean(1)] * len(LEVELS)),
            np.full((len(LEVELS), len(targeted)), unclipped),
            hits,
            Rounded.of(np.array([moved(one) * unlike(N) for one in targeted]), 6),
            np.full((len(targeted), len(random)), 0.5),
            hits["original"][at],
            hits["relative"][at],
            Controls(chosen, np.tile(np.array(random), (len(MOVES), len(LEVELS), 1)), np.zeros(chosen.shape[:2])),
        ),
        Robustness(
            {name: row for row, name in enumerate(NAMES)},
            eps,
            np.array([[first(fgsm(name, one)) for one in eps] for name in NAMES]),
            np.arange(N),
            strong,
            np.array([[first(pgd(name, one)) for one in strong] for name in NAMES]),
            Rounded.of(np.array([[np.full(N, told[name])] * len(UNITS) for name in NAMES]), 7),
            first(normalised),
        ),
        BatchNorm(0.5, 0.001),
    )


def sample(
    *,
    without: np.ndarray | None = None,
    norms: np.ndarray | None = None,
    moved: np.ndarray | None = None,
    by_lot: np.ndarray | None = None,
    magnitude: Callable[[float], tuple[float, float]] = lambda eps: (eps, eps),
    layers: Mapping[str, Layer] | None = None,
) -> SampleRecord:
    """What is measured of one network on the sample of test images.

    Parameters
    ----------
    without
        Which images are classified rightly without each kernel (64, N); by default the first 20 kernels are fragile.
    moved, by_lot
        How far maps move under FGSM, clipped or not, and by random signs (n, 64).
    magnitude
        S_f by eps, in the mean over images: under FGSM, and under random signs.
    """
    if without is None:
        without = costly(range(20))
    n = without.shape[1] // 2
    moved = np.ones((n, 64)) if moved is None else moved
    eps = [0.01, 0.1, 0.34]
    found = {FGSM_CLIPPED: moved, FGSM_FREE: moved, SIGNS: np.ones_like(moved) if by_lot is None else by_lot}
    return SampleRecord(
        "a digest",
        np.ones(without.shape[1], dtype=bool),
        without,
        np.arange(64.0) if norms is None else norms,
        {move: d.astype(np.float16) for move, d in found.items()},
        eps,
        np.array([[magnitude(one)[row] * unlike(n) for one in eps] for row in (0, 1)], np.float16),
        {name: layer(0) for name in ("original", *FILTERS)} | dict(layers or {}),
        Picture(3, (3, 5), np.zeros((2, 1, 28, 28), np.float16), np.ones((2, 64, 14, 14), np.float16)),
    )


def costly(fragile: Sequence[int], n: int = N) -> np.ndarray:
    """Which of n images are classified rightly without each kernel (64, n): every third is not, without these."""
    without = np.ones((64, n), dtype=bool)
    without[np.array(list(fragile))[:, None], np.arange(0, n, 3)] = False
    return without


def layer(changed: int, free: float = 0.5, relative: float = 0.5, beside: float = 0.5, n: int = N // 2) -> Layer:
    """A first layer with these shares of images that move S more."""
    every = np.array([first(free, n)] * 3), np.array([first(relative, n)] * 3)
    return Layer(changed, first(free, n), first(relative, n), *every, np.array([first(beside, n)] * 2))


def experiment(**changes: object) -> Experiment:
    """The chapter's parameters, small, but for some."""
    plain = {
        "seed": 0,
        "seeds": 1,
        "resnet18_seeds": 1,
        "dataset": "digits",
        "networks": "resnet18",
        "ages": "1 2 3",
        "max_age": 3,
        "train": True,
        "recipe": "common",
        "test_images": "sample",
        "n_images": N,
        "n_pgd": N,
        "n_sample": N,
        "grid": 3,
        "settings": "quick",
        "settings_images": 100,
        "csg_images": 200,
        "csg_m": 10,
        "csg_width": 2,
        "csg_epochs": 1,
        "csg_embeddings": 1,
    }
    return Experiment(**plain | changes)


Cells = Mapping[tuple[str, str, int], object]


def grid_of(cells: Cells, samples: Cells | None = None, **changes: object) -> Grid:
    """A grid of such records, one or several seeds a cell."""
    found, sampled = (_by_seed(of) for of in (cells, samples or {}))
    sets = "+".join(dict.fromkeys(key.dataset for key in found))
    seeds = len(next(iter(found.values())))
    return Grid(experiment(**{"dataset": sets, "seeds": seeds} | changes), found, sampled)


def _by_seed(cells: Cells) -> dict[Key, dict[int, object]]:
    return {Key(*key): dict(enumerate(one if isinstance(one, list) else [one])) for key, one in cells.items()}


AGES = (10, 50, 100)
"""The paper's, in epochs."""


def word(answer: Answer) -> str:
    """The word that answers the claim by itself."""
    return entry(paper("fragile_neurons").claims[answer.claim], answer)["alone"]


def own(dataset: str, sampled: object = None, **given) -> Grid:
    """The paper's ResNet-50 at its own ages, the same at each."""
    keys = [(dataset, "resnet50", age) for age in AGES]
    samples = {key: sampled for key in keys} if sampled else {}
    return grid_of({key: record(dataset, **given) for key in keys}, samples, ages="10 50 100")


def through(dataset: str, records: list, network: str = "resnet50", samples: list | None = None) -> Grid:
    """One network at the paper's three ages."""
    keys = [(dataset, network, age) for age in AGES]
    sampled = dict(zip(keys, samples, strict=True)) if samples else {}
    return grid_of(dict(zip(keys, records, strict=True)), sampled, ages="10 50 100")


assert SETS[0] == "S"  # what `controls` is given in this order
