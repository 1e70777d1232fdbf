"""That trainings, attacks and the scan come out the same when their steps are captured: with a stand-in on the CPU."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from devices import CPU
from fragility_networks import fresh
from stand_in import Journal, StandIn
from test_attacks import ATTACKS, named
from torch import Tensor, nn

from lib import attack as attacks
from lib.attack import gradient
from lib.chapters.fragile_neurons.kernels import correct_without
from lib.models import SimpleCNN, build
from lib.train import graphs
from lib.train.batches import Attacked, Batches, Mixed, Shuffled
from lib.train.loop import fit


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Journal:
    """From here on the CPU captures: what it did."""
    journal = Journal()
    monkeypatch.setitem(graphs.BACKENDS, "cpu", lambda: StandIn(journal))
    return journal


def both(monkeypatch: pytest.MonkeyPatch, compute: Callable[[], object]) -> tuple[object, object, Journal]:
    """What is computed plainly, and what through the stand-in."""
    plain, journal = compute(), Journal()
    with monkeypatch.context() as patch:
        patch.setitem(graphs.BACKENDS, "cpu", lambda: StandIn(journal))
        return plain, compute(), journal


def outputs(model: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        return model(x)


# Trainings.


def batches_of(kind: str, digits) -> Batches:
    x, y = digits.x_train[:80].to(CPU), digits.y_train[:80].to(CPU)
    pgd = attacks.PGD(0.1, steps=2)
    return {
        "ragged": Shuffled(x, y, 32),
        "Madry's": Attacked(x, y, pgd, 32),
        "mixed with FGSM": Mixed(x, y, attacks.FGSM(0.1), 32),
        "mixed with PGD": Mixed(x, y, pgd, 32),
    }[kind]


@pytest.mark.parametrize("kind", ["ragged", "Madry's", "mixed with FGSM", "mixed with PGD"])
def test_training_comes_out_the_same_to_the_bit(kind, digits, monkeypatch):
    def train() -> tuple[dict[str, Tensor], list[float]]:
        model = build(SimpleCNN, 0, CPU)  # with dropout
        history = fit(model, batches_of(kind, digits), 5, lr=3e-3, snapshots=None)
        assert all(parameter.grad is None for parameter in model.parameters())
        return model.state_dict(), history.losses

    (weights, losses), (again, same), journal = both(monkeypatch, train)
    assert losses == same and all(torch.equal(weights[name], again[name]) for name in weights)
    # Five epochs of two batches of 32 and one of 16: each shape is captured at its fourth batch.
    assert (journal.run["_step"], journal.captured["_step"], journal.replayed["_step"]) == (6, 2, 9)
    if kind == "Madry's":  # and so is a step of the attack, once for the whole training, whatever the seeds
        assert journal.captured["uphill"] == 2 and journal.run["uphill"] == 6
        assert journal.replayed["uphill"] == 2 * 15 - 6
    if kind == "mixed with FGSM":
        assert journal.captured["moved"] == 2 and journal.replayed["moved"] == 9


def test_a_look_at_the_network_between_epochs_uses_captures_and_changes_nothing(digits, monkeypatch):
    def train() -> tuple[Tensor, list[Tensor]]:
        model, seen = build(SimpleCNN, 0, CPU), []

        def look(now: nn.Module) -> None:
            seen.append(attacks.FGSM(0.1)(now, digits.x_test[:20].to(CPU), digits.y_test[:20].to(CPU)))

        fit(model, batches_of("ragged", digits), 6, snapshots=None, each_epoch=look)
        return model[0].weight, seen

    (weight, seen), (again, same), journal = both(monkeypatch, train)
    assert torch.equal(weight, again) and all(torch.equal(*pair) for pair in zip(seen, same, strict=True))
    assert journal.replayed["moved"] == 3 and not torch.equal(seen[3], seen[4]), "of weights that have moved on"


# Attacks.


FOLLOWING = [attack for attack in ATTACKS if isinstance(attack, attacks.FGSM | attacks.GradientStep | attacks.BIM)]


@pytest.mark.parametrize("attack", FOLLOWING, ids=named)
def test_attacks_come_out_the_same(attack, trained, digits, monkeypatch):
    # In double precision where the stand-in attacks more images at once, whose sums round differently.
    early = getattr(attack, "early_stop", False) or getattr(attack, "restarts", 1) > 1
    model, x = (trained.double(), digits.x_test[:40].double()) if early else (trained, digits.x_test[:40])
    attack = replace(attack, batch_size=8)
    plain, captured, journal = both(monkeypatch, lambda: attack(model.to(CPU), x.to(CPU), digits.y_test[:40].to(CPU)))
    torch.testing.assert_close(captured, plain, rtol=0, atol=1e-12 if early else 0)
    assert sum(journal.captured.values()) > 0 and sum(journal.replayed.values()) > 0
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("steps", [0, 1, 5, 12])
@pytest.mark.parametrize("restarts", [1, 3])
def test_stopping_early_by_masks_is_stopping_early_image_by_image(steps, restarts, trained, digits, monkeypatch):
    model, x, y = trained.to(CPU).double(), digits.x_test[:60].to(CPU).double(), digits.y_test[:60].to(CPU)
    attack = attacks.PGD(0.1, alpha=0.01, steps=steps, restarts=restarts, early_stop=True, batch_size=30)
    plain, masked, _ = both(monkeypatch, lambda: attack(model, x, y))
    torch.testing.assert_close(masked, plain, rtol=0, atol=1e-12)
    if steps > 4:
        fooled = outputs(model.eval(), plain).argmax(1) != y
        assert fooled.float().mean() > 0.1 and not torch.equal(plain, x)


def test_where_shapes_stay_an_attack_ends_at_the_first_look_that_finds_no_image_left(trained, digits, monkeypatch):
    x, y = digits.x_test[:20].to(CPU), digits.y_test[:20].to(CPU)
    calls: list[int] = []
    uphill = attacks.BIM.uphill
    monkeypatch.setattr(attacks.BIM, "uphill", lambda *given: calls.append(len(given[2])) or uphill(*given))
    attack = attacks.BIM(0.9, alpha=0.9, steps=40, early_stop=True)
    both(monkeypatch, lambda: calls.append(0) or attack(trained.to(CPU), x, y))
    plain, masked = calls[1 : calls.index(0, 1)], calls[calls.index(0, 1) + 1 :]
    assert plain[0] == 20 and plain == sorted(plain, reverse=True) and len(plain) < 40
    assert set(masked) == {20} and len(masked) == -(-len(plain) // gradient.LOOK_EVERY) * gradient.LOOK_EVERY


def test_gradients_and_modes_are_as_they_were(stand_in, trained, digits):
    model = trained.to(CPU).train()
    model[3].eval()
    model[0].weight.grad = kept = torch.ones_like(model[0].weight)
    modes = [module.training for module in model.modules()]
    attacks.PGD(0.1, steps=8)(model, digits.x_test[:20].to(CPU), digits.y_test[:20].to(CPU))
    assert stand_in.replayed["uphill"] == 5
    assert model[0].weight.grad is kept and torch.equal(kept, torch.ones_like(kept))
    assert [parameter.grad is None for parameter in model.parameters()].count(False) == 1
    assert [module.training for module in model.modules()] == modes


# The scan.


def test_the_scan_comes_out_the_same(monkeypatch):
    model, x = fresh().to(CPU), torch.rand(12, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    y = outputs(model, x).argmax(1)
    plain, captured, journal = both(monkeypatch, lambda: correct_without(model, x, y))
    np.testing.assert_array_equal(captured, plain)
    assert journal == Journal({"_correct": 3}, {"_correct": 1}, {"_correct": 61})
