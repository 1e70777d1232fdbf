"""What attacks and scores take, and refuse where a number would be a lie; each case was reported of a library once."""

import copy
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from devices import DEVICE
from torch import Tensor, nn

from lib.attack import BIM, FGSM, LBFGS, PGD, Attack, GradientStep, LocalSearch, square
from lib.attack.autoattack import autoattack
from lib.attack.noise import noise
from lib.measure.red_flags import zero_gradients
from lib.measure.score import losses, score
from lib.models import SimpleCNN, build

N = 12
ATTACKS = [FGSM(), GradientStep(), BIM(steps=2), PGD(steps=2, restarts=2), LocalSearch(pixels=1, candidates=2)]
ATTACKS += [LBFGS(iterations=2, searches=1)]
OUTSIDE: list[Callable] = [
    lambda model, x, y: square(model, x, y, eps=0.3, queries=3),
    lambda model, x, y: autoattack(model, x, y, eps=0.3, steps=2, queries=3),
]
EVERY = [*ATTACKS, *OUTSIDE, score]
NAMES = [*(type(attack).__name__ for attack in ATTACKS), "square", "autoattack", "score"]
every = pytest.mark.parametrize("does", EVERY, ids=NAMES)


@pytest.fixture
def x() -> Tensor:
    return torch.rand(N, 1, 28, 28, generator=torch.Generator().manual_seed(0)).to(DEVICE)


def network(classes: int = 10) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(784, classes)).to(DEVICE)


@pytest.fixture
def net() -> nn.Module:
    return network()


@pytest.fixture
def y(net: nn.Module, x: Tensor) -> Tensor:
    return net(x).argmax(1)


class Does(nn.Module):
    """A layer that does something to what it is given."""

    def __init__(self, what: Callable) -> None:
        super().__init__()
        self.what = what

    def forward(self, x: Tensor) -> object:
        return self.what(x)


# What is refused


@pytest.mark.survives(
    "inputs",
    "A network detaches the images, or computes outside torch, and so has no gradient.",
    "Attacks that need one say so, and what can be done; those that search do without.",
)
@pytest.mark.parametrize("frozen", [False, True], ids=["trains", "frozen"])
@pytest.mark.parametrize("cut", [Tensor.detach, lambda x: torch.tensor(x.tolist(), device=x.device)])
def test_a_network_without_a_gradient_is_refused_by_attacks_that_follow_one(cut, frozen: bool, net, x, y) -> None:
    severed = nn.Sequential(Does(cut), net).requires_grad_(not frozen)
    for attack in (FGSM(), GradientStep(), BIM(steps=1), PGD(steps=1), LBFGS()):
        with pytest.raises(ValueError, match=r"logits have no gradient with respect to the images: .* \(BPDA\), or "):
            attack(severed, x, y)
    for search in (LocalSearch(pixels=1, candidates=2), OUTSIDE[0]):
        assert search(severed, x, y).shape == x.shape


@pytest.mark.parametrize(
    ("loss", "told"),
    [
        (lambda logits, y: nn.functional.cross_entropy(logits, y), r"a tensor of shape \(\)"),
        (lambda logits, y: logits, r"a tensor of shape \(\d+, 10\)"),
        (lambda logits, y: 1.0, "float"),
    ],
    ids=["a mean", "logits", "a number"],
)
def test_a_loss_that_is_not_one_an_image_is_refused(loss: Callable, told: str, net, x, y) -> None:
    for attack in (FGSM(loss=loss), PGD(steps=1, loss=loss), LocalSearch(pixels=1, candidates=2, loss=loss)):
        with pytest.raises(
            ValueError, match=rf"the loss returns {told} for \d+ images; one each is needed: reduction='none'"
        ):
            attack(net, x, y)


@pytest.mark.parametrize("count", [2.5, -1, float("nan"), "3"], ids=str)
@pytest.mark.parametrize(
    ("attack", "name"),
    [
        *((FGSM, "batch_size"), (BIM, "steps"), (PGD, "restarts"), (LocalSearch, "pixels")),
        *((LocalSearch, "candidates"), (LBFGS, "iterations"), (LBFGS, "searches")),
    ],
)
def test_what_is_counted_is_whole(attack: type[Attack], name: str, count: object) -> None:
    with pytest.raises(ValueError, match=f"{name} is {count}; a whole number is needed, at least [01]"):
        attack(**{name: count})
    assert getattr(attack(**{name: np.int64(2)}), name) == 2


@pytest.mark.parametrize("labels", [torch.int32, torch.uint8])
def test_labels_of_any_whole_type_are_looked_for_without_gradient(labels: torch.dtype, net, x, y) -> None:
    assert zero_gradients(net, FGSM(), x, y.to(labels)) == zero_gradients(net, FGSM(), x, y) == 0
    with pytest.raises(ValueError, match="divide them by 255"):
        zero_gradients(net, FGSM(), x * 255, y)


@pytest.mark.survives(
    "inputs",
    "Labels that are one-hot, fractions, below 0 or too few are given to each attack and to the score.",
    "They are refused in a sentence that says what labels are.",
)
@every
@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (lambda y: nn.functional.one_hot(y, 10).float(), r"labels of shape \(12, 10\); one each"),
        (lambda y: y.float(), "labels are float32"),
        (lambda y: torch.full_like(y, -100), "a label is -100; classes are counted from 0"),
        (lambda y: y[:3], r"12 images come with labels of shape \(3,\)"),
    ],
    ids=["one-hot", "floats", "ignore_index", "too few"],
)
def test_labels_that_are_none_are_refused(does: Callable, labels: Callable, told: str, net, x, y) -> None:
    with pytest.raises(ValueError, match=told):
        does(net, x, labels(y))


@pytest.mark.survives(
    "inputs",
    "A label is higher than the network has classes.",
    "It is refused in a sentence with the classes that there are.",
)
@every
@pytest.mark.parametrize("label", [10, 99])
def test_a_class_that_the_network_has_not_is_refused(does: Callable, label: int, net, x, y) -> None:
    y[5] = label
    with pytest.raises(ValueError, match=f"a label is {label}; the network has the classes 0 to 9"):
        does(net, x, y)


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES[: len(ATTACKS)])
def test_a_target_that_the_network_has_not_is_refused(attack: Attack, net, x, y) -> None:
    with pytest.raises(ValueError, match="a label is 10; the network has the classes 0 to 9"):
        replace(attack, targeted=True)(net, x, torch.full_like(y, 10))


@pytest.mark.survives(
    "inputs",
    "A network returns a tuple, nothing, one class, or a tensor of another shape.",
    "It is refused in a sentence that says what it returns and what is needed.",
)
@every
@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (lambda out: (out, out), "the network returns a tuple"),
        (lambda out: None, "the network returns a NoneType"),
        (lambda out: out[:, :1], r"shape \(\d+, 1\)"),
        (lambda out: out[:, :, None], r"shape \(\d+, 10, 1\)"),
        (lambda out: out.mean(0, keepdim=True).repeat(2, 1)[:2] if len(out) != 2 else out[:1], r"shape \(\d, 10\) for"),
    ],
    ids=["tuple", "nothing", "one class", "three dimensions", "another number"],
)
def test_a_network_that_returns_no_logits_is_refused(does: Callable, ends: Callable, told: str, net, x, y) -> None:
    with pytest.raises(ValueError, match=told):
        does(nn.Sequential(net, Does(ends)), x, y)


@pytest.mark.survives(
    "inputs",
    "Images are whole numbers, grey levels, normalised, a rounding out of range, or NaN.",
    "They are refused in a sentence that says what to do.",
)
@pytest.mark.parametrize("does", EVERY[:-1], ids=NAMES[:-1])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda x: (x * 255).to(torch.uint8), "images are uint8; floats are needed"),
        (lambda x: x * 255, "divide them by 255"),
        (lambda x: (x - 0.13) / 0.31, "normalisation belongs in the model"),
        (
            lambda x: x.clone().index_fill_(2, torch.tensor([3], device=x.device), 1.0000001),
            r"1\.00000012\], .* rounding",
        ),
        (
            lambda x: x.clone().index_fill_(0, torch.tensor([3, 5], device=x.device), math.nan),
            "2 of 12 images have .* NaN",
        ),
    ],
    ids=["integers", "grey levels", "normalised", "rounding", "NaN"],
)
def test_images_that_are_none_are_refused_with_advice(does: Callable, change: Callable, told: str, net, x, y) -> None:
    with pytest.raises(ValueError, match=told):
        does(net, change(x), y)


@pytest.mark.survives(
    "inputs",
    "An attack is set up with an eps, a number of steps or a range that means nothing.",
    "It is refused by the name of the setting.",
)
@pytest.mark.parametrize(
    ("attack", "settings"),
    [
        *((FGSM, {"eps": value}) for value in (-0.1, math.nan, math.inf)),
        *((FGSM, {"targeted": value}) for value in (0.01, 1, None, "no")),
        *((FGSM, settings) for settings in ({"batch_size": 0}, {"clip": (1.0, 0.0)}, {"loss": "none"})),
        *((BIM, settings) for settings in ({"steps": -1}, {"alpha": math.nan}, {"alpha": -0.1}, {"alpha": math.inf})),
        *((PGD, settings) for settings in ({"restarts": 0}, {"steps": -1})),
        *((LocalSearch, settings) for settings in ({"candidates": 0}, {"pixels": -1})),
        *((LBFGS, settings) for settings in ({"iterations": 0}, {"searches": 0}, {"tolerance": math.nan})),
    ],
)
def test_a_setting_that_means_nothing_is_refused(attack: type, settings: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        attack(**settings)


@pytest.mark.parametrize(
    ("function", "settings"),
    [
        *((does, {"eps": value}) for does in (square, autoattack) for value in (-0.1, math.nan, math.inf)),
        *((does, {"queries": value}) for does in (square, autoattack) for value in (0, -1, 2.5)),
        *((autoattack, {"steps": value}) for value in (0, -1, 2.5)),
    ],
)
def test_a_function_refuses_what_attacks_refuse(function: Callable, settings: dict, net, x, y) -> None:
    name = next(iter(settings))
    with pytest.raises(ValueError, match=f"{name} is {settings[name]}; "):
        function(net, x, y, **{"eps": 0.1, "queries": 3} | settings)


@pytest.mark.parametrize("attack", [FGSM, GradientStep, BIM, PGD, LocalSearch, LBFGS])
def test_only_eps_is_given_by_its_place(attack: type) -> None:
    assert attack(0.3) == attack(eps=0.3)
    with pytest.raises(TypeError, match="positional"):
        attack(0.3, 0.01)


# Gradients that are none


@pytest.mark.survives(
    "inputs",
    "The gradient of a network is not a number.",
    "The attack says for how many images, and the red flag for gradients is raised.",
)
@pytest.mark.parametrize(
    "attack", [FGSM(), GradientStep(), BIM(steps=2), PGD(steps=2, restarts=2), LBFGS(iterations=2, searches=2)]
)
def test_a_gradient_that_is_not_finite_attacks_nothing_and_is_said_to(attack, net, x) -> None:
    black = x.index_fill(3, torch.tensor([0], device=x.device), 0.0)
    rooted = nn.Sequential(Does(lambda images: images.sqrt().square()), net)  # infinite times zero, where a pixel is 0
    y = rooted(black).argmax(1)  # L-BFGS leaves images that are misread already as they are
    if isinstance(attack, PGD):
        attack = PGD(steps=2, random_start=False)
    with pytest.raises(ValueError, match="gradient is not finite for 12 of 12 images"):
        attack(rooted, black, y)
    assert zero_gradients(rooted, FGSM(), black, y) == 1
    assert zero_gradients(net, FGSM(), black, y) == 0


@pytest.mark.survives(
    "inputs",
    "The logits of a network are not numbers.",
    "No accuracy is given; the message says for how many images.",
)
def test_logits_that_are_nan_are_no_class(net, x, y) -> None:
    broken = copy.deepcopy(net)
    with torch.no_grad():
        broken[1].bias[0] = math.nan
    assert zero_gradients(broken, FGSM(), x, y) == 1
    for does in (score, losses):
        with pytest.raises(ValueError, match="logits are NaN for 12 of 12 images"):
            does(broken, x, y)
    with pytest.raises(ValueError, match="not finite"):
        FGSM()(broken, x, y)


# What is taken


@pytest.mark.survives(
    "inputs",
    "A network changes the images that it is given.",
    "It is given copies; the result is that of one which changes nothing.",
)
@every
def test_a_network_may_write_to_what_it_is_given(does: Callable, net, x, y) -> None:
    writing, plain = (nn.Sequential(Does(what), net) for what in (lambda x: x.sub_(0.1), lambda x: x - 0.1))
    before = x.clone()
    found, wanted = does(writing, x, y), does(plain, x, y)
    assert torch.equal(x, before)
    if does is score:
        assert (found.losses == wanted.losses).all()
    else:
        assert torch.equal(found, wanted)


@every
def test_labels_are_taken_in_any_whole_number(does: Callable, net, x, y) -> None:
    found, wanted = does(net, x, y.to(torch.uint8)), does(net, x, y)
    assert (found.losses == wanted.losses).all() if does is score else torch.equal(found, wanted)


@pytest.mark.survives(
    "inputs",
    "Attacks are run in inference mode, on images that were made in it.",
    "The result is the same as elsewhere.",
)
@every
def test_inference_mode_changes_nothing(does: Callable, net, x, y) -> None:
    wanted = does(net, x, y)
    with torch.inference_mode():
        inside, labels = x.clone(), y.clone()
        found = does(net, inside, labels)
    again = does(net, inside, labels)
    for one in (found, again):
        assert (one.losses == wanted.losses).all() if does is score else torch.equal(one, wanted)


@pytest.mark.parametrize("does", EVERY[:-1], ids=NAMES[:-1])
def test_the_result_takes_no_gradient_and_parameters_are_left_as_they_were(does: Callable, net, x, y) -> None:
    net[1].bias.requires_grad_(False)
    found = does(net, x.clone().requires_grad_(), y)
    assert not found.requires_grad
    assert net[1].weight.requires_grad and not net[1].bias.requires_grad and net[1].weight.grad is None


@pytest.mark.parametrize("does", [*ATTACKS[:5], *OUTSIDE], ids=[*NAMES[:5], "square", "autoattack"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_float_types_are_attacked_in_them(does: Callable, dtype: torch.dtype, net, x, y) -> None:
    found = does(copy.deepcopy(net).to(dtype), x.to(dtype), y)
    assert found.dtype == dtype and found.shape == x.shape and found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_score_is_in_float32_at_least(dtype: torch.dtype, net, x, y) -> None:
    found, wanted = score(copy.deepcopy(net).to(dtype), x.to(dtype), y), score(net, x, y)
    assert found.losses.dtype == (np.float64 if dtype == torch.float64 else np.float32)
    assert found.losses == pytest.approx(wanted.losses, abs=0.02)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_noise_is_even_in_any_float_type(dtype: torch.dtype, x) -> None:
    drawn = noise(x.to(dtype), 0)
    assert drawn.dtype == dtype and drawn.min() >= 0 and drawn.max() < 1
    assert drawn.double().mean().item() == pytest.approx(0.5, abs=0.02)
    assert drawn.double().std().item() == pytest.approx(12**-0.5, abs=0.01)


@pytest.mark.parametrize("does", OUTSIDE, ids=["square", "autoattack"])
def test_another_default_type_changes_nothing(does: Callable, net, x, y) -> None:
    asked, wanted = [], does(net, x, y)
    watched = nn.Sequential(Does(lambda images: asked.append(torch.get_default_dtype()) or images), net)
    torch.set_default_dtype(torch.float64)
    try:
        found = does(watched, x, y)
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(found, wanted) and set(asked) == {torch.float64}, "the network's own is the caller's"


@every
def test_a_network_without_parameters_is_attacked(does: Callable, x) -> None:
    bare, holding = (Does(lambda images: images.sum((1, 3))[:, 9:19]) for _ in range(2))  # the brightest of ten rows
    holding.unused = nn.Parameter(torch.zeros((), device=x.device))
    found, wanted = (does(model, x, bare(x).argmax(1)) for model in (bare, holding))
    assert (found.losses == wanted.losses).all() if does is score else torch.equal(found, wanted)


def test_restarts_take_inputs_of_any_shape(x) -> None:
    flat, wide = torch.rand(8, 20).to(DEVICE), nn.Linear(20, 3).to(DEVICE)
    labels = wide(flat).argmax(1)
    attacked = PGD(eps=0.01, steps=2, restarts=3)(wide, flat, labels)
    assert attacked.shape == flat.shape and (attacked - flat).abs().max() <= 0.01 + 1e-6


@pytest.mark.parametrize("classes", [4, 7])
def test_autoattack_takes_as_many_classes_as_there_are(classes: int, x) -> None:
    model = network(classes)
    labels = model(x).argmax(1)
    assert torch.equal(autoattack(model, x, labels, eps=0.0, steps=2, queries=5), x), "all resist, so all parts ran"


def test_autoattack_says_that_three_classes_are_too_few(x) -> None:
    with pytest.raises(ValueError, match="needs 4 classes at least; this network has 3"):
        autoattack(network(3), x, torch.zeros(N, dtype=torch.long, device=x.device), eps=0.0)


@pytest.mark.parametrize("does", EVERY, ids=NAMES)
def test_a_network_that_cannot_be_copied_is_attacked(does: Callable, net, x, y) -> None:
    net[1] = nn.utils.weight_norm(net[1])
    net(x)
    with pytest.raises(RuntimeError, match="deepcopy"):
        copy.deepcopy(net)
    does(net, x, y)


@pytest.mark.survives(
    "inputs",
    "Four threads attack one network.",
    "Each finds what it would find alone, and the network is left as it was.",
)
def test_threads_attack_one_network_as_if_each_were_alone(x, y) -> None:
    model = build(SimpleCNN, 0, DEVICE).train()

    def attacked(number: int) -> Tensor:
        return PGD(eps=0.3, steps=3 + 2 * number)(model, x, y)

    alone = [attacked(number) for number in range(6)]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(attacked, range(6)))
    assert all(map(torch.equal, found, alone)) and all(module.training for module in model.modules())
