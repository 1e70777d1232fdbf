"""Where a classifier's decision boundary lies around an image, and whether attacked images can be told from clean."""

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from lib.attacks import FGSM
from lib.evaluation import logits
from lib.models import SimpleCNN, build
from lib.training import Shuffled, fit

CLEAN, ATTACKED = 0, 1

LEAD = 0.5
"""By how many logits an image has to be misread before its attack turns to the detector."""


@dataclass(frozen=True, eq=False)
class Slice:
    """The classes that a network reads on a plane through one image; `read[i, j]` at (across[j], up[i])."""

    across: np.ndarray
    """Steps along the attack's direction, in pixel units: eps."""
    up: np.ndarray
    """Steps along a random direction of the same length, orthogonal to it."""
    read: np.ndarray


def attack_direction(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """The sign of the loss's gradient at x: the direction of FGSM, of the shape of x."""
    steep = FGSM(eps=1.0, clip=None)
    return steep(model, x, y) - x


def orthogonal_direction(direction: Tensor, seed: int) -> Tensor:
    """A random direction for each image, orthogonal to `direction` and as long in L2."""
    generator = torch.Generator().manual_seed(seed)
    draw = torch.randn(direction.shape[1:], generator=generator).to(direction.device).expand_as(direction)
    squared = direction.flatten(1).square().sum(1).clamp_min(torch.finfo(direction.dtype).tiny)  # a zero stays zero
    along = (draw * direction).flatten(1).sum(1) / squared
    draw = draw - along.view(-1, 1, 1, 1) * direction
    length = direction.flatten(1).norm(dim=1) / draw.flatten(1).norm(dim=1)
    return draw * length.view(-1, 1, 1, 1)


def plane(model: nn.Module, x: Tensor, y: Tensor, radius: float, *, seed: int = 0, n: int = 81) -> Slice:
    """Read a square of `n` x `n` points around one image.

    The square's sides are the direction of FGSM and one random direction orthogonal to it. Points are not clipped:
    a slice of the clipped space would not be a plane.

    Parameters
    ----------
    x, y
        One image (1, C, H, W) and its true class (1,).
    radius
        Half the side, in pixel units.
    """
    first = attack_direction(model, x, y)
    second = orthogonal_direction(first, seed)
    steps = torch.linspace(-radius, radius, n, device=x.device)
    up, across = torch.meshgrid(steps, steps, indexing="ij")
    points = x + across.reshape(-1, 1, 1, 1) * first + up.reshape(-1, 1, 1, 1) * second
    read = logits(model, points).argmax(1).view(n, n)
    axis = steps.cpu().numpy()
    return Slice(axis, axis, read.cpu().numpy())


def distance(
    model: nn.Module, x: Tensor, y: Tensor, direction: Tensor, *, largest: float = 1.0, steps: int = 100
) -> np.ndarray:
    """How far each image (N,) is from being misread along its direction, in pixel units.

    The smallest of `steps` even steps up to `largest` at which the clipped image is read as another class than y;
    0 where the image itself is misread, infinity where no step is.
    """
    distances = torch.full((len(x),), torch.inf)
    open_ = torch.arange(len(x), device=x.device)
    for eps in torch.linspace(0, largest, steps + 1).tolist():
        points = (x[open_] + eps * direction[open_]).clamp(0, 1)
        misread = logits(model, points).argmax(1) != y[open_]
        distances[open_[misread].cpu()] = eps
        open_ = open_[~misread]
        if not len(open_):
            break
    return distances.numpy()


def train_detector(clean: Tensor, attacked: Tensor, epochs: int, *, seed: int = 0, **options) -> nn.Module:
    """A network that tells clean images (class 0) from attacked ones (class 1); both (N, 1, 28, 28).

    Metzen et al., 2017, put such a network on a hidden layer; this one reads the image.
    """
    detector = build(SimpleCNN, seed, clean.device, classes=2)
    labels = torch.full((len(clean) + len(attacked),), CLEAN, device=clean.device)
    labels[len(clean) :] = ATTACKED
    fit(detector, Shuffled(torch.cat([clean, attacked]), labels), epochs, seed=seed, **options)
    return detector


class BlackPixels(nn.Module):
    """A detector without training: the fewer exactly black pixels an image has, the more it is taken for attacked."""

    def forward(self, x: Tensor) -> Tensor:
        black = (x == 0).flatten(1).float().mean(1)
        return torch.stack([black, torch.zeros_like(black)], dim=1)


def suspicion(detector: nn.Module, x: Tensor) -> np.ndarray:
    """How much the detector takes each image (N,) for attacked: the difference of its two logits."""
    outputs = logits(detector, x)
    return (outputs[:, ATTACKED] - outputs[:, CLEAN]).cpu().numpy()


def separation(detector: nn.Module, clean: Tensor, attacked: Tensor) -> float:
    """The area under the ROC curve: the chance that an attacked image looks more suspect than a clean one."""
    scores = np.concatenate([suspicion(detector, clean), suspicion(detector, attacked)])
    return float(roc_auc_score(np.repeat([CLEAN, ATTACKED], [len(clean), len(attacked)]), scores))


def unnoticed(detector: nn.Module, clean: Tensor, attacked: Tensor, false_alarms: float = 0.05) -> np.ndarray:
    """Which attacked images (N,) raise no alarm, where that share of the clean images may raise a false one."""
    threshold = np.quantile(suspicion(detector, clean), 1 - false_alarms)
    return suspicion(detector, attacked) < threshold


class Guarded(nn.Module):
    """A classifier and its detector as one model, for an attack that knows both: class logits, then suspicion."""

    def __init__(self, classifier: nn.Module, detector: nn.Module) -> None:
        super().__init__()
        self.classifier = classifier
        self.detector = detector

    def forward(self, x: Tensor) -> Tensor:
        verdict = self.detector(x)
        return torch.cat([self.classifier(x), verdict[:, ATTACKED:] - verdict[:, :ATTACKED]], dim=1)


def unsuspected_error(outputs: Tensor, y: Tensor) -> Tensor:
    """The loss (N,) of an attack on `Guarded`: first be misread by a clear lead, then look clean as long as that lasts.

    Selective descent (Bryniarski et al., 2022): each step serves the one aim that is not yet met, so that the two
    gradients never cancel. `LEAD` keeps the last step from giving the misreading away.
    """
    classes, suspect = outputs[:, :-1], outputs[:, -1]
    of_y = classes.gather(1, y[:, None])[:, 0]
    lead = classes.scatter(1, y[:, None], -torch.inf).amax(1) - of_y
    return torch.where(lead < LEAD, lead, -suspect)
