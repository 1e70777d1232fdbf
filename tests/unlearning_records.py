"""Made-up records of the chapter on unlearning: what measuring would give, with accuracies and losses by hand."""

from collections.abc import Sequence

import numpy as np

from lib.chapters.unlearning.experiment import Experiment
from lib.chapters.unlearning.loop import READINGS
from lib.chapters.unlearning.measure import UPDATED, LoopRecord, NetworkRecord, ThirdRowRecord, printed_attacks
from lib.chapters.unlearning.measure_forensics import CurveRecord, UntrainedRecord
from lib.chapters.unlearning.measure_removal import STATES, MembershipRecord, OneShotRecord
from lib.chapters.unlearning.reads import Reads

N = 1000
"""Test images; there are as many of them for attacks in many steps."""


def experiment(**given) -> Experiment:
    """Three networks on digits, two rounds."""
    values = {"seed": 0, "seeds": 3, "scratch_seeds": 3, "dataset": "digits", "architecture": "fig4", "epochs": 5}
    values |= {"rounds": 2, "round_epochs": 1, "remove": 7, "eps": 0.1, "shots": 2, "forget": 0.05, "grid": 3}
    values |= {"n_untrained": 10, "n_forensic": 20, "n_images": N}
    return Experiment(**values | given)


def correct(accuracy: float, n: int = N) -> np.ndarray:
    """The first images right, the others wrong."""
    return np.arange(n) < round(accuracy * n)


def reads(accuracy: float, loss: float = 1.0, n: int = N) -> Reads:
    """Every image with the same loss."""
    return Reads(np.zeros(n, np.uint8), correct(accuracy, n), np.full(n, loss, np.float32))


def network(clean=0.9, printed=0.3, clipped=0.4, pgd=0.35, losses=(0.3, 2.3, 1.7, 2.0)) -> NetworkRecord:
    """A trained network of these accuracies and losses; PGD that stops early leaves what PGD leaves."""
    pairs = zip((clean, printed, clipped, pgd), losses, strict=True)
    return NetworkRecord("digest", *(reads(*pair) for pair in pairs), correct(pgd))


def looped(fgsm: Sequence[float], pgd: Sequence[float], clean: float = 0.9, row: float = 0.5) -> LoopRecord:
    """A loop with these accuracies by round; the third row's numbers are `row` with a loss of 1."""
    ways = [np.array([correct(one) for one in by_round]) for by_round in ([clean] * len(fgsm), fgsm, pgd)]
    return LoopRecord([3993] * len(fgsm), ["digest"] * len(fgsm), *ways, reads(row), reads(row / 2, 2.0))


SPREAD = (-0.01, 0.0, 0.01)
"""By how much three networks differ."""


def loops(at: float = 0.5, spread: Sequence[float] = SPREAD, **others: float) -> dict[str, list[LoopRecord]]:
    """Every reading after two rounds: `at` under FGSM and PGD, but for the readings named, all spread alike."""
    levels = {reading: others.get(reading, at) for reading in READINGS}
    return {reading: [looped([level + by] * 2, [level + by] * 2) for by in spread] for reading, level in levels.items()}


def third_row(accuracy: float = 0.5, seeds: int = 3) -> dict[str, list[ThirdRowRecord]]:
    """Every network alike under every attack."""
    by_attack = {name: reads(accuracy) for name in printed_attacks(0.1)}
    found = {}
    for who in UPDATED:
        stale = {} if who == "original" else by_attack
        found[who] = [ThirdRowRecord(dict(by_attack), stale, reads(0.9), 0.25) for _ in range(seeds)]
    return found


def cloud(seed: int, centre=(0.1, 2.3), n: int = 10) -> UntrainedRecord:
    """Untrained networks around a point, clean; far from there under attack."""
    around = np.random.default_rng(seed).normal(centre, (0.02, 0.02), (n, 2))
    return UntrainedRecord(around, around + np.array([0.5, 3.0]))


def curve(points: Sequence[tuple[float, float]]) -> CurveRecord:
    """Accuracy and loss at each eps."""
    return CurveRecord(
        np.array([correct(accuracy) for accuracy, _ in points]),
        np.array([np.full(N, loss, np.float32) for _, loss in points]),
    )


def one_shot(clean: float, fgsm: float) -> OneShotRecord:
    """A network from scratch."""
    return OneShotRecord(3992, "digest", correct(clean), correct(fgsm))


def memberships(apart: float = 1.0, seeds: int = 2) -> dict[str, list[MembershipRecord]]:
    """Every state alike: removed images have a loss that is `apart` below that of test images."""
    record = MembershipRecord("digest", reads(0.1, 2.0 - apart, 20), reads(0.1, 2.0, 8), correct(0.9))
    return {state: [record] * seeds for state in STATES}
