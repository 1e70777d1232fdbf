"""The chapter's answers to the numbers that the paper prints, from its records.

All come from one experiment, the setting of the tutorials that the paper follows; what other readings give is counted.
"""

from collections.abc import Mapping, Sequence

from lib.chapters.adversarial_training.cases import PAPER_BATCHES
from lib.chapters.adversarial_training.experiment import Experiment
from lib.chapters.adversarial_training.measure import Learned
from lib.chapters.adversarial_training.rates import Ladder, Scored, accuracy, gap, ladder, loss_ladder, span
from lib.chapters.adversarial_training.scores import Scores
from lib.chapters.adversarial_training.table_one import CLAIMS, ROWS, TableOne, farthest, off, within
from lib.ledger.answers import Answer, Finding, Readings
from lib.ledger.scale import smaller
from lib.ledger.words import within_tolerance
from lib.measure.intervals import Measured, rate

BySize = Mapping[int, Sequence[Scores]]
"""Scores of networks fine-tuned on test images, by the size of the batches."""


def normal_train_accuracy(tutorials: Sequence[Learned], own: Sequence[Learned], experiment: Experiment) -> Answer:
    """Does normal training reach the printed accuracy on its own training images?"""
    ways = [
        rate([getattr(one, way) for one in learned])
        for learned in (tutorials, own)
        for way in ("as_used", "as_trained")
    ]
    nearest = _nearest_to_the_words("normal.train_accuracy", ways[2], "Table II's training, in eval mode")
    readings = Readings(len(ways), _giving("normal.train_accuracy", ways), nearest)
    why = f"{ways[0].mean:.4f} in eval mode, {ways[1].mean:.4f} with dropout, as a log kept while training counts."
    by = f"in eval mode, {len(tutorials[0].as_used):,} training images"
    return _answer("normal.train_accuracy", ways[0], by, experiment, readings=readings, why=why)


# Table I


def normal_clean_accuracy(table: TableOne, experiment: Experiment) -> Answer:
    """Is the printed accuracy on test images reached without a defence?"""
    return _of_table_one("normal.clean_accuracy", table, experiment)


def normal_adversarial_accuracy(table: TableOne, experiment: Experiment) -> Answer:
    """Is as little left of the undefended network as printed?"""
    return _of_table_one("normal.adversarial_accuracy", table, experiment, ladder(table.tutorials["normal"]))


def normal_adversarial_loss(table: TableOne, experiment: Experiment) -> Answer:
    """Is its loss as high as printed?"""
    return _of_table_one("normal.adversarial_loss", table, experiment, loss_ladder(table.tutorials["normal"]))


def mixed_clean_accuracy(table: TableOne, experiment: Experiment) -> Answer:
    """Is the accuracy on clean images after mixed training the printed one?"""
    return _of_table_one("mixed.clean_accuracy", table, experiment)


def mixed_clean_loss(table: TableOne, experiment: Experiment) -> Answer:
    """Is the loss on clean images after mixed training the printed one?"""
    return _of_table_one("mixed.clean_loss", table, experiment)


def mixed_adversarial_accuracy(table: TableOne, experiment: Experiment) -> Answer:
    """Is the accuracy on attacked images after mixed training the printed one?"""
    return _of_table_one("mixed.adversarial_accuracy", table, experiment, ladder(table.tutorials["mixed"]))


def mixed_adversarial_loss(table: TableOne, experiment: Experiment) -> Answer:
    """Is the loss on attacked images after mixed training the printed one?"""
    return _of_table_one("mixed.adversarial_loss", table, experiment, loss_ladder(table.tutorials["mixed"]))


def _of_table_one(claim: str, table: TableOne, experiment: Experiment, rungs: Ladder = ()) -> Answer:
    found, (network, kind) = table.found, ROWS[claim]
    last = farthest(found)
    why = f"{len(within(found))} of Table I's {len(ROWS)} numbers lie within their tolerance; "
    why += f"the farthest, {last}, is {off(last, found[last]):.2f} tolerances off."
    images = "test images" if kind == "clean" else "test images under FGSM, made through the undefended network"
    by = f"{len(table.tutorials[network][0].y):,} {images}"
    return _answer(claim, found[claim], by, experiment, rungs, table.counted, why)


# Fine-tuning


def finetuned_clean_accuracy(tutorials: Scored, by_size: BySize, experiment: Experiment) -> Answer:
    """Is the accuracy on clean images after fine-tuning the printed one?"""
    claim, before = "finetuned.clean_accuracy", accuracy(tutorials["normal"], "clean")
    found, *others = (accuracy(of, "clean") for of in (tutorials["tuned"], *by_size.values()))
    why = f"{before.mean:.4f} before fine-tuning and {found.mean:.4f} after; the paper prints 0.9892 twice."
    return _answer(claim, found, _tuned_by(tutorials), experiment, (), _by_size(claim, found, others, by_size), why)


def finetuned_clean_drop(tutorials: Scored, own: Scored, by_size: BySize, experiment: Experiment) -> Answer:
    """Does fine-tuning cost as much accuracy on clean images as printed?"""
    claim = "finetuned.clean_drop"
    found = gap(tutorials["normal"], tutorials["tuned"], "clean")
    others = [gap(own["normal"], of, "clean") for of in by_size.values()]
    why = f"The fall is {span(found.per_network, '.4f')}{' from network to network' if found.networks > 1 else ''}."
    return _answer(claim, found, _tuned_by(tutorials), experiment, (), _by_size(claim, found, others, by_size), why)


def finetuned_adversarial_accuracy(tutorials: Scored, by_size: BySize, experiment: Experiment) -> Answer:
    """Is the accuracy on the attacked images that were trained on the printed one?"""
    claim = "finetuned.adversarial_accuracy"
    found, *others = (accuracy(of, "P") for of in (tutorials["tuned"], *by_size.values()))
    fresh, strong = (accuracy(tutorials["tuned"], kind).mean for kind in ("W", "PGD"))
    why = f"{found.mean:.3f} on the images trained on; made afresh, {fresh:.3f} (FGSM) and {strong:.3f} (PGD)."
    by = f"the {len(tutorials['tuned'][0].y):,} test images under FGSM that were fine-tuned on"
    readings = _by_size(claim, found, others, by_size)
    return _answer(claim, found, by, experiment, ladder(tutorials["tuned"]), readings, why)


def _tuned_by(tutorials: Scored) -> str:
    return f"{len(tutorials['tuned'][0].y):,} clean test images, their attacked versions fine-tuned on"


def _by_size(claim: str, found: Measured, others: Sequence[Measured], by_size: BySize) -> Readings:
    """The tutorials' run, and fine-tuning after Table II's training in batches of each size."""
    first = max(PAPER_BATCHES)  # it comes first in the paper's list
    named = dict(zip(by_size, others, strict=True))[first]
    nearest = _nearest_to_the_words(claim, named, f"Table II's training, batches of {first}")
    return Readings(1 + len(others), _giving(claim, [found, *others]), nearest)


# What all have


def _giving(claim: str, readings: Sequence[Measured]) -> int:
    return sum(within_tolerance(CLAIMS[claim], one) for one in readings)


def _nearest_to_the_words(claim: str, found: Measured, name: str) -> str:
    said = "and" if within_tolerance(CLAIMS[claim], found) else "not"
    return f"{said} by the one nearest to the words ({name})"


def _answer(
    claim: str,
    found: Measured,
    by: str,
    experiment: Experiment,
    rungs: Ladder = (),
    readings: Readings | None = None,
    why: str = "",
) -> Answer:
    return Answer(
        claim,
        Finding(found, f"{experiment.tutorials_setting}; {by}, {experiment.tutorial_networks_in_words}"),
        ladder=rungs,
        readings=readings,
        experiment=experiment.tutorials_setting,
        smaller=smaller(CLAIMS[claim], experiment.scale(experiment.tutorial_epochs, convolutions=2)),
        why=why,
    )
