"""What was measured, as tables."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from lib.chapters.unlearning import answers, labels
from lib.chapters.unlearning.answers import Loop, Networks
from lib.chapters.unlearning.experiment import KINDS, Experiment
from lib.chapters.unlearning.measure import ORIGINAL, LetterRecord, NetworkRecord, ThirdRowRecord
from lib.chapters.unlearning.measure_forensics import CurveRecord, UntrainedRecord
from lib.chapters.unlearning.measure_removal import MembershipRecord, OneShotRecord
from lib.chapters.unlearning.reads import Reads
from lib.evidence.cells import Cell
from lib.measure import intervals
from lib.models import LENETS, build, outline, parameter_count

ThirdRow = Mapping[str, Sequence[ThirdRowRecord]]
OneShot = Mapping[tuple[str, float], Sequence[OneShotRecord]]


def images(cell: Cell[NetworkRecord], experiment: Experiment) -> str:
    """Where the images of a network's cell come from and how many they are, in a line."""
    record, made = cell.read()
    origin, tested = made.data[experiment.dataset]["origin"], len(record.clean.correct)
    some = len(record.stopped)
    return f"{origin}; {tested:,} test images, of which {some:,} are attacked in many steps"


def lenets(experiment: Experiment) -> pd.DataFrame:
    """The paper's three LeNets."""
    built = {figure: build(one, experiment.seed, torch.device("cpu")) for figure, one in LENETS.items()}
    return pd.DataFrame(
        {
            "network": [labels.figure(figure) for figure in built],
            "layers": [outline(network) for network in built.values()],
            "parameters": [f"{parameter_count(network):,}" for network in built.values()],
            "this run trains": ["yes" if figure == experiment.architecture else "" for figure in built],
        }
    )


def trained(networks: Networks) -> pd.DataFrame:
    """The trained network, clean and attacked."""
    n = len(networks[0].stopped)
    rows = {
        "clean": [one.clean for one in networks],
        "FGSM as printed, not clipped": [one.printed for one in networks],
        "FGSM, clipped": [one.clipped for one in networks],
        f"FGSM, clipped, the first {n}": [one.clipped.first(n) for one in networks],
        f"PGD, 40 steps, the first {n}": [one.pgd for one in networks],
    }
    return pd.DataFrame(
        {
            "test images": list(rows),
            "accuracy": [f"{answers.accuracy(scores):.3f}" for scores in rows.values()],
            "loss": [f"{answers.loss(scores):.3f}" for scores in rows.values()],
            "paper": ["0.9932 and 0.0271", "0.0796 and 2.3045", "", "", ""],
        }
    )


def letter(record: LetterRecord) -> pd.DataFrame:
    """What the rule removes by what it is given."""
    lost = {
        "indices (4.3)": record.indices,
        "tuples (the text of Fig. 8)": record.tuples,
        "an array of images (Fig. 5)": record.array,
    }
    numbers = [", ".join(map(str, one[:8])) + (" …" if len(one) > 8 else "") for one in lost.values()]
    columns = {"what is selected": list(lost), "images removed": [len(one) for one in lost.values()]}
    return pd.DataFrame(columns | {"their numbers": numbers})


def shown(experiment: Experiment) -> dict[str, str]:
    """How the loop looks at networks, and what pages call it."""
    return {"clean": "clean", "FGSM": "FGSM", "PGD": f"PGD, first {experiment.n_images} images"}


def last_round(loop: Loop, experiment: Experiment) -> pd.DataFrame:
    """Every reading after the last round, and what it adds to its control."""
    columns = {
        "reading": [labels.READINGS[reading] for reading in loop],
        "networks": [len(records) for records in loop.values()],
        "images trained on, by round": [", ".join(f"{n:,}" for n in records[-1].images) for records in loop.values()],
    }
    for way, title in shown(experiment).items():
        columns[title] = [f"{intervals.rate(answers.last(records, way)):.3f}" for records in loop.values()]
    for way in ("FGSM", "PGD"):
        columns[f"{way}, less its control"] = [
            f"{answers.gain(loop, reading, way):+.3f}" if reading in answers.CONTROLS else "" for reading in loop
        ]
    return pd.DataFrame(columns)


# The third row.


def in_brief(scores: Sequence[Reads]) -> str:
    """Accuracy and loss in the mean over networks."""
    accuracy, loss = _means(scores)
    return f"{accuracy:.3f} / {loss:.3f}"


def _means(scores: Sequence[Reads]) -> tuple[float, float]:
    return float(np.mean([one.accuracy for one in scores])), float(np.mean([one.loss for one in scores]))


def _by_way(third_row: ThirdRow) -> dict[tuple[str, str, str], list[Reads]]:
    """What each network's reads are, by attack, age of its images and network."""
    found = {}
    for attack in labels.PRINTED:
        for network, records in third_row.items():
            found[attack, "fresh", network] = [one.fresh[attack] for one in records]
            if network != ORIGINAL:  # its stale images are its fresh ones
                found[attack, "stale", network] = [one.stale[attack] for one in records]
    return found


def third_row(found: ThirdRow) -> pd.DataFrame:
    """Each network under each of the printed attacks."""
    reads, ways = _by_way(found), [(attack, age) for attack in labels.PRINTED for age in ("fresh", "stale")]
    columns = {"attack": [labels.PRINTED[attack] for attack, _ in ways] + ["random signs, clipped"]}
    columns["images"] = [age for _, age in ways] + ["the same for all"]
    for network, records in found.items():
        cells = [in_brief(reads[*way, network]) if (*way, network) in reads else "as fresh" for way in ways]
        columns[labels.UPDATED[network]] = [*cells, in_brief([one.noise for one in records])]
    return pd.DataFrame(columns)


def nearest_to_third_row(found: ThirdRow) -> str:
    """Which of the ways comes nearest to the paper's row, and how often Fig. 5's gradient is zero, in lines."""
    (accuracy, loss), (of_accuracy, of_loss) = answers.PAPER_ROW_3, answers.WITHIN_3
    near = {}
    for key, scores in _by_way(found).items():
        a, b = _means(scores)
        near[key] = max(abs(a - accuracy) / of_accuracy, abs(b - loss) / of_loss)
    attack, age, network = closest = min(near, key=near.get)
    way = ", ".join([labels.PRINTED[attack], age, labels.UPDATED[network]])
    zero = np.mean([one.zero_gradients for one in found[ORIGINAL]])
    return (
        f"Fig. 5's gradient is zero in every pixel of {zero:.3f} of the images.\n"
        f"Within the tolerance of both numbers: {sum(value <= 1 for value in near.values())} of {len(near)} ways.\n"
        f"Nearest: {way}, off by {near[closest]:.1f} times the tolerance."
    )


# The second row.


def untrained(clouds: Mapping[str, UntrainedRecord]) -> pd.DataFrame:
    """How far from untrained networks the paper's row lies."""
    tails = answers.tails(clouds)
    points = [clouds[lenet].ways[way] for lenet, way in tails]
    return pd.DataFrame(
        {
            "untrained network": [labels.figure(lenet) for lenet, _ in tails],
            "images": [way for _, way in tails],
            "networks": [len(one) for one in points],
            "mean accuracy": [f"{one.mean(0)[0]:.3f}" for one in points],
            "mean loss": [f"{one.mean(0)[1]:.3f}" for one in points],
            "probability of a point as far out": [f"{probability:.3f}" for probability in tails.values()],
        }
    )


def nearest_to_second_row(curves: Mapping[str, Sequence[CurveRecord]], experiment: Experiment) -> pd.DataFrame:
    """How near the paper's row trained networks come, at any eps."""
    steps, rows = range(experiment.grid), []
    for name, (at, far) in answers.nearest(curves).items():
        values = experiment.eps_grid, *answers.path(curves[name]).T
        rows.append([name, *(f"{np.interp(at, steps, one):.3f}" for one in values), f"{far:.1f}"])
    head = ["trained network under", "nearest eps", "accuracy there", "loss there", "distance, in tolerances"]
    return pd.DataFrame(rows, columns=head)


# Removal in one shot.


def one_shot(found: OneShot, networks: Networks, experiment: Experiment) -> pd.DataFrame:
    """What removal changes, against the network trained on all images."""
    shares, columns = experiment.shares, {"removed": [f"{share:.1%}" for share in experiment.shares]}
    for way in ("clean", "FGSM"):
        for kind in KINDS:
            columns[f"{way}, {kind}"] = [f"{_change(found[kind, share], networks, way):+.3f}" for share in shares]
    return pd.DataFrame(columns)


def _change(records: Sequence[OneShotRecord], networks: Networks, way: str) -> intervals.Measured:
    untouched = [one.watched[way] for one in networks[: len(records)]]
    return intervals.difference([one.watched[way] for one in records], untouched)


def membership(found: Mapping[str, Sequence[MembershipRecord]]) -> pd.DataFrame:
    """What networks still know of the removed images."""
    return pd.DataFrame(
        {
            "network": [labels.STATES[state] for state in found],
            "AUC, removed against test": [
                f"{intervals.over_networks(answers.membership(records)):.3f}" for records in found.values()
            ],
            "accuracy on the removed images": [
                f"{answers.accuracy([one.removed for one in records]):.3f}" for records in found.values()
            ],
            "accuracy on all test images": [
                f"{intervals.rate([one.test for one in records]):.3f}" for records in found.values()
            ],
        }
    )


def membership_title(found: Mapping[str, Sequence[MembershipRecord]], experiment: Experiment) -> str:
    """The caption of `membership`: how many images it is about."""
    first, *others = found["whole"]
    removed, alike = len(first.removed.losses), len(first.alike.losses)
    left = f"What {removed:,} removed images ({experiment.forgotten:.1%}) have left behind"
    return f"{left}; {alike} test images to compare with; {1 + len(others)} network(s)"
