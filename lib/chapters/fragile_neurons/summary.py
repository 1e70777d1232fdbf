"""The chapter in numbers: the headline metrics, and what its prose says of this run."""

from collections.abc import Mapping

import numpy as np

from lib.chapters.fragile_neurons import csg
from lib.chapters.fragile_neurons.answers.targeting import leads, moved_beside_lot
from lib.chapters.fragile_neurons.csg import CsgRecord
from lib.chapters.fragile_neurons.experiment import CHAPTER, DATASETS, NETWORKS
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.here.filter import gained
from lib.chapters.fragile_neurons.quantities import controls, halves, whole_set
from lib.chapters.fragile_neurons.record import MOVES
from lib.chapters.fragile_neurons.svd_filter import PRINTED, SOURCE
from lib.ledger.words import is_above_zero
from lib.measure.intervals import rate
from lib.run import profiles

Numbers = dict[str, object]

RARE = 0.05
"""S counts as beyond random sets if fewer than this share of them have as high a share of images."""


def of_grid(grid: Grid) -> Numbers:
    """How much of the grid there is, and the command that fills it, with sizes that differ from the paper profile's."""
    experiment = grid.experiment
    whole, paper = len(experiment.paper_grid()), profiles.values(CHAPTER, profiles.PAPER, {})
    sizes = {name: getattr(experiment, name) for name in ("n_images", "n_pgd", "grid")}
    given = "".join(f" -p {name}={size}" for name, size in sizes.items() if size != paper[name])
    command = f"python -m lib.run fill fragile_neurons{given}"
    ages = ", ".join(experiment.ages.split())
    return {"made": len(grid), "missing": whole - len(grid), "all": whole, "command": command, "ages": ages}


def opening(grid: Grid) -> Numbers:
    """What the chapter's first paragraphs say of the main cell."""
    main, every = grid.main, [moved_beside_lot(grid, key) for key in grid]
    (plain, _), (free, over) = moved_beside_lot(grid, main)
    word = "not above what random sets give"
    if over.mean > 0 and free.low > 0.5:
        word = f"above the 95th percentile of random sets{'' if is_above_zero(over) else ', which may be chance'}"
    found: Numbers = {"word": word, "free": plain.mean, "relative": free.mean, "over": over.mean}
    found |= {"network": NETWORKS[main.network], "data": DATASETS[main.dataset], "age": main.age}
    gains, lot = gained(grid, "fresh PGD", with_room=True), controls(grid[main], "FGSM")
    found |= {"raised": f"{sum(map(is_above_zero, gains))} of {len(gains)}", "networks": len(grid[main])}
    found |= {"lowest-free": min(unclipped.mean for (unclipped, _), _ in every)}
    found |= {"lowest": min(controls(grid[key], "FGSM").s for key in grid), "share": lot.s, "as-high": lot.as_high}
    verdict = "That may be so" if lot.as_high < RARE and found["lowest"] > 0.5 else "That is not shown"
    found["lot"] = f"{verdict}: in {found['network']} on {found['data']}, {lot.as_high:.0%} of random sets of kernels"
    rare = sum(controls(grid[key], MOVES[-1]).as_high < RARE for key in grid)
    beyond = sum(map(is_above_zero, leads(grid)))
    counts = {"rare": f"{rare} of {len(grid)}", "beyond": f"{beyond} of {len(grid)}"}
    return found | counts | {"cells": len(grid), "all": 18, "outside": outside(grid), "resnet18s": resnet18s(grid)}


def outside(grid: Grid) -> str:
    """Which networks a script outside this book trained."""
    return "; ".join(map(str, grid.from_outside)) or "none"


def resnet18s(grid: Grid) -> str:
    """How many ResNet-18s were measured on the sample, out of those that the run asks for."""
    keys = [key for key in grid.experiment.grid_keys() if key.network == "resnet18"]
    there, asked = (sum(len(of(key)) for key in keys) for of in (grid.sampled, grid.experiment.samples_of))
    return f"{there} of {asked}"


def headline(grid: Grid, gradients: Mapping[tuple[str, str], CsgRecord]) -> dict[str, float]:
    """The chapter's metrics."""
    main, records = grid.main, grid[grid.main]
    oldest, control, split = grid[grid.ages_of(main)[-1]], controls(records, "FGSM"), halves(records)
    robustness = [one.robustness for one in oldest]
    fgsm = [one.fgsm("original", one.eps[1]) for one in robustness]  # the first eps is 0
    return {
        "clean_accuracy": rate([one.clean for one in oldest]).mean,
        "fgsm_accuracy": rate(fgsm).mean,
        "pgd_accuracy": rate([one.pgd("original", one.pgd_eps[0]) for one in robustness]).mean,
        "share": float(np.mean([whole_set(one).mean() for one in records])),
        "agreement": split.agreement,
        "relative_share": rate([one.targeting.printed_relative for one in records]).mean,
        "random_spread": control.spread,
        "largest_norm": control.largest,
        "printed_changed": float(np.mean([one.filters.readings[PRINTED].changed for one in records])),
        "csg_tsne": float(np.mean(csg.gradients(gradients[main.dataset, "tsne"], csg.VOLUME))),
        "source_clean": float(np.mean([one.filters.readings[SOURCE].clean for one in records])),
        "batch_norm_left": float(np.mean([one.batch_norm.reestimated for one in records])),
    }
