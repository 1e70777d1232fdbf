"""A network's weights while it is judged: telling whether they have changed, and putting them back."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from lib.digest import tensors

PARTS = ("_modules", "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
"""The attributes in which torch keeps what a module consists of besides its own tensors."""


def digest(network: nn.Module) -> str:
    """SHA-256 of all parameters and buffers."""
    sha = hashlib.sha256()
    for name, one in (*network.named_parameters(), *network.named_buffers()):
        sha.update(f"{name} {one.dtype} {tuple(one.shape)} {tensors.sha256(one.detach())}".encode())
    return sha.hexdigest()


@contextmanager
def put_back(network: nn.Module) -> Iterator[None]:
    """Put a network's weights, buffers, layers, hooks, modes and gradients back after the block, whatever it did."""
    held, gradients = [_Held(module) for module in network.modules()], [(one, one.grad) for one in network.parameters()]
    network.zero_grad()  # or an attack's gradients would be added to the caller's
    try:
        yield
    finally:
        for one in held:
            one.put_back()
        for parameter, gradient in gradients:
            parameter.grad = gradient


class _Held:
    """A module as it is found, without the state of its submodules."""

    def __init__(self, module: nn.Module) -> None:
        self.module, self.training = module, module.training
        self.parts = {name: dict(getattr(module, name)) for name in PARTS}
        own = (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False))
        self.tensors = [(name, one, one.detach().clone(), one.requires_grad) for name, one in own]

    @torch.no_grad()
    def put_back(self) -> None:
        self.module.training = self.training
        for name, parts in self.parts.items():
            there = getattr(self.module, name)
            if dict(there) != parts:
                there.clear()
                there.update(parts)
        for name, one, values, follows in self.tensors:
            if getattr(self.module, name, None) is not one:
                setattr(self.module, name, one)
            if not torch.equal(one, values):  # unchanged tensors are not written to: some do not allow that
                one.copy_(values)
            if one.requires_grad != follows:
                one.requires_grad_(follows)
