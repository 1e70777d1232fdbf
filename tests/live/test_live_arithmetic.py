"""Logits, gradients and attacks in JavaScript are those of PyTorch and of lib.attack."""

import pytest
import torch
from browser import Window
from live_pages import N, computed

from lib.attack import FGSM, PGD, random_signs


def test_logits_and_gradient_are_pytorch_s(opened: Window, trained, images) -> None:
    """Measured: at most 2e-6 of logits up to 29, and 2e-7 of gradients up to 0.5. The bounds are ten times that."""
    (x, y), network = images, trained[0]
    logits = computed(opened, "Live.logits(network, x)", x, y)
    gradient = computed(opened, "Live.gradient(network, x, y)", x, y)
    inputs = x.clone().requires_grad_()
    expected = network(inputs)
    torch.nn.functional.cross_entropy(expected, y, reduction="sum").backward()
    slopes = inputs.grad.flatten(1)
    assert len(x) == N and (logits - expected).abs().max() < 2e-5 and expected.abs().max() > 5
    assert (gradient - slopes).abs().max() < 2e-6 and slopes.abs().max() > 0.01


@pytest.mark.parametrize(
    ("kind", "eps", "aimed", "n"),
    [
        ("signs", 0.2, False, N),
        ("fgsm", 0.3, False, N),
        ("fgsm", 0.2, True, N),
        ("pgd", 0.1, False, 8),
        ("pgd", 0.2, True, 8),
    ],
)
def test_attacks_are_those_of_lib(opened: Window, trained, images, kind: str, eps: float, aimed: bool, n: int) -> None:
    """But for pixels whose gradient is as small as what is rounded: at most 5 in 1,000, measured 1 in 1,000."""
    (x, y), network = (of[:n] for of in images), trained[0]
    wanted = (y + 1) % 10 if aimed else y
    expected = {
        "signs": lambda: random_signs(x, eps),
        "fgsm": lambda: FGSM(eps=eps, targeted=aimed)(network, x, wanted),
        "pgd": lambda: PGD(eps=eps, targeted=aimed)(network, x, wanted),
    }[kind]().flatten(1)
    attack = "Live.ATTACKS[more.kind](network, x, {eps: more.eps, label: y, target: more.aimed ? (y + 1) % 10 : null})"
    found = computed(opened, f"[...{attack}].pop()", x, y, kind=kind, eps=eps, aimed=aimed)
    differs = (found - expected).abs() > 1e-6
    assert differs.float().mean() <= (0.005 if kind != "signs" else 0)
    assert (found - x.flatten(1)).abs().max() <= eps + 1e-6 and found.min() >= 0 and found.max() <= 1
    with torch.no_grad():
        assert torch.equal(network(found.view_as(x)).argmax(1), network(expected.view_as(x)).argmax(1))
