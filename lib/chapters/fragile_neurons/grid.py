"""The paper's grid, network × data set × age, as far as this run has it, and which cell stands for which."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from lib.chapters.fragile_neurons.autoencoder import AutoencoderRecord
from lib.chapters.fragile_neurons.experiment import DATASETS, NETWORKS, Experiment, Key
from lib.chapters.fragile_neurons.record import CellRecord
from lib.chapters.fragile_neurons.sampled import SampleRecord
from lib.evidence.cells import Cell, records
from lib.models.resnets import RESNETS
from lib.show.counting import counted

OUTSIDE = "trained in bfloat16 by a script outside this book"
"""What is said of such networks, wherever a finding rests on them."""


@dataclass(frozen=True, eq=False)
class Grid:
    """What was measured of each cell of the grid, by seed; `samples` likewise, where that part is there.

    A cell of which no seed was measured is left out; where only some seeds were, they stand for it.
    """

    experiment: Experiment
    cells: dict[Key, dict[int, CellRecord]]
    samples: dict[Key, dict[int, SampleRecord]]

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
        keys = experiment.grid_keys()
        cells = {key: _by_seed(experiment.cells_of(key), found) for key in keys}
        samples = {key: _by_seed(experiment.samples_of(key), found) for key in keys}
        there = {key: one for key, one in cells.items() if one}
        if empty := set(experiment.sets) - {key.dataset for key in there}:
            raise LookupError(f"no cell of {', '.join(sorted(empty))} is kept or was to be made with these settings")
        return cls(experiment, there, {key: one for key, one in samples.items() if one})

    def __getitem__(self, key: tuple[str, str, int]) -> list[CellRecord]:
        return list(self.cells[key].values())

    def sampled(self, key: tuple[str, str, int]) -> list[SampleRecord]:
        """What was measured of a cell on the sample of test images, one for each seed; empty where nothing was."""
        return list(self.samples.get(key, {}).values())

    def embedded(self) -> dict[str, list[AutoencoderRecord]]:
        """The records of each data set's autoencoders: measured where this run needs them, else those that are kept."""
        wanted, found = set(self.experiment.needed()), {}
        for name, cells in self.experiment.autoencoders().items():
            records(one for one in cells if one in wanted)
            found[name] = [kept[0] for one in cells if (kept := one.read())]
        return found

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
        """For each seed that has all three ages, the records of a network at them."""
        ages = [self.cells[dataset, network, age] for age in self.experiment.stages]
        return [[one[seed] for one in ages] for seed in ages[0] if all(seed in one for one in ages)]

    @property
    def main(self) -> Key:
        """The cell that is looked at most closely: the abstract's, ResNet-50 on CIFAR-10 at the middle age.

        Without CIFAR-10, the cell on digits that is nearest to it.
        """
        dataset = "cifar10" if "cifar10" in self.experiment.sets else self.experiment.digit_set
        return self.stand_in(dataset, "resnet50", self.experiment.stages[1])

    @property
    def pictured(self) -> Key | None:
        """The cell whose image is shown: of those with a sample, the main one or the nearest to it, if any."""
        return min(filter(self.sampled, self), key=lambda key: self.far(key, self.main), default=None)

    @staticmethod
    def far(key: Key, other: Key) -> tuple[bool, bool, int]:
        """How far one cell is from another, to sort by: the data set first, then the network, then the age."""
        return key.dataset != other.dataset, key.network != other.network, abs(key.age - other.age)

    def nearest(self, dataset: str) -> Key:
        """The cell of a data set that is nearest to ResNet-50 at the first age."""
        return self.stand_in(dataset, "resnet50", self.experiment.stages[0])

    def title(self, key: Key) -> str:
        """A cell in words, for a heading."""
        return f"{network_on(key)}, epoch {key.age}"

    def told(self, key: Key, many: int | None = None) -> str:
        """A cell in words, for a sentence, with the number of its networks, or with `many` of them."""
        told = f"{network_on(key)} at epoch {key.age}, {counted(many or len(self[key]), 'network')}"
        return f"{told}, {OUTSIDE}" if self.is_from_outside(key) else told

    def is_from_outside(self, key: Key) -> bool:
        """Whether a script outside this book trained a network of a cell.

        Such networks were trained on a CPU in bfloat16, where the book's own code computes in float32.
        """
        made = [one.training.device for one in self[key]]
        return any("cpu" in device and "in bfloat16" in device for device in made)

    @property
    def from_outside(self) -> list[Key]:
        """The cells of which `is_from_outside` is true."""
        return [key for key in self if self.is_from_outside(key)]

    # What stands for what the paper names

    def asked(self, dataset: str) -> str | None:
        """The data set of this run that stands for one of the paper's (any digits for MNIST), or None."""
        digits = self.experiment.digit_set
        return digits if dataset == "mnist" else dataset if dataset in self.experiment.sets else None

    def shown_for(self, dataset: str, stage: int) -> Key:
        """The cell that stands for ResNet-50 on one of the paper's data sets at one of the three ages."""
        return self.stand_in(self.asked(dataset), "resnet50", self.experiment.stages[stage])

    def through_all(self, dataset: str) -> tuple[Key, list[list[CellRecord]]]:
        """The network nearest to ResNet-50, of those with all ages if there are any, and its records by age."""
        stages = self.experiment.stages
        key = self.stand_in(dataset, "resnet50", stages[0], whole=stages)
        if self.has_all_ages(*key[:2]) and (of := self.through_ages(*key[:2])):
            return key, [list(one) for one in zip(*of, strict=True)]
        return key, [self[age] for age in (key._replace(age=age) for age in stages) if age in self]

    @property
    def figure_2(self) -> tuple[Key, list[list[CellRecord]]]:
        """The same for the paper's Fig. 2, which is of CIFAR-10; without it the digits stand in."""
        return self.through_all("cifar10" if "cifar10" in self.experiment.sets else self.experiment.digit_set)


def network_on(key: Key) -> str:
    """A network and what it was trained on, in words."""
    return f"{NETWORKS[key.network]} on {DATASETS[key.dataset]}"


def _by_seed(cells: list[Cell], found: Mapping[Cell, object]) -> dict[int, object]:
    """The records that were found for a cell, by seed."""
    return {cell.setting.network.seed: found[cell] for cell in cells if cell in found}
