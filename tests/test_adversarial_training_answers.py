"""The answers of the chapter on adversarial training, on made-up records: each word that a claim can get."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest
import torch
from adversarial_training_made_up import (
    DIGITS,
    FEW,
    MNIST,
    N,
    calibration,
    course,
    hits,
    of_case,
    reached,
    scores,
    searched,
    unlike,
)

from lib import compute
from lib.chapters.adversarial_training import answers, fitting, influence, rates
from lib.chapters.adversarial_training.cases import (
    BUDGETS,
    CONTROLS,
    GOING_ON,
    MIXED_HELD_OUT,
    SETTINGS,
    TUNED,
    TUNED_ON_TEST,
    UNDEFENDED,
)
from lib.chapters.adversarial_training.measure import Learned
from lib.chapters.adversarial_training.networks import AS_MANY, FineTuned, MixedTrained
from lib.chapters.adversarial_training.rates import capped, half_less_won_back, ladder, loss_ladder
from lib.chapters.adversarial_training.scores import Scores
from lib.chapters.adversarial_training.table_one import CLAIMS, ROWS, TableOne
from lib.ledger.answers import Answer
from lib.ledger.entries import entry, settle
from lib.train.batches import Mixed


def word(answer: Answer) -> str:
    """The answer's word."""
    return entry(CLAIMS[answer.claim], answer)["word"]


def words(answer: Answer) -> tuple[str, str]:
    """Its word the paper's way, and soundly."""
    found = entry(CLAIMS[answer.claim], answer)
    return found["paper"]["word"], found["sound"]["word"]


# Table I


PRINTED = {claim: CLAIMS[claim].value for claim in ROWS}


def run(values: dict[str, float], fresh: float = 0.9) -> dict[str, list[Scores]]:
    """The networks of a training that gives these numbers, and so much under fresh FGSM."""
    normal = scores(clean=values["normal.clean_accuracy"], P=values["normal.adversarial_accuracy"], W=fresh)
    mixed = scores(clean=values["mixed.clean_accuracy"], P=values["mixed.adversarial_accuracy"], W=fresh)
    normal.losses["P"][:] = unlike(values["normal.adversarial_loss"], len(normal.losses["P"]))
    mixed.losses["P"][:], mixed.losses["clean"][:] = values["mixed.adversarial_loss"], values["mixed.clean_loss"]
    mixed.losses["W"][:] = 9.0
    return {"normal": [normal] * 3, "mixed": [mixed] * 3, "tuned": [mixed] * 3}


def table(**changed: float) -> TableOne:
    """A table whose tutorials' setting gives the printed numbers but for some, and whose other training does not."""
    values = PRINTED | {claim.replace("__", "."): value for claim, value in changed.items()}
    return TableOne(run(values), run(PRINTED | {"normal.adversarial_loss": 99.0}))


def together(found: TableOne) -> dict[str, str]:
    """The word of each of the seven, settled together."""
    entries = {one.claim: entry(CLAIMS[one.claim], one) for one in answers.table_one(found, MNIST)}
    settle(list(entries.values()))
    return {claim: one["word"] for claim, one in entries.items()}


def test_the_seven_numbers_of_table_one_are_those_that_one_experiment_must_give():
    assert set(ROWS) == set(CLAIMS["normal.clean_accuracy"].joint)


def test_one_experiment_gives_all_seven_and_none_of_them_is_fitted():
    assert set(together(table()).values()) == {"found"}
    given = answers.table_one(table(), MNIST)
    assert [answer.claim for answer in given] == list(ROWS)
    assert len({answer.experiment for answer in given}) == 1 and not any(answer.fitted for answer in given)
    assert "squared error, eps 0.1, not clipped" in given[0].experiment


@pytest.mark.parametrize(("loss", "expected"), [(17.0, "near"), (30.0, "not found")])
def test_one_number_that_is_not_given_takes_the_others_with_it(loss, expected):
    assert set(together(table(normal__adversarial_loss=loss)).values()) == {expected}


def test_readings_count_both_trainings_and_both_kinds_of_images():
    counted = table().counted
    assert (counted.tried, counted.giving) == (4, 1) and counted.nearest == "not by the one nearest to the words"
    alike = TableOne(run(PRINTED, 0.9753), run(PRINTED, 0.9753))
    for one in (alike.tutorials, alike.own):
        for network in one["mixed"]:
            network.losses["W"][:] = PRINTED["mixed.adversarial_loss"]
    assert alike.counted.giving == 4 and alike.counted.nearest == "and by the one nearest to the words"


def test_the_reason_counts_the_seven_and_names_the_farthest():
    why = answers.table_one(table(normal__adversarial_loss=20.0), MNIST)[0].why
    assert why.startswith("6 of Table I's 7 numbers lie within their tolerance; the farthest, ")
    assert why.endswith("normal.adversarial_loss, is 2.11 tolerances off.")


def test_what_is_attacked_has_a_ladder_and_what_is_clean_has_none():
    found = {one.claim: one.ladder for one in answers.table_one(table(), MNIST)}
    assert {claim for claim, rungs in found.items() if rungs} == {claim for claim in ROWS if "adversarial" in claim}
    names = [name for name, _ in found["mixed.adversarial_accuracy"]]
    assert names[:3] == ["random signs, no attack", "stale images", "fresh FGSM"]
    assert names[3:] == ["PGD, 40 steps", "worst case"]


def test_images_made_for_the_network_itself_are_one_rung():
    network = scores(P=0.4, PGD=0.3, Square=0.2, transfer=0.1)
    network.read["W"] = network.read["P"]
    assert [name for name, _ in ladder([network])][1:3] == ["stale images", "PGD, 40 steps"]
    assert ladder([network])[-1][1].mean == pytest.approx(0.1, abs=0.01)
    high = [replace(network, losses=network.losses | {"P": np.full(N, 40.0, np.float32)})]
    assert [round(one.mean, 2) for _, one in loss_ladder(high)] == [40.0, 16.12, 0.5]


def test_keras_caps_a_loss_at_sixteen():
    assert capped(np.array([0.5, 16.0, 17.0, 900.0])) == pytest.approx([0.5, 16.0, 16.118, 16.118], abs=1e-3)


# Other numbers


def learned(*accuracies: float) -> list[Learned]:
    return [Learned(hits(0.997, 60_000), hits(one, 60_000), "") for one in accuracies]


@pytest.mark.parametrize(
    ("values", "expected"),
    [((0.9965, 0.997, 0.9975), "found"), ((0.9999, 0.9999, 0.9999), "near"), ((0.98, 0.98, 0.98), "not found")],
)
def test_training_images_are_learned_as_printed_or_too_well_counted_as_the_tutorials_log_counts(values, expected):
    answer = answers.normal_train_accuracy(learned(*values), learned(0.98), MNIST)
    assert word(answer) == expected
    assert answer.readings.tried == 4 and answer.readings.giving == 2 + (expected != "not found")
    assert answer.readings.nearest == "and by the one nearest to the words (Table II's training, in eval mode)"
    assert "0.9970 in eval mode" in answer.why and "with dropout" in answer.paper.by


A_LITTLE = (0.0, 0.0002, -0.0002)


def tuned(clean: Sequence[float], attacked: float = 0.99, before: float = 0.9892) -> dict[str, list[Scores]]:
    networks = [
        scores(clean=one, P=attacked + d, W=0.3, PGD=0.1) for one, d in zip(clean, cycle(A_LITTLE), strict=False)
    ]
    return {"normal": [scores(clean=before)] * len(clean), "tuned": networks}


BY_SIZE = {64: [scores(clean=0.9892, P=0.99)] * 3, 364: [scores(clean=0.9, P=0.8)] * 3}
Builder = Callable[[float], Answer]
OF_FINE_TUNING: dict[str, Builder] = {
    "finetuned.clean_accuracy": lambda v: answers.finetuned_clean_accuracy(
        tuned([v, v + 0.0002, v - 0.0002] * 4), BY_SIZE, MNIST
    ),
    "finetuned.clean_drop": lambda v: answers.finetuned_clean_drop(
        tuned([0.98 - v, 0.9802 - v, 0.9798 - v] * 4, before=0.98), {"normal": [scores()] * 3}, BY_SIZE, MNIST
    ),
    "finetuned.adversarial_accuracy": lambda v: answers.finetuned_adversarial_accuracy(
        tuned([0.98] * 12, v), BY_SIZE, MNIST
    ),
}


@pytest.mark.parametrize("claim", OF_FINE_TUNING)
def test_a_number_of_fine_tuning_is_found_near_or_not(claim):
    printed, tolerance = CLAIMS[claim].value, CLAIMS[claim].tolerance
    assert word(OF_FINE_TUNING[claim](printed)) == "found"
    assert word(OF_FINE_TUNING[claim](printed - 0.95 * tolerance)) == "near"
    assert word(OF_FINE_TUNING[claim](printed - 5 * tolerance)) == "not found"


def test_fine_tuning_is_read_as_the_tutorials_have_it_and_in_each_size_of_batch():
    answer = OF_FINE_TUNING["finetuned.adversarial_accuracy"](0.99)
    assert (answer.readings.tried, answer.readings.giving) == (3, 2)
    assert answer.readings.nearest.endswith("(Table II's training, batches of 364)")
    assert answer.why == "0.990 on the images trained on; made afresh, 0.300 (FGSM) and 0.100 (PGD)."


def test_every_number_that_the_paper_prints_is_tested():
    tested = {*ROWS, *OF_FINE_TUNING, "normal.train_accuracy"}
    assert tested == {claim.id for claim in CLAIMS.values() if claim.kind == "number"}


@pytest.mark.parametrize(
    ("experiment", "expected"),
    [
        (replace(MNIST, tutorial_epochs=50), ()),
        (MNIST, ("20 epochs instead of 50",)),
        (replace(DIGITS, tutorial_epochs=50), ("5,000 images of digits instead of MNIST",)),
    ],
)
def test_a_run_says_in_what_it_is_smaller_than_the_paper_s(experiment, expected):
    assert answers.table_one(table(), experiment)[0].smaller == expected


# Which attack


def test_a_setting_is_chosen_on_other_networks_than_it_is_judged_on():
    networks = [calibration(0.01, 15.0), calibration(0.02, 15.0), calibration(0.9, 1.0), calibration(0.9, 1.0)]
    assert fitting.chosen_on(networks) == networks[:2] and fitting.judged_on(networks) == networks[2:]
    setting, _ = fitting.nearest(fitting.chosen_on(networks))
    assert setting.name == "squared error, clipped, eps 0.1" and setting.gives
    judged = fitting.tried(fitting.judged_on(networks))[setting.reading, setting.number]
    assert judged.accuracy.mean == pytest.approx(0.9) and not judged.gives
    assert not fitting.judged_on(networks[:1])


def test_a_setting_that_keras_s_cap_brings_near_is_found_by_keras_s_loss_alone():
    beyond = calibration(0.01, 40.0)
    _, as_keras = fitting.nearest([beyond])
    assert as_keras.keras_loss.mean == pytest.approx(16.118, abs=1e-3) and as_keras.gives
    assert as_keras.off(as_keras.loss) > 1


# Defences


@pytest.mark.parametrize(
    ("before", "after", "expected", "found"),
    [
        (0.1, {"P": 0.9, "W": 0.9, "PGD": 0.9}, ("holds", "holds"), "confirmed"),
        (0.1, {"P": 0.9, "W": 0.9, "PGD": 0.1}, ("holds", "fails"), "does not stand"),
        (0.5, {"P": 0.5, "W": 0.5, "PGD": 0.9}, ("fails", "fails"), "refuted"),
    ],
)
@pytest.mark.parametrize("claim", ["mixed", "finetuned"])
def test_a_defence_raises_accuracy_on_old_images_and_under_the_harder_of_two_fresh_attacks(
    claim, before, after, expected, found
):
    scored = {case: [scores(**after)] * 3 for case in (MIXED_HELD_OUT, TUNED, TUNED_ON_TEST)}
    scored[UNDEFENDED] = [scores(P=before, W=before, PGD=before)] * 3
    answer = getattr(answers, f"{claim}_raises_accuracy")(scored, MNIST)
    assert words(answer) == expected and word(answer) == found
    assert answer.paper.measured.mean == pytest.approx(after["P"] - before)
    assert answer.sound.measured.mean == pytest.approx(min(after["W"], after["PGD"]) - before)


def test_fine_tuning_is_judged_soundly_by_the_network_that_did_not_see_the_test_images():
    scored = {UNDEFENDED: [scores(P=0.1, W=0.1, PGD=0.1)] * 3, TUNED_ON_TEST: [scores(P=1.0, W=1.0, PGD=1.0)] * 3}
    scored[TUNED] = [scores(P=0.2, W=0.1, PGD=0.1)] * 3
    assert words(answers.finetuned_raises_accuracy(scored, MNIST)) == ("holds", "fails")


@pytest.mark.parametrize(
    ("mixed", "expected", "found"),
    [
        ({"P": 0.8, "W": 0.8, "PGD": 0.8}, ("holds", "holds"), "confirmed"),
        ({"P": 0.4, "W": 0.8, "PGD": 0.8}, ("fails", "holds"), "true, not as shown"),
        ({"P": 0.8, "W": 0.8, "PGD": 0.4}, ("holds", "fails"), "does not stand"),
        ({"P": 0.4, "W": 0.4, "PGD": 0.8}, ("fails", "fails"), "refuted"),
    ],
)
def test_mixed_beats_finetuned_by_the_paper_s_images_and_by_the_harder_of_two_fresh_attacks(mixed, expected, found):
    half = {"P": 0.5, "W": 0.5, "PGD": 0.5}
    scored = {GOING_ON: [scores(**mixed)] * 3, TUNED: [scores(**half)] * 3}
    answer = answers.mixed_beats_finetuned(scored, MNIST)
    assert words(answer) == expected and word(answer) == found
    assert answer.sound.measured.mean == pytest.approx(min(mixed["W"], mixed["PGD"]) - 0.5)


def test_mixed_beats_finetuned_cannot_be_told_where_networks_differ():
    apart = [scores(P=0.8, W=one, PGD=one) for one in (0.2, 0.9, 0.9)]
    answer = answers.mixed_beats_finetuned({GOING_ON: apart, TUNED: [scores(P=0.5, W=0.5, PGD=0.5)] * 3}, MNIST)
    assert words(answer) == ("holds", "cannot tell") and word(answer) == "found, unsettled"
    unsure = [scores(P=one, W=one, PGD=one) for one in (0.2, 0.9, 0.9)]
    answer = answers.mixed_beats_finetuned({GOING_ON: unsure, TUNED: [scores(P=0.5, W=0.5, PGD=0.5)] * 3}, MNIST)
    assert word(answer) == "cannot tell"


def test_finetuning_is_cheaper_by_count_whatever_the_seconds():
    scored = {GOING_ON: [scores(seconds=1.0)], TUNED: [scores(seconds=9.0)]}
    answer = answers.finetuning_cheaper(scored, MNIST)
    assert answer.paper.measured.is_exact and answer.paper.measured.mean == 4 and word(answer) == "confirmed"
    assert answer.why.startswith("15 gradient passes per image against 11; 1.0 against 9.0 seconds")


def test_finetuning_for_two_epochs_costs_as_much_as_mixing_and_is_not_cheaper():
    scored = {GOING_ON: [scores()], TUNED: [scores()]}
    assert word(answers.finetuning_cheaper(scored, replace(MNIST, finetune_epochs=2))) == "refuted"


@pytest.mark.parametrize(("count", "size"), [(100, 10), (100, 7), (10, 64)])
def test_passes_are_those_that_training_makes(count, size):
    x, y, made = torch.rand(count, 1, 2, 2), torch.arange(count), []

    def attack(model, images, labels):
        made.extend(labels.tolist())
        return images

    for images, _ in Mixed(x, y, attack, size)(None, compute.seeded(0)):
        made.extend(range(len(images)))
    mixed = MixedTrained(MNIST.undefended(0), MNIST.fgsm, AS_MANY, 3, size)
    assert rates.passes_an_image(mixed, count) == pytest.approx(3 * len(made) / count)
    assert rates.passes_an_image(FineTuned(MNIST.undefended(0), MNIST.fgsm, AS_MANY, 3, size), count) == 4


def only_somewhat(five: Sequence[float], twenty: Sequence[float]) -> Answer:
    """The answer where undefended networks have nothing left, and mixed training wins back these shares."""
    pairs = zip(five, twenty, strict=True)
    found = {UNDEFENDED: [searched(1, 0, 0)] * 3, MIXED_HELD_OUT: [searched(1, *pair) for pair in pairs]}
    within = {UNDEFENDED: scores(clean=1, Square=0, PGD=0), MIXED_HELD_OUT: scores(clean=1, Square=0.8, PGD=0.7)}
    scored = {case: [one] * 3 for case, one in within.items()}
    return answers.conclusion_only_somewhat(found, scored, MNIST)


LITTLE, MUCH, APART = [0.1, 0.12, 0.11], [0.9, 0.92, 0.91], [0.1, 0.9, 0.5]


@pytest.mark.parametrize(
    ("five", "twenty", "expected"),
    [
        (LITTLE, LITTLE, "confirmed"),
        (MUCH, LITTLE, "does not stand"),
        (APART, LITTLE, "found, unsettled"),
        (LITTLE, MUCH, "refuted"),
        (LITTLE, APART, "cannot tell"),
    ],
)
def test_only_somewhat_is_less_than_half_won_back_whatever_number_of_pixels_may_change(five, twenty, expected):
    answer = only_somewhat(five, twenty)
    assert word(answer) == expected
    assert answer.paper.measured.mean == pytest.approx(0.5 - np.mean(twenty), abs=0.01)
    assert answer.sound.measured.mean == pytest.approx(0.5 - max(np.mean(five), np.mean(twenty)), abs=0.01)
    assert answer.why.endswith("within eps 0.80 (Square), 0.70 (PGD).")


def test_that_attacks_still_fool_the_defended_is_no_claim_of_the_defence():
    assert CLAIMS["conclusion.only_somewhat"].about == "attack"


def test_only_somewhat_reads_few_pixels_by_each_budget():
    found = {UNDEFENDED: [searched(1, 0, 0)] * 2, MIXED_HELD_OUT: [searched(1, 0.9, 0.1)] * 2}
    scored = {case: [scores(PGD=p, Square=p)] * 2 for case, p in ((UNDEFENDED, 0), (MIXED_HELD_OUT, 0.5))}
    readings = answers.conclusion_only_somewhat(found, scored, MNIST).readings
    assert (readings.tried, readings.giving) == (len(BUDGETS), 1)


def test_what_takes_nothing_cannot_be_won_back():
    found = {case: [searched(1, 1, 1)] * 2 for case in (UNDEFENDED, MIXED_HELD_OUT)}
    scored = {case: [scores(PGD=0.5, Square=0.5)] * 2 for case in (UNDEFENDED, MIXED_HELD_OUT)}
    answer = answers.conclusion_only_somewhat(found, scored, MNIST)
    assert word(answer) == "not run" and "n_lbfgs" in answer.why


def test_a_share_won_back_counts_networks_and_images():
    clean, nothing = [np.ones(100, bool)] * 2, [np.zeros(100, bool)] * 2
    one = half_less_won_back(clean[:1], nothing[:1], [hits(0.25, 100)])
    assert one.mean == pytest.approx(0.25) and one.networks == 1 and one.low < 0.25 < one.high
    two = half_less_won_back(clean, nothing, [hits(0.2, 100), hits(0.3, 100)])
    assert two.per_network == pytest.approx((0.3, 0.2)) and two.high - two.low > one.high - one.low


# Settings


def swept(named: float, control: float, seed: float = 0.0, seeds: int = 4, kind: str = "clean") -> influence.Swept:
    """A sweep in which each setting moves accuracy by so much, and the seed by so much."""

    def networks(number: int, by: float) -> list[Scores]:
        values = [
            0.9 + number * by * (1 + 0.2 * (one % 2)) + seed * (-1) ** one * (1 + one // 2 / 4) for one in range(seeds)
        ]
        others = [
            0.9 + 0.02 * (-1) ** one * (1 + one // 2 / 4) for one in range(seeds)
        ]  # seeds differ, settings do not
        kinds = ("clean", "PGD")
        made = [
            scores(**{one: moved if kind in (one, "both") else fixed for one in kinds})
            for moved, fixed in zip(values, others, strict=True)
        ]
        return [replace(one, weights=f"{number} {by} {seed}") for one in made]

    size = dict.fromkeys(SETTINGS, named) | dict.fromkeys(CONTROLS, control)
    names = {-1: "less", 0: str(MNIST.side_epochs), 1: "more"}
    return {setting: {name: networks(n, by) for n, name in names.items()} for setting, by in size.items()}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (swept(0.05, 0.01, kind="both"), "confirmed"),
        (swept(0.05, 0.05, kind="both"), "empty"),
        (swept(0.0, 0.01, seed=0.02, kind="both"), "refuted"),
        (swept(0.05, 0.01, kind="clean"), "does not stand"),
        (swept(0.05, 0.01, kind="PGD"), "true, not as shown"),
    ],
)
def test_settings_matter_most_where_each_moves_more_than_the_seed_and_than_the_controls(found, expected):
    assert word(answers.settings_matter_most(found, MNIST)) == expected


def each(found: influence.Swept, change: Callable[[int, Scores], Scores]) -> influence.Swept:
    """The sweep with each network changed, given its number among the seeds."""
    return {
        setting: {value: [change(n, one) for n, one in enumerate(of)] for value, of in values.items()}
        for setting, values in found.items()
    }


def test_settings_cannot_be_told_from_seeds_that_move_as_much():
    def odd(n: int, one: Scores) -> Scores:
        return one if n else replace(one, read=one.read | {"clean": scores(clean=0.97).read["clean"]})

    found = each(swept(0.02, 0.001, kind="both"), odd)
    assert words(answers.settings_matter_most(found, MNIST)) == ("cannot tell", "holds")
    swapped = each(found, lambda n, one: _swapped(one))
    assert word(answers.settings_matter_most(swapped, MNIST)) == "found, unsettled"
    assert word(answers.settings_matter_most(each(swapped, odd), MNIST)) == "cannot tell"


def _swapped(one: Scores) -> Scores:
    """Clean images as those under PGD, and these as clean ones."""
    every = np.arange(0, N, N // FEW)
    found = {"clean": np.repeat(one.read["PGD"], N // FEW), "PGD": one.read["clean"][every]}
    return replace(one, read=one.read | found, sampled=every.astype(np.int32))


@pytest.mark.parametrize("seeds", [1, 2])
def test_few_networks_of_each_setting_have_no_spread_over_seeds(seeds):
    answer = answers.settings_matter_most(swept(0.05, 0.01, seeds=seeds), MNIST)
    assert word(answer) == "not run" and "sweep_seeds=3" in answer.why


def test_the_spread_over_seeds_is_their_standard_deviation():
    found = influence.spread_over_seeds(swept(0.01, 0.01, seed=0.02), "clean")
    assert np.sqrt((found**2).mean()) == pytest.approx(np.std([0.02, -0.02, 0.025, -0.025], ddof=1), rel=0.01)
    assert influence.spread_of(np.array([[0.9, 0.8], [0.92, 0.84]])) == pytest.approx([0.01414, 0.02828], abs=1e-4)


def losses(rises: Sequence[float], spread: float) -> list:
    """Courses whose loss rises by so much from its lowest epoch, and whose last loss differs by so much."""
    return [course(loss=(9, 1 + spread * n - rise, 1 + spread * n)) for n, rise in enumerate(rises)]


@pytest.mark.parametrize(
    ("rises", "spread", "expected"),
    [
        ([0.0, 0.0, 0.0], 0.2, "cannot tell"),
        ([0.3, 0.31, 0.29], 0.001, "refuted"),
        ([0.0, 0.3, 0.3] * 4, 0.05, "found, unsettled"),
        ([0.4, *[0.0] * 11], 0.05, "true, not as shown"),
        ([0.0, *[0.5] * 11], 0.05, "does not stand"),
    ],
)
def test_training_went_on_for_too_long_where_the_loss_rises_by_more_than_seeds_differ(rises, spread, expected):
    assert word(answers.settings_no_overfitting(losses(rises, spread), MNIST)) == expected


def test_the_lowest_epoch_is_chosen_by_the_other_networks():
    """One lucky epoch of a network is no fall that its loss rises from."""
    flat = replace(course(), test_loss=np.array([0.5, 0.5, 0.4, 0.5]), lowest_losses=np.full(N, 0.4, np.float32))
    flat = replace(flat, last_losses=np.full(N, 0.5, np.float32))
    others = [replace(flat, test_loss=np.array([0.5, 0.45, 0.5, 0.5])) for _ in range(2)]
    assert rates.lowest([flat, *others]) == [1, 2, 2] and rates.lowest([flat]) == [2]
    first, *_ = influence.rises([flat, *others])
    assert first == pytest.approx(np.zeros(N), abs=1e-6), (
        "at the others' lowest epoch its loss was what it is at the end"
    )


def test_nothing_rises_where_many_networks_end_at_their_lowest():
    many = losses([0.0] * 12, 0.05)
    assert word(answers.settings_no_overfitting(many, replace(MNIST, seeds=12))) == "confirmed"


def test_the_spread_of_the_last_loss_is_its_standard_deviation():
    found = influence.spread_of_last_loss(losses([0, 0, 0, 0], 0.1))
    assert found.mean() == pytest.approx(np.std([1, 1.1, 1.2, 1.3], ddof=1))
    assert not influence.spread_of_last_loss(losses([0, 0], 0.0)).any()


@pytest.mark.parametrize("seeds", [1, 2])
def test_few_courses_have_no_spread(seeds):
    assert word(answers.settings_no_overfitting([course()] * seeds, replace(MNIST, seeds=seeds))) == "not run"


# Attacks


@pytest.mark.parametrize(
    ("undefended", "mixed", "expected"),
    [
        (0.3, 0.3, "confirmed"),
        (0.3, 0.9, "does not stand"),
        (0.9, 0.3, "refuted"),
    ],
)
def test_bim_beats_fgsm_on_the_undefended_network_and_on_defended_ones(undefended, mixed, expected):
    scored = of_case(UNDEFENDED, [scores(BIM=undefended)] * 3)
    scored |= {TUNED: [scores(BIM=0.3)] * 3, MIXED_HELD_OUT: [scores(BIM=mixed)] * 3}
    answer = answers.bim_beats_fgsm(scored, MNIST)
    assert word(answer) == expected and answer.paper.measured.mean == pytest.approx(0.9 - undefended, abs=0.01)


def test_bim_is_found_and_unsettled_where_defended_networks_differ():
    scored = of_case(UNDEFENDED, [scores(BIM=0.3)] * 3)
    scored |= {TUNED: [scores(BIM=one) for one in (0.1, 0.9, 0.9)]}
    scored |= {MIXED_HELD_OUT: [scores(BIM=0.3)] * 3}
    assert word(answers.bim_beats_fgsm(scored, MNIST)) == "found, unsettled"
    scored |= {UNDEFENDED: scored[TUNED]}
    assert word(answers.bim_beats_fgsm(scored, MNIST)) == "cannot tell"


@pytest.mark.parametrize(
    ("lbfgs", "expected"),
    [
        ([[1.0, 1.1, 0.9]] * 3, "confirmed"),
        ([[3.0, 3.1, 2.9]] * 3, "refuted"),
        ([[1.0, 4.0, 1.0]] * 3, "cannot tell"),
        ([[1.0, 1.1, 0.9], [3.0, 3.1, 2.9], [2.0, 2.1, 2.2]], "found, unsettled"),
        ([[1.0, 1.1, 0.9], *[[3.0, 3.1, 2.9]] * 11], "does not stand"),
        ([[3.0, 3.1, 2.9], *[[1.0, 1.1, 0.9]] * 11], "true, not as shown"),
    ],
)
def test_lbfgs_goes_less_far_image_by_image_on_every_network(lbfgs, expected):
    far = {"FGSM, smallest eps": [reached([2.0, 2.0, 2.0])] * len(lbfgs), "L-BFGS": [reached(one) for one in lbfgs]}
    assert word(answers.lbfgs_smaller_distance(far, MNIST)) == expected


def test_distances_are_compared_where_both_attacks_succeed():
    far = {
        "FGSM, smallest eps": [reached([2.0, 2.0, 9.0], [True, True, False])] * 2,
        "L-BFGS": [reached([1.0, 1.5, 1.0])] * 2,
    }
    assert answers.lbfgs_smaller_distance(far, MNIST).paper.measured.mean == pytest.approx(0.75)
    never = far | {"L-BFGS": [reached([1.0] * 3, [False] * 3)] * 2}
    assert word(answers.lbfgs_smaller_distance(never, MNIST)) == "not run"


def test_every_statement_is_answered():
    answered = {name.replace("_", ".", 1) for name in vars(answers)}
    assert {claim.id for claim in CLAIMS.values() if claim.kind == "statement"} <= answered
    assert FEW < N
