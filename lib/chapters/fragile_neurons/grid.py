"""The paper's grid network × data set × age, as far as this run has it, and which cell stands for which."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from lib.chapters.fragile_neurons.experiment import DATASETS, NETWORKS, Experiment, Key
from lib.chapters.fragile_neurons.record import CellRecord
from lib.evidence.cells import records
from lib.models.resnets import RESNETS

PAPER_AGES = [10, 50, 100]
"""In epochs."""


@dataclass(frozen=True, eq=False)
class Grid:
    """What was measured of each cell of the grid, a record for each seed; a cell that lacks a seed is left out."""

    experiment: Experiment
    cells: dict[Key, list[CellRecord]]

    @classmethod
    def of(cls, experiment: Experiment) -> "Grid":
        """The cells that this run needs, measured where they are not kept, and the others that are kept.

        Raises
        ------
        LookupError
            Where a data set is left without any cell.
        """
        every, wanted = experiment.grid_cells(), set(experiment.needed())
        needed = [cell for cell in every if cell in wanted]
        found = dict(zip(needed, records(needed), strict=True))
        for cell in every:
            if cell not in wanted and (kept := cell.read()):
                found[cell] = kept[0]
        by_seed = {key: [found.get(cell) for cell in experiment.cells_of(key)] for key in experiment.grid_keys()}
        whole = {key: records for key, records in by_seed.items() if None not in records}
        if empty := set(experiment.sets) - {key.dataset for key in whole}:
            raise LookupError(f"no cell of {', '.join(sorted(empty))} is kept or was to be made with these settings")
        return cls(experiment, whole)

    def __getitem__(self, key: tuple[str, str, int]) -> list[CellRecord]:
        return self.cells[key]

    def __contains__(self, key: tuple[str, str, int]) -> bool:
        return key in self.cells

    def __iter__(self) -> Iterator[Key]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    def stand_in(self, dataset: str, network: str, age: int, *, whole: Collection[int] = ()) -> Key | None:
        """The cell asked for, else the one of that data set that is nearest to it: the network first, then the age.

        With `whole`, only among networks that have all of these ages, if there are any.
        """
        there = [key for key in self if key.dataset == dataset]
        complete = [key for key in there if all((*key[:2], other) in self for other in whole)]
        order = {name: number for number, name in enumerate(RESNETS)}
        nearness = {key: (abs(order[key.network] - order[network]), abs(key.age - age)) for key in complete or there}
        return min(nearness, key=nearness.__getitem__, default=None)

    def ages_of(self, key: Key) -> list[Key]:
        """The cells of a network on a data set, at every age that there is."""
        return [other for other in self if other[:2] == key[:2]]

    def has_all_ages(self, dataset: str, network: str) -> bool:
        """Whether a network is there at all three ages."""
        return all((dataset, network, age) in self for age in self.experiment.stages)

    def through_ages(self, dataset: str, network: str) -> list[list[CellRecord]]:
        """For each seed the records of a network at all three ages."""
        ages = [self[dataset, network, age] for age in self.experiment.stages]
        return [list(one) for one in zip(*ages, strict=True)]

    @property
    def main(self) -> Key:
        """The cell that stands for the paper's ResNet-50 where one network is shown, the youngest on digits."""
        return self.nearest(self.experiment.digit_set or "cifar10")

    def nearest(self, dataset: str) -> Key:
        """The cell of a data set that is nearest to ResNet-50 at the first age."""
        return self.stand_in(dataset, "resnet50", self.experiment.stages[0])

    def title(self, key: Key) -> str:
        """A cell in words, for a heading."""
        return f"{network_on(key)}, epoch {key.age}"

    def told(self, key: Key) -> str:
        """A cell in words, for a sentence."""
        seeds = self.experiment.seeds
        return f"{network_on(key)} at epoch {key.age}, {seeds} seed{'s' if seeds > 1 else ''}"

    # What stands for what the paper names

    @property
    def have(self) -> str:
        """How much of the paper's grid there is, in words."""
        sets = ", ".join(DATASETS[name] for name in self.experiment.sets)
        return f"{len(self)} of {len(self.experiment.paper_grid())} cells of {sets} are in this run"

    @property
    def own_ages(self) -> bool:
        """Whether the ages are the paper's."""
        return self.experiment.stages == PAPER_AGES

    def asked(self, dataset: str) -> str | None:
        """The data set of this run that is looked at for one of the paper's: any digits for MNIST."""
        digits = self.experiment.digit_set
        return digits if dataset == "mnist" else dataset if dataset in self.experiment.sets else None

    def shown_for(self, dataset: str, stage: int) -> tuple[Key, bool]:
        """The cell for ResNet-50 on one of the paper's data sets at one of the three ages; whether it is that one."""
        key = self.stand_in(self.asked(dataset), "resnet50", self.experiment.stages[stage])
        return key, key == (dataset, "resnet50", PAPER_AGES[stage])

    def through_all(self, dataset: str) -> tuple[Key, list[list[CellRecord]]]:
        """The network nearest to ResNet-50, of those with all ages if there are any, and its records by age."""
        stages = self.experiment.stages
        key = self.stand_in(dataset, "resnet50", stages[0], whole=stages)
        ages = [key._replace(age=age) for age in stages]
        return key, [self[age] for age in ages if age in self]

    @property
    def figure_2(self) -> tuple[Key, list[list[CellRecord]]]:
        """The same for the paper's Fig. 2, which is of CIFAR-10; without it the digits stand in."""
        return self.through_all("cifar10" if "cifar10" in self.experiment.sets else self.experiment.digit_set)


def network_on(key: Key) -> str:
    """A network and what it was trained on, in words."""
    return f"{NETWORKS[key.network]} on {DATASETS[key.dataset]}"
