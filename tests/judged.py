"""Small classifiers that need no training, and networks that no number should be given for."""

import random
import threading
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib.data import Dataset


def nearest_mean(images: Dataset, part: slice = slice(None)) -> nn.Sequential:
    """Each image goes to the class whose mean of the training images is nearest: a linear network, in eval mode."""
    x, y = images.x_train[part].flatten(1), images.y_train[part]
    means = torch.stack([x[y == one].mean(0) for one in range(10)])
    network = nn.Sequential(nn.Flatten(), nn.Linear(x.shape[1], 10)).to(x.device)
    with torch.no_grad():
        network[1].weight.copy_(means)
        network[1].bias.copy_(-means.square().sum(1) / 2)
    return network.eval()


class Around(nn.Module):
    """A network with a function before it and one after it."""

    def __init__(self, network: nn.Module, before: Callable | None = None, after: Callable | None = None) -> None:
        super().__init__()
        self.network, self.before, self.after = network, before or (lambda x: x), after or (lambda out: out)
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.network(self.before(x)))


class Forgetful(Around):
    """Its forward pass puts it back into training mode."""

    def forward(self, x: Tensor) -> Tensor:
        self.train()
        return super().forward(x)


class Learning(Around):
    """It keeps the mean of what it sees, in eval mode too."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.mean.mul_(0.9).add_(0.1 * x.detach().mean())
        return super().forward(x)


class Remembering(nn.Module):
    """It keeps what it computes from its weights as an attribute, as the old weight_norm does."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        self.last = self.network[1].weight * 1
        return F.linear(x.flatten(1), self.last, self.network[1].bias)


class Locked(Around):
    """It holds what cannot be copied; nothing that judges it has to."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        self.lock = threading.Lock()


class Late(Around):
    """In order until an image lies where no clean one does: there it raises."""

    def forward(self, x: Tensor) -> Tensor:
        if bool(((x - 0.21).abs() < 1e-6).flatten(1).float().mean(1).max() > 0.2):
            raise ValueError("too grey")
        return super().forward(x)


class WrongWay(torch.autograd.Function):
    """The identity, whose gradient cannot be computed."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        raise NotImplementedError("no way back")


def squared_root(x: Tensor) -> Tensor:
    """The identity, whose gradient at 0 is no number."""
    return x.sqrt().square()


def folded(x: Tensor) -> Tensor:
    """How far a pixel is from 0.21, where the gradient is not a number; no image is there before it is attacked."""
    return (x - 0.21).square().sqrt()


def in_place(x: Tensor) -> Tensor:
    """Darker images, in the place of those that came."""
    return x.sub_(0.1)


def batch_normed(x: Tensor) -> Tensor:
    """Images normalised by the mean of their batch."""
    return x - 0.5 * x.mean(0, keepdim=True)


def seeded(x: Tensor) -> Tensor:
    """The same noise at each call, since the seed is set for all that draws."""
    torch.manual_seed(0)
    return x + 0.01 * torch.rand_like(x)


def seeded_by_the_batch(x: Tensor) -> Tensor:
    """Noise whose own generator takes its seed from all images that come."""
    drawn = torch.Generator().manual_seed(int(1000 * float(x.sum())) % 2**31)
    return x + torch.randn(x.shape, generator=drawn).to(x.device)


def by_numpy(x: Tensor) -> Tensor:
    """Noise of NumPy's, too small to see."""
    return x + 1e-9 * float(np.random.rand())


def at_random(x: Tensor) -> Tensor:
    """One of two images at random, by Python's own generator."""
    return x if random.random() < 0.5 else 1 - x


class Counting(Around):
    """Another network once it has seen so many images, by a count that is no buffer."""

    def __init__(self, good: nn.Module) -> None:
        super().__init__(good, after=self.counted)
        self.seen = 0

    def counted(self, logits: torch.Tensor) -> torch.Tensor:
        self.seen += len(logits)
        return logits if self.seen < 800 else logits.roll(1, 1)


BAD: dict[str, tuple[Callable[[nn.Sequential], object], str]] = {
    "a function": (lambda good: lambda x: good(x), "not a torch.nn.Module"),
    "training mode": (lambda good: good.train(), "in training mode: the network.*eval"),
    "one layer in training mode": (lambda good: _with_mode(good, 1), "in training mode: 1.*eval"),
    "back to training mode": (Forgetful, "goes back to training mode"),
    "float64": (lambda good: good.double(), r"1\.weight is float64.*network\.float"),
    "half": (lambda good: good.half(), r"1\.weight is float16"),
    "NaN weights": (lambda good: _filled(good, float("nan")), "holds what is not a number"),
    "no shape yet": (lambda good: nn.Sequential(nn.Flatten(), nn.LazyLinear(10)).eval(), "no shape yet"),
    "another device": (lambda good: good.to("meta"), "is on meta, and the images are on"),
    "inference mode": (lambda good: _in_inference_mode(good), "made in inference mode"),
    "None": (lambda good: Around(good, after=lambda out: None), "returns None"),
    "a tuple": (lambda good: Around(good, after=lambda out: (out, out)), "returns a tuple of 2"),
    "a dict": (lambda good: Around(good, after=lambda out: {"logits": out}), "returns a dict"),
    "classes": (lambda good: Around(good, after=lambda out: out.argmax(1)), r"shape \(24,\) for 24 images"),
    "classes as a column": (lambda good: Around(good, after=lambda out: out.argmax(1)[:, None]), "returns int64"),
    "one row for all": (lambda good: Around(good, after=lambda out: out.mean(0, keepdim=True)), r"shape \(1, 10\)"),
    "nine logits": (lambda good: Around(good, after=lambda out: out[:, :9]), "gives 9 logits"),
    "double logits": (lambda good: Around(good, after=lambda out: out.double()), "returns float64"),
    "NaN": (lambda good: Around(good, after=lambda out: out / 0 * 0), "logits that are not numbers"),
    "infinite": (lambda good: Around(good, after=lambda out: out / 0), "logits that are not numbers"),
    "softmax": (lambda good: Around(good, after=lambda out: out.softmax(1)), "probabilities.*sum to 1.*logits"),
    "softmax times a number": (
        lambda good: Around(good, after=lambda out: 100 * (30 * out).softmax(1)),
        "probabilities times a number: .* sum to 100",
    ),
    "a model's output": (
        lambda good: Around(good, after=lambda out: SimpleNamespace(logits=out)),
        "`.logits` are what",
    ),
    "random beside a masked class": (
        lambda good: Around(good, after=lambda out: F.pad(out + 0.5 * _others(out), (0, 2), value=-1e9)),
        "other logits for the same",
    ),
    "another after so many calls": (Counting, "answers otherwise at the end of the judgement than at its start"),
    "sigmoid": (lambda good: Around(good, after=lambda out: out.sigmoid()), "probabilities.*a sigmoid"),
    "dropout left on": (lambda good: Around(good, before=lambda x: F.dropout(x, 0.5)), "other logits for the same"),
    "random by Python": (lambda good: Around(good, before=at_random), "other logits for|draws random numbers"),
    "random by NumPy": (lambda good: Around(good, before=by_numpy), "draws random numbers, or sets a seed"),
    "a seed": (lambda good: Around(good, before=seeded), "draws random numbers, or sets a seed"),
    "a batch's mean": (lambda good: Around(good, before=batch_normed), "depend on the other images"),
    "seeded by the batch": (
        lambda good: Around(good, before=seeded_by_the_batch),
        "depend on the other images.*noise that is seeded by the batch",
    ),
    "in place": (lambda good: Around(good, before=in_place), "writes into the images"),
    "changing buffers": (Learning, "changes its parameters or buffers"),
    "raises at once": (
        lambda good: nn.Sequential(nn.Linear(7, 10)).to(good[1].weight.device).eval(),
        "raises RuntimeError on 24 images",
    ),
    "raises on one image": (lambda good: Around(good, after=lambda out: out.squeeze()), r"shape \(10,\) for 1 images"),
    "raises midway": (Late, r"attacked at eps 0\.21.*raises ValueError.*too grey"),
    "no way back": (lambda good: Around(good, before=WrongWay.apply), "gradient cannot be computed.*no way back"),
    "NaN gradient": (lambda good: Around(good, before=squared_root), "gradient at .* images is not a number"),
    "NaN gradient midway": (
        lambda good: Around(good, before=folded),
        r"attacked at eps 0\.21.*gradient at .* not a number",
    ),
    "one answer": (
        lambda good: Around(good, after=lambda out: 0 * out + torch.arange(10, device=out.device)),
        "one answer to everything",
    ),
    "made for -1 to 1": (lambda good: Around(good, before=lambda x: (x + 1) / 2), r"images in \[-1, 1\].*first layer"),
    "made for 0 to 255": (lambda good: Around(good, before=lambda x: x / 255), r"images in \[0, 255\].*first layer"),
    "made for black on white": (lambda good: Around(good, before=lambda x: 1 - x), "black and white exchanged"),
    "made for normalised": (lambda good: Around(good, before=lambda x: 0.2 * x + 0.2), "normalised by their mean"),
}
"""By what is wrong with them: from a good network a bad one, and what is said of it."""


_OTHERS = torch.Generator().manual_seed(1)


def _others(logits: torch.Tensor) -> torch.Tensor:
    """Other numbers at each call, of a generator that only the network knows."""
    return torch.randn(logits.shape, generator=_OTHERS).to(logits.device)


def _with_mode(network: nn.Sequential, number: int) -> nn.Sequential:
    network[number].train()
    return network


def _filled(network: nn.Sequential, value: float) -> nn.Sequential:
    with torch.no_grad():
        network[1].weight[0, 0] = value
    return network


def _in_inference_mode(network: nn.Sequential) -> nn.Sequential:
    with torch.inference_mode():
        made = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).eval()
        made.load_state_dict(network.state_dict())
    return made
