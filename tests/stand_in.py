"""A stand-in for CUDA's graphs on the CPU: it keeps the tensors of a capture, and calls the function on them again."""

from collections import Counter
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lib.train import graphs


@dataclass
class Journal:
    """How often each function, by its name, was run as it is, captured and replayed."""

    run: Counter[str] = field(default_factory=Counter)
    captured: Counter[str] = field(default_factory=Counter)
    replayed: Counter[str] = field(default_factory=Counter)


@dataclass
class StandIn:
    """As with CUDA's graphs, capturing does no work, and a replay's results lie where those of the last one lay."""

    journal: Journal

    def run(self, function: graphs.Function, tensors: tuple[Tensor, ...]) -> graphs.Tensors:
        self.journal.run[name_of(function)] += 1
        return function(*tensors)

    def capture(self, function: graphs.Function, tensors: tuple[Tensor, ...]):
        self.journal.captured[name_of(function)] += 1
        places: list[Tensor] = []

        def replay() -> graphs.Tensors:
            self.journal.replayed[name_of(function)] += 1
            found = function(*tensors)
            parts = (found,) if isinstance(found, Tensor) else found
            if not places:
                places.extend(torch.empty_like(part) for part in parts)
            for place, part in zip(places, parts, strict=True):
                place.copy_(part)
            return places[0] if isinstance(found, Tensor) else tuple(places)

        return replay


def name_of(function: graphs.Function) -> str:
    return function.func.__name__
