"""The chapter's parameters, and the cells that its page is made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lib.chapters.common_ground import madry, measure, measure_weights
from lib.chapters.common_ground.attacks import ATTACKS, CHECKS, FOLLOWING, SEARCHING, Attack
from lib.chapters.common_ground.chosen import choose
from lib.chapters.common_ground.costs import Work
from lib.chapters.common_ground.defences import DEFENCES, NONE, cost
from lib.chapters.common_ground.first import First
from lib.chapters.common_ground.kept import KEPT, how, under_attack
from lib.chapters.common_ground.measure_weights import Places, Shown
from lib.chapters.common_ground.settings import Attacked, Distances, Filtering, Madry, Network, OverEps
from lib.chapters.fragile_neurons.svd_filter import MEDIAN, PRINTED, READINGS, SOURCE
from lib.evidence import experiment
from lib.evidence.cells import Cell, Part
from lib.evidence.kept import Kept, Trained

CHAPTER = "common_ground"
FIRST = Part(CHAPTER, "first", measure.first)
FILTER = Part(CHAPTER, "filter", measure.filtering)
ATTACKED = Part(CHAPTER, "attacked", measure.attacked)
SEARCHED = Part(CHAPTER, "searched", measure.searched)
DISTANCES = Part(CHAPTER, "distances", measure.distances)
OVER_EPS = Part(CHAPTER, "over_eps", measure.over_eps)
MADRY = Part(CHAPTER, "madry", measure.madry)
WEIGHTS = Part(CHAPTER, "weights", measure_weights.weights)
SHOWN = Part(CHAPTER, "shown", measure_weights.shown)
PLACES = Part(CHAPTER, "places", measure_weights.places)

APART = 1000
"""What is added to a seed for the network from which images are transferred."""

DRAWN = [name for name, defence in DEFENCES.items() if defence.knows_eps or name == NONE]
"""The defences whose curves over eps are shown."""


@dataclass(frozen=True)
class Experiment(experiment.Experiment):
    """Every defence against every attack; the fields are the notebook's parameters."""

    chapter: ClassVar[str] = CHAPTER

    seed: int
    seeds: int
    dataset: str
    epochs: int
    further_epochs: int
    batch_size: int
    eps_small: float
    eps_large: float
    pgd_steps: int
    n_judge: int
    steps: int
    queries: int
    n_lbfgs: int
    grid: int
    madry: bool

    # What follows from the parameters

    @property
    def numbers(self) -> range:
        """The seeds."""
        return range(self.seed, self.seed + self.seeds)

    @property
    def eps_values(self) -> list[float]:
        """The eps that defences are trained and judged at."""
        return sorted({self.eps_small, self.eps_large})

    @property
    def eps_grid(self) -> tuple[float, ...]:
        """The eps of the curves."""
        return tuple(np.linspace(0, 0.5, self.grid).round(6).tolist())

    @property
    def is_reference(self) -> bool:
        """Whether AutoAttack has at least the steps and queries of the reference."""
        return self.steps >= 100 and self.queries >= 5000

    def refused(self) -> str:
        """That the page would take the larger eps for the smaller one."""
        if self.eps_small <= self.eps_large:
            return ""
        return f"eps_small={self.eps_small:g} is larger than eps_large={self.eps_large:g}"

    def costs(self, n: int) -> dict[str, float]:
        """How much each defence computes with n training images, relative to no defence."""
        work = Work(n, self.further_epochs, self.batch_size, self.pgd_steps)
        return {name: cost(name, work) for name in DEFENCES}

    # Settings

    def _first(self, seed: int) -> First:
        return First(self.dataset, self.epochs, self.batch_size, seed)

    def network(self, name: str, eps: float, seed: int) -> Network:
        """A defence's network."""
        defence = DEFENCES[name]
        (chosen,) = choose({name: defence.train}, self.parameters)
        return Network(self._first(seed), self.further_epochs, chosen, eps if defence.knows_eps else None)

    @property
    def _rows(self) -> list[tuple[str, float, int]]:
        """Defence, eps and seed of each network, in the order of `rows.rows`."""
        return [(name, eps, seed) for eps in self.eps_values for name in DEFENCES for seed in self.numbers]

    # Cells

    def first(self) -> list[Cell]:
        """The networks before any defence, one for each seed."""
        return [FIRST(self._first(seed)) for seed in self.numbers]

    def filter(self) -> Cell:
        """The filter on the first network."""
        readings = tuple((name, READINGS[name]) for name in (PRINTED, SOURCE, MEDIAN))
        return FILTER(Filtering(self.network(NONE, self.eps_small, self.seed), readings))

    def attacked(self) -> list[Cell]:
        """Every network under the attacks that follow the gradient, by eps, defence and seed."""
        return self._under(ATTACKED, FOLLOWING, CHECKS)

    def searched(self) -> list[Cell]:
        """The same under the attacks that search."""
        return self._under(SEARCHED, SEARCHING)

    def _under(self, part: Part, *registries: Mapping[str, Attack]) -> list[Cell]:
        chosen = [choose(one, self.parameters) for one in registries]
        return [
            part(Attacked(self.network(name, eps, seed), self._first(seed + APART), self.n_judge, eps, *chosen))
            for name, eps, seed in self._rows
        ]

    def distances(self) -> list[Cell]:
        """How far L-BFGS has to go, in the same order; a defence that does not use eps has the same cell at each."""
        return [DISTANCES(Distances(self.network(*one), self.n_judge, self.n_lbfgs)) for one in self._rows]

    def over_eps(self) -> list[Cell]:
        """The curves of `DRAWN`, in the same order."""
        return [
            OVER_EPS(OverEps(self.network(*one), self.n_judge, self.eps_grid)) for one in self._rows if one[0] in DRAWN
        ]

    def madry_network(self) -> list[Cell]:
        """Madry's network at the eps of its published figures and at the larger one; empty if it is not asked for."""
        if not self.madry:
            return []
        own = self.dataset, madry.EPOCHS, self.seed, self._first(self.seed + APART), self.n_judge
        chosen = [choose(one, self.parameters) for one in (ATTACKS, CHECKS)]
        return [MADRY(Madry(*own, eps, *chosen, self.n_lbfgs)) for eps in (madry.EPS, self.eps_large)]

    def weights(self) -> list[Cell]:
        """The networks of `KEPT`, of the first seed, defended at the larger eps."""
        return [WEIGHTS(self.network(name, self.eps_large, self.seed)) for name in KEPT]

    def shown(self) -> Cell:
        """Test images to try attacks on."""
        return SHOWN(Shown(self.dataset))

    def places(self) -> Cell:
        """The places of the shown images among those that are judged."""
        return PLACES(Places(Shown(self.dataset), self.n_judge))

    def kept(self) -> Kept:
        cells = [*self.attacked(), *self.searched()]
        networks = tuple(self._trained(name, cell, cells) for name, cell in zip(KEPT, self.weights(), strict=True))
        return Kept(self.dataset, self.eps_large, networks, self.shown())

    def _trained(self, name: str, cell: Cell, attacked: list[Cell]) -> Trained:
        network = cell.setting
        file = f"{KEPT[name].title} {self.dataset} seed {self.seed}".replace(" ", "-").lower()
        return Trained(file, KEPT[name].title, how(network), cell, under_attack(network, self.eps_large, attacked))

    def cells(self) -> list[Cell]:
        found = [*self.first(), self.filter(), *self.attacked(), *self.searched(), *self.distances()]
        found += [*self.madry_network(), *self.over_eps(), *self.weights(), self.shown(), self.places()]
        return list(dict.fromkeys(found))
