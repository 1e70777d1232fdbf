"""Attacks on the common ground, and a network judged by all of them."""

from dataclasses import replace

import nbformat
import numpy as np
import pytest
import torch
from devices import DEVICE
from torch import Tensor, nn

from lib import attack as attacks
from lib import book, data
from lib.chapters.common_ground.attacks import ATTACKS, CHECKS, RESTARTS, Case, nearest_adversarial
from lib.chapters.common_ground.chosen import choose
from lib.chapters.common_ground.first import First, held_out, sampled, start
from lib.chapters.common_ground.judging import WORST, judge_network
from lib.measure.red_flags import SEARCH, flags, probes
from lib.measure.score import score

ALLOWED = {"steps": 3, "queries": 10}


@pytest.fixture
def network(digits, monkeypatch) -> nn.Sequential:
    few = replace(digits, x_train=digits.x_train[:200], y_train=digits.y_train[:200])
    monkeypatch.setattr(data, "load", lambda name: few)
    return start(First("digits", 3, 50, 3)).network


@pytest.mark.parametrize("attack", choose(ATTACKS, ALLOWED), ids=lambda attack: attack.name)
def test_an_attack_stays_in_the_ball_and_the_pixel_range(network, digits, attack):
    x, y = digits.x_test[:20], digits.y_test[:20]
    x_adv = attack(Case(network, network, x, y, 0.1))
    assert (x_adv - x).abs().max() <= 0.1 + 1e-6 and x_adv.min() >= 0 and x_adv.max() <= 1
    assert torch.equal(x_adv, x) == (attack.name == "clean")


@pytest.mark.parametrize("attack", [attacks.BIM(eps=0.2, alpha=0.05), attacks.PGD(eps=0.2, alpha=0.05, steps=10)])
def test_stopping_on_images_that_are_fooled_changes_no_accuracy(network, digits, attack):
    """It counts an image as fooled where any step of the attack that goes on fools it, and no other."""
    x, y = digits.x_test[:60], digits.y_test[:60]
    never = np.ones(60, dtype=bool)
    for steps in range(0 if isinstance(attack, attacks.PGD) else 1, 11):
        never &= score(network, replace(attack, steps=steps)(network, x, y), y).correct
    never &= score(network, x, y).correct | isinstance(attack, attacks.PGD)  # BIM starts at the image itself
    stopped = score(network, replace(attack, early_stop=True)(network, x, y), y).correct
    assert np.array_equal(stopped, never) and 0 < never.sum() < score(network, x, y).correct.sum()


def test_how_far_l_bfgs_went_is_zero_where_it_had_not_to_go_and_infinite_where_it_failed(digits):
    x, y = digits.x_test[:6], torch.tensor([7, 7, 3, 3, 3, 7], device=DEVICE)
    seven = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).to(DEVICE)
    with torch.no_grad():
        seven[1].weight.zero_()
        seven[1].bias.copy_(10.0 * (torch.arange(10) == 7).to(DEVICE))
    assert nearest_adversarial(seven, x, y).tolist() == [np.inf, np.inf, 0, 0, 0, np.inf]


def test_pgd_40_takes_the_worst_of_its_restarts(network, digits):
    x, y = digits.x_test[:60], digits.y_test[:60]
    case = Case(network, network, x, y, 0.1)
    every, one = (attacks.PGD(eps=0.1, restarts=n, early_stop=True)(network, x, y) for n in (RESTARTS, 1))
    assert torch.equal(ATTACKS["PGD-40"](case), every) and torch.equal(CHECKS["one start"](case), one)
    assert not torch.equal(every, one), "the restarts change something here"


def darker(case: Case) -> Tensor:
    return (case.x - case.eps).clamp(0, 1)


def test_any_network_is_judged_by_all_attacks_and_by_those_of_one_s_own(network, digits):
    images = digits.x_test[:12], digits.y_test[:12]
    found = judge_network(network, images, 0.1, other=network, n_lbfgs=1, more={"darker": darker}, **ALLOWED)
    assert list(found.outcomes) == [WORST, *ATTACKS, "darker"] and found.checks.keys() == CHECKS.keys()
    assert all(hits.shape == (12,) for hits in found.outcomes.values()) and found.distances.shape == (1,)
    assert np.array_equal(found.correct["clean"], score(network, *images).correct)
    x_adv = (images[0] - 0.1).clamp(0, 1)
    assert np.array_equal(found.correct["darker"], score(network, x_adv, images[1]).correct)
    assert np.array_equal(found.worst, np.logical_and.reduce([*found.correct.values()]))


@pytest.mark.parametrize("name", [WORST, "FGSM", "AutoAttack", "one start"])
def test_an_attack_of_one_s_own_has_no_name_of_the_table_or_its_checks(network, digits, name):
    """Under such a name it would stand in for the book's attack, or for the worst case."""
    images = digits.x_test[:12], digits.y_test[:12]
    with pytest.raises(ValueError, match=f"have '{name}' already"):
        judge_network(network, images, 0.1, other=network, more={name: darker, "mine": darker}, **ALLOWED)


def twice_as_far(case: Case) -> Tensor:
    return (case.x + 2 * case.eps).clamp(0, 1)


def out_of_range(case: Case) -> Tensor:
    return case.x - case.eps


def in_place(case: Case) -> Tensor:
    return case.x.add_(2 * case.eps).clamp_(0, 1)


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (twice_as_far, "'mine' moves a pixel by 0.2, more than eps 0.1"),
        (in_place, "'mine' moves a pixel by 0.2, more than eps 0.1"),
        (out_of_range, r"'mine' gives pixels from -0.1 to .*, outside \[0, 1\]"),
        (lambda case: None, "'mine' gives a NoneType, not a tensor"),
    ],
    ids=["far", "in place", "range", "nothing"],
)
def test_an_attack_of_one_s_own_is_held_to_the_ball_and_the_pixel_range(network, digits, own, said):
    images = digits.x_test[:12].clone(), digits.y_test[:12]
    with pytest.raises(ValueError, match=said):
        judge_network(network, images, 0.1, other=network, more={"mine": own}, **ALLOWED)
    assert torch.equal(images[0], digits.x_test[:12])


def test_an_attack_of_one_s_own_takes_the_parameters_that_it_names(network, digits):
    def counted(case: Case, *, queries: int) -> Tensor:
        assert queries == ALLOWED["queries"]
        return case.x

    images = digits.x_test[:12], digits.y_test[:12]
    found = judge_network(network, images, 0.1, other=network, n_lbfgs=1, more={"counted": counted}, **ALLOWED)
    assert np.array_equal(found.correct["counted"], found.correct["clean"])


def test_a_class_that_eight_bits_do_not_hold_is_refused(digits):
    """It would be kept as another class."""
    wide = nn.Sequential(nn.Flatten(), nn.Linear(784, 300)).to(DEVICE)
    x, y = digits.x_test[:4], torch.tensor([0, 1, 255, 256], device=DEVICE)
    with pytest.raises(ValueError, match=r"a label is 256; .* from 0 to 255"):
        judge_network(wide, (x, y), 0.1, other=wide, n_lbfgs=1, **ALLOWED)
    assert judge_network(wide, (x[:3], y[:3]), 0.1, other=wide, n_lbfgs=1, **ALLOWED).y.tolist() == [0, 1, 255]


def test_a_judgement_raises_the_flags_that_the_checks_by_themselves_raise(network, digits):
    images = digits.x_test[:12], digits.y_test[:12]
    with torch.no_grad():
        for parameter in network[-1].parameters():
            parameter *= 1000  # so that gradients vanish
    found = judge_network(network, images, 0.1, other=network, n_lbfgs=1, **ALLOWED).flags
    expected = flags(probes(network, *images, 0.1, lambda x, y, eps: attacks.PGD(eps=eps)(network, x, y)))
    *alike, by_search = found
    assert alike == expected and len(alike) == 6 and alike[-1].raised and by_search.name == SEARCH
    cells = nbformat.read(book.source("common_ground"), as_version=4).cells
    (section,) = [cell.source for cell in cells if cell.source.startswith("## Red flags")]
    assert section.count("\n- ") == len(found) == 7 and "Seven checks" in section


def test_test_images_are_a_sample_and_so_are_those_of_fewer(all_digits):
    x, y = held_out("digits", 7)
    chosen = data.sample(all_digits.y_test, 7)
    assert torch.equal(x.cpu(), all_digits.x_test[chosen]) and torch.equal(y.cpu(), all_digits.y_test[chosen])
    fewer, _ = sampled((x, y), 3)
    assert len(fewer) == 3 and all((one == x).flatten(1).all(1).any() for one in fewer)
