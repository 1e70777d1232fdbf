"""The shared random generators that code may draw from without saying so: torch's, NumPy's and Python's own."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from lib import compute


@contextmanager
def kept() -> Iterator[None]:
    """Put all generators back where they were after the block, whatever is drawn or seeded in it."""
    python, numpy = random.getstate(), np.random.get_state()
    devices = [compute.device()] if compute.device().type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


def move_on() -> None:
    """Draw from each generator."""
    random.random(), np.random.rand(), torch.rand(1), torch.rand(1, device=compute.device())


def seed(number: int) -> None:
    """Seed each generator."""
    random.seed(number)
    np.random.seed(number)
    torch.manual_seed(number)


def states() -> list[object]:
    """The state of each generator."""
    on_gpu = torch.cuda.get_rng_state().tolist() if compute.device().type == "cuda" else []
    name, keys, *rest = np.random.get_state()
    return [torch.get_rng_state().tolist(), on_gpu, random.getstate(), name, keys.tolist(), rest]
