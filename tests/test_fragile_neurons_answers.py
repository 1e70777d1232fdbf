"""The answers to the claims of the paper on fragile neurons, on records that are made up."""

import re
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from fragile_records import FILTERS, N, costly, first, grid_of, layer, record, sample

from lib.chapters.fragile_neurons import answers, csg
from lib.chapters.fragile_neurons.answers.targeting import correlation
from lib.chapters.fragile_neurons.autoencoder import AutoencoderRecord
from lib.chapters.fragile_neurons.csg import CsgRecord
from lib.chapters.fragile_neurons.experiment import Key
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.record import ALONE
from lib.chapters.fragile_neurons.svd_filter import PRINTED, SOURCE
from lib.ledger.answers import Answer
from lib.ledger.claims import paper
from lib.ledger.entries import entry
from lib.models.resnets import RESNETS

CLAIMS = paper("fragile_neurons").claims
AGES = (10, 50, 100)


def word(answer: Answer) -> str:
    """The word that answers the claim by itself."""
    return entry(CLAIMS[answer.claim], answer)["alone"]


def own(dataset: str, sampled: object = None, **given) -> Grid:
    """The paper's ResNet-50 at its own ages, the same at each."""
    keys = [(dataset, "resnet50", age) for age in AGES]
    samples = {key: sampled for key in keys} if sampled else {}
    return grid_of({key: record(dataset, **given) for key in keys}, samples, ages="10 50 100")


def through(dataset: str, records: list, network: str = "resnet50", samples: list | None = None) -> Grid:
    """One network at the paper's three ages."""
    keys = [(dataset, network, age) for age in AGES]
    sampled = dict(zip(keys, samples, strict=True)) if samples else {}
    return grid_of(dict(zip(keys, records, strict=True)), sampled, ages="10 50 100")


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
    answer = answers.clean_accuracy(own(dataset, clean=clean), dataset)
    assert word(answer) == said and answer.paper.measured.mean == clean and not answer.smaller


@pytest.mark.parametrize(
    ("clean", "said"),
    [((0.6, 0.75, 0.9), "found"), ((0.5, 0.65, 0.8), "near"), ((0.5, 0.51, 0.52), "not found")],
)
def test_several_networks_are_held_against_the_number_by_their_spread_too(clean: tuple, said: str) -> None:
    of = [record("cifar10", clean=one) for one in clean]
    grid = grid_of({("cifar10", "resnet50", age): of for age in AGES}, ages="10 50 100")
    assert word(answers.clean_accuracy(grid, "cifar10")) == said


def test_what_is_smaller_than_the_paper_s_is_said() -> None:
    grid = grid_of({("digits", "resnet18", age): record() for age in (1, 2, 3)})
    smaller = answers.clean_accuracy(grid, "mnist").smaller
    assert len(smaller) == 3 and "3 epochs for 100" in smaller


@pytest.mark.parametrize(
    ("fgsm", "normalised", "said", "giving"),
    [(0.79, 0.2, "found", 1), (0.2, 0.79, "not found", 1), (0.2, 0.2, "not found", 0), (0.79, 0.8, "found", 2)],
)
def test_fgsm_is_answered_in_pixels_and_the_other_unit_is_a_reading(
    fgsm: float, normalised: float, said: str, giving: int
) -> None:
    grid = own("mnist", fgsm=lambda who, eps: fgsm, pgd=lambda who, eps: 0.1, normalised=normalised)
    answer = answers.fgsm_accuracy(grid, "mnist")
    assert word(answer) == said and not answer.fitted
    assert (answer.readings.tried, answer.readings.giving) == (2, giving)
    assert [one.mean for _, one in answer.ladder[:2]] == pytest.approx([fgsm, normalised])
    assert {one.mean for name, one in answer.ladder if name.startswith("PGD")} == {0.1}


@pytest.mark.parametrize("dataset", ["mnist", "cifar10"])
@pytest.mark.parametrize(("fragile", "unclipped", "said"), [(24, 0.89, "found"), (5, 0.89, "not found")])
def test_shares_are_answered_in_one_experiment(dataset: str, fragile: int, unclipped: float, said: str) -> None:
    grid = own(dataset, fragile=range(fragile), unclipped=unclipped)
    kernels, images = answers.fragile_share(grid, dataset), answers.targeted_share(grid, dataset)
    assert word(kernels) == said and word(images) == "found"
    assert kernels.experiment == images.experiment != ""
    assert kernels.paper.measured.mean == fragile / 64


def test_the_share_of_kernels_is_by_all_images() -> None:
    """A kernel that costs 0.3 on one half and nothing on the other costs 0.15 on all: below the mean in both cases."""
    answer = answers.fragile_share(own("mnist", fragile=range(10), again=range(10, 24)), "mnist")
    assert answer.paper.measured.mean == 24 / 64 and "0.16 and 0.22" in answer.why


def test_both_shares_are_of_s_by_all_images_of_the_sample() -> None:
    moved = np.ones((N // 2, 64))
    moved[:, :10] = 2
    grid = own("mnist", sample(without=costly(range(10)), moved=moved), unclipped=0.2)
    kernels, images = answers.fragile_share(grid, "mnist").paper, answers.targeted_share(grid, "mnist").paper
    assert kernels.measured.mean == 10 / 64 and kernels.measured.low < 10 / 64 and "200 test images" in kernels.by
    assert images.measured.mean == 1 and images.measured.low < 1 and "drawn anew" in images.by


def test_readings_of_the_share_are_counted() -> None:
    grid = own("mnist", unclipped=0.89)
    assert answers.targeted_share(grid, "mnist").readings.giving == 3  # not clipped, at three levels; clipped 0.5
    acting = {SOURCE: layer(4, beside=0.9)}
    found = answers.targeted_share(own("mnist", sample(layers=acting), unclipped=0.2), "mnist")
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
    answer = answers.csg({"mnist": [spectral(rows)]}, plain, grid, "mnist")
    assert word(answer) == said and answer.readings.tried == 9
    assert word(answers.csg({"mnist": []}, plain, grid, "mnist")) == "not run"


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
    answer = answers.dropping_hurts(own("mnist", fragile=range(20), again=again, rightly=1.0))
    assert answer.sound.measured.mean == pytest.approx(gap) and answer.sound.over_control is not None
    assert word(answer) in (said, "empty") and answer.paper.measured.mean == pytest.approx(0.3)
    wide = answers.dropping_hurts(own("mnist", fragile=range(20), again=again, rightly=0.5)).sound.measured
    assert wide.high - wide.low > 2 * (answer.sound.measured.high - answer.sound.measured.low)


def test_dropping_is_empty_where_large_kernels_are_worth_as_much() -> None:
    grid = own("mnist", sample(without=costly(range(44, 64)), norms=np.arange(64.0)))
    answer = answers.dropping_hurts(grid)  # S is the kernels of largest norm
    assert word(answer) == "empty" and answer.sound.over_control.mean == pytest.approx(0)
    other = answers.dropping_hurts(own("mnist", sample(without=costly(range(20)), norms=np.arange(64.0))))
    assert word(other) == "confirmed" and other.sound.over_control.low > 0


def test_a_set_that_holds_on_no_other_image_does_not_stand() -> None:
    """Each half of the images names other kernels."""
    without = np.ones((64, N), dtype=bool)
    without[:20, ::2], without[30:50, 1::2] = False, False
    answer = answers.dropping_hurts(own("mnist", sample(without=without)))
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

    assert word(answers.depth_grows_fragile_count(grid_of(cells(4), ages="10 50 100"))) == said
    assert word(answers.depth_grows_fragile_count(grid_of(cells(1), ages="10 50 100"))) == "cannot tell"
    fewer = {key: one for key, one in cells(1).items() if key[1] != "resnet101"}
    part = answers.depth_grows_fragile_count(grid_of(fewer, ages="10 50 100"))
    assert word(part) == "cannot tell" and part.smaller == ("resnet50 for resnet101",)
    alone = {key: one for key, one in fewer.items() if key[1] == "resnet18"}
    assert word(answers.depth_grows_fragile_count(grid_of(alone, ages="10 50 100"))) == "not run"


@pytest.mark.parametrize(
    ("levels", "clean", "said"),
    [
        ((0.5, 0.6, 0.7), (0.3, 0.3, 0.3), "confirmed"),
        ((0.5, 0.6, 0.7), (0.4, 0.55, 0.7), "does not stand"),  # the whole network rises more
        ((0.5, 0.6, 0.7), (0.5, 0.6, 0.7), "found, unsettled"),  # it rises as much on every one of 200 images
        ((0.5, 0.7, 0.6), (0.4, 0.65, 0.6), "refuted"),
    ],
)
def test_the_curve_over_dropped_kernels_of_cifar10(levels: tuple, clean: tuple, said: str) -> None:
    rows = zip(levels, clean, strict=True)
    grid = through("cifar10", [record("cifar10", rightly=first(level), clean=of) for level, of in rows])
    assert word(answers.kernel_curve(grid, "cifar10")) == said


@pytest.mark.parametrize(
    ("levels", "said"), [((0.5, 0.7, 0.6), "confirmed"), ((0.5, 0.6, 0.7), "refuted"), ((0.6, 0.6, 0.6), "cannot tell")]
)
def test_the_curve_of_mnist_is_asked_of_several_networks(levels: tuple, said: str) -> None:
    def some(level: float) -> list:
        return [sample(without=np.tile(np.arange(N) < N * (level + at / 400), (64, 1))) for at in range(6)]

    records = [record("mnist", rightly=level) for level in levels]
    grid = through("mnist", records, "resnet18", [some(level) for level in levels])
    answer = answers.kernel_curve(grid, "mnist")
    assert word(answer) == said and answer.sound.measured.networks == 6
    alone = answers.kernel_curve(through("mnist", records, "resnet18"), "mnist")
    assert alone.sound is None and word(alone) in ("found, unsettled", "cannot tell")


# What the attack moves


def moves(more: float, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Distances under FGSM and random signs (n, 64): in the mean the maps of the first 20 kernels move `more` times as
    far as random signs do, those of the others once; all first 20 are `scale` times as large.
    """
    by_lot = np.where(np.arange(64) < 20, scale, 1.0) * np.ones((N // 2, 1))
    noise = np.random.default_rng(0).normal(0, 1, by_lot.shape)
    return by_lot * (np.where(np.arange(64) < 20, more, 1.0) + noise), by_lot


@pytest.mark.parametrize(
    ("more", "scale", "said"),
    [
        (1.5, 1.0, "confirmed"),
        (1.5, 0.1, "true, not as shown"),  # their maps are small: plainly they move less
        (0.7, 1.0, "refuted"),
        (0.7, 9.0, "does not stand"),  # their maps are large, and that is all
    ],
)
def test_whether_fragile_kernels_move_more(more: float, scale: float, said: str) -> None:
    moved, by_lot = moves(more, scale)
    answer = answers.fragile_moved_more(own("mnist", sample(moved=moved, by_lot=by_lot)))
    assert word(answer) == said and "drawn anew" in answer.sound.by


def test_what_random_sets_do_as_well_is_empty() -> None:
    """S moves a little more on most images, and so does one in four of random sets."""
    d = np.ones((N // 2, 64)) + np.random.default_rng(1).normal(0, 0.001, (N // 2, 64))
    d[:, 0] += 9.0  # one kernel of S decides: a random set that has it does as well
    answer = answers.fragile_moved_more(own("mnist", sample(moved=d)))
    assert word(answer) == "empty" and answer.sound.over_control.mean <= 0.01


def test_without_a_sample_the_cell_answers_with_s_as_known() -> None:
    def share(who: str, eps: float) -> float:
        return 0.97 if who == "relative" else 0.5

    found = answers.fragile_moved_more(own("mnist", moves=share, unclipped=0.99))
    assert word(found) == "confirmed" and "S taken as known" in found.sound.by
    assert found.sound.measured.images == N // 2
    chance = answers.fragile_moved_more(own("mnist", moves=share, unclipped=0.99, random=(0.99,) * 20))
    assert word(chance) == "empty"


def test_an_s_that_hangs_on_its_images_has_a_wide_interval() -> None:
    moved, by_lot = moves(1.5)
    sure = answers.fragile_moved_more(own("mnist", sample(moved=moved, by_lot=by_lot)))
    without = np.random.default_rng(2).random((64, N)) < 0.9  # no kernel is worth more than another
    lot = answers.fragile_moved_more(own("mnist", sample(without=without, moved=moved, by_lot=by_lot)))
    assert lot.sound.measured.error > 3 * sure.sound.measured.error and word(lot) in ("cannot tell", "found, unsettled")


@pytest.mark.parametrize(("rise", "said"), [(1, "true, not as shown"), (-0.7, "refuted"), (0.06, "cannot tell")])
def test_whether_the_share_grows_with_eps(rise: float, said: str) -> None:
    grid = through("digits", [record(moves=lambda who, eps: 0.3 + rise * eps)] * 3)
    answer = answers.targeting_grows_with_eps(grid)
    assert word(answer) == said
    assert answer.theorem and answer.paper.measured.is_exact and answer.paper.measured.mean == 0


def test_from_one_half_on_growth_with_eps_is_not_sound() -> None:
    grid = through("digits", [record(moves=lambda who, eps: 0.9 if eps >= 0.5 else 0.4)] * 3)
    assert answers.targeting_grows_with_eps(grid).sound.measured.mean == 0


@pytest.mark.parametrize(
    ("young", "old", "said"),
    [(0.9, 0.6, "confirmed"), (0.1, 0.4, "confirmed"), (0.6, 0.9, "refuted"), (0.995, 0.99, "refuted")],
)
def test_whether_training_evens_the_share(young: float, old: float, said: str) -> None:
    records = [record(moves=lambda who, eps, at=at: at) for at in (young, 0.5, old)]
    assert word(answers.training_evens_targeting(through("digits", records))) == said


@pytest.mark.parametrize(
    ("magnitude", "said"),
    [
        (lambda eps: (eps, eps), "empty"),  # random signs grow as well
        (lambda eps: (eps * eps, eps), "confirmed"),
        (None, "empty"),  # without a sample, by the theorem
    ],
)
def test_whether_the_distance_grows_with_eps(magnitude: Callable | None, said: str) -> None:
    sampled = sample(magnitude=magnitude) if magnitude else None
    assert word(answers.magnitude_grows_with_eps(own("mnist", sampled, moved=lambda eps: 2 + eps))) == said


def test_a_distance_that_falls_refutes_its_growth() -> None:
    grid = own("mnist", sample(magnitude=lambda eps: (1 - eps, 1.0)), moved=lambda eps: 2 - eps)
    assert word(answers.magnitude_grows_with_eps(grid)) == "refuted"


@pytest.mark.parametrize(("slope", "said"), [(1, "found, unsettled"), (-1, "cannot tell"), (0, "cannot tell")])
def test_whether_robustness_goes_with_targeting(slope: int, said: str) -> None:
    """A data set has three networks: too few to settle it, whatever number of their ages there is."""

    def cell(dataset: str, at: int) -> object:
        share = 0.05 + 0.05 * at
        attacked = 0.5 + slope * share / 3
        return record(dataset, fgsm=lambda w, e: attacked, pgd=lambda w, e: attacked, unclipped=share,
                      moves=lambda w, e: share)  # fmt: skip

    keys = [(dataset, name, age) for dataset in ("mnist", "cifar10") for name in RESNETS for age in AGES]
    grid = grid_of({key: cell(key[0], at) for at, key in enumerate(keys)}, ages="10 50 100")
    answer = answers.robustness_tracks_targeting(grid)
    assert word(answer) == said and answer.sound.measured.low is None and answer.sound.measured.networks == 3
    assert (answer.paper.measured.low is None) == (slope == 0) and answer.paper.measured.networks == 6
    one = grid_of({key: cell(key[0], at) for at, key in enumerate(keys[:9])}, ages="10 50 100")
    assert word(answers.robustness_tracks_targeting(one)) == "cannot tell"


def test_the_interval_of_a_rank_correlation_is_over_networks_and_not_over_their_ages() -> None:
    """Fieller, Hartley and Pearson: tanh(atanh(rho) +- t sqrt(1.06 / (n - 3))), here of n = 5 networks."""
    found = [
        (Key("mnist", f"network {at // 3}", AGES[at % 3]), at, of)
        for at, of in enumerate([1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 14])
    ]
    rho = 1 - 6 * 14 / (15 * (15**2 - 1))
    half = 3.182446 * (1.06 / 2) ** 0.5
    measured = correlation(found)
    expected = rho, np.tanh(np.arctanh(rho) - half), np.tanh(np.arctanh(rho) + half)
    assert (measured.mean, measured.low, measured.high) == pytest.approx(expected, abs=1e-6)
    assert (measured.networks, measured.df) == (5, 3)
    assert correlation(found[:9]).low is None and correlation(found[:12]).low is not None


# The filter


@pytest.mark.parametrize(
    ("free", "relative", "said"),
    [
        (0.2, 0.2, "confirmed"),
        (0.2, 0.8, "does not stand"),
        (0.8, 0.8, "refuted"),
        (0.8, 0.2, "true, not as shown"),
        (0.49, 0.49, "cannot tell"),
    ],
)
def test_whether_the_filter_lowers_the_share(free: float, relative: float, said: str) -> None:
    grid = own("mnist", sample(layers={PRINTED: layer(5, free, relative)}), changed=5)
    assert word(answers.filter_lowers_targeting(grid)) == said


def test_an_inert_filter_is_not_compared() -> None:
    grid = own("mnist", sample())
    for ask in (answers.filter_lowers_targeting, answers.filter_raises_robustness, answers.filter_helps_young_more):
        assert word(ask(grid)) == "not run" and "inert" in ask(grid).why


def test_the_printed_filter_is_judged_in_the_nearest_cell_where_it_acts_and_the_source_s_else() -> None:
    acts = {("mnist", "resnet50", age): record("mnist", changed={SOURCE: 3}) for age in AGES}
    grid = grid_of(acts, ages="10 50 100")
    assert "the filter, hard, deviation (source)" in answers.filter_raises_robustness(grid).paper.by
    acts["mnist", "resnet50", 100] = record("mnist", changed={PRINTED: 1})
    answer = answers.filter_raises_robustness(grid_of(acts, ages="10 50 100"))
    assert "the printed filter" in answer.paper.by and "epoch 100" in answer.paper.by


def test_without_a_sample_a_lower_share_is_told_clipped_and_stays_open() -> None:
    shares = {"original": 0.5, PRINTED: 0.2, SOURCE: 0.5, "relative": 0.5}
    answer = answers.filter_lowers_targeting(own("mnist", moves=lambda who, eps: shares[who], changed=5))
    assert word(answer) == "found, unsettled" and answer.sound is None and "part `sample`" in answer.why


def test_a_filter_that_is_inert_by_the_sample_s_own_s_is_not_one_that_lowers_nothing() -> None:
    shares = {"original": 0.5, PRINTED: 0.2, SOURCE: 0.5, "relative": 0.5}
    answer = answers.filter_lowers_targeting(own("mnist", sample(), moves=lambda who, eps: shares[who], changed=5))
    assert word(answer) == "found, unsettled" and answer.sound is None
    assert "changes no singular value" in answer.why and "missing" not in answer.why


@pytest.mark.parametrize(
    ("told", "fgsm", "pgd", "alone", "said"),
    [
        (0.7, 0.8, 0.8, 0.5, "confirmed"),
        (0.7, 0.8, 0.8, 0.8, "empty"),  # scaling alone gains as much
        (0.7, 0.8, 0.4, 0.5, "does not stand"),  # a gain under one step has to show under PGD
        (0.3, 0.8, 0.8, 0.5, "true, not as shown"),
        (0.7, 0.8, 0.52, 0.5, "found, unsettled"),
        (0.3, 0.2, 0.2, 0.5, "refuted"),
    ],
)
def test_whether_the_filter_makes_more_robust(told: float, fgsm: float, pgd: float, alone: float, said: str) -> None:
    def accuracy(who: str, eps: float, filtered: float) -> float:
        return 0.5 if who == "original" else filtered if who in FILTERS else alone

    attacked = {"fgsm": partial(accuracy, filtered=fgsm), "pgd": partial(accuracy, filtered=pgd)}
    grid = own("mnist", **attacked, probability=dict.fromkeys(FILTERS, told), changed=5)
    answer = answers.filter_raises_robustness(grid)
    assert word(answer) == said and answer.sound.by.count("the printed eps 0.34") == 2


@pytest.mark.parametrize(
    ("young", "old", "said"),
    [
        ((0.7, 0.7), (0.5, 0.5), "confirmed"),
        ((0.5, 0.5), (0.7, 0.7), "refuted"),
        ((0.7, 0.5), (0.5, 0.7), "does not stand"),
        ((0.5, 0.7), (0.7, 0.5), "true, not as shown"),
    ],
)
def test_whether_the_filter_helps_young_networks_more(young: tuple, old: tuple, said: str) -> None:
    def cell(told: float, pgd: float) -> object:
        return record("mnist", probability=dict.fromkeys(FILTERS, told), changed=5,
                      pgd=lambda who, eps: pgd if who in FILTERS else 0.5)  # fmt: skip

    answer = answers.filter_helps_young_more(through("mnist", [cell(*young), cell(0.5, 0.5), cell(*old)]))
    assert word(answer) == said and "fresh PGD at the printed eps 0.34" in answer.sound.by


# Accuracy


@pytest.mark.parametrize(
    ("fgsm", "pgd", "said"),
    [
        ((0.3, 0.7), (0.3, 0.7), "confirmed"),
        ((0.3, 0.7), (0.7, 0.3), "does not stand"),
        ((0.7, 0.3), (0.7, 0.3), "refuted"),
        ((0.3, 0.7), (0.5, 0.51), "found, unsettled"),
        ((0.5, 0.51), (0.3, 0.7), "true, not as shown"),
    ],
)
def test_whether_epochs_raise_accuracy(fgsm: tuple, pgd: tuple, said: str) -> None:
    ages = [
        record("mnist", fgsm=lambda w, e, at=one: at, pgd=lambda w, e, at=other: at)
        for one, other in ((fgsm[0], pgd[0]), (0.5, 0.5), (fgsm[1], pgd[1]))
    ]
    assert word(answers.epochs_raise_accuracy(through("mnist", ages))) == said


@pytest.mark.parametrize(("digits", "cifar10", "said"), [(0.3, 0.01, "confirmed"), (0.0, 0.3, "true, not as shown")])
def test_on_which_images_a_smaller_eps_costs_accuracy(digits: float, cifar10: float, said: str) -> None:
    def falls(at: float) -> Callable[[str, float], float]:
        return lambda who, eps: 0.9 if eps < at else 0.1

    cells = {
        (name, "resnet18", 10): record(name, fgsm=falls(at), pgd=falls(at))
        for name, at in {"mnist": digits, "cifar10": cifar10}.items()
    }
    assert word(answers.cifar10_needs_smaller_eps(grid_of(cells))) == said


# What a run lacks


def every(grid: Grid) -> list[Answer]:
    """The answers to all claims, as the notebook asks for them."""
    gradients = {(name, how): CsgRecord(200, APART, APART) for name in grid.experiment.sets for how in csg.EMBEDDINGS}
    embedded = {name: [spectral(APART)] for name in grid.experiment.sets}
    of_sets = [answers.clean_accuracy, answers.fgsm_accuracy, partial(answers.csg, embedded, gradients)]
    of_sets += [answers.fragile_share, answers.targeted_share, answers.kernel_curve]
    asked = [getattr(answers, name) for name in answers.__all__]
    plain = [ask for ask in asked if ask not in of_sets and ask is not answers.csg]
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


@pytest.mark.parametrize("sampled", [None, sample(layers={PRINTED: layer(5)})])
def test_it_is_said_which_images_a_measurement_is_over_and_whether_s_was_drawn_anew(sampled: object) -> None:
    cells = {(name, network, age): record(name, changed=5)
             for name in ("mnist", "cifar10") for network in RESNETS for age in AGES}  # fmt: skip
    found = every(grid_of(cells, dict.fromkeys(cells, sampled) if sampled else {}, ages="10 50 100"))
    by = {
        (one.claim, side): getattr(one, side).by for one in found for side in ("paper", "sound") if getattr(one, side)
    }
    for (id, _), words in by.items():
        if not id.startswith("csg.") and "theorem" not in words:
            assert re.search(r"(the|of the) first( 200 test images|;)|a sample of \d|all 200 test images", words), words
    taken = "filtered.lowers_targeting", "filtered.raises_robustness", "filtered.helps_young_more"
    taken += "targeting.grows_with_eps", "training.evens_targeting", "magnitude.grows_with_eps"
    assert all("S taken as known" in words for (id, _), words in by.items() if id in taken and "theorem" not in words)
    assert ("S taken as known" in by["fragile.moved_more", "sound"]) == (sampled is None)


@pytest.mark.parametrize("sampled", [None, sample(layers={PRINTED: layer(5)})])
def test_a_row_with_a_control_holds_both_measurements_against_it(sampled: object) -> None:
    cells = {("mnist", network, age): record("mnist", changed=5) for network in RESNETS for age in AGES}
    found = every(grid_of(cells, dict.fromkeys(cells, sampled) if sampled else {}, ages="10 50 100"))
    sides = {answer.claim: [one for one in (answer.paper, answer.sound) if one] for answer in found}
    for id, claim in CLAIMS.items():
        if claim.control:
            assert sides[id] and all(one.over_control is not None and one.control for one in sides[id]), id


def test_the_paper_s_own_way_is_empty_where_the_control_does_as_well() -> None:
    d = np.ones((N // 2, 64)) + np.random.default_rng(1).normal(0, 0.001, (N // 2, 64))
    d[:, 0] += 9.0  # one kernel of S decides: a random set that has it does as well
    alone = {FILTERS[0]: 0.7, ALONE + FILTERS[0]: 0.7}
    for ask, grid in (
        (answers.fragile_moved_more, own("mnist", sample(moved=d))),
        (answers.fragile_moved_more, own("mnist", unclipped=0.9, random=(0.95,) * 20)),
        (answers.dropping_hurts, own("mnist", sample(without=costly(range(44, 64)), norms=np.arange(64.0)))),
        (answers.filter_raises_robustness, own("mnist", probability=alone, changed=5)),
        (answers.magnitude_grows_with_eps, own("mnist", sample(), moved=lambda eps: 2 + eps)),
        (answers.magnitude_grows_with_eps, own("mnist", moved=lambda eps: 2 + eps)),
    ):
        answer = ask(grid)
        assert entry(CLAIMS[answer.claim], answer)["paper"]["word"] == "empty", answer.claim


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
