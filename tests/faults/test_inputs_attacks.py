"""Images, labels and networks as strangers hold them: attacks and scores give what they give for plain ones, or raise.

What is refused with which advice is in tests/test_attack_inputs.py.
"""

import copy
import math
from collections.abc import Callable

import pytest
import torch
from test_attack_inputs import EVERY, NAMES, Does, N, every, network
from torch import Tensor, nn

from lib.measure.score import Score

TYPES = ["float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2", "complex64", "complex128", "bool"]
TYPES += ["uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"]

IMAGES: dict[str, Callable[[Tensor], object]] = {
    "channels last": lambda x: x.contiguous(memory_format=torch.channels_last),
    "mirrored twice": lambda x: x.flip(3).flip(3),
    "transposed": lambda x: x.transpose(2, 3).contiguous().transpose(2, 3),
    "every other": lambda x: torch.stack([x, 1 - x], 1)[:, 0],
    "a slice of more": lambda x: torch.cat([1 - x, x, 1 - x])[N : 2 * N],
    "a batch of none": lambda x: x[:0],
    "a batch of one": lambda x: x[:1],
    "with a gradient": lambda x: x.clone().requires_grad_(),
    "a parameter": lambda x: nn.Parameter(x.clone()),
    "a view that is negated": lambda x: torch._neg_view(-x),
    **{name: (lambda x, name=name: x.to(getattr(torch, name))) for name in TYPES},
    "sparse": lambda x: x.to_sparse(),
    "on no device": lambda x: x.to("meta"),
    "without a pixel": lambda x: x[:, :, :0],
    "infinite": lambda x: x.index_fill(0, torch.tensor([3], device=x.device), math.inf),
    "NumPy's": lambda x: x.cpu().numpy(),
    "a list": lambda x: x.tolist(),
    "nothing": lambda x: None,
}
LABELS: dict[str, Callable[[Tensor], object]] = {
    **{name: (lambda y, name=name: y.to(getattr(torch, name))) for name in TYPES},
    "every other": lambda y: torch.stack([y, y + 1], 1)[:, 0],
    "one-hot": lambda y: nn.functional.one_hot(y, 10),
    "a column": lambda y: y[:, None],
    "one for all": lambda y: y[0],
    "one too few": lambda y: y[1:],
    "below 0": lambda y: y - 100,
    "of no class": lambda y: y + 10,
    "far of no class": lambda y: y + 2**40,
    "on no device": lambda y: y.to("meta"),
    "NumPy's": lambda y: y.cpu().numpy(),
    "a list": lambda y: y.tolist(),
    "nothing": lambda y: None,
}
SURE = ["channels last", "mirrored twice", "transposed", "every other", "a slice of more", "a batch of none"]
SURE += ["a batch of one", "with a gradient", "a parameter", "float32"]
"""Forms in which images are always taken."""
SURE_LABELS = ["int64", "int32", "int16", "int8", "uint8", "every other"]

EQUAL = 1e-6
"""Another layout may round otherwise."""

FORMS = [("images", name) for name in IMAGES] + [("labels", name) for name in LABELS]


class Tired(nn.Module):
    """A network that raises at one of its calls."""

    def __init__(self, whole: nn.Module, call: int) -> None:
        super().__init__()
        self.whole, self.left = whole, call

    def forward(self, x: Tensor) -> Tensor:
        self.left -= 1
        if self.left == 0:
            raise ArithmeticError("tired")
        return self.whole(x)


@pytest.fixture
def net() -> nn.Module:
    """A network in training mode, one of whose parameters takes no gradient."""
    net = nn.Sequential(network(), nn.Dropout(0.5)).train()
    net[0][1].bias.requires_grad_(False)
    net[0][1].eval()
    return net


@pytest.fixture
def x() -> Tensor:
    return torch.rand(N, 1, 28, 28, generator=torch.Generator().manual_seed(0)).to(next(network().parameters()).device)


@pytest.fixture
def y(x: Tensor) -> Tensor:
    return network()(x).argmax(1)


def values(found: Tensor | Score) -> Tensor:
    return torch.as_tensor(found.losses if isinstance(found, Score) else found).detach().cpu()


def state(net: nn.Module) -> list:
    """All that an attack leaves as it was."""
    modes = [module.training for module in net.modules()]
    asked = [(one.requires_grad, one.grad, one.detach().clone().tolist()) for one in net.parameters()]
    return [modes, asked, torch.is_grad_enabled(), torch.get_rng_state().tolist(), len(net._forward_hooks)]


@pytest.mark.campaign
@pytest.mark.filterwarnings("ignore")
@pytest.mark.survives(
    "inputs",
    "Every attack, and the score, is given images of every type, layout and size, and labels of every type and form.",
    "The result is that of the plain form, or an error; the network is left as it was.",
    times=63,
)
@every
def test_another_form_gives_the_same_or_an_error(does: Callable, net: nn.Module, x: Tensor, y: Tensor) -> None:
    assert len(FORMS) == 63
    plain, before = values(does(net, x, y)), state(net)
    for what, name in FORMS:
        given = (IMAGES[name](x), y) if what == "images" else (x, LABELS[name](y))
        given = (given[0], y[: len(given[0])]) if name.startswith("a batch") else given
        try:
            found = values(does(net, *given))
        except (ValueError, RuntimeError, NotImplementedError, IndexError, AttributeError) as error:
            assert name not in (SURE if what == "images" else SURE_LABELS), f"{name}: {error}"
            assert str(error)
        else:
            wanted = plain[: len(given[0])].view(found.shape)
            assert torch.allclose(found.float(), wanted, atol=EQUAL), f"{what}, {name}: another result"
        assert state(net) == before, f"{what}, {name}: the network is left otherwise"


@pytest.mark.survives(
    "inputs",
    "A network raises in the middle of an attack, at its first to its sixth call.",
    "Its own error comes through, the network is left as it was, and the next attack is that of an undisturbed one.",
    times=6,
)
@every
def test_a_network_that_raises_midway_is_left_as_it_was(does: Callable, net: nn.Module, x: Tensor, y: Tensor) -> None:
    plain = values(does(net, x, y))
    raised = 0
    for call in range(1, 7):
        tired = Tired(net, call)
        before = state(tired)
        try:
            values(does(tired, x, y))
        except ArithmeticError as error:
            assert str(error) == "tired"
            raised += 1
        assert state(tired) == before
        assert torch.equal(values(does(tired, x, y)) if tired.left <= 0 else plain, plain)
    assert raised >= 1


@pytest.mark.survives(
    "inputs",
    "A network draws random numbers in its forward pass.",
    "An attack stays in its ball and among the pixels, and what it draws is not the caller's.",
)
@pytest.mark.parametrize("does", EVERY[:-1], ids=NAMES[:-1])
def test_a_random_network_is_attacked_within_the_ball(does: Callable, x: Tensor, y: Tensor) -> None:
    noisy = nn.Sequential(Does(lambda images: images + 0.1 * torch.randn_like(images)), copy.deepcopy(network()))
    found = does(noisy, x, y)
    eps = getattr(does, "eps", 0.3)
    assert found.shape == x.shape and found.min() >= 0 and found.max() <= 1
    assert not math.isfinite(eps) or type(does).__name__ == "GradientStep" or (found - x).abs().max() <= eps + EQUAL
