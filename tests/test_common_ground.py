"""One footing for all defences, the batches they train on, and what is kept of the judgement."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from lib import attacks, defences, unlearning
from lib import common_ground as cg
from lib.evaluation import score
from lib.intervals import rate
from lib.models import SmallCNN
from lib.red_flags import Flag
from lib.training import History, Shuffled

RECIPE = cg.Recipe(epochs=3, further=2, batch_size=50, pgd_steps=2, remove=10, n_scan=100)
STRENGTH = cg.Strength(restarts=2, steps=3, queries=10)


@pytest.fixture
def begun(digits, tmp_path: Path) -> cg.Start:
    return cg.start((digits.x_train[:200], digits.y_train[:200]), RECIPE, 3, tmp_path / "cells")


@pytest.fixture
def judge(begun, digits, tmp_path: Path) -> cg.Judge:
    images = digits.x_test[:30], digits.y_test[:30]
    return cg.Judge(images, copy.deepcopy(begun.network), STRENGTH, 2, (0.0, 0.3), tmp_path / "cells")


def same(a: nn.Module, b: nn.Module) -> bool:
    return cg.weights_digest(a) == cg.weights_digest(b)


# Defences


@pytest.mark.parametrize("name", cg.DEFENCES)
def test_a_defence_has_as_many_epochs_as_none_over_as_many_images(begun, monkeypatch, name: str):
    before, seen = copy.deepcopy(begun.network), []
    fit = cg.fit

    def noted(model, batches, epochs, **options):
        history = fit(model, batches, epochs, **options)
        images = torch.cat([labels for _, labels in batches(model, torch.Generator().manual_seed(0))])
        seen.extend([len(images)] * epochs)
        return history

    monkeypatch.setattr(cg, "fit", noted)
    after = cg.DEFENCES[name](begun, 0.1)
    assert same(begun.network, before) and not same(after.network, before)
    assert seen == ([190, 180] if name == "removal" else [200, 200]) and after.seconds > 0


@pytest.mark.parametrize("name", cg.DEFENCES)
def test_a_defence_computes_what_its_cost_counts(begun, monkeypatch, name: str):
    counted = 0.0
    forward = SmallCNN.forward

    def counting(model, x):
        nonlocal counted
        counted += len(x) * (1 if torch.is_grad_enabled() else cg.FORWARD)
        return forward(model, x)

    monkeypatch.setattr(SmallCNN, "forward", counting)
    begun = replace(begun, recipe=replace(RECIPE, batch_size=48))  # which does not divide the images
    cg.DEFENCES[name](begun, 0.1)
    assert counted == pytest.approx(cg.PASSES[name](begun.recipe, 200))
    assert cg.cost(name, begun.recipe, 200) >= 1 == cg.cost(cg.NONE, begun.recipe, 200)


def test_removal_is_reading_b_of_the_loop(begun):
    fgsm = attacks.FGSM(eps=0.1)
    setting = unlearning.Setting(*begun.train, fgsm, 10, 3, 1, SmallCNN, begun.seed, batch_size=50)
    *_, last = unlearning.rounds("b", begun.network, setting, 2)
    assert same(cg.removed(begun, 0.1).network, last.network)


def test_retraining_is_mitigation_s_on_training_images(begun):
    begun = replace(begun, recipe=replace(RECIPE, batch_size=64))
    fgsm = attacks.FGSM(eps=0.1)
    expected, _ = defences.retrained(begun.network, fgsm, [begun.train], RECIPE.further, seed=begun.seed)
    assert same(cg.retrained(begun, 0.1).network, expected)


def test_fine_tuning_moves_less_than_retraining_on_the_same_images(begun):
    moved = []
    for defend in (cg.fine_tuned, cg.retrained):
        pairs = zip(defend(begun, 0.1).network.state_dict().values(), begun.network.state_dict().values(), strict=True)
        moved.append(sum((after - before).norm().item() for after, before in pairs))
    assert 0 < moved[0] < moved[1] / 2


def test_pgd_training_sees_attacked_images_alone_and_from_new_starts_each_time(begun):
    x, y = begun.train
    batches = cg.Attacked(x, y, attacks.PGD(eps=0.1, steps=1), batch_size=100)
    generator, order = torch.Generator().manual_seed(5), torch.Generator().manual_seed(5)
    (first, labels), _ = batches(begun.network, generator)
    chosen = torch.randperm(200, generator=order)[:100]
    moved = (first - x[chosen]).abs().flatten(1).amax(1)
    assert torch.equal(labels, y[chosen]) and len(batches) == 2
    assert (moved > 0.05).all() and moved.max() <= 0.1 + 1e-6
    one = replace(batches, x=x[:1].repeat(200, 1, 1, 1), y=y[:1].repeat(200))
    (start, _), (again, _) = one(begun.network, generator)
    assert torch.equal(start[0], start[1]) and not torch.equal(start[0], again[0])


@pytest.mark.parametrize(("further", "expected"), [(1, [0.3]), (3, [0.15, 0.3, 0.3]), (5, [0.1, 0.2, 0.3, 0.3, 0.3])])
def test_a_rising_eps_reaches_the_full_one_half_way(begun, monkeypatch, further: int, expected: list[float]):
    seen = []

    def noted(model, batches, epochs, **options):
        seen.append((batches.attack.eps, batches.attack.steps, epochs, options["seed"]))
        return History()

    monkeypatch.setattr(cg, "fit", noted)
    cg.pgd_trained_rising(replace(begun, recipe=replace(RECIPE, further=further)), 0.3)
    assert [eps for eps, *_ in seen] == pytest.approx(expected)
    assert {(steps, epochs) for _, steps, epochs, _ in seen} == {(RECIPE.pgd_steps, 1)}
    assert len({seed for *_, seed in seen}) == further  # another order of images each time


def test_madry_s_schedule_is_the_published_one(begun, monkeypatch):
    seen = {}

    def noted(model, batches, epochs, **options):
        seen.update(options, batches=batches, epochs=epochs)
        return History()

    monkeypatch.setattr(cg, "fit", noted)
    cg.madry(begun.train, 0)
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
    x, y = begun.train
    accuracies = cg.scan(network, x, y)["accuracies"]
    assert accuracies[4] == score(network, x, y).accuracy and len(set(accuracies)) > 1 and same(network, before)


def test_the_filter_changes_the_first_weights_alone_and_amplifies_the_fragile_kernels(begun):
    plain, after = cg.undefended(begun, 0.1).network, cg.filtered_as_cited(begun, 0.1).network
    fragile = torch.from_numpy(cg.fragile_kernels(begun, plain)["fragile"])
    old, new = plain.state_dict(), after.state_dict()
    assert [name for name in old if not torch.equal(old[name], new[name])] == ["0.weight"]
    factors = new["0.weight"][fragile] / old["0.weight"][fragile]
    assert factors.min() > 1 and torch.allclose(factors, factors.mean(), atol=1e-4)
    assert (new["0.weight"][~fragile].norm() < old["0.weight"][~fragile].norm()) and 0 < fragile.sum() < 16


def test_as_printed_the_filter_does_nothing_while_every_singular_value_is_below_its_threshold(begun):
    plain = cg.undefended(begun, 0.1).network
    change = cg.filtering(begun, plain, cg.PRINTED)
    assert change.before.max() < change.tau and change.alpha == 1
    assert same(cg.filtered_as_printed(begun, 0.1).network, plain)


def test_kernels_are_told_apart_on_training_images_alone(begun):
    other = replace(begun, train=(begun.train[0].clone(), begun.train[1]))
    other.train[0][100:] = 0  # beyond those that are looked at
    found, again = (cg.fragile_kernels(one, begun.network)["accuracies"] for one in (begun, other))
    assert found == again


# Attacks


@pytest.mark.parametrize("name", cg.ATTACKS)
def test_an_attack_stays_in_the_ball_and_the_pixel_range(begun, digits, name: str):
    x, y = digits.x_test[:20], digits.y_test[:20]
    x_adv = cg.ATTACKS[name](cg.Case(begun.network, begun.network, x, y, 0.1, STRENGTH))
    assert (x_adv - x).abs().max() <= 0.1 + 1e-6 and x_adv.min() >= 0 and x_adv.max() <= 1
    assert torch.equal(x_adv, x) == (name == "clean")


@pytest.mark.parametrize("attack", [attacks.BIM(eps=0.2, alpha=0.05), attacks.PGD(eps=0.2, alpha=0.05, steps=10)])
def test_stopping_on_images_that_are_fooled_changes_no_accuracy(begun, digits, attack):
    """It counts an image as fooled where any step of the attack that goes on fools it, and no other."""
    x, y = digits.x_test[:60], digits.y_test[:60]
    never = np.ones(60, dtype=bool)
    for steps in range(0 if isinstance(attack, attacks.PGD) else 1, 11):
        never &= score(begun.network, replace(attack, steps=steps)(begun.network, x, y), y).correct
    never &= score(begun.network, x, y).correct | isinstance(attack, attacks.PGD)  # BIM starts at the image itself
    stopped = score(begun.network, replace(attack, early_stop=True)(begun.network, x, y), y).correct
    assert np.array_equal(stopped, never) and 0 < never.sum() < score(begun.network, x, y).correct.sum()


def test_how_far_l_bfgs_went_is_zero_where_it_had_not_to_go_and_none_where_it_failed(digits):
    x, y = digits.x_test[:6], torch.tensor([7, 7, 3, 3, 3, 7])
    seven = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    with torch.no_grad():
        seven[1].weight.zero_()
        seven[1].bias.copy_(10.0 * (torch.arange(10) == 7))
    found = cg.nearest_adversarial(seven, x, y)["l2"]
    assert found == [None, None, 0, 0, 0, None]


# The table


def row(correct: dict[str, list], seconds: float = 1.0, flags: list[list[Flag]] | None = None) -> cg.Row:
    arrays = {name: [np.array(bits, dtype=bool) for bits in seeds] for name, seeds in correct.items()}
    return cg.Row(arrays, [np.array([1.0, np.inf, 3.0])], [[1.0]], flags or [[]], [seconds])


def test_the_worst_case_is_taken_image_by_image():
    one = row({"clean": [[1, 1, 1, 0]], "FGSM": [[1, 0, 1, 0]], "Square": [[0, 1, 1, 0]]})
    assert one.worst[0].tolist() == [False, False, True, False] and one.accuracy(cg.WORST) == 0.25
    assert list(one.outcomes) == ["clean", "FGSM", "Square", "worst case"]


def test_a_red_flag_counts_once_whichever_network_raises_it():
    up, down = Flag("one step", True, "0.1 after 40"), Flag("one step", False, "0.9")
    noisy = Flag("noise", True, "0.5")
    assert row({"clean": [[1]]}, flags=[[down], [up, noisy], [up]]).raised == {"one step": up.sentence, "noise": "0.5"}


def test_a_row_of_cells_says_how_many_images_l_bfgs_fooled_and_what_was_spent():
    cells = cg.row_cells("mixed", row({"clean": [[1, 1, 1, 0]]}, 2.5), "× 2.50")
    low = rate([np.array([1, 1, 1, 0], dtype=bool)]).low
    assert cells[0] == "mixed" and cells[1].startswith("0.750") and f"[{low:.2f}" in cells[1]
    assert cells[-3:] == ["3.00<br><small>2 of 3</small>", "2.5<br><small>× 2.50</small>", "–"]


def test_rows_are_ordered_by_what_is_left():
    of = {name: row({"clean": [[1] * many + [0] * (8 - many)]}) for many, name in enumerate(cg.DEFENCES)}
    assert cg.by_worst_case({0.1: of, 0.3: of}) == list(cg.DEFENCES)[::-1]
    assert cg.best(of, cg.FROM_PAPERS) == cg.FROM_PAPERS[-1]
    lost = {name: row({"clean": [[1, 0]], "FGSM": [[0, int(name == "retrained")]]}) for name in cg.DEFENCES}
    assert cg.best(lost, cg.FROM_PAPERS) == cg.by_worst_case({0.3: lost})[0] == "retrained"
    assert not {cg.NONE, *cg.YARDSTICKS} & set(cg.FROM_PAPERS)


def test_flags_are_listed_by_row_and_a_table_without_any_says_so():
    up = Flag("one step", True, "0.1 < 0.2")
    rows = {0.1: {"a": row({"clean": [[1]]}, flags=[[up]]), "b": row({"clean": [[1]]})}}
    assert cg.flag_cells(rows, ["b", "a"]) == [["a, eps 0.1", "one step", "0.1 &lt; 0.2"]]
    assert cg.flag_cells(rows, ["b"])[0][1] == "none is up"


# What is kept


def test_a_network_is_judged_once_and_another_anew(begun, judge, monkeypatch):
    first = cg.judged([cg.Defended(begun.network, 1.0)], [judge], 0.1)
    assert all(len(seeds[0]) == 30 for seeds in first.outcomes.values()) and len(first.distances[0]) == 2
    assert len(first.curves[0]) == 2 and len(first.flags[0]) == 6

    def refusing(name: str):
        def refuse(*_):
            raise AssertionError("measured again")

        refuse.__module__, refuse.__qualname__ = "lib.common_ground", name  # whose code decides the file
        return refuse

    for name in ("read_rightly", "nearest_adversarial", "accuracies_over_eps", "flags_raised"):
        monkeypatch.setattr(cg, name, refusing(name))
    again = cg.judged([cg.Defended(copy.deepcopy(begun.network), 1.0)], [judge], 0.1)
    assert again.curves == first.curves and again.flags == first.flags
    assert all(np.array_equal(again.correct[name][0], first.correct[name][0]) for name in cg.ATTACKS)
    changed = copy.deepcopy(begun.network)
    with torch.no_grad():
        changed[0].bias[0] += 1e-3
    for model, eps in ((changed, 0.1), (begun.network, 0.2)):
        with pytest.raises(AssertionError, match="measured again"):
            judge.correct(model, "FGSM", eps)


def test_digests_tell_weights_layers_and_images_apart(begun):
    network, wider = begun.network, nn.Sequential(*begun.network, nn.Identity())
    assert same(network, copy.deepcopy(network)) and not same(network, wider)
    x, y = begun.train
    digests = {cg.images_digest(*images) for images in ((x, y), (x[:100], y[:100]), (x, y.flip(0)), (x.flip(0), y))}
    assert len(digests) == 4 and cg.images_digest(x.clone(), y) in digests


def test_the_batches_of_removal_leave_the_worst_out(begun):
    x, y = begun.train
    batches = cg.WithoutWorst(x, y, attacks.FGSM(eps=0.1), begun.network, 15, batch_size=60)
    yielded = list(batches(begun.network, torch.Generator().manual_seed(0)))
    assert len(yielded) == len(batches) == 4 and sum(len(labels) for _, labels in yielded) == 185
    losses = unlearning.attacked_losses(begun.network, attacks.FGSM(eps=0.1), x, y)
    worst = losses.argsort(descending=True)[:15].tolist()
    kept = [number for number in range(200) if number not in worst]
    assert torch.equal(batches.kept.x, x[kept]) and isinstance(batches.kept, Shuffled)
