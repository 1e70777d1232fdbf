"""Functions of tensors that CUDA replays as graphs: the one place where functions are captured.

A GPU computes a network of this book's size faster than Python can launch the work. With a CUDA graph, the work of one
call is captured, and from then on replayed with other numbers in the same places of memory. A function that goes
through `Captured` is captured on CUDA within `kept`, and everywhere else simply called.

This module imports nothing from lib: the attacks take their steps through it, and `lib.train.batches` imports attacks.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Protocol

import torch
from torch import Tensor, nn

WARM_UP = 3
"""How often a function is called as it is, for each signature, before it is captured. These are real calls: a training
step that warms up does train."""

Tensors = Tensor | tuple[Tensor, ...]
Function = Callable[..., Tensors]


class Captured:
    """`function` with its first arguments given, to be called with tensors: `Captured(step, model, optimizer)(x, y)`.

    Within `kept`, on a device in `BACKENDS`, the first three calls run as they are, the fourth is captured, and this
    and further ones are replayed. That holds for each signature. A signature consists of the function; the `given`
    arguments (networks by their identity, the mode of each module and the addresses of their parameters and buffers,
    all else by equality); the tensors' shapes, strides, types and devices; and whether gradients and autocast are on.
    Weights that change in place, as in training, need no new capture. The given arguments are looked at once, at the
    first call: after a change of mode, or of what a network consists of, make a new `Captured`.

    The function has to compute on the tensors' device throughout, wait for nothing there, and do the same work at each
    call whatever the numbers. What it changes in place (weights, an optimiser's state), each call changes. It has to
    return tensors without autograd's graph. Random numbers continue as in plain calls.

    Parameters
    ----------
    function
        It takes the given arguments, then at least one tensor, and returns a tensor or a tuple of tensors.
    given
        Networks, optimisers, frozen dataclasses, numbers: whatever can be hashed.
    """

    def __init__(self, function: Function, *given: object) -> None:
        self.plain = partial(function, *given)

    @cached_property
    def key(self) -> tuple:
        """What is equal for two functions that can share a capture."""
        return self.plain.func, *map(_identity, self.plain.args)

    def __call__(self, *tensors: Tensor) -> Tensors:
        """The function's result for these tensors; later calls do not overwrite it."""
        if _open.captures is None or not fixed_shapes(tensors[0].device):
            return self.plain(*tensors)
        return _open.captures.call(self, tensors)


@contextmanager
def kept() -> Iterator[None]:
    """Keep captures for further calls within the block; where blocks are nested, the outermost frees their memory."""
    if _open.captures is not None:
        yield
        return
    _open.captures = _Captures()
    try:
        yield
    finally:
        _open.captures = None


def fixed_shapes(device: torch.device) -> bool:
    """Whether functions are captured on this device, so that tensors should keep their shapes from call to call."""
    return device.type in BACKENDS


class Backend(Protocol):
    """How functions are captured on one type of device."""

    def run(self, function: Function, tensors: tuple[Tensor, ...]) -> Tensors:
        """Call the function as it is, in such a way that it can be captured afterwards."""
        ...

    def capture(self, function: Function, tensors: tuple[Tensor, ...]) -> Callable[[], Tensors]:
        """Return a function that redoes the work on these very tensors, whatever they then hold, and gives the results.

        The capture itself does no work. The results are in the same place in memory each time.
        """
        ...


class CudaGraphs:
    """CUDA's graphs. They can share memory, as no two are replayed at the same time and their results are copied out.

    Functions warm up on the stream that captures, which is separate from the caller's. Each stream waits for the other,
    so that memory that one frees is never reused while the other still reads it.
    """

    def __init__(self) -> None:
        if _open.stream is None:  # one per thread: each stream has memory of its own, which others cannot reuse
            _open.stream = torch.cuda.Stream()
        self.stream = _open.stream
        self.pool = torch.cuda.graph_pool_handle()

    def run(self, function: Function, tensors: tuple[Tensor, ...]) -> Tensors:
        caller = torch.cuda.current_stream()
        self.stream.wait_stream(caller)
        with torch.cuda.stream(self.stream):
            found = function(*tensors)
        caller.wait_stream(self.stream)
        return found

    def capture(self, function: Function, tensors: tuple[Tensor, ...]) -> Callable[[], Tensors]:
        graph = torch.cuda.CUDAGraph()
        # "thread_local": what other threads do on the GPU in the meantime does not invalidate the capture.
        with torch.cuda.graph(graph, pool=self.pool, stream=self.stream, capture_error_mode="thread_local"):
            found = function(*tensors)

        def replay() -> Tensors:
            graph.replay()
            return found

        return replay


BACKENDS: dict[str, Callable[[], Backend]] = {"cuda": CudaGraphs}
"""How functions are captured, by the type of device."""


@dataclass
class _Signature:
    """The calls of one signature, and their capture once there is one."""

    function: Function
    """Held, so that no id in the signature's key can be reused."""
    calls: int = 0
    tensors: tuple[Tensor, ...] = ()
    replay: Callable[[], Tensors] | None = None


@dataclass
class _Captures:
    """What is kept between calls."""

    backends: dict[str, Backend] = field(default_factory=dict)
    signatures: dict[tuple, _Signature] = field(default_factory=dict)

    def call(self, captured: Captured, tensors: tuple[Tensor, ...]) -> Tensors:
        backend = self._backend(tensors[0].device)
        one = self.signatures.setdefault((captured.key, *_circumstances(tensors)), _Signature(captured.plain))
        one.calls += 1
        if one.calls <= WARM_UP:
            return backend.run(one.function, tensors)
        if one.replay is None:
            one.tensors = tuple(tensor.detach().clone() for tensor in tensors)
            one.replay = backend.capture(one.function, one.tensors)
        for static, tensor in zip(one.tensors, tensors, strict=True):
            static.copy_(tensor)
        return _copied(one.replay())

    def _backend(self, device: torch.device) -> Backend:
        if device.type not in self.backends:
            self.backends[device.type] = BACKENDS[device.type]()
        return self.backends[device.type]


class _Open(threading.local):
    """What is open in this thread: two threads neither share captures nor capture on one stream."""

    captures: _Captures | None = None
    stream: "torch.cuda.Stream | None" = None


_open = _Open()


def _identity(given: object) -> object:
    """What is equal for two arguments that can share a capture."""
    if not isinstance(given, nn.Module):
        return given
    modes = tuple(module.training for module in given.modules())
    tensors = (*given.parameters(), *given.buffers())
    return id(given), modes, tuple((tensor.data_ptr(), tensor.requires_grad) for tensor in tensors)


def _circumstances(tensors: tuple[Tensor, ...]) -> tuple:
    forms = tuple((tensor.shape, tensor.stride(), tensor.dtype, tensor.device) for tensor in tensors)
    return forms, torch.is_grad_enabled(), torch.is_autocast_enabled(tensors[0].device.type)


def _copied(found: Tensors) -> Tensors:
    return found.clone() if isinstance(found, Tensor) else tuple(tensor.clone() for tensor in found)
