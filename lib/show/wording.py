"""The parts of an answer as HTML: its word, its measurements with their intervals, what they were measured with.

Answers are taken as the results have them (`lib.ledger.entries`): what is shown is what is kept.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping

from lib.ledger import board
from lib.ledger.claims import Claim
from lib.ledger.words import GOOD
from lib.show import meaning

FOUND = ("found", "found there and here")
BAD = ("not found", "not found here", "does not stand", "refuted")
CODE = re.compile("`([^`]+)`")
MARKS = {"good": "✓", "same": "=", "bad": "✗", "open": "?", "none": "–", "limited": "○"}


def tone(word: str) -> str:
    """Whether a word is good, the same, bad, open or none: for a mark and a colour, never instead of the word.

    A number that is found is the same as the paper's. That is not marked as good: a broken defence can have it.
    """
    if word == "not run":
        return "none"
    if word in FOUND:
        return "same"
    return "good" if word in GOOD else "bad" if word in BAD else "open"


def tone_of(entry: Mapping) -> str:
    """The tone of an answer: that of its word, or `limited` for a good or bad word that does not decide the claim.

    It does not where the run is smaller than the paper's, or where a statement, which is about networks in general, is
    judged by a single one.
    """
    kind = tone(entry["word"])
    on_one = entry["kind"] == "statement" and board.rests_on_one(entry)
    return "limited" if kind in ("good", "bad") and (entry["smaller"] or on_one) else kind


def badge(word: str, kind: str = "") -> str:
    """A word with the mark of its tone, or of another `kind`."""
    kind = kind or tone(word)
    return f'<span class="verdict {kind}">{MARKS[kind]}&nbsp;{word}</span>'


def answer(entry: Mapping | None) -> str:
    """An answer's word, and in a few words what has to be known beside it."""
    if entry is None:
        return badge("not run")
    return under(badge(entry["word"], tone_of(entry)), [short for short, _ in _caveats(entry) if short])


def prose(text: str) -> str:
    """A sentence as HTML, with what is in backticks as code."""
    return CODE.sub(r"<code>\1</code>", html.escape(text))


def under(shown: str, beside: Iterable[str]) -> str:
    """A word, and below it what has to be known beside it, in small print."""
    return "<br>".join([shown, *(f"<small>{html.escape(one)}</small>" for one in beside)])


def notes(entry: Mapping) -> str:
    """What has to be known beside an answer's word, in full, where a few words do not say it all."""
    overlapping = ["the intervals of the two measurements overlap"] if meaning.overlaps(entry) else []
    long = [long for _, long in _caveats(entry) if long]
    return "<br>".join(html.escape(one) for one in (*long, *meaning.far_apart(entry), *overlapping))


def _caveats(entry: Mapping) -> Iterator[tuple[str, str]]:
    """Scale, one network, fitted, control, background: each in a few words, and in full where that is more."""
    if entry["alone"] != entry["word"]:
        yield f"by itself: {entry['alone']}", ""
    if entry["smaller"]:
        yield "in a run smaller than the paper’s", f"smaller than the paper’s: {'; '.join(entry['smaller'])}"
    if board.rests_on_one(entry):
        yield "one network", ""
    if entry["word"] == "not found" and entry["readings"] and entry["readings"]["giving"]:
        yield "another reading gives it", ""
    if entry["fitted"]:
        yield "fitted", "fitted: a setting was chosen to come near the number"
    in_control = meaning.shared(entry)
    if decides := in_control.pop("sound" if entry["sound"] else "paper", ""):
        yield "mostly in the control too", decides
    yield from (("", other) for other in in_control.values() if not board.answers_both(entry))
    if entry["claimed"]["background"]:
        yield "background", "background: explained or aimed at by the paper, not stated as something that it found"


def networks(found: Mapping[str, int]) -> str:
    """Whether measurements that name the same training run used the same network, by `lib.ledger.basis.of_networks`."""
    shared, differing, silent = (found[name] for name in ("shared", "differing", "silent"))
    if differing:
        told = f"{differing:,} of {shared:,} networks that several measurements name came out differently"
    elif shared:
        told = f"the {shared:,} networks that several measurements name came out the same, weight for weight"
    else:
        told = "" if silent else "no two measurements name the same network"
    one, many = "1 measurement does not record which it used", f"{silent:,} measurements do not record which they used"
    return "; ".join(filter(None, [told, (one if silent == 1 else many) if silent else ""]))


def value(measured: Mapping) -> str:
    """A mean with its interval."""
    if measured["networks"] == 0:
        return f"{measured['mean']:.4g} (exact)"
    if measured["low"] is None:
        return f"{measured['mean']:.4f} (no interval)"
    return f"{measured['mean']:.4f} [{measured['low']:.4f},&nbsp;{measured['high']:.4f}]"


def brief(entry: Mapping, side: str) -> str:
    """One measurement of an answer in a narrow column: value, interval, and whether it holds."""
    found = entry[side]
    if found is None:
        return "–"
    shown = _stacked(found["measured"])
    return shown if found["word"] is None else f"{shown}<br><strong>{found['word']}</strong>"


def last_rung(entry: Mapping) -> str:
    """The value under the last attack of a number's ladder, in a narrow column."""
    if not entry["ladder"]:
        return "–"
    last = entry["ladder"][-1]
    return f"{_stacked(last['measured'])}<br><small>{html.escape(last['attack'])}</small>"


def _stacked(measured: Mapping) -> str:
    if measured["networks"] == 0 or measured["low"] is None:
        return value(measured)
    return f"{measured['mean']:.4f}<br><small>[{measured['low']:.4f}, {measured['high']:.4f}]</small>"


def said(claim: Claim) -> str:
    """What the paper claims, and for a number its tolerance."""
    within = f" <small>(tolerance {claim.tolerance:g})</small>" if claim.tolerance is not None else ""
    return f"{html.escape(claim.says)}{within}"


def compared(claimed: Mapping) -> str:
    """What is compared for a statement, the paper's way, and the effect that the paper prints."""
    effect = f" (the paper’s effect: {claimed['effect']:g})" if claimed["effect"] is not None else ""
    return html.escape(f"{claimed['way']}{effect}")


def finding(entry: Mapping, side: str) -> str:
    """One measurement of an answer, `paper` or `sound`: value, word, what with, control, what it excludes or needs."""
    found = entry[side]
    if found is None:
        return "–"
    measured = found["measured"]
    lines = [f"{value(measured)}{_held_against(entry, side)}", f"<small>{html.escape(found['by'])}</small>"]
    if entry["kind"] != "statement" and measured["predicted"]:
        low, high = measured["predicted"]
        lines.append(f"<small>one more network would give {low:.4f} to {high:.4f}, in 95 of 100 cases</small>")
    if found["over_control"]:
        beyond = f"beyond the control ({html.escape(found['control'])}): {value(found['over_control'])}"
        lines.append(f"<small>{beyond}</small>")
    if found["effect_excluded"] is not None:
        size = f"{entry['claimed']['effect']:g}"
        said_so = "is excluded" if found["effect_excluded"] else "is not excluded"
        lines.append(f"<small>an effect of the paper’s size, {size}, {said_so}</small>")
    if found["word"] == "cannot tell":
        needed = found["networks_needed"]
        lines.append(f"<small>about {needed} networks would decide</small>" if needed else "")
    return "<br>".join(filter(None, lines))


def _held_against(entry: Mapping, side: str) -> str:
    word = entry[side]["word"]
    if word is None:
        return ""
    told = meaning.held_against(word, entry[side]["measured"], meaning.smallest_of(entry, side))
    return f": <strong>{word}</strong> <small>({told})</small>"


def ladder(entry: Mapping) -> str:
    """The value under each attack, from the paper's images to the worst case; on how many, where the numbers differ."""
    alike = len({one["measured"]["images"] for one in entry["ladder"]}) == 1
    rungs = [(one["attack"], one["measured"], "" if alike else _images(one["measured"])) for one in entry["ladder"]]
    return " → ".join(f"{html.escape(attack)}{images} {value(measured)}" for attack, measured, images in rungs)


def _images(measured: Mapping) -> str:
    return f" ({measured['images']:,} images)" if measured["images"] else ""


def readings(entry: Mapping) -> str:
    """How many readings of what the paper says were tried, and how many give the number, or all printed with it."""
    found = entry["readings"]
    if not found:
        return ""
    nearest = f", {html.escape(found['nearest'])}" if found["nearest"] and found["giving"] else ""
    what = "found by"
    if entry["kind"] == "number":  # to be "found" takes the prediction interval as well
        what = ("all that is printed with it lies " if entry["joint"] else "") + "within the tolerance in"
    return f"{what} {found['giving']} of {found['tried']} readings{nearest}"
