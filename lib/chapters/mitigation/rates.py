"""What the chapter's answers, tables and figures have in common: shares and areas, one for each network."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from lib.chapters.mitigation.classes import Classes
from lib.chapters.mitigation.detector import comparisons, unnoticed
from lib.chapters.mitigation.experiment import Experiment
from lib.chapters.mitigation.measure_attacks import NetworkRecord
from lib.chapters.mitigation.measure_detector import DetectorRecord, Judged
from lib.chapters.mitigation.measure_retraining import RetrainedRecord, SearchRecord
from lib.chapters.mitigation.measure_substitute import SubstituteRecord
from lib.ledger.answers import Readings
from lib.ledger.claims import paper
from lib.ledger.words import within_tolerance
from lib.measure.intervals import Measured, difference, rate
from lib.show import cells
from lib.show.counting import agreeing, counted

Networks = Sequence[NetworkRecord]
Detectors = Sequence[DetectorRecord]
Substitutes = Sequence[SubstituteRecord]

Hits = list[np.ndarray]
"""For each network, which images something is true of."""

Outcome = Mapping[tuple[str, float], Sequence[RetrainedRecord]]
"""The retrained networks by what they were trained on, and at which eps."""

CLAIMS = paper("mitigation").claims
PRINTED = CLAIMS["retrained.adversarial_accuracy"]
"""What the paper prints for the retrained network on adversarial images."""

ADAPTIVE, SIGNS = "PGD that knows the detector", "random signs, no attack"

WAYS: dict[str, Callable[[RetrainedRecord], Classes]] = {
    "clean": lambda record: record.clean,
    SIGNS: lambda record: record.signs,
    "stale FGSM": lambda record: record.stale_fgsm,
    "fresh FGSM": lambda record: record.fresh_fgsm,
    "fresh PGD": lambda record: record.fresh_pgd,
}
"""How a retrained network is attacked: in targeted form where it was retrained on images of the targeted attack."""

NO_ATTACK = ("clean", SIGNS)
"""Those of the `WAYS` that make no adversarial images: the printed accuracy cannot be for these."""

INPUTS: dict[str, Callable[[DetectorRecord], Judged]] = {
    "FGSM": lambda record: record.fgsm,
    "FGSM, a third of eps": lambda record: record.weak_fgsm,
    "PGD": lambda record: record.pgd,
    ADAPTIVE: lambda record: record.adaptive,
    "the same from a random start": lambda record: record.adaptive_random_start,
    SIGNS: lambda record: record.signs,
}
"""What a detector is shown besides clean images."""


def clean(networks: Networks) -> Hits:
    """Which images each network classifies correctly without an attack."""
    return [one.correct(one.clean) for one in networks]


def under(networks: Networks, eps: float, attack: str) -> Hits:
    """Which images each network classifies correctly under one of the attacks of its record."""
    return [one.correct(getattr(one, attack).at(eps)) for one in networks]


def reached(networks: Networks, eps: float, attack: str) -> Hits:
    """Which images each network takes for the target under one of the attacks of its record."""
    return [one.reached(getattr(one, attack).at(eps)) for one in networks]


def confusion(networks: Networks, eps: float) -> np.ndarray:
    """What the digits are taken for under FGSM, over all networks: (10, 10), each row the shares of one digit."""
    return cells.confusion((one.labels, one.fgsm.at(eps)) for one in networks)


def correct(retrained: Sequence[RetrainedRecord], way: str) -> Hits:
    """Which images each retrained network classifies correctly, attacked in one of the `WAYS`."""
    return [record.correct(WAYS[way](record)) for record in retrained]


def readings(outcome: Outcome, targeted: Outcome, experiment: Experiment) -> Readings:
    """In how many ways the retraining can be read, and how many of them give the printed accuracy.

    Two are nearest to the paper's words: trained on both sets under one of the two attacks, and tested on the images
    trained on. The one nearest to the printed number is chosen on the first half of the networks; the accuracy given
    for it is that on the others, where there are any.
    """
    found = {
        (kind, images, eps, way): [float(hits.mean()) for hits in correct(records, way)]
        for kind, retrainings in (("", outcome), ("targeted ", targeted))
        for (images, eps), records in retrainings.items()
        for way in WAYS
        if eps and way not in NO_ATTACK
    }
    chosen_on = max(len(next(iter(found.values()))) // 2, 1)
    nearest = min(found, key=lambda one: abs(np.mean(found[one][:chosen_on]) - PRINTED.value))
    others = found[nearest][chosen_on:]
    giving = [one for one, values in found.items() if within_tolerance(PRINTED, np.mean(values))]
    by_words = ("", *experiment.as_paper), ("targeted ", *experiment.as_paper_targeted)
    among = sum((*one, "stale FGSM") in giving for one in by_words)
    words = f"{among} of the {len(by_words)} nearest to the words {agreeing(among)} among them; " if giving else ""
    kind, images, eps, way = nearest
    stale, attack = way.split()
    words += f"the nearest to the number is trained on {images}, {kind}FGSM at eps {eps:.3g}, and scored on "
    words += f"{stale} {kind}{attack} images"
    given = f"{np.mean(others or found[nearest]):.3f}"
    words += f"; chosen on {counted(chosen_on, 'network')}, it gives {given}"
    words += f" on the other {len(others)}" if others else " on it"
    return Readings(len(found), len(giving), words)


def worst(retrained: Sequence[RetrainedRecord], searches: Sequence[SearchRecord]) -> Hits:
    """Which of the images attacked in many steps each retrained network gets right under FGSM, PGD and Square alike."""
    pairs = zip(retrained, searches, strict=True)
    return [
        (record.fresh_fgsm[record.some] == found.labels)
        & (record.fresh_pgd == found.labels)
        & (found.classes == found.labels)
        for record, found in pairs
    ]


def area(detectors: Detectors, name: str) -> Measured:
    """How well the detectors separate one of the `INPUTS` from clean images: the area under the ROC curve."""
    return rate(_comparisons(detectors, name))


def area_over_signs(detectors: Detectors, name: str) -> Measured:
    """That area minus the area for random signs, on the same images."""
    return difference(_comparisons(detectors, name), _comparisons(detectors, SIGNS), shares=True)


def black_area(detectors: Detectors, name: str) -> Measured:
    """How well the count of black pixels separates one of the `INPUTS` from clean images: the same area."""
    return rate([comparisons(one.clean.suspicion_by_black, INPUTS[name](one).suspicion_by_black) for one in detectors])


def _comparisons(detectors: Detectors, name: str) -> Hits:
    return [comparisons(one.clean.suspicion, INPUTS[name](one).suspicion) for one in detectors]


def misread(detectors: Detectors, name: str) -> Hits:
    """Which images of one of the `INPUTS` each network misclassifies."""
    return [INPUTS[name](one).classes != one.labels for one in detectors]


def passed(detectors: Detectors, name: str) -> Hits:
    """Which of those images are misclassified and raise no alarm."""
    silent = [unnoticed(one.clean.suspicion, INPUTS[name](one).suspicion) for one in detectors]
    return [one & wrong for one, wrong in zip(silent, misread(detectors, name), strict=True)]


def answered(substitutes: Substitutes, way: Callable[[SubstituteRecord], Classes]) -> Hits:
    """Which of the images never asked about are classified correctly; `way` picks the network and the attack."""
    return [way(one) == one.labels for one in substitutes]


def through_substitute(substitutes: Substitutes, row: int) -> Hits:
    """The same for the original networks under FGSM through a substitute, by the place of its number of questions."""
    return answered(substitutes, lambda one: one.original.through_substitute[row])
