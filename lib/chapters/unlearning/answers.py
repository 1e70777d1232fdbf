"""What the chapter answers to the paper's ten claims, from what was measured."""

from collections.abc import Mapping, Sequence

import numpy as np

from lib.chapters.unlearning import forensics
from lib.chapters.unlearning.experiment import Experiment
from lib.chapters.unlearning.labels import figure
from lib.chapters.unlearning.measure import JUDGED, ORIGINAL, LoopRecord, NetworkRecord, ThirdRowRecord
from lib.chapters.unlearning.measure_forensics import CurveRecord, UntrainedRecord
from lib.chapters.unlearning.measure_removal import MembershipRecord
from lib.chapters.unlearning.reads import Reads
from lib.ledger.answers import Answer
from lib.measure import intervals
from lib.measure.intervals import Measured

Networks = Sequence[NetworkRecord]
Loop = Mapping[str, Sequence[LoopRecord]]
"""For each reading what it did to each network."""

CONTROLS = {reading: "none" for reading in ("random", "a", "b", "d", "e", "f")} | {"c": "afresh"}
"""What each reading is compared with: as much training without removal, from the same start."""

PAPER_ROW_2, WITHIN_2 = (0.0796, 2.3045), (0.05, 0.1)
PAPER_ROW_3, WITHIN_3 = (0.9669, 0.1546), (0.02, 0.05)
"""Accuracy and loss that the paper prints, and their tolerances."""

WORDS = {"holds": "helps", "does not hold": "does not", "undecided": "does nothing that can be told from chance"}
"""The answer to the chapter's question, by the verdict on `removal.helps`."""


# Rates.


def accuracy(scores: Sequence[Reads]) -> Measured:
    """The accuracy with its interval, from one network's reads each."""
    return intervals.rate([one.correct for one in scores])


def loss(scores: Sequence[Reads]) -> Measured:
    """The mean loss with its interval."""
    return intervals.loss([one.losses for one in scores])


def last(records: Sequence[LoopRecord], way: str) -> list[np.ndarray]:
    """Which test images are read rightly after the last round, one array a network."""
    return [one.last(way) for one in records]


def gain(loop: Loop, reading: str, way: str) -> Measured:
    """What a reading adds to its control, after the last round."""
    return intervals.difference(last(loop[reading], way), last(loop[CONTROLS[reading]], way))


# In words.


def _of(experiment: Experiment) -> str:
    return f"{experiment.seeds} network(s), the LeNet of {figure(experiment.architecture)}"


def _longer(experiment: Experiment) -> str:
    return f"{experiment.rounds} round(s) of {experiment.round_epochs} epoch(s)"


def _not_mnist(networks: Networks, experiment: Experiment) -> str:
    images = len(networks[0].clean.correct)
    return "" if experiment.is_mnist else f" These are {images:,} images of {experiment.dataset}, not MNIST's 10,000."


# Levels: the rows of the table.


def clean_accuracy(networks: Networks, experiment: Experiment) -> Answer:
    """Row 1."""
    return _clean("clean.accuracy", accuracy([one.clean for one in networks]), "0.9932", networks, experiment)


def clean_loss(networks: Networks, experiment: Experiment) -> Answer:
    """Row 1."""
    return _clean("clean.loss", loss([one.clean for one in networks]), "0.0271", networks, experiment)


def _clean(claim: str, measured: Measured, printed: str, networks: Networks, experiment: Experiment) -> Answer:
    why = f"{measured:.4f} over {_of(experiment)}, against {printed}.{_not_mnist(networks, experiment)}"
    return Answer(claim, measured, why, measured, experiment.is_mnist)


def attacked_accuracy(networks: Networks, experiment: Experiment) -> Answer:
    """Row 2."""
    return _attacked("attacked.accuracy", accuracy, networks, experiment)


def attacked_loss(networks: Networks, experiment: Experiment) -> Answer:
    """Row 2."""
    return _attacked("attacked.loss", loss, networks, experiment)


def _attacked(claim: str, of, networks: Networks, experiment: Experiment) -> Answer:
    printed, strong = [one.printed for one in networks], [one.pgd for one in networks]
    pair = f"{accuracy(printed):.3f} with a loss of {loss(printed):.3f} in one experiment, against 0.0796 with 2.3045"
    why = _pair(pair, strong, networks, experiment)
    row = "FGSM as printed on the trained network"
    return Answer(claim, of(printed), why, of(strong), experiment.is_mnist, experiment=row)


def _pair(pair: str, strong: Sequence[Reads], networks: Networks, experiment: Experiment) -> str:
    leaves = f"PGD leaves {accuracy(strong):.3f} with {loss(strong):.3f} ({_of(experiment)})"
    return f"{pair}; {leaves}.{_not_mnist(networks, experiment)}"


def unlearned_accuracy(networks: Networks, loop: Loop, experiment: Experiment) -> Answer:
    """Row 3."""
    return _unlearned("unlearned.accuracy", accuracy, networks, loop, experiment)


def unlearned_loss(networks: Networks, loop: Loop, experiment: Experiment) -> Answer:
    """Row 3."""
    return _unlearned("unlearned.loss", loss, networks, loop, experiment)


def _unlearned(claim: str, of, networks: Networks, loop: Loop, experiment: Experiment) -> Answer:
    printed, strong = [one.printed for one in loop[JUDGED]], [one.longest for one in loop[JUDGED]]
    found = f"{accuracy(printed):.3f} with a loss of {loss(printed):.3f} by reading ({JUDGED})"
    pair = f"{found} after {_longer(experiment)}, against 0.9669 with 0.1546"
    why = _pair(pair, strong, networks, experiment)
    row = f"FGSM as printed on reading ({JUDGED})"
    return Answer(claim, of(printed), why, of(strong), experiment.is_mnist, experiment=row)


# Directions.


def removal_helps(loop: Loop, experiment: Experiment) -> Answer:
    """Removal against as much training without it."""
    found, sound = (gain(loop, JUDGED, way) for way in ("FGSM", "PGD"))
    anew, lot = ([f"{gain(loop, reading, way):+.3f}" for way in ("FGSM", "PGD")] for reading in ("c", "random"))
    why = (
        f"After {_longer(experiment)} removal changes accuracy by {found:+.3f} (FGSM) and {sound:+.3f} (PGD) against "
        f"none ({_of(experiment)}); starting afresh (c; {len(loop['c'])} network(s)) by {anew[0]} (FGSM) and "
        f"{anew[1]} (PGD), a random choice by {lot[0]} and {lot[1]}."
    )
    return Answer("removal.helps", found, why, sound)


def loop_reaches_target(loop: Loop, experiment: Experiment) -> Answer:
    """The best round's accuracy."""
    by_round = [intervals.rate([one.fgsm[number] for one in loop[JUDGED]]) for number in range(experiment.rounds)]
    best = max(range(experiment.rounds), key=lambda number: by_round[number].mean)
    sound = intervals.rate([one.pgd[best] for one in loop[JUDGED]])
    reached = f"{by_round[best]:.3f} (FGSM), {sound:.3f} (PGD; {_of(experiment)})"
    why = f"The best of {_longer(experiment)}, number {best + 1}, reaches {reached}."
    return Answer("loop.reaches_target", by_round[best], why, sound)


def beats_retraining(loop: Loop, experiment: Experiment) -> Answer:
    """Removal against training on adversarial images."""
    lead, sound = (intervals.difference(last(loop[JUDGED], way), last(loop["d"], way)) for way in ("FGSM", "PGD"))
    after = f"after {_longer(experiment)}: {lead:+.3f} (FGSM), {sound:+.3f} (PGD; {_of(experiment)})"
    why = f"Removal less training on adversarial images, {after}."
    return Answer("unlearning.beats_retraining", lead, why, sound)


def conclusion(networks: Networks, loop: Loop, experiment: Experiment) -> Answer:
    """The updated network against the original: the gain under FGSM, or what is lost on clean images where that is."""
    tougher, cleaner = (
        intervals.difference(last(loop[JUDGED], way), [one.watched[way] for one in networks])
        for way in ("FGSM", "clean")
    )
    sound = gain(loop, JUDGED, "PGD")
    lower = cleaner.high is not None and cleaner.high < 0
    why = (
        f"Against the original, clean accuracy changes by {cleaner:+.3f} and FGSM accuracy by {tougher:+.3f}; against "
        f"as many epochs without removal, accuracy under PGD changes by {sound:+.3f} ({_longer(experiment)}; "
        f"{_of(experiment)})."
    )
    return Answer("conclusion.accuracy_and_robustness", cleaner if lower else tougher, why, sound)


# Headline and prose.


def rounding(originals: Sequence[ThirdRowRecord]) -> float:
    """The accuracy that Fig. 5's attack, clipped, leaves without any defence."""
    return float(np.mean([one.fresh["softmax sum, clipped"].accuracy for one in originals]))


def membership(records: Sequence[MembershipRecord]) -> list[float]:
    """For each network how well its losses tell the removed images from test images."""
    return [forensics.membership(one.removed.losses, one.alike.losses) for one in records]


def headline(
    networks: Networks,
    loop: Loop,
    third_row: Mapping[str, Sequence[ThirdRowRecord]],
    memberships: Mapping[str, Sequence[MembershipRecord]],
) -> dict[str, float]:
    """The numbers that tests hold against their range."""
    printed = [one.printed for one in networks]
    return {
        "clean_accuracy": accuracy([one.clean for one in networks]).mean,
        "fgsm_accuracy": accuracy([one.clipped for one in networks]).mean,
        "fgsm_unclipped_accuracy": accuracy(printed).mean,
        "fgsm_unclipped_loss": loss(printed).mean,
        "removed_fgsm_accuracy": _after(loop, "b", "FGSM"),
        "control_fgsm_accuracy": _after(loop, "none", "FGSM"),
        "trained_fgsm_accuracy": _after(loop, "d", "FGSM"),
        "removed_pgd_accuracy": _after(loop, "b", "PGD"),
        "trained_pgd_accuracy": _after(loop, "d", "PGD"),
        "softmax_sum_accuracy": rounding(third_row[ORIGINAL]),
        "membership_auc": float(np.mean(membership(memberships["whole"]))),
    }


def _after(loop: Loop, reading: str, way: str) -> float:
    return intervals.rate(last(loop[reading], way)).mean


def summary(
    loop: Loop, third_row: Mapping[str, Sequence[ThirdRowRecord]], verdict: str, experiment: Experiment
) -> dict[str, object]:
    """What the prose says; `verdict` is that on `removal.helps`."""
    e = experiment
    return {
        "word": WORDS[verdict],
        "removed": _after(loop, "b", "FGSM"),
        "control": _after(loop, "none", "FGSM"),
        "removed-pgd": _after(loop, "b", "PGD"),
        "control-pgd": _after(loop, "none", "PGD"),
        "trained": _after(loop, "d", "FGSM"),
        "rounding": rounding(third_row[ORIGINAL]),
        "rounds": e.rounds,
        "some": e.n_images,
        "seeds": e.seeds,
        "eps": e.eps,
        "figure": figure(e.architecture),
        "few": e.n_forensic,
        "data": "MNIST" if e.is_mnist else f"{e.dataset} (a small sample of MNIST)",
    }


# The second row.


def path(records: Sequence[CurveRecord]) -> np.ndarray:
    """Accuracy and loss at each eps (eps, 2), the mean over networks."""
    return np.mean([one.points for one in records], 0)


def tails(clouds: Mapping[str, UntrainedRecord]) -> dict[tuple[str, str], float]:
    """The probability of a point as far out as the paper's second row, by LeNet and by what it was shown."""
    return {
        (lenet, way): forensics.tail(points, PAPER_ROW_2)
        for lenet, cloud in clouds.items()
        for way, points in cloud.ways.items()
    }


def nearest(curves: Mapping[str, Sequence[CurveRecord]]) -> dict[str, tuple[float, float]]:
    """Where each attack's path comes nearest to the paper's second row, and how near, in tolerances."""
    return {name: forensics.nearest(path(of), PAPER_ROW_2, WITHIN_2) for name, of in curves.items()}


def second_row(clouds: Mapping[str, UntrainedRecord], curves: Mapping[str, Sequence[CurveRecord]]) -> dict[str, object]:
    """What the prose says of where the second row comes from."""
    clean = {lenet: probability for (lenet, way), probability in tails(clouds).items() if way == "clean"}
    likely = max(clean, key=clean.get)
    return {
        "untrained": "may be" if clean[likely] > 0.05 else "is hardly",
        "trained": "does not give" if min(far for _, far in nearest(curves).values()) > 1 else "can give",
        "probability": clean[likely],
        "figure": figure(likely),
        "n": len(clouds[likely].clean),
    }
