"""How often 95% intervals hold the true value, by simulation: networks and images are both drawn."""

from collections.abc import Iterator

import numpy as np
import pytest

from lib.measure import crossed
from lib.measure.intervals import difference, loss, rate
from lib.measure.scales import ends, stretch

LEAST = 0.93
ALIKE = (0.0, 0.5, 1.0)
"""For what share of the images all networks agree whenever they can: images are hard or easy for all of them."""
SPREADS = (0.0, 0.1, 0.3, 0.6)
"""Standard deviations of the networks' true shares, in units of p (1 - p): about that on the logit scale."""


def drawn(generator, trials: int, n: int, images: int, p: float, spread: float, alike: float) -> np.ndarray:
    """Hits (trials, n, images): each network's share is drawn around p, and each image by its own difficulty."""
    shares = np.full((trials, n, 1), p)
    if spread:
        size = 1 / (spread**2 * p * (1 - p)) - 1  # of a beta distribution with this standard deviation
        shares = generator.beta(p * size, (1 - p) * size, shares.shape)
    own = generator.random((trials, n, images), dtype=np.float32)
    common = round(alike * images)
    own[..., :common] = generator.random((trials, 1, common), dtype=np.float32)
    return own < shares


def intervals(hits: np.ndarray) -> tuple[np.ndarray, ...]:
    """What `rate` makes of each trial, all at once."""
    n, images = hits.shape[-2:]
    mean, between, _, error = crossed.parts_of_shares(hits, images)
    to_scale = np.where((mean > 0) & (mean < 1), stretch(mean, "logit"), 1)
    interval = ends(mean, to_scale * error, n - 1, "logit", 0.95, images)
    predicted = ends(mean, to_scale * between * (1 + 1 / n) ** 0.5, n - 1, "logit", 0.95, images)
    return *interval, np.maximum(predicted[0] - 0.5 / images, 0), np.minimum(predicted[1] + 0.5 / images, 1)


def corners(images: int) -> Iterator[tuple]:
    shares = (0.003, 0.01, 0.1, 0.5, 0.99, 0.997) if images == 300 else (0.003, 0.5, 0.997)
    for n in (3, 5, 10):
        for p in shares:
            for spread in SPREADS if images == 300 else SPREADS[::2]:
                for alike in ALIKE if images == 300 else ALIKE[1:2]:
                    yield n, p, spread, alike


@pytest.mark.parametrize(("images", "trials"), [(300, 1000), (10_000, 300)])
def test_an_interval_of_a_share_holds_the_true_share(images: int, trials: int) -> None:
    generator, found = np.random.default_rng(0), {}
    for n, p, spread, alike in corners(images):
        low, high, *_ = intervals(drawn(generator, trials, n, images, p, spread, alike))
        found[n, p, spread, alike] = ((low <= p) & (p <= high)).mean()
    assert len(found) in (216, 18)
    assert {corner: share for corner, share in found.items() if share < LEAST} == {}


def test_it_is_the_interval_that_rate_gives() -> None:
    hits = drawn(np.random.default_rng(1), 20, 4, 300, 0.01, 0.3, 0.5)
    made = np.array(intervals(hits)).T
    for trial, expected in zip(hits, made, strict=True):
        found = rate(list(trial))
        assert (found.low, found.high, *found.predicted) == pytest.approx(tuple(expected), abs=1e-12)


@pytest.mark.parametrize("n", [3, 10])
def test_a_prediction_interval_holds_what_one_more_network_gives(n: int) -> None:
    generator, found = np.random.default_rng(2), {}
    for p in (0.003, 0.1, 0.5, 0.99):
        for spread in SPREADS[:3]:
            for alike in ALIKE:
                hits = drawn(generator, 1000, n + 1, 300, p, spread, alike)
                _, _, low, high = intervals(hits[:, :n])
                one_more = hits[:, n].mean(-1)
                found[p, spread, alike] = ((low <= one_more) & (one_more <= high)).mean()
    assert {corner: share for corner, share in found.items() if share < LEAST} == {}


@pytest.mark.parametrize("n", [3, 5, 10])
def test_the_intervals_of_a_loss_hold_the_true_loss_and_one_more_network(n: int) -> None:
    """Of an image's loss, a part is common to all networks: most of the mean comes from a few hard images."""
    generator, held, images = np.random.default_rng(4), {}, 300
    for spread in SPREADS[:3]:
        for tail in (1.0, 1.5):
            networks = np.exp(generator.normal(-(spread**2) / 2, spread, (1000, n + 1, 1)))
            common, own = generator.normal(size=(1000, 1, images)), generator.normal(size=(1000, n + 1, images))
            losses = networks * np.exp(tail * (0.8 * common + 0.6 * own) - tail**2 / 2)  # with mean 1
            found, one_more = [loss(list(one[:n])) for one in losses], losses[:, n].mean(-1)
            held["mean", spread, tail] = np.mean([one.low <= 1 <= one.high for one in found])
            inside = [one.predicted[0] <= new <= one.predicted[1] for one, new in zip(found, one_more, strict=True)]
            held["one more", spread, tail] = np.mean(inside)
    assert {corner: share for corner, share in held.items() if share < LEAST} == {}


@pytest.mark.parametrize("n", [1, 3, 10])
def test_an_interval_of_a_difference_holds_the_true_difference(n: int) -> None:
    """Before and after meet the same images; few of them differ, or none."""
    generator, found, images = np.random.default_rng(3), {}, 300
    for gained, lost in ((0.0, 0.003), (0.002, 0.004), (0.03, 0.0), (0.01, 0.01), (0.3, 0.1)):
        for alike in ALIKE:
            held = []
            for _ in range(150):
                fate, right = generator.random((n, images)), generator.random(images) < 0.5
                fate[:, : round(alike * images)] = fate[0, : round(alike * images)]
                before = np.where(fate < gained, False, (fate >= 1 - lost) | right)
                after = np.where(fate < gained, True, (fate < 1 - lost) & right)
                one = difference(list(after), list(before))
                held.append(one.low <= gained - lost <= one.high)
            found[gained, lost, alike] = np.mean(held)
    assert {corner: share for corner, share in found.items() if share < LEAST} == {}
