"""A claim's card: what the paper says, what was measured, both answers and why, where it is answered."""

import html

from IPython.display import HTML

from lib.ledger.answers import Answer
from lib.ledger.ledger import Ledger
from lib.show import tables


def answered(ledger: Ledger, answer: Answer) -> HTML:
    """Enter an answer into the ledger, and show its card."""
    entry = ledger.answer(answer)
    claim = ledger.paper.claims[answer.claim]
    head = ["claim", "paper", "this run", "do we get it?", "does it stand?"]
    link = f'<a href="scoreboard.html#{claim.address}">{tables.name(claim)}</a>'
    row = [link, tables.claimed(claim), tables.measured(entry), tables.verdict(entry), tables.stands(entry)]
    return tables.table(f"The claim {claim.id}", head, [row], details=[html.escape(answer.why)])
