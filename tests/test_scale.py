"""Whether a run is as large as the paper's: one rule, in words."""

from dataclasses import replace

import pytest

from lib.ledger.claims import Claim, paper
from lib.ledger.scale import smaller

SCALE = {"dataset": "mnist", "network": ["resnet18", "resnet50"], "epochs": 15, "round_epochs": 15}
CLAIM = Claim("mitigation", "gains", "statement", "defence", "IV", smallest=0.0, scale=SCALE)
OWN = {"dataset": "mnist", "network": "resnet50", "epochs": 15, "round_epochs": 20, "seeds": 1}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ()),
        ({"dataset": "digits"}, ("5,000 images of digits instead of MNIST",)),
        ({"epochs": 2}, ("2 epochs instead of 15",)),
        ({"epochs": 2, "round_epochs": 1}, ("2 epochs instead of 15", "1 epoch a round instead of 15")),
        ({"network": "a small CNN"}, ("a small CNN instead of ResNet-18 or ResNet-50",)),
    ],
)
def test_what_a_run_falls_short_of(change: dict, words: tuple[str, ...]) -> None:
    assert smaller(CLAIM, OWN | change) == words


def test_a_run_that_does_not_say_what_it_had_is_refused() -> None:
    with pytest.raises(ValueError, match=r"mitigation\.gains is judged by scale: the run does not say its epochs"):
        smaller(CLAIM, {key: value for key, value in OWN.items() if key != "epochs"})


def test_a_claim_without_a_scale_takes_any_run() -> None:
    assert smaller(replace(CLAIM, scale={}), {}) == ()


def test_a_claim_s_own_scale_overrides_the_paper_s() -> None:
    claims = paper("fragile_neurons").claims
    assert claims["csg.mnist"].scale == {"dataset": "mnist", "epochs": 100, "maps": 64, "images": 60_000}
    assert claims["cifar10.resnet50.clean_accuracy"].scale == {
        "dataset": "cifar10",
        "network": "resnet50",
        "epochs": 100,
    }
    assert paper("unlearning").claims["removal.helps"].scale["round_epochs"] == 15
