"""A claim's card, shown where the claim is answered: what the paper says, both measurements, and their word."""

from collections.abc import Mapping

from lib.ledger.answers import Answer
from lib.ledger.claims import Claim
from lib.ledger.ledger import Ledger
from lib.show import tables, wording
from lib.show.both import Table
from lib.show.lines import lines


def answered(ledger: Ledger, answer: Answer, *others: Answer) -> Table:
    """Enter an answer into the ledger, and show its card.

    Parameters
    ----------
    others
        The answers to the claims that are found together with it; their own cards may stand elsewhere.

    Raises
    ------
    ValueError
        Where the paper has no such claim, or where `others` are missing for a claim that has such others. Without them,
        the card's word might not be the ledger's.
    """
    claim = ledger.claim(answer.claim)
    if claim.joint and not others:
        raise ValueError(f"{claim.id} is found together with others ({', '.join(claim.joint)}): give their answers too")
    return card(claim, ledger.answer(answer, *others))


def card(claim: Claim, entry: Mapping) -> Table:
    """The card of an answer as the results have it, at the claim's address on the page of its chapter."""
    evidence = 'the section above; <a href="#evidence">how and where it was measured</a>'
    link = f'<a href="scoreboard.html#{claim.address}">{tables.broken(claim.id)}</a>'
    head, rows = [link, wording.answer(entry)], [list(line) for line in lines(claim, entry, evidence)]
    return tables.table(f"The claim {claim.id}", head, rows, wraps=True, anchor=claim.address)
