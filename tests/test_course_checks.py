"""What checks are made of, and those whose right answers are known in closed form.

Those of the chapters are called on solutions, and on spoilt answers, by tests/elsewhere.py.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import LABELS, Draw
from torch import Tensor, nn

from lib.course.checks import adversarial_training, fragile_neurons, mitigation, primer, saying, unlearning
from lib.evidence import cells


@saying.check
def larger(value: float, other: float) -> None:
    """The one is larger."""
    assert value > other, "it is not"


def test_a_check_tells_what_holds(capsys: pytest.CaptureFixture) -> None:
    larger(2, other=1)
    assert capsys.readouterr().out == "passed: The one is larger.\n"


@pytest.mark.parametrize("undone", [..., None])
def test_a_check_refuses_what_is_not_done_and_names_it(undone: object) -> None:
    with pytest.raises(AssertionError, match="still to be done: other"):
        larger(2, undone)


def test_a_check_fails_with_its_own_words() -> None:
    with pytest.raises(AssertionError, match="it is not"):
        larger(1, 2)


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), torch.tensor(0.5), np.array([0.5])])
def test_a_number_is_one_in_any_form(value: object) -> None:
    saying.near(value, 0.51, 0.02, "it")
    with pytest.raises(AssertionError, match=r"it is 0\.5"):
        saying.near(value, 0.53, 0.02, "it")


@pytest.mark.parametrize("value", ["0.5", True, torch.zeros(2), [0.5]])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(AssertionError, match="number"):
        saying.number(value, "it")


CLEAN = torch.full((2, 1, 2, 2), 0.05)


@pytest.mark.parametrize(
    ("attacked", "said"),
    [
        (CLEAN + 0.2, "farther than eps"),
        (CLEAN - 0.1, r"not in \[0, 1\]"),
        (CLEAN[:1], "shape"),
        (CLEAN.numpy(), "tensor"),
    ],
)
def test_images_out_of_the_ball_are_refused(attacked: Tensor, said: str) -> None:
    saying.in_the_ball(CLEAN + 0.1, CLEAN, 0.1)
    saying.in_the_ball(CLEAN - 0.1, CLEAN, 0.1, clipped=False)
    with pytest.raises(AssertionError, match=said):
        saying.in_the_ball(attacked, CLEAN, 0.1)


def test_what_was_not_measured_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "FOLDERS", [tmp_path])
    cell = LABELS(Draw(5))
    with pytest.raises(AssertionError, match=r"tiny: labels, seed 5\. Run the exercise's command first"):
        saying.kept([cell])
    cell.get()
    assert len(saying.kept([cell])[0].labels) == 5


def refuses(check: Callable, *answers: object) -> None:
    with pytest.raises(AssertionError):
        check(*answers)


def test_of_a_linear_classifier() -> None:
    primer.fgsm_crosses_at(lambda w, b, x: (w @ x + b) / w.abs().sum())
    refuses(primer.fgsm_crosses_at, lambda w, b, x: (w @ x + b) / w.norm())  # L2's distance
    refuses(primer.fgsm_crosses_at, lambda w, b, x: 1.0)


def test_of_a_constant_guess() -> None:
    primer.no_constant_guess_keeps_more(lambda y: np.unique(y, return_counts=True)[1].max() / len(y))
    refuses(primer.no_constant_guess_keeps_more, lambda y: 1 / len(y.unique()))


def test_of_a_hundred_images_and_no_mistake() -> None:
    for right in (lambda n: 0.025 ** (1 / n), lambda n: 1 - 3.7 / n):
        primer.one_in_forty(right)
    refuses(primer.one_in_forty, lambda n: 1 - 1.96 / n)
    refuses(primer.one_in_forty, lambda n: 1.0)
    primer.the_plain_interval_is_as_wide(0)
    refuses(primer.the_plain_interval_is_as_wide, 0.036)


def test_of_black_pixels() -> None:
    inked = (CLEAN != 0) * (CLEAN + 0.1)
    mitigation.black_pixels_stay_black(inked, CLEAN, 0.1)
    refuses(mitigation.black_pixels_stay_black, CLEAN, CLEAN * 0, 0.1)


def test_of_a_corrected_area() -> None:
    def area(members: np.ndarray, others: np.ndarray) -> float:
        return float((members[:, None] < others).mean() + (members[:, None] == others).mean() / 2)

    unlearning.hardness_cancels(lambda *of: area((of[0] - of[2]).round(9), (of[1] - of[3]).round(9)))
    refuses(unlearning.hardness_cancels, lambda *of: area(of[0], of[1]))


def test_of_a_linear_distance() -> None:
    line, zero = nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), torch.tensor([0.1, 0.5, 0.9]).repeat(4, 1).T
    zero = zero.reshape(3, 1, 2, 2)
    with torch.no_grad():
        line[1].weight.copy_(torch.tensor([[1.0, 2, 0, 1], [0, 0, 0, 1]]))
        line[1].bias.copy_(torch.tensor([0.1, 0.2]))
        closed = (line(zero) @ torch.tensor([1.0, -1])) / 5**0.5
    adversarial_training.the_closed_form_is_the_distance(closed, line, zero)
    refuses(adversarial_training.the_closed_form_is_the_distance, 1.1 * closed, line, zero)
    attack, classes = adversarial_training.LBFGS(), torch.zeros(3, dtype=torch.int64)
    boxed = (attack(line, zero, classes) - zero).flatten(1).norm(dim=1)
    adversarial_training.the_box_makes_it_farther(1.01 * closed, boxed, closed, line, zero)
    refuses(adversarial_training.the_box_makes_it_farther, 1.2 * closed, 1.2 * boxed, closed, line, zero)
    refuses(adversarial_training.the_box_makes_it_farther, closed, 0.9 * boxed, closed, line, zero)
    refuses(adversarial_training.the_box_makes_it_farther, closed, 1.2 * boxed, closed, line, zero)


def test_of_a_noise_level() -> None:
    factor = 4 / 3**0.5
    printed, source = factor * (147 * 0.015) ** 0.5, factor * 147**0.5 * 0.015
    fragile_neurons.the_threshold_lies_above_the_noise(factor, printed, source, source)
    refuses(fragile_neurons.the_threshold_lies_above_the_noise, factor, printed, source, printed)
    refuses(fragile_neurons.the_threshold_lies_above_the_noise, 2.0, printed, source, source)


def test_of_a_batch_norm() -> None:
    def rescale(convolution: nn.Conv2d, norm: nn.BatchNorm2d, alpha: float) -> None:
        convolution.weight *= alpha
        norm.running_mean *= alpha
        norm.weight /= alpha

    def forgotten(convolution: nn.Conv2d, norm: nn.BatchNorm2d, alpha: float) -> None:
        convolution.weight *= alpha
        norm.weight /= alpha

    fragile_neurons.the_network_stays_as_it_was(rescale)
    refuses(fragile_neurons.the_network_stays_as_it_was, forgotten)
    refuses(fragile_neurons.the_network_stays_as_it_was, lambda *given: None)
    fragile_neurons.the_batch_s_variance_follows(9)
    refuses(fragile_neurons.the_batch_s_variance_follows, 3)
