"""What several chapters draw and say alike: tables as pictures, confusion matrices, counts with their nouns."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lib.ledger.answers import finding
from lib.ledger.words import is_above_zero
from lib.measure.intervals import Measured, rate
from lib.measure.ratios import linearised, mean, ratio
from lib.show import cells, plots
from lib.show.sentences import data_named, ends


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


LABELS, TAKEN = np.array([0, 0, 0, 0, 7]), np.array([0, 1, 1, 1, 7])


def test_a_confusion_matrix_is_over_all_networks_and_written_in_per_cent() -> None:
    shares = cells.confusion([(LABELS, TAKEN), (LABELS, LABELS)])
    assert shares[0, :2].tolist() == [0.625, 0.375] and shares[7, 7] == 1 and shares.sum() == 2
    assert cells.commonest_error(shares) == (0, 1, 0.375)
    left, right = cells.confusions({"before": shares, "after": shares}).axes
    assert [ax.get_title() for ax in (left, right)] == ["before", "after"]
    assert {text.get_text(): text.xy for text in left.texts} == {"62": (0, 0), "38": (1, 0), "100": (7, 7)}


def test_text_in_a_picture_is_white_where_it_is_dark_and_absent_where_there_is_none() -> None:
    _, ax = plt.subplots()
    cells.written(ax, [["a", ""], ["b", "c"]], np.array([[True, False], [False, True]]), 8)
    assert {text.get_text(): text.get_color() for text in ax.texts} == {"a": "white", "b": "black", "c": "white"}


def test_names_go_below_all_panes_and_bands_may_lie_below_zero() -> None:
    change = [Measured(-0.2, -0.3, -0.1, 2), Measured(0.0, -2.0, 2.0, 2)]
    figure = plots.named_below(plots.curves([1, 2], {"a": change}, "x", "y", least=-1, most=1))
    (ax,) = figure.axes
    assert ax.get_legend() is None and [text.get_text() for text in figure.legends[0].get_texts()] == ["a"]
    heights = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (-1, 1)


def test_data_have_their_names_and_two_ends_that_are_one_are_told_once() -> None:
    assert data_named("mnist") == "MNIST" and data_named("digits") == "digits (a small sample of MNIST)"
    assert (ends([0.6, 0.9, 0.5], ".2f"), ends([0.501, 0.5], ".2f")) == ("0.50 to 0.90", "0.50")
    assert is_above_zero(Measured(1, 0.5, 1.5, 2)) and not is_above_zero(Measured(1, None, None, 1))


def test_a_finding_says_what_it_was_made_with() -> None:
    found = finding("FGSM", rate([np.array([True, False])] * 2))
    assert found.by == "FGSM, 2 test images, 2 networks" and found.over_control is None
    assert finding("FGSM", rate([np.array([True])])).by == "FGSM, 1 test image, 1 network"
    assert finding("a count", Measured(3, None, None, 1)).by == "a count, 1 network"


def test_a_ratio_is_that_of_the_means() -> None:
    part, whole = np.array([1.0, 3.0, 0.0]), np.array([True, True, False])
    assert linearised(part, whole).mean() == pytest.approx(2.0) == ratio([part], [whole]).mean
    assert ratio([part], [~whole & whole]) is None and mean([part, part + 1]).mean == pytest.approx(11 / 6)
