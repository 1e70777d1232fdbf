"""A verdict as JSON: what was found, image by image, and where it comes from. verdict.schema.json describes it."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lib import files
from lib.chapters.common_ground.judging import Judgement
from lib.judge.verdict import Verdict

NAME = "verdict.json"


def write(verdict: Verdict, folder: Path) -> Path:
    """Put a verdict into `folder/verdict.json`, whole or not at all; return the file."""
    path = folder / NAME
    files.write(path, json.dumps(as_json(verdict), indent=1, allow_nan=False) + "\n")
    return path


def as_json(verdict: Verdict) -> dict[str, object]:
    """A verdict as an object for JSON."""
    subject, asked = verdict.subject, verdict.asked
    return {
        "network": {
            "name": subject.name,
            "weights": subject.weights,
            "parameters": subject.parameters,
            "class": subject.made_as,
        },
        "data": {
            "name": subject.data,
            "origin": subject.origin,
            "digest": subject.digest,
            "images": verdict.n,
            "indices": list(subject.indices),
            "classes": next(iter(verdict.at.values())).y.tolist(),
        },
        "attacks": {
            "norm": "Linf",
            "autoattack_steps": asked.steps,
            "queries": asked.queries,
            "as_reference": asked.is_reference,
            "images_for_lbfgs": asked.n_lbfgs,
            "transferred_through": asked.other or None,
            "own": list(asked.own),
        },
        "gradient_attacks_void": verdict.is_void,
        "at": [_at(verdict, eps, found) for eps, found in verdict.at.items()],
        "provenance": dict(verdict.made),
    }


def _at(verdict: Verdict, eps: float, found: Judgement) -> dict[str, object]:
    return {
        "eps": eps,
        "accuracy": {column: _share(verdict, eps, column) for column in verdict.columns},
        "checks": {name: _bits(hits) for name, hits in found.checks.items()},
        "no_gradient": _bits(found.no_gradient),
        "lbfgs": {
            "median_l2": _finite(float(np.median(found.distances))),
            "fooled": int(np.isfinite(found.distances).sum()),
            "l2": [_finite(one) for one in found.distances.tolist()],
        },
        "red_flags": [asdict(flag) for flag in verdict.flags(eps)],
    }


def _share(verdict: Verdict, eps: float, column: str) -> Mapping[str, object] | None:
    measured = verdict.measured(eps, column)
    if measured is None:
        return None
    hits = verdict.at[eps].outcomes[column]
    return {"mean": measured.mean, "low": measured.low, "high": measured.high, "correct": _bits(hits)}


def _bits(hits: NDArray[np.bool_]) -> str:
    """One digit for each image: 1 where something is true of it, such as that it is classified correctly."""
    return "".join("1" if one else "0" for one in hits)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
