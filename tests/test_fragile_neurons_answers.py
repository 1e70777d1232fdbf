"""The answers to the claims of the paper on fragile neurons, on records that are made up."""

import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from fragile_records import AGES, N, costly, first, grid_of, layer, own, record, sample, through, word

from lib.chapters.fragile_neurons import answers, csg
from lib.chapters.fragile_neurons.autoencoder import AutoencoderRecord
from lib.chapters.fragile_neurons.csg import CsgRecord
from lib.chapters.fragile_neurons.grid import OUTSIDE, Grid
from lib.chapters.fragile_neurons.svd_filter import PRINTED, SOURCE
from lib.ledger.answers import Answer
from lib.ledger.claims import paper
from lib.models.resnets import RESNETS

CLAIMS = paper("fragile_neurons").claims


# Levels


@pytest.mark.parametrize(
    ("dataset", "clean", "said"),
    [
        ("mnist", 0.5, "not found"),
        ("mnist", 0.995, "found"),
        ("cifar10", 0.76, "found"),
        ("cifar10", 0.6, "not found"),
    ],
)
def test_a_clean_accuracy(dataset: str, clean: float, said: str) -> None:
    answer = answers.levels.clean_accuracy(own(dataset, clean=clean), dataset)
    assert word(answer) == said and answer.paper.measured.mean == clean and not answer.smaller


@pytest.mark.parametrize(
    ("clean", "said"),
    [((0.6, 0.75, 0.9), "found"), ((0.5, 0.65, 0.8), "near"), ((0.5, 0.51, 0.52), "not found")],
)
def test_several_networks_are_held_against_the_number_by_their_spread_too(clean: tuple, said: str) -> None:
    of = [record("cifar10", clean=one) for one in clean]
    grid = grid_of({("cifar10", "resnet50", age): of for age in AGES}, ages="10 50 100")
    assert word(answers.levels.clean_accuracy(grid, "cifar10")) == said


def test_what_is_smaller_than_the_paper_s_is_said() -> None:
    grid = grid_of({("digits", "resnet18", age): record() for age in (1, 2, 3)})
    smaller = answers.levels.clean_accuracy(grid, "mnist").smaller
    assert len(smaller) == 3 and "3 epochs instead of 100" in smaller
    for ask in (answers.levels.clean_accuracy, answers.levels.fgsm_accuracy):
        assert ask(grid, "mnist").why.startswith("Answered at epoch 3, not 100. ")
        assert not ask(own("mnist"), "mnist").why.startswith("Answered")


def test_a_network_from_outside_is_told_wherever_a_finding_rests_on_it() -> None:
    """In every finding, of one cell and of several; not in those of a run that trained all of its networks."""

    def grid(device: str) -> Grid:
        found = {}
        for name in ("mnist", "cifar10"):
            one = record(name, changed=5)
            one = replace(one, training=replace(one.training, device=device))
            found |= {(name, network, age): one for network in RESNETS for age in AGES}
        return grid_of(found, ages="10 50 100", networks="+".join(RESNETS))

    for device, outside in (("cpu (x86_64), in bfloat16", True), ("cpu (x86_64)", False)):
        findings = [one for answer in every(grid(device)) for one in (answer.paper, answer.sound) if one]
        told = [one.by for one in findings if "autoencoder" not in one.by and "theorem" not in one.by]
        assert len(told) > 30 and all((OUTSIDE in by) == outside for by in told), told


@pytest.mark.parametrize(
    ("fgsm", "normalised", "said", "giving"),
    [(0.79, 0.2, "found", 1), (0.2, 0.79, "not found", 1), (0.2, 0.2, "not found", 0), (0.79, 0.8, "found", 2)],
)
def test_fgsm_is_answered_in_pixels_and_the_other_unit_is_a_reading(
    fgsm: float, normalised: float, said: str, giving: int
) -> None:
    grid = own("mnist", fgsm=lambda who, eps: fgsm, pgd=lambda who, eps: 0.1, normalised=normalised)
    answer = answers.levels.fgsm_accuracy(grid, "mnist")
    assert word(answer) == said and not answer.fitted
    assert (answer.readings.tried, answer.readings.giving) == (2, giving)
    assert [one.mean for name, one in answer.ladder if name.startswith("FGSM")] == pytest.approx([normalised, fgsm])
    assert {one.mean for name, one in answer.ladder if name.startswith("PGD")} == {0.1}
    assert answer.ladder[-1][0] == "PGD, eps 0.34 in pixels", "the last is at the eps that answers, in its unit"


@pytest.mark.parametrize("dataset", ["mnist", "cifar10"])
@pytest.mark.parametrize(("fragile", "unclipped", "said"), [(24, 0.89, "found"), (5, 0.89, "not found")])
def test_shares_are_answered_in_one_experiment(dataset: str, fragile: int, unclipped: float, said: str) -> None:
    grid = own(dataset, fragile=range(fragile), unclipped=unclipped)
    kernels, images = answers.kernels.fragile_share(grid, dataset), answers.targeting.targeted_share(grid, dataset)
    assert word(kernels) == said and word(images) == "found"
    assert kernels.experiment == images.experiment != ""
    assert kernels.paper.measured.mean == fragile / 64


def test_the_share_of_kernels_is_of_the_s_that_the_share_of_images_has() -> None:
    """A kernel that costs 0.3 on one half and nothing on the other costs 0.15 on all: below the mean in both cases."""
    grid = own("mnist", fragile=range(10), again=range(10, 24))
    answer, images = answers.kernels.fragile_share(grid, "mnist"), answers.targeting.targeted_share(grid, "mnist")
    assert answer.paper.measured.mean == 10 / 64
    assert answer.why.endswith("With S from all images it is 0.38 and from the other half it is 0.22.")
    assert all("S by every other image" in one.paper.by for one in (answer, images))
    grid = own("mnist", sample(without=costly(range(24))))
    answer, images = answers.kernels.fragile_share(grid, "mnist"), answers.targeting.targeted_share(grid, "mnist")
    assert (
        answer.paper.measured.mean == 24 / 64
        and "from one half it is 0.38 and from the other half it is 0.38." in answer.why
    )
    assert all("S by all images" in one.paper.by for one in (answer, images))


def test_readings_of_the_share_are_counted() -> None:
    found = answers.targeting.targeted_share(own("mnist", fragile=range(24), unclipped=0.89), "mnist").readings
    assert found.giving == 3 and "S having 0.38 of the kernels" in found.nearest  # not clipped, at three levels
    other_s = answers.targeting.targeted_share(own("mnist", fragile=range(5), unclipped=0.89), "mnist").readings
    assert (other_s.tried, other_s.giving) == (6, 0), "0.37 of the kernels is printed with it"
    acting, without = {SOURCE: layer(4, beside=0.9)}, costly(range(24))
    found = answers.targeting.targeted_share(
        own("mnist", sample(layers=acting, without=without), unclipped=0.2), "mnist"
    )
    assert (found.readings.tried, found.readings.giving) == (8, 2) and "filtered layer" in found.readings.nearest


APART, ALIKE = np.eye(10)[None], np.full((1, 10, 10), 0.1)


def spectral(apart: np.ndarray) -> AutoencoderRecord:
    return AutoencoderRecord(CsgRecord(200, apart, ALIKE), CsgRecord(200, ALIKE, ALIKE), [0.1])


@pytest.mark.parametrize(
    ("rows", "said"),
    [(APART, "not found here"), (ALIKE, "not found here"), (0.989 * APART + 0.011 * ALIKE, "found there and here")],
)
def test_the_spectral_gradient_is_a_citation_answered_by_its_source_s_embedding(rows: np.ndarray, said: str) -> None:
    grid = own("mnist")
    plain = {("mnist", how): CsgRecord(200, ALIKE, ALIKE) for how in csg.EMBEDDINGS}
    answer = answers.levels.csg({"mnist": [spectral(rows)]}, plain, grid, "mnist")
    assert word(answer) == said and answer.readings.tried == 10  # as many as the table has rows
    smaller = ("1 epoch instead of 100", "2 maps instead of 64", "200 images instead of 60,000")
    assert answer.smaller == smaller, "the source's autoencoder, and the images that it embeds"
    assert word(answers.levels.csg({"mnist": []}, plain, grid, "mnist")) == "not run"


# Kernels


@pytest.mark.parametrize(
    ("again", "gap", "said"),
    [
        (range(20), 0.3, "confirmed"),
        (range(44, 64), -0.3 * 20 / 44, "does not stand"),
        (range(10, 30), 0.15 - 0.3 * 10 / 44, "confirmed"),
    ],
)
def test_whether_dropping_a_fragile_kernel_hurts_more_by_the_halves_of_a_cell(
    again: range, gap: float, said: str
) -> None:
    """A cell kept how many kernels each image can do without; where that is all or none, no image differs."""
    answer = answers.kernels.dropping_hurts(own("mnist", fragile=range(20), again=again, rightly=1.0))
    assert answer.sound.measured.mean == pytest.approx(gap) and answer.sound.over_control is not None
    assert word(answer) in (said, "empty") and answer.paper.measured.mean == pytest.approx(0.3)
    wide = answers.kernels.dropping_hurts(own("mnist", fragile=range(20), again=again, rightly=0.5)).sound.measured
    assert wide.high - wide.low > 2 * (answer.sound.measured.high - answer.sound.measured.low)


def test_dropping_is_empty_where_large_kernels_are_worth_as_much() -> None:
    grid = own("mnist", sample(without=costly(range(44, 64)), norms=np.arange(64.0)))
    answer = answers.kernels.dropping_hurts(grid)  # S is the kernels of largest norm
    assert word(answer) == "empty" and answer.sound.over_control.mean == pytest.approx(0)
    other = answers.kernels.dropping_hurts(own("mnist", sample(without=costly(range(20)), norms=np.arange(64.0))))
    assert word(other) == "confirmed" and other.sound.over_control.low > 0


def test_a_set_that_holds_on_no_other_image_does_not_stand() -> None:
    """Each half of the images names other kernels."""
    without = np.ones((64, N), dtype=bool)
    without[:20, ::2], without[30:50, 1::2] = False, False
    answer = answers.kernels.dropping_hurts(own("mnist", sample(without=without)))
    assert word(answer) == "does not stand" and answer.sound.measured.mean < 0 < answer.paper.measured.low


@pytest.mark.parametrize(
    ("sizes", "said"),
    [((10, 20, 30), "confirmed"), ((30, 20, 10), "refuted"), ((10, 10, 20), "refuted"), ((4, 8, 12), "confirmed")],
)
def test_whether_depth_makes_more_kernels_fragile(sizes: tuple, said: str) -> None:
    def cells(seeds: int) -> dict:
        kept = {}
        for depth, (name, size) in enumerate(zip(RESNETS, sizes, strict=True)):
            of = [record("cifar10", fragile=range(size - depth * (at == 0))) for at in range(seeds)]
            kept |= {("cifar10", name, age): of for age in AGES}
        return kept

    assert word(answers.kernels.depth_grows_fragile_count(grid_of(cells(4), ages="10 50 100"))) == said
    assert word(answers.kernels.depth_grows_fragile_count(grid_of(cells(1), ages="10 50 100"))) == "cannot tell"
    fewer = {key: one for key, one in cells(1).items() if key[1] != "resnet101"}
    part = answers.kernels.depth_grows_fragile_count(grid_of(fewer, ages="10 50 100"))
    assert word(part) == "cannot tell" and part.smaller == ("ResNet-50 instead of ResNet-101",)
    alone = {key: one for key, one in fewer.items() if key[1] == "resnet18"}
    assert word(answers.kernels.depth_grows_fragile_count(grid_of(alone, ages="10 50 100"))) == "not run"


@pytest.mark.parametrize(
    ("levels", "clean", "said"),
    [
        ((0.5, 0.6, 0.7), (0.3, 0.3, 0.3), "confirmed"),
        ((0.5, 0.6, 0.7), (0.4, 0.55, 0.7), "empty"),  # the whole network rises more
        ((0.5, 0.6, 0.7), (0.5, 0.6, 0.7), "empty"),  # it rises as much on every one of 200 images
        ((0.5, 0.7, 0.6), (0.4, 0.65, 0.6), "refuted"),
    ],
)
def test_the_curve_over_dropped_kernels_of_cifar10(levels: tuple, clean: tuple, said: str) -> None:
    rows = zip(levels, clean, strict=True)
    grid = through("cifar10", [record("cifar10", rightly=first(level), clean=of) for level, of in rows])
    assert word(answers.kernels.kernel_curve(grid, "cifar10")) == said


@pytest.mark.parametrize(
    ("levels", "said"), [((0.5, 0.7, 0.6), "confirmed"), ((0.5, 0.6, 0.7), "refuted"), ((0.6, 0.6, 0.6), "cannot tell")]
)
def test_the_curve_of_mnist_is_asked_of_several_networks(levels: tuple, said: str) -> None:
    def some(level: float) -> list:
        return [sample(without=np.tile(np.arange(N) < N * (level + at / 400), (64, 1))) for at in range(6)]

    records = [record("mnist", rightly=level) for level in levels]
    grid = through("mnist", records, "resnet18", [some(level) for level in levels])
    answer = answers.kernels.kernel_curve(grid, "mnist")
    assert word(answer) == said and answer.sound.measured.networks == 6
    for few in ((), ([some(level)[:1] for level in levels],)):
        alone = answers.kernels.kernel_curve(through("mnist", records, "resnet18", *few), "mnist")
        assert alone.sound is None and word(alone) in ("found, unsettled", "cannot tell")


# What a run lacks


def every(grid: Grid) -> list[Answer]:
    """The answers to all claims, as the notebook asks for them."""
    gradients = {(name, how): CsgRecord(200, APART, APART) for name in grid.experiment.sets for how in csg.EMBEDDINGS}
    embedded = {name: [spectral(APART)] for name in grid.experiment.sets}
    levels, kernels, targeting, defence = answers.levels, answers.kernels, answers.targeting, answers.defence
    of_sets = [levels.clean_accuracy, levels.fgsm_accuracy, partial(levels.csg, embedded, gradients)]
    of_sets += [kernels.fragile_share, targeting.targeted_share, kernels.kernel_curve]
    plain = [levels.epochs_raise_accuracy, levels.cifar10_needs_smaller_eps, kernels.dropping_hurts]
    plain += [kernels.depth_grows_fragile_count, targeting.fragile_moved_more, targeting.targeting_grows_with_eps]
    plain += [targeting.training_evens_targeting, targeting.magnitude_grows_with_eps]
    plain += [defence.filter_lowers_targeting, defence.filter_raises_robustness, defence.filter_helps_young_more]
    plain += [answers.tracking.robustness_tracks_targeting]
    return [*(ask(grid, name) for ask in of_sets for name in ("mnist", "cifar10")), *(ask(grid) for ask in plain)]


@pytest.mark.parametrize(("lacking", "dataset"), [("CIFAR-10", "digits"), ("CIFAR-10", "mnist"), ("MNIST", "cifar10")])
def test_what_is_about_a_data_set_that_is_not_here_is_not_run(lacking: str, dataset: str) -> None:
    cells = {(dataset, network, age): record(dataset, changed=5) for network in RESNETS for age in AGES}
    found = every(grid_of(cells, ages="10 50 100"))
    assert sorted(answer.claim for answer in found) == sorted(CLAIMS)
    name = {"CIFAR-10": "cifar10", "MNIST": "mnist"}[lacking]
    about = {id for id in CLAIMS if name in id or (name == "cifar10" and id.startswith("depth."))}
    about |= {"cifar10.needs_smaller_eps"}
    left = {answer.claim: answer.why for answer in found if word(answer) == "not run"}
    assert left.keys() == about
    assert all(f"No {lacking} in this run" in why for why in left.values())


def test_ages_that_are_missing_leave_what_compares_them_not_run() -> None:
    found = every(grid_of({("mnist", "resnet50", 10): record("mnist", changed=5)}, ages="10 50 100"))
    left = {answer.claim for answer in found if word(answer) == "not run" and "CIFAR" not in answer.why}
    ages = {
        "epochs.raise_accuracy",
        "training.evens_targeting",
        "kernel_curve.mnist_peaks",
        "filtered.helps_young_more",
    }
    assert left == ages


def test_both_shares_are_of_s_by_all_images_of_the_sample() -> None:
    moved = np.ones((N // 2, 64))
    moved[:, :10] = 2
    grid = own("mnist", sample(without=costly(range(10)), moved=moved), unclipped=0.2)
    kernels, images = (
        answers.kernels.fragile_share(grid, "mnist").paper,
        answers.targeting.targeted_share(grid, "mnist").paper,
    )
    assert kernels.measured.mean == 10 / 64 and kernels.measured.low < 10 / 64 and "200 test images" in kernels.by
    assert images.measured.mean == 1 and images.measured.low < 1 and "drawn anew" in images.by


@pytest.mark.parametrize("sampled", [None, sample(layers={PRINTED: layer(5)})])
def test_a_row_with_a_control_holds_both_measurements_against_it(sampled: object) -> None:
    cells = {(name, network, age): record(name, changed=5)
             for name in ("mnist", "cifar10") for network in RESNETS for age in AGES}  # fmt: skip
    found = every(grid_of(cells, dict.fromkeys(cells, sampled) if sampled else {}, ages="10 50 100"))
    sides = {answer.claim: [one for one in (answer.paper, answer.sound) if one] for answer in found}
    for id, claim in CLAIMS.items():
        if claim.control:
            assert sides[id] and all(one.over_control is not None and one.control for one in sides[id]), id


@pytest.mark.parametrize("chosen", ["sample", "first"])
@pytest.mark.parametrize("sampled", [None, sample(layers={PRINTED: layer(5)})])
def test_it_is_said_which_images_a_measurement_is_over_and_whether_s_was_drawn_anew(
    sampled: object, chosen: str
) -> None:
    cells = {(name, network, age): record(name, changed=5)
             for name in ("mnist", "cifar10") for network in RESNETS for age in AGES}  # fmt: skip
    asked = {"ages": "10 50 100", "test_images": chosen}
    found = every(grid_of(cells, dict.fromkeys(cells, sampled) if sampled else {}, **asked))
    by = {
        (one.claim, side): getattr(one, side).by for one in found for side in ("paper", "sound") if getattr(one, side)
    }
    of_cells = r"(the|of the) first( 200 test images|;)" if chosen == "first" else "(of|a) sample(;| of 200 test)"
    for (id, _), words in by.items():
        if not id.startswith("csg.") and "theorem" not in words:
            assert re.search(rf"{of_cells}|a sample of \d|all 200 test images", words), words
    assert any("first" in words for words in by.values()) == (chosen == "first")
    taken = "filtered.lowers_targeting", "filtered.raises_robustness", "filtered.helps_young_more"
    taken += "targeting.grows_with_eps", "training.evens_targeting", "magnitude.grows_with_eps"
    assert all("S taken as known" in words for (id, _), words in by.items() if id in taken and "theorem" not in words)
    assert ("S taken as known" in by["fragile.moved_more", "sound"]) == (sampled is None)
