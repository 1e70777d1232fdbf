"""The answers of the chapter on adversarial training, on made-up records."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from lib.chapters.adversarial_training import answers, frames, rates, sentences
from lib.chapters.adversarial_training.calibration import READINGS, Calibration
from lib.chapters.adversarial_training.cases import (
    CASES,
    EPS_VALUES,
    GOING_ON,
    MIXED_HELD_OUT,
    TUNED,
    TUNED_ON_TEST,
    UNDEFENDED,
)
from lib.chapters.adversarial_training.courses import Course
from lib.chapters.adversarial_training.distances import Reach
from lib.chapters.adversarial_training.experiment import Experiment
from lib.chapters.adversarial_training.measure import Searched
from lib.chapters.adversarial_training.scores import KINDS, Scores
from lib.ledger.answers import Answer
from lib.ledger.claims import paper
from lib.ledger.ledger import entry
from lib.measure.red_flags import Probes

CLAIMS = paper("adversarial_training").claims
N, FEW = 10_000, 1_000
MNIST = Experiment(0, 3, "mnist", 50, 364, 2, "relu", 0.1, "cross_entropy", "scratch", 10, 64, 20, 10, FEW, 500, 100)
DIGITS = replace(MNIST, dataset="digits")
MANY = ("BIM", "PGD", "PGD, all steps", "Square", "transfer")


def reads(accuracy: float, count: int = N) -> np.ndarray:
    """Images of class 0, the first of them read rightly."""
    return (np.arange(count) >= round(accuracy * count)).astype(np.uint8)


def scores(accuracy: float = 0.9, loss: float = 0.5, seconds: float = 1.0, **by_kind: float) -> Scores:
    """A network's scores: of each kind the same accuracy, but where another is given."""
    found = {kind: reads(by_kind.get(kind, accuracy), FEW if kind in MANY else N) for kind in KINDS}
    losses = {kind: np.full(len(found[kind]), loss, np.float32) for kind in ("clean", "P", "W", "PGD, all steps")}
    return Scores(np.zeros(N, np.uint8), found, losses, [1.0, 0.5], seconds, "")


def around(value: float, spread: float) -> list[float]:
    """Three seeds' values."""
    return [value - spread, value, value + spread]


def of_case(case: str, found: Sequence[Scores]) -> dict[str, Sequence[Scores]]:
    """All cases alike but for one."""
    return {one: [scores() for _ in found] for one in CASES} | {case: found}


def verdicts(answer: Answer) -> tuple[str, str | None]:
    """The answer's two words."""
    found = entry(CLAIMS[answer.claim], answer)
    return found["verdict"], found["stands"]


def calibration(accuracy: float, loss: float) -> Calibration:
    """A network that is far from the paper's pair but at the third eps of squared error, clipped."""
    shape = (len(READINGS), len(EPS_VALUES))
    read, losses = np.zeros((*shape, N), np.uint8), np.zeros((*shape, N), np.float32)
    read[3, 2], losses[3, 2] = reads(accuracy), loss
    pgd = np.stack([reads(accuracy, FEW)] * len(EPS_VALUES))
    silent = np.zeros((len(READINGS), N), bool)
    return Calibration(np.zeros(N, np.uint8), read, losses, silent, pgd, np.full(pgd.shape, loss, np.float32))


def course(learned: float = 0.99, attacked: Sequence[float] = (0.2, 0.4, 0.3), seconds: float = 3.0) -> Course:
    """A watched training of three epochs."""
    right = np.stack([reads(0.9) == 0] * 3)
    loss = np.array([0.5, 0.4, 0.3])
    under = np.stack([reads(one, FEW) == 0 for one in attacked])
    return Course(right, loss, right, loss, under, reads(learned) == 0, [0.5, 0.4, 0.3], seconds, "")


def with_accuracy(kind: str, value: Sequence[float]) -> list[Scores]:
    return [scores(**{kind: one}) for one in value]


Builder = Callable[[Sequence[float], Experiment], Answer]
BY_SIZE = {64: [scores()], 227: [scores(P=0.5)], 364: [scores(P=0.25)]}
NUMBERS: dict[str, Builder] = {
    "normal.train_accuracy": lambda v, e: answers.normal_train_accuracy([course(one) for one in v], e),
    "normal.clean_accuracy": lambda v, e: answers.normal_clean_accuracy(with_accuracy("clean", v), e),
    "normal.adversarial_accuracy": lambda v, e: answers.normal_adversarial_accuracy(
        [calibration(one, 15.783) for one in v], [scores()] * 3, e
    ),
    "normal.adversarial_loss": lambda v, e: answers.normal_adversarial_loss(
        [calibration(0.0087, one) for one in v], [scores()] * 3, e
    ),
    "finetuned.clean_accuracy": lambda v, e: answers.finetuned_clean_accuracy(
        of_case(TUNED_ON_TEST, with_accuracy("clean", v)), BY_SIZE, e
    ),
    "finetuned.clean_drop": lambda v, e: answers.finetuned_clean_drop(
        of_case(TUNED_ON_TEST, with_accuracy("clean", [0.9 - one for one in v])), e
    ),
    "finetuned.adversarial_accuracy": lambda v, e: answers.finetuned_adversarial_accuracy(
        of_case(TUNED_ON_TEST, with_accuracy("P", v)), BY_SIZE, e
    ),
    "mixed.clean_accuracy": lambda v, e: answers.mixed_clean_accuracy(with_accuracy("clean", v), e),
    "mixed.clean_loss": lambda v, e: answers.mixed_clean_loss([scores(loss=one) for one in v], e),
    "mixed.adversarial_accuracy": lambda v, e: answers.mixed_adversarial_accuracy(with_accuracy("P", v), e),
    "mixed.adversarial_loss": lambda v, e: answers.mixed_adversarial_loss([scores(loss=one) for one in v], e),
}


def test_every_number_that_the_paper_prints_is_tested():
    assert NUMBERS.keys() == {claim.id for claim in CLAIMS.values() if claim.kind == "number"}


@pytest.mark.parametrize("claim", NUMBERS)
def test_a_number_is_reproduced_near_the_paper_s_and_not_far_from_it_and_undecided_where_seeds_differ(claim):
    printed, tolerance = CLAIMS[claim].value, CLAIMS[claim].tolerance
    small = min(tolerance, printed) / 10
    assert verdicts(NUMBERS[claim](around(printed, small), MNIST))[0] == "reproduced"
    far = printed + 3 * tolerance if printed + 3 * tolerance < 1 or "loss" in claim else printed - 3 * tolerance
    assert verdicts(NUMBERS[claim](around(far, small), MNIST))[0] == "not reproduced"
    apart = [printed, printed, far]
    assert verdicts(NUMBERS[claim](apart, MNIST))[0] == "undecided"


@pytest.mark.parametrize("claim", NUMBERS)
def test_other_images_than_mnist_s_are_not_comparable_and_the_reason_says_so(claim):
    answer = NUMBERS[claim](around(CLAIMS[claim].value, 0.001), DIGITS)
    assert verdicts(answer) == ("not comparable", None)
    assert answer.why.endswith("These are 10,000 images of digits, not MNIST's 10,000.")


@pytest.mark.parametrize("claim", NUMBERS)
def test_one_network_is_judged_over_its_images(claim):
    answer = NUMBERS[claim]([CLAIMS[claim].value], MNIST)
    assert answer.measured.over == "images" and answer.measured.n > 1
    assert verdicts(answer)[0] == "reproduced"


def test_stands_is_judged_by_pgd_where_the_paper_s_number_is_of_stale_images():
    robust = [scores(P=0.975, **{"PGD, all steps": 0.975})] * 3
    broken = [scores(P=0.975, **{"PGD, all steps": 0.2})] * 3
    assert verdicts(answers.mixed_adversarial_accuracy(robust, MNIST)) == ("reproduced", "yes")
    assert verdicts(answers.mixed_adversarial_accuracy(broken, MNIST)) == ("reproduced", "no")
    split = [scores(P=0.975, **{"PGD, all steps": one}) for one in (0.9, 0.98, 0.99)]
    assert verdicts(answers.mixed_adversarial_accuracy(split, MNIST)) == ("reproduced", "open")
    scored = of_case(TUNED_ON_TEST, [scores(P=0.99)] * 3) | {TUNED: [scores(PGD=0.1)] * 3}
    assert verdicts(answers.finetuned_adversarial_accuracy(scored, BY_SIZE, MNIST)) == ("reproduced", "no")


# Calibration


def test_the_nearest_setting_is_found_and_both_numbers_of_the_pair_are_fitted_by_it():
    found = [calibration(0.01, 15.0), calibration(0.01, 15.0)]
    setting, _ = rates.nearest(found)
    assert setting.name == "squared error, clipped, eps 0.1" and setting.off(setting.loss) == pytest.approx(0.3915)
    pair = [
        one(found, [scores()] * 2, MNIST)
        for one in (answers.normal_adversarial_accuracy, answers.normal_adversarial_loss)
    ]
    assert {one.experiment for one in pair} == {answers.FITTED} and all(one.fitted for one in pair)
    assert pair[0].why == pair[1].why and "of 20 settings (squared error, clipped, eps 0.1)" in pair[0].why


def test_keras_caps_a_loss_at_sixteen():
    capped = rates.capped(np.array([0.5, 16.0, 17.0, 900.0]))
    assert capped == pytest.approx([0.5, 16.0, 16.118, 16.118], abs=1e-3)
    assert rates.keras_loss([np.array([900.0, 0.118095651])]) == pytest.approx(8.118, abs=1e-3)


def test_a_setting_that_keras_s_cap_brings_near_is_found_by_keras_s_loss_alone():
    beyond = calibration(0.01, 40.0)
    beyond.read[1, 0], beyond.losses[1, 0] = reads(0.01), 22.0
    as_it_is, as_keras = rates.nearest([beyond])
    assert (as_it_is.reading, as_it_is.number) == ("cross_entropy_clipped", 0)
    assert as_keras.keras_loss == pytest.approx(16.118, abs=1e-3) and as_keras.off(as_keras.keras_loss) < 1
    said = sentences.nearest_settings([beyond])
    assert said.startswith("loss as it is: cross entropy, clipped, eps 0.025; 3.11 times the tolerance off\n")


# Directions


@pytest.mark.parametrize(
    ("mixed", "tuned", "verdict"),
    [
        ([0.8, 0.81, 0.82], [0.5, 0.5, 0.51], "holds"),
        ([0.51, 0.51, 0.51], [0.5, 0.5, 0.5], "does not hold"),
        ([0.5, 0.9, 0.5], [0.5, 0.5, 0.5], "undecided"),
        ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5], "does not hold"),
    ],
)
def test_mixed_beats_finetuned_by_what_is_left_under_fresh_attacks(mixed, tuned, verdict):
    scored = {GOING_ON: with_accuracy("W", mixed), TUNED: with_accuracy("W", tuned)}
    answer = answers.mixed_beats_finetuned(scored, DIGITS)
    assert verdicts(answer) == (verdict, "no")  # under PGD both leave as much
    assert answer.measured.mean == pytest.approx(np.mean(mixed) - np.mean(tuned))


def test_mixed_beats_finetuned_stands_by_pgd():
    scored = {GOING_ON: [scores(PGD=0.8)] * 3, TUNED: [scores(PGD=0.3)] * 3}
    assert verdicts(answers.mixed_beats_finetuned(scored, MNIST)) == ("does not hold", "yes")


@pytest.mark.parametrize(
    ("longer", "verdict"),
    [([5.0, 5.1, 4.9], "holds"), ([-5.0, -5.1, -4.9], "does not hold"), ([5.0, -4.0, 1.0], "undecided")],
)
def test_finetuning_is_cheaper_where_mixing_takes_longer(longer, verdict):
    scored = {GOING_ON: [scores(seconds=10 + one) for one in longer], TUNED: [scores(seconds=10)] * 3}
    answer = answers.finetuning_cheaper(scored, MNIST)
    assert verdicts(answer)[0] == verdict
    assert "makes each image 5 times, fine-tuning once: 4 gradient passes more" in answer.why


def test_seconds_of_one_network_decide_nothing():
    scored = {GOING_ON: [scores(seconds=9)], TUNED: [scores(seconds=1)]}
    assert verdicts(answers.finetuning_cheaper(scored, MNIST)) == ("undecided", "open")


@pytest.mark.parametrize(
    ("pgd", "square", "verdict"), [(0.5, 0.6, "holds"), (0.5, 0.97, "does not hold"), (0.98, 0.5, "does not hold")]
)
def test_only_somewhat_asks_for_the_smaller_fall_of_pgd_and_square(pgd, square, verdict):
    mixed = [scores(W=0.9, PGD=pgd, Square=square)] * 3  # the first images are all read rightly under FGSM
    answer = answers.conclusion_only_somewhat(mixed, MNIST)
    assert answer.measured.mean == pytest.approx(1 - max(pgd, square))
    assert verdicts(answer)[0] == verdict


def test_only_somewhat_is_undecided_where_networks_differ_and_stands_by_clipped_fgsm():
    mixed = [scores(PGD=one, Square=one) for one in (0.99, 0.7, 0.99)]
    assert verdicts(answers.conclusion_only_somewhat(mixed, MNIST)) == ("undecided", "open")
    clipped = np.concatenate([reads(0.5, FEW), reads(0.5, N - FEW)])
    leaks = [scores(PGD=0.9, Square=0.9)] * 3
    for one in leaks:
        one.read["clipped"] = clipped
    assert verdicts(answers.conclusion_only_somewhat(leaks, MNIST)) == ("holds", "no")


@pytest.mark.parametrize(
    ("bim", "verdict"),
    [([0.5, 0.5, 0.51], "holds"), ([1.0, 1.0, 1.0], "does not hold"), ([1.0, 0.5, 1.0], "undecided")],
)
def test_bim_beats_fgsm_where_it_leaves_less_on_the_same_images(bim, verdict):
    answer = answers.bim_beats_fgsm(with_accuracy("BIM", bim), DIGITS)
    assert verdicts(answer)[0] == verdict
    assert answer.measured.mean == pytest.approx(1 - np.mean(bim))


def reached(l2: Sequence[float], successful: Sequence[bool] | None = None) -> Reach:
    hits = np.array(successful if successful is not None else [True] * len(l2))
    far = np.array(l2, np.float32)
    return Reach(hits, far, far / 2, 2.0, np.zeros((1, 1, 2, 2), np.float32), np.zeros(len(l2), np.uint8))


@pytest.mark.parametrize(
    ("lbfgs", "verdict"),
    [([1.0, 1.1, 0.9], "holds"), ([3.0, 3.1, 2.9], "does not hold"), ([1.0, 4.0, 1.0], "undecided")],
)
def test_lbfgs_goes_less_far_image_by_image(lbfgs, verdict):
    far = {"FGSM, smallest eps": reached([2.0, 2.0, 2.0]), "L-BFGS": reached(lbfgs)}
    assert verdicts(answers.lbfgs_smaller_distance(far))[0] == verdict


def test_distances_are_compared_where_both_attacks_succeed():
    far = {
        "FGSM, smallest eps": reached([2.0, 2.0, 9.0], [True, True, False]),
        "L-BFGS": reached([1.0, 1.5, 1.0], [True, True, True]),
    }
    answer = answers.lbfgs_smaller_distance(far)
    assert answer.measured.mean == 0.75 and answer.why.startswith("On 2 images")


# Tables and lines


def test_the_tables_tell_what_the_records_hold():
    scored = of_case(MIXED_HELD_OUT, [scores(P=0.5, loss=17.0)] * 3)
    frame = frames.table_one(scored[UNDEFENDED], scored[MIXED_HELD_OUT])
    assert frame["accuracy"][3] == "0.5000 [0.5000, 0.5000]" and frame["paper, accuracy"][3] == "0.9753"
    assert frame["loss"][3].startswith("17.000") and frame["loss, as Keras"][3] == "16.118"
    assert len(frames.protocols(scored, MNIST)) == len(CASES)
    sized = frames.batch_sizes(BY_SIZE, MNIST)
    assert list(sized["steps"]) == ["1,570", "450", "280", ""] and sized["P, the images trained on"].iloc[-1] == "0.99"
    assert list(frames.table_two(DIGITS)["this run"])[:2] == [50, 364]


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


def test_the_gain_under_a_search_over_few_pixels_is_mixed_less_undefended():
    def searched(clean: float, five: float, twenty: float) -> Searched:
        found = {0: reads(clean, 10), 5: reads(five, 10), 20: reads(twenty, 10)}
        return Searched(np.zeros(10, np.uint8), found)

    found = {UNDEFENDED: [searched(1, 0.5, 0)] * 2, TUNED: [searched(1, 0.6, 0)] * 2}
    frame = frames.few_pixels(found | {MIXED_HELD_OUT: [searched(1, 0.8, 0)] * 2})
    assert list(frame["network"])[-1] == "mixed less undefended"
    assert frame["5 pixels"].iloc[-1].startswith("+0.300") and frame["20 pixels"].iloc[-1].startswith("+0.000")


def test_red_flags_are_counted_over_networks():
    right, wrong = np.ones(10, bool), np.zeros(10, bool)
    labels = np.arange(10).astype(np.uint8)
    honest = Probes(labels, wrong, wrong, wrong, right, right, wrong, wrong)
    hiding = Probes(labels, wrong, right, right, right, right, wrong, wrong)
    frame = frames.red_flags({"mixed": [honest, hiding]})
    assert list(frame["mixed: raised by"]) == ["1 of 2", "0 of 2", "0 of 2", "0 of 2", "0 of 2", "0 of 2"]
    assert frame["mixed: the first network"][0] == "accuracy 0.000 after one step, 0.000 after 40"


def test_the_tutorials_table_has_a_row_for_each_kind_of_image_and_their_logs_beside():
    normal = scores(P=0.02)
    for kind in set(KINDS) - {"clean", "P", "PGD, all steps"}:
        del normal.read[kind]
    frame = frames.tutorials({"normal": [normal]})
    names = ["normal: clean", "normal: attacked, normal net", f"normal: PGD, the first {FEW}"]
    assert list(frame["network, test images"]) == names
    assert list(frame["tutorials, accuracy"]) == ["0.9892, 0.9891", "0.0170, 0.0188", ""]


def test_the_highest_point_of_a_course_is_told_with_the_fall_after_it():
    courses = [course(attacked=(0.2, 0.4, 0.3)), course(attacked=(0.4, 0.4, 0.4))]
    lines = sentences.peaks(courses, replace(MNIST, seeds=2))
    assert lines.splitlines() == [
        "seed 0: highest after epoch 2 (0.400), lower by 0.100 after the last",
        "seed 1: highest after epoch 1 (0.400), lower by 0.000 after the last",
    ]


def test_the_headline_and_the_opening_have_the_numbers_of_the_sections():
    scored = of_case(MIXED_HELD_OUT, [scores(P=0.9, W=0.8, **{"PGD, all steps": 0.7}, Square=0.6)] * 2)
    mixed = [course(attacked=(0.2, 0.5, 0.1)), course(attacked=(0.3, 0.3, 0.3))]
    far = {"FGSM, smallest eps": reached([2.0, 3.0, 9.0]), "L-BFGS": reached([1.0, 1.5, 7.0])}
    metrics = answers.headline(scored, mixed, far)
    assert metrics["mixed_square_accuracy"] == 0.6 and metrics["mixed_pgd_peak"] == pytest.approx(0.4)
    assert (metrics["lbfgs_l2"], metrics["fgsm_l2"]) == (1.5, 3.0)
    told = answers.summary(scored, mixed, DIGITS)
    assert (told["stale"], told["fresh"], told["pgd"]) == pytest.approx((0.9, 0.8, 0.7))
    assert told["end"] == pytest.approx(0.2) and told["data"] == "digits (a small sample of MNIST)"
