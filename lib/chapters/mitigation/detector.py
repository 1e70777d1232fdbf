"""Whether attacked images can be told from clean ones, and an attack that knows of the detector."""

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from lib.attack.gradient import PGD
from lib.measure.score import logits
from lib.models.base import build
from lib.models.small import SimpleCNN
from lib.train.batches import Shuffled
from lib.train.loop import fit

CLEAN, ATTACKED = 0, 1

FALSE_ALARMS = 0.05
"""How many clean images may raise an alarm, as a share."""

LEAD = 0.5
"""By how many logits an image has to be misread before its attack turns to the detector."""


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


def separation(clean: np.ndarray, attacked: np.ndarray) -> float:
    """The area under the ROC curve: the chance that an attacked image is more suspect than a clean one.

    Parameters
    ----------
    clean, attacked
        The suspicion of each image, as `suspicion` gives it.
    """
    labels = np.repeat([CLEAN, ATTACKED], [len(clean), len(attacked)])
    return float(roc_auc_score(labels, np.concatenate([clean, attacked])))


def comparisons(clean: np.ndarray, attacked: np.ndarray) -> np.ndarray:
    """One value an image (N,), whose mean is the area under the ROC curve and which varies over images as that does.

    Of each image the clean and the attacked form are compared with all others (DeLong et al., 1988, for images that
    come in pairs: Obuchowski, 1997). Ties count one half. Single values may lie outside [0, 1]; 1 throughout where
    every attacked image is more suspect than every clean one.

    Parameters
    ----------
    clean, attacked
        The suspicion of the same images (N,), as `suspicion` gives it.
    """
    above_clean, below_attacked = _above(clean, attacked), 1 - _above(attacked, clean)
    return above_clean + below_attacked - above_clean.mean()


def _above(others: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Of how many of the others each value lies above, as a share."""
    ordered = np.sort(others)
    ends = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return sum(ends) / (2 * len(ordered))


def unnoticed(clean: np.ndarray, attacked: np.ndarray, false_alarms: float = FALSE_ALARMS) -> np.ndarray:
    """Which attacked images (N,) raise no alarm, where that share of the clean images may raise a false one."""
    return attacked < np.quantile(clean, 1 - false_alarms)


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


def adaptive(eps: float, *, random_start: bool = False) -> PGD:
    """The attack on `Guarded` of who knows the detector.

    By default it starts at the image itself: a random start lifts every black pixel, which is what a detector of
    attacks on digits looks for.
    """
    return PGD(eps=eps, steps=100, loss=unsuspected_error, random_start=random_start)
