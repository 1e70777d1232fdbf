"""Results of a long grid, kept cell by cell: it can stop after any cell and go on elsewhere.

Each cell is a small JSON file under runs/cells, named by a digest of all that decides it: the settings, the data, and
the code that measures. The file alone is enough to show the cell: copied to another machine, nothing is trained there.
`weights_digest` and `images_digest` are how a network and a set of images get into such a name.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from torch import Tensor, nn

from lib import compute
from lib.digest.code import Definition, of_definition, sha256
from lib.files import atomic

CELLS = compute.RUNS / "cells"


def kept(name: str, facts: object, measure: Callable[[], dict], code: Callable, folder: Path = CELLS) -> dict:
    """What `measure` gives, from the file of an earlier call where nothing has changed since.

    Parameters
    ----------
    name
        What the file's name begins with, for people.
    facts
        Whatever decides the result, in a form whose `repr` tells values apart.
    measure
        Does the work; its result is JSON: no arrays, no NaN.
    code
        The function of lib that does the work. Where it, or what it reaches in lib, changes, the cell is measured anew.
    folder
        Where the files are.

    Returns
    -------
    dict
        As read back from the file, on the first call too.
    """
    digests = of_definition(Definition(code.__module__, code.__qualname__))
    path = folder / f"{name}-{sha256(repr((facts, digests)))[:20]}.json"
    if not path.exists():
        text = json.dumps(measure(), allow_nan=False)
        with atomic(path) as temporary:
            temporary.write_text(text)
    return json.loads(path.read_text())


def weights_digest(model: nn.Module) -> str:
    """What tells one network from another: its layers and its weights."""
    sha = hashlib.sha256(repr(model).encode())
    for name, tensor in model.state_dict().items():
        sha.update(f"{name} {tuple(tensor.shape)}".encode())
        sha.update(tensor.cpu().contiguous().numpy().tobytes())
    return sha.hexdigest()


def images_digest(x: Tensor, y: Tensor) -> str:
    """What tells one set of images and labels from another."""
    sha = hashlib.sha256(f"{tuple(x.shape)}".encode())
    for part in (x, y):
        sha.update(part.cpu().contiguous().numpy().tobytes())
    return sha.hexdigest()
