"""What the settings of training do: how far accuracy spreads over them, and whether training went on for too long."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lib.chapters.adversarial_training.cases import CONTROLS, SETTINGS
from lib.chapters.adversarial_training.courses import Course
from lib.chapters.adversarial_training.rates import lowest
from lib.chapters.adversarial_training.scores import Scores
from lib.measure.intervals import Measured, over_networks
from lib.measure.multiple import smallest
from lib.measure.ratios import mean

FEWEST = 3
"""The fewest networks for a spread over seeds: two lie equally far from their mean, so its error cannot be seen."""

KINDS = {"clean": "clean accuracy", "PGD": "accuracy under PGD"}
"""What is looked at over each setting, and what it is called."""

Swept = Mapping[str, Mapping[str, Sequence[Scores]]]
"""By the setting and by its value: networks that differ in nothing else, one for each seed."""


def seeds(swept: Swept) -> int:
    """How many networks there are of each value."""
    return len(next(iter(swept["epochs"].values())))


def unchanged(settings: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """By setting, the value of the training that is among the trainings of all settings, as `cases.varied` has them."""
    (middle,) = set.intersection(*(set(trainings.values()) for trainings in settings.values()))
    return {name: next(value for value, one in of.items() if one == middle) for name, of in settings.items()}


def accuracies(swept: Swept, kind: str) -> dict[str, NDArray[np.float64]]:
    """Accuracy (values, seeds) by setting."""
    return {
        setting: np.array([[one.correct(kind).mean() for one in of] for of in values.values()])
        for setting, values in swept.items()
    }


def spread_of(setting: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each seed, the standard deviation of accuracies (values, seeds) over the values of a setting."""
    return setting.std(0, ddof=1)


def spread_over_seeds(swept: Swept, kind: str) -> NDArray[np.float64]:
    """For each seed, how far its networks lie from those of the other seeds.

    The root mean square over all values of all settings, scaled so that it estimates the standard deviation over seeds.
    """
    networks = {of[0].weights: of for values in swept.values() for of in values.values()}  # each setting has the middle
    found = np.array([[one.correct(kind).mean() for one in of] for of in networks.values()])
    count = seeds(swept)
    return np.sqrt(((found - found.mean(1, keepdims=True)) ** 2).mean(0) * count / (count - 1))


def least_spread(swept: Swept, kind: str) -> Measured:
    """The spread over each setting that the paper names, minus that over seeds: the smallest of these differences."""
    found, by_seed = accuracies(swept, kind), spread_over_seeds(swept, kind)
    return smallest([over_networks(spread_of(found[setting]) - by_seed) for setting in SETTINGS])


def least_lead(swept: Swept, kind: str) -> Measured:
    """The spread over each setting that the paper names, minus that over each it does not name: the smallest."""
    found = {setting: spread_of(values) for setting, values in accuracies(swept, kind).items()}
    leads = [over_networks(found[one] - found[other]) for one in SETTINGS for other in CONTROLS]
    return smallest(leads)


def spread_of_last_loss(normal: Sequence[Course]) -> NDArray[np.float64]:
    """One value for each seed: their mean is the standard deviation over seeds of the loss after the last epoch.

    The deviation S is linearised: S / 2 + d^2 n / (n - 1) / (2 S) for a seed that lies d from the mean. So an interval
    over seeds accounts for how well S is known.
    """
    last = np.array([one.test_loss[-1] for one in normal])
    spread = last.std(ddof=1)
    if not spread:
        return np.zeros(len(last))
    squares = (last - last.mean()) ** 2 * len(last) / (len(last) - 1)
    return spread / 2 + squares / (2 * spread)


def rises(normal: Sequence[Course]) -> list[NDArray[np.float64]]:
    """For each network and test image, how much higher the loss is after the last epoch than after the lowest.

    The lowest epoch is `rates.lowest`. Losses image by image are kept for the epoch at which a network's own mean was
    lowest. So they are all shifted by what the two epochs' means differ.
    """
    return [
        one.last_losses.astype(float) - one.lowest_losses + one.test_loss.min() - one.test_loss[at]
        for one, at in zip(normal, lowest(normal), strict=True)
    ]


def spread_less_rise(normal: Sequence[Course]) -> Measured:
    """The spread of the last loss over seeds, minus the loss's rise from the lowest epoch."""
    values = [spread - rise for spread, rise in zip(spread_of_last_loss(normal), rises(normal), strict=True)]
    return mean(values)


def spread_less_rise_of_first(normal: Sequence[Course]) -> Measured:
    """The same with the rise of the first network alone, which is what one who trains once sees."""
    values = [spread - rises(normal)[0] for spread in spread_of_last_loss(normal)]
    return mean(values)
