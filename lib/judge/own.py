"""The reader's own attacks, beside the book's: what an attack made for a defence finds counts for the worst case."""

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from lib.chapters.common_ground.attacks import Case
from lib.chapters.common_ground.chosen import Chosen
from lib.chapters.common_ground.within import outside
from lib.judge import Refused, draws, weights
from lib.judge.checks import alike
from lib.judge.guarded import Guarded
from lib.judge.radii import shown
from lib.judge.verdict import COLUMNS

Attack = Callable[[nn.Module, Tensor, Tensor, float], Tensor]
"""From a network, images (N, C, H, W) in [0, 1], classes (N,) and eps to x_adv (N, C, H, W)."""

FEW = 8
"""How many images are enough to see whether an attack works."""


def chosen(attacks: Mapping[str, Attack]) -> tuple[Chosen, ...]:
    """The attacks in the form of those of the table, each held to the ball.

    Raises
    ------
    Refused
        Where one cannot be called, or has no name or that of a column of the table.
    """
    for name, attack in attacks.items():
        if not callable(attack):
            raise Refused(f"the attack {name!r} is a {type(attack).__name__}: give a function (model, x, y, eps)")
        if not name.strip() or name in COLUMNS:
            raise Refused(f"an attack of your own is called {name!r}: give it a name that the table has not")
    return tuple(Chosen(name, _held(name, attack)) for name, attack in attacks.items())


def tried(attacks: Sequence[Chosen], guarded: Guarded, x: Tensor, y: Tensor, eps: float) -> None:
    """Run each attack on a few images, so that what is wrong with one is known before the book's attacks are run.

    Raises
    ------
    Refused
        Where an attack fails, leaves the ball or changes the network.
    """
    for one in attacks:
        print(f"{one.name}: tried on {len(x[:FEW])} images", file=sys.stderr, flush=True)
        one(Case(guarded, guarded, x[:FEW], y[:FEW], eps))


def _held(name: str, attack: Attack) -> Callable[[Case], Tensor]:
    def own(case: Case) -> Tensor:
        before, answers = weights.digest(case.model), _answers(case)
        x_adv = _called(name, attack, case)
        why = _changed(case.model, before)
        if why := why or ("" if alike(_answers(case), answers) else "makes the network answer otherwise"):
            raise Refused(
                f"the attack {name!r} {why}: what is attacked after it would be another network. Let it work on a "
                "copy, copy.deepcopy(model)."
            )
        if why := outside(x_adv, case, shown(case.eps)):
            raise Refused(f"the attack {name!r} {why}: its accuracy would say nothing about this eps")
        return x_adv.detach()

    return own


def _called(name: str, attack: Attack, case: Case) -> object:
    """What an attack returns; where it raises an error, it is refused by name."""
    try:
        with draws.kept():
            draws.seed(0)  # so that a column can be reproduced
            return attack(case.model, case.x.clone(), case.y.clone(), case.eps)
    except Refused as error:
        raise Refused(f"within the attack {name!r}: {error}") from error
    except Exception as error:  # whatever a stranger's code may raise
        raise Refused(f"the attack {name!r} raises {type(error).__name__}: {error}{_place(error)}") from error


def _place(error: Exception) -> str:
    """The last line that was reached in the attack's own file; "" if the attack did not begin, or is not in Python."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    lines = [one.lineno for one in frames if one.filename == frames[0].filename]
    return f" ({Path(frames[0].filename).name}, line {lines[-1]})" if lines else ""


@torch.no_grad()
def _answers(case: Case) -> Tensor:
    """The network's logits for a few images: other layers, a hook or a setting may change these and no weight."""
    return case.model(case.x[:FEW].clone())


def _changed(network: nn.Module, before: str) -> str:
    """What an attack has changed in the network; "" if nothing."""
    if any(module.training for module in network.modules()):
        return "leaves the network in training mode"
    return "" if weights.digest(network) == before else "changes the network's weights"
