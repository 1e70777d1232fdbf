"""The digest of a tensor's numbers, taken once of images that do not change."""

import hashlib
from typing import NamedTuple

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils.weak import WeakTensorKeyDictionary

REMEMBERED = 2**20
"""Of how many bytes a tensor is worth remembering: less is hashed in a millisecond."""

PART = 2**20
"""How many numbers are hashed at once."""


class State(NamedTuple):
    """What changes as soon as a tensor stands for other numbers."""

    storage: StorageWeakRef  # as long as it is held, no other storage can take its place
    address: int
    version: int  # counts what is written in place, to the tensor or to one that shares its storage
    layout: tuple


_known: WeakTensorKeyDictionary = WeakTensorKeyDictionary()


def sha256(x: Tensor) -> str:
    """The hexadecimal SHA-256 of a tensor's numbers in order, on whatever device it lies."""
    state = _state(x) if _can_be_remembered(x) else None
    known = _known.get(x) if state else None
    if known and known[0] == state:
        return known[1]
    found = _hashed(x)
    if state:
        _known[x] = state, found
    return found


def _can_be_remembered(x: Tensor) -> bool:
    """Whether all that writes to a tensor is counted.

    It is not where its memory is NumPy's as well, or in inference mode. Nor is what goes through `.data` or a replayed
    CUDA graph, as is usual with what is trained: a tensor with gradients is never remembered, nor is a network's state,
    which comes as new tensors each time. Images are not written to in these ways.
    """
    plain = type(x) is Tensor and not x.requires_grad and not x.is_inference() and x.layout == torch.strided
    return plain and x.nbytes >= REMEMBERED and x.untyped_storage().resizable()


def _state(x: Tensor) -> State:
    layout = (x.dtype, x.shape, x.stride(), x.storage_offset(), x.is_conj(), x.is_neg())
    return State(StorageWeakRef(x.untyped_storage()), x.data_ptr(), x._version, layout)


def _hashed(x: Tensor) -> str:
    sha = hashlib.sha256()
    for part in x.detach().contiguous().view(-1).split(PART):
        # A copy, since memory once shared with NumPy is never remembered; as bytes, since NumPy has not every type.
        sha.update(part.cpu().clone().view(torch.uint8).numpy())
    return sha.hexdigest()
