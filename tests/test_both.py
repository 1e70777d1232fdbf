"""A table is HTML for pages, and Markdown for terminals, LaTeX and whoever compares two runs."""

import pandas as pd
import pytest
from IPython.core.formatters import DisplayFormatter

from lib.ledger.claims import paper
from lib.show import tables
from lib.show.both import Table, markdown

FRAME = pd.DataFrame({"network": ["a | b", "c <d>"], "accuracy": ["0.5 [0.4, 0.6]", "not measured"]})
TEXT = """\
Two networks

| network | accuracy |
| --- | --- |
| a \\| b | 0.5 [0.4, 0.6] |
| c <d> | not measured |"""


@pytest.mark.parametrize("folded", [False, True])
def test_a_frame_is_shown_in_both_forms(folded: bool) -> None:
    shown = tables.show(FRAME, "Two networks", folded=folded)
    found, _ = DisplayFormatter().format(shown)
    assert found["text/markdown"] == found["text/plain"] == TEXT
    assert found["text/html"] == shown.data and "c &lt;d&gt;" in shown.data and ("<details" in shown.data) == folded


def test_several_tables_fold_away_together() -> None:
    one, other = (tables.show(FRAME, caption) for caption in ("One", "Other"))
    both = tables.fold("Both", one, other)
    assert both.data.count("<table>") == 2 and both.data.startswith('<details class="folded"><summary>Both</summary>')
    assert both.text == f"{one.text}\n\n{other.text}"


def test_html_in_cells_becomes_words() -> None:
    cells = ['<a href="x.html#y">a.<wbr>claim</a><br><small>said&nbsp;so</small>', "✓ <strong>found</strong>"]
    assert markdown("Claims", ["claim", ""], [cells]).splitlines()[-1] == "| a.claim; said so | ✓ found |"


def test_the_ledger_s_tables_and_cards_have_both() -> None:
    found = tables.chapter(paper("mitigation"), {})
    assert isinstance(found, Table) and len(found.text.splitlines()) == 4 + len(paper("mitigation").claims)
    assert "<" not in found.text and "not run" in found.text
