"""A claim's card: what the paper says, both measurements, and the word that they make, where it is answered."""

import html
from collections.abc import Iterator, Mapping

from IPython.display import HTML

from lib.ledger.answers import Answer
from lib.ledger.claims import Claim
from lib.ledger.ledger import Ledger
from lib.show import tables, wording


def answered(ledger: Ledger, answer: Answer) -> HTML:
    """Enter an answer into the ledger, and show its card."""
    return card(ledger.paper.claims[answer.claim], ledger.answer(answer))


def card(claim: Claim, entry: Mapping) -> HTML:
    """The card of an answer as the results have it."""
    rows = [[label, text] for label, text in _lines(claim, entry) if text]
    link = f'<a href="scoreboard.html#{claim.address}">{tables.name(claim)}</a>'
    return tables.table(f"The claim {claim.id}", [link, wording.answer(entry)], rows, wraps=True)


def _lines(claim: Claim, entry: Mapping) -> Iterator[tuple[str, str]]:
    yield "paper", f"{wording.said(entry['claimed'])} <small>{html.escape(str(claim.where))}</small>"
    yield "also printed in", html.escape(claim.also)
    yield "cannot be right with", html.escape("; ".join(claim.against))
    yield "the paper’s way", wording.finding(entry, "paper")
    if claim.kind == "statement":
        yield "soundly", _compared(claim) + wording.finding(entry, "sound")
    yield "under attack", wording.ladder(entry)
    yield "readings", wording.readings(entry)
    others = ", ".join(id for id in claim.joint if id != claim.id)
    yield "printed with", f"{others}: found together or not at all" if others else ""
    yield "proof", html.escape(entry["theorem"])
    yield "why", html.escape(entry["why"])
    yield "evidence", '<a href="#evidence">the cells that this was read from</a>' if entry["paper"] else ""


def _compared(claim: Claim) -> str:
    return f"{html.escape(claim.sound)}<br>" if claim.sound else ""
