"""A device that only looks like one, so that a machine without a GPU can tell whether the code would run on it.

Its tensors compute on the CPU and say that they are on `DEVICE`. As on a GPU, an operation that mixes them with tensors
of the CPU is refused, and so are NumPy and the CPU's generators until `.cpu()` brings them back. The device goes by
PyTorch's name "meta": of the devices without hardware it is the one that autograd runs on.

    python tests/elsewhere.py mitigation FOLDER epochs=1 n_images=10

executes a notebook's code there, on few digits, and writes its results to FOLDER. Its exercises follow, each as in the
copies of a course: undone, solved, and answered wrongly.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

DEVICE = torch.device("meta")
CPU = torch.device("cpu")

COPIES = {"aten::copy_", "aten::_to_copy", "aten::_foreach_copy_"}
"""What may go from one device to another."""

SIZES = {"x_train": 500, "y_train": 500, "x_test": 200, "y_test": 200}
"""How many digits a notebook is given."""

INDEXED = {"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"}
"""What takes indices from the CPU as well."""


class Distant(Tensor):
    """A tensor that is elsewhere."""

    @staticmethod
    def __new__(cls, inner: Tensor) -> "Distant":
        like = {"strides": inner.stride(), "storage_offset": inner.storage_offset(), "dtype": inner.dtype}
        return Tensor._make_wrapper_subclass(cls, inner.shape, **like, device=DEVICE)

    def __init__(self, inner: Tensor) -> None:
        self.held = inner

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return dispatched(func, args, kwargs or {})

    # What a tensor on a GPU can do as well, and PyTorch does not offer to subclasses.

    def tolist(self) -> list:
        return self.detach().held.tolist()

    def __format__(self, form: str) -> str:
        return format(self.item(), form) if self.dim() == 0 else repr(self)

    def __repr__(self) -> str:
        return f"Distant({self.detach().held!r})"

    def __reduce_ex__(self, protocol: int):
        return self.detach().held.__reduce_ex__(protocol)  # as torch.load(map_location="cpu") would give it


class Elsewhere(TorchDispatchMode):
    """While it is on, tensors can be made on `DEVICE`."""

    def __enter__(self) -> "Elsewhere":
        # Else module.double() would change what a parameter says of itself and not what it holds.
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        self.literals = Literals()
        self.literals.__enter__()
        return super().__enter__()

    def __exit__(self, *error) -> None:
        super().__exit__(*error)
        self.literals.__exit__(*error)
        torch.__future__.set_overwrite_module_params_on_conversion(False)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return dispatched(func, args, kwargs or {})


class Literals(TorchFunctionMode):
    """Makes tensors from Python's numbers on the CPU and moves them: on "meta" PyTorch would leave out the numbers."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in (torch.tensor, torch.as_tensor) and torch.device(kwargs.get("device") or CPU) == DEVICE:
            return func(*args, **kwargs | {"device": CPU}).to(DEVICE)
        if func is Tensor.__getitem__ and isinstance(args[1], list):
            args = (args[0], torch.tensor(args[1]))
        return func(*args, **kwargs)


def dispatched(func, args: tuple, kwargs: dict):
    """One operation of PyTorch's core, on tensors of either device.

    Raises
    ------
    RuntimeError
        Where a GPU would refuse it: for tensors, or a generator, of the CPU beside tensors that are elsewhere.
    """
    name, parts = func._schema.name, []
    args, kwargs = _held((args, kwargs), parts)
    far = [part for part in parts if isinstance(part, Distant)]
    near = len(far) < len(parts) and any(part.dim() > 0 and not isinstance(part, Distant) for part in parts)
    target = isinstance(parts[0], Distant) if parts else False
    if far and near and not (name in COPIES or (name in INDEXED and target)):
        raise RuntimeError(f"{name}: tensors on two devices")
    if kwargs.get("device") is not None:
        goes = torch.device(kwargs["device"]) == DEVICE
        kwargs = kwargs | {"device": CPU}
    else:
        goes = target if name in COPIES else bool(far)
    if goes and kwargs.get("generator") is not None:
        raise RuntimeError(f"{name}: a generator of the CPU for a tensor that is elsewhere")
    results = func(*args, **kwargs)
    # What an operation in place returns is the tensor that was given.
    return _distant(results, {id(part.held): part for part in far}) if goes else results


def _held(value, parts: list[Tensor]):
    """Arguments as the CPU computes with them; the tensors in them are added to `parts`."""
    if isinstance(value, Tensor):
        parts.append(value)
        return value.held if isinstance(value, Distant) else value
    if isinstance(value, list | tuple):
        return type(value)([_held(part, parts) for part in value])
    return {name: _held(part, parts) for name, part in value.items()} if isinstance(value, dict) else value


def _distant(value, owners: dict[int, Distant]):
    """Results with every tensor elsewhere; `owners` are those that are there already, by what they hold."""
    if isinstance(value, Tensor):
        return owners[id(value)] if id(value) in owners else Distant(value)
    return type(value)([_distant(part, owners) for part in value]) if isinstance(value, list | tuple) else value


def few(images):
    """The first of a data set's images."""
    return replace(images, **{name: getattr(images, name)[:size] for name, size in SIZES.items()})


def shorten() -> None:
    """Iterated attacks take three steps: the fourth is no other arithmetic."""
    from lib.attack.gradient import BIM

    ascend = BIM.ascend
    BIM.ascend = lambda self, *given: ascend(replace(self, alpha=self.step, steps=min(self.steps, FEW)), *given)


@contextmanager
def few_searches() -> Iterator[None]:
    """L-BFGS searches three times; an exercise compares what it finds with a closed form, and needs them all."""
    from lib.attack.lbfgs import LBFGS

    nearest = LBFGS.nearest
    LBFGS.nearest = lambda self, *given: nearest(replace(self, iterations=FEW, searches=FEW), *given)
    yield
    LBFGS.nearest = nearest


FEW = 3


def execute(notebook: str, folder: Path, given: dict[str, str]) -> None:
    """Execute a notebook's code elsewhere, on few digits; its results, snapshots and cells go to `folder`."""
    from lib import compute

    compute.RUNS = folder  # before the modules that take their folders from it
    import coursework
    import nbformat
    from matplotlib import pyplot

    from lib import book, data
    from lib.parameters import contract

    shorten()
    load = data.load
    data.load = lambda name: few(load(name))
    declared = contract(book.source(notebook))
    values = {name: declared[name].checked(text) for name, text in given.items()}
    cells = nbformat.read(book.source(notebook), as_version=4).cells
    space: dict = {}
    with Elsewhere():
        with few_searches():
            for cell in cells:
                if cell.cell_type == "code":
                    exec(compile(cell.source, cell.id, "exec"), space)
                if "parameters" in cell.metadata.get("tags", []):
                    space.update(values)
                pyplot.close("all")
        if found := [*coursework.problems(notebook, space, values | {"seed": space["seed"]})]:
            raise AssertionError("\n".join(found))


if __name__ == "__main__":
    name, folder, *pairs = sys.argv[1:]
    torch.set_num_threads(1)
    os.environ |= {"REPRO_DEVICE": str(DEVICE), "REPRO_OUT": folder, "REPRO_RESULTS": folder, "MPLBACKEND": "agg"}
    execute(name, Path(folder), dict(pair.split("=") for pair in pairs))
