"""The chapter in numbers: the headline metrics, and what its prose says of this run."""

from collections.abc import Mapping

import numpy as np

from lib.chapters.fragile_neurons import csg
from lib.chapters.fragile_neurons.csg import CsgRecord
from lib.chapters.fragile_neurons.experiment import DATASETS, NETWORKS
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.quantities import controls, filter_gains, halves, unclipped_share
from lib.chapters.fragile_neurons.subject import PRINTED_EPS
from lib.chapters.fragile_neurons.svd_filter import FILTERS, PRINTED, SOURCE
from lib.measure.intervals import rate

Numbers = dict[str, object]
LUCK = 0.05
"""The share of random splits that may come as high as S where it is called outside of chance."""


def of_grid(grid: Grid) -> Numbers:
    """How much of the grid there is, and the command that fills it."""
    experiment = grid.experiment
    whole = len(experiment.paper_grid())
    sizes = f"-p n_images={experiment.n_images} -p n_pgd={experiment.n_pgd} -p grid={experiment.grid}"
    command = f"python -m lib.run fill fragile_neurons {sizes}"
    ages = ", ".join(experiment.ages.split())
    return {"missing": whole - len(grid), "all": whole, "command": command, "ages": ages}


def of_controls(grid: Grid) -> Numbers:
    """What Algorithm 1's controls say over all cells: whether the paper's sentence survives them."""
    networks = [[one] for key in grid for one in grid[key]]
    fgsm, signs = ([controls(one, move) for one in networks] for move in ("FGSM", "random signs"))
    outside = [not one.low <= one.s <= one.high for one in fgsm]
    same = float(np.mean([abs(one.s - other.s) for one, other in zip(fgsm, signs, strict=True)]))
    left = [controls(grid[key], "FGSM over random signs").as_high <= LUCK for key in grid]
    found: Numbers = {"outside": sum(outside), "left": sum(left), "cells": len(left), "networks": len(outside)}
    found |= {"same": same, "survives": "survives" if all(outside) and same > 0.1 else "does not survive"}
    return found | {kind: float(np.mean([getattr(one, kind) for one in fgsm])) for kind in ("largest", "smallest")}


def opening(grid: Grid) -> Numbers:
    """What the chapter's first paragraphs say of the main cell."""
    main, records = grid.main, grid[grid.main]
    result, control = records[0], controls(records, "FGSM")
    plainly = control.s > 0.5 and not control.low <= control.s <= control.high
    scale_free = controls(records, "FGSM over random signs").as_high
    hint = "the paper's share cannot tell; by one that is free of scale, it looks so"
    words = {(True, True): "it looks so", (False, True): hint}
    at = result.targeting.eps.index(PRINTED_EPS[main.dataset])
    found: Numbers = {"word": words.get((plainly, scale_free <= LUCK), "nothing says so"), "as-high": scale_free}
    found |= {"random": grid.experiment.probe.splits, "low": control.low, "high": control.high}
    found |= {"changed": f"{printed_changed(grid):.0f}", "values": len(result.filters.spectrum)}
    under_pgd = [filter_gains(records, who)["fresh PGD"].mean for who in FILTERS]
    found |= dict(zip(("printed", "source", "median"), under_pgd, strict=True))
    found |= {"eps": result.robustness.pgd_eps[0], "network": NETWORKS[main.network], "data": DATASETS[main.dataset]}
    found |= {"age": main.age, "cells": len(grid), "all": 18, "targeted": control.s, "relative": relative(grid)}
    return found | {"free": unclipped_share(records, "convolution", at).mean}


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
        "share": split.share,
        "agreement": split.agreement,
        "relative_share": relative(grid),
        "random_spread": control.spread,
        "largest_norm": control.largest,
        "printed_changed": printed_changed(grid),
        "csg_tsne": float(np.mean(csg.gradients(gradients[main.dataset, "tsne"], csg.VOLUME))),
        "source_clean": float(np.mean([one.filters.readings[SOURCE].clean for one in records])),
        "batch_norm_left": float(np.mean([one.batch_norm.reestimated for one in records])),
    }


def relative(grid: Grid) -> float:
    """The share of images that move S of the main cell more at the printed eps, in units of random signs."""
    return rate([one.targeting.printed_relative for one in grid[grid.main]]).mean


def printed_changed(grid: Grid) -> float:
    """How many singular values of the main cell the printed filter changes."""
    return float(np.mean([one.filters.readings[PRINTED].changed for one in grid[grid.main]]))
