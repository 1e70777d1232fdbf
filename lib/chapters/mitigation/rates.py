"""What answers, tables and figures of the chapter have in common: shares and areas, one a network."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from lib.chapters.mitigation.classes import Classes
from lib.chapters.mitigation.detector import separation, unnoticed
from lib.chapters.mitigation.measure_attacks import NetworkRecord
from lib.chapters.mitigation.measure_detector import DetectorRecord, Judged
from lib.chapters.mitigation.measure_digits import LikenessRecord
from lib.chapters.mitigation.measure_retraining import RetrainedRecord

Hits = list[np.ndarray]
"""For each network which images something is true of."""

Outcome = Mapping[tuple[str, float], Sequence[RetrainedRecord]]
"""The retrained networks by what they were trained on, and at which eps."""

ADAPTIVE, SIGNS = "PGD that knows the detector", "random signs, no attack"

WAYS: dict[str, Callable[[RetrainedRecord], Classes]] = {
    "clean": lambda record: record.clean,
    SIGNS: lambda record: record.signs,
    "stale FGSM": lambda record: record.stale_fgsm,
    "fresh FGSM": lambda record: record.fresh_fgsm,
    "fresh PGD": lambda record: record.fresh_pgd,
}
"""How a retrained network is attacked."""

INPUTS: dict[str, Callable[[DetectorRecord], Judged]] = {
    "FGSM": lambda record: record.fgsm,
    "FGSM, a third of eps": lambda record: record.weak_fgsm,
    "PGD": lambda record: record.pgd,
    ADAPTIVE: lambda record: record.adaptive,
    "the same from a random start": lambda record: record.adaptive_random_start,
    SIGNS: lambda record: record.signs,
}
"""What a detector is shown besides clean images."""


def nearest_neighbours(likeness: LikenessRecord) -> float:
    """How many digits the nearest training images still name rightly at the largest eps."""
    return float((likeness.attacked.neighbour[-1] == likeness.labels).mean())


def confusion(networks: Sequence[NetworkRecord], eps: float) -> np.ndarray:
    """What the digits are taken for under FGSM, over all networks: (10, 10), each row the shares of one digit."""
    counts = np.zeros((10, 10))
    for one in networks:
        np.add.at(counts, (one.labels, one.fgsm.at(eps)), 1)
    return counts / counts.sum(1, keepdims=True)


def correct(retrained: Sequence[RetrainedRecord], way: str) -> Hits:
    """Which images each retrained network classifies rightly, attacked in one of the `WAYS`."""
    return [record.correct(WAYS[way](record)) for record in retrained]


def areas(detectors: Sequence[DetectorRecord], name: str) -> list[float]:
    """How well each detector separates one of the `INPUTS` from clean images: the area under the ROC curve."""
    return [separation(one.clean.suspicion, INPUTS[name](one).suspicion) for one in detectors]


def black_areas(detectors: Sequence[DetectorRecord], name: str) -> list[float]:
    """How well the count of black pixels separates them."""
    return [separation(one.clean.suspicion_by_black, INPUTS[name](one).suspicion_by_black) for one in detectors]


def misread(detectors: Sequence[DetectorRecord], name: str) -> Hits:
    """Which of these images each network takes for another class."""
    return [INPUTS[name](one).classes != one.labels for one in detectors]


def passed(detectors: Sequence[DetectorRecord], name: str) -> Hits:
    """Which of these images are taken for another class and raise no alarm."""
    silent = [unnoticed(one.clean.suspicion, INPUTS[name](one).suspicion) for one in detectors]
    return [one & wrong for one, wrong in zip(silent, misread(detectors, name), strict=True)]
