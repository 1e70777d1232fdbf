"""The red flags: each goes up for a model that hides something and stays down for one that does not."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from devices import DEVICE
from torch import Tensor, nn

from lib.attack import FGSM, PGD, Attack
from lib.data import Dataset
from lib.evidence.records import from_arrays, to_arrays
from lib.measure import red_flags
from lib.measure.red_flags import LARGE_EPS

EPS = 0.3
ONE_STEP, MORE_STEPS, BLACK_BOX, NOISE, HUGE_EPS, ZERO = NAMES = (
    "one step beats many steps",
    "more steps change the result",
    "black box beats white box",
    "random noise works as well",
    "a huge eps does not break it",
    "gradients are zero",
)


def raised(flags: list[red_flags.Flag]) -> set[str]:
    return {flag.name for flag in flags if flag.raised}


# With models


@pytest.fixture
def images(digits: Dataset) -> tuple[Tensor, Tensor]:
    """The test images of zeros and ones, a third of them ones."""
    zeros, ones = (digits.x_test[digits.y_test == c] for c in (0, 1))
    ones = ones[: len(zeros) // 2]
    return torch.cat([zeros, ones]), torch.tensor([0] * len(zeros) + [1] * len(ones), device=DEVICE)


@pytest.fixture
def honest(digits: Dataset) -> nn.Sequential:
    """A linear model that goes by the nearer of two mean images, the mean zero and the mean one.

    Its logits are scaled down: where they lie far apart, its gradient would be lost in rounding.
    """
    means = torch.stack([digits.x_train[digits.y_train == c].mean(0).flatten() for c in (0, 1)])
    model = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 2)).to(DEVICE)
    with torch.no_grad():
        model[1].weight.copy_(means / 10)
        model[1].bias.copy_(-means.square().sum(1) / 20)
    return model


class Defence(nn.Module):
    """Around a model; this one does nothing."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class Rounding(Defence):
    """Reads pixels in steps of an eighth; rounding has a gradient of zero."""

    def forward(self, x: Tensor) -> Tensor:
        return self.model((8 * x).round() / 8)


class Saturated(Defence):
    """Logits so far apart that the softmax is 0 or 1 to the last bit."""

    def forward(self, x: Tensor) -> Tensor:
        return 1e4 * self.model(x)


class Rooted(nn.Module):
    """Takes the root of each pixel."""

    def forward(self, x: Tensor) -> Tensor:
        return x.sqrt()


class Constant(Defence):
    """Reads class 0, whatever the image."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        self.register_buffer("logits", torch.tensor([1.0, 0.0], device=DEVICE))

    def forward(self, x: Tensor) -> Tensor:
        return 0 * self.model(x) + self.logits


class OnlyOnFiles(Defence):
    """Has a gradient where all pixels are multiples of 1/255, as in a file, and none where an attack has been."""

    def forward(self, x: Tensor) -> Tensor:
        logits, levels = self.model(x), 255 * x
        in_a_file = ((levels - levels.round()).abs() < 1e-3).flatten(1).all(1, keepdim=True)
        return torch.where(in_a_file, logits, logits.detach())


class Late(Defence):
    """Has a gradient only from the 41st on that is asked for without a break."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        self.register_buffer("asked", torch.zeros((), device=DEVICE))  # counted on the device, also in a replay

    def forward(self, x: Tensor) -> Tensor:
        self.asked.add_(1).mul_(float(torch.is_grad_enabled()))
        logits = self.model(x)
        return torch.where(self.asked > 40, logits, logits.detach())


@pytest.mark.parametrize(
    ("defence", "up"),
    [
        (Defence, set()),
        (Rounding, {BLACK_BOX, NOISE, HUGE_EPS, ZERO}),
        (Saturated, {BLACK_BOX, NOISE, HUGE_EPS, ZERO}),
        (Constant, {NOISE, ZERO}),
        (OnlyOnFiles, {ONE_STEP, BLACK_BOX, HUGE_EPS}),
        (Late, {MORE_STEPS, BLACK_BOX, NOISE, HUGE_EPS, ZERO}),
    ],
)
def test_the_flags_of_a_model_known_by_hand(
    honest: nn.Module, images: tuple[Tensor, Tensor], defence: type[Defence], up: set[str]
) -> None:
    def through_the_honest_model(x: Tensor, y: Tensor, eps: float) -> Tensor:
        return FGSM(eps=eps)(honest, x, y)

    assert raised(red_flags.flags(red_flags.probes(defence(honest), *images, EPS, through_the_honest_model))) == up


def test_a_transfer_that_does_nothing_beats_no_attack(honest: nn.Module, images: tuple[Tensor, Tensor]) -> None:
    found = raised(red_flags.flags(red_flags.probes(Rounding(honest), *images, EPS, lambda x, y, eps: x)))
    assert found == {NOISE, HUGE_EPS, ZERO}


def test_of_few_images_one_or_two_are_no_sign() -> None:
    assert red_flags.margin(1000) == red_flags.MARGIN and red_flags.margin(20) == 0.125
    every = np.ones(20, bool)
    raised_by = [red_flags.by_search(np.arange(20) >= fooled, every).raised for fooled in (1, 2, 3)]
    assert raised_by == [False, False, True]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (ONE_STEP, lambda images: {"one_step": 10 - images}),
        (MORE_STEPS, lambda images: {"longer": 10 - images}),
        (MORE_STEPS, lambda images: {"longer": 10 + images}),
        (BLACK_BOX, lambda images: {"transferred": 10 - images}),
        (HUGE_EPS, lambda images: {"huge": 2 + images}),
    ],
)
def test_of_few_images_one_or_two_raise_no_flag_by_gradient(name: str, found: Callable[[int], dict[str, int]]) -> None:
    """Of twenty images, two to a class, so that a constant prediction is right on two of them."""
    sound = {"one_step": 10, "iterated": 10, "longer": 10, "transferred": 20, "noisy": 20, "huge": 0, "no_gradient": 0}
    up = []
    for images in (1, 2, 3):
        hits = {probe: np.arange(20) < count for probe, count in (sound | found(images)).items()}
        up.append(raised(red_flags.flags(red_flags.Probes(np.repeat(np.arange(10, dtype=np.uint8), 2), **hits))))
    assert up == [set(), set(), {name}]


# With prepared numbers

SOUND = {"one_step": 0.3, "iterated": 0.1, "longer": 0.1, "black_box": 0.2, "noisy": 0.9, "huge": 0.0, "zeros": 0.0}
X, Y = torch.full((10, 1, 8, 8), 0.1), torch.arange(10)
"""Grey images, one of each class: a constant prediction is right on 0.1 of them."""
ATTACKS = {
    (FGSM, EPS, 1): "one_step",
    (PGD, EPS, 40): "iterated",
    (PGD, EPS, 100): "longer",
    (PGD, LARGE_EPS, 40): "huge",
}


def share(of: float) -> np.ndarray:
    """A thousand images, that share of which is True."""
    return np.arange(1000) < round(1000 * of)


@pytest.fixture
def flags_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[red_flags.Flag]]:
    """The flags where measuring gives these numbers, and elsewhere those of `SOUND`."""

    def flags(**changed: float) -> list[red_flags.Flag]:
        numbers = SOUND | changed

        def under_attack(model: nn.Module, attack: Attack, x: Tensor, y: Tensor) -> SimpleNamespace:
            name = ATTACKS[type(attack), attack.eps, getattr(attack, "steps", 1)]
            return SimpleNamespace(correct=share(numbers[name]))

        def score(model: nn.Module, x: Tensor, y: Tensor) -> SimpleNamespace:
            if torch.equal(x, X + EPS):
                return SimpleNamespace(correct=share(numbers["black_box"]))
            assert x.min() == 0 and 0.35 < x.max() <= 0.1 + EPS, "noise of any size up to EPS, clipped"
            return SimpleNamespace(correct=share(numbers["noisy"]))

        monkeypatch.setattr(red_flags, "under_attack", under_attack)
        monkeypatch.setattr(red_flags, "score", score)
        monkeypatch.setattr(red_flags, "without_gradient", lambda *_: torch.from_numpy(share(numbers["zeros"])))
        return red_flags.flags(red_flags.probes(nn.Identity(), X, Y, EPS, lambda x, y, eps: x + eps))

    return flags


def test_there_are_six_flags_and_none_is_up_on_sound_numbers(flags_of: Callable) -> None:
    assert [flag.name for flag in flags_of()] == list(NAMES)
    assert raised(flags_of()) == set()


@pytest.mark.parametrize(
    ("name", "up", "down"),
    [
        (ONE_STEP, {"one_step": 0.07}, {"one_step": 0.09}),
        (MORE_STEPS, {"longer": 0.07}, {"longer": 0.09}),
        (MORE_STEPS, {"longer": 0.13}, {"longer": 0.11}),
        (BLACK_BOX, {"black_box": 0.07}, {"black_box": 0.09}),
        (NOISE, {"noisy": 0.31}, {"noisy": 0.33}),
        (HUGE_EPS, {"huge": 0.13}, {"huge": 0.11}),
        (ZERO, {"zeros": 0.001}, {"zeros": 0.0}),
    ],
)
def test_one_number_raises_one_flag_and_the_margin_holds_it_down(
    flags_of: Callable, name: str, up: dict[str, float], down: dict[str, float]
) -> None:
    assert raised(flags_of(**up)) == {name}
    assert raised(flags_of(**down)) == set()


def test_the_sentences_tell_the_numbers_that_were_compared(flags_of: Callable) -> None:
    found = flags_of(longer=0.05, huge=0.02, zeros=0.25)
    assert [flag.sentence for flag in found] == [
        "accuracy 0.300 after one step, 0.100 after 40",
        "accuracy 0.100 after 40 steps, 0.050 after 100",
        "accuracy 0.200 on transferred images, 0.100 under PGD",
        "accuracy 0.900 under uniform noise, 0.300 under FGSM",
        "accuracy 0.020 under PGD at eps 0.5, 0.100 by a constant prediction",
        "25.0% of the images have a gradient of exactly zero, or none that is finite",
    ]


def test_a_gradient_that_is_not_finite_counts_with_those_of_zero(images: tuple[Tensor, Tensor]) -> None:
    """As that of a square root at zero, of which an image has many."""
    rooted = nn.Sequential(Rooted(), nn.Flatten(), nn.Linear(28 * 28, 2)).to(DEVICE)
    assert red_flags.zero_gradients(rooted, FGSM(eps=EPS), *images) == 1


def test_a_label_that_eight_bits_do_not_hold_is_refused(images: tuple[Tensor, Tensor]) -> None:
    many = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 300)).to(DEVICE)
    x, y = images
    with pytest.raises(ValueError, match="a label is 256; the network has the classes 0 to 255"):
        red_flags.probes(many, x, torch.full_like(y, 256), EPS, lambda x, y, eps: x)


def test_probes_are_kept_as_they_were_made(honest: nn.Module, images: tuple[Tensor, Tensor]) -> None:
    made = red_flags.probes(honest, *images, EPS, lambda x, y, eps: x)
    kept = from_arrays(red_flags.Probes, to_arrays(made))
    assert red_flags.flags(kept) == red_flags.flags(made)
    assert kept.transferred.tolist() == (honest(images[0]).argmax(1) == images[1]).tolist()
    assert len(kept.labels) == len(kept.no_gradient) == len(images[1])
