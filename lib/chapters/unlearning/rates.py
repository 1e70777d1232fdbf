"""Accuracies, losses and differences from the chapter's records, as answers, tables and sentences need them."""

from collections.abc import Mapping, Sequence

import numpy as np

from lib.chapters.unlearning import forensics
from lib.chapters.unlearning.looks import Look
from lib.chapters.unlearning.measure import NetworkRecord
from lib.chapters.unlearning.measure_loop import LoopRecord, RoomRecord
from lib.chapters.unlearning.measure_removal import MembershipRecord, OneShotRecord
from lib.chapters.unlearning.reads import Reads
from lib.measure import crossed, intervals
from lib.measure.drawn import over_both
from lib.measure.intervals import Measured
from lib.measure.ratios import linearised
from lib.measure.red_flags import LARGE_EPS

Networks = Sequence[NetworkRecord]
Loop = Mapping[str, Sequence[LoopRecord]]
"""For each reading, what it did to each network; some readings are run from the first networks alone."""
Rooms = Sequence[RoomRecord]
OneShot = Mapping[tuple[str, float], Sequence[OneShotRecord]]
"""By which images are removed, and what share of them."""
Hits = list[np.ndarray]

TARGET = 0.9
"""The accuracy at which Fig. 9's loop stops."""


def accuracy(scores: Sequence[Reads]) -> Measured:
    """The accuracy with its interval, from one `Reads` for each network."""
    return intervals.rate([one.correct for one in scores])


def loss(scores: Sequence[Reads]) -> Measured:
    """The mean loss with its interval, from the same."""
    return intervals.loss([one.losses for one in scores])


# The loop.


def run_from(networks: Networks, loop: Loop, reading: str) -> list[tuple[NetworkRecord, LoopRecord]]:
    """The networks that a reading was run from, each with what the reading did."""
    return list(zip(networks[: len(loop[reading])], loop[reading], strict=True))


def alike(loop: Loop, readings: Sequence[str]) -> Loop:
    """These readings, each on the networks that all of them were run from."""
    fewest = min(len(loop[one]) for one in readings)
    return {one: loop[one][:fewest] for one in readings}


def apart(loop: Loop, reading: str, other: str, way: str) -> Measured:
    """Accuracy after a reading's last round minus that after another's, on the networks that both were run from."""
    return intervals.difference(*(last(of, way) for of in alike(loop, (reading, other)).values()))


def before(networks: Networks, way: str) -> Hits:
    """Which images each network classifies correctly before the loop; `way` as in `looks.WAYS`."""
    return [one.look.by(way) for one in networks]


def last(records: Sequence[LoopRecord], way: str) -> Hits:
    """The same after the last round."""
    return [one.last.by(way) for one in records]


def worst(networks: Networks) -> Hits:
    """Which of the sample's images each network classifies correctly under all attacks in [0, 1], before the loop."""
    return [one.clipped.correct[one.some] & one.pgd.correct & one.stopped for one in networks]


def worst_after(records: Sequence[LoopRecord]) -> Hits:
    """The same after the last round: under PGD run to the end of its steps, and PGD that stops once it succeeds."""
    return [one.longest.correct & one.last.by("PGD") for one in records]


def mean(hits: Hits) -> float:
    """The mean accuracy that `intervals.rate` gives: averaged in another order, it might round to another digit."""
    return intervals.rate(hits).mean


def after(loop: Loop, reading: str, way: str) -> float:
    """The mean accuracy after a reading's last round."""
    return mean(last(loop[reading], way))


def mean_after(loop: Loop, reading: str, attack: str) -> float:
    """The same on the third row's fresh images, by how they were attacked: `attack` is one of `AS_MADE`."""
    return accuracy([one.row.fresh[attack] for one in loop[reading]]).mean


def control(networks: Networks, loop: Loop, reading: str, way: str) -> Hits:
    """What a reading is compared with: as many epochs without removal.

    For (c), which starts afresh and trains as long as the original did, that is the original.
    """
    held = before(networks, way) if reading == "c" else last(loop["none"], way)
    return held[: len(loop[reading])]


def gain(networks: Networks, loop: Loop, reading: str, way: str) -> Measured:
    """What a reading gains over its control, after the last round."""
    return intervals.difference(last(loop[reading], way), control(networks, loop, reading, way))


def course(network: NetworkRecord, record: LoopRecord) -> list[Look]:
    """A network before the loop and after each round."""
    return [network.look, *record.looks]


def over_rounds(networks: Networks, loop: Loop, reading: str, way: str) -> list[list[float]]:
    """For each network, its accuracy before the loop and after each round."""
    pairs = run_from(networks, loop, reading)
    return [[float(one.by(way).mean()) for one in course(network, record)] for network, record in pairs]


def stops(networks: Networks, loop: Loop, reading: str) -> list[int]:
    """After how many rounds Fig. 9's loop stops for each network: the first with the target's accuracy, else all."""
    found = []
    for network, record in run_from(networks, loop, reading):
        reached = [look.by("FGSM").mean() >= TARGET for look in course(network, record)]
        found.append(reached.index(True) if True in reached else len(record.looks))
    return found


def where_it_stops(networks: Networks, loop: Loop, reading: str, rounds: Sequence[int], way: str) -> Hits:
    """Which images each network classifies correctly after so many rounds."""
    pairs = zip(run_from(networks, loop, reading), rounds, strict=True)
    return [course(network, record)[number].by(way) for (network, record), number in pairs]


def without_room(rooms: Rooms) -> int:
    """For how many networks accuracy was as low as asked for without any attack: there is nothing to win back."""
    return sum(one.eps == 0 for one in rooms)


def overfits(looks: Sequence[Look]) -> Measured:
    """How far accuracy on the images trained on is ahead of that on test images, over networks and images."""
    return _ahead([_trained_on(one) for one in looks], [one.clean for one in looks])


def less_overfit(first: Sequence[Look], then: Sequence[Look]) -> Measured:
    """By how much less training accuracy is ahead for the second networks than for the first, paired."""
    pairs = list(zip(first, then, strict=True))
    train = [_trained_on(a) - _trained_on(b) for a, b in pairs]
    return _ahead(train, [a.clean.astype(float) - b.clean for a, b in pairs])


def _ahead(train: Sequence[np.ndarray], test: Sequence[np.ndarray]) -> Measured:
    """The mean over training images minus that over test images, from one array of values for each network."""
    of_networks = np.subtract(*([one.mean() for one in side] for side in (train, test)))
    within = np.hypot(*(crossed.parts(side).within for side in (train, test)))  # the two are drawn independently
    return over_both(of_networks, float(within), len(test[0]))


def _trained_on(look: Look) -> np.ndarray:
    """The accuracy on the images trained on, as one value for each training image (N,): see `linearised`."""
    return linearised(look.train & ~look.left_out, ~look.left_out)


# Room to recover.


def in_room(rooms: Rooms, reading: str, way: str) -> Hits:
    """Which images are classified correctly after the last round at the room's eps."""
    return [one.loops[reading][-1].by(way) for one in rooms]


def room_before(rooms: Rooms) -> Hits:
    """Which images are classified correctly before the first round, under FGSM at that eps."""
    return [one.before.by("FGSM") for one in rooms]


def is_grey(rooms: Rooms) -> bool:
    """Whether some network's eps is so large that any image can be made grey: nothing is judged soundly there."""
    return max(one.eps for one in rooms) >= LARGE_EPS


# Removal in one shot, and forgetting.


def change(records: Sequence[OneShotRecord], networks: Networks, way: str) -> Measured:
    """Accuracy after a removal in one shot minus that of the networks trained on all images."""
    return intervals.difference([one.by(way) for one in records], before(networks[: len(records)], way))


def membership(records: Sequence[MembershipRecord], state: str) -> list[float]:
    """For each network, how well its losses tell the removed images from test images."""
    memories = [one.states[state] for one in records]
    return [forensics.membership(one.removed.losses, one.alike.losses) for one in memories]
