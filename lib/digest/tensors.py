"""The digest of a tensor's numbers, computed only once for images that do not change."""

import hashlib
from typing import NamedTuple

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils.weak import WeakTensorKeyDictionary

REMEMBERED = 2**20
"""From how many bytes on a tensor's digest is worth remembering: fewer are hashed in a millisecond."""

PART = 2**20
"""How many numbers are hashed at once."""


class State(NamedTuple):
    """What is no longer the same once a tensor stands for other numbers."""

    storage: StorageWeakRef  # as long as it is held, no other storage can take its place
    address: int
    version: int  # counts writes in place, to the tensor or to one that shares its storage
    layout: tuple


_known: WeakTensorKeyDictionary = WeakTensorKeyDictionary()


def sha256(x: Tensor) -> str:
    """The hexadecimal SHA-256 of a tensor's numbers in order, whatever device it is on."""
    state = _state(x) if _can_be_remembered(x) else None
    known = _known.get(x) if state else None
    if known and known[0] == state:
        return known[1]
    found = _hashed(x)
    if state:
        _known[x] = state, found
    return found


def _can_be_remembered(x: Tensor) -> bool:
    """Whether a tensor is large enough to be remembered, and every write to it is counted.

    Writes are not counted where NumPy shares the memory, or in inference mode. Nor are those through `.data` or a
    replayed CUDA graph, which are usual for what is trained. So a tensor with gradients is never remembered, and nor is
    a network's state, which comes as new tensors each time. Images are not written to in these ways.
    """
    plain = type(x) is Tensor and not x.requires_grad and not x.is_inference() and x.layout == torch.strided
    return plain and x.nbytes >= REMEMBERED and x.untyped_storage().resizable()


def _state(x: Tensor) -> State:
    layout = (x.dtype, x.shape, x.stride(), x.storage_offset(), x.is_conj(), x.is_neg())
    return State(StorageWeakRef(x.untyped_storage()), x.data_ptr(), x._version, layout)


def _hashed(x: Tensor) -> str:
    sha = hashlib.sha256()
    for part in x.detach().contiguous().view(-1).split(PART):
        # Copied, since a tensor that NumPy has shared is never remembered; as bytes, since NumPy lacks some types.
        sha.update(part.cpu().clone().view(torch.uint8).numpy())
    return sha.hexdigest()
