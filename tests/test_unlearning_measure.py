"""What the chapter on unlearning measures, on few digits: what must be equal is equal, and records are kept whole."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
import unlearning_records as made

from lib import attack as attacks
from lib import book, data
from lib.chapters.unlearning import loop, measure, measure_forensics, measure_removal, networks
from lib.chapters.unlearning.experiment import KINDS, TRAINING_IMAGES, UNTRAINED_SEEDS, Experiment
from lib.chapters.unlearning.labels import STATES
from lib.chapters.unlearning.loop import FROM_SCRATCH, GUESSING, READINGS
from lib.chapters.unlearning.networks import AT_RANDOM, HIGHEST, Removal, Training, Updating
from lib.evidence.records import from_arrays, to_arrays
from lib.measure.score import attacked_losses, score, under_attack
from lib.models import LENETS, LeNet616
from lib.parameters import contract

FGSM = attacks.FGSM(eps=0.1)
TRAINING = Training("digits", LeNet616, 2, 3, batch_size=50)


@pytest.fixture(autouse=True)
def few(digits, monkeypatch):
    """200 digits to train on and 100 to test on."""
    images = replace(
        digits,
        x_train=digits.x_train[:200],
        y_train=digits.y_train[:200],
        x_test=digits.x_test[:100],
        y_test=digits.y_test[:100],
    )
    monkeypatch.setattr(data, "load", {"digits": images}.__getitem__)
    return images


def updating(reading: str) -> Updating:
    return Updating(TRAINING, reading, FGSM, 10, 1, 2)


def looped(reading: str) -> measure.LoopRecord:
    return measure.rounds(measure.LoopSetting(updating(reading), 20))


def same_arrays(one: object, other: object) -> bool:
    a, b = to_arrays(one), to_arrays(other)
    return a.keys() == b.keys() and all(a[k].dtype == b[k].dtype and np.array_equal(a[k], b[k]) for k in a)


# Networks and the letter.


def test_a_trained_network_is_read_and_attacked_as_lib_does(few):
    record = measure.network(measure.NetworkSetting(TRAINING, 0.1, 20))
    model, (x, y) = networks.trained(TRAINING), (few.x_test, few.y_test)
    found = under_attack(model, replace(FGSM, clip=None), x, y)
    np.testing.assert_array_equal(record.printed.read, found.read)
    np.testing.assert_array_equal(record.printed.losses, found.losses)
    assert record.weights == measure.weights(model) and record.clean.accuracy == score(model, x, y).accuracy
    assert record.printed.loss == found.loss and len(record.pgd.read) == len(record.stopped) == 20
    assert record.stopped.sum() <= record.clean.first(20).correct.sum()
    assert list(record.watched) == ["clean", "FGSM", "PGD"]


def test_the_letter_removes_the_worst_by_their_indices_and_nothing_by_tuples(few):
    record = measure.letter(measure.LetterSetting(TRAINING, FGSM, 10))
    losses = attacked_losses(networks.trained(TRAINING), FGSM, few.x_train, few.y_train)
    assert record.indices == sorted(losses.argsort(descending=True)[:10].tolist())
    assert record.tuples == [] and set(record.array) <= {0, 1}


# The loop.


def test_the_letter_is_training_on_to_the_bit():
    letter, none = looped("a"), looped("none")
    assert letter.weights == none.weights and same_arrays(letter, none)


def test_the_loop_is_looked_at_after_each_round(few):
    record = looped("c")
    steps = list(networks.rounds(updating("c")))
    x, y = few.x_test, few.y_test
    assert record.images == [190, 180] and record.weights == [measure.weights(step.network) for step in steps]
    for number, step in enumerate(steps):
        np.testing.assert_array_equal(record.clean[number], score(step.network, x, y).correct)
        np.testing.assert_array_equal(record.fgsm[number], under_attack(step.network, FGSM, x, y).correct)
    assert record.pgd.shape == (2, 20) and record.printed is record.longest is None
    np.testing.assert_array_equal(record.last("FGSM"), record.fgsm[1])
    assert measure.weights(networks.updated(updating("c"))) == record.weights[-1]


def test_only_reading_b_is_attacked_for_the_third_row(few):
    record = looped("b")
    found = under_attack(networks.updated(updating("b")), replace(FGSM, clip=None), few.x_test, few.y_test)
    np.testing.assert_array_equal(record.printed.losses, found.losses)
    assert len(record.longest.read) == 20 and looped("d").printed is None


# The third row.


def test_what_is_fresh_to_the_original_is_stale_to_the_updated_network(few):
    original = measure.third_row(measure.ThirdRowSetting(TRAINING, 0.1, 30))
    updated = measure.third_row(measure.ThirdRowSetting(updating("b"), 0.1, 30))
    assert original.stale == {} and set(updated.stale) == set(updated.fresh) == set(measure.printed_attacks(0.1))
    x, y = few.x_test[:30], few.y_test[:30]
    stale = FGSM(networks.trained(TRAINING), x, y)
    found = score(networks.updated(updating("b")), stale, y)
    np.testing.assert_array_equal(updated.stale["fgsm, clipped"].losses, found.losses)
    assert original.fresh["fgsm"].loss > original.noise.loss and 0 <= original.zero_gradients <= 1


# Forensics.


def test_untrained_networks_guess_and_repeat():
    setting = measure_forensics.UntrainedSetting("digits", LeNet616, 4, 7, FGSM, 50)
    record = measure_forensics.untrained(setting)
    assert record.clean.shape == record.attacked.shape == (4, 2)
    assert (record.clean[:, 0] < 0.5).all() and abs(record.clean[:, 1].mean() - GUESSING) < 0.2
    assert (record.attacked[:, 1] > record.clean[:, 1]).all()
    again = measure_forensics.untrained(replace(setting, count=3, seed=8))
    np.testing.assert_array_equal(record.clean[1:], again.clean)


def test_a_curve_begins_at_clean_images_and_its_points_are_means():
    record = measure_forensics.curves(measure_forensics.CurveSetting(TRAINING, FGSM, (0.0, 0.1), 20))
    whole = measure.network(measure.NetworkSetting(TRAINING, 0.1, 20))
    np.testing.assert_array_equal(record.correct[0], whole.clean.correct[:20])
    assert record.losses.shape == (2, 20) and record.losses.dtype == np.float32
    assert record.points[0].tolist() == [float(record.correct[0].mean()), float(record.losses[0].mean())]


# Removal in one shot.


def test_removal_splits_the_training_images(few):
    gone, stay = networks.split(Removal(TRAINING, FGSM, HIGHEST, 0.25))
    assert len(gone) == 50 and sorted([*gone.tolist(), *stay.tolist()]) == list(range(200))
    losses = attacked_losses(networks.trained(TRAINING), FGSM, few.x_train, few.y_train)
    assert losses[gone].min() >= losses[stay].max() and (stay.diff() > 0).all()
    at_random, _ = networks.split(Removal(TRAINING, FGSM, AT_RANDOM, 0.25))
    assert set(at_random.tolist()) != set(gone.tolist())


def test_in_one_shot_a_network_is_trained_on_what_stays(few):
    removal = Removal(TRAINING, FGSM, HIGHEST, 0.25)
    record = measure_removal.one_shot(removal)
    network = networks.trained_on(TRAINING, networks.split(removal)[1])
    assert record.images == 150 and record.weights == measure.weights(network)
    np.testing.assert_array_equal(record.watched["clean"], score(network, few.x_test, few.y_test).correct)


def test_nothing_removed_is_the_trained_network():
    everything = networks.trained_on(TRAINING, torch.arange(200))
    assert measure.weights(everything) == measure.weights(networks.trained(TRAINING))


def test_each_state_is_the_network_that_its_name_says():
    found = {
        state: measure_removal.membership(measure_removal.MembershipSetting(state, TRAINING, FGSM, 0.1, 1))
        for state in measure_removal.STATES
    }
    assert len({record.weights for record in found.values()}) == len(STATES)
    assert found["whole"].weights == measure.weights(networks.trained(TRAINING))
    assert found["c"].weights == measure_removal.one_shot(Removal(TRAINING, FGSM, HIGHEST, 0.1)).weights
    assert found["f alone"].removed.loss >= found["whole"].removed.loss + GUESSING - 1e-3
    for record in found.values():
        assert (len(record.removed.read), len(record.alike.read), len(record.test)) == (20, 10, 100)


def test_going_on_trains_on_the_rest_for_a_round(few):
    setting = measure_removal.MembershipSetting("b", TRAINING, FGSM, 0.1, 1)
    _, stay = networks.split(setting.removal)
    prepared = networks.prepared(TRAINING, FGSM, round_epochs=1)
    after = loop.further(networks.trained(TRAINING), prepared, few.x_train[stay], few.y_train[stay])
    assert measure_removal.membership(setting).weights == measure.weights(after)


# Records and the experiment.


@pytest.mark.parametrize(
    ("function", "record"),
    [
        (measure.network, made.network()),
        (measure.letter, measure.LetterRecord([1, 3], [], [0])),
        (measure.rounds, made.looped([0.5, 0.6], [0.4, 0.5])),
        (measure.rounds, replace(made.looped([0.5], [0.4]), printed=None, longest=None)),
        (measure.third_row, made.third_row()["b"][0]),
        (measure.third_row, made.third_row()["original"][0]),
        (measure_forensics.untrained, made.cloud(0)),
        (measure_forensics.curves, made.curve([(0.9, 0.1), (0.5, 2.0)])),
        (measure_removal.one_shot, made.one_shot(0.9, 0.5)),
        (measure_removal.membership, made.memberships()["c"][0]),
    ],
)
def test_a_record_is_kept_whole(function, record):
    assert function.__annotations__["return"] is type(record)
    assert same_arrays(from_arrays(type(record), to_arrays(record)), record)


def test_the_experiment_s_fields_are_the_notebook_s_parameters():
    declared = contract(book.source("unlearning"))
    assert [(one.name, one.type) for one in fields(Experiment)] == [(p.name, p.type) for p in declared.values()]


@pytest.mark.parametrize("given", [{}, {"scratch_seeds": 1, "shots": 3}, {"seeds": 1, "dataset": "mnist"}])
def test_no_cell_is_there_twice(given):
    cells = made.experiment(**given).cells()
    assert len({cell.digest for cell in cells}) == len(cells) == len({cell.label for cell in cells})


def test_what_starts_from_scratch_is_for_some_networks_only():
    e = made.experiment(scratch_seeds=2)
    assert {reading: len(e.loop(reading)) for reading in READINGS} == {
        reading: 2 if reading in FROM_SCRATCH else 3 for reading in READINGS
    }
    assert len(e.third_row("c")) == len(e.one_shot(HIGHEST, 0.002)) == len(e.membership("whole")) == 2
    assert len(e.networks()) == len(e.third_row("original")) == len(e.curves("PGD")) == 3
    assert len(made.experiment(seeds=1).loop("c")) == 1


def test_a_cell_depends_on_what_decides_it_alone():
    def digests(part: str, **given) -> list[str]:
        return [cell.digest for cell in made.experiment(**given).cells() if cell.part.name == part]

    more_images = {"n_forensic": 21, "grid": 4, "n_untrained": 11}
    assert digests("loop") == digests("loop", **more_images, shots=3)
    assert digests("network") == digests("network", rounds=3, remove=9, round_epochs=2)
    assert digests("one_shot") == digests("one_shot", rounds=3, remove=9, n_images=5)
    assert digests("curves") == digests("curves", eps=0.2, rounds=3)
    assert not set(digests("loop")) & set(digests("loop", remove=9))
    assert digests("network", seeds=2) == digests("network")[:2]


def test_the_grids_are_as_dense_as_asked():
    e = made.experiment(grid=5, shots=3)
    assert e.eps_grid == [0, 0.0625, 0.25, 0.5625, 1] and e.shares == [0.002, 0.0316, 0.5]
    assert e.forgotten == 0.0316 and KINDS == (HIGHEST, AT_RANDOM)
    seeds = [cell.setting.seed for cell in e.untrained()]
    assert seeds == [e.seed + UNTRAINED_SEEDS] * len(LENETS)


def test_a_loop_that_leaves_nothing_is_refused(all_digits):
    assert made.experiment().refused() == ""
    refused = made.experiment(rounds=4, remove=1000).refused()
    assert refused == "4 rounds that remove 1000 leave nothing of 4,000 training images"
    assert made.experiment(rounds=4, remove=999).refused() == ""
    assert len(all_digits.x_train) == TRAINING_IMAGES["digits"]
    assert set(contract(book.source("unlearning"))["dataset"].choices) == set(TRAINING_IMAGES)
