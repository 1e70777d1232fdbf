"""What the word of an answer means, in a sentence made from its own measurements, for readers of a single card."""

from collections.abc import Iterator, Mapping

from lib.ledger.words import is_near

STATEMENTS = {
    "confirmed": "it holds, measured the paper’s way and soundly",
    "true, not as shown": "it holds measured soundly; the paper’s way does not show it",
    "found, unsettled": "it holds the paper’s way; whether it holds soundly is open",
    "cannot tell": "whether it holds soundly is open, and the paper’s way does not show it",
    "empty": "what the paper describes is seen, but is not shown to go beyond the control",
    "does not stand": "it fails measured soundly, although it does not fail the paper’s way",
    "refuted": "it fails measured the paper’s way, and a sound measurement does not support it",
}
ONE_SIDED = {
    "holds": "it holds the paper’s way",
    "fails": "it fails the paper’s way",
    "cannot tell": "the paper’s way does not show it",
    "empty": "the paper’s way shows the effect, but not beyond the control",
}
"""What the word of the paper's way means where there is no sound measurement."""
WIDE = 0.6
"""The standard deviation between networks, in units of p (1 - p), above which the interval of a share p misses more
often than it should: `lib.measure.intervals`. For a number, which a prediction interval judges, it is half of that.
"""
PROVED = {"confirmed": "a proof says that it holds", "refuted": "a proof says that it fails"}
CITATIONS = {
    "found there and here": "what the paper repeats of its source is found here too, within the tolerance",
    "not found here": "what the paper repeats of its source is not found here: our mean is outside of the tolerance",
}
NOT_RUN = "this run measured too little to answer it"
SIDES = {"paper": "the paper’s way", "sound": "soundly"}
"""The two ways of measuring a claim, in words."""


def meaning(entry: Mapping) -> str:
    """What the word of an answer says, in one sentence without a full stop."""
    if entry["paper"] is None:
        return NOT_RUN
    if entry["kind"] == "citation":
        return CITATIONS[entry["word"]]
    if entry["kind"] == "statement" and not entry["sound"] and not entry["theorem"]:
        return f"{ONE_SIDED[entry['paper']['word']]}; soundly it was not measured"
    if entry["kind"] == "statement":
        return (PROVED if entry["theorem"] and not entry["sound"] else STATEMENTS)[entry["word"]]
    if entry["word"] != entry["alone"]:
        return (
            f"by itself it is {entry['alone']}; another number, printed with it, is {entry['word']} in this experiment"
        )
    return _number(entry["word"], entry["paper"]["measured"], entry["claimed"])


def _number(word: str, measured: Mapping, claimed: Mapping) -> str:
    tolerances = abs(measured["mean"] - claimed["value"]) / claimed["tolerance"]
    away = f"is {tolerances:.3g} times the tolerance away from the printed number"
    alone = measured["predicted"] is None
    if alone:
        return "our number lies within the tolerance of the printed one" if word == "found" else f"our number {away}"
    if word == "found":
        return "our mean lies within the tolerance, and one more network could give the printed number"
    if word == "not found":
        return f"our mean {away}, and our networks differ too little for one more to give it"
    if not is_near(measured["mean"], claimed["value"], claimed["tolerance"]):
        return f"our mean {away}, but our networks differ so much that one more could give it"
    return (
        "our mean lies within the tolerance, but our networks differ too little for one more to give the printed number"
    )


def smallest_of(entry: Mapping, side: str) -> float:
    """The smallest effect that counts for one side of an answer, as in `Claim.smallest_of`."""
    own = entry["claimed"]["sound_smallest"] if side == "sound" else None
    return entry["claimed"]["smallest"] if own is None else own


def held_against(word: str, measured: Mapping, smallest: float) -> str:
    """What a finding's word says about its interval and the smallest effect that counts."""
    size = f"{smallest:g}, the smallest effect that counts"
    if measured["networks"] == 0:
        if word == "holds":
            return f"it reaches {size}"
        return "it is no effect" if measured["mean"] >= smallest else f"it does not reach {size}"
    if measured["low"] is None:
        return f"without an interval, it is not compared with {size}"
    where = {"holds": "above", "fails": "below", "cannot tell": "on both sides of", "empty": "above"}[word]
    beside = ", but not beyond the control" if word == "empty" else ""
    return f"the interval lies {where} {size}{beside}"


def shared(entry: Mapping) -> dict[str, str]:
    """By side, how much of an effect that holds is in its control too, where that is more than half.

    Such an effect passes the rule, which only asks that it goes beyond the control.
    """
    told = {}
    for side in SIDES:
        found, smallest = entry[side], smallest_of(entry, side)
        if not found or found["word"] != "holds" or not found["over_control"]:
            continue
        mean, rest = found["measured"]["mean"], found["over_control"]["mean"]
        if rest < mean / 2:
            small = f"; the rest, {rest:.4f}, is less than {smallest:g}, the smallest effect that counts"
            whose = f"{SIDES[side]}, {mean - rest:.4f} of the {mean:.4f} is in the control too ({found['control']})"
            told[side] = whose + (small if rest < smallest else "")
    return told


def far_apart(entry: Mapping) -> Iterator[str]:
    """A note on each measured share whose networks lie too far apart for its interval, with each network's value."""
    wide = WIDE / 2 if entry["kind"] == "number" else WIDE
    for side, named in SIDES.items():
        measured = entry[side] and entry[side]["measured"]
        if not measured or measured["scale"] != "logit" or measured["between"] is None:
            continue
        if side == "sound" and measured == entry["paper"]["measured"]:
            continue  # one measurement is both
        share = measured["mean"] + measured["shift"]
        if measured["between"] > wide * share * (1 - share):
            each = ", ".join(f"{one + measured['shift']:.3g}" for one in measured["per_network"])
            yield f"{named} the networks lie far apart, so the interval may miss more often: {each}"


def overlaps(entry: Mapping) -> bool:
    """Whether the two measurements have different words although their intervals overlap."""
    sides = [entry[side] for side in SIDES]
    return all(sides) and sides[0]["word"] != sides[1]["word"] and _overlap(*(side["measured"] for side in sides))


def _overlap(one: Mapping, other: Mapping) -> bool:
    if one["low"] is None or other["low"] is None:
        return False
    return one["low"] <= other["high"] and other["low"] <= one["high"]
