"""Values in a form that is equal where they are equal, from which digests of settings, weights and images are taken."""

import enum
import functools
import hashlib
from dataclasses import fields, is_dataclass
from types import BuiltinFunctionType, FunctionType

import numpy as np
import torch
from torch import Tensor, nn

from lib.digest import code, tensors
from lib.digest.code import Definition
from lib.digest.text import sha256

PLAIN = (type(None), bool, int, float, str, bytes)


def digest(value: object) -> str:
    """The digest of a value: numbers and tensors count by what they hold, code of lib by what it does."""
    return sha256(repr(described(value)))


def described(value: object) -> object:
    """A value as nested tuples of plain values, equal where the values are equal.

    Raises
    ------
    TypeError
        On what has no such form: a function inside another, or an object of an ordinary class, not a dataclass.
    """
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, enum.Enum):
        return described(type(value)), value.name
    if isinstance(value, Tensor):
        return str(value.dtype).removeprefix("torch."), tuple(value.shape), tensors.sha256(value)
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, hashlib.sha256(np.ascontiguousarray(value).data).hexdigest()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, torch.device | torch.dtype | torch.memory_format):
        return str(value)
    if isinstance(value, nn.Module):
        return _network(value)
    if isinstance(value, functools.partial):
        return "partial", described(value.func), described(value.args), described(value.keywords)
    if isinstance(value, type | FunctionType | BuiltinFunctionType) or hasattr(value, "__wrapped__"):
        return _code(value)
    return _whole(value)


def definitions(value: object) -> set[Definition]:
    """The classes and functions of lib that a value is made of: the roots for `code.definitions`."""
    if isinstance(value, type | FunctionType | BuiltinFunctionType) or hasattr(value, "__wrapped__"):
        found = definition(value)
        return {found} if found else set()
    if isinstance(value, functools.partial):
        parts = [value.func, *value.args, *value.keywords.values()]
    elif isinstance(value, nn.Module):
        parts = [type(one) for one in value.modules()]
    elif is_dataclass(value):
        parts = [type(value), *(getattr(value, one.name) for one in fields(value))]
    elif isinstance(value, list | tuple | set | frozenset):
        parts = list(value)
    else:
        parts = [*value.keys(), *value.values()] if isinstance(value, dict) else []
    return set().union(*map(definitions, parts))


def _whole(value: object) -> object:
    if is_dataclass(value):
        return _code(type(value)), tuple((one.name, described(getattr(value, one.name))) for one in fields(value))
    if isinstance(value, list | tuple):
        return type(value).__name__, tuple(map(described, value))
    if isinstance(value, dict):
        return "dict", tuple((described(key), described(item)) for key, item in value.items())
    if isinstance(value, set | frozenset):
        return "set", tuple(sorted((described(item) for item in value), key=repr))
    raise TypeError(f"a {type(value).__qualname__} has no digest: use numbers, words, tensors or frozen dataclasses")


def definition(value: object) -> Definition | None:
    """The definition of a class or function of lib; None where it is not of lib."""
    value = getattr(value, "__wrapped__", value)
    module, name = value.__module__, value.__qualname__
    if "<" in name:
        raise TypeError(f"{module}.{name} has no digest: its name does not say what it holds")
    return Definition(module, name.split(".")[0]) if module.split(".")[0] == "lib" else None


def _code(value: object) -> object:
    found = definition(value)
    inner = getattr(value, "__wrapped__", value).__qualname__.partition(".")[2]
    if found:
        return "code", code.of_definition(found), inner
    return f"{value.__module__}.{value.__qualname__}"


def _network(model: nn.Module) -> tuple:
    """A network's layers, the names of its trained weights, and all its numbers."""
    layers = tuple((name, _code(type(one)), one.extra_repr()) for name, one in model.named_modules())
    trained = tuple(name for name, parameter in model.named_parameters() if parameter.requires_grad)
    return layers, trained, tuple((name, described(tensor)) for name, tensor in model.state_dict().items())
