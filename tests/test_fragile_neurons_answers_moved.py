"""The answers about what the attack moves, the filter and accuracy under attack, on records that are made up."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from fragile_records import AGES, FILTERS, N, costly, first, grid_of, layer, own, record, sample, through, unlike, word

from lib.chapters.fragile_neurons import answers
from lib.chapters.fragile_neurons.answers.tracking import correlation
from lib.chapters.fragile_neurons.experiment import Key
from lib.chapters.fragile_neurons.record import ALONE
from lib.chapters.fragile_neurons.svd_filter import PRINTED, SOURCE
from lib.ledger.claims import paper
from lib.ledger.entries import entry
from lib.measure.intervals import difference, exact
from lib.models.resnets import RESNETS

CLAIMS = paper("fragile_neurons").claims

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
    answer = answers.targeting.fragile_moved_more(own("mnist", sample(moved=moved, by_lot=by_lot)))
    assert word(answer) == said and "drawn anew" in answer.sound.by


def test_what_random_sets_do_as_well_is_empty() -> None:
    """S moves a little more on most images, and so does one in four of random sets."""
    d = np.ones((N // 2, 64)) + np.random.default_rng(1).normal(0, 0.001, (N // 2, 64))
    d[:, 0] += 9.0  # one kernel of S decides: a random set that has it does as well
    answer = answers.targeting.fragile_moved_more(own("mnist", sample(moved=d)))
    assert word(answer) == "empty" and answer.sound.over_control.mean <= 0.01


def test_without_a_sample_the_cell_answers_with_s_as_known() -> None:
    def share(who: str, eps: float) -> float:
        return 0.97 if who == "relative" else 0.98

    found = answers.targeting.fragile_moved_more(own("mnist", moves=share, unclipped=0.99))
    assert found.paper.measured.mean == 0.49 and found.paper.control.endswith("both clipped: no others were measured")
    assert word(found) == "confirmed" and "S taken as known" in found.sound.by
    assert found.sound.measured.images == N // 2
    chance = answers.targeting.fragile_moved_more(own("mnist", moves=share, unclipped=0.99, random=(0.99,) * 20))
    assert word(chance) == "empty"
    clipped = answers.targeting.fragile_moved_more(own("mnist", moves=lambda who, eps: 0.5, unclipped=0.99))
    assert clipped.paper.over_control.mean < 0, "random sets are clipped, and so is what is held against them"


def test_an_s_that_hangs_on_its_images_has_a_wide_interval() -> None:
    moved, by_lot = moves(1.5)
    sure = answers.targeting.fragile_moved_more(own("mnist", sample(moved=moved, by_lot=by_lot)))
    without = np.random.default_rng(2).random((64, N)) < 0.9  # no kernel is worth more than another
    lot = answers.targeting.fragile_moved_more(own("mnist", sample(without=without, moved=moved, by_lot=by_lot)))
    assert lot.sound.measured.error > 3 * sure.sound.measured.error and word(lot) in ("cannot tell", "found, unsettled")


@pytest.mark.parametrize(("rise", "said"), [(1, "true, not as shown"), (-0.7, "refuted"), (0.06, "cannot tell")])
def test_whether_the_share_grows_with_eps(rise: float, said: str) -> None:
    grid = through("digits", [record(moves=lambda who, eps: 0.3 + rise * eps)] * 3)
    answer = answers.targeting.targeting_grows_with_eps(grid)
    assert word(answer) == said
    assert answer.theorem and answer.paper.measured.is_exact and answer.paper.measured.mean == 0


def test_from_one_half_on_growth_with_eps_is_not_sound() -> None:
    grid = through("digits", [record(moves=lambda who, eps: 0.9 if eps >= 0.5 else 0.4)] * 3)
    assert answers.targeting.targeting_grows_with_eps(grid).sound.measured.mean == 0


@pytest.mark.parametrize(
    ("young", "old", "said"),
    [(0.9, 0.6, "confirmed"), (0.1, 0.4, "confirmed"), (0.6, 0.9, "refuted"), (0.995, 0.99, "refuted")],
)
def test_whether_training_evens_the_share(young: float, old: float, said: str) -> None:
    records = [record(moves=lambda who, eps, at=at: at, unclipped=at) for at in (young, 0.5, old)]
    assert word(answers.targeting.training_evens_targeting(through("digits", records))) == said


def test_the_paper_s_way_of_evening_is_not_clipped_and_its_interval_the_widest_that_counts_allow() -> None:
    """Of 200 images 190 and 170 move S more. They differ on 20 of them at least, and on 40 at most."""
    records = [record(moves=lambda who, eps: 0.5, unclipped=at) for at in (0.95, 0.5, 0.85)]
    answer = answers.targeting.training_evens_targeting(through("digits", records))
    found = answer.paper.measured
    assert found.mean == pytest.approx(0.1) and answer.sound.measured.mean == 0 and "not clipped" in answer.paper.by
    worst, best = (difference([first(0.95)], [one]) for one in (first(0.85)[::-1], first(0.85)))
    assert (found.low, found.high) == pytest.approx((worst.low, worst.high)) and worst.error > best.error
    across = [record(unclipped=at) for at in (0.95, 0.5, 0.15)]  # as far from one half, on its other side
    assert answers.targeting.training_evens_targeting(through("digits", across)).paper.measured == found


@pytest.mark.parametrize(
    ("magnitude", "said"),
    [
        (lambda eps: (eps, eps), "empty"),  # random signs grow as well
        (lambda eps: (eps * eps, eps), "true, not as shown"),  # not clipped it cannot: a theorem
        (None, "empty"),  # without a sample, by the theorem
    ],
)
def test_whether_the_distance_grows_with_eps(magnitude: Callable | None, said: str) -> None:
    sampled = sample(magnitude=magnitude) if magnitude else None
    assert word(answers.targeting.magnitude_grows_with_eps(own("mnist", sampled, moved=lambda eps: 2 + eps))) == said


def test_a_distance_that_falls_where_it_is_clipped_stands_against_its_growth() -> None:
    grid = own("mnist", sample(magnitude=lambda eps: (1 - eps, 1.0)), moved=lambda eps: 2 - eps)
    answer = answers.targeting.magnitude_grows_with_eps(grid)
    assert word(answer) == "does not stand" and "not clipped" in answer.paper.by
    assert answer.paper.measured.mean == pytest.approx(0.09 / 0.34), "of 0.01, 0.1 and 0.34 the smallest step"
    alone = answers.targeting.magnitude_grows_with_eps(own("mnist", moved=lambda eps: 2 - eps))
    assert word(alone) == "cannot tell" and "FGSM clipped" in alone.paper.by and "Only clipped" in alone.why


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
    answer = answers.tracking.robustness_tracks_targeting(grid)
    assert word(answer) == said and answer.sound.measured.low is None and answer.sound.measured.networks == 3
    assert (answer.paper.measured.low is None) == (slope == 0) and answer.paper.measured.networks == 6
    one = grid_of({key: cell(key[0], at) for at, key in enumerate(keys[:9])}, ages="10 50 100")
    assert word(answers.tracking.robustness_tracks_targeting(one)) == "cannot tell"


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
    assert word(answers.defence.filter_lowers_targeting(grid)) == said


def test_an_inert_filter_is_not_compared() -> None:
    grid = own("mnist", sample())
    for ask in (
        answers.defence.filter_lowers_targeting,
        answers.defence.filter_raises_robustness,
        answers.defence.filter_helps_young_more,
    ):
        assert word(ask(grid)) == "not run" and "inert" in ask(grid).why


def test_the_printed_filter_is_judged_in_the_nearest_cell_where_it_acts_and_the_source_s_else() -> None:
    acts = {("mnist", "resnet50", age): record("mnist", changed={SOURCE: 3}) for age in AGES}
    grid = grid_of(acts, ages="10 50 100")
    assert "the filter “hard, deviation (source)”" in answers.defence.filter_raises_robustness(grid).paper.by
    acts["mnist", "resnet50", 100] = record("mnist", changed={PRINTED: 1})
    answer = answers.defence.filter_raises_robustness(grid_of(acts, ages="10 50 100"))
    assert "the printed filter" in answer.paper.by and "epoch 100" in answer.paper.by


def test_without_a_sample_a_lower_share_is_told_clipped_and_stays_open() -> None:
    shares = {"original": 0.5, PRINTED: 0.2, SOURCE: 0.5, "relative": 0.5}
    answer = answers.defence.filter_lowers_targeting(own("mnist", moves=lambda who, eps: shares[who], changed=5))
    rising = own("mnist", moves=lambda who, eps: shares[who] + (who == PRINTED and eps > 0.3) / 10, changed=5)
    assert (
        ", clipped, at eps 0.34, the worst of 5 below 0.5, " in answers.defence.filter_lowers_targeting(rising).paper.by
    )
    assert word(answer) == "found, unsettled" and answer.sound is None and "on the sample" in answer.why
    assert answer.why.startswith("The shares are clipped. ")


def test_the_nearest_cell_where_the_filter_acts_and_was_measured_unclipped_answers_both_ways() -> None:
    shares = {"original": 0.5, PRINTED: 0.2, SOURCE: 0.5, "relative": 0.5}
    keys = [("cifar10", name, age) for name in ("resnet18", "resnet50") for age in AGES]
    cells = {key: record("cifar10", moves=lambda who, eps: shares[who], changed=5) for key in keys}
    lower, higher, inert = (
        sample(layers=of) for of in ({PRINTED: layer(5, 0.2, 0.2)}, {PRINTED: layer(5, 0.2, 0.8)}, {})
    )
    samples = {("cifar10", "resnet18", 10): higher, ("cifar10", "resnet18", 50): lower}
    grid = grid_of(cells, samples, ages="10 50 100", networks="resnet18+resnet50")
    answer = answers.defence.filter_lowers_targeting(grid)
    both = answer.paper.by, answer.sound.by
    assert all("ResNet-18 on CIFAR-10 at epoch 10" in by for by in both) and word(answer) == "does not stand"
    assert "not clipped" in answer.paper.by and "filters change it by -0.300 to +0.300" in answer.why
    samples["cifar10", "resnet18", 10] = inert
    answer = answers.defence.filter_lowers_targeting(
        grid_of(cells, samples, ages="10 50 100", networks="resnet18+resnet50")
    )
    both = answer.paper.by, answer.sound.by
    assert all("ResNet-18 on CIFAR-10 at epoch 50" in by for by in both) and word(answer) == "confirmed"


def test_what_fig_3_says_is_asked_of_its_own_cell_or_of_the_nearest_where_the_filter_acts() -> None:
    shares = {"original": 0.5, PRINTED: 0.2, SOURCE: 0.5, "relative": 0.5}
    of = {"moves": lambda who, eps: shares[who]}
    keys = [(data, "resnet50", age) for data in ("mnist", "cifar10") for age in AGES]
    cells = {key: record(key[0], changed=5, **of) for key in keys}
    both = {"ages": "10 50 100", "networks": "resnet18+resnet50", "dataset": "mnist+cifar10"}
    assert (
        "ResNet-50 on MNIST at epoch 10" in answers.defence.filter_lowers_targeting(grid_of(cells, {}, **both)).paper.by
    )
    cells["mnist", "resnet50", 10] = record("mnist", **of)
    assert (
        "ResNet-50 on MNIST at epoch 50" in answers.defence.filter_lowers_targeting(grid_of(cells, {}, **both)).paper.by
    )


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
    answer = answers.defence.filter_raises_robustness(grid)
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

    answer = answers.defence.filter_helps_young_more(through("mnist", [cell(*young), cell(0.5, 0.5), cell(*old)]))
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
    assert word(answers.levels.epochs_raise_accuracy(through("mnist", ages))) == said


@pytest.mark.parametrize(("digits", "cifar10", "said"), [(0.3, 0.01, "confirmed"), (0.0, 0.3, "true, not as shown")])
def test_on_which_images_a_smaller_eps_costs_accuracy(digits: float, cifar10: float, said: str) -> None:
    def falls(at: float) -> Callable[[str, float], float]:
        return lambda who, eps: 0.9 if eps < at else 0.1

    cells = {
        (name, "resnet18", 10): record(name, fgsm=falls(at), pgd=falls(at))
        for name, at in {"mnist": digits, "cifar10": cifar10}.items()
    }
    assert word(answers.levels.cifar10_needs_smaller_eps(grid_of(cells))) == said


def test_the_interval_of_a_rank_correlation_is_over_networks_and_not_over_their_ages() -> None:
    """Fieller, Hartley and Pearson: tanh(atanh(rho) +- t sqrt(1.06 / (n - 3))), here of n = 5 networks."""
    found = [
        (Key("mnist", f"network {at // 3}", AGES[at % 3]), exact(at), exact(of))
        for at, of in enumerate([1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 14])
    ]
    rho = 1 - 6 * 14 / (15 * (15**2 - 1))
    half = 3.182446 * (1.06 / 2) ** 0.5
    measured = correlation(found)
    expected = rho, np.tanh(np.arctanh(rho) - half), np.tanh(np.arctanh(rho) + half)
    assert (measured.mean, measured.low, measured.high) == pytest.approx(expected, abs=1e-6)
    assert (measured.networks, measured.error, measured.df) == (5, None, None), (
        "made on Fisher's scale, which has no name"
    )
    on_its_end = [measured.p_above(end) for end in (measured.low, measured.high)]
    assert on_its_end == pytest.approx([0.025, 0.975]), "the p-value is of the interval's own distribution"
    assert (measured.p_above(-1), measured.p_above(1)) == (0, 1)
    assert correlation(found[:9]).low is None and correlation(found[:12]).low is not None


def test_a_filter_that_is_inert_by_the_sample_s_own_s_is_not_one_that_lowers_nothing() -> None:
    shares = {"original": 0.5, PRINTED: 0.2, SOURCE: 0.5, "relative": 0.5}
    answer = answers.defence.filter_lowers_targeting(
        own("mnist", sample(), moves=lambda who, eps: shares[who], changed=5)
    )
    assert word(answer) == "found, unsettled" and answer.sound is None
    assert "changes no singular value" in answer.why and "missing" not in answer.why


def test_the_paper_s_own_way_is_empty_where_the_control_does_as_well() -> None:
    d = np.ones((N // 2, 64)) + np.random.default_rng(1).normal(0, 0.001, (N // 2, 64))
    d[:, 0] += 9.0  # one kernel of S decides: a random set that has it does as well
    alone, moved = {FILTERS[0]: 0.7, ALONE + FILTERS[0]: 0.7}, np.outer(unlike(N // 2), np.ones(64))
    for ask, grid in (
        (answers.targeting.fragile_moved_more, own("mnist", sample(moved=d))),
        (answers.targeting.fragile_moved_more, own("mnist", unclipped=0.9, random=(0.95,) * 20)),
        (answers.kernels.dropping_hurts, own("mnist", sample(without=costly(range(44, 64)), norms=np.arange(64.0)))),
        (answers.defence.filter_raises_robustness, own("mnist", probability=alone, changed=5)),
        (answers.targeting.magnitude_grows_with_eps, own("mnist", sample(moved=moved))),
        (answers.targeting.magnitude_grows_with_eps, own("mnist", moved=lambda eps: 2 + eps)),
    ):
        answer = ask(grid)
        assert entry(CLAIMS[answer.claim], answer)["paper"]["word"] == "empty", answer.claim
