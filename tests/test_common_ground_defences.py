"""One footing for all defences, and the batches they train on."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from lib import attack as attacks
from lib import data
from lib.chapters.common_ground import costs, filtering, madry, removal
from lib.chapters.common_ground import defences as cg
from lib.chapters.common_ground.costs import Work
from lib.chapters.common_ground.first import First, Start, start
from lib.chapters.fragile_neurons.svd_filter import MEDIAN, PRINTED, READINGS
from lib.chapters.mitigation import retraining
from lib.chapters.unlearning import loop as unlearning
from lib.digest import values
from lib.measure.score import score
from lib.models import SmallCNN
from lib.train.batches import Attacked, Shuffled
from lib.train.snapshots import History

FURTHER, STEPS = 2, 2
TAKES = {cg.PGD_TRAINING: {"pgd_steps": STEPS}, cg.RISING: {"pgd_steps": STEPS}}


@pytest.fixture
def begun(digits, monkeypatch) -> Start:
    """A network of 200 digits; a round of removal takes 10, a scan 100 of them."""
    few = replace(digits, x_train=digits.x_train[:200], y_train=digits.y_train[:200])
    monkeypatch.setattr(data, "load", lambda name: few)
    monkeypatch.setattr(removal, "ONE_IN", 20)
    monkeypatch.setattr(filtering, "N_SCAN", 100)
    monkeypatch.setattr(costs, "N_SCAN", 100)
    return start(First("digits", 3, 50, 3), FURTHER)


def same(a: nn.Module, b: nn.Module) -> bool:
    return values.digest(a) == values.digest(b)


def defended(name: str, begun: Start) -> cg.Defended:
    return cg.DEFENCES[name].train(begun, 0.1, **TAKES.get(name, {}))


# Defences


@pytest.mark.parametrize("name", cg.DEFENCES)
def test_a_defence_has_as_many_epochs_as_none_over_as_many_images(begun, monkeypatch, name: str):
    before, seen, cut = copy.deepcopy(begun.network), [], removal.to_remove(200)
    fit = cg.fit

    def noted(model, batches, epochs, **options):
        history = fit(model, batches, epochs, **options)
        images = torch.cat([labels for _, labels in batches(model, torch.Generator().manual_seed(0))])
        seen.extend([len(images)] * epochs)
        return history

    monkeypatch.setattr(cg, "fit", noted)
    after = defended(name, begun)
    assert same(begun.network, before) and not same(after.network, before)
    assert seen == ([200 - cut, 200 - 2 * cut] if "removal" in name else [200, 200]) and after.seconds > 0


@pytest.mark.parametrize("name", cg.DEFENCES)
def test_a_defence_computes_what_its_cost_counts(begun, monkeypatch, name: str):
    counted = 0.0
    forward = SmallCNN.forward

    def counting(model, x):
        nonlocal counted
        counted += len(x) * (1 if torch.is_grad_enabled() else costs.FORWARD)
        return forward(model, x)

    monkeypatch.setattr(SmallCNN, "forward", counting)
    defended(name, replace(begun, batch_size=48))  # which does not divide the images
    work = Work(200, FURTHER, 48, STEPS)
    assert counted == pytest.approx(cg.DEFENCES[name].passes(work))
    assert cg.cost(name, work) >= (1 if name != cg.AT_RANDOM else 0.9) and cg.cost(cg.NONE, work) == 1


@pytest.mark.parametrize("name", [name for name, defence in cg.DEFENCES.items() if not defence.knows_eps])
def test_a_defence_that_knows_no_eps_is_the_same_at_each(begun, name: str):
    train = cg.DEFENCES[name].train
    assert same(train(begun, 0.1).network, train(begun, 0.3).network) and same(
        train(begun, None).network, train(begun, 0.1).network
    )


def test_random_removal_differs_from_removal_in_which_images_go(begun, monkeypatch):
    """As many rounds from the same orders and a new optimiser each; what goes, stays away, and is not the worst."""
    taken, fit = [], cg.fit

    def noted(model, batches, epochs, **options):
        taken.append((batches.kept if hasattr(batches, "kept") else batches, options["seed"]))
        return fit(model, batches, epochs, **options)

    monkeypatch.setattr(cg, "fit", noted)
    for name in ("removal", cg.AT_RANDOM):
        defended(name, begun)
    chosen, drawn = [[{image.numpy().tobytes() for image in one.x} for one, _ in of] for of in (taken[:2], taken[2:])]
    assert [seed for _, seed in taken[:2]] == [seed for _, seed in taken[2:]]
    assert drawn[1] < drawn[0] and chosen[0] != drawn[0]


def test_a_round_removes_as_large_a_share_as_in_its_paper():
    assert removal.to_remove(60_000) == 100 and removal.to_remove(4_000) == 7


def test_removal_is_reading_b_of_the_loop(begun):
    fgsm = attacks.FGSM(eps=0.1)
    setting = unlearning.Setting(*begun.train, fgsm, 10, 3, 1, SmallCNN, begun.seed, batch_size=50)
    *_, last = unlearning.rounds("b", begun.network, setting, 2)
    assert same(cg.removed(begun, 0.1).network, last.network)


def test_retraining_is_mitigation_s_on_training_images(begun):
    begun = replace(begun, batch_size=64)
    fgsm = attacks.FGSM(eps=0.1)
    expected, _ = retraining.retrained(begun.network, fgsm, [begun.train], FURTHER, seed=begun.seed)
    assert same(cg.retrained(begun, 0.1).network, expected)


def test_fine_tuning_moves_less_than_retraining_on_the_same_images(begun):
    moved = []
    for defend in (cg.fine_tuned, cg.retrained):
        pairs = zip(defend(begun, 0.1).network.state_dict().values(), begun.network.state_dict().values(), strict=True)
        moved.append(sum((after - before).norm().item() for after, before in pairs))
    assert 0 < moved[0] < moved[1] / 2


def test_pgd_training_sees_attacked_images_alone_and_from_new_starts_each_time(begun):
    x, y = begun.train
    batches = Attacked(x, y, attacks.PGD(eps=0.1, steps=1), batch_size=100)
    generator, order = torch.Generator().manual_seed(5), torch.Generator().manual_seed(5)
    (first, labels), _ = batches(begun.network, generator)
    chosen = torch.randperm(200, generator=order)[:100]
    moved = (first - x[chosen]).abs().flatten(1).amax(1)
    assert torch.equal(labels, y[chosen]) and len(batches) == 2
    assert (moved > 0.05).all() and moved.max() <= 0.1 + 1e-6
    one = replace(batches, x=x[:1].repeat(200, 1, 1, 1), y=y[:1].repeat(200))
    (begins, _), (again, _) = one(begun.network, generator)
    assert torch.equal(begins[0], begins[1]) and not torch.equal(begins[0], again[0])


@pytest.mark.parametrize(("further", "expected"), [(1, [0.3]), (3, [0.15, 0.3, 0.3]), (5, [0.1, 0.2, 0.3, 0.3, 0.3])])
def test_a_rising_eps_reaches_the_full_one_half_way(begun, monkeypatch, further: int, expected: list[float]):
    seen = []

    def noted(model, batches, epochs, **options):
        seen.append((batches.attack.eps, batches.attack.steps, epochs, options["seed"]))
        return History()

    monkeypatch.setattr(cg, "fit", noted)
    cg.pgd_trained_rising(replace(begun, further=further), 0.3, pgd_steps=STEPS)
    assert [eps for eps, *_ in seen] == pytest.approx(expected)
    assert {(steps, epochs) for _, steps, epochs, _ in seen} == {(STEPS, 1)}
    assert len({seed for *_, seed in seen}) == further  # another order of images each time


def test_madry_s_schedule_is_the_published_one(begun, monkeypatch):
    seen = {}

    def noted(model, batches, epochs, **options):
        seen.update(options, batches=batches, epochs=epochs)
        return History()

    monkeypatch.setattr(madry, "fit", noted)
    madry.trained("digits", madry.EPOCHS, 0)
    attack = seen["batches"].attack
    assert (attack.eps, attack.step, attack.steps, attack.random_start) == (0.3, 0.01, 40, True)
    assert (seen["batches"].batch_size, seen["lr"]) == (50, 1e-4)
    assert abs(seen["epochs"] * 60_000 / 50 - 100_000) < 1200  # within an epoch


# The filter


def test_a_kernel_that_is_zero_already_is_not_missed_and_the_scan_changes_nothing(begun):
    network = copy.deepcopy(begun.network)
    with torch.no_grad():
        network[0].weight[4] = 0
    before = copy.deepcopy(network)
    correct = filtering.scan(network, begun.train)
    assert correct.shape == (costs.kernels(), 100) and correct.dtype == bool
    assert (correct[4] == score(network, *(part[:100] for part in begun.train)).correct).all()
    assert len(set(correct.mean(1))) > 1 and same(network, before)


def test_the_filter_changes_the_first_weights_alone_and_amplifies_the_fragile_kernels(begun):
    plain, after = cg.undefended(begun, None).network, cg.filtered_by_median(begun, None).network
    fragile = torch.from_numpy(filtering.fragile_kernels(filtering.scan(plain, begun.train)))
    old, new = plain.state_dict(), after.state_dict()
    assert [name for name in old if not torch.equal(old[name], new[name])] == ["0.weight"]
    factors = new["0.weight"][fragile] / old["0.weight"][fragile]
    assert factors.min() > 1 and torch.allclose(factors, factors.mean(), atol=1e-4)
    assert (new["0.weight"][~fragile].norm() < old["0.weight"][~fragile].norm()) and 0 < fragile.sum() < 16


def test_as_printed_the_filter_does_nothing_while_every_singular_value_is_below_its_threshold(begun):
    plain = cg.undefended(begun, None).network
    change = filtering.changed(plain[0].weight, filtering.scan(plain, begun.train), READINGS[PRINTED])
    assert change.before.max() < change.tau and change.alpha == 1
    assert same(cg.filtered_as_printed(begun, None).network, plain)
    assert filtering.changed(plain[0].weight, filtering.scan(plain, begun.train), READINGS[MEDIAN]).alpha > 1


def test_kernels_are_told_apart_on_the_first_training_images_alone(begun):
    x, y = begun.train[0].clone(), begun.train[1]
    x[100:] = 0
    found, again = (filtering.scan(begun.network, train) for train in (begun.train, (x, y)))
    assert (found == again).all()


# Batches


def test_the_batches_of_removal_leave_the_worst_out(begun):
    x, y = begun.train
    batches = removal.WithoutWorst(x, y, attacks.FGSM(eps=0.1), begun.network, 15, batch_size=60)
    yielded = list(batches(begun.network, torch.Generator().manual_seed(0)))
    assert len(yielded) == len(batches) == 4 and sum(len(labels) for _, labels in yielded) == 185
    losses = removal.attacked_losses(begun.network, attacks.FGSM(eps=0.1), x, y)
    worst = losses.argsort(descending=True)[:15].tolist()
    kept = [number for number in range(200) if number not in worst]
    assert torch.equal(batches.kept.x, x[kept]) and isinstance(batches.kept, Shuffled)
