"""The chapter's tables, from what was measured."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from lib.chapters.mitigation import rates
from lib.chapters.mitigation.classes import Classes
from lib.chapters.mitigation.contradictions import CONTRADICTIONS
from lib.chapters.mitigation.listings import LISTINGS, tried
from lib.chapters.mitigation.measure_digits import LikenessRecord
from lib.chapters.mitigation.measure_retraining import BoundaryRecord, SearchRecord
from lib.chapters.mitigation.measure_substitute import Victim
from lib.chapters.mitigation.rates import INPUTS, SIGNS, WAYS, Detectors, Outcome, Substitutes
from lib.ledger.contradictions import as_table
from lib.measure.intervals import rate
from lib.measure.red_flags import Flag


def listings() -> pd.DataFrame:
    """The paper's code, and what happens when it is run."""
    rows = [
        {
            "where": listing.where,
            "code": listing.code,
            "changed": listing.repaired or "nothing",
            "what happens": tried(listing)[0],
        }
        for listing in LISTINGS
    ]
    return pd.DataFrame(rows)


def contradictions() -> pd.DataFrame:
    """Where the paper does not agree with itself or leaves open what was done, and what is done here."""
    return as_table(CONTRADICTIONS)


def survival(likeness: LikenessRecord) -> pd.DataFrame:
    """How many digits the network and the nearest training image classify correctly, attacked and not."""
    columns = {"eps": np.array(likeness.eps)}
    for kind, readers in (("attacked", likeness.attacked), ("random signs", likeness.signs)):
        columns[f"network, {kind}"] = (readers.network == likeness.labels).mean(1)
        columns[f"nearest neighbour, {kind}"] = (readers.neighbour == likeness.labels).mean(1)
    columns["correlation with clean"] = likeness.correlations.mean(1)
    return pd.DataFrame(columns).map("{:.2f}".format)


def retrained(outcome: Outcome, targeted: Outcome) -> pd.DataFrame:
    """What the retrained networks classify correctly, by what they were trained on and how they are attacked."""
    rows = [
        {"trained on": images, "attack": attack if eps else "none", "eps": f"{eps:.3g}"}
        | {way: f"{rate(rates.correct(networks, way)):.3f}" for way in WAYS}
        for attack, retrainings in (("untargeted", outcome), ("targeted", targeted))
        for (images, eps), networks in retrainings.items()
    ]
    return pd.DataFrame(rows)


def strongest(outcome: Outcome, held_out: tuple[str, float], searches: Sequence[SearchRecord]) -> pd.DataFrame:
    """The networks retrained on training images alone, under each attack on the same held-out images."""
    records = outcome[held_out]
    rows = {
        "FGSM": [hits[one.some] for hits, one in zip(rates.correct(records, "fresh FGSM"), records, strict=True)],
        "PGD, 40 steps": rates.correct(records, "fresh PGD"),
        "Square, no gradient": [one.classes == one.labels for one in searches],
        "the worst of these for each image": rates.worst(records, searches),
    }
    return pd.DataFrame({"attack": rows.keys(), "accuracy": [f"{rate(hits):.3f}" for hits in rows.values()]})


def red_flags(found: Sequence[Flag]) -> pd.DataFrame:
    """The signs of a hidden gradient, which of them are raised, and what was measured."""
    rows = [(flag.name, "raised" if flag.raised else "no", flag.sentence) for flag in found]
    return pd.DataFrame(rows, columns=["sign", "raised", "measured"])


def distances(boundary: BoundaryRecord) -> pd.DataFrame:
    """How far images are from being misclassified, before and after retraining, in two directions."""
    rows = [
        {
            "retraining": when,
            "direction": direction,
            "median distance (eps)": f"{np.median(steps):.2f}".replace("inf", "> 1"),
            "never misclassified up to eps 1": f"{np.isinf(steps).mean():.2f}",
        }
        for when, around in (("before", boundary.before), ("after", boundary.after))
        for direction, steps in (("gradient's sign", around.along_gradient), ("random", around.along_random))
    ]
    return pd.DataFrame(rows)


def detector(detectors: Detectors) -> pd.DataFrame:
    """How well the detectors tell each kind of input from clean images, and what gets past them."""
    rows = [
        {
            "input": name,
            "AUC": f"{rates.area(detectors, name):.3f}",
            "AUC, black pixels alone": f"{rates.black_area(detectors, name):.3f}",
            "misclassified": f"{rate(rates.misread(detectors, name)):.3f}",
            "misclassified and unnoticed": f"{rate(rates.passed(detectors, name)):.3f}",
        }
        for name in INPUTS
    ]
    return pd.DataFrame(rows)


def without_weights(substitutes: Substitutes) -> pd.DataFrame:
    """How well the substitutes copy, and how original and retrained networks classify what was attacked."""
    asked = substitutes[0].questions
    ways: dict[str, Callable[[Victim], Classes]] = {"clean": lambda one: one.clean, SIGNS: lambda one: one.signs}
    for row, number in enumerate(asked):
        name = f"FGSM through a substitute of {number:,} questions"
        ways[name] = lambda one, row=row: one.through_substitute[row]
    ways["FGSM through the original itself"] = lambda one: one.through_original
    agree = [rate([one.substitute[row] == one.original.clean for one in substitutes]) for row in range(len(asked))]
    original = [rate(rates.answered(substitutes, lambda one, way=way: way(one.original))) for way in ways.values()]
    retrained = [rate(rates.answered(substitutes, lambda one, way=way: way(one.retrained))) for way in ways.values()]
    columns = {
        "input": list(ways),
        "substitute agrees with the original": ["", "", *(f"{one:.3f}" for one in agree), ""],
        "accuracy, original": [f"{one:.3f}" for one in original],
        "accuracy, retrained": [f"{one:.3f}" for one in retrained],
    }
    return pd.DataFrame(columns)
