"""FGSM, BIM and PGD of lib.attack beside torchattacks, foolbox and ART, each set as its manual says.

All attack the same trained network, in eval mode and with its weights frozen: foolbox and ART would otherwise compute
the gradients of the weights as well. All take the same eps, steps, step length, images and batches. PGD has one random
start. No peer stops early in these attacks; ours does not either, except where its name says so.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.aims import aims
from benchmarks.timing import Contender, Row, Run
from lib.attack import BIM, FGSM, PGD, Attack
from lib.data import Dataset
from lib.measure import score as evaluation
from lib.models import SimpleCNN, build
from lib.train.batches import Shuffled
from lib.train.loop import fit

EPS = 0.3  # with 40 steps of 0.01, this is the attack of Madry et al. (2018) on MNIST
BIM_STEPS, BIM_ALPHA = 10, 0.075
PGD_STEPS, PGD_ALPHA = 40, 0.01

OURS: dict[str, Attack] = {
    "FGSM": FGSM(EPS),
    "BIM-10": BIM(EPS, alpha=BIM_ALPHA, steps=BIM_STEPS),
    "PGD-40": PGD(EPS, alpha=PGD_ALPHA, steps=PGD_STEPS),
}


@dataclass(frozen=True, eq=False)
class Task:
    """What is attacked: a network in eval mode, images (N, C, H, W) in [0, 1], labels (N,), in batches of one size."""

    model: nn.Module
    x: Tensor
    y: Tensor
    batch_size: int

    def batches(self) -> list[tuple[Tensor, Tensor]]:
        """Images and labels, batch by batch."""
        return list(zip(self.x.split(self.batch_size), self.y.split(self.batch_size), strict=True))


def with_lib(name: str, task: Task, **settings: bool) -> Run:
    attack = replace(OURS[name], batch_size=task.batch_size, **settings)
    return lambda: attack(task.model, task.x, task.y)


def with_torchattacks(name: str, task: Task) -> Run:
    import torchattacks

    attack = {
        "FGSM": lambda: torchattacks.FGSM(task.model, eps=EPS),
        "BIM-10": lambda: torchattacks.BIM(task.model, eps=EPS, alpha=BIM_ALPHA, steps=BIM_STEPS),
        "PGD-40": lambda: torchattacks.PGD(task.model, eps=EPS, alpha=PGD_ALPHA, steps=PGD_STEPS, random_start=True),
    }[name]()
    return lambda: torch.cat([attack(x, y) for x, y in task.batches()])


def with_foolbox(name: str, task: Task) -> Run:
    import foolbox

    model = foolbox.PyTorchModel(task.model, bounds=(0, 1), device=task.x.device)
    attack = {
        "FGSM": lambda: foolbox.attacks.LinfFastGradientAttack(random_start=False),
        "BIM-10": lambda: foolbox.attacks.LinfBasicIterativeAttack(
            abs_stepsize=BIM_ALPHA, steps=BIM_STEPS, random_start=False
        ),
        "PGD-40": lambda: foolbox.attacks.LinfPGD(abs_stepsize=PGD_ALPHA, steps=PGD_STEPS, random_start=True),
    }[name]()
    missed = foolbox.criteria.Misclassification  # calling an attack, not its `run`, would also classify the result
    return lambda: torch.cat([attack.run(model, x, missed(y), epsilon=EPS) for x, y in task.batches()])


def with_art(name: str, task: Task) -> Run:
    from art.attacks import evasion
    from art.estimators.classification import PyTorchClassifier

    classifier = PyTorchClassifier(
        copy.deepcopy(task.model),  # ART moves the model to the device that it chooses
        loss=nn.CrossEntropyLoss(),
        input_shape=task.x.shape[1:],
        nb_classes=10,
        clip_values=(0.0, 1.0),
        device_type="gpu" if task.x.is_cuda else "cpu",
    )
    settings = {"eps": EPS, "batch_size": task.batch_size}
    bim = settings | {"eps_step": BIM_ALPHA, "max_iter": BIM_STEPS, "verbose": False}
    pgd = settings | {"eps_step": PGD_ALPHA, "max_iter": PGD_STEPS, "num_random_init": 1, "verbose": False}
    attack = {
        "FGSM": lambda: evasion.FastGradientMethod(classifier, **settings),
        "BIM-10": lambda: evasion.BasicIterativeMethod(classifier, **bim),
        "PGD-40": lambda: evasion.ProjectedGradientDescent(classifier, **pgd),
    }[name]()
    x, y = task.x.cpu().numpy(), task.y.cpu().numpy()  # arrays go in and come out
    return lambda: torch.from_numpy(attack.generate(x, y))


PEERS: dict[str, Callable[[str, Task], Run]] = {
    "torchattacks": with_torchattacks,
    "foolbox": with_foolbox,
    "ART": with_art,
}


def network(digits: Dataset, epochs: int) -> nn.Module:
    """A `SimpleCNN` that is trained on digits, on their device."""
    model = build(SimpleCNN, 0, digits.x_train.device)
    fit(model, Shuffled(digits.x_train, digits.y_train), epochs, label="network")
    return model


def rows(digits: Dataset, *, images: int, batch_size: int, epochs: int) -> dict[str, Row]:
    """A row for each attack, on that many test images, and training images after these: for timing, either will do."""
    model = network(digits, epochs).eval().requires_grad_(False)
    x, y = torch.cat([digits.x_test, digits.x_train])[:images], torch.cat([digits.y_test, digits.y_train])[:images]
    return {name.lower(): row(name, Task(model, x, y, batch_size)) for name in OURS}


def row(name: str, task: Task) -> Row:
    """The row of one attack, with all contenders."""
    contenders = [Contender("lib.attack", partial(with_lib, name, task), ours=True)]
    if isinstance(OURS[name], BIM):
        early = partial(with_lib, name, task, early_stop=True)
        contenders.append(Contender("lib.attack, stopping early", early, ours=True))
    contenders += [Contender(peer, partial(prepare, name, task)) for peer, prepare in PEERS.items()]
    read_rightly = evaluation.score(task.model, task.x, task.y).correct

    def success(x_adv: Tensor) -> float:
        fooled = ~evaluation.score(task.model, x_adv.to(task.x), task.y).correct
        return float(fooled[read_rightly].mean())

    return Row(
        title=name,
        images=len(task.x),
        contenders=contenders,
        score=success,
        score_name="success rate",
        tolerance=0.01,
        **aims(name.lower(), task.x.device),
    )
