"""The chapter's tables, from what was measured."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.chapters.mitigation.measure_attacks import LikenessRecord, same
from lib.chapters.mitigation.measure_defences import BoundaryRecord, DetectorRecord, SubstituteRecord, Victim
from lib.chapters.mitigation.rates import INPUTS, WAYS, Outcome, areas, black_areas, correct, misread, passed
from lib.measure.intervals import over_networks, rate
from lib.measure.red_flags import Probes, flags


def survival(likeness: LikenessRecord) -> pd.DataFrame:
    """How many digits the network and the nearest training image name rightly, attacked and not."""
    columns = {"eps": np.array(likeness.eps)}
    for kind, readers in (("attacked", likeness.attacked), ("random signs", likeness.signs)):
        columns[f"network, {kind}"] = same(readers.network, likeness.labels).mean(1)
        columns[f"nearest neighbour, {kind}"] = same(readers.neighbour, likeness.labels).mean(1)
    columns["correlation with clean"] = likeness.correlations.mean(1)
    return pd.DataFrame(columns).map("{:.2f}".format)


def retrained(outcome: Outcome) -> pd.DataFrame:
    """What the retrained networks classify rightly, by what they were trained on and how they are attacked."""
    rows = [
        {"trained on": images, "eps": eps} | {way: f"{rate(correct(networks, way)):.3f}" for way in WAYS}
        for (images, eps), networks in outcome.items()
    ]
    return pd.DataFrame(rows)


def red_flags(probes: Probes) -> pd.DataFrame:
    """The signs, which of them are raised, and what was measured."""
    rows = [(flag.name, "raised" if flag.raised else "no", flag.sentence) for flag in flags(probes)]
    return pd.DataFrame(rows, columns=["sign", "raised", "measured"])


def distances(boundary: BoundaryRecord) -> pd.DataFrame:
    """How far images are from being misread, before and after retraining, in two directions."""
    found = [
        (when, direction, steps)
        for when, around in (("before", boundary.before), ("after", boundary.after))
        for direction, steps in (("gradient's sign", around.along_gradient), ("random", around.along_random))
    ]
    rows = [
        {
            "retraining": when,
            "direction": direction,
            "median distance (eps)": f"{np.median(steps):.2f}".replace("inf", "> 1"),
            "never misread up to eps 1": f"{np.isinf(steps).mean():.2f}",
        }
        for when, direction, steps in found
    ]
    return pd.DataFrame(rows)


def detector(detectors: Sequence[DetectorRecord]) -> pd.DataFrame:
    """How well the detectors see each kind of input, and what gets past them."""
    rows = [
        {
            "input": name,
            "AUC": f"{over_networks(areas(detectors, name)):.3f}",
            "AUC, black pixels alone": f"{over_networks(black_areas(detectors, name)):.3f}",
            "misread": f"{rate(misread(detectors, name)):.3f}",
            "misread and unnoticed": f"{rate(passed(detectors, name)):.3f}",
        }
        for name in INPUTS
    ]
    return pd.DataFrame(rows)


def agreement(substitute: SubstituteRecord) -> float:
    """On how many of the clean images the substitute takes the original's side."""
    return float(same(substitute.substitute, substitute.original.clean).mean())


def without_weights(substitute: SubstituteRecord) -> pd.DataFrame:
    """What both networks classify rightly of images that were attacked without their weights, and with them."""
    names = ["clean", "random signs", "FGSM through the substitute", "FGSM through the network itself"]
    columns = {"input": names}
    for who, victim in (("original", substitute.original), ("retrained", substitute.retrained)):
        columns[f"accuracy, {who}"] = [f"{one.mean():.3f}" for one in _correct(victim, substitute)]
    return pd.DataFrame(columns)


def _correct(victim: Victim, substitute: SubstituteRecord) -> list[np.ndarray]:
    shown = [victim.clean, victim.signs, victim.through_substitute, victim.through_original]
    return [same(classes, substitute.labels) for classes in shown]
