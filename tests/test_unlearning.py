"""Selecting, removing, ascending, and what is read off clouds and paths, where the right answer is known."""

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lib import attack as attacks
from lib.chapters.unlearning import forensics, labels
from lib.chapters.unlearning import loop as unlearning
from lib.chapters.unlearning.loop import Setting
from lib.measure.score import score
from lib.models import LeNet616


@pytest.fixture
def setting(digits) -> Setting:
    fgsm = attacks.FGSM(eps=0.1)
    return Setting(digits.x_train[:200], digits.y_train[:200], fgsm, 10, 2, 1, LeNet616, 3, batch_size=50)


@pytest.fixture
def network(setting: Setting) -> nn.Module:
    return unlearning.trained(setting, setting.x, setting.y, 2)


def after(reading: str, network: nn.Module, setting: Setting, count: int = 2) -> list[unlearning.Round]:
    return list(unlearning.rounds(reading, network, setting, count))


def same(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(p, q) for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


# The gradient of Fig. 5.


def test_the_sum_of_the_softmax_has_no_gradient_but_rounding_errors(network, setting):
    model = copy.deepcopy(network).double().eval()
    x, y = setting.x[:20].double(), setting.y[:20]
    of_sum = attacks.FGSM(loss=attacks.softmax_sum).gradient(model, x, y)
    assert of_sum.abs().max() < 1e-12 < attacks.FGSM().gradient(model, x, y).abs().max()


def test_along_it_far_more_is_read_than_along_the_loss(trained, digits):
    x, y = digits.x_test, digits.y_test
    idle = attacks.FGSM(eps=0.2, loss=attacks.softmax_sum)(trained, x, y)
    real = attacks.FGSM(eps=0.2)(trained, x, y)
    assert score(trained, idle, y).accuracy > score(trained, real, y).accuracy + 0.2


# Selecting.


def test_the_highest_come_first_and_what_is_apart_does_not_come():
    values = torch.tensor([1.0, 5.0, 3.0, 4.0])
    assert unlearning.highest(values, 2).tolist() == [1, 3]
    assert unlearning.highest(values, 2, torch.tensor([False, True, False, False])).tolist() == [3, 2]


def test_the_letter_of_the_rule_removes_indices_and_no_tuples():
    pixels = np.full((2, 1, 2, 2), 0.5, dtype=np.float32)
    assert unlearning.letter(5, [1, 3]) == [0, 2, 4]
    assert unlearning.letter(5, [(pixels[0], 1, 2), (pixels[1], 3, 3)]) == [0, 1, 2, 3, 4]


def test_an_array_of_images_removes_the_numbers_that_are_a_pixel():
    pixels = np.full((2, 1, 2, 2), 0.5, dtype=np.float32)
    assert unlearning.letter(4, pixels) == [0, 1, 2, 3]
    pixels[0, 0, 0, 0] = 1
    assert unlearning.letter(4, pixels) == [0, 2, 3]


def test_what_is_selected_is_what_the_attack_makes_worst(network, setting):
    numbers, x_adv, y = unlearning.worst_attacked(network, setting)
    losses = unlearning.attacked_losses(network, setting.attack, setting.x, setting.y)
    order = unlearning.removal_order(network, setting)
    assert len(x_adv) == setting.remove and sorted(order.tolist()) == list(range(200))
    assert (losses[order].diff() <= 0).all() and torch.equal(numbers, order[:10]) and torch.equal(y, setting.y[numbers])
    torch.testing.assert_close(unlearning.losses(network, x_adv, y), losses[order[:10]])


# The loop.


def test_the_code_to_the_letter_is_training_without_removal(network, setting):
    for a, none in zip(after("a", network, setting), after("none", network, setting), strict=True):
        assert not a.left_out.any() and same(a.network, none.network)


@pytest.mark.parametrize("reading", ["random", "b", "c", "f"])
def test_removal_adds_up(network, setting, reading: str):
    before = copy.deepcopy(network)
    steps = after(reading, network, setting)
    assert [int(step.left_out.sum()) for step in steps] == [10, 20]
    assert (steps[1].left_out | ~steps[0].left_out).all()
    assert same(network, before) and not same(steps[0].network, steps[1].network)


def test_removed_are_the_worst_of_each_round_s_network(network, setting, monkeypatch):
    seen: list[tuple[Tensor, int]] = []
    fit = unlearning.fit

    def noted(model, batches, epochs, **options):
        seen.append((batches.x, epochs))
        return fit(model, batches, epochs, **options)

    monkeypatch.setattr(unlearning, "fit", noted)
    (first, second) = after("b", network, setting)
    worst = unlearning.removal_order(network, setting)[:10]
    kept = [number for number in range(200) if number not in worst.tolist()]
    assert torch.equal(seen[0][0], setting.x[kept]) and seen[0][1] == 1
    order = [number for number in unlearning.removal_order(first.network, setting).tolist() if number in kept]
    assert torch.equal(seen[1][0], setting.x[sorted(order[10:])]) and second.left_out.sum() == 20


def test_starting_afresh_trains_as_long_as_the_first_network_did(network, setting, monkeypatch):
    epochs: list[int] = []
    monkeypatch.setattr(unlearning, "fit", lambda model, batches, count, **options: epochs.append(count))
    after("c", network, setting, 3)
    assert epochs == [2, 2, 2]


def test_starting_afresh_with_nothing_removed_would_be_the_first_network(network, setting):
    assert same(unlearning.trained(setting, setting.x, setting.y, setting.epochs), network)
    (first, _) = after("c", network, setting)
    kept = unlearning.trained(setting, setting.x[~first.left_out], setting.y[~first.left_out], setting.epochs)
    assert same(first.network, kept) and not same(first.network, network)


def test_half_the_images_are_attacked_and_the_others_as_they_were(network, setting):
    x, y, attacked = unlearning.half_attacked(network, setting, 1)
    assert attacked.sum() == 100 and torch.equal(y, setting.y)
    assert torch.equal(x[~attacked], setting.x[~attacked])
    fresh = setting.attack(network, setting.x[attacked], setting.y[attacked])
    torch.testing.assert_close(x[attacked], fresh)


def test_of_the_attacked_images_the_worst_are_removed(network, setting):
    first, second = after("e", network, setting)
    assert first.left_out.sum() == 10 and 10 <= second.left_out.sum() <= 20
    assert not after("d", network, setting, 1)[0].left_out.any()


def test_every_reading_has_its_words():
    assert tuple(labels.READINGS) == unlearning.READINGS


def test_an_unknown_reading_is_refused(network, setting):
    with pytest.raises(ValueError, match="no reading 'g'"):
        after("g", network, setting)


# Forgetting.


def test_ascent_raises_the_loss_by_what_was_asked_and_leaves_the_original(network, setting):
    before, x, y = copy.deepcopy(network), setting.x[:20], setting.y[:20]
    risen = unlearning.ascended(network, x, y, rise=1.0)
    start, end = (unlearning.losses(one, x, y).mean() for one in (network, risen))
    assert start + 1 <= end < start + 3 and same(network, before)


def test_membership_is_the_chance_that_a_member_has_the_lower_loss():
    low, high = np.linspace(0.1, 0.5, 30, dtype=np.float32), np.linspace(1, 2, 20, dtype=np.float32)
    assert forensics.membership(low, high) == 1 and forensics.membership(high, low) == 0
    assert forensics.membership(np.ones(30), np.ones(20)) == pytest.approx(0.5)
    assert forensics.membership(np.array([1.0, 3.0]), np.array([2.0, 4.0])) == 0.75


def test_a_network_that_memorised_its_images_gives_them_away(setting, digits):
    few = setting.x[:60], setting.y[:60]
    memorised = unlearning.trained(setting, *few, 40)
    inside, outside = (
        unlearning.losses(memorised, *group).cpu().numpy() for group in (few, (digits.x_test, digits.y_test))
    )
    assert forensics.membership(inside, outside) > 0.6


# Forensics.


def test_the_tail_is_whole_at_the_centre_and_one_in_n_far_out():
    generator = np.random.default_rng(0)
    draw = generator.standard_normal((1999, 2))
    cloud = np.column_stack([0.1 + 0.02 * draw[:, 0], np.exp(0.8 + 0.1 * draw[:, 1])])
    centre = (cloud[:, 0].mean(), float(np.exp(np.log(cloud[:, 1]).mean())))
    assert forensics.tail(cloud, centre) == 1
    assert forensics.tail(cloud, (0.9, 2.2)) == pytest.approx(1 / 2000)
    inside = forensics.tail(cloud, (0.12, float(np.exp(0.9))))  # one standard deviation off in both: exp(-1) = 0.37
    assert 0.32 < inside < 0.42


def test_the_nearest_place_lies_on_the_way_too():
    path = np.array([[1.0, 0.0], [0.0, 2.0]])
    place, far = forensics.nearest(path, (0.5, 1.0), (0.1, 0.1))
    assert place == pytest.approx(0.5) and far == pytest.approx(0)
    place, far = forensics.nearest(path, (0.0, 3.0), (0.1, 0.5))
    assert (place, far) == (1.0, 2.0)
