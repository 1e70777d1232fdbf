"""What answers, tables and figures of the chapter have in common: shares and areas, one a network."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from lib.chapters.mitigation.detector import separation, unnoticed
from lib.chapters.mitigation.measure_attacks import Classes, LikenessRecord, same
from lib.chapters.mitigation.measure_defences import DetectorRecord, Judged, RetrainedRecord

Hits = list[np.ndarray]
"""For each network which images something is true of."""

Outcome = Mapping[tuple[str, float], Sequence[RetrainedRecord]]
"""The retrained networks by what they were trained on, and at which eps."""

WAYS: dict[str, Callable[[RetrainedRecord], Classes]] = {
    "clean": lambda record: record.clean,
    "stale FGSM": lambda record: record.stale_fgsm,
    "fresh FGSM": lambda record: record.fresh_fgsm,
    "fresh PGD": lambda record: record.fresh_pgd,
}
"""How a retrained network is attacked."""

ADAPTIVE, SIGNS = "PGD that knows the detector", "random signs, no attack"

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
    return float(same(likeness.attacked.neighbour[-1], likeness.labels).mean())


def correct(retrained: Sequence[RetrainedRecord], way: str) -> Hits:
    """Which images each retrained network classifies rightly, attacked in one of the `WAYS`."""
    return [same(WAYS[way](record), record.labels) for record in retrained]


def areas(detectors: Sequence[DetectorRecord], name: str) -> list[float]:
    """How well each detector separates one of the `INPUTS` from clean images: the area under the ROC curve."""
    return [separation(one.clean.suspicion, INPUTS[name](one).suspicion) for one in detectors]


def black_areas(detectors: Sequence[DetectorRecord], name: str) -> list[float]:
    """How well the count of black pixels separates them."""
    return [separation(one.clean.suspicion_by_black, INPUTS[name](one).suspicion_by_black) for one in detectors]


def misread(detectors: Sequence[DetectorRecord], name: str) -> Hits:
    """Which of these images each network takes for another class."""
    return [~same(INPUTS[name](one).classes, one.labels) for one in detectors]


def passed(detectors: Sequence[DetectorRecord], name: str) -> Hits:
    """Which of these images are taken for another class and raise no alarm."""
    silent = [unnoticed(one.clean.suspicion, INPUTS[name](one).suspicion) for one in detectors]
    return [one & wrong for one, wrong in zip(silent, misread(detectors, name), strict=True)]
