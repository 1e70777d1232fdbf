"""The answers about accuracy, clean and under attack, and about how hard the data sets are."""

import numpy as np

from lib.chapters.fragile_neurons import csg as spectral
from lib.chapters.fragile_neurons.answers.common import (
    ALL,
    claim,
    lacking,
    lacking_ages,
    of_cells,
    outside,
    smaller,
    told,
)
from lib.chapters.fragile_neurons.embeddings import Autoencoders, Gradients, means
from lib.chapters.fragile_neurons.experiment import DATASETS, DRAWS, NETWORKS, Key
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.quantities import accuracy_over_eps, cost_difference, cost_eps
from lib.chapters.fragile_neurons.subject import PRINTED_EPS, UNITS
from lib.ledger.answers import Answer, Finding, Readings, not_run
from lib.ledger.scale import smaller as smaller_than
from lib.ledger.words import within_tolerance
from lib.measure.intervals import difference, over_networks, rate
from lib.measure.multiple import smallest
from lib.models.resnets import STATISTICS
from lib.show.counting import counted


def clean_accuracy(grid: Grid, dataset: str) -> Answer:
    """Accuracy of ResNet-50 on all test images."""
    id = f"{dataset}.resnet50.clean_accuracy"
    if missing := lacking(grid, id, dataset):
        return missing
    key = grid.shown_for(dataset, 2)
    found = [one.clean for one in grid[key]]
    finding = Finding(rate(found), told("clean images", len(found[0]), grid, key, which=ALL))
    why = "The paper states no recipe of training; ours is a common one, not tuned to its number."
    return Answer(id, finding, smaller=smaller(id, key), why=_answered_at(id, key) + why)


def _answered_at(id: str, key: Key) -> str:
    """That the network is younger than the one that the claim is about; empty where it is as old."""
    asked = claim(id).scale["epochs"]
    return f"Answered at epoch {key.age}, not {asked}. " if key.age < asked else ""


def fgsm_accuracy(grid: Grid, dataset: str) -> Answer:
    """Accuracy under FGSM at the printed eps in pixels, as all eps of this chapter are; the other unit is a reading."""
    printed = PRINTED_EPS[dataset]
    id = f"{dataset}.resnet50.fgsm_{printed}_accuracy"
    if missing := lacking(grid, id, dataset):
        return missing
    key = grid.shown_for(dataset, 2)
    robustness, rule = [one.robustness for one in grid[key]], claim(id)
    found = rate([one.fgsm("original", printed) for one in robustness]), rate([one.normalised for one in robustness])
    within = [unit for unit, one in zip(UNITS, found, strict=True) if within_tolerance(rule, one.mean)]
    in_pixels = printed, printed * float(np.mean(STATISTICS[key.dataset][1]))
    nearest = [min(robustness[0].pgd_eps, key=lambda eps, unit=unit: abs(eps - unit)) for unit in in_pixels]
    ladder = {}
    for unit, one, eps in reversed(list(zip(UNITS, found, nearest, strict=True))):  # the larger eps, pixels, last
        ladder[f"FGSM, eps {printed} in {unit}"] = one
        ladder.pop(name := f"PGD, eps {eps:g} in pixels", None)
        ladder[name] = rate([one.pgd("original", eps) for one in robustness])
    said = f"found with eps in {within[0]}" if len(within) == 1 else "both units give it" if within else "neither unit"
    finding = Finding(found[0], told(f"FGSM, eps {printed} in pixels", len(robustness[0].normalised), grid, key))
    why = f"With eps in pixels {found[0].mean:.3f}, in normalised units {found[1].mean:.3f}; the paper names no unit."
    given = {"readings": Readings(len(UNITS), len(within), said), "smaller": smaller(id, key)}
    return Answer(id, finding, ladder=tuple(ladder.items()), why=_answered_at(id, key) + why, **given)


def csg(embedded: Autoencoders, gradients: Gradients, grid: Grid, dataset: str) -> Answer:
    """The cumulative spectral gradient by its source's embedding; all other embeddings are readings."""
    id = f"csg.{dataset}"
    if missing := lacking(grid, id, dataset):
        return missing
    own, rule = grid.asked(dataset), claim(id)
    if not embedded[own]:
        return not_run(id, "Its autoencoders are missing: `python -m lib.run fill fragile_neurons`.")
    draws = [spectral.gradients(one.tsne, spectral.VOLUME) for one in embedded[own]]
    value = over_networks([float(np.mean(one)) for one in draws])
    ways = [*means(gradients, embedded, own).values()]
    giving = sum(within_tolerance(rule, one) for one in ways)
    low, high = min(map(min, draws)), max(map(max, draws))
    experiment, images = grid.experiment, embedded[own][0].tsne.n_images
    trained = f"{experiment.csg_width} maps, {counted(experiment.csg_epochs, 'epoch')}"
    by = f"a convolutional autoencoder's code ({trained}), "
    by += f"then t-SNE; {images:,} images of {DATASETS[own]}, M = {experiment.csg_m}; "
    by += f"{counted(len(draws), 'autoencoder')}, {DRAWS} draws each"
    why = f"The source's own figure, of its own run; draws here lie between {low:.2f} and {high:.2f}."
    run = {"dataset": own, "epochs": experiment.csg_epochs, "maps": experiment.csg_width, "images": images}
    readings = Readings(len(ways), giving, f"embeddings and ways of counting give {min(ways):.2f} to {max(ways):.2f}")
    return Answer(id, Finding(value, by), readings=readings, smaller=smaller_than(rule, run), why=why)


def epochs_raise_accuracy(grid: Grid) -> Answer:
    """Accuracy at the last age minus that at the first, the smallest over eps from 0 on; soundly, under PGD."""
    id, (key, grown) = "epochs.raise_accuracy", grid.figure_2
    if missing := lacking_ages(id, key, grown):
        return missing
    young, old = ([one.robustness for one in age] for age in (grown[0], grown[-1]))
    rises = {}
    for way, every in {"fgsm": young[0].eps, "pgd": young[0].pgd_eps}.items():
        pairs = [[[getattr(one, way)("original", eps) for one in age] for age in (old, young)] for eps in every]
        rises[way] = [difference(*pair) for pair in pairs]
    least, sound = (smallest(rises[way]) for way in ("fgsm", "pgd"))
    first, _, last = grid.experiment.stages
    n, strong = len(young[0].normalised), young[0].pgd_correct.shape[-1]
    by = f"epoch {last} minus {first}, the smallest of {len(rises['fgsm'])} eps from 0 on under FGSM"
    sound_by = f"the same, of {len(rises['pgd'])} eps under PGD, Holm-adjusted where it refutes"
    most = {way: max(one.mean for one in found) for way, found in rises.items()}
    why = f"Over eps accuracy changes by {least.mean:+.3f} to {most['fgsm']:+.3f} under FGSM, by {sound.mean:+.3f} to "
    why += f"{most['pgd']:+.3f} under PGD."
    return Answer(
        id,
        Finding(least, told(by, n, grid, key._replace(age=last))),
        Finding(sound, told(sound_by, strong, grid, key._replace(age=last))),
        smaller=smaller(id, key, last),
        why=why,
    )


def cifar10_needs_smaller_eps(grid: Grid) -> Answer:
    """How much larger an eps costs 0.2 of accuracy on digits than on CIFAR-10, under FGSM; soundly, under PGD."""
    id, digits = "cifar10.needs_smaller_eps", grid.experiment.digit_set
    if missing := lacking(grid, id, "cifar10", "mnist"):
        return missing
    alike = [key[1:] for key in grid if key.dataset == "cifar10" and (digits, *key[1:]) in grid]
    if not alike:
        return not_run(id, "No network is in this run on both data sets at one age.")
    network, age = min(alike, key=lambda one: (one[0] != "resnet50", -one[1]))
    keys = [Key(name, network, age) for name in (digits, "cifar10")]
    curves = {way: [accuracy_over_eps(grid[key], way) for key in keys] for way in ("fgsm", "pgd")}
    larger, sound = (cost_difference(*curves[way]) for way in ("fgsm", "pgd"))
    each = [float(np.mean([cost_eps(eps, one) for one in found])) for eps, found in curves["fgsm"]]
    images = [min(one.shape[1] for _, found in curves[way] for one in found) for way in ("fgsm", "pgd")]
    by = f"{NETWORKS[network]} at epoch {age} on both, {{}}, {of_cells(grid)}, straight lines between the eps measured"
    by += outside(grid, keys)
    why = f"0.2 of accuracy is lost at eps {each[0]:.3f} on {DATASETS[digits]} and at {each[1]:.4f} on CIFAR-10 (FGSM)."
    return Answer(
        id,
        Finding(larger, by.format("FGSM", images[0])),
        Finding(sound, by.format("PGD", images[1])),
        smaller=smaller(id, keys[0]),
        why=why,
    )
