"""What was measured, as tables."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from lib.chapters.unlearning import labels, listings, paper_table, rates
from lib.chapters.unlearning.contradictions import CONTRADICTIONS
from lib.chapters.unlearning.experiment import KINDS, Experiment
from lib.chapters.unlearning.looks import WAYS
from lib.chapters.unlearning.measure import LetterRecord, NetworkRecord
from lib.chapters.unlearning.measure_loop import READINGS
from lib.chapters.unlearning.measure_removal import MembershipRecord
from lib.chapters.unlearning.paper_table import Clouds, Curves
from lib.chapters.unlearning.rates import Loop, Networks, OneShot, Rooms
from lib.chapters.unlearning.reads import Reads
from lib.evidence.cells import Cell
from lib.ledger.contradictions import as_table
from lib.measure import intervals
from lib.models import LENETS, build, outline, parameter_count
from lib.show.counting import agreeing, counted

MISSING = "not measured"

SHOWN_WAYS = 5
"""The least number of ways to the third row that a short table shows."""


def images(cell: Cell[NetworkRecord], experiment: Experiment) -> str:
    """Where the images of a network's cell come from, and how many there are, in one line."""
    record, made = cell.read()
    origin, tested = made.data[experiment.dataset]["origin"], len(record.clean.correct)
    some = len(record.stopped)
    return f"{origin}; {tested:,} test images, of which a sample of {some:,} is attacked in many steps"


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
    n = len(networks[0].some)
    rows = {
        "clean": [one.clean for one in networks],
        "FGSM as printed, not clipped": [one.printed for one in networks],
        "FGSM, clipped": [one.clipped for one in networks],
        f"FGSM, clipped, the {n:,} of PGD": [one.clipped.at(one.some) for one in networks],
        f"PGD, 40 steps, {n:,}": [one.pgd for one in networks],
    }
    return pd.DataFrame(
        {
            "test images": list(rows),
            "accuracy": [f"{rates.accuracy(scores):.3f}" for scores in rows.values()],
            "loss": [f"{rates.loss(scores):.3f}" for scores in rows.values()],
            "paper": [*map(_printed, ("clean", "attacked")), "", "", ""],
        }
    )


def _printed(row: str) -> str:
    """Accuracy and loss in a row of the paper's table, as printed."""
    return " and ".join(paper_table.printed(row, one) for one in ("accuracy", "loss"))


def letter(record: LetterRecord) -> pd.DataFrame:
    """What the rule removes, by what it is given."""
    lost = {
        "indices (4.3)": record.indices,
        "tuples (the text of Fig. 8)": record.tuples,
        "an array of images (Fig. 5)": record.array,
    }
    numbers = [", ".join(map(str, one[:8])) + (" …" if len(one) > 8 else "") for one in lost.values()]
    columns = {"what is selected": list(lost), "images removed": [len(one) for one in lost.values()]}
    return pd.DataFrame(columns | {"their numbers": numbers})


def letter_title(experiment: Experiment) -> str:
    """The caption of `letter`."""
    images = f"{counted(experiment.remove, 'image')} {agreeing(experiment.remove)}"
    return f"What the rule removes when {images} selected"


# The loop.


def last_round(networks: Networks, loop: Loop) -> pd.DataFrame:
    """Every reading after the last round, and what it gains over its control."""
    columns = {
        "reading": [labels.READINGS[reading] for reading in loop],
        "networks": [len(records) for records in loop.values()],
        "left out": [f"{int(records[-1].last.left_out.sum()):,}" for records in loop.values()],
    }
    for way in WAYS:
        columns[way] = [f"{intervals.rate(rates.last(records, way)):.3f}" for records in loop.values()]
    for way in ("FGSM", "PGD"):
        columns[f"{way}, minus its control"] = [_gain(networks, loop, reading, way) for reading in loop]
    return pd.DataFrame(columns)


def _gain(networks: Networks, loop: Loop, reading: str, way: str) -> str:
    """What a reading gains over its control; in words where the two are the same networks, weight by weight."""
    if reading == "none":
        return ""
    weights = [[one.last.weights for one in of] for of in rates.alike(loop, (reading, "none")).values()]
    return "the same networks" if weights[0] == weights[1] else f"{rates.gain(networks, loop, reading, way):+z.3f}"


def overfitting(networks: Networks, loop: Loop) -> pd.DataFrame:
    """How far training accuracy is ahead of test accuracy, before the loop and after it."""
    looks = {"before the loop": [one.look for one in networks]}
    looks |= {labels.READINGS[reading]: [one.last for one in records] for reading, records in loop.items()}
    return pd.DataFrame(
        {
            "network": list(looks),
            "networks": [len(of) for of in looks.values()],
            "accuracy on what it was trained on": [
                f"{np.mean([one.train[~one.left_out].mean() for one in of]):.4f}" for of in looks.values()
            ],
            "on test images": [f"{np.mean([one.clean.mean() for one in of]):.4f}" for of in looks.values()],
            "difference": [f"{rates.overfits(of):.4f}" for of in looks.values()],
        }
    )


def room(rooms: Rooms) -> pd.DataFrame:
    """The loop where accuracy under FGSM is next to nothing at first, a row for each network."""
    columns = {"network": [str(number) for number in range(1, len(rooms) + 1)]}
    columns["eps"] = [f"{one.eps:.3f}" for one in rooms]
    for way in ("FGSM", "PGD"):
        columns[f"{way}, before"] = [f"{one.before.by(way).mean():.3f}" for one in rooms]
        for reading in READINGS:
            after = [f"{one.loops[reading][-1].by(way).mean():.3f}" for one in rooms]
            columns[f"{way}, {labels.READINGS[reading]}"] = after
    return pd.DataFrame(columns)


# The third row.


def third_row(networks: Networks, loop: Loop) -> pd.DataFrame:
    """Each network under each of the printed attacks: accuracy / loss, marked where both are the paper's."""
    found, giving = paper_table.ways(networks, loop), paper_table.giving(networks, loop)
    rows = [(attack, age) for attack in paper_table.AS_MADE for age in ("fresh", "stale")]
    columns = {"attack": [labels.attack(attack) for attack, _ in rows] + ["random signs, clipped"]}
    columns["images"] = [age for _, age in rows] + ["the same for all"]
    for who, of in paper_table.rows(networks, loop).items():
        cells = [
            in_brief(found[*row, who]) + (" ✓" if (*row, who) in giving else "") if (*row, who) in found else "as fresh"
            for row in rows
        ]
        columns[labels.UPDATED[who]] = [*cells, in_brief([one.noise for one in of])]
    return pd.DataFrame(columns)


def nearest_ways(networks: Networks, loop: Loop) -> pd.DataFrame:
    """The ways that come nearest to the third row, in tolerances; all that give both numbers are among them."""
    found, distances = paper_table.ways(networks, loop), paper_table.third_row_off(networks, loop)
    shown = list(distances)[: max(SHOWN_WAYS, len(paper_table.giving(networks, loop)))]
    off = [f"{distances[way]:.1f}" + (" ✓" if distances[way] <= 1 else "") for way in shown]
    rows = [(*labels.of_way(way), in_brief(found[way]), far) for way, far in zip(shown, off, strict=True)]
    return pd.DataFrame(rows, columns=["attack", "images", "network", "accuracy / loss", "off by"])


def in_brief(scores: Sequence[Reads]) -> str:
    """Accuracy and loss, averaged over networks."""
    accuracy, loss = paper_table.means(scores)
    return f"{accuracy:.3f} / {loss:.3f}"


# The second row.


def untrained(clouds: Clouds) -> pd.DataFrame:
    """How far from untrained networks the paper's row lies."""
    tails = paper_table.tails(clouds)
    points = [clouds[lenet].ways[way] for lenet, way in tails]
    return pd.DataFrame(
        {
            "untrained network": [labels.figure(lenet) for lenet, _ in tails],
            "images": [way for _, way in tails],
            "networks": [len(one) for one in points],
            "mean accuracy": [f"{one.mean(0)[0]:.3f}" for one in points],
            "mean loss": [f"{one.mean(0)[1]:.3f}" for one in points],
            "share at least as far out": [f"{share:.3f}" for share in tails.values()],
        }
    )


def nearest_to_second_row(curves: Curves, experiment: Experiment) -> pd.DataFrame:
    """How near the paper's row trained networks come, at any eps."""
    steps, rows = range(experiment.grid), []
    for name, (at, far) in paper_table.nearest(curves).items():
        values = experiment.eps_grid, *paper_table.path(curves[name]).T
        rows.append([name, *(f"{np.interp(at, steps, one):.3f}" for one in values), f"{far:.1f}"])
    head = ["trained network under", "nearest eps", "accuracy there", "loss there", "distance, in tolerances"]
    return pd.DataFrame(rows, columns=head)


# Removal in one shot.


def one_shot(found: OneShot, networks: Networks, experiment: Experiment) -> pd.DataFrame:
    """What removal changes, compared with the networks trained on all images."""
    shares, columns = experiment.shares, {"removed": [f"{share:.1%}" for share in experiment.shares]}
    for way, digits in (("clean", "+z.4f"), ("FGSM", "+z.3f")):
        for kind in KINDS:
            each = [found[kind, share] for share in shares]
            changes = [rates.change(one, networks, way) if one else None for one in each]
            columns[f"{way}, {kind}"] = [format(one, digits) if one else MISSING for one in changes]
    return pd.DataFrame(columns)


def membership(found: Sequence[MembershipRecord]) -> pd.DataFrame:
    """What networks still know of the removed images."""
    if not found:
        return pd.DataFrame({"network": [*labels.STATES.values()], "AUC, removed against test": MISSING})
    states = {state: [one.states[state] for one in found] for state in found[0].states}
    return pd.DataFrame(
        {
            "network": [labels.STATES[state] for state in states],
            "AUC, removed against test": [
                f"{intervals.over_networks(rates.membership(found, state), scale='logit'):.3f}" for state in states
            ],
            "accuracy on the removed images, not attacked": [
                f"{rates.accuracy([one.removed for one in of]):.3f}" for of in states.values()
            ],
            "on all test images, not attacked": [
                f"{intervals.rate([one.test for one in of]):.3f}" for of in states.values()
            ],
        }
    )


def membership_title(found: Sequence[MembershipRecord], experiment: Experiment) -> str:
    """The caption of `membership`: how many images it is about."""
    if not found:
        return f"What {experiment.forgotten:.1%} of the images, removed at once, have left behind"
    first = found[0].states["whole"]
    removed, alike = len(first.removed.losses), len(first.alike.losses)
    left = f"What {removed:,} images ({experiment.forgotten:.1%}), removed at once, have left behind"
    return f"{left}; {alike} test images to compare with; {counted(len(found), 'network')}"


# The paper as it is printed.


def printed_listings() -> pd.DataFrame:
    """What is wrong with each listing, and what Python says about it."""
    return pd.DataFrame(
        {
            "listing": [f"Fig. {fault.figure}" for fault in listings.FAULTS],
            "what is printed": [fault.what for fault in listings.FAULTS],
            "how it ends": [fault.outcome() for fault in listings.FAULTS],
            "may be the typesetter's": ["yes" if fault.typeset else "" for fault in listings.FAULTS],
        }
    )


def contradictions() -> pd.DataFrame:
    """Passages that cannot both be right, or that leave open what was done."""
    return as_table(CONTRADICTIONS)
