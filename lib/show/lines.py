"""What stands behind an answer, line by line: on its card, and folded below its row in a table."""

import html
from collections.abc import Iterator, Mapping

from lib.ledger import board
from lib.ledger.claims import Claim
from lib.show import counting, meaning, wording

SAME = "the paper’s own measurement is sound: it counts for both"


def lines(claim: Claim, entry: Mapping, evidence: str) -> Iterator[tuple[str, str]]:
    """A label and HTML for each line of an answer, in order; lines without text are left out.

    Parameters
    ----------
    entry
        An answer as the results have it.
    evidence
        A link, as HTML, to where it was measured.
    """
    yield from ((label, text) for label, text in _all(claim, entry, evidence) if text)


def _all(claim: Claim, entry: Mapping, evidence: str) -> Iterator[tuple[str, str]]:
    says = "the paper assumes" if claim.background else "the paper says"
    yield says, f"{wording.said(claim)} <small>(in the paper: {html.escape(claim.where)})</small>"
    yield entry["word"], html.escape(meaning.meaning(entry))
    yield "what is compared", wording.compared(entry["claimed"]) if claim.kind == "statement" else ""
    yield "printed elsewhere", html.escape(claim.also)
    yield "contradicted by", html.escape("; ".join(claim.against))
    yield "the paper’s way", wording.finding(entry, "paper")
    if claim.kind == "statement":
        compared = html.escape(claim.sound)
        yield "soundly", SAME if board.answers_both(entry) else f"{compared}<br>{wording.finding(entry, 'sound')}"
    yield "under attack", wording.ladder(entry)
    yield "readings", wording.readings(entry)
    others = counting.counted(sum(id != claim.id for id in claim.joint), "other number")
    yield "printed with", f"{others} of the same experiment: each is found only if all are" if claim.joint else ""
    yield "note", wording.notes(entry)
    yield "proof", html.escape(entry["theorem"])
    yield "why", wording.prose(entry["why"])
    yield "evidence", evidence if entry["paper"] else ""
