"""The chapter's answers to the paper's claims, from its records: on what it prints, and on what it says in words."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from lib.chapters.adversarial_training import influence, rates
from lib.chapters.adversarial_training.cases import (
    BUDGETS,
    GOING_ON,
    MIXED_HELD_OUT,
    PAPER_BATCHES,
    TUNED,
    TUNED_ON_TEST,
    UNDEFENDED,
)
from lib.chapters.adversarial_training.courses import Course
from lib.chapters.adversarial_training.distances import Reach
from lib.chapters.adversarial_training.experiment import Experiment
from lib.chapters.adversarial_training.influence import Swept
from lib.chapters.adversarial_training.measure import Learned, Searched
from lib.chapters.adversarial_training.networks import AS_MANY
from lib.chapters.adversarial_training.rates import Ladder, Scored
from lib.chapters.adversarial_training.scores import Scores
from lib.chapters.adversarial_training.table_one import CLAIMS, ROWS, TableOne, farthest, off, within
from lib.ledger.answers import Answer, Finding, Readings, not_run
from lib.ledger.scale import smaller
from lib.ledger.words import within_tolerance
from lib.measure.intervals import Measured, exact, rate
from lib.measure.multiple import smallest
from lib.measure.ratios import linearised, mean
from lib.show.counting import counted, networks
from lib.show.sentences import ends

FewPixels = Mapping[str, Sequence[Searched]]
"""What a search over few pixels found, by case: one for each seed."""

Nearest = Mapping[str, Sequence[Reach]]
"""How far an attack goes, by its name: one for each seed."""

BySize = Mapping[int, Sequence[Scores]]
"""Scores of networks fine-tuned on test images, by the size of the batches."""


# Table I, whose numbers come from one experiment, the setting of the tutorials that the paper follows


def table_one(table: TableOne, experiment: Experiment) -> list[Answer]:
    """Are the seven numbers those of one experiment?"""
    found, answers = table.found, []
    last = farthest(found)
    why = f"{len(within(found))} of Table I's {len(ROWS)} numbers lie within their tolerance; "
    why += f"the farthest, {last}, is {off(last, found[last]):.2f} tolerances off."
    for claim, (network, kind) in ROWS.items():
        scores, rungs, images = table.tutorials[network], (), "test images"
        if kind != "clean":
            rungs = (rates.ladder if claim.endswith("accuracy") else rates.loss_ladder)(scores)
            images = "test images under FGSM, made through the undefended network"
        by = f"{len(scores[0].y):,} {images}"
        answers.append(_printed(claim, found[claim], by, experiment, rungs, table.counted, why))
    return answers


def normal_train_accuracy(tutorials: Sequence[Learned], own: Sequence[Learned], experiment: Experiment) -> Answer:
    """Does normal training reach the printed accuracy on its training images, counted as the tutorials' log counts?"""
    ways = [
        rate([getattr(one, way) for one in learned])
        for learned in (tutorials, own)
        for way in ("as_used", "as_trained")
    ]
    nearest = _nearest_to_the_words("normal.train_accuracy", ways[2], "Table II's training, in eval mode")
    readings = Readings(len(ways), _giving("normal.train_accuracy", ways), nearest)
    printed = CLAIMS["normal.train_accuracy"].printed
    why = f"{ways[1].mean:.4f} with dropout, as the tutorials' log counts, which has {printed} too; "
    why += f"{ways[0].mean:.4f} in eval mode."
    by = f"with dropout, as a log kept while training counts, {len(tutorials[0].as_trained):,} training images"
    return _printed("normal.train_accuracy", ways[1], by, experiment, readings=readings, why=why)


# Fine-tuning


def finetuned_clean_accuracy(tutorials: Scored, by_size: BySize, experiment: Experiment) -> Answer:
    """Is the accuracy on clean images after fine-tuning the printed one?"""
    claim, before = "finetuned.clean_accuracy", rates.accuracy(tutorials["normal"], "clean")
    found, *others = (rates.accuracy(of, "clean") for of in (tutorials["tuned"], *by_size.values()))
    why = f"{before.mean:.4f} before fine-tuning and {found.mean:.4f} after; the paper prints 0.9892 twice."
    return _printed(claim, found, _tuned_by(tutorials), experiment, (), _by_size(claim, found, others, by_size), why)


def finetuned_clean_drop(tutorials: Scored, own: Scored, by_size: BySize, experiment: Experiment) -> Answer:
    """Does fine-tuning cost as much accuracy on clean images as printed?"""
    claim = "finetuned.clean_drop"
    found = rates.gap(tutorials["normal"], tutorials["tuned"], "clean")
    others = [rates.gap(own["normal"], of, "clean") for of in by_size.values()]
    why = f"The fall is {ends(found.per_network, '.4f')}{' from network to network' if found.networks > 1 else ''}."
    return _printed(claim, found, _tuned_by(tutorials), experiment, (), _by_size(claim, found, others, by_size), why)


def finetuned_adversarial_accuracy(tutorials: Scored, by_size: BySize, experiment: Experiment) -> Answer:
    """Does accuracy on the attacked images that were trained on match the printed one?"""
    claim = "finetuned.adversarial_accuracy"
    found, *others = (rates.accuracy(of, "P") for of in (tutorials["tuned"], *by_size.values()))
    fresh, strong = (rates.accuracy(tutorials["tuned"], kind).mean for kind in ("W", "PGD"))
    why = f"{found.mean:.3f} on the images trained on; made afresh, {fresh:.3f} (FGSM) and {strong:.3f} (PGD)."
    by = f"the {len(tutorials['tuned'][0].y):,} test images under FGSM that were fine-tuned on"
    readings = _by_size(claim, found, others, by_size)
    return _printed(claim, found, by, experiment, rates.ladder(tutorials["tuned"]), readings, why)


def _tuned_by(tutorials: Scored) -> str:
    return f"{len(tutorials['tuned'][0].y):,} clean test images, their attacked versions fine-tuned on"


def _by_size(claim: str, found: Measured, others: Sequence[Measured], by_size: BySize) -> Readings:
    """The readings: the tutorials' run, and fine-tuning after Table II's training in batches of each size."""
    first = max(PAPER_BATCHES)  # it comes first in the paper's list
    named = dict(zip(by_size, others, strict=True))[first]
    nearest = _nearest_to_the_words(claim, named, f"Table II's training, batches of {first}")
    return Readings(1 + len(others), _giving(claim, [found, *others]), nearest)


def _giving(claim: str, readings: Sequence[Measured]) -> int:
    return sum(within_tolerance(CLAIMS[claim], one.mean) for one in readings)


def _nearest_to_the_words(claim: str, found: Measured, name: str) -> str:
    said = "and" if within_tolerance(CLAIMS[claim], found.mean) else "not"
    return f"{said} by the one nearest to the words ({name})"


def _printed(
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
        Finding(found, f"{experiment.tutorials_setting}; {by}, {networks(experiment.tutorial_seeds)}"),
        ladder=rungs,
        readings=readings,
        experiment=experiment.tutorials_setting,
        smaller=smaller(CLAIMS[claim], experiment.scale(experiment.tutorial_epochs, convolutions=2)),
        why=why,
    )


# Defences


def finetuned_raises_accuracy(scored: Scored, experiment: Experiment) -> Answer:
    """Is accuracy under attack higher after fine-tuning: on the images fine-tuned on, and on fresh held-out ones?"""
    return _raises_accuracy(
        "finetuned.raises_accuracy", (TUNED_ON_TEST, TUNED), "the images fine-tuned on", scored, experiment
    )


def mixed_raises_accuracy(scored: Scored, experiment: Experiment) -> Answer:
    """Is accuracy under attack higher with mixed batches than without a defence, on stale images and on fresh ones?"""
    return _raises_accuracy(
        "mixed.raises_accuracy", (MIXED_HELD_OUT,) * 2, "the undefended network's images", scored, experiment
    )


def _raises_accuracy(claim: str, cases: tuple[str, str], stale: str, scored: Scored, experiment: Experiment) -> Answer:
    """What a defence gains over no defence, by the cases that measure it the paper's way and soundly."""
    papers_way, held_out = (scored[case] for case in cases)
    before = scored[UNDEFENDED]
    found = rates.gap(papers_way, before, "P")
    fresh, strong = (rates.gap(held_out, before, kind) for kind in ("W", "PGD"))
    why = f"Accuracy changes by {found.mean:+.3f} on {stale}, by {fresh.mean:+.3f} under fresh FGSM, "
    why += f"by {strong.mean:+.3f} under PGD."
    count, few = (len(before[0].read[kind]) for kind in ("P", "PGD"))
    by = f"FGSM {experiment.eps:g} made for the undefended network, {count:,} test images"
    afresh = f"fresh FGSM, {count:,}, and PGD, {few:,} test images, held out"
    findings = (
        Finding(one, f"{what}; {networks(experiment.seeds)}")
        for one, what in ((found, by), (smallest([fresh, strong]), afresh))
    )
    return _answer(claim, experiment, *findings, why=why)


def mixed_beats_finetuned(scored: Scored, experiment: Experiment) -> Answer:
    """Is accuracy higher after mixed training than after fine-tuning, on stale images and on fresh ones?"""
    stale, fresh, strong = (rates.gap(scored[GOING_ON], scored[TUNED], kind) for kind in ("P", "W", "PGD"))
    why = f"Mixed minus fine-tuned: {stale.mean:+.3f} on the undefended network's images, "
    why += f"{fresh.mean:+.3f} under fresh FGSM, {strong.mean:+.3f} under PGD."
    count, few = (len(scored[TUNED][0].read[kind]) for kind in ("P", "PGD"))
    equal = f"{counted(experiment.finetune_epochs, 'epoch')} each on as many images, held out, "
    equal += networks(experiment.seeds)
    return _answer(
        "mixed.beats_finetuned",
        experiment,
        Finding(stale, f"FGSM {experiment.eps:g} made for the undefended network, {count:,} test images; {equal}"),
        Finding(smallest([fresh, strong]), f"fresh FGSM, {count:,}, and PGD, {few:,} test images; {equal}"),
        why=why,
    )


def finetuning_cheaper(scored: Scored, experiment: Experiment) -> Answer:
    """Does fine-tuning take fewer gradients than mixed training of as many epochs?"""
    count = len(scored[TUNED][0].y)
    mixed, tuned = experiment.going_on(experiment.seed), experiment.tuned(experiment.seed, AS_MANY)
    many, few = rates.passes_an_image(mixed, count), rates.passes_an_image(tuned, count)
    seconds = [np.mean([one.seconds for one in scored[case]]) for case in (GOING_ON, TUNED)]
    why = f"{many:g} gradient passes per image against {few:g}; {seconds[0]:.1f} against {seconds[1]:.1f} seconds, "
    why += "which also depend on other work on the machine."
    by = f"a count, {counted(experiment.finetune_epochs, 'epoch')} each on {count:,} images"
    found = Finding(exact(many - few), by)
    return _answer("finetuning.cheaper", experiment, found, found, why=why)


def conclusion_only_somewhat(searched: FewPixels, scored: Scored, experiment: Experiment) -> Answer:
    """Does mixed training win back less than half of what a search over few pixels takes: over the most, and over any?

    Beside it stands what it wins back within eps. Where the claim fails, the defence is better than the paper says.
    """
    claim = "conclusion.only_somewhat"
    few = {pixels: _won_back(searched, Searched.correct, 0, pixels) for pixels in BUDGETS}
    within = [_won_back(scored, Scores.correct_sampled, "clean", kind) for kind in ("Square", "PGD")]
    if None in (*few.values(), *within):
        return not_run(claim, "No attack fools an undefended network; with more images (n_images, n_lbfgs) one may.")
    most = max(BUDGETS)
    taken = ", ".join(f"{0.5 - one.mean:.2f} with {pixels} pixels" for pixels, one in few.items())
    why = f"Share of lost accuracy that mixed training wins back: {taken}; "
    why += f"within eps {0.5 - within[0].mean:.2f} (Square), {0.5 - within[1].mean:.2f} (PGD)."
    holding = [n for n, one in few.items() if one.low is not None and one.low > CLAIMS[claim].smallest]
    last = f"it holds with {' and '.join(map(str, holding)) or 'none'}, of {' and '.join(map(str, BUDGETS))} pixels"
    count, of_each = len(searched[UNDEFENDED][0].y), networks(experiment.seeds)
    either = " and ".join(map(str, BUDGETS))
    return _answer(
        claim,
        experiment,
        Finding(few[most], f"a local search that changes {most} pixels at most, {count:,} test images, {of_each}"),
        Finding(smallest(list(few.values())), f"the same search, of {either} pixels, {count:,} test images, {of_each}"),
        readings=Readings(len(few), len(holding), last),
        why=why,
    )


def _won_back(found: Mapping, hits: Callable, clean: object, attacked: object) -> Measured | None:
    """One half minus the share that mixed training wins back, of records by case; `hits` takes a record and images."""
    before, taken = ([hits(one, images) for one in found[UNDEFENDED]] for images in (clean, attacked))
    return rates.half_less_won_back(before, taken, [hits(one, attacked) for one in found[MIXED_HELD_OUT]])


# Settings


def settings_matter_most(swept: Swept, experiment: Experiment) -> Answer:
    """Do the four settings that the paper names move accuracy more than the seed does, and more than other settings?"""
    claim = "settings.matter_most"
    if influence.seeds(swept) < influence.FEWEST:
        return not_run(claim, "A spread over seeds needs three networks of each setting: run it with sweep_seeds=3.")
    clean, strong = (influence.least_spread(swept, kind) for kind in ("clean", "PGD"))
    why = "The smallest of the four settings' spreads, minus the spread over seeds: "
    why += f"{clean.mean:+.4f} of clean accuracy, {strong.mean:+.4f} under PGD."
    each = f"each number halved and doubled, {influence.seeds(swept)} networks of each"
    few = len(swept["epochs"][str(experiment.side_epochs)][0].sampled)
    findings = [
        Finding(found, by, influence.least_lead(swept, kind), "learning rate and width")
        for found, kind, by in (
            (clean, "clean", f"clean accuracy, {each}"),
            (strong, "PGD", f"PGD accuracy, eps {experiment.eps:g}, {few:,} test images, {each}"),
        )
    ]
    return _answer(claim, experiment, *findings, epochs=experiment.side_epochs, why=why)


def settings_no_overfitting(normal: Sequence[Course], experiment: Experiment) -> Answer:
    """Does the test loss rise from its lowest epoch by less than it spreads over seeds?"""
    claim = "settings.no_overfitting"
    if len(normal) < influence.FEWEST:
        return not_run(claim, "A spread over seeds needs three networks: run it with seeds=3.")
    last, spread = np.mean([one.test_loss[-1] for one in normal]), influence.spread_of_last_loss(normal).mean()
    rise, gain = rates.after_lowest_loss(normal)
    why = f"From its lowest epoch to epoch {experiment.epochs} test loss rises by {rise:.4f} to {last:.4f}, with a "
    why += f"spread over seeds of {spread:.4f}; accuracy changes by {gain:+.4f}."
    images, many = f"{len(normal[0].last_losses):,} test images, {experiment.epochs} epochs", networks(experiment.seeds)
    return _answer(
        claim,
        experiment,
        Finding(influence.spread_less_rise_of_first(normal), f"rise of the first network, spread of {many}; {images}"),
        Finding(influence.spread_less_rise(normal), f"{images}, {many}"),
        why=why,
    )


# Attacks


def bim_beats_fgsm(scored: Scored, experiment: Experiment) -> Answer:
    """Is accuracy lower under BIM than under FGSM at the same eps, for the undefended network and for defended ones?"""
    worse = {case: rates.fall_under_bim(scored[case]) for case in (UNDEFENDED, TUNED, MIXED_HELD_OUT)}
    why = "Accuracy under BIM is lower than under FGSM by "
    why += ", ".join(f"{one.mean:.3f} ({case.split(',')[0]})" for case, one in worse.items()) + "."
    by = f"BIM of 10 steps, eps {experiment.eps:g}, {len(scored[UNDEFENDED][0].sampled):,} test images"
    return _answer(
        "bim.beats_fgsm",
        experiment,
        Finding(worse[UNDEFENDED], f"{by}, {networks(experiment.seeds)}"),
        Finding(smallest(list(worse.values())), f"{by}, undefended, fine-tuned and mixed networks"),
        why=why,
    )


def lbfgs_smaller_distance(far: Nearest, experiment: Experiment) -> Answer:
    """Is L-BFGS nearer to the image than the smallest FGSM that succeeds?"""
    claim = "lbfgs.smaller_distance"
    pairs = list(zip(far["FGSM, smallest eps"], far["L-BFGS"], strict=True))
    both = [fgsm.successful & lbfgs.successful for fgsm, lbfgs in pairs]
    if not all(one.any() for one in both):
        return not_run(claim, "There is no image on which both attacks succeed: n_lbfgs with more images.")
    saved = [np.where(of, fgsm.l2.astype(float) - lbfgs.l2, 0) for (fgsm, lbfgs), of in zip(pairs, both, strict=True)]
    spared = [linearised(*pair) for pair in zip(saved, both, strict=True)]  # the mean of these images alone
    first, every = mean(spared[:1]), mean(spared)
    why = f"L-BFGS stays nearer by {every.mean:.3f} in L2 where both attacks succeed."
    if len(pairs) == 1:
        why += " Whether other networks agree needs several: seeds=5."
    by = f"L2, {counted(len(both[0]), 'test image')}, those that both attacks fool"
    several = Finding(every, f"{by}, {networks(experiment.seeds)}") if len(pairs) > 1 else None
    return _answer(claim, experiment, Finding(first, f"{by}, one network"), several, why=why)


def _answer(
    claim: str, experiment: Experiment, *findings: Finding | None, epochs: int | None = None, **parts: object
) -> Answer:
    """An answer from the networks of Table II's setting, trained for `epochs` or else for the experiment's."""
    scale = experiment.scale(epochs or experiment.epochs)
    return Answer(claim, *findings, smaller=smaller(CLAIMS[claim], scale), **parts)
