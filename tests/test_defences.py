"""Retraining on attacked images."""

import copy
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from lib import compute
from lib.attack import FGSM, PGD
from lib.chapters.mitigation import retraining
from lib.chapters.mitigation.retraining import retrained
from lib.measure.score import score, under_attack
from lib.models import StridedCNN, build
from lib.train.batches import AttackedOnce, Mixed, Shuffled
from lib.train.loop import fit
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


# Fine-tuning's batches.


def test_fine_tuning_sees_each_image_once_an_epoch_attacked_through_the_other_network(trained, digits):
    x, y = digits.x_train[:50], digits.y_train[:50]
    batches = AttackedOnce(x, y, FGSM(0.1), trained, batch_size=20)
    model = copy.deepcopy(trained)
    with torch.no_grad():
        model[0].weight.mul_(-1)
    seen = list(batches(model, compute.seeded(0)))
    assert [len(labels) for _, labels in seen] == [20, 20, 10] and len(batches) == 3
    order = torch.randperm(50, generator=compute.seeded(0))
    assert torch.equal(torch.cat([images for images, _ in seen]), FGSM(0.1)(trained, x, y)[order])
    assert torch.equal(torch.cat([labels for _, labels in seen]), y[order])


def test_they_are_made_once_whatever_becomes_of_that_network(trained, digits):
    batches = AttackedOnce(digits.x_train[:20], digits.y_train[:20], FGSM(0.1), trained)
    ((first, _),) = batches(trained, compute.seeded(0))
    with torch.no_grad():
        trained[0].weight.mul_(-1)
    ((again, _),) = batches(trained, compute.seeded(0))
    assert torch.equal(first, again)


# Mixed batches.


def test_half_of_each_batch_is_attacked_through_the_model_as_it_is_by_then(trained, digits):
    x, y = digits.x_train[:40], digits.y_train[:40]
    batches = Mixed(x, y, FGSM(0.1), batch_size=16)(trained.train(), compute.seeded(3))
    order = torch.randperm(40, generator=compute.seeded(3)).split(16)
    for chosen in order:
        images, labels = next(batches)
        half = len(chosen) // 2
        fresh = FGSM(0.1)(trained, x[chosen[:half]], y[chosen[:half]])
        assert torch.equal(images, torch.cat([fresh, x[chosen[half:]]])) and torch.equal(labels, y[chosen])
        with torch.no_grad():  # a step of training, of which the next batch has to know
            trained[0].weight.mul_(-1)
    assert len(Mixed(x, y, FGSM(0.1), batch_size=16)) == 3


def test_making_them_leaves_the_model_in_training(trained, digits):
    next(Mixed(digits.x_train[:8], digits.y_train[:8], FGSM(0.1))(trained.train(), compute.seeded(0)))
    assert all(module.training for module in trained.modules())


def test_a_random_start_differs_from_epoch_to_epoch(trained, digits):
    twice = digits.x_train[:1].repeat(2, 1, 1, 1), digits.y_train[:1].repeat(2)  # whichever is the attacked half
    batches = Mixed(*twice, PGD(0.1, alpha=0.01, steps=1))
    generator = compute.seeded(0)
    first, second = (next(batches(trained, generator))[0][0] for _ in range(2))
    assert not torch.equal(first, second)
    assert torch.equal(next(batches(trained, compute.seeded(0)))[0][0], first)


def test_mixed_training_helps_against_the_attack_it_trains_on(digits):
    x, y, attack, left = digits.x_train, digits.y_train, FGSM(0.1), []
    for batches in (Shuffled(x, y), Mixed(x, y, attack)):
        model = build(StridedCNN, 0, x.device)
        fit(model, batches, 3)
        left.append(under_attack(model, attack, digits.x_test, digits.y_test).accuracy)
    assert left[1] > left[0] + 0.1
