"""What a network gets right, by the strength of an attack."""

from collections.abc import Iterable
from dataclasses import replace

from torch import Tensor, nn
from tqdm import tqdm

from lib.attack.base import Attack
from lib.measure.score import Score, under_attack


def curve(
    model: nn.Module, attack: Attack, eps_values: Iterable[float], x: Tensor, y: Tensor, targets: Tensor | None = None
) -> list[Score]:
    """`under_attack` at each eps, all other settings of the attack unchanged."""
    eps_values = tqdm(list(eps_values), desc=f"{type(attack).__name__} over eps", leave=False)
    return [under_attack(model, replace(attack, eps=eps), x, y, targets) for eps in eps_values]
