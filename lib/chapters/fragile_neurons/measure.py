"""The measurement of all that the chapter shows of one cell of the grid."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor, nn

from lib import compute, data
from lib.attack.gradient import PGD
from lib.attack.noise import random_signs
from lib.chapters.fragile_neurons.kernels import (
    LEVELS,
    correct_without,
    is_fragile,
    kernel_norms,
    reestimated,
    scaled,
    with_kernels,
)
from lib.chapters.fragile_neurons.networks import NetworkSetting, Training, trained
from lib.chapters.fragile_neurons.record import (
    MOVES,
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
from lib.chapters.fragile_neurons.subject import Probe, Subject, Variant, linear_eps, logarithmic_eps
from lib.chapters.fragile_neurons.svd_filter import PRINTED, SOURCE, Filter, Filtered, filtered, readings
from lib.chapters.fragile_neurons.targeting import (
    by_norm,
    distances,
    mean_distance,
    over_noise,
    random_splits,
    targeted,
)
from lib.measure.score import logits, score, under_attack

Distances = dict[str, NDArray[np.float64]]
"""At each of `LEVELS`, how far the maps move (N, kernels)."""


@dataclass(frozen=True)
class CellSetting:
    """A network at one age, and how it is measured."""

    network: NetworkSetting
    probe: Probe

    def __str__(self) -> str:
        first = "first " if self.probe.chosen == "first" else ""
        return f"{self.network}, {first}{self.probe.n_images} images"


def cell(setting: CellSetting) -> CellRecord:
    """Train a network to an age, drop each kernel of its first layer in turn, filter these kernels, and attack it."""
    probe, images = setting.probe, data.load(setting.network.dataset)
    model, history = trained(setting.network)
    chosen = probe.images(images.y_test)
    x, y = images.x_test[chosen], images.y_test[chosen]
    correct = correct_without(model, x, y)
    accuracies = np.array([correct[:, half::2].mean(1) for half in (0, 1)])
    subject = Subject(model, is_fragile(accuracies[0]), x, y, setting.network, probe)
    intact, rightly = score(model, x, y).correct, correct.sum(0).astype(np.uint16)
    return CellRecord(
        Training.of(model, history),
        score(model, images.x_test, images.y_test).correct,
        Dropout(intact, accuracies, rightly, kernel_norms(subject.weight)),
        _filters(subject),
        _targeting(subject),
        _robustness(subject),
        _batch_norm(subject, images.x_train[: probe.n_images]),
    )


NOISE_LEVELS = np.geomspace(1e-4, 1, 7).round(6).tolist()


def _filters(subject: Subject) -> Filters:
    """The readings, and the search over noise levels by unit and rule: accuracy, clean and at the printed eps."""
    few, labels = subject.few
    stale = {unit: subject.of_few(moved) for unit, moved in subject.attacked.items()}

    def measured(reading: Filter) -> tuple[Filtered, list[float]]:
        done = filtered(subject.weight, subject.fragile, reading)
        network = with_kernels(subject.model, done.weight)
        return done, [score(network, images, labels).accuracy for images in (few, *stale.values())]

    rows = {}
    for name, reading in readings(subject.probe.noise).items():
        done, (clean, *transfer) = measured(reading)
        rank, changed = int((done.after > 0).sum()), int((done.after != done.before).sum())
        norms = done.spectral, done.frobenius
        rows[name] = ReadingOutcome(done.tau, rank, changed, *norms, clean, dict(zip(stale, transfer, strict=True)))
    search = {}
    for unit, rule in product(("variance", "deviation"), ("at most", "hard")):
        search[f"{unit}, {rule}"] = np.array([measured(Filter(rule, unit, noise))[1] for noise in NOISE_LEVELS])
    null = int((~subject.fragile).sum()), subject.weight[0].numel()
    return Filters(done.before, null, rows, search)


def _targeting(subject: Subject) -> Targeting:
    """Algorithm 1 and its controls."""
    dataset, grid, size = subject.setting.dataset, subject.probe.grid, int(subject.fragile.sum())
    splits = random_splits(len(subject.fragile), size, subject.probe.splits, seed=0)
    eps = sorted({*logarithmic_eps(dataset, grid), *linear_eps(dataset, grid)[1:]})
    steps = [_algorithm_1(subject, splits, one) for one in eps]
    over_eps = {name: np.array([step[name] for step in steps]) for name in steps[0]}
    hits = {who: over_eps[who] for who in ("original", PRINTED, SOURCE, "relative")}
    at = eps.index(subject.printed)
    return Targeting(
        size,
        eps,
        over_eps["clipped"].T,
        over_eps["unclipped"].T,
        hits,
        Rounded.of(over_eps["moved"], 6),
        over_eps["chance"],
        hits["original"][at],
        hits["relative"][at],
        _controls(subject, splits),
    )


def _algorithm_1(subject: Subject, splits: NDArray[np.bool_], eps: float) -> dict[str, NDArray]:
    """The results of Algorithm 1 at one eps, by the names of `Targeting` and of its `hits`."""
    fragile = subject.fragile
    by = _distances_by(subject, ("original", PRINTED, SOURCE), eps)
    d, noise = by["original"], distances(subject.model, subject.x, random_signs(subject.x, eps))
    free = distances(subject.model, subject.x, subject.x + eps * subject.signs)
    return {
        **{who: targeted(one["convolution"], fragile) for who, one in by.items()},
        "relative": targeted(over_noise(d, noise)["convolution"], fragile),
        "clipped": np.array([targeted(d[level], fragile).mean() for level in LEVELS]),
        "unclipped": np.array([targeted(free[level], fragile).mean() for level in LEVELS]),
        "moved": mean_distance(d["convolution"], fragile),
        "chance": targeted(d["convolution"], splits).mean(0),
    }


def _distances_by(subject: Subject, names: tuple[str, ...], eps: float) -> dict[str, Distances]:
    """How far FGSM on each variant moves that variant's maps; equal variants are measured once."""
    found: dict[Variant, Distances] = {}
    for variant in (subject.variants[name] for name in names):
        if variant not in found:
            found[variant] = distances(variant.model, subject.x, variant.fgsm(eps))
    return {name: found[subject.variants[name]] for name in names}


def _controls(subject: Subject, splits: NDArray[np.bool_]) -> Controls:
    """The controls, at the printed eps."""
    model, x, (few, labels) = subject.model, subject.x, subject.few
    size, norms = int(subject.fragile.sum()), kernel_norms(subject.weight)
    far = PGD(eps=subject.printed, steps=subject.probe.pgd_steps)(model, few, labels)
    moved = {"FGSM": (x, subject.attacked["pixels"]), "random signs": (x, random_signs(x, subject.printed))}
    rows = {move: distances(model, *pair) for move, pair in (moved | {"PGD": (few, far)}).items()}
    rows["FGSM over random signs"] = over_noise(rows["FGSM"], rows["random signs"])
    every = [[rows[move][level] for level in LEVELS] for move in MOVES]
    sets = [subject.fragile, *(by_norm(subject.weight, size, largest=largest) for largest in (True, False))]
    return Controls(
        np.array([[[targeted(d, one).mean() for one in sets] for d in row] for row in every]),
        np.array([[targeted(d, splits).mean(0) for d in row] for row in every]),
        np.array([[stats.spearmanr(d.mean(0), norms).statistic for d in row] for row in every]),
    )


def _robustness(subject: Subject) -> Robustness:
    """Eq. 2, and accuracy over eps under attacks made fresh on each variant and on its amplification alone."""
    eps = linear_eps(subject.setting.dataset, subject.probe.grid)
    strong = sorted({eps[1], subject.printed / 4, subject.printed})
    few, labels = subject.few
    attack = {"steps": subject.probe.pgd_steps, "early_stop": True}
    distinct = list(dict.fromkeys(subject.variants.values()))
    correct, pgd_correct, probability = [], [], []
    for variant in distinct:
        network, y = variant.model, subject.y
        correct.append([score(network, variant.fgsm(one), y).correct for one in eps])
        pgd_correct.append([under_attack(network, PGD(eps=one, **attack), few, labels).correct for one in strong])
        probability.append([_probability(network, moved, y) for moved in subject.attacked.values()])
    *_, normalised = subject.attacked.values()
    return Robustness(
        {name: distinct.index(variant) for name, variant in subject.variants.items()},
        eps,
        np.array(correct),
        subject.probe.few(subject.y).cpu().numpy(),
        strong,
        np.array(pgd_correct),
        Rounded.of(np.array(probability), 7),
        score(subject.model, normalised, subject.y).correct,
    )


def _probability(model: nn.Sequential, x: Tensor, y: Tensor) -> NDArray[np.float64]:
    """The probability of the true class for each image (N,)."""
    outputs = compute.float64(logits(model, x)).softmax(1)
    return outputs.gather(1, y[:, None].to(outputs.device)).squeeze(1).cpu().numpy()


def _batch_norm(subject: Subject, x_train: Tensor) -> BatchNorm:
    """By how much doubling the fragile kernels changes the logits, with batch norm as it is and estimated anew."""
    twice = scaled(subject.model, subject.fragile, 2.0)
    pairs = (subject.model, twice), [reestimated(one, x_train) for one in (subject.model, twice)]
    return BatchNorm(*(float((logits(one, subject.x) - logits(other, subject.x)).abs().mean()) for one, other in pairs))
