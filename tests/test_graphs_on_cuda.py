"""CUDA's graphs against plain calls, on a GPU: the same numbers, and nothing waits for the device."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from devices import DEVICE
from fragility_networks import fresh
from test_attacks import ATTACKS, named
from torch import Tensor, nn

from lib import attack as attacks
from lib.chapters.fragile_neurons.kernels import correct_without
from lib.measure.score import logits
from lib.models import SimpleCNN, StridedCNN, build, resnet
from lib.train import graphs, loop
from lib.train.batches import Attacked, Augmented, Batches, Mixed, Shuffled
from lib.train.loop import fit

pytestmark = pytest.mark.cuda


@pytest.fixture(autouse=True)
def float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """No TF32: what is compared to 1e-6 is computed to that."""
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", False)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


@pytest.fixture
def captures(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the functions that are captured."""
    names: list[str] = []
    capture = graphs.CudaGraphs.capture

    def noted(self, function, tensors):
        names.append(function.func.__name__)
        return capture(self, function, tensors)

    monkeypatch.setattr(graphs.CudaGraphs, "capture", noted)
    return names


def both(monkeypatch: pytest.MonkeyPatch, compute: Callable[[], object]) -> tuple[object, object]:
    """What is computed by plain calls, and what by captures."""
    with monkeypatch.context() as patch:
        patch.delitem(graphs.BACKENDS, "cuda")
        plain = compute()
    return plain, compute()


def outputs(model: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        return model(x)


# Trainings.


def batches_of(kind: str, digits) -> Batches:
    x, y = digits.x_train[:200], digits.y_train[:200]
    pgd = attacks.PGD(0.1, steps=6)
    return {
        "whole": Shuffled(x, y, 50),
        "ragged": Shuffled(x, y, 60),
        "moved": Augmented(x, y, 50),
        "Madry's": Attacked(x, y, pgd, 50),
        "mixed with FGSM": Mixed(x, y, attacks.FGSM(0.1), 50),
        "mixed with PGD": Mixed(x, y, pgd, 50),
    }[kind]


@pytest.mark.parametrize("network", [SimpleCNN, StridedCNN])  # with dropout; with batch norm as well
@pytest.mark.parametrize("kind", ["whole", "ragged", "moved", "Madry's", "mixed with FGSM", "mixed with PGD"])
def test_weights_after_twenty_steps(kind, network, digits, captures, monkeypatch):
    def train() -> tuple[dict[str, Tensor], list[float]]:
        model = build(network, 0, DEVICE)
        history = fit(model, batches_of(kind, digits), 5, seed=1, snapshots=None)
        return model.state_dict(), history.losses

    (weights, losses), (captured, found) = both(monkeypatch, train)
    assert captures.count("_step") == (2 if kind == "ragged" else 1)
    assert losses == pytest.approx(found, abs=1e-5)
    torch.testing.assert_close(captured, weights, rtol=0, atol=1e-6)


def test_autocast_within_the_step_is_captured_as_it_is(digits, captures, monkeypatch):
    def train() -> list[float]:
        model = build(resnet, 0, DEVICE, name="resnet18", images="digits")
        return fit(model, Shuffled(digits.x_train[:96], digits.y_train[:96], 16), 2, snapshots=None).losses

    plain, captured = both(monkeypatch, train)
    assert captures == ["_step"] and captured == pytest.approx(plain, rel=0.02)


def test_a_training_leaves_training_mode_no_gradients_and_no_memory(digits):
    model, batches = build(SimpleCNN, 0, DEVICE).eval(), batches_of("ragged", digits)
    fit(model, batches, 6, snapshots=None)  # what libraries set up once
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    fit(model, batches, 6, snapshots=None)
    torch.cuda.synchronize()
    assert torch.cuda.memory_allocated() <= before + 2**20
    assert all(module.training for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.fixture
def waiting_is_an_error() -> Iterator[Callable[[], None]]:
    """A function from whose call on the test fails where Python waits for the device."""
    yield lambda: torch.cuda.set_sync_debug_mode("error")
    torch.cuda.set_sync_debug_mode("default")


def test_no_step_of_a_training_waits_for_the_device(digits, waiting_is_an_error):
    model = build(SimpleCNN, 0, DEVICE).train()
    optimizer = torch.optim.Adam(model.parameters(), capturable=True, fused=True)
    total, batches = torch.zeros((), device=DEVICE), list(Shuffled(digits.x_train, digits.y_train)(model, seeded()))
    with graphs.kept():
        step = graphs.Captured(loop._step, model, optimizer)
        for number, batch in enumerate(batches[:10]):
            if number == 5:
                waiting_is_an_error()
            total = step(total, *batch)
        torch.cuda.set_sync_debug_mode("default")
    assert 0 < total.item() < 10 * 64 * 3


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


# Attacks.


FOLLOWING = [attack for attack in ATTACKS if isinstance(attack, attacks.FGSM | attacks.GradientStep | attacks.BIM)]


@pytest.mark.parametrize("attack", FOLLOWING, ids=named)
def test_attack_images(attack, trained, digits, captures, monkeypatch):
    # Stopping early and restarts attack other numbers of images at once in plain calls, whose sums round differently.
    double = getattr(attack, "early_stop", False) or getattr(attack, "restarts", 1) > 1
    model, x = (trained.double(), digits.x_test.double()) if double else (trained, digits.x_test)
    attack = replace(attack, batch_size=4)  # 20 on a GPU: ten batches, of which the fourth is captured
    plain, captured = both(monkeypatch, lambda: attack(model, x, digits.y_test))
    assert captures
    torch.testing.assert_close(captured, plain, rtol=0, atol=1e-12 if double else 1e-6)


def test_an_attack_leaves_gradients_modes_and_no_memory(trained, digits):
    model = trained.train()
    model[3].eval()
    model[0].weight.grad = kept = torch.ones_like(model[0].weight)
    modes = [module.training for module in model.modules()]
    attack = attacks.PGD(0.1, steps=10)
    attack(model, digits.x_test, digits.y_test)
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    attack(model, digits.x_test, digits.y_test)
    torch.cuda.synchronize()
    assert torch.cuda.memory_allocated() <= before + 2**20
    assert model[0].weight.grad is kept and torch.equal(kept, torch.ones_like(kept))
    assert [module.training for module in model.modules()] == modes


def test_in_one_context_another_shape_eps_or_network_is_attacked_as_it_should_be(trained, digits, captures):
    other = copy.deepcopy(trained)
    with torch.no_grad():
        other[0].weight.mul_(-1)
    x, y = digits.x_test, digits.y_test
    cases = [
        (attacks.BIM(eps, steps=8), model, size) for eps in (0.1, 0.2) for model in (trained, other) for size in (9, 50)
    ]
    expected = [attack(model, x[:size], y[:size]) for attack, model, size in cases]
    captures.clear()
    with graphs.kept():
        for _ in range(2):
            for (attack, model, size), found in zip(cases, expected, strict=True):
                torch.testing.assert_close(attack(model, x[:size], y[:size]), found, rtol=0, atol=1e-6)
    assert captures == ["uphill"] * len(cases)


def test_a_capture_follows_weights_that_change_in_place_and_none_that_are_replaced(trained, digits, captures):
    model, x, y = trained.eval(), digits.x_test[:50], digits.y_test[:50]
    attack = attacks.FGSM(0.1)

    def check() -> None:
        for _ in range(5):
            found = attack(model, x, y)
        torch.testing.assert_close(found, attack(copy.deepcopy(model), x, y), rtol=0, atol=1e-6)

    with graphs.kept():
        check()
        with torch.no_grad():
            model[0].weight.mul_(-1)
        check()
        assert captures == ["moved"]
        model[0].weight = nn.Parameter(-model[0].weight.detach())
        check()
    assert captures == ["moved"] * 2


def test_masks_end_an_attack_early(trained, digits, monkeypatch):
    attack = attacks.BIM(0.9, alpha=0.9, steps=40, early_stop=True)
    plain, masked = both(monkeypatch, lambda: attack(trained, digits.x_test, digits.y_test))
    assert torch.equal(logits(trained, plain).argmax(1), logits(trained, masked).argmax(1))


# The scan.


def test_the_scan(captures, monkeypatch):
    model = fresh()
    x = torch.rand(12, 1, 28, 28, generator=seeded()).to(DEVICE)
    y = outputs(model, x).argmax(1)
    plain, captured = both(monkeypatch, lambda: correct_without(model, x, y))
    np.testing.assert_array_equal(captured, plain)
    assert captures == ["_correct"]
