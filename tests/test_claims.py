"""The claims of the four papers: all of them, and each with what it is judged by."""

import pytest

from lib import book
from lib.ledger.claims import paper
from lib.ledger.claims_file import ABOUT


def test_every_claim_of_the_four_papers_is_there():
    found = {name: paper(name).claims for name in book.papers()}
    files = {path.stem for path in (book.NOTEBOOKS / "claims").glob("*.yaml")}
    assert files == set(found)
    assert {name: len(ids) for name, ids in found.items()} == {
        "unlearning": 13,
        "adversarial_training": 20,
        "fragile_neurons": 24,
        "mitigation": 10,
    }


@pytest.mark.parametrize(
    "claim", [claim for name in book.papers() for claim in paper(name).claims.values()], ids=lambda claim: claim.address
)
def test_each_claim_can_be_judged(claim):
    assert claim.where and claim.about in ABOUT
    assert claim.says.endswith(".") and claim.printed in claim.says, "a sentence, with the number that is printed"
    assert claim.about == "cost" or claim.scale["dataset"], "a count is the same whatever the data"
    assert claim.address == f"{claim.paper}.{claim.id}"
    assert not claim.joint or (claim.kind == "number" and set(claim.joint) <= set(paper(claim.paper).claims))
    if claim.kind == "statement":
        assert claim.smallest >= 0 and claim.way and claim.sound and claim.value is None
    else:
        assert claim.kind in ("number", "citation") and claim.smallest is None and not claim.sound
        assert claim.tolerance > 0 and float(claim.printed) == claim.value and claim.half_step <= claim.tolerance


def test_claims_that_are_found_together_name_the_same_group():
    table_one = paper("adversarial_training").claims
    group = table_one["mixed.adversarial_loss"].joint
    assert len(group) == 7 and all(table_one[id].joint == group for id in group)
    assert table_one["normal.train_accuracy"].joint == ()


def test_a_printed_figure_keeps_its_last_digit():
    claims = paper("adversarial_training").claims
    assert claims["normal.train_accuracy"].printed == "0.9970"
    assert claims["normal.adversarial_loss"].printed == "15.7830"


def test_a_claim_is_read_again_where_its_file_has_changed(tmp_path, monkeypatch):
    copy = tmp_path / "mitigation.yaml"
    copy.write_bytes(book.claims_file("mitigation").read_bytes())
    monkeypatch.setattr(book, "claims_file", lambda name: copy)
    before = paper("mitigation")
    assert paper("mitigation") is before, "parsed once"
    copy.write_text(copy.read_text(encoding="utf-8").replace("smallest: 0.5,", "smallest: 0.06,"), encoding="utf-8")
    changed = {one.id for one in paper("mitigation").claims.values() if one != before.claims[one.id]}
    assert changed and all(paper("mitigation").claims[id].smallest == 0.06 for id in changed)
