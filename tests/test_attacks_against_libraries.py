"""Our attacks give the adversarial images of torchattacks, foolbox and ART, each set as its manual says.

Where a gradient is near zero, its sign, and so a whole step, can hang on how sums are rounded, and the libraries round
differently. So nothing here rounds: pixels are multiples of 1/256, eps and the step are powers of two, and so is the
number of images, by which the libraries' mean loss is divided.
"""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from devices import DEVICE
from torch import Tensor, nn

from lib.attack import BIM, FGSM, PGD, Attack
from lib.measure.score import next_class

torchattacks = pytest.importorskip("torchattacks")
foolbox = pytest.importorskip("foolbox")
art = pytest.importorskip("art.attacks.evasion")
art_classifiers = pytest.importorskip("art.estimators.classification")

EPS, ALPHA, STEPS, IMAGES = 1 / 8, 1 / 32, 10, 128
OURS: dict[str, Attack] = {
    "FGSM": FGSM(EPS),
    "FGSM-targeted": FGSM(EPS, targeted=True),
    "BIM": BIM(EPS, alpha=ALPHA, steps=STEPS),
    "BIM-targeted": BIM(EPS, alpha=ALPHA, steps=STEPS, targeted=True),
    "PGD": PGD(EPS, alpha=ALPHA, steps=STEPS, random_start=False),
}


@pytest.fixture
def images(digits) -> Tensor:
    return (digits.x_test[:IMAGES] * 256).round() / 256


@pytest.fixture
def labels(digits) -> Tensor:
    return digits.y_test[:IMAGES]


def with_torchattacks(name: str, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    attack = {
        "FGSM": lambda: torchattacks.FGSM(model, eps=EPS),
        "BIM": lambda: torchattacks.BIM(model, eps=EPS, alpha=ALPHA, steps=STEPS),
        "PGD": lambda: torchattacks.PGD(model, eps=EPS, alpha=ALPHA, steps=STEPS, random_start=False),
    }[name.removesuffix("-targeted")]()
    if name.endswith("-targeted"):
        attack.set_mode_targeted_by_function(lambda images, labels: labels)
    return attack(x, y)


def with_foolbox(name: str, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    wrapped = foolbox.PyTorchModel(model, bounds=(0, 1), device=DEVICE)
    attack = {
        "FGSM": lambda: foolbox.attacks.LinfFastGradientAttack(random_start=False),
        "BIM": lambda: foolbox.attacks.LinfBasicIterativeAttack(abs_stepsize=ALPHA, steps=STEPS, random_start=False),
        "PGD": lambda: foolbox.attacks.LinfPGD(abs_stepsize=ALPHA, steps=STEPS, random_start=False),
    }[name.removesuffix("-targeted")]()
    targeted = name.endswith("-targeted")
    criterion = foolbox.criteria.TargetedMisclassification(y) if targeted else foolbox.criteria.Misclassification(y)
    return attack(wrapped, x, criterion, epsilons=EPS)[1]


def with_art(name: str, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    classifier = art_classifiers.PyTorchClassifier(
        model,
        loss=nn.CrossEntropyLoss(),
        input_shape=(1, 28, 28),
        nb_classes=10,
        clip_values=(0.0, 1.0),
        device_type="gpu" if DEVICE.type == "cuda" else "cpu",
    )
    settings = {"eps": EPS, "targeted": name.endswith("-targeted"), "batch_size": len(x)}
    stepwise = settings | {"eps_step": ALPHA, "max_iter": STEPS, "verbose": False}
    attack = {
        "FGSM": lambda: art.FastGradientMethod(classifier, **settings),
        "BIM": lambda: art.BasicIterativeMethod(classifier, **stepwise),
        "PGD": lambda: art.ProjectedGradientDescent(classifier, num_random_init=0, **stepwise),
    }[name.removesuffix("-targeted")]()
    return torch.from_numpy(attack.generate(x.cpu().numpy(), np.eye(10)[y.cpu().numpy()])).to(DEVICE)


Library = Callable[[str, nn.Module, Tensor, Tensor], Tensor]


# foolbox's FGSM has no targeted form.
@pytest.mark.parametrize(
    ("library", "name"),
    [
        (library, name)
        for library in (with_torchattacks, with_foolbox, with_art)
        for name in OURS
        if (library, name) != (with_foolbox, "FGSM-targeted")
    ],
)
def test_agreement(library: Library, name: str, trained, images, labels):
    attack = OURS[name]
    y = next_class(labels) if attack.targeted else labels
    expected = library(name, trained.eval(), images, y)
    assert (expected - images).abs().max() == EPS
    torch.testing.assert_close(attack(trained, images, y), expected, rtol=0, atol=1e-5)
