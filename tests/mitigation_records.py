"""Made-up records of the chapter on mitigation: networks, retrained ones, detectors and substitutes by their shares."""

from collections.abc import Sequence

import numpy as np

from lib.chapters.mitigation.experiment import Experiment
from lib.chapters.mitigation.measure_attacks import Curve, NetworkRecord
from lib.chapters.mitigation.measure_detector import DetectorRecord, Judged
from lib.chapters.mitigation.measure_digits import LikenessRecord, Readers
from lib.chapters.mitigation.measure_retraining import RetrainedRecord, SearchRecord
from lib.chapters.mitigation.measure_substitute import SubstituteRecord, Victim

N, FEW = 400, 200
"""Test images, and how many of them are attacked in many steps: every second one."""

LABELS = (np.arange(N) % 10).astype(np.uint8)
TARGETS = (LABELS + 1) % 10
SOME = np.arange(0, N, 2, dtype=np.int32)
EXPERIMENT = Experiment(0, 3, "mnist", 15, 2, 2, 0.3, 0.3, 0.9, 4, FEW, 100)
EPS = (0.0, 0.3, 0.45, 0.9)


SMALL = Experiment(
    seed=3,
    seeds=2,
    dataset="digits",
    epochs=2,
    retrain_epochs=1,
    detector_epochs=1,
    eps_train=0.2,
    eps_untargeted=0.3,
    eps_targeted=0.9,
    grid=3,
    n_images=12,
    n_boundary=10,
)
"""So small that all of it is measured in a test."""


def classes(right: float, reached: float = 0.0, labels: np.ndarray = LABELS) -> np.ndarray:
    """Classes of images, a share of which is right (the first ones) and a share the target (the last ones)."""
    n = len(labels)
    found = np.where(np.arange(n) < round(right * n), labels, (labels + 5) % 10)
    return np.where(np.arange(n) >= n - round(reached * n), (labels + 1) % 10, found).astype(np.uint8)


def few(right: float, reached: float = 0.0) -> np.ndarray:
    """The same, of those attacked in many steps."""
    return classes(right, reached, LABELS[SOME])


def network(
    clean: float = 0.99,
    fgsm: float = 0.1,
    step: float = 0.98,
    pgd: float = 0.0,
    signs: float = 0.9,
    targeted: float = 0.1,
    reached: float = 0.8,
    signs_reached: float = 0.0,
) -> NetworkRecord:
    """A network with these accuracies at every eps; PGD reaches the target at 0.45 with the share `reached`."""
    curves = {
        name: np.stack([classes(clean), *[classes(right)] * 3]) for name, right in {"fgsm": fgsm, "step": step}.items()
    }
    far = Curve(EPS, np.stack([classes(clean), *[classes(targeted)] * 3]))
    moved = np.stack([classes(clean), *[classes(signs, signs_reached)] * 3])
    return NetworkRecord(
        *("made up", "no weights", 0, LABELS, TARGETS, SOME),
        fgsm=Curve(EPS, curves["fgsm"]),
        step=Curve(EPS, curves["step"]),
        pgd=Curve(EPS, np.stack([few(clean), *[few(pgd)] * 3])),
        targeted_fgsm=far,
        targeted_step=far,
        targeted_pgd=Curve((0.45, 0.9), np.stack([few(0.0, reached), few(0.0, 1.0)])),
        signs=Curve(EPS, moved),
    )


def networks(**shares: Sequence[float]) -> list[NetworkRecord]:
    """A network for each value."""
    return [network(**dict(zip(shares, values, strict=True))) for values in zip(*shares.values(), strict=True)]


def retrained(stale: float, fresh: float, pgd: float) -> RetrainedRecord:
    """A retrained network with these accuracies."""
    return RetrainedRecord(LABELS, SOME, classes(0.9), classes(0.6), classes(stale), classes(fresh), few(pgd))


def outcome(
    stale: Sequence[float], fresh: Sequence[float] = (0.2, 0.2, 0.2), pgd: Sequence[float] = (0.0, 0.0, 0.0)
) -> dict[tuple[str, float], list[RetrainedRecord]]:
    """Of every retraining the same."""
    found = [retrained(*shares) for shares in zip(stale, fresh, pgd, strict=True)]
    return dict.fromkeys(EXPERIMENT.retrainings, found)


def targeted(stale: float = 0.5, fresh: float = 0.1, pgd: float = 0.0) -> dict[tuple[str, float], list]:
    """The same for retraining on targeted images, three networks of each."""
    return dict.fromkeys(EXPERIMENT.retrainings_targeted, [retrained(stale, fresh, pgd)] * 3)


def searches(*right: float) -> list[SearchRecord]:
    """What Square leaves right of each network."""
    return [SearchRecord(LABELS[SOME], few(share)) for share in right]


def judged(suspicion: np.ndarray) -> Judged:
    """A quarter of the images is classified rightly; the count of black pixels says the opposite of the detector."""
    return Judged(suspicion, -suspicion, classes(0.25))


def detector(known: float, informed: float, signs: float = 1.0) -> DetectorRecord:
    """One that separates FGSM, the attack that knows it, and random signs with these areas under the curve."""
    low, high = np.zeros(N, np.float32), np.ones(N, np.float32)

    def seen(area: float) -> Judged:  # that share of the attacked images is above all clean ones, the rest below
        return judged(np.where(np.arange(N) < round(N * area), 1, -1).astype(np.float32))

    seen_as = (judged(low), seen(known), judged(high), judged(high), seen(informed), judged(high), seen(signs))
    return DetectorRecord(LABELS, *seen_as)


def substitute(
    few_questions: float, many: float, white: float = 0.1, signs: float = 0.9, clean: float = 0.99
) -> SubstituteRecord:
    """Accuracy of the original under FGSM through substitutes of 100 and of 5,000 questions, and through itself."""
    through = np.stack([classes(few_questions), classes(many)])
    victim = Victim(classes(clean), classes(signs), through, classes(white))
    return SubstituteRecord(LABELS, (100, 5000), np.stack([classes(0.7), classes(0.9)]), victim, victim)


LIKENESS = LikenessRecord(
    (0.0, 0.9),
    LABELS[SOME],
    Readers(np.stack([few(0.9), few(0.0)]), np.stack([few(0.95), few(0.125)])),
    Readers(np.stack([few(0.9), few(0.1)]), np.stack([few(0.95), few(0.5)])),
    np.array([[1.0] * FEW, [-0.5] * FEW], np.float32),
)
