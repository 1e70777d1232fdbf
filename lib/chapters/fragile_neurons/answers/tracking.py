"""The answer about robustness and targeting: whether they go together over the cells of the grid."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from lib.chapters.fragile_neurons.answers.common import of_cells, outside, smaller
from lib.chapters.fragile_neurons.answers.targeting import printed_at
from lib.chapters.fragile_neurons.experiment import DATASETS, Key
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.quantities import unclipped_share
from lib.chapters.fragile_neurons.subject import PRINTED_EPS
from lib.ledger.answers import Answer, Finding
from lib.measure.intervals import Measured, rate
from lib.show.counting import counted


@dataclass(frozen=True)
class Correlation(Measured):
    """A rank correlation, whose interval and p-value are made on Fisher's scale."""

    def p_above(self, threshold: float) -> float:
        """As `Measured.p_above`, by the distribution that the interval is made with."""
        if self.low is None or not -1 < threshold < 1:
            return 0.0 if threshold <= -1 else 1.0
        spread = np.sqrt(1.06 / (self.networks - 3))
        return float(stats.t.sf((_fisher(self.mean) - np.arctanh(threshold)) / spread, self.networks - 2))


def _fisher(rho: float) -> float:
    return float(np.arctanh(np.clip(rho, -0.999, 0.999)))


Pairs = Sequence[tuple[Key, Measured, Measured]]
"""For each cell, its accuracy under attack and the share of images that move S more."""


def robustness_tracks_targeting(grid: Grid) -> Answer:
    """The rank correlation over cells of accuracy under FGSM and the share of images that move S more.

    Soundly, it is taken within one data set, with accuracy under PGD and the share relative to random signs.
    """
    id, key = "robustness.tracks_targeting", grid.main
    every_cell, own = pairs(grid).values()
    own = [one for one in own if one[0].dataset == key.dataset]
    paper, sound = (correlation(found) for found in (every_cell, own))
    robustness = grid[key][0].robustness
    images = len(robustness.normalised), robustness.pgd_correct.shape[-1]
    by = f"{_cells(every_cell, paper)}, FGSM at the printed eps, share not clipped; {of_cells(grid).format(images[0])}"
    by += outside(grid, (one for one, *_ in every_cell))
    sound_by = f"{_cells(own, sound)}, all of {DATASETS[key.dataset]}, PGD at eps {robustness.pgd_eps[0]:.3g}, "
    sound_by += f"share relative to random signs; {of_cells(grid).format(images[1])}"
    sound_by += outside(grid, (one for one, *_ in own))
    why = f"Rank correlation {paper.mean:+.2f} over {counted(len(every_cell), 'case')}, soundly {sound.mean:+.2f} over "
    why += f"{len(own)}; several ages of one network are one unit."
    oldest = max(one.age for one in grid)
    return Answer(id, Finding(paper, by), Finding(sound, sound_by), smaller=smaller(id, key, oldest), why=why)


def _cells(found: Pairs, measured: Measured) -> str:
    return f"{counted(len(found), 'case')} of {counted(measured.networks, 'independent network')}"


def pairs(grid: Grid) -> dict[str, Pairs]:
    """Accuracy under attack and share for each cell: with FGSM, plain; with PGD, relative to random signs."""
    plain, free = [], []
    for key in grid:
        records, printed = grid[key], PRINTED_EPS[key.dataset]
        fgsm = rate([one.robustness.fgsm("original", printed) for one in records])
        plain.append((key, fgsm, unclipped_share(records, "convolution", printed_at(records, key.dataset))))
        pgd = rate([one.robustness.pgd("original", one.robustness.pgd_eps[0]) for one in records])
        free.append((key, pgd, rate([one.targeting.printed_relative for one in records])))
    return {"FGSM, plain share": plain, "PGD, share relative to random signs": free}


def correlation(found: Pairs) -> Measured:
    """Spearman's correlation over cells, with the interval of Fieller, Hartley and Pearson (1957) over networks.

    Ages of one network on one data set are not independent pairs, so the interval is that of as many pairs as there are
    networks, and needs at least four. The correlation is 0 where one side is the same everywhere.
    """
    networks = len({key[:2] for key, *_ in found})
    one, other = ([pair[side].mean for pair in found] for side in (1, 2))
    if len(found) < 2 or len(set(one)) == 1 or len(set(other)) == 1:
        return Measured(0.0, None, None, max(networks, 1))
    rho = float(stats.spearmanr(one, other).statistic)
    if networks < 4:
        return Measured(rho, None, None, networks)
    factor = float(stats.t.ppf(0.975, networks - 2))
    z, half = _fisher(rho), factor * float(np.sqrt(1.06 / (networks - 3)))
    low, high = float(np.tanh(z - half)), float(np.tanh(z + half))
    return Correlation(rho, low, high, networks)
