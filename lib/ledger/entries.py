"""An answer held against its claim, as it is written to the results: both measurements, and every word."""

import math
from collections.abc import Sequence
from dataclasses import asdict, fields

from lib.ledger import words
from lib.ledger.answers import Answer, Finding
from lib.ledger.claims import Claim
from lib.measure.intervals import Measured

LONGEST_WHY = 25
"""The most words that `why` may have."""

SIDES = ("paper", "sound")
"""The two ways of measuring that an answer can have a finding for: the paper's way, and soundly."""

CLAIMED = (
    *("value", "printed", "tolerance", "smallest", "sound_smallest", "effect", "way", "sound", "control"),
    *("where", "background"),
)
"""What is kept of a claim beside its answer: what the paper says, and the rule that judges it."""


def entry(claim: Claim, answer: Answer) -> dict:
    """An answer with its words; `settle` decides the word of claims found together, once all are answered.

    Raises
    ------
    ValueError
        Where the answer does not fit the claim's kind, a mean is not finite, or `why` is missing or too long.
    """
    _check_kind(claim, answer)
    findings = {side: _finding(claim, claim.smallest_of(side), getattr(answer, side)) for side in SIDES}
    if findings["paper"] and claim.kind == "statement":  # the paper's effect is one of the quantity it measured itself
        findings["paper"]["effect_excluded"] = words.effect_excluded(claim, answer.paper.measured)
    word = _word(claim, answer, findings)
    _check_why(claim, word, answer.why)
    return {
        "id": claim.id,
        "kind": claim.kind,
        "about": claim.about,
        "claimed": {name: getattr(claim, name) for name in CLAIMED},
        "word": word,
        "alone": word,
        "smaller": list(answer.smaller),
        "fitted": answer.fitted,
        **findings,
        "ladder": [{"attack": attack, "measured": measured_entry(found)} for attack, found in answer.ladder],
        "readings": answer.readings and asdict(answer.readings),
        "experiment": answer.experiment,
        "joint": list(claim.joint),
        "theorem": answer.theorem,
        "why": answer.why,
    }


def measured_entry(measured: Measured) -> dict:
    """A measurement as it is written.

    Raises
    ------
    ValueError
        Where the mean is not finite.
    """
    if not math.isfinite(measured.mean):
        raise ValueError(f"measured was {measured.mean}")
    found = {field.name: getattr(measured, field.name) for field in fields(Measured)}
    return found | {
        "per_network": list(measured.per_network),
        "predicted": measured.predicted and [*measured.predicted],
    }


def _finding(claim: Claim, smallest: float | None, found: Finding | None) -> dict | None:
    if found is None:
        return None
    measured = found.measured
    written = {
        "measured": measured_entry(measured),
        "by": found.by,
        "over_control": found.over_control and measured_entry(found.over_control),
        "control": found.control,
        "effect_excluded": None,
    }
    if claim.kind != "statement":
        return written | {"word": None, "p": None, "networks_needed": None}
    word = words.finding(smallest, found)
    beyond = found.over_control.p_above(0) if found.over_control else 0.0
    return written | {
        "word": word,
        "p": max(measured.p_above(smallest), beyond),  # it holds where both do: the weaker of the two tests counts
        "networks_needed": measured.networks_to_decide(smallest) if word == "cannot tell" else None,
    }


def _word(claim: Claim, answer: Answer, findings: dict) -> str:
    if answer.paper is None:
        return words.NOT_RUN
    if claim.kind == "number":
        return words.number(claim, answer.paper.measured)
    if claim.kind == "citation":
        return words.citation(claim, answer.paper.measured)
    said = {side: found and found["word"] for side, found in findings.items()}
    if answer.theorem and answer.sound is None:
        said["sound"] = said["paper"]
    return words.statement(**said)


def _check_kind(claim: Claim, answer: Answer) -> None:
    if claim.kind != "statement" and (answer.sound or answer.theorem):
        raise ValueError(f"{claim.id} is a {claim.kind}: it has a ladder, and no sound form")
    if claim.kind != "number" and answer.ladder:
        raise ValueError(f"{claim.id} is a {claim.kind}: only a number has a ladder")
    if answer.theorem and not (answer.paper and answer.paper.measured.is_exact):
        raise ValueError(f"{claim.id} is answered by a theorem: its value is exact()")


def _check_why(claim: Claim, word: str, why: str) -> None:
    if word not in words.GOOD and not why.strip():
        raise ValueError(f"{claim.id} is {word!r}: that needs a `why`")
    if len(why.split()) > LONGEST_WHY:
        raise ValueError(f"{claim.id}: `why` has {len(why.split())} words, and {LONGEST_WHY} at most")


def settle(together: Sequence[dict]) -> None:
    """Give the entries of claims that are found together the worst word among them, in place.

    Raises
    ------
    ValueError
        Where they come from different experiments, or from one without a name, or only some of them were run.
    """
    ran = [one for one in together if one["paper"]]
    if not ran:
        return
    experiments = {one["experiment"] for one in ran}
    if len(ran) < len(together) or len(experiments) > 1 or "" in experiments:
        raise ValueError(f"{', '.join(one['id'] for one in together)} must come from one experiment")
    least = max((one["alone"] for one in together), key=words.NUMBERS.index)
    for one in together:
        one["word"] = least
