"""The quick profile's headline numbers lie where other seeds put them; a broken attack puts them elsewhere."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
import yaml
from devices import DEVICE
from torch import nn

from lib import attack as attacks
from lib import book, models
from lib.attack import base
from lib.data import Dataset
from lib.ledger.results import read_results
from lib.measure import score as evaluation
from lib.run import profiles
from lib.train.batches import Shuffled
from lib.train.loop import fit
from lib.train.snapshots import SNAPSHOTS

EXPECTED = yaml.safe_load((Path(__file__).parent / "expected.yaml").read_text())
METRICS = [(name, metric) for name, ranges in EXPECTED.items() for metric in ranges]


def test_every_chapter_has_ranges() -> None:
    assert set(EXPECTED) == set(book.chapters()), "tests/expected.yaml has a section for each chapter"
    assert all(EXPECTED.values())


@pytest.mark.parametrize(("name", "metric"), METRICS)
def test_a_headline_number_is_in_its_range(quick_runs: Path, name: str, metric: str) -> None:
    low, high = EXPECTED[name][metric]
    assert low <= read_results(quick_runs, name)["metrics"][metric] <= high


def test_every_metric_of_a_chapter_has_a_range(quick_runs: Path) -> None:
    for name in EXPECTED:
        assert read_results(quick_runs, name)["metrics"].keys() == EXPECTED[name].keys()


@pytest.fixture(scope="module")
def network(all_digits: Dataset, quick_runs: Path) -> nn.Module:
    """The first network of mitigation's quick profile, as those runs have left it."""
    settings = profiles.values("mitigation", "quick", {})
    model = models.build(models.SimpleCNN, settings["seed"], DEVICE)
    batches = Shuffled(all_digits.x_train, all_digits.y_train)
    fit(model, batches, settings["epochs"], snapshots=SNAPSHOTS)
    return model


def right_sign(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return attacks.FGSM(eps=0.3)(model, x, y)


def wrong_sign(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return attacks.FGSM(eps=0.3, targeted=True)(model, x, y)


def no_clipping(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return attacks.FGSM(eps=0.3, clip=None)(model, x, y)


def train_mode(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng():
        patch.setattr(base, "evaluating", nullcontext)
        torch.manual_seed(0)
        return attacks.FGSM(eps=0.3)(model.train(), x, y)


@pytest.mark.parametrize(
    ("attack", "within"), [(right_sign, True), (wrong_sign, False), (no_clipping, False), (train_mode, False)]
)
def test_a_broken_attack_leaves_the_range(
    network: nn.Module, all_digits: Dataset, attack: Callable, within: bool
) -> None:
    low, high = EXPECTED["mitigation"]["fgsm_0.3_accuracy"]
    x_adv = attack(network, all_digits.x_test, all_digits.y_test)
    accuracy = evaluation.score(network, x_adv, all_digits.y_test).accuracy
    assert (low <= accuracy <= high) == within, accuracy
