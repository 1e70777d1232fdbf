"""Sentences about the networks and about how hard the data sets are."""

from collections.abc import Sequence

from lib.chapters.fragile_neurons import csg
from lib.chapters.fragile_neurons.csg import CsgRecord
from lib.chapters.fragile_neurons.embeddings import CODE_TSNE, Autoencoders, Gradients, by_size, means
from lib.chapters.fragile_neurons.experiment import DATASETS, Experiment
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.networks import RECIPES, RecipeRecord
from lib.chapters.fragile_neurons.subject import PRINTED_EPS
from lib.measure.intervals import rate
from lib.show.counting import agreeing, counted
from lib.show.sentences import ends


def accuracies(grid: Grid) -> str:
    """For the table of accuracies."""
    whole = len(grid.experiment.paper_grid())
    best = max(grid, key=lambda key: rate([one.clean for one in grid[key]]).mean)
    value = rate([one.clean for one in grid[best]]).mean
    made = f"{len(grid)} of {whole} cases {agreeing(len(grid))} measured"
    return f"In this run: {made}; the highest accuracy is {value:.4f} ({best})."


def printed_eps(grid: Grid) -> str:
    """For the table of both units."""
    each = {key: [one.robustness for one in grid[key]] for key in grid}
    pixels = [rate([one.fgsm("original", PRINTED_EPS[key.dataset]) for one in of]).mean for key, of in each.items()]
    normalised = [rate([one.normalised for one in of]).mean for of in each.values()]
    return (
        f"In this run: with eps in pixels accuracy under FGSM is {ends(pixels, '.3f')}, with eps in normalised units "
        f"{ends(normalised, '.3f')}."
    )


def recipes(records: Sequence[RecipeRecord]) -> str:
    """For the table of recipes."""
    found = dict(zip(RECIPES, (float(one.correct.mean()) for one in records), strict=False))
    best, worst = max(found, key=found.__getitem__), min(found, key=found.__getitem__)
    return f"In this run: accuracy goes from {found[worst]:.3f} ({worst}) to {found[best]:.3f} ({best})."


def gradients(found: Gradients, embedded: Autoencoders, experiment: Experiment) -> str:
    """For the table of the cumulative spectral gradient."""
    told = []
    for name in experiment.sets:
        others = means(found, embedded, name)
        own = others.pop((CODE_TSNE, csg.VOLUME), None)
        text = "not measured in the source's way" if own is None else f"{own:.2f} in the source's way"
        told.append(f"{DATASETS[name]} {text}, {min(others.values()):.2f} to {max(others.values()):.2f} in the others")
    return f"In this run: {'; '.join(told)}."


def made(grid: Grid) -> str:
    """For the table of where cells were made."""
    kept = [cell.made for key in grid for cell in grid.experiment.cells_of(key) if cell.is_kept]
    devices = sorted({one.device for one in kept})
    return f"In this run: {counted(len(kept), 'measurement')}, on {'; '.join(devices) or 'no device that is known'}."


def gradients_by_size(records: Sequence[CsgRecord], experiment: Experiment) -> str:
    """For the table by the number of images."""
    told = []
    for name, of in by_size(records, experiment).items():
        enough = {size: one for size, one in of.items() if one.n_images == size}
        values = ", ".join(f"{csg.gradients(one, csg.ALIKE)[0]:.3f}" for one in enough.values())
        told.append(f"{values} on {', '.join(f'{size:,}' for size in enough)} images of {DATASETS[name]}")
    return f"In this run: the measure is {'; '.join(told)}."
