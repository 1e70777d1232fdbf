"""All claims with a run's answers to them, and what follows for the whole: counts, and how many may be wrong."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lib import book
from lib.ledger import results, words
from lib.ledger.claims import Claim, paper
from lib.ledger.claims_file import ABOUT
from lib.ledger.entries import SIDES
from lib.measure.intervals import CONFIDENCE
from lib.measure.multiple import holm

SMALLER, BACKGROUND = "smaller than the paper's", "background"
"""What answers are counted as that do not count under their own word."""


@dataclass(frozen=True)
class Row:
    """A claim with what a run answers."""

    claim: Claim
    answer: Mapping | None
    """As the results have it; None where there are none."""
    recorded: Mapping | None = None
    """The recorded run's answer, beside that of another run."""
    survives: tuple[str, ...] = ()
    """Which of its findings (`paper`, `sound`) hold after Holm's adjustment within the chapter."""

    @property
    def word(self) -> str:
        """The answer, in a word."""
        return self.answer["word"] if self.answer else words.NOT_RUN

    @property
    def in_headline(self) -> bool:
        """Whether it counts in the headline: measured here at the paper's scale, and measured by the paper at all."""
        measured = self.answer is not None and self.word != words.NOT_RUN
        return measured and not self.answer["smaller"] and not self.claim.background


def rows(folder: Path) -> list[Row]:
    """The claims of all papers with the answers of the runs in a folder, claims about defences first."""
    found = []
    for name in book.papers():
        run, kept = results.read_results(folder, name), results.read_results(results.RECORDED, name)
        answers = results.answers(run) if run else {}
        recorded = results.answers(kept) if kept and folder != results.RECORDED else {}
        held = surviving(answers)
        found += [
            Row(claim, answers.get(claim.id), recorded.get(claim.id), held.get(claim.id, ()))
            for claim in paper(name).claims.values()
        ]
    return sorted(found, key=lambda row: ABOUT.index(row.claim.about))


def surviving(answers: Mapping[str, Mapping]) -> dict[str, tuple[str, ...]]:
    """Which findings of a chapter's statements hold with Holm's adjustment for all findings that were judged there.

    A finding from one network never does. Its p-value is about this network alone, and another network could differ
    by more than the images tell.
    """
    judged = [
        (id, side)
        for id, entry in answers.items()
        for side in _measured(entry)
        if entry[side]["p"] is not None and entry[side]["measured"]["networks"]
    ]
    adjusted = holm([answers[id][side]["p"] for id, side in judged])
    found: dict[str, tuple[str, ...]] = {}
    for (id, side), p in zip(judged, adjusted, strict=True):
        several = answers[id][side]["measured"]["networks"] > 1
        if several and answers[id][side]["word"] == "holds" and p < (1 - CONFIDENCE) / 2:
            found[id] = SIDES if answers_both(answers[id]) else (*found.get(id, ()), side)
    return found


def _measured(entry: Mapping) -> tuple[str, ...]:
    """The sides of an answer that were measured: `paper` alone where one finding answers both."""
    sides = tuple(side for side in SIDES if entry[side])
    return sides[:1] if answers_both(entry) else sides


def answers_both(entry: Mapping) -> bool:
    """Whether one finding answers both ways. `effect_excluded` is ignored, since only the paper's way can have it."""
    paper, sound = (entry[side] and entry[side] | {"effect_excluded": None} for side in SIDES)
    return paper is not None and paper == sound


def once(rows: Iterable[Row], *, each_word: bool = False) -> list[Row]:
    """Only the first of the rows that one experiment gives together, or that rest on the same measurements.

    With `each_word`, the same measurements count once for each word that they give: claims with other smallest effects
    can get other words.
    """
    found, seen = [], set()
    for row in rows:
        measured = _findings(row), row.word if each_word else ""
        keys = {(row.claim.paper, row.claim.joint or row.claim.id), (row.claim.paper, *measured)}
        if seen.isdisjoint(keys):
            found.append(row)
        seen |= keys
    return found


def _findings(row: Row) -> str:
    """What was measured for a row, and with what, as text; its address where nothing was measured."""
    if not (row.answer and row.answer["paper"]):
        return row.claim.address
    both = [row.answer[side] and [row.answer[side][key] for key in ("measured", "by")] for side in SIDES]
    return json.dumps(both)


def counts(rows: Iterable[Row]) -> dict[str, Counter]:
    """How often each word is the answer, by what claims are about; no experiment counts twice under the same word.

    Answers from runs smaller than the paper's, and to claims that the paper only explains, have keys of their own.
    """
    found = {about: Counter() for about in ABOUT}
    for row in once(rows, each_word=True):
        found[row.claim.about][_counted_as(row)] += 1
    return found


def _counted_as(row: Row) -> str:
    if row.answer is None or row.word == words.NOT_RUN:
        return row.word
    return SMALLER if row.answer["smaller"] else BACKGROUND if row.claim.background else row.word


def intervals(rows: Sequence[Row]) -> int:
    """How many 95% intervals were made to judge by, whatever they decide.

    These are the prediction intervals of numbers, and the intervals of statements' findings and of what these have
    beyond their controls. An exact value has none, and a citation is judged by its tolerance alone.
    """
    judged = [row.answer for row in rows if row.answer and row.claim.kind != "citation"]
    findings = [answer[side] for answer in judged for side in _measured(answer)]
    numbers = [one["measured"]["predicted"] for one in findings if one["word"] is None]
    statements = [one[part] for one in findings if one["word"] is not None for part in ("measured", "over_control")]
    return sum(map(bool, numbers)) + sum(one["networks"] > 0 and one["low"] is not None for one in statements if one)


def told(rows: Sequence[Row], about: str) -> str:
    """What became of the claims about something, in a sentence or two.

    Words are counted at the paper's scale, no experiment twice, and without the claims that the paper only explains.
    """
    theirs = [row for row in rows if row.claim.about == about and not row.claim.background]
    chosen = once(theirs)
    counted = Counter(row.word for row in once(theirs, each_word=True) if row.in_headline)
    experiments = sum(row.in_headline for row in chosen)
    many = f"{len(chosen)} experiments" if len(chosen) != 1 else "1 experiment"
    opening = f"The claims about {about}s rest on {many}."
    if not counted:
        return f"{opening} This run has none of them at the paper's scale."
    said = ", ".join(f"{counted[word]} × “{word}”" for word in words.ALL if counted[word])
    run = "1 was" if experiments == 1 else f"{experiments} were"
    alone = sum(row.in_headline and rests_on_one(row.answer) for row in chosen)
    few = f" ({alone} on a single network)" if alone else ""
    answered = f"; they give {counted.total()} answers" if counted.total() > experiments else ""
    return f"{opening} Of these, {run} run at the paper's scale{few}{answered}: {said}."


def rests_on_one(answer: Mapping) -> bool:
    """Whether the measurement that decides an answer (the sound one, if there is one) is of a single network."""
    deciding = answer["sound"] or answer["paper"]
    return deciding is not None and deciding["measured"]["networks"] == 1


def doubt(rows: Sequence[Row]) -> str:
    """How many answers may be wrong by chance, in a sentence or two."""
    total = intervals(rows)
    if not total:
        return "No answer of this run is judged by an interval."
    findings = [row.answer[side] for row in rows if row.answer for side in _measured(row.answer)]
    holding = sum(one["word"] == "holds" and one["measured"]["networks"] > 1 for one in findings)
    surviving_ = sum(side in row.survives for row in rows if row.answer for side in _measured(row.answer))
    alone = sum(one["measured"]["networks"] == 1 for one in findings)
    of_one = f" {alone} of {len(findings)} measurements come from one network: they do not say what another would give."
    return (
        f"These answers are judged by {total} intervals. One in twenty misses the true value by chance alone: here "
        f"about {(1 - CONFIDENCE) * total:.0f}. Of {holding} findings that hold over several networks, {surviving_} do "
        "so with Holm's adjustment for all findings of their chapter too; these are marked." + (of_one if alone else "")
    )
