"""The answers to the claims on unlearning, on made-up evidence: each word that each claim can get, and the edges."""

import pytest
import unlearning_records as made

from lib.chapters.unlearning import answers
from lib.ledger.claims import paper
from lib.ledger.ledger import entry

CLAIMS = paper("unlearning").claims
MNIST = {"dataset": "mnist"}


def words(answer) -> tuple[str, str | None]:
    """Both answers, as the ledger writes them."""
    found = entry(CLAIMS[answer.claim], answer)
    return found["verdict"], found["stands"]


def three(**levels) -> list:
    """Three networks that differ little around these levels."""
    return [made.network(**{name: level + by for name, level in levels.items()}) for by in (-0.001, 0.0, 0.001)]


# Levels.


@pytest.mark.parametrize(
    ("clean", "word"),
    [(0.993, ("reproduced", "yes")), (0.95, ("not reproduced", "no")), (0.988, ("undecided", "open"))],
)
def test_the_first_row_s_accuracy(clean, word):
    assert words(answers.clean_accuracy(three(clean=clean), made.experiment(**MNIST))) == word


@pytest.mark.parametrize(
    ("loss", "word"), [(0.03, ("reproduced", "yes")), (0.3, ("not reproduced", "no")), (None, ("undecided", "open"))]
)
def test_the_first_row_s_loss(loss, word):
    each = [0.01, 0.03, 0.09] if loss is None else [loss, loss + 0.001, loss - 0.001]
    networks = [made.network(losses=(one, 2.3, 1.7, 2.0)) for one in each]
    assert words(answers.clean_loss(networks, made.experiment(**MNIST))) == word


def test_levels_of_other_images_are_not_comparable():
    networks, loop, e = three(clean=0.993), made.loops(), made.experiment()
    for answer in (
        answers.clean_accuracy(networks, e),
        answers.clean_loss(networks, e),
        answers.attacked_accuracy(networks, e),
        answers.attacked_loss(networks, e),
        answers.unlearned_accuracy(networks, loop, e),
        answers.unlearned_loss(networks, loop, e),
    ):
        assert words(answer) == ("not comparable", None)
        assert answer.why.endswith("These are 1,000 images of digits, not MNIST's 10,000.")


@pytest.mark.parametrize(("printed", "word"), [(0.08, "reproduced"), (0.5, "not reproduced"), (0.13, "undecided")])
def test_the_second_row_is_the_printed_attack_s_and_soundly_pgd_s(printed, word):
    answer = answers.attacked_accuracy(three(printed=printed, pgd=0.5), made.experiment(**MNIST))
    assert words(answer) == (word, "no") and "PGD leaves 0.500" in answer.why


@pytest.mark.parametrize(("loss", "word"), [(2.3, "reproduced"), (5.0, "not reproduced")])
def test_the_second_row_s_loss(loss, word):
    networks = [made.network(losses=(0.03, loss, 1.7, 2.3)) for _ in range(3)]
    assert words(answers.attacked_loss(networks, made.experiment(**MNIST))) == (word, "yes")


@pytest.mark.parametrize(("row", "word"), [(0.967, "reproduced"), (0.5, "not reproduced"), (0.947, "undecided")])
def test_the_third_row_is_reading_b_s(row, word):
    loop = made.loops() | {"b": [made.looped([0.5] * 2, [0.5] * 2, row=row + by) for by in (-0.001, 0.0, 0.001)]}
    answer = answers.unlearned_accuracy(three(), loop, made.experiment(**MNIST))
    assert words(answer) == (word, "no") and "by reading (b) after 2 round(s) of 1 epoch(s)" in answer.why


def test_the_third_row_s_loss_is_of_the_same_experiment():
    networks, loop, e = three(), made.loops(), made.experiment(**MNIST)
    accuracy, loss = answers.unlearned_accuracy(networks, loop, e), answers.unlearned_loss(networks, loop, e)
    assert accuracy.experiment == loss.experiment and loss.measured.mean == 1 and loss.sound.mean == 2
    attacked = answers.attacked_accuracy(networks, e), answers.attacked_loss(networks, e)
    assert attacked[0].experiment == attacked[1].experiment != accuracy.experiment


def test_with_one_network_levels_have_the_interval_over_images():
    answer = answers.clean_accuracy([made.network(clean=0.993)], made.experiment(seeds=1, **MNIST))
    assert answer.measured.over == "images" and answer.measured.n == 1000 and "1 network(s)" in answer.why


# Directions.


@pytest.mark.parametrize(
    ("b", "word"), [(0.6, ("holds", "yes")), (0.5, ("does not hold", "no")), (0.4, ("does not hold", "no"))]
)
def test_removal_helps_where_it_adds_to_training_on(b, word):
    assert words(answers.removal_helps(made.loops(b=b), made.experiment())) == word


def test_removal_is_undecided_where_networks_differ_more_than_it_adds():
    loop = made.loops() | {"b": [made.looped([level] * 2, [level] * 2) for level in (0.3, 0.5, 0.8)]}
    assert words(answers.removal_helps(loop, made.experiment())) == ("undecided", "open")


def test_removal_can_help_under_fgsm_alone():
    loop = made.loops() | {"b": [made.looped([0.6 + by] * 2, [0.4 + by] * 2) for by in made.SPREAD]}
    assert words(answers.removal_helps(loop, made.experiment())) == ("holds", "no")


def test_starting_afresh_is_held_against_starting_afresh():
    loop = made.loops(c=0.7, afresh=0.6, none=0.2, b=0.2, random=0.3)
    answer = answers.removal_helps(loop, made.experiment())
    assert answer.measured.mean == pytest.approx(0)
    assert "starting afresh (c; 3 network(s)) by +0.100 [+0.100, +0.100] (FGSM)" in answer.why
    assert "a random choice by +0.100" in answer.why


def test_the_code_to_the_letter_is_its_own_control():
    assert all(answers.gain(made.loops(), "a", way).mean == 0 for way in ("FGSM", "PGD"))


@pytest.mark.parametrize(
    ("rounds", "word"), [([0.95, 0.5], "holds"), ([0.5, 0.95], "holds"), ([0.5, 0.6], "does not hold")]
)
def test_the_target_is_reached_by_the_best_round(rounds, word):
    loop = {"b": [made.looped([one + by for one in rounds], [0.5, 0.5]) for by in made.SPREAD]}
    answer = answers.loop_reaches_target(loop, made.experiment())
    assert words(answer) == (word, "no") and f"number {1 + rounds.index(max(rounds))}" in answer.why


def test_the_target_is_undecided_where_networks_lie_around_it():
    loop = {"b": [made.looped([level] * 2, [level] * 2) for level in (0.85, 0.9, 0.94)]}
    assert words(answers.loop_reaches_target(loop, made.experiment())) == ("undecided", "open")


@pytest.mark.parametrize(("b", "d", "word"), [(0.8, 0.5, ("holds", "yes")), (0.5, 0.8, ("does not hold", "no"))])
def test_removal_against_training_on_adversarial_images(b, d, word):
    assert words(answers.beats_retraining(made.loops(b=b, d=d), made.experiment())) == word


def test_removal_against_training_can_be_undecided():
    loop = made.loops() | {"b": [made.looped([level] * 2, [level] * 2) for level in (0.4, 0.5, 0.61)]}
    assert words(answers.beats_retraining(loop, made.experiment())) == ("undecided", "open")


def test_the_conclusion_holds_where_the_network_is_tougher_and_no_worse():
    networks = [made.network(clipped=0.4 + by) for by in made.SPREAD]
    answer = answers.conclusion(networks, made.loops(b=0.6), made.experiment())
    assert words(answer) == ("holds", "yes") and answer.measured.mean == pytest.approx(0.2)


def test_the_conclusion_is_what_is_lost_on_clean_images_where_something_is():
    networks = [made.network(clean=0.95 + by, clipped=0.4) for by in (-0.001, 0.0, 0.001)]
    answer = answers.conclusion(networks, made.loops(b=0.6), made.experiment())
    assert words(answer) == ("does not hold", "yes") and answer.measured.mean == pytest.approx(-0.05)


def test_the_conclusion_does_not_hold_without_a_gain_and_is_undecided_where_it_varies():
    networks = [made.network(clipped=0.5 + by) for by in made.SPREAD]
    assert words(answers.conclusion(networks, made.loops(), made.experiment())) == ("does not hold", "no")
    apart = [made.network(clipped=level) for level in (0.3, 0.5, 0.6)]
    assert words(answers.conclusion(apart, made.loops(), made.experiment()))[0] == "undecided"


def test_every_claim_has_an_answer():
    networks, loop, e = three(), made.loops(), made.experiment()
    given = [answers.clean_accuracy(networks, e), answers.clean_loss(networks, e)]
    given += [answers.attacked_accuracy(networks, e), answers.attacked_loss(networks, e)]
    given += [answers.unlearned_accuracy(networks, loop, e), answers.unlearned_loss(networks, loop, e)]
    given += [answers.removal_helps(loop, e), answers.loop_reaches_target(loop, e)]
    given += [answers.beats_retraining(loop, e), answers.conclusion(networks, loop, e)]
    assert [answer.claim for answer in given] == list(CLAIMS)


# Headline and prose.


def test_the_headline_has_the_numbers_of_their_readings():
    loop = made.loops(b=0.6, none=0.5, d=0.8)
    found = answers.headline(three(clean=0.9), loop, made.third_row(0.7), made.memberships())
    assert found["removed_fgsm_accuracy"] == pytest.approx(0.6) == found["removed_pgd_accuracy"]
    assert found["control_fgsm_accuracy"] == pytest.approx(0.5)
    assert found["trained_pgd_accuracy"] == pytest.approx(0.8)
    assert found["softmax_sum_accuracy"] == pytest.approx(0.7) and found["membership_auc"] == 1


@pytest.mark.parametrize("verdict", answers.WORDS)
def test_the_prose_has_a_word_for_each_verdict(verdict):
    found = answers.summary(made.loops(b=0.6), made.third_row(), verdict, made.experiment())
    assert found["word"] == answers.WORDS[verdict] and found["figure"] == "Fig. 4"
    assert found["data"] == "digits (a small sample of MNIST)"
    assert answers.summary(made.loops(), made.third_row(), verdict, made.experiment(**MNIST))["data"] == "MNIST"


def test_the_second_row_may_be_an_untrained_network_s_or_hardly():
    far = {"PGD": [made.curve([(1.0, 0.1), (0.5, 3.0), (0.0, 9.0)])]}
    near = {figure: made.cloud(seed, (0.08, 2.3045), 50) for seed, figure in enumerate(("fig2", "fig4"))}
    found = answers.second_row(near, far)
    assert (found["untrained"], found["trained"], found["n"]) == ("may be", "does not give", 50)
    away = {"fig2": made.cloud(0, (0.5, 3.0), 50), "fig4": made.cloud(1, (0.6, 3.0), 50)}
    through = far | {"FGSM": [made.curve([(1.0, 0.1), (0.08, 2.3), (0.0, 9.0)])]}
    found = answers.second_row(away, through)
    assert (found["untrained"], found["trained"]) == ("is hardly", "can give")
    assert found["probability"] == pytest.approx(1 / 51)
