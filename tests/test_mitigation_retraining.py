"""Retraining on images that were attacked once, through the network as it was."""

import copy
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from lib.attack import FGSM
from lib.chapters.mitigation import retraining
from lib.chapters.mitigation.retraining import retrained
from lib.measure.score import score, under_attack
from lib.train.batches import Shuffled
from lib.train.snapshots import History


@dataclass(frozen=True)
class Recording(FGSM):
    """FGSM that notes which network it was turned on."""

    turned_on: list[nn.Module] = field(default_factory=list)

    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        self.turned_on.append(model)
        return super().perturb(model, x, y)


def test_the_original_is_left_as_it_was(trained, digits):
    before = copy.deepcopy(trained.state_dict())
    modes = [module.training for module in trained.modules()]
    defended, history = retrained(trained, FGSM(0.1), [(digits.x_train[:64], digits.y_train[:64])], 1)
    torch.testing.assert_close(trained.state_dict(), before, rtol=0, atol=0)
    assert [module.training for module in trained.modules()] == modes
    assert not torch.equal(defended[0].weight, trained[0].weight)
    assert len(history.losses) == 1


def test_it_trains_on_images_attacked_once_through_the_original(trained, digits, monkeypatch):
    seen: list[tuple[nn.Module, Shuffled, int, dict]] = []

    def noted(model: nn.Module, batches: Shuffled, epochs: int, **options) -> History:
        seen.append((model, batches, epochs, options))
        return History()

    monkeypatch.setattr(retraining, "fit", noted)
    pairs = [(digits.x_train[:40], digits.y_train[:40]), (digits.x_test[:20], digits.y_test[:20])]
    attack = Recording(0.1)
    defended, _ = retrained(trained, attack, pairs, 3, seed=5, lr=0.5)

    ((model, batches, epochs, options),) = seen
    assert attack.turned_on == [trained, trained]
    assert torch.equal(batches.x, torch.cat([FGSM(0.1)(trained, x, y) for x, y in pairs]))
    assert torch.equal(batches.y, torch.cat([y for _, y in pairs]))
    assert model is defended and model is not trained
    assert (epochs, options) == (3, {"seed": 5, "lr": 0.5})
    # It starts from the original's weights, not from fresh ones.
    torch.testing.assert_close(model.state_dict(), trained.state_dict(), rtol=0, atol=0)


def test_what_it_trained_on_it_reads_better_than_the_original(trained, digits):
    x, y = digits.x_train[:300], digits.y_train[:300]
    defended, _ = retrained(trained, FGSM(0.2), [(x, y)], 5)
    stale = FGSM(0.2)(trained, x, y)
    assert score(defended, stale, y).accuracy > under_attack(trained, FGSM(0.2), x, y).accuracy + 0.1
