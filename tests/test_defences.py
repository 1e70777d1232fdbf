"""Batches of attacked images: attacked once through another network, or mixed with clean ones."""

import copy

import torch

from lib import compute
from lib.attack import FGSM, PGD
from lib.measure.score import under_attack
from lib.models import StridedCNN, build
from lib.train.batches import AttackedOnce, Mixed, Shuffled
from lib.train.loop import fit

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
