"""A tensor's digest is that of its numbers as they are now, however often it was taken before."""

import gc
import hashlib
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from lib.digest import tensors, values


@pytest.fixture(autouse=True)
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[torch.Size]:
    """Small tensors are remembered too; the list has the shape of each that was hashed."""
    monkeypatch.setattr(tensors, "REMEMBERED", 0)
    calls = []
    hashing = tensors._hashed
    monkeypatch.setattr(tensors, "_hashed", lambda x: calls.append(x.shape) or hashing(x))
    return calls


def plainly(x: Tensor) -> str:
    """The digest without any memory."""
    return hashlib.sha256(x.detach().clone().contiguous().numpy().tobytes()).hexdigest()


def images() -> Tensor:
    return torch.rand(6, 1, 4, 4, generator=torch.Generator().manual_seed(0))


def test_the_same_images_are_hashed_once(hashed):
    x = images()
    assert tensors.sha256(x) == tensors.sha256(x) == plainly(x)
    assert len(hashed) == 1


def test_a_tensor_has_the_digest_of_the_array_that_it_was_made_of():
    for array in (np.arange(6.0).reshape(2, 3), np.arange(3, dtype=np.int64), np.array([True, False]), np.float32(2)):
        assert values.digest(torch.tensor(array)) == values.digest(np.asarray(array))
    assert values.digest(images().to(memory_format=torch.channels_last)) == values.digest(images())
    assert values.digest(images().transpose(0, 2)) == values.digest(np.swapaxes(images().numpy(), 0, 2))


def test_numbers_are_hashed_in_order_however_many(monkeypatch):
    monkeypatch.setattr(tensors, "PART", 7)
    assert tensors.sha256(images()) == plainly(images())


def assigned(x: Tensor) -> None:
    x.data = x + 1


def assigned_twice(x: Tensor) -> None:
    """To where the first numbers were, if the allocator gives that place again."""
    x.data = torch.zeros_like(x)
    x.data = torch.ones_like(x)


def resized(x: Tensor) -> None:
    x.resize_(3, 1, 4, 4)


def written_through_a_view(x: Tensor) -> None:
    x[2:4].mul_(0)


def written_through_what_is_detached(x: Tensor) -> None:
    x.detach()[0] = 5


def transposed(x: Tensor) -> None:
    x.transpose_(0, 2)


def of_another_type(x: Tensor) -> None:
    x.data = x.data.view(torch.int32)


CHANGES = [
    lambda x: x.add_(1),
    lambda x: x.__setitem__((0, 0, 0, 0), 5),
    lambda x: x.set_(torch.zeros(2)),
    assigned,
    assigned_twice,
    resized,
    transposed,
    of_another_type,
    written_through_a_view,
    written_through_what_is_detached,
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(change: Callable[[Tensor], object]) -> None:
    x = images()
    before = values.digest(x)
    change(x)
    assert tensors.sha256(x) == plainly(x)
    assert values.digest(x) != before


def test_a_view_has_a_digest_of_its_own_and_sees_what_is_written_to_the_whole():
    x = images()
    view = x[:3]
    assert tensors.sha256(x) != tensors.sha256(view) == plainly(view)
    x.zero_()
    assert tensors.sha256(view) == plainly(view) == plainly(torch.zeros(3, 1, 4, 4))


def test_a_tensor_in_the_place_of_one_that_is_gone_is_hashed_anew():
    """In the same memory, and often as the same object of Python."""
    places, digests, before = set(), set(), len(tensors._known)  # other tests keep their images
    for number in range(12):
        x = torch.full((1000,), float(number))
        assert tensors.sha256(x) == plainly(x)
        places.add((id(x), x.data_ptr()))
        digests.add(tensors.sha256(x))
        del x
        gc.collect()
    assert len(places) < 12 and len(digests) == 12
    assert len(tensors._known) == before


def test_memory_that_numpy_shares_is_hashed_each_time():
    array = np.zeros(8, dtype=np.float32)
    shared, lent = torch.from_numpy(array), torch.zeros(8)
    assert tensors.sha256(shared) == tensors.sha256(lent)
    array[0] = 1
    lent.numpy()[0] = 1
    assert tensors.sha256(shared) == tensors.sha256(lent) == plainly(torch.eye(8)[0])


def test_what_is_trained_is_hashed_each_time():
    """Its numbers may be written to through `.data`, which nothing counts."""
    layer = torch.nn.BatchNorm1d(4)
    weight = torch.zeros(8, requires_grad=True)
    before = tensors.sha256(weight), tensors.sha256(layer.weight), values.digest(layer)
    for one in (weight, layer.weight, layer.running_mean):
        one.data.add_(1)
    assert tensors.sha256(weight) == plainly(weight) != before[0]
    assert tensors.sha256(layer.weight) == plainly(layer.weight) != before[1]
    assert values.digest(layer) != before[2]


def test_tensors_of_inference_mode_have_a_digest():
    with torch.inference_mode():
        x = images() * 2
        assert tensors.sha256(x) == plainly(x)


@pytest.mark.parametrize(
    "dtype", [torch.bfloat16, torch.float16, torch.float64, torch.bool, torch.uint8, torch.complex64]
)
def test_every_type_has_a_digest_of_its_bytes(dtype: torch.dtype) -> None:
    x = (images() * 3).to(dtype)
    assert tensors.sha256(x) == hashlib.sha256(bytes(x.contiguous().view(torch.uint8).flatten().tolist())).hexdigest()
    changed = x.clone()
    changed[3, 0, 1, 1] = ~changed[3, 0, 1, 1] if dtype == torch.bool else changed[3, 0, 1, 1] + 1
    assert tensors.sha256(changed) != tensors.sha256(x)
