"""The cumulative spectral gradient: how hard it is to tell the classes of a data set apart, without a classifier.

Branchaud-Charron, Achkar and Jodoin, 2019. 0 where the classes are apart, K - 1 where all K are the same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib import data

EMBEDDINGS = ("pixels", "pca", "tsne")
"""The source's embeddings that scikit-learn has: pixels as they are, ten principal components, and t-SNE."""

WAYS = VOLUME, ALIKE = "by volume", "each alike"
"""How points are counted: as in the source, or all alike."""

SMALLEST_VOLUME = 1e-4


def embedded(images: NDArray, embedding: str, seed: int = 0) -> NDArray:
    """Images as points.

    Parameters
    ----------
    images
        (N, ...) with pixels in [0, 1].
    embedding
        A name in `EMBEDDINGS`. t-SNE has three dimensions, as in the source.
    seed
        What t-SNE and the decomposition depend on.

    Returns
    -------
    array
        (N, dimensions).

    Raises
    ------
    ValueError
        On an embedding that is not in `EMBEDDINGS`.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    flat = np.asarray(images, dtype=np.float32).reshape(len(images), -1)
    if embedding == "pixels":
        return flat
    if embedding == "pca":
        return PCA(10, random_state=seed).fit_transform(flat)
    if embedding == "tsne":
        first = PCA(min(50, *flat.shape), random_state=seed).fit_transform(flat)
        return TSNE(3, random_state=seed, init="pca", n_jobs=1).fit_transform(first)
    raise ValueError(f"no embedding named {embedding!r}; there are: {', '.join(EMBEDDINGS)}")


def similarity(points: NDArray, y: NDArray, m: int, k: int, seed: int, *, by_volume: bool = True) -> NDArray:
    """How often points of each class have neighbours of each: the matrix S of the source, its rows adding up to 1.

    Parameters
    ----------
    points
        (N, dimensions).
    y
        Classes (N,).
    m
        Points drawn from each class, all where it has fewer.
    k
        Neighbours of each, besides itself.
    seed
        What the draw depends on.
    by_volume
        Whether each point counts in inverse proportion to the volume that its neighbours span, as in the source's
        density estimate. In many dimensions that volume says nothing.

    Returns
    -------
    array
        (classes, classes).
    """
    from sklearn.neighbors import NearestNeighbors

    generator = np.random.default_rng(seed)
    classes = np.unique(y)
    index = NearestNeighbors(n_neighbors=k + 1).fit(points)
    rows = []
    for one in classes:
        own = generator.permutation(np.flatnonzero(y == one))[:m]
        near = index.kneighbors(points[own], return_distance=False)
        others = np.array([row[row != at][:k] for at, row in zip(own, near, strict=True)])
        shares = (y[others][:, :, None] == classes).mean(1)
        weights = 1 / _volumes(points, own, others) if by_volume else np.ones(len(own))
        rows.append((weights[:, None] * shares).sum(0) / (weights[:, None] * shares).sum())
    return np.array(rows)


def _volumes(points: NDArray, own: NDArray, others: NDArray) -> NDArray:
    """The volume of the box around each point that holds its neighbours (m,)."""
    sides = 2 * np.abs(points[others] - points[own][:, None]).max(1)
    return np.maximum(sides.astype(np.float64).prod(1), SMALLEST_VOLUME)


def gradient(similarities: NDArray) -> float:
    """The CSG of a similarity matrix S (classes, classes).

    W is one minus the Bray-Curtis distance between rows of S. The eigenvalues of W's Laplacian rise in steps; each
    step, divided by the number of classes that are left, counts as much as the largest so far.
    """
    rows = np.asarray(similarities, dtype=float)
    apart = np.abs(rows[:, None] - rows).sum(2) / np.abs(rows[:, None] + rows).sum(2)
    affinity = 1 - apart
    eigenvalues = np.linalg.eigvalsh(np.diag(affinity.sum(1)) - affinity)
    steps = np.diff(eigenvalues) / (len(rows) - np.arange(len(rows) - 1))
    return float(np.maximum.accumulate(steps).sum())


@dataclass(frozen=True)
class CsgSetting:
    """The measure of one data set from one embedding.

    Parameters
    ----------
    dataset
        The data set's name.
    embedding
        A name in `EMBEDDINGS`.
    n_images
        How many of the training images are used, the first ones; all where there are fewer.
    m, neighbours
        As in `similarity`, where the second is k.
    seed
        Of the embedding and of the first draw; the others follow.
    draws
        How many draws from the one embedding.
    """

    dataset: str
    embedding: str
    n_images: int
    m: int
    neighbours: int
    seed: int
    draws: int

    def __str__(self) -> str:
        draws = f"{self.draws} draw{'s' if self.draws > 1 else ''}"
        return f"{self.n_images} images of {self.dataset}, {self.embedding}, seed {self.seed}, {draws}"


@dataclass(frozen=True, eq=False)
class CsgRecord:
    """The similarities between classes in each draw (draws, classes, classes), by each way of counting points.

    `n_images` says how many images there were.
    """

    n_images: int
    by_volume: NDArray[np.float64]
    each_alike: NDArray[np.float64]


def measured(setting: CsgSetting) -> CsgRecord:
    """Embed the images, and draw points of each class."""
    images = data.load(setting.dataset)
    x, y = (part[: setting.n_images].cpu().numpy() for part in (images.x_train, images.y_train))
    points = embedded(x, setting.embedding, setting.seed)
    seeds = range(setting.seed, setting.seed + setting.draws)
    given = setting.m, setting.neighbours
    ways = [[similarity(points, y, *given, seed, by_volume=way) for seed in seeds] for way in (True, False)]
    return CsgRecord(len(x), *map(np.array, ways))


def gradients(record: CsgRecord, way: str) -> list[float]:
    """The measure in each draw, with points counted in one of `WAYS`."""
    return [gradient(one) for one in (record.by_volume if way == VOLUME else record.each_alike)]
