"""The tables, figures and sentences of the chapter on adversarial training, on made-up records."""

from dataclasses import replace
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from adversarial_training_made_up import FEW, MNIST, N, calibration, course, of_case, reached, reads, scores, searched

from lib.chapters.adversarial_training import figures, frames, here, rates, summary
from lib.chapters.adversarial_training.cases import (
    CASES,
    GOING_ON,
    MIXED_HELD_OUT,
    STOPPED,
    TUNED,
    TUNED_ON_TEST,
    UNDEFENDED,
)
from lib.chapters.adversarial_training.contradictions import CONTRADICTIONS
from lib.chapters.adversarial_training.distances import SHOWN
from lib.chapters.adversarial_training.influence import spread_over_seeds, unchanged
from lib.chapters.adversarial_training.measure import Pictures
from lib.chapters.adversarial_training.rates import flagged
from lib.chapters.adversarial_training.scores import KINDS, Scores
from lib.chapters.adversarial_training.table_one import CLAIMS, ROWS, TableOne
from lib.measure.intervals import rate
from lib.measure.red_flags import Probes

BY_SIZE = {64: [scores(P=0.9, PGD=0.1)], 227: [scores(P=0.5, PGD=0.2)], 364: [scores(P=0.25, PGD=0.3)]}
NORMAL, MIXED = scores(P=0.02, W=0.02, PGD=0.01, loss=9.0), scores(P=0.97, W=0.5, PGD=0.25, Square=0.2)
RUNS = {"normal": [NORMAL] * 2, "tuned": [MIXED] * 2, "mixed": [MIXED] * 2}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


# Tables


def test_table_one_has_the_paper_beside_four_readings():
    other = {"normal": [scores()] * 2, "mixed": [scores(P=0.3, W=0.4)] * 2}
    frame = frames.table_one(TableOne(RUNS, other))
    assert list(frame["number"])[:2] == ["normal, clean accuracy", "normal, adversarial accuracy"]
    assert list(frame["paper"]) == [CLAIMS[claim].printed for claim in ROWS] and len(frame.columns) == 7
    last = frame.iloc[5]
    assert last["tutorials"] == "0.9700" and last["off by"] == "0.3"
    assert list(last)[-3:] == ["0.5000", "0.3000", "0.4000"]


def test_the_tutorials_table_has_a_row_for_each_kind_of_image_and_their_logs_beside():
    normal = scores(P=0.02)
    for kind in set(KINDS) - {"clean", "signs", "P", "W", "PGD"}:
        del normal.read[kind]
    frame = frames.tutorials({"normal": [normal]})
    made = {"clean", "random signs, not clipped", "stale FGSM", f"PGD, {FEW} of them"}
    assert set(frame["network, test images"]) == {f"normal: {one}" for one in made}  # W is P there
    attacked = frame[frame["network, test images"] == "normal: stale FGSM"].iloc[0]
    assert attacked["tutorials, accuracy"] == "0.0170, 0.0188" and attacked["loss, as Keras"] == "0.500"


def test_every_case_has_a_row_with_the_worst_of_all():
    frame = frames.protocols(of_case(UNDEFENDED, [scores(BIM=0.1)] * 2), MNIST)
    assert list(frame["network, on which images"]) == list(CASES) or set(frame.iloc[:, 0]) == set(CASES)
    row = frame[frame.iloc[:, 0] == UNDEFENDED].iloc[0]
    assert row["worst case"].startswith("0.100") and row["clean"].startswith("0.900")
    assert "random signs, not clipped" in frame, "as the FGSM beside them"
    clipped = frames.protocols(of_case(UNDEFENDED, [scores()]), replace(MNIST, reading="cross_entropy_clipped"))
    assert "random signs" in clipped


def test_fine_tuning_in_larger_batches_takes_fewer_steps():
    frame = frames.batch_sizes(BY_SIZE, MNIST)
    assert (
        list(frame["steps"]) == ["1,570", "450", "280", ""]
        and frame["stale FGSM, the images trained on"].iloc[-1] == "0.99"
    )
    assert list(frames.table_two(MNIST)["this run"])[:2] == [50, 364]


def test_the_seconds_of_a_remedy_are_its_own_and_the_others_are_the_whole_training_s():
    ended = {end: [scores(seconds=8.0)] * 2 for end in MNIST.ends}
    frame = frames.remedies(ended, [course(seconds=3.0)] * 2, MNIST)
    assert list(frame["attacked half made by"]) == [
        "FGSM, 10 epochs",
        "half the step, 10 epochs",
        "random start, 10 epochs",
        "FGSM, all 50 epochs",
        "FGSM, stopped by PGD",
    ]
    assert list(frame["seconds an epoch"]) == ["1.0", "4.0", "4.0", "1.0", "1.0"]


def test_distances_in_the_table_are_those_of_images_that_were_fooled():
    frame = frames.attacks({"one": reached([1.0, 3.0, 9.0], [True, True, False]), "none": reached([1.0], [False])})
    assert list(frame["L2, mean"]) == ["2.000", ""] and list(frame["images fooled"]) == ["0.667", "0.000"]
    assert frame.iloc[0, -1] == "1.5"


SEARCHED = {
    UNDEFENDED: [searched(1, 0.5, 0)] * 2,
    TUNED: [searched(1, 0.6, 0)] * 2,
    MIXED_HELD_OUT: [searched(1, 0.8, 0)] * 2,
}


def test_the_gain_under_a_search_over_few_pixels_is_mixed_minus_undefended():
    frame = frames.few_pixels(SEARCHED)
    assert list(frame["network"])[-1] == "mixed minus undefended"
    assert frame["5 pixels"].iloc[-1].startswith("+0.300") and frame["20 pixels"].iloc[-1].startswith("+0.000")


RIGHT, WRONG = np.ones(10, bool), np.zeros(10, bool)
HONEST = Probes(np.arange(10).astype(np.uint8), WRONG, WRONG, WRONG, RIGHT, RIGHT, WRONG, WRONG)
HIDING = Probes(np.arange(10).astype(np.uint8), WRONG, RIGHT, RIGHT, RIGHT, RIGHT, WRONG, WRONG)


def under_square(accuracy: float) -> Scores:
    """The scores of a network with this accuracy under Square, on the ten images of `HONEST` and `HIDING`."""
    y = np.arange(10).astype(np.uint8)
    return replace(scores(), y=y, sampled=y.astype(np.int32), read={"Square": y + (np.arange(10) >= 10 * accuracy)})


def test_square_is_compared_on_the_images_that_a_network_was_probed_on():
    other = replace(under_square(1.0), sampled=np.arange(10, dtype=np.int32)[::-1])
    with pytest.raises(ValueError, match="other images"):
        flagged([HONEST], [other])


def swept(seeds: int = 2) -> dict:
    """A sweep over epochs and width, each of two values."""

    def networks(value: float, weights: str = "unchanged") -> list:
        return [replace(scores(clean=value + 0.01 * n, PGD=0.5), weights=weights) for n in range(seeds)]

    settings = ("epochs", "batch size", "layers", "activation", "learning rate", "width")
    return {name: {"1": networks(0.9), "2": networks(0.9 + 0.01 * n, name)} for n, name in enumerate(settings)}


def test_the_sweep_s_table_has_the_spread_over_each_setting_and_over_seeds():
    frame = frames.sweep(swept())
    assert list(frame["setting"])[-2:] == ["width (control)", "seed"]
    assert frame["clean accuracy: at each"].iloc[1] == "0.9050, 0.9150"
    assert frame["clean accuracy: spread"].iloc[1] == "0.0071" == frame["clean accuracy: spread"].iloc[-1]
    assert list(frames.sweep(swept(1))["setting"])[-1] == "width (control)"


def test_what_the_paper_contradicts_agrees_with_the_claims():
    (drop,) = (one for one in CONTRADICTIONS if "after fine-tuning" in one.about)
    assert drop.one.startswith(f"IV: {CLAIMS['finetuned.clean_accuracy'].value * 100:.2f}%")
    assert f"{CLAIMS['finetuned.clean_drop'].value * 100:g}%" in drop.other
    (clean,) = (one for one in CONTRADICTIONS if "before any" in one.about)
    assert str(CLAIMS["normal.clean_accuracy"].value) in clean.one
    assert len(frames.contradictions()) == len(CONTRADICTIONS)
    assert list(frames.formulas()["runs as printed"]).count("yes") == 2


# Figures


def test_a_confusion_matrix_has_the_shares_of_each_digit():
    network = scores()
    network.y[: N // 2] = 7
    network.read["P"] = np.where(network.y == 7, 1, 0).astype(np.uint8)
    network.read["PGD"] = np.where(network.y[network.sampled] == 7, 2, 0).astype(np.uint8)
    shares = rates.confusion([network], "P")
    assert shares[7, 1] == shares[0, 0] == 1 and shares.sum() == 2
    assert rates.confusion([network], "PGD")[7, 2] == 1
    figure = figures.confusion([network], [network])
    assert [ax.get_title() for ax in figure.axes] == ["undefended, 1 network", "mixed training, 1 network"]
    told = here.confusion([network], [network])
    assert told.startswith(
        "In this run: under FGSM the undefended network answers 0 most often, for 10% of the images; its commonest "
        "error is 7 taken for 1, in 100% of that digit's images. The mixed-trained one answers 0 most often"
    )


def test_the_ladder_has_the_paper_s_numbers_beside_each_network():
    (ax,) = figures.ladder(RUNS).axes
    lines = {line.get_label(): line.get_xdata() for line in ax.lines}
    strokes = lines["the paper prints"]
    assert list(strokes[~np.isnan(strokes)]) == [0.0087, 0.0087, 0.99, 0.99, 0.9753, 0.9753]
    assert list(lines["stale FGSM"]) == pytest.approx([0.02, 0.97, 0.97])
    assert "fresh PGD, 1,000 images" in lines, "and not all, as of stale FGSM"
    assert list(lines["worst case, 1,000 images"]) == pytest.approx([0.01, 0.2, 0.2], abs=0.01)


def test_protocols_name_how_many_images_were_attacked_in_many_steps():
    (ax,) = figures.protocols(of_case(UNDEFENDED, [scores()]), MNIST).axes
    named = [line.get_label() for line in ax.lines if not line.get_label().startswith("_")]
    sampled = ["PGD, 1,000 images", "Square, 500 queries, 1,000 images"]
    assert named == ["clean", "stale FGSM", "fresh FGSM", *sampled]


def test_a_digit_whose_class_has_changed_is_marked():
    image, before = np.zeros((3, 1, 2, 2), np.float32), np.array([0, 1, 2], np.uint8)
    after = np.array([0, 0, 2], np.uint8)
    figure = figures.before_and_after(Pictures(image, image, image, before, after, before, after))
    marked = [ax.title.get_fontweight() == "bold" for ax in figure.axes]
    assert marked == [False] * 3 + [False, True, False] + [False] * 3 + [False, True, False]


def test_the_calibration_has_random_signs_below_the_readings():
    figure = figures.calibration([calibration(0.01, 15.0)])
    (ax,) = figure.axes
    assert figure.legends[0].get_title().get_text() == "one network"
    assert [one.get_text() for one in ax.get_yticklabels()][-1] == "random signs,\nnot clipped"
    assert [one.get_text() for one in ax.texts][-1] == "0.800"


def test_the_sweep_s_figure_has_a_row_for_each_changed_value_beside_the_network_with_nothing_changed():
    settings = {name: {"1": "nothing changed", "2": name} for name in swept()}
    figure = figures.sweep(swept(), settings)
    clean, _ = figure.axes
    assert [one.get_text() for one in clean.get_yticklabels()][:2] == ["epochs: 2, not 1", "batch size: 2, not 1"]
    looks = {line.get_label(): line.get_marker() for line in clean.lines}
    assert looks["named by the paper"] == "o" and looks["not named: a control"] == "s"
    (line,) = (line for line in clean.lines if line.get_label() == "nothing changed")
    (band,) = clean.patches
    assert line.get_xdata() == pytest.approx([0.905] * 2)
    assert band.get_x() + band.get_width() / 2 == pytest.approx(0.905)
    assert band.get_width() / 2 == pytest.approx(spread_over_seeds(swept(), "clean").mean())
    found = rate([one.correct("clean") for one in swept()["width"]["2"]])
    bar, networks = clean.lines[-2:]
    assert list(bar.get_xdata()) == [found.low, found.high] and list(networks.get_xdata()) == list(found.per_network)
    (key,) = figure.legends
    assert [text.get_text() for text in key.get_texts()] == [
        "nothing changed",
        "± standard deviation over seeds",
        "named by the paper",
        "not named: a control",
    ]
    assert key.get_title().get_text().startswith("means of 2 networks")
    alone = figures.sweep(swept(1), settings)
    assert alone.legends[0].get_title().get_text().startswith("one network; bars") and not alone.axes[0].patches


@pytest.mark.parametrize("batch_size", [1, 364, 4096])
def test_the_network_with_nothing_changed_is_known_by_its_settings(batch_size):
    """Not by its weights: batches of 4,096 and of 8,192 are both all of a small training set."""
    found = unchanged(replace(MNIST, batch_size=batch_size).varied(0))
    expected = {"epochs": "10", "batch size": f"{batch_size}", "layers": "2", "activation": "relu"}
    assert found == expected | {"learning rate": "0.001", "width": "32"}


@pytest.mark.parametrize(
    ("count", "said"), [(1, "one network"), (2, "means of 2 networks; bands: 95% intervals over them")]
)
def test_figures_over_epochs_say_how_many_networks_there_are(count, said):
    taken = [course()] * count, [course()] * count
    assert figures.courses(*taken).legends[0].get_title().get_text() == said
    told = figures.collapse(*taken).legends[0].get_title().get_text()
    assert told == said.replace("networks;", "networks (small dots);")


def test_each_perturbation_has_its_own_scale_and_its_largest_change_above_it():
    clean = np.zeros((SHOWN, 1, 2, 2), np.float32)
    moved = clean + np.linspace(0.01, 0.26, SHOWN, dtype=np.float32).reshape(-1, 1, 1, 1)
    moved[:, 0, 0, 0] *= -1
    far = {"FGSM, smallest eps": replace(reached([1.0] * SHOWN), clean=clean, images=moved)}
    aimed = replace(reached([1.0] * SHOWN), clean=clean, images=moved)
    axes = np.array(figures.attacks(far, aimed).axes).reshape(5, SHOWN)
    assert [ax.get_title() for ax in axes[2, [0, -1]]] == ["± 0.01", "± 0.26"]
    assert [ax.images[0].get_clim()[1] for ax in axes[2, [0, -1]]] == pytest.approx([0.01, 0.26])
    assert axes[2, 0].get_ylabel() == "FGSM,\nminus clean" and axes[3, 0].get_ylabel() == "L-BFGS to\nnext digit"


# Sentences


def test_table_one_is_told_by_how_many_numbers_are_given():
    told = here.table_one(TableOne(RUNS, RUNS))
    assert told.startswith("In this run: the tutorials' setting gives 2 of the 7 numbers within their tolerance; ")
    assert "All seven are given by 0 of 4 readings. Of the mixed network's 4, Table II's training gives " in told
    assert told.endswith("gives 1 on stale images and 0 on fresh ones.")


def test_the_ladder_is_told_with_its_control():
    assert here.ladder(RUNS) == (
        "In this run: with the tutorials' settings the mixed network classifies 0.970 of the stale images correctly, "
        "0.500 under fresh FGSM, 0.250 under PGD and 0.200 in the worst case. The undefended network classifies 0.020 "
        "of the stale images correctly, and 0.900 under random signs of the same size."
    )
    assert here.losses(RUNS) == "In this run: the undefended networks' losses on stale images are 9.0, 9.0."


def test_both_courses_are_told_with_what_the_loss_rose_by():
    told = here.courses([course(loss=(0.5, 0.2, 0.3))] * 2, [course(loss=(0.5, 0.4, 0.35))] * 2)
    assert "accuracy on clean test images is 0.9000 in normal training, with a loss of 0.3000" in told
    assert told.endswith(
        "to the last, normal training's loss changes by +0.1000 and its accuracy by +0.0000, mixed training's by "
        "+0.0000 and +0.0000."
    )


def test_pictures_are_told_by_what_changed():
    image, before = np.zeros((3, 1, 2, 2), np.float32), np.array([0, 1, 2], np.uint8)
    after = np.array([0, 0, 0], np.uint8)
    seen = Pictures(image, image, image, before, after, before, after)
    assert here.pictures(seen) == (
        "In this run: clipped FGSM changes the undefended network's answer for 2 of 3 digits, and the mixed network's "
        "for 0. Fresh PGD changes the mixed network's for 2."
    )


def test_the_nearest_setting_is_told_by_other_networks_than_it_was_chosen_on():
    told = here.nearest_settings([calibration(0.01, 15.0), calibration(0.5, 3.0)])
    assert (
        "nearest on 1 of 2 networks is squared error, clipped, eps 0.1, and on the other network it gives 0.5000"
        in told
    )
    assert "not within both tolerances" in told
    assert "there is no other network" in here.nearest_settings([calibration(0.01, 15.0)])


def test_distances_are_told_by_their_medians():
    far = {"FGSM, smallest eps": reached([2.0, 3.0, 9.0]), "L-BFGS": reached([1.0, 1.5, 7.0], [True, True, False])}
    told = here.attacks(far)
    assert "L-BFGS fools 0.667 of 3 images at a median L2 distance of 1.25" in told and told.endswith("1.000 at 3.00.")
    told = here.towards_next(reached([2.0, 4.0]), far["L-BFGS"])
    assert told.endswith("median L2 of 3.00; on the same images, away from the digit, 1.25.")


def test_protocols_batch_sizes_and_endings_are_told_by_their_numbers():
    scored = of_case(TUNED_ON_TEST, [scores(P=0.99)] * 2) | {UNDEFENDED: [scores(P=0.1, signs=0.2)] * 2}
    scored |= {TUNED: [scores(P=0.9, W=0.3, PGD=0.1)] * 2, GOING_ON: [scores(P=0.8, W=0.7, PGD=0.6)] * 2}
    told = here.protocols(scored)
    assert told.startswith(
        "In this run: with Table II's training the undefended network classifies 0.100 of the stale images correctly, "
        "and 0.200 under random signs. The network fine-tuned on test images has an accuracy of 0.990 on those very "
        "images. "
    )
    assert "on training images has 0.900 on held-out stale images, 0.300 under fresh FGSM and 0.100 under PGD" in told
    assert told.endswith("mixed training from the trained network, minus fine-tuning, is -0.100, +0.400 and +0.500.")
    told = here.batch_sizes(BY_SIZE)
    assert told.startswith(
        "In this run: by images in a batch, 64: 0.900 on the images trained on, 0.100 under PGD; 227: 0.5"
    )
    ended = {"FGSM": [scores(PGD=0.5)], STOPPED: [scores(PGD=0.6)]}
    assert here.remedies(ended).startswith(f"In this run: accuracy under PGD is highest for “{STOPPED}”, 0.600")
    alike = dict.fromkeys(ended, ended[STOPPED])
    assert here.remedies(alike).startswith(
        "In this run: accuracy under PGD is 0.600 whichever way training ends; clean"
    )


def test_networks_that_came_out_differently_are_counted():
    """By the digest of their weights, of measurements that are kept and have one."""

    def cell(training: str, weights: str | None, named: dict | None = None) -> SimpleNamespace:
        record = SimpleNamespace() if weights is None else SimpleNamespace(weights=weights)
        made = SimpleNamespace(networks=named)
        return SimpleNamespace(setting=SimpleNamespace(network=training), read=lambda: (record, made))

    lost = SimpleNamespace(setting=SimpleNamespace(network="a"), read=lambda: None)
    same = [cell("a", "1"), cell("a", "1"), cell("a", None), cell("b", "2", {}), lost]
    told = here.apart(same)
    assert "Of 1 network that several measurements share, each has the same weights" in told and "foot" not in told
    told = here.apart([*same, cell("b", "3"), cell("c", "4")])
    assert "Of 2 networks that several measurements share, 1 has other weights in one of them: processors" in told
    assert told.endswith(
        "The foot of this page compares only measurements that name their network, so it counts otherwise."
    )
    assert "foot" not in here.apart([*same, cell("b", "3", {})])


def test_two_trainings_of_one_network_are_told_by_random_signs():
    twice = [scores(signs=0.2)], [calibration(0.01, 15.0)], replace(MNIST, eps=0.1)
    told = here.signs_twice(*twice)
    assert told.startswith(" Under random signs the first undefended network classifies 0.200 of the images correctly")
    assert told.endswith("and 0.800 in the figure of the readings of FGSM.")
    assert not here.signs_twice([scores(signs=0.8)], *twice[1:]), "the same network"
    assert not here.signs_twice(*twice[:2], replace(MNIST, eps=0.15)), "an eps that the figure lacks"


def test_a_fall_after_the_best_epoch_is_told_network_by_network():
    courses = [course(attacked=(0.2, 0.4, 0.3)), course(attacked=(0.4, 0.4, 0.4))]
    assert here.peaks(courses) == (
        "In this run: from a network's best epoch to its last, accuracy under PGD falls by 0.000 to 0.100."
    )


def test_pixels_and_settings_are_told():
    told = here.few_pixels(SEARCHED)
    assert (
        told.startswith("In this run: mixed training changes accuracy by +0.300 [")
        and "where 20 pixels may change." in told
    )
    told = here.sweep(swept())
    assert told.startswith(
        "In this run: of the paper's four, “activation” moves clean accuracy most, with a standard deviation of "
        "0.0212 over its values, and “epochs” least, with 0.0000."
    )
    assert told.endswith("“width” has 0.0354; over seeds it is 0.0071.") and "seeds" not in here.sweep(swept(1))


# Headline


def test_the_title_of_the_sweep_counts_its_epochs():
    titles = [frames.sweep_title(replace(MNIST, side_epochs=epochs)) for epochs in (1, 5)]
    assert titles == [f"After {epochs}, unless epochs are varied" for epochs in ("1 epoch", "5 epochs")]


def test_the_headline_and_the_opening_have_the_numbers_of_the_sections():
    scored = of_case(MIXED_HELD_OUT, [scores(P=0.9, W=0.8, PGD=0.7, Square=0.6)] * 2)
    mixed = [course(attacked=(0.2, 0.5, 0.1)), course(attacked=(0.3, 0.3, 0.3))]
    far = {"FGSM, smallest eps": reached([2.0, 3.0, 9.0]), "L-BFGS": reached([1.0, 1.5, 7.0])}
    metrics = summary.headline(scored, mixed, far, RUNS)
    assert metrics["mixed_square_accuracy"] == 0.6 and metrics["mixed_pgd_peak"] == pytest.approx(0.4)
    assert (metrics["lbfgs_l2"], metrics["fgsm_l2"]) == (1.5, 3.0)
    assert metrics["tutorials_mixed_accuracy"] == pytest.approx(0.97)
    told = summary.summary(TableOne(RUNS, RUNS), [calibration(0.01, 15.0)], replace(MNIST, dataset="digits"))
    assert told["stale"] == pytest.approx(0.97) and told["worst"] == told["own-worst"]
    assert told["some"] == f"{len(RUNS['normal'][0].sampled):,}", "not as many as were asked for"
    assert (
        told["numbers"] == "2 of the 7 numbers"
        and summary.numbers(7, 7) == "all 7 numbers"
        and told["data"] == "digits (a small sample of MNIST)"
    )
    assert len(reads(0.5)) == N


def test_the_table_of_networks_has_their_starts_and_lengths():
    e = replace(MNIST, mixed_start="trained", epochs=50, finetune_epochs=10, tutorial_epochs=20)
    frame = frames.networks(e).set_index("network")
    assert frame.loc["mixed", "begins from"] == "undefended" and frame.loc["mixed", "epochs"] == 50
    assert frame.loc["tutorials: mixed", "loss and eps of FGSM"] == "squared error, eps 0.1"
    assert (
        frames.networks(replace(e, mixed_start="scratch")).set_index("network").loc["mixed", "begins from"] == "scratch"
    )
    assert list(frame["epochs"]) == [20, 10, 10, 50, 10, 10, 10, 50]
