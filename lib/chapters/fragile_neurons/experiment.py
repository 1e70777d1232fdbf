"""The chapter's parameters, and the cells that its page is made from."""

from dataclasses import dataclass
from itertools import product
from typing import ClassVar, NamedTuple

from lib.chapters.fragile_neurons import autoencoder, csg, measure, networks, sampled
from lib.chapters.fragile_neurons.autoencoder import AutoencoderSetting
from lib.chapters.fragile_neurons.measure import CellSetting
from lib.chapters.fragile_neurons.networks import CHEAP, RECIPES, NetworkSetting
from lib.chapters.fragile_neurons.sampled import SampleSetting
from lib.chapters.fragile_neurons.subject import Probe
from lib.evidence import experiment
from lib.evidence.cells import Cell, Part
from lib.models.resnets import RESNETS

CHAPTER = "fragile_neurons"
CELL = Part(CHAPTER, "cell", measure.cell)
RECIPE = Part(CHAPTER, "recipes", networks.short_training)
CSG = Part(CHAPTER, "csg", csg.measured)
SAMPLE = Part(CHAPTER, "sample", sampled.measured)
AUTOENCODER = Part(CHAPTER, "autoencoder", autoencoder.measured)

TRAINING_IMAGES = {"digits": 4_000, "mnist": 60_000, "cifar10": 50_000}
"""How many training images each whole data set has."""

DATASETS = {"digits": "digits", "mnist": "MNIST", "cifar10": "CIFAR-10"}
"""What data sets are called on the page."""
PAPERS_SET = {"digits": "mnist", "mnist": "mnist", "cifar10": "cifar10"}
"""Which of the paper's data sets each is, or stands in for."""
NETWORKS = {"resnet18": "ResNet-18", "resnet50": "ResNet-50", "resnet101": "ResNet-101"}
"""What networks are called on the page."""

DRAWS, NEIGHBOURS = 5, 3
"""Draws and nearest neighbours of the cumulative spectral gradient."""

TIMES = (1, 2, 4)
"""The multiples of `csg_images` on which it is measured too."""


class Key(NamedTuple):
    """A cell of the paper's grid, for all seeds."""

    dataset: str
    network: str
    age: int

    @property
    def kind(self) -> str:
        """The network and the data set in words."""
        return f"{NETWORKS[self.network]}, {DATASETS[self.dataset]}"

    def __str__(self) -> str:
        return f"{self.kind}, epoch {self.age}"


@dataclass(frozen=True)
class Experiment(experiment.Experiment):
    """The parameters of the notebook, whose comments say what each means."""

    chapter: ClassVar[str] = CHAPTER

    seed: int
    seeds: int
    resnet18_seeds: int
    dataset: str
    networks: str
    ages: str
    max_age: int
    train: bool
    recipe: str
    test_images: str
    n_images: int
    n_pgd: int
    n_sample: int
    grid: int
    settings: str
    settings_images: int
    csg_images: int
    csg_m: int
    csg_width: int
    csg_epochs: int
    csg_embeddings: int

    @property
    def sets(self) -> list[str]:
        """The names of the data sets."""
        return self.dataset.split("+")

    @property
    def digit_set(self) -> str | None:
        """The data set of digits, if there is one."""
        return next((name for name in self.sets if name != "cifar10"), None)

    @property
    def stages(self) -> list[int]:
        """The three ages, in epochs."""
        return [int(age) for age in self.ages.split()]

    @property
    def probe(self) -> Probe:
        """How a cell is measured."""
        return Probe(self.n_images, self.n_pgd, grid=self.grid, chosen=self.test_images)

    def paper_grid(self) -> list[Key]:
        """The cells of the paper's grid on these data sets, whatever networks this run has; the youngest come first."""
        return [Key(*one) for one in product(self.sets, RESNETS, sorted(self.stages))]

    def grid_keys(self) -> list[Key]:
        """The cells of the grid whose networks this run has."""
        return [key for key in self.paper_grid() if key.network in self.networks.split("+")]

    def cells_of(self, key: Key) -> list[Cell]:
        """The cell of each seed."""
        every = (self._network(key, seed) for seed in range(self.seed, self.seed + self.seeds))
        return [CELL(CellSetting(network, self.probe)) for network in every]

    def samples_of(self, key: Key) -> list[Cell]:
        """What is measured on the sample of test images, for each seed; ResNet-18, the cheapest, may have more."""
        many = max(self.seeds, self.resnet18_seeds) if key.network == "resnet18" else self.seeds
        every = (self._network(key, seed) for seed in range(self.seed, self.seed + many))
        return [SAMPLE(SampleSetting(network, self.n_sample, self.grid)) for network in every]

    def _network(self, key: Key, seed: int) -> NetworkSetting:
        return NetworkSetting(key.network, key.dataset, key.age, seed, RECIPES[self.recipe])

    def grid_cells(self) -> list[Cell]:
        """The cells of the grid and their samples; `needed` says which of them this run has to have."""
        return [cell for key in self.grid_keys() for cell in (*self.cells_of(key), *self.samples_of(key))]

    def recipes(self) -> list[Cell]:
        """A short training run with each recipe."""
        dataset = "cifar10" if "cifar10" in self.sets else self.dataset
        ways = (RECIPES if self.settings == "all" else CHEAP).values()
        return [RECIPE(NetworkSetting("resnet18", dataset, 2, self.seed, way, self.settings_images)) for way in ways]

    @property
    def embeddings(self) -> list[tuple[str, str]]:
        """Each data set with each embedding of it."""
        return list(product(self.sets, csg.EMBEDDINGS))

    def gradients(self) -> list[Cell]:
        """The cumulative spectral gradient of each of `embeddings`."""
        return [CSG(self._csg(*one, self.csg_images, DRAWS)) for one in self.embeddings]

    def gradients_by_size(self) -> list[Cell]:
        """One draw of the cumulative spectral gradient in pixels, on each of the `TIMES` as many images."""
        sizes = [self.csg_images * times for times in TIMES]
        return [CSG(self._csg(name, "pixels", size, 1)) for name, size in product(self.sets, sizes)]

    def autoencoders(self) -> dict[str, list[Cell]]:
        """The gradient by the source's embedding of each data set, from each autoencoder."""
        given = self.csg_images, self.csg_width, self.csg_epochs, self.csg_m, NEIGHBOURS
        seeds = range(self.seed, self.seed + self.csg_embeddings)
        return {
            name: [AUTOENCODER(AutoencoderSetting(name, *given, seed, DRAWS)) for seed in seeds] for name in self.sets
        }

    def _csg(self, dataset: str, embedding: str, n_images: int, draws: int) -> csg.CsgSetting:
        return csg.CsgSetting(dataset, embedding, n_images, self.csg_m, NEIGHBOURS, self.seed, draws)

    def cells(self) -> list[Cell]:
        return [*self.grid_cells(), *self._others(), *self._embedded()]

    def needed(self) -> list[Cell]:
        made = [cell for cell in self.grid_cells() if self.train and cell.setting.network.age <= self.max_age]
        return [*made, *self._others(), *(self._embedded() if self.train else [])]

    def _others(self) -> list[Cell]:
        return [*self.recipes(), *self.gradients(), *self.gradients_by_size()]

    def _embedded(self) -> list[Cell]:
        return [cell for cells in self.autoencoders().values() for cell in cells]

    def refused(self) -> str:
        fewest = min(self.sets, key=TRAINING_IMAGES.__getitem__)
        if self.csg_images > TRAINING_IMAGES[fewest]:  # its tables would say "too few", and nothing else
            there_are = f"{TRAINING_IMAGES[fewest]:,} training images of {DATASETS[fewest]}"
            return f"csg_images={self.csg_images} is more than the {there_are}"
        counts = [min(self.settings_images, TRAINING_IMAGES[name]) for name in self.sets]
        sizes = {recipe.batch_size for recipe in RECIPES.values()}
        found = [n for n in counts if any(n % size == 1 for size in sizes)]
        if not found:
            return ""
        return f"settings_images={found[0]} leaves a last batch of a single image in a recipe: batch norm needs two"
