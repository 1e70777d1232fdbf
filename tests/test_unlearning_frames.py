"""The tables and figures of the chapter on unlearning, on made-up evidence."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import unlearning_records as made

from lib.chapters.unlearning import answers, figures, frames, labels
from lib.chapters.unlearning.experiment import KINDS
from lib.chapters.unlearning.measure import UPDATED, LetterRecord, printed_attacks
from lib.chapters.unlearning.measure_removal import STATES


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def networks():
    return [made.network(clean=0.9 + by) for by in made.SPREAD]


def test_what_is_measured_has_its_words():
    assert tuple(labels.UPDATED) == UPDATED and tuple(labels.STATES) == STATES
    assert list(labels.PRINTED) == list(printed_attacks(0.1))


def test_the_table_of_lenets_marks_the_one_that_is_trained():
    frame = frames.lenets(made.experiment(architecture="fig3"))
    assert list(frame["this run trains"]) == ["", "yes", ""]
    assert list(frame["parameters"]) == ["60,850", "1,199,882", "60,074"]


def test_the_trained_network_s_table_has_the_first_images_apart():
    frame = frames.trained([made.network(clipped=0.4)])
    assert list(frame["accuracy"].str[:5]) == ["0.900", "0.300", "0.400", "0.400", "0.350"]
    assert list(frame["loss"].str[:5]) == ["0.300", "2.300", "1.700", "1.700", "2.000"]


def test_the_letter_s_table_shows_at_most_eight_numbers():
    frame = frames.letter(LetterRecord(list(range(9)), [], [0, 1]))
    assert list(frame["images removed"]) == [9, 0, 2]
    assert list(frame["their numbers"]) == ["0, 1, 2, 3, 4, 5, 6, 7 …", "", "0, 1"]


def test_the_loop_s_table_compares_each_reading_with_its_control():
    loop = made.loops(b=0.6, c=0.7, afresh=0.65)
    loop |= {reading: loop[reading][:1] for reading in ("c", "afresh")}  # from scratch for one network
    frame = frames.last_round(loop, made.experiment()).set_index("reading")
    gains = frame["FGSM, less its control"]
    assert gains[labels.READINGS["none"]] == gains[labels.READINGS["afresh"]] == ""
    assert gains[labels.READINGS["b"]].startswith("+0.100") and gains[labels.READINGS["c"]].startswith("+0.050")
    assert list(frame["networks"]) == [3, 1, 3, 3, 3, 1, 3, 3, 3]


def test_the_third_row_s_table_has_no_stale_images_of_the_original():
    frame = frames.third_row(made.third_row(0.5))
    assert list(frame["original"]) == ["0.500 / 1.000", "as fresh"] * 4 + ["0.900 / 1.000"]
    assert set(frame[labels.READINGS["b"]][:8]) == {"0.500 / 1.000"}


def test_the_nearest_way_to_the_third_row_is_named():
    found = made.third_row(0.5)
    found["e"][0].fresh["fgsm"] = made.reads(0.97, 0.16)
    found["e"][1:] = [found["e"][0]] * 2
    lines = frames.nearest_to_third_row(found).splitlines()
    assert lines[0] == "Fig. 5's gradient is zero in every pixel of 0.250 of the images."
    assert lines[1] == "Within the tolerance of both numbers: 1 of 52 ways."
    assert lines[2] == "Nearest: FGSM (Fig. 4), fresh, (e) added, the worst removed, off by 0.2 times the tolerance."


def test_the_second_row_s_tables_have_a_line_a_way():
    clouds = {"fig2": made.cloud(0), "fig3": made.cloud(1)}
    frame = frames.untrained(clouds)
    assert list(frame["untrained network"]) == ["Fig. 2"] * 2 + ["Fig. 3"] * 2
    assert list(frame["images"]) == ["clean", "attacked"] * 2 and set(frame["networks"]) == {10}
    curves = {"PGD": [made.curve([(1.0, 0.1), (0.08, 2.3045), (0.0, 9.0)])]}
    (row,) = frames.nearest_to_second_row(curves, made.experiment()).itertuples(index=False)
    assert tuple(row) == ("PGD", "0.250", "0.080", "2.305", "0.0")


def test_a_path_is_the_mean_over_networks():
    records = [made.curve([(1.0, 0.0), (0.5, 1.0)]), made.curve([(0.8, 1.0), (0.3, 3.0)])]
    np.testing.assert_allclose(answers.path(records), [[0.9, 0.5], [0.4, 2.0]])


def shots(experiment):
    return {
        (kind, share): [made.one_shot(0.9 - share, 0.4 + share * (kind == KINDS[0])) for _ in experiment.scratch]
        for kind in KINDS
        for share in experiment.shares
    }


def test_removal_in_one_shot_is_held_against_the_same_networks_before():
    e = made.experiment(scratch_seeds=2)
    frame = frames.one_shot(shots(e), [made.network() for _ in range(3)], e)
    assert list(frame["removed"]) == ["0.2%", "50.0%"]
    assert frame["clean, at random"][1].startswith("-0.500") and frame["FGSM, highest loss"][1].startswith("+0.500")
    assert frame["FGSM, at random"][1].startswith("+0.000")


def test_membership_s_table_and_its_title():
    found = made.memberships(0.5)
    frame = frames.membership(found)
    assert list(frame["network"]) == list(labels.STATES.values())
    assert set(frame["AUC, removed against test"]) == {"1.000 [1.000, 1.000]"}
    title = frames.membership_title(found, made.experiment())
    assert title == "What 20 removed images (0.2%) have left behind; 8 test images to compare with; 2 network(s)"
    assert set(frames.membership(made.memberships(0.5, seeds=1))["AUC, removed against test"]) == {"1.000"}


# Figures.


def test_the_loop_s_figure_begins_at_the_networks_before_it():
    e, loop = made.experiment(), made.loops(b=0.6, afresh=0.1, none=0.1)
    loop["c"] = loop["c"][:1]
    figure = figures.loop([made.network(clipped=0.4)] * 3, loop, e)
    assert [ax.get_title() for ax in figure.axes] == ["clean", "FGSM", f"PGD, first {made.N} images"]
    lines = {line.get_label(): line.get_ydata() for line in figure.axes[1].lines[:7]}
    assert not {labels.READINGS["none"], labels.READINGS["afresh"]} & set(lines)
    assert lines[labels.READINGS["b"]] == pytest.approx([0.4, 0.6, 0.6])
    assert lines[labels.READINGS["c"]] == pytest.approx([0.4, 0.49, 0.49])


def test_the_second_row_s_figure_shows_clouds_paths_and_the_paper_s_point():
    clouds = {"fig2": made.cloud(0), "fig3": made.cloud(1)}
    curves = {"PGD": [made.curve([(1.0, 0.1), (0.5, 3.0), (0.1, 9.0)])]}
    figure = figures.second_row(clouds, curves)
    whole, near = figure.axes
    assert len(whole.collections) == 2 and [text.get_text() for text in whole.texts] == ["eps 0", "eps 1"]
    path, star = whole.lines
    assert path.get_xdata() == pytest.approx([0.1, 3, 9]) and path.get_ydata() == pytest.approx([1, 0.5, 0.1])
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (2.3045, 0.0796)
    low, high = near.get_xlim()
    assert low < 2.3045 < high < 3


def test_the_one_shot_figure_has_a_line_a_kind_and_a_dot_a_network():
    e = made.experiment(scratch_seeds=2)
    (ax,) = figures.one_shot(shots(e), e).axes
    assert ax.get_xscale() == "log" and len(ax.lines) == 4 * (1 + 2)
    assert ax.lines[0].get_xdata() == pytest.approx([0.2, 50]) and ax.lines[0].get_ydata() == pytest.approx(
        [0.898, 0.4]
    )
