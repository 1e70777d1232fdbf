"""Made-up records of the chapter on unlearning: what measuring would give, with accuracies and losses by hand."""

from collections.abc import Sequence

import numpy as np

from lib.chapters.unlearning.experiment import Experiment
from lib.chapters.unlearning.looks import Look
from lib.chapters.unlearning.loop import READINGS
from lib.chapters.unlearning.measure import LetterRecord, NetworkRecord
from lib.chapters.unlearning.measure_forensics import CurveRecord, UntrainedRecord
from lib.chapters.unlearning.measure_loop import LoopRecord, RoomRecord
from lib.chapters.unlearning.measure_removal import STATES, MembershipRecord, Memory, OneShotRecord
from lib.chapters.unlearning.measure_row import ATTACKS, CLIPPED, Row
from lib.chapters.unlearning.reads import Reads
from lib.ledger.answers import Answer
from lib.ledger.claims import paper
from lib.ledger.entries import entry

CLAIMS = paper("unlearning").claims
N = 1000
"""Test images, and training images; there are as many of them for attacks in many steps."""

SPREAD = (-0.004, 0.0, 0.004)
"""By how much three networks differ."""


def experiment(**given) -> Experiment:
    """Three networks on digits, two rounds."""
    values = {"seed": 0, "seeds": 3, "loop_seeds": 1, "dataset": "digits", "architecture": "fig4"}
    values |= {
        "epochs": 5,
        "rounds": 2,
        "round_epochs": 1,
        "remove": 7,
        "eps": 0.1,
        "leaves": 0.08,
        "shots": 2,
        "forget": 0.05,
    }
    values |= {"beyond": True, "grid": 3, "n_untrained": 10, "n_forensic": 20, "n_images": N, "queries": 5}
    return Experiment(**values | given)


def correct(accuracy: float, n: int = N) -> np.ndarray:
    """The first images right, the others wrong."""
    return np.arange(n) < round(accuracy * n)


def reads(accuracy: float, loss: float = 1.0, n: int = N) -> Reads:
    """Every image with the same loss."""
    return Reads(np.zeros(n, np.uint8), correct(accuracy, n), np.full(n, loss, np.float32))


def look(fgsm=0.5, pgd=0.5, clean=0.9, train=0.95, left_out=0, weights="digest") -> Look:
    """A network of these accuracies; the last training images are the ones that were left out."""
    return Look(weights, correct(train), np.arange(N) >= N - left_out, correct(clean), correct(fgsm), correct(pgd))


def row(accuracy: float = 0.5, loss: float = 1.0, *, stale: bool = True) -> Row:
    """Alike under every attack."""
    ways = {name + end: reads(accuracy, loss) for name in ATTACKS for end in ("", CLIPPED)}
    return Row(dict(ways), dict(ways) if stale else {}, reads(0.9), 0.25)


def network(
    clean=0.9, printed=0.3, clipped=0.4, pgd=0.35, losses=(0.3, 2.3, 1.7, 2.0), train=0.95, of_row=0.5
) -> NetworkRecord:
    """A trained network of these accuracies and losses; PGD that stops early leaves what PGD leaves."""
    four = [reads(*pair) for pair in zip((clean, printed, clipped, pgd), losses, strict=True)]
    return NetworkRecord("digest", correct(train), np.arange(N), *four, correct(pgd), row(of_row, stale=False))


def letter() -> LetterRecord:
    """Two images selected."""
    pictures = np.zeros((2, 1, 28, 28), np.float32)
    return LetterRecord([1, 3], [], [0], pictures, pictures + np.float32(0.1), [4, 9], [9, 4])


def looped(looks: Sequence[Look], last: float = 0.5, loss: float = 1.0, strong: float = 0.3) -> LoopRecord:
    """A loop; the paper's images leave `last` with this loss after the last round, PGD leaves `strong` with 2."""
    return LoopRecord([*looks], reads(last, loss), reads(strong, 2.0), row(last, loss))


def loops(at: float = 0.5, spread: Sequence[float] = SPREAD, **others: object) -> dict[str, list[LoopRecord]]:
    """Every reading after two rounds: `at` under FGSM and PGD, spread alike, but for the readings named.

    A reading is named with the accuracy that it has instead, or with what `look` takes.
    """
    found = {}
    for reading in READINGS:
        given = others.get(reading, at)
        values = {"fgsm": at, "pgd": at} | (given if isinstance(given, dict) else {"fgsm": given, "pgd": given})
        moved = [values | {way: values[way] + by for way in ("fgsm", "pgd")} for by in spread]
        found[reading] = [looped([look(**one)] * 2) for one in moved]
    return found


def with_fewer(loop: dict[str, list[LoopRecord]], count: int = 1) -> dict[str, list[LoopRecord]]:
    """The same, where only the paper's method and its controls were run from all networks."""
    return {one: records if one in ("none", "random", "b") else records[:count] for one, records in loop.items()}


def rooms(b: Sequence[float] = (0.1, 0.1, 0.1), pgd: object = 0.0, before: float = 0.08, eps=0.3) -> list[RoomRecord]:
    """Networks at the eps where FGSM leaves `before`, and reading (b) `b`; controls stay there, PGD leaves them 0."""
    tried = np.array([[1.0, 0.05], [eps, before]])
    first, strong = look(before, 0.0), pgd if isinstance(pgd, tuple) else [pgd] * len(b)
    controls = {"none": [first] * 2, "random": [first] * 2}
    pairs = zip(b, strong, strict=True)
    return [RoomRecord(tried, first, controls | {"b": [look(*pair)] * 2}) for pair in pairs]


def cloud(seed: int, centre=(0.1, 2.3), n: int = 10) -> UntrainedRecord:
    """Untrained networks around a point, clean; far from there under attack."""
    around = np.random.default_rng(seed).normal(centre, (0.02, 0.02), (n, 2))
    return UntrainedRecord(around, around + np.array([0.5, 3.0]))


def curve(points: Sequence[tuple[float, float]]) -> CurveRecord:
    """Accuracy and loss at each eps."""
    return CurveRecord(
        np.array([correct(accuracy) for accuracy, _ in points]),
        np.array([np.full(N, loss, np.float32) for _, loss in points]),
    )


def one_shot(clean: float, fgsm: float) -> OneShotRecord:
    """A network from scratch."""
    return OneShotRecord(3992, "digest", correct(clean), correct(fgsm))


def memberships(apart: float = 1.0, seeds: int = 2) -> list[MembershipRecord]:
    """Every state alike: removed images have a loss that is `apart` below that of test images."""
    memory = Memory("digest", reads(0.1, 2.0 - apart, 20), reads(0.1, 2.0, 8), correct(0.9))
    return [MembershipRecord(dict.fromkeys(STATES, memory)) for _ in range(seeds)]


def word(answer: Answer) -> str:
    """The word on the card."""
    return entry(CLAIMS[answer.claim], answer)["word"]


def networks(*, spread=SPREAD, **levels) -> list:
    """Three networks around these accuracies."""
    return [network(**{name: level + by for name, level in levels.items()}) for by in spread]


def after(fgsm=0.3, pgd=0.3, clean=0.9, **more) -> list:
    """What reading (b) leaves three networks: an accuracy, or one for each."""
    by_network = (level if isinstance(level, tuple) else (level,) * 3 for level in (fgsm, pgd, clean))
    return [looped([look(*levels, **more)] * 2) for levels in zip(*by_network, strict=True)]
