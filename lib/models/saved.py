"""Trained networks as safetensors files, which hold numbers and words, and no code that loading could run."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from torch import nn

from lib import compute
from lib.digest.weights import Weights, sha256
from lib.files import atomic
from lib.models.named import NETWORKS, WeightsError, built

ARCHITECTURE, DIGEST = "architecture", "sha256"
"""The keys that `save` adds to a file's words: their values are a name in `NETWORKS` and the digest of the weights."""


def save(path: Path, architecture: str, weights: Weights, about: Mapping[str, str]) -> None:
    """Write a network, whole or not at all.

    Parameters
    ----------
    architecture
        A name in `NETWORKS`.
    about
        Further words that the file carries, by key.

    Raises
    ------
    KeyError
        Where there is no such architecture.
    OSError
        Where the file cannot be written.
    """
    words = {**about, ARCHITECTURE: NETWORKS[architecture].__name__, DIGEST: sha256(weights)}
    with atomic(path) as temporary:
        save_file({name: np.asarray(one, order="C") for name, one in weights.items()}, temporary, words)


def load(path: Path | str, device: torch.device | None = None) -> nn.Module:
    """The network that a file holds, in eval mode, from images in [0, 1] to logits.

    Parameters
    ----------
    device
        Where it is put; the fastest available device by default.

    Raises
    ------
    WeightsError
        Where the file is missing, damaged or edited, or does not hold the network that it says.
    """
    words, weights = read(path)
    return built(words[ARCHITECTURE], weights, str(path)).to(device or compute.device())


def read(path: Path | str) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """The words that a file carries, and its weights; raises as `load` does."""
    try:
        with safe_open(path, framework="numpy") as file:
            words, weights = file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise WeightsError(f"{path}: there is no such file") from None
    except (SafetensorError, OSError, TypeError) as error:
        raise WeightsError(f"{path} is damaged, or no safetensors file ({error})") from error
    if missing := {ARCHITECTURE, DIGEST} - words.keys():
        raise WeightsError(f"{path} is none of this book's: it does not name its {' and '.join(sorted(missing))}")
    if (found := sha256(weights)) != words[DIGEST]:
        raise WeightsError(f"{path} is damaged: the digest of its weights is {found[:12]}…, not {words[DIGEST][:12]}…")
    return words, weights
