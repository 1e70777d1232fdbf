"""The chapter's cells: what they depend on, and that their records are what is measured."""

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from lib import book, data
from lib.attack import FGSM, PGD, random_signs
from lib.chapters.common_ground import measure, measure_weights
from lib.chapters.common_ground.attacks import nearest_adversarial
from lib.chapters.common_ground.chosen import Chosen, choose
from lib.chapters.common_ground.costs import Work
from lib.chapters.common_ground.defences import DEFENCES, NONE, cost
from lib.chapters.common_ground.experiment import DRAWN, Experiment
from lib.chapters.common_ground.first import held_out, sampled, start
from lib.evidence.records import from_arrays, to_arrays
from lib.measure.score import score, under_attack
from lib.models.named import built
from lib.parameters import contract
from lib.run import profiles

SMALL = Experiment(
    seed=0,
    seeds=2,
    dataset="digits",
    epochs=2,
    further_epochs=1,
    batch_size=50,
    eps_small=0.1,
    eps_large=0.3,
    pgd_steps=2,
    n_judge=20,
    steps=2,
    queries=5,
    n_lbfgs=2,
    grid=3,
    madry=True,
)


@pytest.fixture
def few(digits, monkeypatch):
    found = replace(digits, x_train=digits.x_train[:200], y_train=digits.y_train[:200])
    monkeypatch.setattr(data, "load", lambda name: found)
    return found


def back(record):
    """A record as it is read from a file."""
    return from_arrays(type(record), to_arrays(record))


# Cells


def test_the_fields_are_the_notebook_s_parameters():
    assert [one.name for one in fields(Experiment)] == list(contract(book.source("common_ground")))


@pytest.mark.parametrize("profile", profiles.names())
def test_no_two_cells_are_one(profile: str):
    cells = Experiment.of(profiles.values("common_ground", profile, {})).cells()
    assert len({cell.digest for cell in cells}) == len({cell.name for cell in cells}) == len(cells)


def test_there_is_a_cell_for_each_network_and_one_for_all_eps_where_it_knows_none():
    networks = 2 * len(DEFENCES) * 2
    assert len(SMALL.attacked()) == len(SMALL.searched()) == len(SMALL.distances()) == networks
    assert len(set(SMALL.distances())) == networks - 2 * sum(not one.knows_eps for one in DEFENCES.values())
    assert len(SMALL.over_eps()) == 2 * len(DRAWN) * 2 and NONE in DRAWN
    assert len(set(SMALL.attacked())) == networks  # judged at two eps all the same


def test_madry_s_network_is_trained_where_it_is_asked_for_alone():
    assert not replace(SMALL, madry=False).madry_network()
    at = [cell.setting.eps for cell in replace(SMALL, eps_large=0.2).madry_network()]
    assert at == [0.3, 0.2] and len(set(SMALL.madry_network())) == 1


def test_a_smaller_eps_that_is_the_larger_one_is_refused():
    assert replace(SMALL, eps_small=0.4).refused() == "eps_small=0.4 is larger than eps_large=0.3"
    assert not SMALL.refused() and not replace(SMALL, eps_small=0.3).refused()


IMAGES = ("shown", "places")
"""The parts that know no network."""


def digests(experiment: Experiment) -> dict[str, str]:
    return {cell.label: cell.digest for cell in experiment.cells()}


def part(label: str) -> str:
    return label.removeprefix("common_ground: ").partition(",")[0]


@pytest.mark.parametrize(
    ("changed", "is_concerned"),
    [
        ({"seed": 1, "seeds": 1}, lambda label: False),
        ({"pgd_steps": 3}, lambda label: "PGD" in label),
        ({"queries": 6}, lambda label: part(label) in ("searched", "madry")),
        ({"steps": 3}, lambda label: part(label) in ("searched", "madry")),
        ({"grid": 4}, lambda label: part(label) == "over_eps"),
        ({"n_lbfgs": 3}, lambda label: part(label) in ("distances", "madry")),
        ({"n_judge": 21}, lambda label: part(label) not in ("first", "filter", "weights", "shown")),
        ({"further_epochs": 2}, lambda label: part(label) not in ("first", "madry", *IMAGES)),
        ({"epochs": 3}, lambda label: part(label) not in IMAGES),
    ],
    ids=lambda given: str(given) if isinstance(given, dict) else "concerned",
)
def test_a_cell_depends_on_its_own_parameters(changed: dict, is_concerned: Callable[[str], bool]):
    """The second of two networks may as well be the first of one."""
    before, after = digests(SMALL), digests(replace(SMALL, **changed))
    shared = before.keys() & after.keys()
    assert shared and {label for label in shared if before[label] != after[label]} == set(filter(is_concerned, shared))


def test_what_is_chosen_takes_its_own_parameters_alone():
    def alone(case):
        return case, {}

    def counted(case, *, queries):
        return case, {"queries": queries}

    found = choose({"a": alone, "b": counted}, {"queries": 5, "steps": 2})
    assert found == (Chosen("a", alone), Chosen("b", counted, (("queries", 5),)))
    assert [one("x") for one in found] == [("x", {}), ("x", {"queries": 5})]


def test_costs_are_those_of_the_parameters():
    assert SMALL.costs(200) == {name: cost(name, Work(200, 1, 50, 2)) for name in DEFENCES}


def test_it_says_whether_autoattack_is_the_reference_s():
    assert not SMALL.is_reference and replace(SMALL, steps=100, queries=5000).is_reference
    assert not replace(SMALL, steps=99, queries=5000).is_reference


# Records


def test_the_first_network_is_told_by_all_test_images(few):
    setting = SMALL.first()[0].setting
    found = back(measure.first(setting))
    assert np.array_equal(found.correct, score(start(setting).network, few.x_test, few.y_test).correct)
    assert (found.n_train, found.origin, found.parameters) == (200, few.origin, 166_406)


def cell_of(cells: list, words: str):
    (found,) = {cell for cell in cells if str(cell.setting) == words}
    return found.setting


def test_a_network_is_told_by_which_images_each_attack_leaves(few):
    setting = cell_of(SMALL.attacked(), "mixed batches, eps 0.1, seed 1")
    found = back(measure.attacked(setting))
    network, (x, y) = measure.trained(setting.network), held_out("digits", 20)
    assert np.array_equal(found.y, y.cpu().numpy()) and found.y.dtype == np.uint8 and found.seconds == network.seconds
    assert np.array_equal(found.correct["FGSM"], under_attack(network.network, FGSM(eps=0.1), x, y).correct)
    assert np.array_equal(found.correct["random signs"], score(network.network, random_signs(x, 0.1), y).correct)
    other = start(setting.other).network
    x_adv = PGD(eps=0.1)(other, x, y)
    assert np.array_equal(found.correct["transfer"], score(network.network, x_adv, y).correct)
    assert [*found.correct, *found.checks] == [one.name for one in (*setting.attacks, *setting.checks)]
    assert found.no_gradient.shape == (20,)
    searched = back(measure.searched(cell_of(SMALL.searched(), "mixed batches, eps 0.1, seed 1")))
    assert list(searched.correct) == ["Square", "AutoAttack"]


def test_a_curve_begins_at_clean_accuracy_and_each_eps_is_pgd_s(few):
    setting = cell_of(SMALL.over_eps(), "none, seed 0")
    found = back(measure.over_eps(setting))
    network, (x, y) = measure.trained(setting.network).network, held_out("digits", 20)
    assert found.correct.shape == (3, 20) and found.accuracies[0] == score(network, x, y).accuracy
    assert found.accuracies[1] == under_attack(network, PGD(eps=0.25, early_stop=True), x, y).accuracy
    assert found.accuracies[2] <= found.accuracies[1] <= found.accuracies[0]


def test_distances_are_of_some_of_the_images_judged(few):
    found = back(measure.distances(cell_of(SMALL.distances(), "none, seed 0")))
    assert found.l2.shape == (2,) and found.l2.dtype == np.float64
    network = measure.trained(SMALL.network("none", 0.1, 0)).network
    assert np.array_equal(found.l2, nearest_adversarial(network, *sampled(held_out("digits", 20), 2)))


def test_the_filter_is_told_by_its_singular_values(few):
    found = back(measure.filtering(SMALL.filter().setting))
    assert found.correct.shape == (16, 200) and len(found.changes) == 3
    printed, source, _ = found.changes.values()
    assert (printed.after <= printed.tau + 1e-12).all() and ((source.after == 0) | (source.after > source.tau)).all()


def test_madry_s_network_has_a_whole_judgement(few):
    setting = replace(SMALL.madry_network()[0].setting, epochs=0, attacks=SMALL.attacked()[0].setting.attacks[:3])
    found = back(measure.madry(setting))
    assert list(found.correct) == ["clean", "noise", "random signs"] and len(found.checks) == 3
    assert found.distances.shape == (2,) and found.seconds == 0


def test_weights_are_those_of_the_network_as_it_is_attacked(few):
    setting = SMALL.weights()[2].setting
    found = back(measure_weights.weights(setting))
    network = measure.trained(setting).network
    again = built(found.architecture, found.weights, "the record").to(few.x_test.device)
    assert setting.defence.name == "mixed batches" and setting.eps == 0.3
    assert np.array_equal(score(again, few.x_test, few.y_test).correct, found.correct)
    assert all(np.array_equal(one.cpu().numpy(), found.weights[name]) for name, one in network.state_dict().items())


def test_the_networks_kept_are_those_of_the_first_seed_at_the_larger_eps():
    kept = [cell.setting for cell in SMALL.weights()]
    assert [(one.defence.name, one.eps, one.first.seed) for one in kept] == [
        ("none", None, 0), ("retrained", 0.3, 0), ("mixed batches", 0.3, 0), ("PGD, rising eps", 0.3, 0)
    ]  # fmt: skip
    attacked = {cell.setting.network for cell in SMALL.attacked()}
    assert attacked.issuperset(kept)  # so that nothing is trained twice


def test_a_digit_of_each_class_is_shown(digits):
    found = back(measure_weights.shown(SMALL.shown().setting))
    assert sorted(found.y) == list(range(10)) and found.images.shape == (10, 28, 28)
    images = data.load("digits")
    x, y = held_out("digits", 10)
    assert np.array_equal(found.images / np.float32(255), x[:, 0].cpu().numpy()) and found.y.tolist() == y.tolist()
    assert all((images.x_test == one).flatten(1).all(1).any() for one in x)


@pytest.mark.parametrize("n", [10, 37, 500, 5000])
def test_the_shown_digits_have_their_places_among_the_judged(n: int):
    """What is judged at those places are those images."""
    setting = replace(SMALL, n_judge=n).places().setting
    found, (x, y) = back(measure_weights.places(setting)), held_out("digits", n)
    shown = measure_weights.shown(setting.shown)
    assert np.array_equal((x[found.places, 0] * 255).round().cpu().numpy(), shown.images)
    assert np.array_equal(y[found.places].cpu().numpy(), shown.y)


def test_a_shown_digit_that_is_not_judged_has_no_place(monkeypatch):
    monkeypatch.setattr(data, "sample", lambda y, n: torch.arange(n, 2 * n))
    with pytest.raises(ValueError, match="not all images that are shown are among the 40 that are judged"):
        measure_weights.places(replace(SMALL, n_judge=40).places().setting)
