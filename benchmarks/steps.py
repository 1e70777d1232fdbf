"""A step of two costly kinds of training, ResNet-50 and Madry's PGD training, beside a carefully written and set loop.

Network, optimiser (Adam), batches and precision are the same for all: ResNet-50 has its own switch to bfloat16 on a
GPU, and Madry's network computes in float32. The loop's network and images are laid out channels last. Its images come
from a DataLoader with two workers, and on a GPU with pinned memory, from which they move without being waited for; or
they lie on the device already. On a GPU cuDNN may try which algorithm is fastest, deterministic or not, and Adam is
fused. There is one more contender there, whose network went through `torch.compile`, which records steps as well. The
time that ours takes to record a step counts.
"""

import copy
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import parts
from benchmarks.aims import aims
from benchmarks.timing import Contender, Row, Run
from benchmarks.training import Loader, OnDevice
from lib.attack.gradient import PGD
from lib.data import Dataset
from lib.measure import score as evaluation
from lib.models import MadryCNN, build, resnet
from lib.train.batches import Attacked, Batches, Shuffled
from lib.train.loop import fit

EPS, ALPHA = 0.3, 0.01
LR = 1e-4


@dataclass(frozen=True)
class Size:
    """How much one run trains: `epochs` of `images` in batches of `batch_size`, attacked by PGD of `attack_steps`."""

    images: int
    epochs: int
    batch_size: int
    attack_steps: int = 0

    @property
    def steps(self) -> int:
        return self.epochs * -(-self.images // self.batch_size)


def pgd(model: nn.Module, data: Tensor, target: Tensor, steps: int) -> Tensor:
    adv = (data + torch.empty_like(data).uniform_(-EPS, EPS)).clamp(0, 1)
    for _ in range(steps):
        adv.requires_grad_()
        (gradient,) = torch.autograd.grad(F.cross_entropy(model(adv), target), adv)
        adv = torch.min(torch.max(adv.detach() + ALPHA * gradient.sign(), data - EPS), data + EPS).clamp(0, 1)
    return adv


def plain_training(model: nn.Module, loader: Loader, size: Size, device: torch.device) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=LR, fused=device.type == "cuda")
    model.train()
    for _ in range(size.epochs):
        for data, target in loader:
            data = data.to(device, non_blocking=True, memory_format=torch.channels_last)
            target = target.to(device, non_blocking=True)
            if size.attack_steps:
                model.eval()
                data = pgd(model, data, target, size.attack_steps)
                model.train()
            loss = F.cross_entropy(model(data), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def pinned_loader(x: Tensor, y: Tensor, size: Size) -> Loader:
    settings = {"num_workers": 2, "persistent_workers": True, "pin_memory": x.is_cuda}
    return DataLoader(TensorDataset(x.cpu(), y.cpu()), size.batch_size, shuffle=True, **settings)


def with_loop(loader: Callable[[], Loader], start: nn.Module, size: Size, device: torch.device, compiled: bool) -> Run:
    made, model = loader(), copy.deepcopy(start)
    network = torch.compile(model, mode="reduce-overhead") if compiled else model

    def run() -> nn.Module:
        model.load_state_dict(start.state_dict())
        with torch.backends.cudnn.flags(enabled=True, benchmark=True, deterministic=False, allow_tf32=False):
            plain_training(network, made, size, device)
        return model

    return run


def with_lib(batches: Batches, start: nn.Module, epochs: int) -> Run:
    seeds = itertools.count()

    def run() -> nn.Module:
        model = copy.deepcopy(start)
        fit(model, batches, epochs, lr=LR, seed=next(seeds), label="lib.train", snapshots=None)
        return model

    return run


def rows(digits: Dataset, *, resnet50: Size, madry: Size) -> dict[str, Row]:
    """A row of each kind, going on from networks that have been trained on the images for two epochs."""
    x, y = digits.x_train, digits.y_train
    device = x.device
    deep = build(resnet, 0, device, name="resnet50", images="digits")
    small = build(MadryCNN, 0, device)
    plain = Shuffled(x[: resnet50.images], y[: resnet50.images], resnet50.batch_size)
    attack = PGD(EPS, alpha=ALPHA, steps=madry.attack_steps)
    attacked = Attacked(x[: madry.images], y[: madry.images], attack, madry.batch_size)
    titles = {"resnet-50": "ResNet-50: steps of training", "madry": "Madry's network: steps of training on PGD"}
    made = {"resnet-50": (deep, plain, resnet50), "madry": (small, attacked, madry)}
    found = {}
    for name, (start, batches, size) in made.items():
        fit(start, Shuffled(batches.x, batches.y, 64), 2, label=name)
        found[name] = Row(
            title=titles[name],
            images=size.steps * size.batch_size,
            contenders=contenders(batches, start, size),
            score=partial(accuracy, digits.x_test[: size.images], digits.y_test[: size.images]),
            score_name="test accuracy",
            tolerance=0.03,
            steps=size.steps,
            parts=partial(parts.of_a_step, start, batches, LR),
            **aims(name, device),
        )
    return found


def accuracy(x: Tensor, y: Tensor, model: nn.Module) -> float:
    return evaluation.score(model, x, y).accuracy


def contenders(batches: Batches, start: nn.Module, size: Size) -> list[Contender]:
    """Ours, and the plain loop with images from a DataLoader and from the device; on a GPU, also compiled."""
    x, y = batches.x, batches.y
    loaders = {
        "DataLoader": partial(pinned_loader, x, y, size),
        "on the device": partial(OnDevice, x, y, size.batch_size),
    }
    ways = [(f"plain loop, {name}", loader, False) for name, loader in loaders.items()]
    if x.is_cuda:
        ways.append(("plain loop, on the device, compiled", loaders["on the device"], True))
    peers = [
        Contender(name, partial(with_loop, loader, start, size, x.device, compiled)) for name, loader, compiled in ways
    ]
    return [Contender("lib.train", partial(with_lib, batches, start, size.epochs), ours=True), *peers]
