"""All that the chapter shows of one cell, measured: `measure` and its parts."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor, nn

from lib import compute, provenance
from lib.attack.gradient import PGD
from lib.attack.noise import random_signs
from lib.chapters.fragile_neurons.kernels import (
    LEVELS,
    correct_without,
    first_convolution,
    is_fragile,
    kernel_norms,
    reestimated,
    scaled,
    with_kernels,
)
from lib.chapters.fragile_neurons.networks import Cell, trained
from lib.chapters.fragile_neurons.svd_filter import PRINTED, SOURCE, Filter, filtered, readings, variants
from lib.chapters.fragile_neurons.targeting import (
    by_norm,
    distances,
    in_pixels,
    mean_distance,
    over_noise,
    random_splits,
    signs,
    targeted,
)
from lib.data import Dataset
from lib.measure.score import logits, score, under_attack
from lib.train.snapshots import History


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
    """

    n_images: int = 1000
    n_pgd: int = 200
    pgd_steps: int = 20
    grid: int = 8
    noise: float = 0.015
    splits: int = 200


PRINTED_EPS = {"digits": 0.34, "mnist": 0.34, "cifar10": 0.01}
"""The eps of FGSM that the paper prints for each data set (3.1); digits are MNIST's."""


def linear_eps(images: str, grid: int) -> list[float]:
    """Where accuracy is measured and Algorithm 1 is run: from 0 to twice the printed eps or 0.4, with that eps."""
    printed = PRINTED_EPS[images]
    steps = np.linspace(0, min(2 * printed, 0.4), grid).round(5).tolist()
    return sorted({*steps, printed})


def logarithmic_eps(images: str, grid: int) -> list[float]:
    """Where Algorithm 1 is run besides: evenly on a logarithmic scale, from a hundredth of the printed eps to 1."""
    return np.geomspace(PRINTED_EPS[images] / 100, 1, grid).round(6).tolist()


def pack(bits: NDArray) -> dict:
    """Booleans (N,) as text for a cell's file."""
    return {"n": len(bits), "bits": np.packbits(bits).tobytes().hex()}


def unpack(packed: dict) -> NDArray[np.bool_]:
    """The booleans (N,) that `pack` was given."""
    return np.unpackbits(np.frombuffer(bytes.fromhex(packed["bits"]), np.uint8))[: packed["n"]].astype(bool)


def measure(cell: Cell, images: Dataset, probe: Probe) -> dict:
    """All that the chapter shows of one cell, as JSON. Lists over images are in the order of the test images."""
    model, history = trained(cell, images)
    x, y = images.x_test[: probe.n_images], images.y_test[: probe.n_images]
    correct = correct_without(model, x, y)
    accuracies = [correct[:, half::2].mean(1) for half in (0, 1)]
    fragile = is_fragile(accuracies[0])
    weight = first_convolution(model).weight
    done = filtered(weight, fragile, Filter(noise=probe.noise))
    return {
        "cell": asdict(cell),
        "losses": history.losses,
        "clean": pack(score(model, images.x_test, images.y_test).correct),
        "all": pack(score(model, x, y).correct),
        "without": [one.tolist() for one in accuracies],
        "rightly_without": correct.sum(0).tolist(),
        "norms": kernel_norms(weight).tolist(),
        "spectrum": done.before.tolist(),
        "shape": [int((~fragile).sum()), weight[0].numel()],
        "readings": _readings(model, fragile, x, y, cell, probe),
        "search": _search(model, fragile, x, y, cell, probe),
        "targeting": _targeting(model, fragile, x, y, cell, probe),
        "robustness": _robustness(model, fragile, x, y, cell, probe),
        "batch_norm": _batch_norm(model, fragile, x, images.x_train[: probe.n_images]),
        "made": _made(history),
    }


def _made(history: History) -> dict:
    """Where a cell comes from: it may be older than the run that shows it, and from another machine."""
    return {
        "trained_on": history.device,
        "training_seconds": round(history.seconds, 1),
        "measured_on": provenance.describe_device(),
        "torch": provenance.versions()["torch"],
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


UNITS = ("pixels", "normalised units")
"""What the paper's eps may be meant in: it does not say."""


def attacked_as_printed(model: nn.Sequential, x: Tensor, y: Tensor, images: str) -> dict[str, Tensor]:
    """Images under FGSM at the printed eps of a data set, for each of `UNITS`."""
    eps, step = PRINTED_EPS[images], signs(model, x, y)
    lengths = dict(zip(UNITS, (eps, in_pixels(model, eps)), strict=True))
    return {unit: (x + length * step).clamp(0, 1) for unit, length in lengths.items()}


def _readings(model, fragile, x, y, cell: Cell, probe: Probe) -> dict:
    """For each reading τ, rank, norms and α, accuracy clean and on images attacked through the original."""
    few, labels = x[: probe.n_pgd], y[: probe.n_pgd]
    stale = attacked_as_printed(model, few, labels, cell.images)
    rows = {}
    for name, reading in readings(probe.noise).items():
        done = filtered(first_convolution(model).weight, fragile, reading)
        network = with_kernels(model, done.weight)
        rows[name] = {
            "tau": done.tau,
            "rank": int((done.after > 0).sum()),
            "changed": int((done.after != done.before).sum()),
            "spectral": done.spectral,
            "frobenius": done.frobenius,
            "clean": score(network, few, labels).accuracy,
            "transfer": {unit: score(network, moved, labels).accuracy for unit, moved in stale.items()},
        }
    return rows


NOISE_LEVELS = np.geomspace(1e-4, 1, 7).round(6).tolist()


def _search(model, fragile, x, y, cell: Cell, probe: Probe) -> dict:
    """The search over noise levels: accuracy clean and under `attacked_as_printed` for each ε, by unit and rule."""
    few, labels = x[: probe.n_pgd], y[: probe.n_pgd]
    stale = attacked_as_printed(model, few, labels, cell.images)
    found = {}
    for unit, rule in product(("variance", "deviation"), ("at most", "hard")):
        rows = []
        for noise in NOISE_LEVELS:
            done = filtered(first_convolution(model).weight, fragile, Filter(rule, unit, noise))
            network = with_kernels(model, done.weight)
            rows.append([score(network, images, labels).accuracy for images in (few, *stale.values())])
        found[f"{unit}, {rule}"] = rows
    return found


def _targeting(model, fragile, x, y, cell: Cell, probe: Probe) -> dict:
    """Algorithm 1 and its controls."""
    weight = first_convolution(model).weight
    printed = PRINTED_EPS[cell.images]
    size = int(fragile.sum())
    splits = random_splits(len(fragile), size, probe.splits, seed=0)
    networks = variants(model, fragile, probe.noise, (PRINTED, SOURCE))
    steps = {name: signs(network, x, y) for name, network in networks.items()}
    both = {*logarithmic_eps(cell.images, probe.grid), *linear_eps(cell.images, probe.grid)[1:]}
    found: dict = {"size": size, "eps": sorted(both)}
    shares: dict[str, list] = {f"{way}, {level}": [] for way in ("clipped", "unclipped") for level in LEVELS}
    bits: dict[str, list] = {name: [] for name in (*networks, "relative")}
    moved, chance = [], []
    for eps in found["eps"]:
        for name, network in networks.items():
            d = distances(network, x, (x + eps * steps[name]).clamp(0, 1))
            bits[name].append(pack(targeted(d["convolution"], fragile)))
            if name == "original":
                for level in LEVELS:
                    shares[f"clipped, {level}"].append(float(targeted(d[level], fragile).mean()))
                moved.append(mean_distance(d["convolution"], fragile).round(6).tolist())
                chance.append(targeted(d["convolution"], splits).mean(0).tolist())
                noise = distances(model, x, random_signs(x, eps))
                bits["relative"].append(pack(targeted(over_noise(d, noise)["convolution"], fragile)))
        free = distances(model, x, x + eps * steps["original"])
        for level in LEVELS:
            shares[f"unclipped, {level}"].append(float(targeted(free[level], fragile).mean()))
    d = distances(model, x, (x + printed * steps["original"]).clamp(0, 1))
    noise = distances(model, x, random_signs(x, printed))
    few, labels = x[: probe.n_pgd], y[: probe.n_pgd]
    far = distances(model, few, PGD(eps=printed, steps=probe.pgd_steps)(model, few, labels))
    kinds = {"S": fragile, "largest norm": by_norm(weight, size), "smallest norm": by_norm(weight, size, largest=False)}
    rows = {"FGSM": d, "PGD": far, "random signs": noise, "FGSM over random signs": over_noise(d, noise)}
    norms = kernel_norms(weight)
    found |= {
        "shares": shares,
        "bits": bits,
        "moved": moved,
        "chance": chance,
        "printed": pack(targeted(d["convolution"], fragile)),
        "printed_relative": pack(targeted(over_noise(d, noise)["convolution"], fragile)),
        "controls": {
            name: {
                level: {
                    **{kind: float(targeted(one[level], chosen).mean()) for kind, chosen in kinds.items()},
                    "random": targeted(one[level], splits).mean(0).tolist(),
                    "rank_correlation": float(stats.spearmanr(one[level].mean(0), norms).statistic),
                }
                for level in LEVELS
            }
            for name, one in rows.items()
        },
    }
    return found


ALONE = "scaled alone, "
"""What stands before a reading's name where its α amplifies the fragile kernels and the null ones are left alone."""


def _robustness(model, fragile, x, y, cell: Cell, probe: Probe) -> dict:
    """Eq. 2, and accuracy over eps under attacks made fresh on each variant and on its amplification alone."""
    printed = PRINTED_EPS[cell.images]
    grid = linear_eps(cell.images, probe.grid)
    few, labels = x[: probe.n_pgd], y[: probe.n_pgd]
    strong = sorted({grid[1], printed / 4, printed})
    networks = variants(model, fragile, probe.noise)
    for name in list(networks)[1:]:
        alpha = filtered(first_convolution(model).weight, fragile, readings(probe.noise)[name]).alpha
        networks[ALONE + name] = scaled(model, fragile, alpha)
    stale = attacked_as_printed(model, x, y, cell.images)

    def measured(network: nn.Sequential) -> dict:
        step = signs(network, x, y)
        attack = {"steps": probe.pgd_steps, "early_stop": True}
        attacked = [under_attack(network, PGD(eps=eps, **attack), few, labels) for eps in strong]
        return {
            "fgsm": [pack(score(network, (x + eps * step).clamp(0, 1), y).correct) for eps in grid],
            "pgd": [pack(one.correct) for one in attacked],
            "probability": {unit: _probability(network, moved, y) for unit, moved in stale.items()},
        }

    same: dict[bytes, dict] = {}  # a filter that changes nothing leaves the network that was there before
    found: dict = {"eps": grid, "pgd_eps": strong, "fgsm": {}, "pgd": {}, "probability": {}}
    for name, network in networks.items():
        kernels = first_convolution(network).weight.detach().cpu().numpy().tobytes()
        if kernels not in same:
            same[kernels] = measured(network)
        for kind, result in same[kernels].items():
            found[kind][name] = result
    found["fgsm_normalised"] = pack(score(model, stale[UNITS[1]], y).correct)
    return found


def _probability(model: nn.Sequential, x: Tensor, y: Tensor) -> list[float]:
    """The probability of the true class for each image."""
    outputs = compute.float64(logits(model, x)).softmax(1)
    return outputs.gather(1, y[:, None].to(outputs.device)).squeeze(1).cpu().numpy().round(7).tolist()


def _batch_norm(model, fragile, x, x_train) -> dict:
    """By how much doubling the fragile kernels changes the logits, with batch norm as it is and estimated anew."""
    twice = scaled(model, fragile, 2.0)
    pairs = {"frozen": (model, twice), "reestimated": [reestimated(one, x_train) for one in (model, twice)]}
    return {way: float((logits(one, x) - logits(other, x)).abs().mean()) for way, (one, other) in pairs.items()}
