"""The claims of the four papers: all of them, and each with what it is judged by."""

import pytest

from lib import book
from lib.ledger.claims import paper


def test_every_claim_of_the_four_papers_is_there():
    found = {name: paper(name).claims for name in book.papers()}
    assert {path.stem for path in (book.NOTEBOOKS / "claims").glob("*.yaml")} == set(found)
    assert {name: len(ids) for name, ids in found.items()} == {
        "unlearning": 10,
        "adversarial_training": 16,
        "fragile_neurons": 20,
        "mitigation": 8,
    }


@pytest.mark.parametrize(
    "claim", [claim for name in book.papers() for claim in paper(name).claims.values()], ids=lambda claim: claim.address
)
def test_each_claim_can_be_judged(claim):
    assert claim.where
    assert claim.partner is None or claim.partner in paper(claim.paper).claims
    assert claim.address == f"{claim.paper}.{claim.id}"
    if claim.kind == "number":
        assert claim.tolerance > 0 and claim.claimed == claim.value and not claim.compare
    else:
        assert claim.kind == "direction" and claim.claimed == claim.compare != "" and claim.value is None
        assert claim.above >= 0 and claim.minimum >= 0
