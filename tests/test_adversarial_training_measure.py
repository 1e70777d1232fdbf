"""What the chapter on adversarial training measures, on a few digits."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from devices import DEVICE
from torch import nn

from lib import attack as attacks
from lib import book
from lib.chapters.adversarial_training import cases, distances, measure, networks, scores
from lib.chapters.adversarial_training.calibration import READINGS, Calibrating, Calibration, calibration
from lib.chapters.adversarial_training.courses import Course, Watching, course
from lib.chapters.adversarial_training.distances import Reach, Reaching, smallest_fgsm
from lib.chapters.adversarial_training.experiment import CHAPTER, Experiment
from lib.chapters.adversarial_training.networks import (
    AS_MANY,
    FURTHER_RATE,
    TEST,
    TRAINING,
    FineTuned,
    MixedTrained,
    Normal,
    Stopped,
    images,
    trained,
)
from lib.chapters.adversarial_training.scores import KINDS, Scores, Scoring, scored
from lib.evidence.records import from_arrays, to_arrays
from lib.measure import red_flags
from lib.measure.score import score, under_attack
from lib.models import StridedCNN, build, outline, parameter_count
from lib.parameters import contract
from lib.run import profiles
from lib.train import loop
from lib.train.batches import Mixed, Shuffled
from lib.train.loop import fit

NORMAL = Normal(0, "digits", 2, 32)
FGSM = attacks.FGSM(0.1, clip=None)
PROBE = attacks.BIM(0.05, steps=3)


@pytest.fixture(autouse=True)
def few_digits(digits, monkeypatch):
    """96 digits to train on and 40 to test on."""
    few = replace(
        digits,
        x_train=digits.x_train[:96],
        y_train=digits.y_train[:96],
        x_test=digits.x_test[:40],
        y_test=digits.y_test[:40],
    )
    monkeypatch.setattr(networks, "load", lambda name: few)
    return few


@pytest.fixture
def epochs_run(monkeypatch) -> list[int]:
    """Grows by one for every epoch that is trained, not loaded."""
    run, epoch = [], loop._epoch
    monkeypatch.setattr(loop, "_epoch", lambda *a: run.append(1) or epoch(*a))
    return run


def same(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(p, q) for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def quick() -> Experiment:
    """The experiment of the quick profile."""
    declared = {name: one.default for name, one in contract(book.source(CHAPTER)).items()}
    return Experiment.of(declared | profiles.section("quick", CHAPTER))


# Networks


def test_the_network_is_that_of_the_paper_s_table():
    model = NORMAL.fresh()
    assert outline(model) == "convolution 32 of 3×3, convolution 64 of 3×3, dense 128, dropout 0.5, dense 10"
    assert parameter_count(model) == 422_090
    assert [layer.stride for layer in model if isinstance(layer, nn.Conv2d)] == [(2, 2), (2, 2)]


@pytest.mark.parametrize("convolutions", [1, 2, 3, 4])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_it_can_be_varied(convolutions, activation, few_digits):
    model = replace(NORMAL, convolutions=convolutions, activation=activation).fresh()
    assert sum(isinstance(layer, nn.Conv2d) for layer in model) == convolutions
    assert model(few_digits.x_test[:2]).shape == (2, 10)


def test_normal_training_is_a_fit_on_all_training_images(few_digits):
    model, history = trained(NORMAL)
    direct = build(StridedCNN, 0, DEVICE)
    again = fit(direct, Shuffled(few_digits.x_train, few_digits.y_train, 32), 2, seed=0, snapshots=None)
    assert same(model, direct) and history.losses == again.losses


def test_images_go_by_what_they_are_for(few_digits):
    assert [len(images("digits", which)[0]) for which in (TEST, TRAINING, AS_MANY)] == [40, 96, 40]
    assert torch.equal(images("digits", AS_MANY)[0], few_digits.x_train[:40])


def test_fine_tuning_takes_small_steps_from_the_network_that_it_attacks_and_leaves_that_as_it_was(few_digits):
    before, _ = trained(NORMAL)
    kept = copy.deepcopy(before)
    after, history = trained(FineTuned(NORMAL, FGSM, TEST, 2, 16))
    assert same(trained(NORMAL)[0], kept) and len(history.losses) == 2
    moved = (after[-1].weight - before[-1].weight).abs().max()
    assert 0 < moved < FURTHER_RATE * 1.1 * 2 * 3  # Adam's steps are hardly longer than its rate
    x_adv = FGSM(before, few_digits.x_test, few_digits.y_test)
    assert x_adv.min() < 0
    fit(before, Shuffled(x_adv, few_digits.y_test, 16), 2, lr=FURTHER_RATE, seed=0, snapshots=None)
    assert same(after, before)


@pytest.mark.parametrize("start", ["scratch", "trained"])
def test_mixed_training_begins_where_it_is_told_to(start, few_digits):
    model, _ = trained(MixedTrained(NORMAL, FGSM, TRAINING, 1, 32, start))
    direct = build(StridedCNN, 0, DEVICE) if start == "scratch" else trained(NORMAL)[0]
    fit(direct, Mixed(few_digits.x_train, few_digits.y_train, FGSM, 32), 1, seed=0, snapshots=None)
    assert same(model, direct)


def test_the_tutorials_networks_are_as_many_as_asked_for_whatever_the_others_are():
    experiment = replace(quick(), seed=5, seeds=1, tutorial_seeds=2)
    normal = experiment.tutorials("normal")
    assert [cell.setting.network.seed for cell in normal] == [5, 6]
    assert [cell.setting.network for cell in experiment.learned(tutorial=True)] == [c.setting.network for c in normal]
    assert len(experiment.learned(tutorial=False)) == len(experiment.scores(cases.UNDEFENDED)) == 1


def test_the_tutorials_defend_one_network_by_the_squared_error(epochs_run):
    experiment = replace(quick(), tutorial_epochs=1, tutorial_seeds=1, finetune_epochs=2, n_images=10)
    (normal,), (tuned,), (mixed,) = (experiment.tutorials(kind) for kind in cases.TUTORIAL_NETWORKS)
    assert tuned.setting.network.undefended == mixed.setting.network.undefended == normal.setting.network
    assert {one.setting.network.batch_size for one in (normal, tuned, mixed)} == {64}
    attack = attacks.FGSM(eps=0.1, loss=attacks.squared_error, clip=None)
    assert tuned.setting.network.attack == mixed.setting.network.attack == tuned.setting.fgsm == attack
    for cell in (normal, tuned, mixed):
        scored(cell.setting)
    assert len(epochs_run) == 1 + 2 + 2


# Courses


def test_a_course_has_what_was_seen_after_each_epoch(few_digits, epochs_run):
    taken = course(Watching(replace(NORMAL, epochs=3), PROBE, 15))
    assert len(epochs_run) == len(taken.losses) == taken.epochs == 3 and taken.seconds > 0
    chosen = networks.watched(few_digits.y_test, 15)
    few = few_digits.x_test[chosen], few_digits.y_test[chosen]
    for epoch in (1, 2, 3):
        then, _ = trained(replace(NORMAL, epochs=epoch))
        test = score(then, few_digits.x_test, few_digits.y_test)
        assert np.array_equal(taken.test_correct[epoch - 1], test.correct)
        assert taken.test_loss[epoch - 1] == pytest.approx(test.loss)
        train = score(then, few_digits.x_train[:40], few_digits.y_train[:40])
        assert np.array_equal(taken.training_correct[epoch - 1], train.correct)
        assert taken.training_loss[epoch - 1] == train.loss
        assert np.array_equal(taken.attacked_correct[epoch - 1], under_attack(then, PROBE, *few).correct)
    assert np.array_equal(taken.last_losses, score(then, few_digits.x_test, few_digits.y_test).losses)
    lowest, _ = trained(replace(NORMAL, epochs=int(taken.test_loss.argmin()) + 1))
    assert np.array_equal(taken.lowest_losses, score(lowest, few_digits.x_test, few_digits.y_test).losses)
    assert taken.weights == networks.weights_digest(then) and len(epochs_run) == 3


def test_another_look_at_a_course_trains_nothing_and_sees_the_same_network(epochs_run):
    first = course(Watching(NORMAL, PROBE, 15))
    again = course(Watching(NORMAL, replace(PROBE, eps=0.3), 15))
    assert len(epochs_run) == 2 and again.weights == first.weights
    assert np.array_equal(first.test_correct, again.test_correct) and again.attacked != first.attacked


def test_the_best_epoch_is_the_first_with_the_highest_accuracy_under_attack():
    attacked = np.arange(10) < np.array([1, 4, 4, 2])[:, None]
    none = np.zeros((4, 1), bool)
    assert Course(none, none, none, none, attacked, none[0], none[0], [0.0] * 4, 0.0, "").best == 2


def test_training_that_is_stopped_ends_after_the_best_epoch_of_its_course(epochs_run):
    mixed = MixedTrained(NORMAL, FGSM, TRAINING, 3, 32)
    taken = course(Watching(mixed, PROBE, 15))
    stopped, history = trained(Stopped(mixed, PROBE, 15))
    assert same(stopped, trained(replace(mixed, epochs=taken.best))[0]) and len(history.losses) == taken.best
    assert len(epochs_run) == 3


def test_the_sweep_changes_one_thing_at_a_time_and_has_what_nothing_is_changed_of_everywhere():
    middle = replace(NORMAL, epochs=4)
    found = cases.varied(middle)
    assert found.keys() == {*cases.SETTINGS, *cases.CONTROLS}
    fields = []
    for values in found.values():
        assert len(values) == 3 and middle in values.values()
        changed = [one for one in values.values() if one != middle]
        (field,) = {n for one in changed for n in one.__dataclass_fields__ if getattr(one, n) != getattr(middle, n)}
        fields.append(field)
    assert fields == ["epochs", "batch_size", "convolutions", "activation", "lr", "width"]
    assert list(found["epochs"]) == ["2", "4", "8"] and list(found["layers"]) == ["1", "2", "3"]


def test_the_sweep_has_several_networks_of_each_value(few_digits):
    cells = replace(quick(), sweep_seeds=2).sweep("width")
    assert list(cells) == ["16", "32", "64"]
    assert [cell.setting.network.seed for cell in cells["16"]] == [0, 1]
    wide = replace(NORMAL, width=64).fresh()
    assert outline(wide).startswith("convolution 64 of 3×3, convolution 128 of 3×3")


def test_images_that_training_is_watched_on_are_others_than_those_it_is_judged_on():
    y = torch.arange(100) % 10
    judged, watched = (set(pick(y, 40).tolist()) for pick in (networks.judged, networks.watched))
    assert len(judged) == len(watched) == 40 and not judged & watched
    assert torch.equal(networks.watched(y, 60), networks.judged(y, 60))  # where there are too few others
    assert torch.equal(networks.judged(y, 1000), torch.arange(100))


def test_remedies_follow_the_attack_that_they_replace():
    fgsm = READINGS["squared_error"]
    found = cases.other_attacks(replace(fgsm, eps=0.2))
    assert all((one.loss, one.clip) == (fgsm.loss, None) for one in found.values())
    assert found["half the step"].eps == 0.1
    start = found["random start"]
    assert (start.eps, start.step, start.steps, start.random_start) == (0.2, 0.25, 1, True)


# Losses


def test_squared_error_is_that_of_softmax_and_one_hot(digits):
    outputs, y = trained(NORMAL)[0].eval()(digits.x_test[:9]).detach(), digits.y_test[:9]
    expected = [((p - torch.eye(10, device=DEVICE)[k]) ** 2).mean() for p, k in zip(outputs.softmax(1), y, strict=True)]
    torch.testing.assert_close(attacks.squared_error(outputs, y), torch.stack(expected))


def test_a_saturated_softmax_leaves_the_squared_error_no_gradient():
    outputs, y = torch.tensor([[200.0, 0.0, 0.0]], requires_grad=True), torch.tensor([0])
    for loss, silent in ((attacks.squared_error, True), (lambda z, k: -z[0, k], False)):
        (gradient,) = torch.autograd.grad(loss(outputs, y).sum(), outputs)
        assert bool((gradient == 0).all()) == silent


# Attacks compared


def test_calibration_has_each_reading_at_each_eps(few_digits):
    x, y = few_digits.x_test, few_digits.y_test
    found = calibration(Calibrating(NORMAL, (0.05, 0.2)))
    assert found.read.shape == found.losses.shape == (4, 2, 40) and found.silent.shape == (4, 40)
    model, _ = trained(NORMAL)
    for reading, number, attack in (
        ("cross_entropy", 1, attacks.FGSM(0.2, clip=None)),
        ("cross_entropy_clipped", 1, attacks.FGSM(0.2)),
        ("squared_error_clipped", 0, attacks.FGSM(0.05, loss=attacks.squared_error)),
    ):
        direct = under_attack(model, attack, x, y)
        assert np.array_equal(found.correct(reading, number), direct.correct)
        assert np.array_equal(found.loss(reading, number), direct.losses)
    assert found.signs_read.shape == (2, 40)
    assert found.signs_correct(1).mean() > found.correct("cross_entropy", 1).mean()


def test_calibration_tells_where_the_gradient_is_zero(monkeypatch, linear, few_digits):
    with torch.no_grad():
        linear[1].weight.mul_(1000)  # so that the softmax saturates
    few = few_digits.x_test, few_digits.y_test % 2
    monkeypatch.setattr("lib.chapters.adversarial_training.calibration.trained", lambda network: (linear, None))
    monkeypatch.setattr("lib.chapters.adversarial_training.calibration.images", lambda *_: few)
    found = calibration(Calibrating(NORMAL, (0.1,)))
    for number, fgsm in enumerate(READINGS.values()):
        expected = red_flags.without_gradient(linear, fgsm, *few).cpu().numpy()
        assert np.array_equal(found.silent[number], expected)
    assert found.silent[2].any()


def test_the_smallest_fgsm_succeeds_and_a_smaller_one_does_not(trained, digits):
    x, y = digits.x_test[:40], digits.y_test[:40]
    gone = distances.measured(trained, x, y, smallest_fgsm(trained, x, y, steps=64), 0.0, targeted=False)
    assert gone.successful.mean() > 0.9
    for i in np.flatnonzero(gone.successful & (gone.linf > 0))[:10]:
        step = round(float(gone.linf[i]) * 64)
        accuracies = [under_attack(trained, attacks.FGSM(k / 64), x[i : i + 1], y[i : i + 1]) for k in (step - 1, step)]
        assert [one.accuracy for one in accuracies] == [1, 0]


def test_images_that_no_eps_fools_are_as_they_were(linear, digits):
    x = digits.x_test[:5]
    with torch.no_grad():
        linear[1].bias[0] = 1000.0
    y = torch.zeros(5, dtype=torch.int64, device=DEVICE)
    assert torch.equal(smallest_fgsm(linear, x, y, steps=8), x)


def test_a_reach_measures_both_distances(trained, digits):
    x, y = digits.x_test[:3] * 0, digits.y_test[:3]
    x_adv = x.clone()
    x_adv[0, 0, 0, :2] = torch.tensor([0.3, 0.4], device=DEVICE)
    gone = distances.measured(trained, x, y, x_adv, 0.0, targeted=False)
    assert gone.l2 == pytest.approx([0.5, 0, 0]) and gone.linf == pytest.approx([0.4, 0, 0])
    towards = distances.measured(trained, x, y, x_adv, 0.0, targeted=True)
    assert np.array_equal(towards.successful, towards.read == ((y + 1) % 10).numpy())
    assert np.array_equal(gone.successful, gone.read != y.numpy())


def test_an_attack_is_measured_on_the_sampled_images_and_a_targeted_one_aims_at_the_next_digit(few_digits):
    chosen = networks.judged(few_digits.y_test, 9)
    x, y = few_digits.x_test[chosen], few_digits.y_test[chosen]
    model, _ = trained(NORMAL)
    away = distances.reach(Reaching(NORMAL, "FGSM", attacks.FGSM(0.3), 9))
    assert np.array_equal(away.successful, ~under_attack(model, attacks.FGSM(0.3), x, y).correct)
    assert np.array_equal(away.clean, x[:8].cpu().numpy()) and np.array_equal(away.y, y.cpu().numpy())
    assert away.images.shape == (8, 1, 28, 28) and len(away.l2) == len(away.read) == 9 and away.seconds > 0
    towards = distances.reach(Reaching(NORMAL, "FGSM", attacks.FGSM(0.3, targeted=True), 9, 5))
    assert np.array_equal(towards.successful, towards.read == ((y[:5] + 1) % 10).cpu().numpy())


# What a network is scored on


def test_each_kind_of_image_is_made_through_the_network_that_its_name_says(few_digits):
    x, y = few_digits.x_test, few_digits.y_test
    mixed, other = MixedTrained(NORMAL, FGSM, TRAINING, 2, 32), replace(NORMAL, seed=1000, epochs=1)
    found = scored(Scoring(mixed, TEST, tuple(KINDS), FGSM, 20, 10, other))
    (undefended, _), (model, history), (apart, _) = map(trained, (NORMAL, mixed, other))
    chosen = networks.judged(y, 20)
    few, few_y = x[chosen], y[chosen]
    pgd = attacks.PGD(0.1)
    expected = {
        "clean": score(model, x, y),
        "P": score(model, FGSM(undefended, x, y), y),
        "W": score(model, FGSM(model, x, y), y),
        "clipped": score(model, attacks.FGSM(0.1)(model, x, y), y),
        "BIM": score(model, attacks.BIM(0.1, steps=10)(model, few, few_y), few_y),
        "PGD": score(model, pgd(model, few, few_y), few_y),
        "transfer": score(model, pgd(apart, few, few_y), few_y),
    }
    for kind, one in expected.items():
        assert np.array_equal(found.read[kind], one.read), kind
        assert np.array_equal(found.correct(kind), one.correct), kind
        assert kind not in found.losses or np.array_equal(found.losses[kind], one.losses), kind
    assert found.losses.keys() == set(scores.WITH_LOSSES)
    assert [len(found.read[kind]) for kind in ("signs", "Square", "PGD")] == [40, 20, 20]
    assert np.array_equal(found.sampled, chosen.numpy())
    assert np.array_equal(found.correct_sampled("clean"), expected["clean"].correct[chosen])
    assert found.training_losses == history.losses and found.seconds == history.seconds


def test_through_an_undefended_network_both_protocols_are_one_and_attack_it_once(monkeypatch, few_digits):
    attacked, perturb = [], attacks.FGSM.perturb
    monkeypatch.setattr(attacks.FGSM, "perturb", lambda *a: attacked.append(1) or perturb(*a))
    found = scored(Scoring(NORMAL, TEST, ("P", "W"), FGSM, 10))
    assert len(attacked) == 1 and np.array_equal(found.read["P"], found.read["W"])
    direct = under_attack(trained(NORMAL)[0], FGSM, few_digits.x_test, few_digits.y_test)
    assert np.array_equal(found.correct("W"), direct.correct)


def test_random_signs_move_every_pixel_as_far_as_fgsm_does(few_digits):
    scene = scores.Scene(Scoring(NORMAL, TEST, (), FGSM, 5), trained(NORMAL)[0], few_digits.x_test, few_digits.y_test)
    moved = scene.signed() - scene.x
    torch.testing.assert_close(moved.abs(), torch.full_like(moved, 0.1))
    assert 0.45 < (moved > 0).float().mean() < 0.55
    clipped = replace(scene, setting=replace(scene.setting, fgsm=attacks.FGSM(0.1)))
    assert torch.equal(clipped.signed(), scene.signed().clamp(0, 1))


def test_the_worst_of_all_attacks_leaves_what_is_right_under_each_and_noise_is_none_of_them():
    y, right = np.zeros(6, np.uint8), np.array([0, 0, 0, 1], np.uint8)
    read = {"clean": np.array([0, 0, 0, 0, 0, 1]), "signs": np.ones(6), "P": np.array([0, 1, 0, 0, 0, 0]), "PGD": right}
    found = Scores(y, np.array([0, 1, 3, 4], np.int32), read, {}, [], 0.0, "")
    assert found.worst.tolist() == [True, False, True, False]


def test_what_was_learned_is_read_as_the_network_is_used_and_as_it_trains(few_digits):
    found = measure.learned(measure.Learning(NORMAL))
    model, _ = trained(NORMAL)
    before = copy.deepcopy(model)
    assert np.array_equal(found.as_used, score(model, few_digits.x_train, few_digits.y_train).correct)
    noisy = measure.as_it_trains(model, few_digits.x_train, few_digits.y_train, 32)
    assert np.array_equal(found.as_trained, noisy) and not np.array_equal(noisy, found.as_used)
    assert same(model, before) and model.training == before.training


def test_a_network_as_it_trains_has_its_dropout(linear, digits):
    with torch.no_grad():
        linear[1].weight.fill_(1)
        linear[1].bias.copy_(torch.arange(len(linear[1].bias)))
    blind = nn.Sequential(linear[0], nn.Dropout(1.0), linear[1])  # all that is left is the bias
    last = len(linear[1].bias) - 1
    found = measure.as_it_trains(blind.eval(), digits.x_test[:50], digits.y_test[:50], 16)
    assert np.array_equal(found, (digits.y_test[:50] == last).numpy())


def test_a_search_over_more_pixels_leaves_no_more():
    found = measure.few_pixels(measure.Searching(NORMAL, attacks.LocalSearch(), (2, 6), 8))
    left = [found.correct(pixels).sum() for pixels in (0, 2, 6)]
    assert left == sorted(left, reverse=True) and left[0] > left[2]


def test_pictures_are_read_by_the_network_that_their_names_say(few_digits):
    mixed = MixedTrained(NORMAL, FGSM, TRAINING, 2, 32)
    seen = measure.pictures(measure.Picturing(NORMAL, mixed, 0.2, 6))
    (normal, _), (defended, _) = trained(NORMAL), trained(mixed)
    y = few_digits.y_test[:6]
    made = attacks.FGSM(0.2)(normal, few_digits.x_test[:6], y)
    assert np.array_equal(seen.fgsm, made.cpu().numpy())
    assert np.array_equal(seen.fgsm_read, score(normal, made, y).read)
    assert np.array_equal(seen.fgsm_read_by_mixed, score(defended, made, y).read)


# Cells


SMALL = {
    "course": (course, Watching(NORMAL, PROBE, 10), Course),
    "scores": (scored, Scoring(NORMAL, TEST, ("clean", "P"), FGSM, 10), Scores),
    "calibration": (calibration, Calibrating(NORMAL, (0.1,)), Calibration),
    "learned": (measure.learned, measure.Learning(NORMAL), measure.Learned),
    "reach": (distances.reach, Reaching(NORMAL, "smallest", smallest_fgsm, 9), Reach),
    "red flags": (measure.probed, measure.Probing(NORMAL, NORMAL, 0.1, 5), red_flags.Probes),
    "few pixels": (
        measure.few_pixels,
        measure.Searching(NORMAL, attacks.LocalSearch(), (2,), 3),
        measure.Searched,
    ),
    "pictures": (measure.pictures, measure.Picturing(NORMAL, NORMAL, 0.1, 2), measure.Pictures),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_record_comes_back_from_its_file_as_it_was(name):
    measured, setting, kind = SMALL[name]
    arrays = to_arrays(measured(setting))
    again = to_arrays(from_arrays(kind, arrays))
    assert arrays.keys() == again.keys()
    assert all(one.dtype == again[key].dtype and np.array_equal(one, again[key]) for key, one in arrays.items())


def test_the_experiment_s_fields_are_the_notebook_s_parameters():
    assert list(quick().parameters) == list(contract(book.source(CHAPTER)))


@pytest.mark.parametrize("profile", profiles.names())
def test_no_two_cells_are_the_same(profile):
    experiment = replace(quick(), **profiles.section(profile, CHAPTER))
    digests = [cell.digest for cell in experiment.cells()]
    assert len(set(digests)) == len(digests) and len({cell.name for cell in experiment.cells()}) == len(digests)


def test_a_batch_size_of_the_paper_s_is_measured_once_where_fine_tuning_has_it_anyway():
    experiment = replace(quick(), finetune_batch_size=227)
    assert experiment.sizes == [227, 364] and experiment.batch_sizes(227) == experiment.scores(cases.TUNED_ON_TEST)


@pytest.mark.parametrize(
    ("name", "size", "count"),
    [("batch_size", 31, "4,000"), ("batch_size", 2, "4,000"), ("finetune_batch_size", 37, "1,000")],
)
def test_a_last_batch_of_a_single_image_is_refused(name, size, count):
    why = replace(quick(), **{name: size}).refused()
    size = max(1, size // 2) if size == 2 else size  # the sweep halves it
    assert why == f"batches of {size} leave a last one of a single image of {count}: batch norm needs two"
    assert not quick().refused() and not replace(quick(), batch_size=37).refused()
