"""`python -m lib.run judge`: load, judge, and put card, JSON and page where they can be found."""

import os
import re
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn

from lib import compute
from lib.judge import beside, loading, page, written
from lib.judge.card import card
from lib.judge.judging import judge
from lib.judge.loading import load
from lib.judge.refused import Refused

JUDGED = compute.RUNS / "judged"
"""Where verdicts are kept, one folder a network."""


def run(
    model: str,
    *,
    weights: Path | None,
    data: str,
    eps: Sequence[float] | None,
    out: Path | None,
    device: str | None,
    other: str | None,
    other_weights: Path | None,
    attack: Sequence[str],
    name: str | None,
    **asked: int,
) -> None:
    """Judge a network, print its card and the addresses of JSON and page; see `lib.judge.judge` for what is asked.

    Raises
    ------
    Refused
        As `lib.judge.judge` and `lib.judge.loading.load` do, and where the folder cannot be written.
    """
    if other_weights and not other:
        raise Refused("--other-weights come without a network that they belong to: say --other module:function")
    name = name or (model if weights is None else f"{model}, {weights.name}")
    where = (out or JUDGED / _slug(name, Path(data).stem)).resolve()
    with _writing(where), _on(device):
        network = load(model, weights)
        apart = load(other, other_weights) if other else None
        own = {source.rpartition(":")[2]: loading.attack(source) for source in attack}
        if len(own) < len(attack):
            raise Refused(f"two attacks have one name: {', '.join(attack)}")
        _judged_in(where, network, data=data, eps=eps, other=apart, attacks=own, name=name, **asked)


def _judged_in(where: Path, network: nn.Module, **asked: object) -> None:
    where.mkdir(parents=True, exist_ok=True)  # before it takes its time
    verdict = judge(network, **asked)
    kept = written.write(verdict, where)
    print(f"{card(verdict)}\n\nJSON: {kept}", flush=True)
    rows = {one: beside.rows(verdict.subject.data, one) for one in verdict.at}
    print(f"page: {page.build(verdict, rows, where)}", flush=True)


def _slug(*words: str) -> str:
    """What the folder of a network is called."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", " ".join(words)).strip("-.")[:100]


@contextmanager
def _on(device: str | None):
    """Compute on a device by name in the meantime; on the one that is chosen anyway without."""
    before = os.environ.get("REPRO_DEVICE")
    if device:
        os.environ["REPRO_DEVICE"] = device
    try:
        try:
            torch.zeros(1, device=compute.device())
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            raise Refused(f"there is no device {device or before!r} here ({str(error).splitlines()[0]})") from error
        yield
    finally:
        if device and before is None:
            del os.environ["REPRO_DEVICE"]
        elif device:
            os.environ["REPRO_DEVICE"] = before


@contextmanager
def _writing(where: Path):
    try:
        yield
    except OSError as error:
        raise Refused(f"{where} cannot be written ({error.strerror or error}): name another folder, --out") from error
