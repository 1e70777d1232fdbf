"""The cumulative spectral gradient in every way that the chapter has: by embedding, and by how its points count."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from lib.chapters.fragile_neurons import csg
from lib.chapters.fragile_neurons.autoencoder import AutoencoderRecord
from lib.chapters.fragile_neurons.csg import CsgRecord
from lib.chapters.fragile_neurons.experiment import TIMES, Experiment

CODE = "autoencoder's code"
CODE_TSNE = f"{CODE}, then tsne"
"""The embedding from which the paper's source has its figures."""

Gradients = Mapping[tuple[str, str], CsgRecord]
"""By data set and embedding."""

Autoencoders = Mapping[str, Sequence[AutoencoderRecord]]
"""By data set, one record for each autoencoder; empty where none was trained."""


def by_embedding(records: Gradients, embedded: Autoencoders, dataset: str) -> dict[str, list[CsgRecord]]:
    """What was measured of a data set, by embedding; those of an autoencoder are empty where there is none."""
    found = {one: [records[dataset, one]] for one in csg.EMBEDDINGS}
    own = embedded[dataset]
    return found | {CODE: [one.code for one in own], CODE_TSNE: [one.tsne for one in own]}


def means(records: Gradients, embedded: Autoencoders, dataset: str) -> dict[tuple[str, str], float]:
    """The mean over records and draws, by embedding and way of counting; those that were not measured are left out."""
    found = by_embedding(records, embedded, dataset)
    every = {key: [csg.gradients(one, key[1]) for one in found[key[0]]] for key in product(found, csg.WAYS)}
    return {key: float(np.mean(draws)) for key, draws in every.items() if draws}


def by_size(records: Sequence[CsgRecord], experiment: Experiment) -> dict[str, dict[int, CsgRecord]]:
    """The records of `Experiment.gradients_by_size`, by data set and by how many images were asked for."""
    sizes, found = [experiment.csg_images * times for times in TIMES], {}
    for (name, size), record in zip(product(experiment.sets, sizes), records, strict=True):
        found.setdefault(name, {})[size] = record
    return found
