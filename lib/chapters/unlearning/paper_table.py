"""The second and the third row of the paper's table, beside all that may have given them."""

from collections.abc import Mapping, Sequence

import numpy as np

from lib.chapters.unlearning import forensics
from lib.chapters.unlearning.measure_forensics import CurveRecord, UntrainedRecord
from lib.chapters.unlearning.measure_loop import UPDATED
from lib.chapters.unlearning.measure_row import ATTACKS, CLIPPED, Row
from lib.chapters.unlearning.rates import Loop, Networks
from lib.chapters.unlearning.reads import Reads
from lib.ledger.claims import paper

Clouds = Mapping[str, UntrainedRecord]
Curves = Mapping[str, Sequence[CurveRecord]]
Way = tuple[str, str, str]
"""Attack, age of its images, network."""

NEAREST_TO_THE_WORDS: Way = ("fgsm", "fresh", "b")


CLAIMS = paper("unlearning").claims


def printed(row: str, what: str) -> str:
    """A number of the paper's table, digit by digit: `what` is accuracy or loss."""
    return CLAIMS[f"{row}.{what}"].printed


def _row(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Accuracy and loss that the paper prints in a row of its table, and their tolerances."""
    claims = [CLAIMS[f"{name}.{one}"] for one in ("accuracy", "loss")]
    return tuple(one.value for one in claims), tuple(one.tolerance for one in claims)


(ROW_2, WITHIN_2), (ROW_3, WITHIN_3) = _row("attacked"), _row("unlearned")
"""Under FGSM, before the loop and after it."""
RISE = ROW_3[0] - ROW_2[0]
"""By how much accuracy under FGSM is higher in the third row than in the second."""

AS_MADE = [name + end for name in ATTACKS for end in ("", CLIPPED)]
"""The attacks of the third row by name, as printed and clipped."""

ORIGINAL = "original"
"""The name of the network before any round, among those of the third row."""

NOTHING_UNLEARNED = (ORIGINAL, "none")
"""The networks of the third row that no reading has changed: the original, and the same after further training."""


def rows(networks: Networks, loop: Loop) -> dict[str, list[Row]]:
    """The third row's candidates by network: the original, and those of the readings `UPDATED`."""
    of = {ORIGINAL: networks} | {reading: loop[reading] for reading in UPDATED}
    return {who: [one.row for one in records] for who, records in of.items()}


def ways(networks: Networks, loop: Loop) -> dict[Way, list[Reads]]:
    """How each network classifies the third row's images, by each way in which they may have been made."""
    found = {}
    for attack in AS_MADE:
        for who, of in rows(networks, loop).items():
            found[attack, "fresh", who] = [one.fresh[attack] for one in of]
            if who != ORIGINAL:  # its stale images are its fresh ones
                found[attack, "stale", who] = [one.stale[attack] for one in of]
    return found


def means(scores: Sequence[Reads]) -> tuple[float, float]:
    """Accuracy and loss, averaged over networks."""
    return float(np.mean([one.accuracy for one in scores])), float(np.mean([one.loss for one in scores]))


def off(scores: Sequence[Reads], point: tuple[float, float], within: tuple[float, float]) -> float:
    """How far accuracy and loss lie from a point, in tolerances: the larger of the two distances."""
    return max(abs(a - b) / c for a, b, c in zip(means(scores), point, within, strict=True))


def noise_off(networks: Networks, loop: Loop) -> float:
    """How far random signs lie from the third row, in tolerances, on the network where that is least."""
    noise = ([one.noise for one in of] for of in rows(networks, loop).values())
    return min(off(row, ROW_3, WITHIN_3) for row in noise)


def giving(networks: Networks, loop: Loop) -> list[Way]:
    """The ways that give both numbers of the third row."""
    return [way for way, of in ways(networks, loop).items() if off(of, ROW_3, WITHIN_3) <= 1]


def third_row_off(networks: Networks, loop: Loop) -> dict[Way, float]:
    """How far each way lies from the third row, in tolerances, the nearest first."""
    distances = {way: off(of, ROW_3, WITHIN_3) for way, of in ways(networks, loop).items()}
    return dict(sorted(distances.items(), key=lambda item: item[1]))


def second_row(networks: Networks) -> dict[str, list[Reads]]:
    """The second row's candidates: the printed attacks on the original networks."""
    return {name: [one.row.fresh[name] for one in networks] for name in AS_MADE}


def path(records: Sequence[CurveRecord]) -> np.ndarray:
    """Accuracy and loss at each eps (eps, 2), averaged over networks."""
    return np.mean([one.points for one in records], 0)


def tails(clouds: Clouds) -> dict[tuple[str, str], float]:
    """The probability of a point at least as far out as the paper's second row, by LeNet and by what it was shown."""
    return {
        (lenet, way): forensics.tail(points, ROW_2)
        for lenet, cloud in clouds.items()
        for way, points in cloud.ways.items()
    }


def likeliest(clouds: Clouds) -> dict[str, tuple[str, float]]:
    """The LeNet for which the paper's second row is likeliest, and how likely, by what its networks were shown."""
    found: dict[str, tuple[str, float]] = {}
    for (lenet, way), probability in tails(clouds).items():
        if way not in found or probability > found[way][1]:
            found[way] = lenet, probability
    return found


def nearest(curves: Curves) -> dict[str, tuple[float, float]]:
    """Where each attack's path comes nearest to the paper's second row, and how near, in tolerances."""
    return {name: forensics.nearest(path(of), ROW_2, WITHIN_2) for name, of in curves.items()}
