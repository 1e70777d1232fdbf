"""Tables of the cumulative spectral gradient (CSG): how hard it is to tell the classes of a data set apart."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from lib.chapters.fragile_neurons import csg
from lib.chapters.fragile_neurons.answers.common import claim
from lib.chapters.fragile_neurons.csg import CsgRecord
from lib.chapters.fragile_neurons.embeddings import Autoencoders, Gradients, by_embedding, by_size
from lib.chapters.fragile_neurons.experiment import DATASETS, DRAWS, NEIGHBOURS, PAPERS_SET, Experiment


def gradients(records: Gradients, embedded: Autoencoders, experiment: Experiment) -> pd.DataFrame:
    """The measure by embedding and way of counting: the mean of its draws, the lowest and the highest."""
    columns: dict[str, list[str]] = {}
    for name in experiment.sets:
        found = by_embedding(records, embedded, name)
        rows = list(product(found, csg.WAYS))
        columns["embedding"] = [f"{one}, {way}" for one, way in rows]
        columns[DATASETS[name]] = [_spread(found[one], way) for one, way in rows]
        columns[f"paper, {DATASETS[name]}"] = [_printed(name)] * len(rows)
    return pd.DataFrame(columns)


def _printed(dataset: str) -> str:
    of = PAPERS_SET[dataset]
    return claim(f"csg.{of}").printed + (f" ({DATASETS[of]})" if dataset != of else "")


def _spread(records: Sequence[CsgRecord], way: str) -> str:
    draws = [value for one in records for value in csg.gradients(one, way)]
    return f"{np.mean(draws):.3f} ({min(draws):.3f} to {max(draws):.3f})" if draws else "not measured"


def gradients_title(experiment: Experiment) -> str:
    """The caption of `gradients`."""
    about = f"{experiment.csg_images:,} images, M = {experiment.csg_m}, k = {NEIGHBOURS}"
    return f"Cumulative spectral gradient, {about}: mean of {DRAWS} draws, and the lowest and the highest"


def gradients_by_size(records: Sequence[CsgRecord], experiment: Experiment) -> pd.DataFrame:
    """The measure in pixels, with all points counted alike, by the number of images."""
    columns = {}
    for name, of in by_size(records, experiment).items():
        columns["images"] = [f"{size:,}" for size in of]
        columns[DATASETS[name]] = [
            f"{csg.gradients(one, csg.ALIKE)[0]:.3f}" if one.n_images == size else "too few" for size, one in of.items()
        ]
    return pd.DataFrame(columns)
