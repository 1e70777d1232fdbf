"""What the chapter on unlearning measures, on few digits: what must be equal is equal, and records are kept whole."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import unlearning_records as made

from lib import attack as attacks
from lib import data
from lib.attack.search import square
from lib.chapters.unlearning import (
    loop,
    measure,
    measure_flags,
    measure_forensics,
    measure_loop,
    measure_removal,
    networks,
)
from lib.chapters.unlearning.labels import STATES
from lib.chapters.unlearning.looks import weights
from lib.chapters.unlearning.loop import GUESSING
from lib.chapters.unlearning.measure_row import ATTACKS, CLIPPED
from lib.chapters.unlearning.networks import AT_RANDOM, HIGHEST, Removal, Training, Updating
from lib.evidence.records import from_arrays, to_arrays
from lib.measure.red_flags import SEARCH
from lib.measure.score import attacked_losses, losses, score, under_attack
from lib.models import LeNet616

FGSM = attacks.FGSM(eps=0.1)
PRINTED = replace(FGSM, clip=None)
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
    return Updating(TRAINING, reading, PRINTED, 10, 1, 2)


def last_network(reading: str):
    *_, last = networks.rounds(updating(reading))
    return last.network


def looped(reading: str) -> measure_loop.LoopRecord:
    return measure_loop.rounds(measure_loop.LoopSetting(updating(reading), 20, 30))


def same_arrays(one: object, other: object) -> bool:
    a, b = to_arrays(one), to_arrays(other)
    return a.keys() == b.keys() and all(a[k].dtype == b[k].dtype and np.array_equal(a[k], b[k]) for k in a)


# Networks and the letter.


def test_a_trained_network_is_scored_and_attacked_as_lib_does(few):
    record = measure.network(measure.NetworkSetting(TRAINING, 0.1, 20, 30))
    model, (x, y) = networks.trained(TRAINING), (few.x_test, few.y_test)
    found = under_attack(model, PRINTED, x, y)
    np.testing.assert_array_equal(record.printed.read, found.read)
    np.testing.assert_array_equal(record.printed.losses, found.losses)
    assert record.weights == weights(model) and record.clean.accuracy == score(model, x, y).accuracy
    assert record.some.tolist() == data.sample(y, 20).tolist() and len(record.pgd.read) == len(record.stopped) == 20
    assert record.stopped.sum() <= record.clean.correct[record.some].sum()
    np.testing.assert_array_equal(record.train, score(model, few.x_train, few.y_train).correct)
    np.testing.assert_array_equal(record.look.by("FGSM"), found.correct)
    assert not record.look.left_out.any()


def test_the_letter_removes_the_worst_by_their_indices_and_nothing_by_tuples(few):
    record = measure.letter(measure.LetterSetting(TRAINING, FGSM, 10))
    model = networks.trained(TRAINING)
    losses = attacked_losses(model, FGSM, few.x_train, few.y_train)
    worst = losses.argsort(descending=True, stable=True)
    assert record.indices == sorted(worst[:10].tolist())
    assert record.tuples == [] and set(record.array) <= {0, 1}
    np.testing.assert_array_equal(record.worst, few.x_train[worst[: measure.SHOWN]])
    assert record.labels == few.y_train[worst[: measure.SHOWN]].tolist()
    read = score(model, torch.from_numpy(record.attacked), few.y_train[worst[: measure.SHOWN]]).read
    assert record.read == read.tolist()


# The loop.


def test_the_letter_is_training_on_to_the_bit():
    letter, none = looped("a"), looped("none")
    assert same_arrays(letter.looks[0], none.looks[0]) and same_arrays(letter.looks[1], none.looks[1])


def test_the_loop_is_looked_at_after_each_round(few):
    record = looped("c")
    steps = list(networks.rounds(updating("c")))
    assert [look.weights for look in record.looks] == [weights(step.network) for step in steps]
    assert [int((~look.left_out).sum()) for look in record.looks] == [190, 180]
    for look, step in zip(record.looks, steps, strict=True):
        np.testing.assert_array_equal(look.clean, score(step.network, few.x_test, few.y_test).correct)
        found = under_attack(step.network, PRINTED, few.x_test, few.y_test)
        np.testing.assert_array_equal(look.fgsm, found.correct)
        assert len(look.pgd) == 20
    np.testing.assert_array_equal(record.printed.losses, found.losses)
    assert record.last is record.looks[1] and record.longest is None and len(record.row.noise.read) == 30


def test_overfitting_is_what_images_that_were_trained_on_have_ahead_of_test_images(few):
    look = looped("b").last
    network = last_network("b")
    seen = torch.from_numpy(~look.left_out)
    ahead = score(network, few.x_train[seen], few.y_train[seen]).accuracy
    assert look.overfit == pytest.approx(ahead - score(network, few.x_test, few.y_test).accuracy)


def test_only_reading_b_is_attacked_to_the_end_of_pgd():
    assert len(looped("b").longest.read) == 20 and looped("d").longest is None
    assert looped("random").row is None


# The third row.


def test_what_is_fresh_to_the_original_is_stale_to_the_updated_network(few):
    original = measure.network(measure.NetworkSetting(TRAINING, 0.1, 20, 30)).row
    updated = looped("b").row
    assert original.stale == {} and set(updated.stale) == set(updated.fresh) == set(original.fresh)
    chosen = data.sample(few.y_test, 30)
    x, y = few.x_test[chosen], few.y_test[chosen]
    stale = FGSM(networks.trained(TRAINING), x, y)
    expected = losses(last_network("b"), stale, y).numpy()
    np.testing.assert_allclose(updated.stale["fgsm" + CLIPPED].losses, expected, rtol=1e-5)
    assert original.fresh["fgsm"].loss > original.noise.loss and 0 <= original.zero_gradients <= 1


def test_one_label_for_all_attacks_the_images_of_that_label_alone_in_earnest(few):
    row = measure.network(measure.NetworkSetting(TRAINING, 0.1, 20, 100)).row
    alike = (few.y_test == few.y_test[0]).numpy()
    one, own = row.fresh["one label"], row.fresh["fgsm"]
    np.testing.assert_array_equal(one.losses[alike], own.losses[alike])
    assert one.losses[~alike].mean() < own.losses[~alike].mean()
    assert [name for name in row.fresh if not name.endswith(CLIPPED)] == list(ATTACKS)


# Red flags.


def test_the_last_network_is_checked_and_the_one_before_the_loop_makes_transferred_images(few):
    record = measure_flags.flags(measure_flags.FlagsSetting(updating("d"), 20, 10))
    chosen = data.sample(few.y_test, 20)
    x, y = few.x_test[chosen], few.y_test[chosen]
    last, original = last_network("d"), networks.trained(TRAINING)
    moved = attacks.PGD(eps=0.1)(original, x, y)
    np.testing.assert_array_equal(record.probes.transferred, score(last, moved, y).correct)
    np.testing.assert_array_equal(record.probes.one_step, under_attack(last, FGSM, x, y).correct)
    np.testing.assert_array_equal(record.searched, score(last, square(last, x, y, 0.1, 10), y).correct)
    square_flag = record.flags[-1]
    assert square_flag.name == SEARCH and f"{record.searched.mean():.3f} under Square" in square_flag.sentence


# Room to recover.


def test_the_eps_of_the_room_leaves_the_accuracy_asked_for(few):
    network = networks.trained(TRAINING)
    tried = measure_loop.eps_that_leaves(0.3, network, few.x_train, few.y_train)
    eps, left = tried[-1]
    assert left == under_attack(network, attacks.FGSM(eps=eps, clip=None), few.x_train, few.y_train).accuracy <= 0.3
    below = tried[tried[:, 0] < eps]
    assert (below[:, 1] > 0.3).all() and eps - below[
        :, 0
    ].max() < 1 / measure_loop.GRID / 2**measure_loop.HALVINGS + 1e-9


def test_where_fgsm_leaves_more_at_every_eps_the_least_is_taken(few):
    class Deaf(torch.nn.Module):
        def forward(self, x):
            return torch.eye(10)[0].expand(len(x), 10) + 0 * x.flatten(1)[:, :10]

    tried = measure_loop.eps_that_leaves(0.01, Deaf(), few.x_test, few.y_test)
    share = float((few.y_test == 0).float().mean())
    assert (tried[:, 1] == pytest.approx(share)) and tried[-1, 1] == pytest.approx(share)


def test_the_loop_runs_at_that_eps_beside_its_controls(few):
    record = measure_loop.room(measure_loop.RoomSetting(TRAINING, 0.3, 10, 1, 2, 20))
    fgsm = attacks.FGSM(eps=record.eps, clip=None)
    before = under_attack(networks.trained(TRAINING), fgsm, few.x_test, few.y_test).correct
    np.testing.assert_array_equal(record.before.fgsm, before)
    assert list(record.loops) == ["none", "random", "b"] and all(len(one) == 2 for one in record.loops.values())
    assert record.loops["none"][-1].weights == looped("none").last.weights
    assert record.loops["random"][-1].weights == looped("random").last.weights
    *_, last = networks.rounds(replace(updating("b"), attack=fgsm))
    assert record.loops["b"][-1].weights == weights(last.network)


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
    whole = measure.network(measure.NetworkSetting(TRAINING, 0.1, 20, 30))
    np.testing.assert_array_equal(record.correct[0], whole.clean.correct[whole.some])
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
    assert record.images == 150 and record.weights == weights(network)
    np.testing.assert_array_equal(record.by("clean"), score(network, few.x_test, few.y_test).correct)


def test_nothing_removed_is_the_trained_network():
    everything = networks.trained_on(TRAINING, torch.arange(200))
    assert weights(everything) == weights(networks.trained(TRAINING))


def test_each_state_is_the_network_that_its_name_says(few):
    setting = measure_removal.MembershipSetting(TRAINING, FGSM, 0.1, 1)
    found = measure_removal.membership(setting).states
    assert list(found) == list(STATES) and len({memory.weights for memory in found.values()}) == len(STATES)
    assert found["whole"].weights == weights(networks.trained(TRAINING))
    assert found["c"].weights == measure_removal.one_shot(Removal(TRAINING, FGSM, HIGHEST, 0.1)).weights
    assert found["f alone"].removed.loss >= found["whole"].removed.loss + GUESSING - 1e-3
    for memory in found.values():
        assert (len(memory.removed.read), len(memory.alike.read), len(memory.test)) == (20, 10, 100)
    _, stay = networks.split(setting.removal)
    prepared = networks.prepared(TRAINING, FGSM, round_epochs=1)
    after = loop.further(networks.trained(TRAINING), prepared, few.x_train[stay], few.y_train[stay])
    assert found["b"].weights == weights(after)


# Records.


@pytest.mark.parametrize(
    ("function", "record"),
    [
        (measure.network, made.network()),
        (measure.letter, made.letter()),
        (measure_loop.rounds, made.looped([made.look(), made.look(left_out=3)])),
        (measure_loop.rounds, replace(made.looped([made.look()]), longest=None, row=None)),
        (measure_loop.room, made.rooms()[0]),
        (measure_forensics.untrained, made.cloud(0)),
        (measure_forensics.curves, made.curve([(0.9, 0.1), (0.5, 2.0)])),
        (measure_removal.one_shot, made.one_shot(0.9, 0.5)),
        (measure_removal.membership, made.memberships()[0]),
    ],
)
def test_a_record_is_kept_whole(function, record):
    assert function.__annotations__["return"] is type(record)
    assert same_arrays(from_arrays(type(record), to_arrays(record)), record)
