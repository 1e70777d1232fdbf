"""The reader's own attacks, and their network: made by a function, with weights from a file that can run no code."""

import importlib
import inspect
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.parameter import UninitializedTensorMixin

from lib import compute
from lib.files import first_line
from lib.judge import Refused

SHOWN = 4
"""How many names a message lists."""

PREFIXES = {
    "module.": "they are DataParallel's. Save network.module.state_dict().",
    "_orig_mod.": "they are torch.compile's. Save network._orig_mod.state_dict().",
    "model.": "they are those of a module that holds the network, as Lightning's. Save module.model.state_dict().",
    "net.": "they are those of a module that holds the network. Save module.net.state_dict().",
}
"""Prefixes that wrappers put before the names of all weights, and what to do then."""


def load(source: str, weights: Path | None) -> nn.Module:
    """A network in eval mode, on the device of `lib.compute`.

    Parameters
    ----------
    source
        `module:name`: the module is looked for first in the folder in which Python is run, and the name in it is a
        function or class that, called without arguments, gives a torch.nn.Module.
    weights
        A state dict that torch.save wrote, or a .safetensors file. With None, the network keeps those that it comes
        with.

    Raises
    ------
    Refused
        Where there is no such network, or the weights do not fit it.
    """
    network = _built(source)
    trains = [module.training for module in network.modules()]
    if any(trains) and not all(trains):
        print(
            f"{source}: {sum(trains)} of {len(trains)} modules are in training mode; it is judged in eval mode",
            file=sys.stderr,
        )
    if weights is not None:
        _fill(network, _read(weights), weights)
    try:
        return network.to(compute.device()).eval()
    except (RuntimeError, AssertionError) as error:  # AssertionError: torch has no CUDA
        raise Refused(f"the network cannot be moved to {compute.device()}: {error}") from error


def attack(source: str) -> Callable:
    """A reader's attack, `module:name` as for `load`: a function (model, x, y, eps) -> x_adv.

    Raises
    ------
    Refused
        Where nothing of that name can be called.
    """
    found = _found(source, "attack")
    if not callable(found):
        raise Refused(f"{source} is a {type(found).__name__}: name a function (model, x, y, eps) -> x_adv")
    return found


def _found(source: str, kind: str) -> object:
    """The object that `module:name` stands for."""
    module_name, colon, name = source.partition(":")
    if module_name.startswith(".") or "/" in module_name or "\\" in module_name:
        raise Refused(
            f"{source!r} is a path: write my_module:function, as Python imports it, or package.my_module:function"
        )
    if not (module_name and colon and name):
        raise Refused(f"{source!r} names no {kind}: write module:function, as in my_module:build for my_module.py")
    module = _imported(module_name)
    if not hasattr(module, name):
        there = [one for one, value in vars(module).items() if callable(value) and not one.startswith("_")]
        raise Refused(f"{module_name} has no {name}; it has {_listed(there) or 'nothing that can be called'}")
    return getattr(module, name)


def _built(source: str) -> nn.Module:
    build = _found(source, "network")
    if not callable(build) or isinstance(build, nn.Module):
        raise Refused(f"{source} is a {type(build).__name__}: name a function without arguments that gives the network")
    try:
        inspect.signature(build).bind()
    except TypeError as error:
        raise Refused(f"{source} {error}: name a function without arguments that gives the network") from error
    except ValueError:
        pass  # some functions in C do not tell their signature
    try:
        network = build()
    except (Exception, SystemExit) as error:  # whatever a stranger's code may raise, even to end Python
        raise Refused(f"{source}() raises {type(error).__name__}: {error}") from error
    if not isinstance(network, nn.Module):
        raise Refused(f"{source}() gives a {type(network).__name__}, not a torch.nn.Module")
    return network


def _imported(name: str) -> object:
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if f"{name}.".startswith(f"{error.name}."):
            raise Refused(
                f"there is no module {name} in {Path.cwd()}: write my_module for my_module.py there"
            ) from error
        raise Refused(f"{name} cannot be imported: {error}") from error
    except (Exception, SystemExit) as error:  # SystemExit: a script that ends in sys.exit(main())
        raise Refused(f"{name} cannot be imported: {type(error).__name__}: {error}") from error


def _read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, by name, on the CPU."""
    if path.is_dir():
        raise Refused(f"{path} is a folder: name the file in it that has the weights")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        if _is_script(path):
            raise Refused(
                f"{path} is a TorchScript archive, which has code: let --model give torch.jit.load({path.name!r}), "
                "without --weights"
            )
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Refused:
        raise
    except FileNotFoundError as error:
        raise Refused(f"there is no file {path}") from error
    except SafetensorError as error:
        raise Refused(f"{path} is damaged, or no safetensors file: {error}") from error
    except UnpicklingError as error:
        raise Refused(
            f"{path} holds more than tensors, and would run code of whoever made it: it is not opened. Save the "
            "weights alone, torch.save(network.state_dict(), file), and let --model make the network."
        ) from error
    except Exception as error:  # whatever torch and zipfile raise on a damaged file
        raise Refused(
            f"{path} cannot be read ({type(error).__name__}: {first_line(error) or 'no reason given'}): is it damaged?"
        ) from error
    inside, cure = type(found).__name__, ""
    if isinstance(found, dict):
        if all(isinstance(one, Tensor) for one in found.values()):
            return found
        inside, cure = f"a dict of {_listed([str(key) for key in found])}", _entry(found, path)
    raise Refused(
        f"{path} holds {inside}, no state dict: {cure or 'torch.save(network.state_dict(), file) writes one'}"
    )


def _is_script(path: Path) -> bool:
    """Whether a file was written by torch.jit.save: a zip archive with code in it."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any("/code/" in name for name in archive.namelist())


def _entry(found: Mapping, path: Path) -> str:
    """How to save the one state dict that a training checkpoint holds; "" where there is none, or several."""
    entries = [key for key, one in found.items() if _is_state_dict(one)]
    if len(entries) != 1:
        return ""
    (name,) = entries
    return f"its entry {name} is one: save that alone, torch.save(torch.load({path.name!r})[{name!r}], 'weights.pt')"


def _is_state_dict(value: object) -> bool:
    return isinstance(value, dict) and bool(value) and all(isinstance(one, Tensor) for one in value.values())


def _fill(network: nn.Module, weights: dict[str, Tensor], path: Path) -> None:
    """Put weights into a network; refuse them unless they fit its own one to one, in name, shape and precision."""
    wanted = network.state_dict()
    if shapeless := sorted(name for name, one in wanted.items() if isinstance(one, UninitializedTensorMixin)):
        raise Refused(f"{_listed(shapeless)}: no shape yet. Let the function call the network once, on an image")
    wrong = [
        f"{name} is {tuple(weights[name].shape)}, not {tuple(wanted[name].shape)}"
        for name in wanted.keys() & weights.keys()
        if weights[name].shape != wanted[name].shape
    ]
    missing, more = sorted(wanted.keys() - weights.keys()), sorted(weights.keys() - wanted.keys())
    faults = [
        f"it lacks {_listed(missing)}" if missing else "",
        f"it has {_listed(more)}, which the network has not" if more else "",
        _listed(sorted(wrong)),
    ]
    if any(faults):
        cure = "".join(
            f" All names begin with {prefix}: {why}"
            for prefix, why in PREFIXES.items()
            if weights and all(name.startswith(prefix) for name in weights)
        )
        raise Refused(
            f"the weights of {path.name} are not those of this network: {'; '.join(filter(None, faults))}. They have "
            f"to fit one and all: else some layers would be as they were drawn.{cure}"
        )
    other = sorted(name for name, one in weights.items() if one.dtype != wanted[name].dtype)
    if other:
        raise Refused(
            f"the weights of {path.name} have another precision than the network: {_listed(other)}. Save them as "
            "float32, network.float().state_dict()."
        )
    network.load_state_dict(weights)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
