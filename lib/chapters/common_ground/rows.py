"""The rows of the table: a defence at one eps, judged on one network for each seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib.chapters.common_ground.defences import AT_RANDOM, DEFENCES, FROM_PAPERS, NONE
from lib.chapters.common_ground.experiment import DRAWN, Experiment
from lib.chapters.common_ground.judging import WORST, Judgement
from lib.chapters.common_ground.measure import AttacksFound, CurveFound, DistancesFound, SearchesFound
from lib.measure.intervals import CONFIDENCE, Measured, difference
from lib.measure.multiple import holm


@dataclass(frozen=True, eq=False)
class Row:
    """A defence at one eps: one judgement for each seed."""

    judgements: Sequence[Judgement]

    @property
    def outcomes(self) -> dict[str, list[NDArray[np.bool_]]]:
        """Which images (N,) are classified correctly, by column of the table: one array for each seed."""
        found = [one.outcomes for one in self.judgements]
        return {column: [of_seed[column] for of_seed in found] for column in found[0]}

    @property
    def worst(self) -> list[NDArray[np.bool_]]:
        """Which images (N,) no attack fools: one array for each seed."""
        return self.outcomes[WORST]

    @property
    def distances(self) -> list[NDArray[np.float64]]:
        """How far L-BFGS had to go: one array for each seed; infinite where it failed."""
        return [one.distances for one in self.judgements]

    @property
    def median_distance(self) -> float:
        """The median distance, averaged over seeds; infinite where half of a network's images or more resist."""
        return float(np.mean([np.median(one) for one in self.distances]))

    @property
    def fooled(self) -> tuple[int, int]:
        """On how many images L-BFGS succeeded, of how many, over all seeds."""
        return sum(int(np.isfinite(one).sum()) for one in self.distances), sum(map(len, self.distances))

    @property
    def seconds(self) -> list[float]:
        """Seconds of training beyond the first training: one value for each seed."""
        return [one.seconds for one in self.judgements]

    def accuracies(self, column: str) -> list[float]:
        """The accuracy in a column of the table: one value for each seed."""
        return [one.accuracy(column) for one in self.judgements]

    def accuracy(self, column: str) -> float:
        """The accuracy in a column of the table, averaged over seeds."""
        return float(np.mean(self.accuracies(column)))

    @property
    def raised(self) -> dict[str, str]:
        """The red flags that are up in at least one seed, each with the first such seed's numbers."""
        found: dict[str, str] = {}
        for flag in (flag for one in self.judgements for flag in one.flags if flag.raised):
            found.setdefault(flag.name, flag.sentence)
        return found


Rows = Mapping[float, Mapping[str, Row]]
"""All rows by eps and defence."""

Curves = Mapping[float, Mapping[str, Sequence[Sequence[float]]]]
"""Accuracy over a grid of eps, by the eps trained at and defence: a curve for each network."""

MORE, ALIKE, LESS = "more", "not shown to differ", "fewer"
"""How many images a defence keeps safe, compared with its control."""


def rows(
    experiment: Experiment,
    attacked: Sequence[AttacksFound],
    searched: Sequence[SearchesFound],
    distances: Sequence[DistancesFound],
) -> Rows:
    """All rows, from the records of the experiment's cells."""
    found = map(judgement, attacked, searched, distances)
    return {
        eps: {name: Row([next(found) for _ in experiment.numbers]) for name in DEFENCES}
        for eps in experiment.eps_values
    }


def judgement(attacked: AttacksFound, searched: SearchesFound, distances: DistancesFound) -> Judgement:
    """What three records of one network say together."""
    return Judgement(
        attacked.y,
        attacked.correct | searched.correct,
        attacked.checks,
        attacked.no_gradient,
        distances.l2,
        attacked.seconds,
    )


def curves(experiment: Experiment, over_eps: Sequence[CurveFound]) -> Curves:
    """Accuracy over the grid by eps and defence, a curve for each seed, from the records of the experiment's cells."""
    found = (one.accuracies for one in over_eps)
    return {eps: {name: [next(found) for _ in experiment.numbers] for name in DRAWN} for eps in experiment.eps_values}


def by_worst_case(rows: Rows) -> list[str]:
    """The defences by accuracy in the worst case, over all eps together, the highest first.

    Of those with the same, the one with the higher mean accuracy over all columns comes first.
    """
    return sorted(DEFENCES, key=lambda name: _left([of[name] for of in rows.values()]), reverse=True)


def gained(rows: Mapping[str, Row]) -> dict[str, Measured]:
    """Worst-case accuracy of each of the papers' defences at one eps, minus that of its control.

    Both are on the same images and on the networks of the same seeds. The defences of highest accuracy come first.
    """
    names = sorted(FROM_PAPERS, key=lambda name: _left([rows[name]]), reverse=True)
    return {name: difference(rows[name].worst, rows[control(name)].worst) for name in names}


def control(name: str) -> str:
    """What a paper's defence is compared with: no defence; random removal for removal, whose optimiser starts anew."""
    return AT_RANDOM if name == "removal" else NONE


def against_control(rows: Mapping[str, Row]) -> dict[str, list[str]]:
    """The papers' defences by whether they keep more images safe than their controls beyond chance, Holm-adjusted."""
    found: dict[str, list[str]] = {MORE: [], ALIKE: [], LESS: []}
    differences = gained(rows)
    p_values = [_by_chance(rows[name].worst, rows[control(name)].worst) for name in differences]
    for (name, one), p in zip(differences.items(), holm(p_values), strict=True):
        found[ALIKE if p > 1 - CONFIDENCE else MORE if one.mean > 0 else LESS].append(name)
    return found


def _by_chance(one: Sequence[NDArray[np.bool_]], other: Sequence[NDArray[np.bool_]]) -> float:
    """Two-sided p-value of no difference, paired."""
    return min(2 * min(difference(one, other).p_above(0), difference(other, one).p_above(0)), 1.0)


def best(rows: Mapping[str, Row], names: Sequence[str]) -> str:
    """Which of these defences comes first in the order of `by_worst_case`, at one eps."""
    return max(names, key=lambda name: _left([rows[name]]))


def _left(rows: Sequence[Row]) -> tuple[float, float]:
    """Accuracy in the worst case, and averaged over all columns; each is summed over rows."""
    worst = sum(row.accuracy(WORST) for row in rows)
    return worst, sum(row.accuracy(column) for row in rows for column in row.outcomes) / len(rows[0].outcomes)
