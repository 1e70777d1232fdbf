"""The ledger's rule as a picture: what is drawn is judged by the rule itself."""

import matplotlib.pyplot as plt
import pytest
from projects import by, measured
from test_board import CLAIMS

from lib.ledger import words
from lib.ledger.answers import Answer, Finding
from lib.ledger.entries import entry
from lib.show import rule
from lib.show.board import TONES


def said(ax: plt.Axes) -> list[str]:
    """The words at the right of the bars."""
    return [text.get_text() for text in ax.texts if text.get_fontweight() == "bold"]


def test_the_picture_has_a_bar_for_each_word() -> None:
    above, below = rule.figure().axes
    assert said(above) == ["holds", "fails", "cannot tell"]
    assert said(below) == ["found", "near", "not found"]
    for ax in (above, below):
        assert len(ax.collections) == 3, "one bar each"
        marks = [line.get_color() for line in ax.lines if line.get_marker() == "o"]
        assert marks == [TONES[one] for one in (("good", "bad", "open") if ax is above else ("same", "open", "bad"))]
        low, high = ax.get_xlim()
        ends = [x for bar in ax.collections for x in bar.get_segments()[0][:, 0]]
        assert low <= min(ends) and max(ends) <= high
    plt.close("all")


def test_a_bar_is_on_the_side_of_the_line_that_its_word_means() -> None:
    above, _ = rule.figure().axes
    ends = [bar.get_segments()[0][:, 0].tolist() for bar in above.collections]
    holds, fails, open_ = ends
    assert holds[0] > rule.SMALLEST > fails[1] and open_[0] < rule.SMALLEST < open_[1]
    (line,) = [line for line in above.lines if len(set(line.get_xdata())) == 1 and line.get_marker() != "o"]
    assert set(line.get_xdata()) == {rule.SMALLEST}
    (shade,) = above.patches
    assert shade.get_x() + shade.get_width() == pytest.approx(rule.SMALLEST)
    plt.close("all")


def test_the_words_are_those_of_the_rule_and_not_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "finding", lambda smallest, found: f"{smallest:g} {found.measured.mean:g}")
    assert said(rule.figure().axes[0]) == ["0.1 0.24", "0.1 0.03", "0.1 0.13"]
    plt.close("all")


def test_a_worked_row_has_both_findings_of_an_answer() -> None:
    claim = CLAIMS["removal.helps"]
    answer = Answer(claim.id, by(0.1, 0.05, 0.15), Finding(measured(0.01, -0.03, 0.05), "PGD"), why="So it is.")
    (ax,) = rule.worked(entry(claim, answer)).axes
    assert said(ax) == ["holds", "cannot tell"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["the paper’s way", "soundly"]
    assert [bar.get_segments()[0][:, 0].tolist() for bar in ax.collections] == [[0.05, 0.15], [-0.03, 0.05]]
    plt.close("all")
