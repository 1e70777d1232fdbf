"""What the answers of this chapter share: the claim's facts, what a run lacks, and how a measurement is told."""

from collections.abc import Iterable, Sequence

from lib.chapters.fragile_neurons.experiment import CHAPTER, DATASETS, Key
from lib.chapters.fragile_neurons.grid import OUTSIDE, Grid, network_on
from lib.chapters.fragile_neurons.resampled import Sample
from lib.ledger.answers import Answer, not_run
from lib.ledger.claims import Claim, paper
from lib.ledger.scale import smaller as smaller_than
from lib.measure.red_flags import LARGE_EPS

MORE = "`python -m lib.run fill fragile_neurons --profile paper`"
"""The command that measures what a run of the paper's profile lacks."""


def claim(id: str) -> Claim:
    """The claim of this id."""
    return paper(CHAPTER).claims[id]


def smaller(id: str, key: Key, epochs: int | None = None) -> tuple[str, ...]:
    """In what a cell is smaller than what the claim is about; with `epochs` where several ages were looked at."""
    return smaller_than(claim(id), {"dataset": key.dataset, "network": key.network, "epochs": epochs or key.age})


def lacking(grid: Grid, id: str, *datasets: str) -> Answer | None:
    """That a claim cannot be answered, where this run has not all of these data sets."""
    missing = next((name for name in datasets if grid.asked(name) is None), None)
    return not_run(id, f"No {DATASETS[missing]} in this run: dataset=mnist+cifar10 has it.") if missing else None


def lacking_ages(id: str, key: Key, ages: Sequence) -> Answer | None:
    """That a claim cannot be answered, where a network is not there at all three ages."""
    if len(ages) == 3:
        return None
    return not_run(id, f"{network_on(key)} is here at {len(ages)} of 3 ages; {MORE} makes the rest.")


UNMEASURED = f"The sound form needs measurements on the sample, which are missing here: {MORE}."


def samples(grid: Grid, key: Key) -> list[Sample]:
    """What was measured of a cell on the sample, ready to have its images drawn anew."""
    return [Sample(one) for one in grid.sampled(key)]


FIRST, SAMPLE, ALL = "the first {:,} test images", "a sample of {:,} test images", "all {:,} test images"
"""Which images a finding is over."""

KNOWN, DRAWN = "S taken as known", "S drawn anew with its images"
"""How an interval treats S: it leaves out, or counts, that other images would choose another S."""


def below_grey(eps: Sequence[float]) -> list[int]:
    """The indices of the eps at which an image still shows what it was."""
    return [at for at, one in enumerate(eps) if one < LARGE_EPS]


def of_cells(grid: Grid) -> str:
    """Which test images the cells of this run are measured on, except for clean accuracy."""
    return SAMPLE if grid.experiment.test_images == "sample" else FIRST


def every_other(grid: Grid) -> str:
    """One half of these images: every other one."""
    return "{:,} test images, every other of " + ("a sample" if of_cells(grid) == SAMPLE else "the first")


def told(what: str, images: int, grid: Grid, key: Key, networks: int | None = None, *, which: str | None = None) -> str:
    """What a finding was measured with: on the images of a cell, unless `which` says otherwise."""
    return f"{what}; {(which or of_cells(grid)).format(images)}; {grid.told(key, networks)}"


def outside(grid: Grid, keys: Iterable[Key]) -> str:
    """What a finding over several cells adds where a script outside this book trained some of their networks."""
    found = dict.fromkeys(network_on(key) for key in keys if grid.is_from_outside(key))
    return f"; {', '.join(found)} {OUTSIDE}" if found else ""


def told_anew(what: str, images: int, grid: Grid, key: Key, otherwise: str) -> str:
    """The same with S drawn anew, where the sample is there; else with S taken as known, on images of a cell."""
    sampled = grid.sampled(key)
    how, which = (DRAWN, SAMPLE) if sampled else (KNOWN, otherwise)
    return told(f"{what}, {how}", images, grid, key, len(sampled or grid[key]), which=which)
