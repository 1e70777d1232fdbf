"""What is captured, when and for how long: with a stand-in for CUDA's graphs."""

import copy
import gc
import threading
import weakref
from dataclasses import dataclass

import pytest
import torch
from stand_in import Journal, StandIn
from torch import Tensor, nn

from lib.train import graphs


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Journal:
    """From here on the CPU captures: what it did."""
    journal = Journal()
    monkeypatch.setitem(graphs.BACKENDS, "cpu", lambda: StandIn(journal))
    return journal


# One function.


@dataclass(frozen=True)
class Setting:
    factor: float


def scaled(setting: Setting, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return setting.factor * x + y, x


def outputs(model: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        return model(x)


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def test_the_fourth_call_is_captured_and_replayed_and_each_result_stays(stand_in):
    with graphs.kept():
        function = graphs.Captured(scaled, Setting(2.0))
        given = [(numbers(3, seed=i), numbers(3, seed=9 - i)) for i in range(6)]
        found = [function(*pair) for pair in given]
    assert stand_in == Journal({"scaled": 3}, {"scaled": 1}, {"scaled": 3})
    for number, ((x, y), (total, same)) in enumerate(zip(given, found, strict=True)):
        assert torch.equal(total, 2 * x + y) and torch.equal(same, x)
        assert torch.equal(x, numbers(3, seed=number)), "what is given is left alone"


def test_a_function_of_one_result_gives_a_tensor(stand_in):
    with graphs.kept():
        found = [graphs.Captured(torch.neg)(numbers(2, seed=i)) for i in range(5)]
    assert all(torch.equal(one, -numbers(2, seed=i)) for i, one in enumerate(found))
    assert stand_in.replayed["neg"] == 2


def test_outside_of_a_training_or_an_attack_nothing_is_captured(stand_in):
    for _ in range(6):
        graphs.Captured(scaled, Setting(2.0))(numbers(3), numbers(3))
    assert stand_in == Journal()


def test_where_nothing_captures_functions_are_called():
    with graphs.kept():
        function = graphs.Captured(scaled, [])  # could be no key
        with pytest.raises(AttributeError, match="factor"):
            function(numbers(3), numbers(3))


@pytest.mark.parametrize(
    "other",
    [
        lambda: graphs.Captured(scaled, Setting(3.0))(numbers(2, 3), numbers(2, 3)),
        lambda: graphs.Captured(scaled, Setting(2.0))(numbers(3, 3), numbers(3, 3)),
        lambda: graphs.Captured(scaled, Setting(2.0))(numbers(3, 2).t(), numbers(2, 3)),
        lambda: graphs.Captured(scaled, Setting(2.0))(numbers(2, 3).double(), numbers(2, 3)),
        lambda: torch.no_grad()(graphs.Captured(scaled, Setting(2.0)))(numbers(2, 3), numbers(2, 3)),
    ],
    ids=["setting", "shape", "strides", "type", "autograd"],
)
def test_another_signature_warms_up_and_is_captured_by_itself(other, stand_in):
    def this() -> object:
        return graphs.Captured(scaled, Setting(2.0))(numbers(2, 3), numbers(2, 3))

    with graphs.kept():
        for call in (this, other, this, other, this, other, this, this):
            call()
        assert stand_in == Journal({"scaled": 6}, {"scaled": 1}, {"scaled": 2})
        other()
    assert stand_in == Journal({"scaled": 6}, {"scaled": 2}, {"scaled": 3})


def linear() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 2), nn.Dropout())


def test_a_capture_goes_on_while_weights_change_in_place(stand_in):
    model = linear().eval()
    with graphs.kept():
        for _ in range(6):
            with torch.no_grad():
                model[0].weight.add_(1)
            assert torch.equal(graphs.Captured(outputs, model)(numbers(4, 3)), outputs(model, numbers(4, 3)))
    assert stand_in.captured["outputs"] == 1 and stand_in.replayed["outputs"] == 3


def in_training(model: nn.Module) -> nn.Module:
    return model.train()


def frozen_in_part(model: nn.Module) -> nn.Module:
    model[0].bias.requires_grad_(False)
    return model


def of_other_parameters(model: nn.Module) -> nn.Module:
    model[0].weight = nn.Parameter(torch.ones(2, 3))
    return model


@pytest.mark.parametrize("change", [in_training, frozen_in_part, of_other_parameters, copy.deepcopy])
def test_a_network_that_is_another_gets_a_capture_of_its_own(change, stand_in):
    model = linear().eval()
    with graphs.kept():
        for _ in range(4):
            graphs.Captured(outputs, model)(numbers(4, 3))
        model = change(model)
        for _ in range(4):
            found = graphs.Captured(outputs, model)(numbers(4, 3))
    assert stand_in == Journal({"outputs": 6}, {"outputs": 2}, {"outputs": 2})
    if not model.training:
        assert torch.equal(found, outputs(model, numbers(4, 3)))


# How long captures live.


def test_the_outermost_context_keeps_captures_and_then_lets_go_of_all_that_they_hold(stand_in, monkeypatch):
    held: list[weakref.ref] = []
    capture = StandIn.capture

    def noted(self, function, tensors):
        held.extend(map(weakref.ref, tensors))
        return capture(self, function, tensors)

    monkeypatch.setattr(StandIn, "capture", noted)
    model = linear().eval()
    gone = weakref.ref(model)
    gc.disable()  # what only the collector would find is held too long
    try:
        with graphs.kept():
            for _ in range(6):
                with graphs.kept():
                    graphs.Captured(outputs, model)(numbers(4, 3))
            assert stand_in.captured["outputs"] == 1
            del model
            assert gone() is not None and held[0]() is not None, "no other network can take its place in memory"
        assert gone() is None and held[0]() is None
    finally:
        gc.enable()


def test_captures_end_with_an_error_too(stand_in):
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), graphs.kept():
            for _ in range(4):
                graphs.Captured(torch.neg)(numbers(2))
            raise KeyboardInterrupt
    assert stand_in.captured["neg"] == 2


def test_threads_have_captures_of_their_own(stand_in):
    def called() -> None:
        with graphs.kept():
            for _ in range(4):
                graphs.Captured(torch.neg)(numbers(2))

    with graphs.kept():
        thread = threading.Thread(target=called)
        thread.start()
        thread.join()
        assert stand_in.captured["neg"] == 1
        called()
    assert stand_in.captured["neg"] == 2
