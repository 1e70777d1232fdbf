"""How likely, how near and how telling: numbers from clouds of networks, paths along eps, and losses."""

import math

import numpy as np
from sklearn.metrics import roc_auc_score


def tail(cloud: np.ndarray, point: tuple[float, float]) -> float:
    """The probability that a network of the cloud lies as far from its centre as the point, or farther.

    Distance is Mahalanobis's over accuracy and the logarithm of the loss, whose tail is long. The share is counted
    among the cloud's networks (n, 2) and the point itself, so that n networks cannot give less than 1 / (n + 1).
    """
    values = np.column_stack([cloud[:, 0], np.log(cloud[:, 1])])
    aside = np.vstack([values, [point[0], math.log(point[1])]]) - values.mean(0)
    inverse = np.linalg.pinv(np.cov(values, rowvar=False))
    distances = np.einsum("ij,jk,ik->i", aside, inverse, aside)
    return float((distances >= distances[-1]).mean())


def nearest(path: np.ndarray, point: tuple[float, float], within: tuple[float, float]) -> tuple[float, float]:
    """Where a path (n, 2) comes nearest to a point, and how near in units of the tolerance.

    The path runs straight from each of its points to the next; the place is counted in points from the first.
    The distance is the larger of the two coordinates' distances, each in units of its tolerance in `within`: it is at
    most 1 where both are within tolerance.
    """
    places = np.linspace(0, len(path) - 1, 100 * (len(path) - 1) + 1)
    dense = np.column_stack([np.interp(places, range(len(path)), column) for column in path.T])
    distances = (np.abs(dense - np.array(point)) / np.array(within)).max(1)
    return float(places[distances.argmin()]), float(distances.min())


def membership(members: np.ndarray, others: np.ndarray) -> float:
    """How well the loss (N,) tells training images from others: the area under the ROC curve.

    The attack of Yeom et al., 2018: a low loss speaks for an image that was trained on. 0.5 is guessing.
    """
    inside = np.repeat([1, 0], [len(members), len(others)])
    return float(roc_auc_score(inside, -np.concatenate([members, others])))
