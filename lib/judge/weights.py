"""A network's weights while it is judged: what tells that they are others, and what puts them back."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from lib.digest import tensors

PARTS = ("_modules", "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
"""What a module consists of besides its own tensors, as torch keeps it."""


def digest(network: nn.Module) -> str:
    """SHA-256 of all parameters and buffers."""
    sha = hashlib.sha256()
    for name, one in (*network.named_parameters(), *network.named_buffers()):
        sha.update(f"{name} {one.dtype} {tuple(one.shape)} {tensors.sha256(one.detach())}".encode())
    return sha.hexdigest()


@contextmanager
def put_back(network: nn.Module) -> Iterator[None]:
    """Whatever an attack does to a network: its weights, modes and gradients are its caller's again afterwards."""
    held, gradients = [_Held(module) for module in network.modules()], [(one, one.grad) for one in network.parameters()]
    network.zero_grad()  # else what an attack adds would be added to the caller's
    try:
        yield
    finally:
        for one in held:
            one.put_back()
        for parameter, gradient in gradients:
            parameter.grad = gradient


class _Held:
    """A module as it is found, without those within it."""

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
            if not torch.equal(one, values):  # what is the same is not written to, which some tensors do not allow
                one.copy_(values)
            if one.requires_grad != follows:
                one.requires_grad_(follows)
