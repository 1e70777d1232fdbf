"""An epoch of lib.train beside the loop of PyTorch's MNIST example, whose images come from a DataLoader.

Network, optimiser (Adam) and batch size are the same for all. The example's images are 8-bit greys, each made a tensor
whenever it is read; it has no DataLoader workers on a CPU, and one, with pinned memory, on a GPU. Beside it there is
the same with two workers, and with images that were made tensors once; on a GPU, also with tensors that lie there.
Workers are started before the clock. Unlike in the example, pinned images move without being waited for.
"""

import copy
import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data import Dataset as Indexed
from torchvision.transforms import ToTensor

from benchmarks.aims import aims
from benchmarks.timing import Contender, Row, Run
from lib.attack.gradient import FGSM
from lib.data import Dataset
from lib.measure import score as evaluation
from lib.models import SimpleCNN, build
from lib.train.batches import Batches, Mixed, Shuffled
from lib.train.loop import fit

EPS = 0.1
BATCH_SIZE = 64
LR = 1e-3
LOG_INTERVAL = 10


class Greys(Indexed):
    """Images as torchvision's MNIST gives them: 8-bit greys, made tensors one by one."""

    def __init__(self, x: Tensor, y: Tensor) -> None:
        self.images = (x[:, 0] * 255).round().to(torch.uint8).cpu()
        self.labels = y.cpu()
        self.transform = ToTensor()

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.images[index].numpy())), int(self.labels[index])

    def __len__(self) -> int:
        return len(self.images)


def example_loader(x: Tensor, y: Tensor, workers: int | None = None) -> DataLoader:
    """The loader of PyTorch's MNIST example, by default with as many workers as it has there."""
    count = (1 if x.is_cuda else 0) if workers is None else workers
    pinned = {"pin_memory": True} if x.is_cuda else {}
    kept = {"persistent_workers": True} if count else {}
    return DataLoader(Greys(x, y), batch_size=BATCH_SIZE, shuffle=True, num_workers=count, **pinned, **kept)


def tensor_loader(x: Tensor, y: Tensor) -> DataLoader:
    """A loader of images that are tensors already."""
    pinned = {"pin_memory": True} if x.is_cuda else {}
    return DataLoader(TensorDataset(x.cpu(), y.cpu()), batch_size=BATCH_SIZE, shuffle=True, **pinned)


class OnDevice:
    """Batches of images that lie on the device already, as ours do."""

    def __init__(self, x: Tensor, y: Tensor, batch_size: int = BATCH_SIZE) -> None:
        self.x, self.y, self.batch_size = x, y, batch_size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(self.x), device=self.x.device)
        return ((self.x[chosen], self.y[chosen]) for chosen in order.split(self.batch_size))


Loader = Iterable[tuple[Tensor, Tensor]]


def plain_epoch(model: nn.Module, loader: Loader, device: torch.device) -> nn.Module:
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)
    model.train()
    log = []
    for number, (data, target) in enumerate(loader):
        data, target = data.to(device, non_blocking=True), target.to(device, non_blocking=True)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data), target)
        loss.backward()
        optimizer.step()
        if number % LOG_INTERVAL == 0:
            log.append(loss.item())
    return model


def fgsm(model: nn.Module, data: Tensor, target: Tensor) -> Tensor:
    data = data.clone().requires_grad_()
    loss = F.cross_entropy(model(data), target)
    (gradient,) = torch.autograd.grad(loss, data)
    return (data.detach() + EPS * gradient.sign()).clamp(0, 1)


def mixed_epoch(model: nn.Module, loader: Loader, device: torch.device) -> nn.Module:
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)
    log = []
    for number, (data, target) in enumerate(loader):
        data, target = data.to(device, non_blocking=True), target.to(device, non_blocking=True)
        half = len(data) // 2
        model.eval()
        data[:half] = fgsm(model, data[:half], target[:half])
        model.train()
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data), target)
        loss.backward()
        optimizer.step()
        if number % LOG_INTERVAL == 0:
            log.append(loss.item())
    return model


def with_lib(batches: Batches, start: nn.Module) -> Run:
    seeds = itertools.count()

    def run() -> nn.Module:
        model = copy.deepcopy(start)
        fit(model, batches, 1, lr=LR, seed=next(seeds), label="lib.train", snapshots=None)
        return model

    return run


def with_loader(
    epoch: Callable[..., nn.Module], loader: Callable[[], Loader], start: nn.Module, device: torch.device
) -> Run:
    made = loader()
    return lambda: epoch(copy.deepcopy(start), made, device)


def rows(digits: Dataset, *, images: int, epochs: int) -> dict[str, Row]:
    """A row of standard and one of mixed training, each going on from a network trained the same way for `epochs`."""
    x, y = digits.x_train[:images], digits.y_train[:images]
    attack = FGSM(EPS)
    standard, mixed = Shuffled(x, y, BATCH_SIZE), Mixed(x, y, attack, BATCH_SIZE)

    def clean(model: nn.Module) -> float:
        return evaluation.score(model, digits.x_test, digits.y_test).accuracy

    def attacked(model: nn.Module) -> float:
        return evaluation.under_attack(model, attack, digits.x_test, digits.y_test).accuracy

    shared: dict[str, Any] = {"images": len(x), "tolerance": 0.02}
    return {
        "standard": Row(
            title="An epoch of standard training",
            contenders=contenders(standard, plain_epoch, epochs),
            score=clean,
            score_name="test accuracy",
            **shared,
            **aims("standard", x.device),
        ),
        "mixed": Row(
            title="An epoch of mixed training (half FGSM)",
            contenders=contenders(mixed, mixed_epoch, epochs),
            score=attacked,
            score_name="test accuracy under FGSM",
            **shared,
            **aims("mixed", x.device),
        ),
    }


def contenders(batches: Batches, epoch: Callable[..., nn.Module], epochs: int) -> list[Contender]:
    """Ours and the plain loop with three loaders (four on a GPU), all from the same starting network."""
    x, y = batches.x, batches.y
    start = build(SimpleCNN, 0, x.device)
    fit(start, batches, epochs, lr=LR, label="start")
    loaders: dict[str, Callable[[], Loader]] = {
        "MNIST example": partial(example_loader, x, y),
        "MNIST example, 2 workers": partial(example_loader, x, y, workers=2),
        "DataLoader of tensors": partial(tensor_loader, x, y),
    }
    if x.is_cuda:
        loaders["tensors on the device"] = partial(OnDevice, x, y)
    peers = [Contender(name, partial(with_loader, epoch, made, start, x.device)) for name, made in loaders.items()]
    return [Contender("lib.train", partial(with_lib, batches, start), ours=True), *peers]
