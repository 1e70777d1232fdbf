"""Shares in rows: what is drawn where."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lib.measure.intervals import rate
from lib.show import rows


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def half(right: int) -> np.ndarray:
    return np.arange(10) < right


def test_a_row_has_its_mean_its_interval_and_a_dot_for_each_network() -> None:
    found = rate([half(2), half(6)])
    (ax,) = rows.shares({"fresh": rate([half(9)] * 2), "stale": found}, "accuracy").axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["fresh", "stale"]
    interval, mean, dots = [line for line in ax.lines if line.get_ydata()[0] in (1, 1 + rows.BELOW)]
    assert list(interval.get_xdata()) == [found.low, found.high]
    assert list(dots.get_xdata()) == pytest.approx([0.2, 0.6]) and mean.get_xdata()[0] == pytest.approx(0.4)
    assert set(dots.get_ydata()) == {1 + rows.BELOW} and mean.get_ydata()[0] == 1, "no dot hides the mean"
    assert [text.get_text() for text in ax.texts] == ["0.900", "0.400"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1], "the first row is on top"


def test_controls_look_otherwise_and_the_paper_s_values_are_drawn_in() -> None:
    found = {"loop": rate([half(5)] * 2), "no removal": rate([half(5)] * 2)}
    claimed = {"paper, before": 0.08, "paper, after": 0.97}
    (ax,) = rows.shares(found, "accuracy", claimed=claimed, controls=["no removal"]).axes
    markers = {int(line.get_ydata()[0]): line.get_marker() for line in ax.lines if line.get_markersize() == 7}
    assert markers == {0: "o", 1: "s"}
    assert [line.get_xdata()[0] for line in ax.lines if line.get_xdata()[0] == line.get_xdata()[-1]][-2:] == [
        0.08,
        0.97,
    ]
    assert {text.get_text(): text.get_ha() for text in ax.texts if text.get_text() in claimed} == {
        "paper, before": "left",
        "paper, after": "right",
    }
