"""Courses of training, and what the chapter on adversarial training measures."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from lib.training import fit, fit_by_epoch
from torch import nn

from lib import attack as attacks
from lib import training
from lib.chapters.adversarial_training import courses as at
from lib.measure.score import score, under_attack
from lib.models import StridedCNN, build, outline, parameter_count
from lib.train.batches import Mixed, Shuffled

CPU = torch.device("cpu")


@pytest.fixture
def batches(digits) -> Shuffled:
    return Shuffled(digits.x_train[:96], digits.y_train[:96], 32)


@pytest.fixture
def store(tmp_path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def epochs_run(monkeypatch) -> list[int]:
    """Grows by one for every epoch that is trained, not loaded."""
    run, epoch = [], training._epoch
    monkeypatch.setattr(training, "_epoch", lambda *a: run.append(1) or epoch(*a))
    return run


def same(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(p, q) for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


# The network.


def test_the_network_is_that_of_the_paper_s_table():
    model = at.network(0, CPU)
    assert outline(model) == "convolution 32 of 3×3, convolution 64 of 3×3, dense 128, dropout 0.5, dense 10"
    assert parameter_count(model) == 422_090
    assert [layer.stride for layer in model if isinstance(layer, nn.Conv2d)] == [(2, 2), (2, 2)]


@pytest.mark.parametrize("convolutions", [1, 2, 3, 4])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_it_can_be_varied(convolutions, activation, digits):
    model = build(StridedCNN, 0, CPU, convolutions=convolutions, activation=activation)
    assert sum(isinstance(layer, nn.Conv2d) for layer in model) == convolutions
    assert model(digits.x_test[:2]).shape == (2, 10)


# Training, epoch by epoch.


def test_after_each_epoch_the_weights_are_those_of_fit_to_the_bit(batches, store):
    model, passed = at.network(0, CPU), []
    for history in fit_by_epoch(model, batches, 3, seed=5, snapshots=store):
        passed.append((copy.deepcopy(model), history))
    for epochs, (after, history) in enumerate(passed, start=1):
        direct = at.network(0, CPU)
        straight = fit(direct, batches, epochs, seed=5, snapshots=None)
        assert same(after, direct) and history.losses == straight.losses
    assert not same(passed[0][0], passed[1][0])


def test_each_epoch_is_trained_once_and_a_second_pass_trains_nothing(batches, store, epochs_run):
    first, again = at.network(0, CPU), at.network(0, CPU)
    list(fit_by_epoch(first, batches, 3, snapshots=store))
    assert len(epochs_run) == 3
    seen = [copy.deepcopy(again) for _ in fit_by_epoch(again, batches, 3, snapshots=store)]
    fit(middle := at.network(0, CPU), batches, 2, snapshots=store)
    assert len(epochs_run) == 3 and same(again, first) and same(middle, seen[1])


def test_it_goes_on_where_it_was_stopped_and_beyond_where_it_ended(batches, store, epochs_run):
    model = at.network(0, CPU)
    stopped = fit_by_epoch(model, batches, 4, snapshots=store)
    next(stopped), next(stopped)
    stopped.close()
    for epochs in (3, 5):
        model = at.network(0, CPU)
        list(fit_by_epoch(model, batches, epochs, snapshots=store))
        assert len(epochs_run) == epochs
    fit(direct := at.network(0, CPU), batches, 5, snapshots=None)
    assert same(model, direct)


def test_without_a_folder_it_trains_each_epoch_once_too_and_leaves_nothing(batches, tmp_path, epochs_run, monkeypatch):
    monkeypatch.setattr(training.tempfile, "tempdir", str(tmp_path))
    list(fit_by_epoch(model := at.network(0, CPU), batches, 3, snapshots=None))
    assert len(epochs_run) == 3 and not list(tmp_path.iterdir())
    fit(direct := at.network(0, CPU), batches, 3, snapshots=None)
    assert same(model, direct)


def test_only_the_last_epoch_is_kept_with_what_going_on_needs(batches, store):
    list(fit_by_epoch(at.network(0, CPU), batches, 3, snapshots=store))
    sizes = [path.stat().st_size for path in sorted(store.glob("*/epoch-*.pt"))]
    assert len(sizes) == 3 and sizes[0] == sizes[1] < 0.4 * sizes[2]
    assert not list(store.glob("*/interrupted.pt"))


# Courses.


@pytest.fixture
def watch(digits) -> at.Watch:
    hard = digits.x_test[:50], digits.y_test[:50]
    test = digits.x_test[50:], digits.y_test[50:]
    return at.Watch((digits.x_train[:96], digits.y_train[:96]), test, hard, attacks.BIM(0.05, steps=3))


def test_a_course_has_what_was_seen_after_each_epoch(batches, store, watch, epochs_run):
    start = at.network(0, CPU)
    model = copy.deepcopy(start)
    taken = at.course(model, batches, 3, watch, seed=0, snapshots=store)
    assert len(taken.history.losses) == len(taken.seen) == 3
    for epoch in (1, 2, 3):
        then = at.at_epoch(start, taken, epoch, snapshots=store)
        assert taken.column("accuracy, test")[epoch - 1] == score(then, *watch.test).accuracy
        assert taken.column("loss, training")[epoch - 1] == score(then, *watch.train).loss
        assert taken.column("attacked")[epoch - 1] == under_attack(then, watch.attack, *watch.attacked).accuracy
    assert len(epochs_run) == 3 and same(then, model)
    other = replace(watch, attack=attacks.FGSM(0.3))
    assert at.course(copy.deepcopy(start), batches, 3, other, seed=0, snapshots=store).seen != taken.seen
    assert len(epochs_run) == 3


def test_the_best_epoch_is_the_first_with_the_highest_accuracy_under_attack(batches):
    seen = [{"attacked": value} for value in (0.1, 0.4, 0.4, 0.2)]
    assert at.Course(batches, 0, seen, training.History()).best == 2


def test_continuing_leaves_the_original_and_takes_small_steps(batches):
    start = at.network(0, CPU)
    fit(start, batches, 1)
    before = copy.deepcopy(start)
    after, history = at.continued(start, batches, 2, seed=0)
    assert same(start, before) and len(history.losses) == 2
    moved = (after[-1].weight - start[-1].weight).abs().max()
    assert 0 < moved < 1e-4 * 1.1 * 2 * len(batches)  # Adam's steps are hardly longer than its rate


def test_the_tutorials_defend_one_network_and_score_what_was_made_through_it(digits, tmp_path, epochs_run):
    train, test = (digits.x_train[:256], digits.y_train[:256]), (digits.x_test[:128], digits.y_test[:128])
    found = at.tutorials(0, train, test, 1, 2, snapshots=tmp_path)
    assert len(epochs_run) == 1 + 2 + 2
    start = at.network(0, CPU)
    fit(start, Shuffled(*train, 64), 1)
    assert same(found.normal, start)
    attack = attacks.FGSM(eps=0.1, loss=attacks.squared_error, clip=None)
    assert torch.equal(found.x_adv, attack(start, *test)) and found.x_adv.min() < 0
    tuned, _ = at.continued(start, Shuffled(found.x_adv, test[1], 64), 2, seed=0)
    mixed, _ = at.continued(start, Mixed(*train, attack, 64), 2, seed=0)
    assert same(found.tuned, tuned) and same(found.mixed, mixed)


def test_the_sweep_changes_one_thing_at_a_time(digits, watch, tmp_path):
    train = digits.x_train[:160], digits.y_train[:160]
    courses = at.sweep(train, 16, 1, watch, 0, snapshots=tmp_path)
    assert courses.keys() == at.SWEEP.keys()
    assert {name: one.batches.batch_size for name, one in courses.items() if one.batches.batch_size != 16} == {
        "batches of 128": 128,
        "batches of 227": 227,
    }
    losses = [one.seen[0]["loss, test"] for one in courses.values()]
    assert len(set(losses)) == len(losses)


def test_remedies_follow_the_attack_that_they_replace():
    fgsm = at.READINGS["squared_error"]
    found = at.remedies(replace(fgsm, eps=0.2))
    assert all((one.loss, one.clip) == (fgsm.loss, None) for one in found.values())
    assert found["half the step"].eps == 0.1
    start = found["random start"]
    assert (start.eps, start.step, start.steps, start.random_start) == (0.2, 0.25, 1, True)


# Losses.


def test_squared_error_is_that_of_softmax_and_one_hot(trained, digits):
    outputs, y = trained.eval()(digits.x_test[:9]).detach(), digits.y_test[:9]
    expected = [((p - torch.eye(10)[k]) ** 2).mean() for p, k in zip(outputs.softmax(1), y, strict=True)]
    torch.testing.assert_close(attacks.squared_error(outputs, y), torch.stack(expected))


def test_a_saturated_softmax_leaves_the_squared_error_no_gradient():
    outputs, y = torch.tensor([[200.0, 0.0, 0.0]], requires_grad=True), torch.tensor([0])
    for loss, silent in ((attacks.squared_error, True), (lambda z, k: -z[0, k], False)):
        (gradient,) = torch.autograd.grad(loss(outputs, y).sum(), outputs)
        assert bool((gradient == 0).all()) == silent


def test_keras_caps_a_loss_at_sixteen():
    assert at.capped(np.array([0.5, 16.0, 17.0, 900.0])) == pytest.approx([0.5, 16.0, 16.118, 16.118], abs=1e-3)


# Attacks compared.


def test_calibration_has_each_reading_at_each_eps(trained, digits):
    x, y = digits.x_test[:40], digits.y_test[:40]
    read = at.calibration([trained, trained], [0.05, 0.2], x, y)
    assert len(read) == 8 and all(len(scores) == 2 for scores in read.values())
    unclipped, clipped = (attacks.FGSM(0.2, clip=clip) for clip in (None, (0, 1)))
    assert read["cross_entropy", 0.2][0].loss == under_attack(trained, unclipped, x, y).loss
    assert read["cross_entropy_clipped", 0.2][1].loss == under_attack(trained, clipped, x, y).loss
    squared = attacks.FGSM(0.05, loss=attacks.squared_error)
    assert read["squared_error_clipped", 0.05][0].loss == under_attack(trained, squared, x, y).loss


def test_the_smallest_fgsm_succeeds_and_a_smaller_one_does_not(trained, digits):
    x, y = digits.x_test[:40], digits.y_test[:40]
    gone = at.reach(trained, x, y, at.smallest_fgsm(trained, x, y, steps=64))
    assert gone.fooled.mean() > 0.9
    for i in np.flatnonzero(gone.fooled & (gone.linf > 0))[:10]:
        step = round(float(gone.linf[i]) * 64)
        accuracies = [under_attack(trained, attacks.FGSM(k / 64), x[i : i + 1], y[i : i + 1]) for k in (step - 1, step)]
        assert [one.accuracy for one in accuracies] == [1, 0]


def test_images_that_no_eps_fools_are_as_they_were(linear, digits):
    x = digits.x_test[:5]
    with torch.no_grad():
        linear[1].bias[0] = 1000.0
    y = torch.zeros(5, dtype=torch.int64)
    assert torch.equal(at.smallest_fgsm(linear, x, y, steps=8), x)


def test_reach_measures_both_distances(trained, digits):
    x, y = digits.x_test[:3] * 0, digits.y_test[:3]
    x_adv = x.clone()
    x_adv[0, 0, 0, :2] = torch.tensor([0.3, 0.4])
    gone = at.reach(trained, x, y, x_adv)
    assert gone.l2 == pytest.approx([0.5, 0, 0]) and gone.linf == pytest.approx([0.4, 0, 0])


def test_judges_attack_the_network_that_their_protocol_says(trained, digits):
    x, y = digits.x_test[:60], digits.y_test[:60]
    undefended, other = at.network(1, CPU), at.network(2, CPU)
    fgsm = attacks.FGSM(0.1, clip=None)
    judges = at.Judges(fgsm, 0.1, 20, 10)
    scores = judges(trained, judges.inputs(undefended, other, (x, y)))
    few, few_y = x[:20], y[:20]
    assert scores["clean"].loss == score(trained, x, y).loss
    assert scores["P"].loss == score(trained, fgsm(undefended, x, y), y).loss
    assert scores["W"].loss == score(trained, fgsm(trained, x, y), y).loss
    pgd = attacks.PGD(0.1)
    assert scores["PGD"].accuracy == under_attack(trained, pgd, few, few_y).accuracy
    assert scores["transfer"].loss == score(trained, pgd(other, few, few_y), few_y).loss
    assert len(scores["Square"].y) == 20
    assert scores["noise"].accuracy > scores["W"].accuracy
