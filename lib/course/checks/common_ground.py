"""Checks for the exercises of the chapter on common ground."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import nn

from lib.chapters.common_ground.attacks import Case
from lib.chapters.common_ground.experiment import Experiment
from lib.chapters.common_ground.first import Images
from lib.chapters.common_ground.judging import WORST, Judgement, silent
from lib.chapters.common_ground.rows import Row
from lib.course.checks.saying import READ_OFF, check, kept, mean, near
from lib.measure.intervals import rate
from lib.measure.score import logits

Judgements = Mapping[float, Mapping[str, Row]]


@check
def no_attack_alone_comes_nearer(nearest: Mapping[str, str], judgements: Judgements, eps_large: float) -> None:
    """For each defence, accuracy is lowest under the attack that you name, of all attacks alone."""
    rows = judgements[eps_large]
    assert set(nearest) == set(rows), f"an attack for each of {', '.join(rows)} is asked for"
    for name, attack in nearest.items():
        left = {one: rows[name].accuracy(one) for one in _attacks(rows[name])}
        assert attack in left, f"{attack} is no attack of the table"
        assert left[attack] <= min(left.values()) + 1e-9, (
            f"{name}: accuracy is lower under another attack than under {attack}"
        )


@check
def these_alone_change_no_worst_case(dispensable: Sequence[str], judgements: Judgements, eps_large: float) -> None:
    """Each attack that you name can be left out without changing any worst case; no other attack can."""
    rows = judgements[eps_large]
    for attack in _attacks(next(iter(rows.values()))):
        gained = max(_worst(row, without=attack) - row.accuracy(WORST) for row in rows.values())
        said = attack in dispensable
        assert said == (gained <= 0), f"without {attack} a worst case rises by {gained:.3f}; it is named: {said}"


def _attacks(row: Row) -> list[str]:
    return [name for name in row.outcomes if name != WORST]


def _worst(row: Row, without: str) -> float:
    """The share of images that are classified correctly under all attacks except this one."""
    left = [hits for name, hits in row.outcomes.items() if name not in (WORST, without)]
    return float(np.mean(np.all(left, axis=0)))


@check
def the_worst_cases_are_those_measured(
    experiment: Experiment, longer: Experiment, mixed_longer: float, pgd_trained: float
) -> None:
    """Your two worst cases are those of the two runs, at the smaller eps."""
    eps = experiment.eps_small
    near(mixed_longer, mean(worst_of(longer, "mixed batches", eps)), READ_OFF, "mixed_longer")
    near(pgd_trained, mean(worst_of(experiment, "PGD training", eps)), READ_OFF, "pgd_trained")


def worst_of(experiment: Experiment, defence: str, eps: float) -> list[NDArray[np.bool_]]:
    """Which images (N,) are classified correctly under every attack, one array for each seed, from kept cells."""
    networks = [experiment.network(defence, eps, seed) for seed in experiment.numbers]
    parts = []
    for cells in (experiment.attacked(), experiment.searched()):
        parts.append(kept(cell for cell in cells if cell.setting.network in networks and cell.setting.eps == eps))
    pairs = zip(*parts, strict=True)
    return [np.all([*one.correct.values(), *other.correct.values()], axis=0) for one, other in pairs]


@check
def both_orders_fall(
    order: Sequence[str], by_distance: Sequence[str], judgements: Judgements, eps_small: float
) -> None:
    """Along your first list the worst case falls, along your second the median distance of L-BFGS."""
    rows = judgements[eps_small]
    worst = {name: row.accuracy(WORST) for name, row in rows.items()}
    distance = {name: float(np.median(row.distances)) for name, row in rows.items()}
    for names, values, what in ((order, worst, "worst case"), (by_distance, distance, "distance")):
        assert sorted(names) == sorted(rows), f"every defence once: {', '.join(rows)}"
        along = [values[name] for name in names]
        assert along == sorted(along, reverse=True), f"the {what} does not fall along {', '.join(names)}"


@check
def no_digit_is_classified_differently(cheat: nn.Module, honest: nn.Module, images: Images) -> None:
    """Your network classifies as the first one does, with logits a hundred times as large or more."""
    before, after = logits(honest, images[0]), logits(cheat, images[0])
    assert bool((before.argmax(1) == after.argmax(1)).all()), "some images are classified differently"
    assert (after.std() / before.std()).item() > 100, "the logits are hardly larger"


@check
def the_judgement_is_of_that_network(judgement: Judgement, cheat: nn.Module, images: Images, eps_small: float) -> None:
    """Your judgement is of this network: its gradients vanish on as many images, and a red flag is up."""
    vanished = silent(Case(cheat, cheat, *images, eps_small)).mean()
    near(judgement.no_gradient.mean(), float(vanished), READ_OFF, "the judgement's share of images without a gradient")
    assert any(flag.raised for flag in judgement.flags), "no red flag is up in your judgement"


@check
def these_attacks_are_deceived(deceived: Sequence[str], judgement: Judgement) -> None:
    """Accuracy under each attack that you name is at least 0.1 above the worst case; under no other attack it is."""
    worst = judgement.accuracy(WORST)
    found = {name for name in judgement.correct if judgement.accuracy(name) >= worst + 0.1}
    assert set(deceived) == found, f"named and not deceived, or deceived and not named: {set(deceived) ^ found}"


@check
def the_widths_are_those_of_the_intervals(
    experiment: Experiment, three: Experiment, width_one: float, width_three: float
) -> None:
    """Your widths are those of the 95% intervals of mixed batches' worst case at the larger eps."""
    for name, value, run in (("width_one", width_one, experiment), ("width_three", width_three, three)):
        found = rate(worst_of(run, "mixed batches", run.eps_large))
        near(value, found.high - found.low, 2 * READ_OFF, name)
