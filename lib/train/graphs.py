"""Functions of tensors that CUDA replays as graphs: the one place where a function is captured.

A network of this book's size computes on a GPU faster than Python can tell it what to do. A CUDA graph is told once:
the work of one call is captured, and from then on replayed with other numbers in the same places of memory. A function
that goes through `Captured` is captured on CUDA within `kept`, and everywhere else simply called.

It imports nothing of lib: the attacks take their steps through it, and `lib.train.batches` takes the attacks.
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
"""How often a function is called as it is, for each signature, before it is captured. These calls count: a step of
training that warms up trains."""

Tensors = Tensor | tuple[Tensor, ...]
Function = Callable[..., Tensors]


class Captured:
    """`function` with its first arguments given, to be called with tensors: `Captured(step, model, optimizer)(x, y)`.

    Within `kept`, on a device in `BACKENDS`, the first three calls run as they are, the fourth is captured, and this
    and further ones are replayed. That holds for each signature: the function; what it was given, networks by their
    identity, the mode of each module and the addresses of their parameters and buffers, all else by equality; and the
    tensors' shapes, strides, types and devices. Weights that change in place, in a training, need no other capture.
    They are looked at once, at the first call: after a change of mode or of what a network consists of, make another.

    The function computes on the tensors' device throughout, waits for nothing there, and does the same work at each
    call whatever the numbers. What it changes in place (weights, an optimiser's state) it changes in each call. It
    returns tensors without autograd's graph. Random numbers go on as in plain calls.

    Parameters
    ----------
    function
        Of what is given and then of tensors, at least one; it returns a tensor or a tuple of tensors.
    given
        Networks, optimisers, frozen dataclasses, numbers: what can be hashed.
    """

    def __init__(self, function: Function, *given: object) -> None:
        self.plain = partial(function, *given)

    @cached_property
    def key(self) -> tuple:
        """What two functions have in common that can share a capture."""
        return self.plain.func, *map(_identity, self.plain.args)

    def __call__(self, *tensors: Tensor) -> Tensors:
        """The function's result for these tensors; it stays as it is, whatever is called later."""
        if _open.captures is None or not fixed_shapes(tensors[0].device):
            return self.plain(*tensors)
        return _open.captures.call(self, tensors)


@contextmanager
def kept() -> Iterator[None]:
    """Within, captures are kept for further calls; the outermost of several lets go of them, and of their memory."""
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
        """Call the function as it is, so that it can be captured afterwards."""
        ...

    def capture(self, function: Function, tensors: tuple[Tensor, ...]) -> Callable[[], Tensors]:
        """What does the function's work on these very tensors, whatever they hold by then, and gives its results.

        Capturing does no work. The results lie in the same place each time.
        """
        ...


class CudaGraphs:
    """CUDA's graphs, which share their memory: they are never replayed at the same time, and results are copied out.

    What may be captured later runs on the stream that captures, a stream of its own. Each waits for the other, so that
    memory that one lets go of is never taken while the other still reads it.
    """

    def __init__(self) -> None:
        if _open.stream is None:  # one for all: each stream has memory of its own, which others do not get back
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
        # "thread_local": what other threads do on the GPU meanwhile does not spoil the capture.
        with torch.cuda.graph(graph, pool=self.pool, stream=self.stream, capture_error_mode="thread_local"):
            found = function(*tensors)

        def replay() -> Tensors:
            graph.replay()
            return found

        return replay


BACKENDS: dict[str, Callable[[], Backend]] = {"cuda": CudaGraphs}
"""How functions are captured, by the type of the device that captures."""


@dataclass
class _Signature:
    """The calls of one signature, and their capture once there is one."""

    function: Function
    """Held, so that no id in its key is given away."""
    calls: int = 0
    tensors: tuple[Tensor, ...] = ()
    replay: Callable[[], Tensors] | None = None


@dataclass
class _Captures:
    """What is kept between the calls."""

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
    """What two arguments have in common that can share a capture."""
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
