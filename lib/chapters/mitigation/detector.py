"""Whether attacked images can be told from clean ones, and an attack that knows the detector."""

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
"""The share of clean images that may raise an alarm."""

LEAD = 0.5
"""By how many logits a wrong class has to lead before the attack turns to the detector."""


def train_detector(clean: Tensor, attacked: Tensor, epochs: int, *, seed: int = 0, **options) -> nn.Module:
    """A network that tells clean images (class 0) from attacked ones (class 1); both (N, 1, 28, 28).

    Metzen et al., 2017, put such a network on a hidden layer; this one is given the image itself.
    """
    detector = build(SimpleCNN, seed, clean.device, classes=2)
    labels = torch.full((len(clean) + len(attacked),), CLEAN, device=clean.device)
    labels[len(clean) :] = ATTACKED
    fit(detector, Shuffled(torch.cat([clean, attacked]), labels), epochs, seed=seed, **options)
    return detector


class BlackPixels(nn.Module):
    """A detector without training: the fewer exactly black pixels an image has, the more it is suspected."""

    def forward(self, x: Tensor) -> Tensor:
        black = (x == 0).flatten(1).float().mean(1)
        return torch.stack([black, torch.zeros_like(black)], dim=1)


def suspicion(detector: nn.Module, x: Tensor) -> np.ndarray:
    """How strongly the detector suspects each image (N,): its logit for attacked minus that for clean."""
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
    """One value for each image (N,): their mean is the area under the ROC curve, their spread gives its standard error.

    The attacked form of an image is compared with all clean images, its clean form with all attacked ones (DeLong et
    al., 1988; for images that come in pairs, Obuchowski, 1997). Ties count one half. Single values may lie outside
    [0, 1]. All are 1 where every attacked image is more suspect than every clean one.

    Parameters
    ----------
    clean, attacked
        The suspicion of the same images (N,), as `suspicion` gives it.
    """
    above_clean, below_attacked = _above(clean, attacked), 1 - _above(attacked, clean)
    return above_clean + below_attacked - above_clean.mean()


def _above(others: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The share of the others that each value lies above; ties count one half."""
    ordered = np.sort(others)
    ends = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return sum(ends) / (2 * len(ordered))


def unnoticed(clean: np.ndarray, attacked: np.ndarray, false_alarms: float = FALSE_ALARMS) -> np.ndarray:
    """Which attacked images (N,) raise no alarm, if a share `false_alarms` of the clean images may raise one."""
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
    """The loss (N,) of an attack on `Guarded`: be misclassified by a clear lead, then look clean while that lead lasts.

    Selective descent (Bryniarski et al., 2022): each step serves only one of the two aims, so that their gradients
    never cancel. `LEAD` keeps the last step from undoing the misclassification.
    """
    classes, suspect = outputs[:, :-1], outputs[:, -1]
    of_y = classes.gather(1, y[:, None])[:, 0]
    lead = classes.scatter(1, y[:, None], -torch.inf).amax(1) - of_y
    return torch.where(lead < LEAD, lead, -suspect)


def adaptive(eps: float, *, random_start: bool = False) -> PGD:
    """The attack on `Guarded` by an attacker who knows the detector.

    By default it starts at the image itself: a random start lifts half of the black pixels, and that is what a
    detector of attacks on digits looks for.
    """
    return PGD(eps=eps, steps=100, loss=unsuspected_error, random_start=random_start)
