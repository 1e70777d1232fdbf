"""`python -m lib.run judge`: load and judge a network, and put card, JSON and page where they can be found."""

import hashlib
import os
import re
from collections.abc import Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
from torch import nn

from lib import compute
from lib.files import first_line, short_name
from lib.judge import Refused, loading, log, page, written
from lib.judge.images import BOOK
from lib.judge.judging import judge
from lib.judge.loading import load
from lib.judge.radii import wanted
from lib.run.environment import environment_set

JUDGED = compute.RUNS / "judged"
"""Where verdicts are kept, with a folder for each request: the same command writes into the same folder."""

STOPPED = (
    "no verdict is kept, and all attacks begin anew the next time; only the training of the book's network for the "
    "transfer goes on from its last snapshot"
)
"""What is true of a judgement that is interrupted."""


def run(
    model: str,
    *,
    weights: Path | None,
    data: str,
    eps: Sequence[float] | None,
    out: Path | None,
    device: str | None,
    batch: int | None,
    other: str | None,
    other_weights: Path | None,
    attack: Sequence[str],
    name: str | None,
    **asked: int,
) -> None:
    """Judge a network, print its card and the paths of JSON and page; see `lib.judge.judge` for the arguments.

    Raises
    ------
    Refused
        As `lib.judge.judge` and `lib.judge.loading.load` do, and where the folder cannot be written.
    """
    if other_weights and not other:
        raise Refused("--other-weights come without a network that they belong to: say --other module:function")
    name = name or (model if weights is None else f"{model}, {weights.name}")
    eps = wanted(eps, data)
    images = data if data in BOOK else Path(data).resolve()
    files = [one and one.resolve() for one in (weights, other_weights)]
    what = [Path.cwd(), model, other, files, images, eps, attack, name, sorted(asked.items())]
    where = (out or JUDGED / _folder(f"{name} {Path(data).stem}", what)).resolve()
    with _stopped(STOPPED), _on(device), log.without_frames():
        network = load(model, weights)
        apart = load(other, other_weights) if other else None
        own = {source.rpartition(":")[2]: loading.attack(source) for source in attack}
        if len(own) < len(attack):
            raise Refused(f"two attacks have one name: {', '.join(attack)}")
        _judged_in(where, network, data=data, eps=eps, other=apart, attacks=own, name=name, batch=batch, **asked)


def _judged_in(where: Path, network: nn.Module, **asked: object) -> None:
    with _made(where):
        verdict = judge(network, **asked)
        with _writing(where):
            file = written.write(verdict, where)
    try:  # everything is made before anything is printed: the reader may have gone, as in `judge | head`
        with _stopped("the verdict is kept; its page is not made"):
            index = page.build(verdict, where)
    finally:
        print(f"{verdict}\n\nJSON: {file}", flush=True)
    print(f"page: {index}", flush=True)


@contextmanager
def _made(where: Path):
    """Make a folder before the long work on its contents; remove it again if it is new and the work fails."""
    new = not where.exists()
    with _writing(where):
        where.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        if new:
            with suppress(OSError):  # it is not empty
                where.rmdir()
        raise


@contextmanager
def _stopped(said: str):
    """Have an interrupt say what is true here; one from within that has a message already keeps it."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(*(error.args or (said,))) from error


def _folder(name: str, what: Sequence[object]) -> str:
    """The name of a request's folder: the name given, and a digest of all that is asked for, the same each time."""
    readable = re.sub(r"[^\w.]+", "-", name).strip("-.")
    return f"{short_name(readable)}-{hashlib.sha256(repr(what).encode()).hexdigest()[:8]}"


@contextmanager
def _on(device: str | None):
    """Compute on a named device within the block; without a name, on the one that is chosen anyway."""
    with environment_set({"REPRO_DEVICE": device} if device else {}):
        try:
            torch.zeros(1, device=compute.device())
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            name = os.environ.get("REPRO_DEVICE")
            raise Refused(f"there is no device {name!r} here ({first_line(error)})") from error
        yield


@contextmanager
def _writing(where: Path):
    """Refuse a folder that the block cannot write. Put nothing else in it: other files and pipes have other errors."""
    try:
        yield
    except OSError as error:
        raise Refused(f"{where} cannot be written ({error.strerror or error}): name another folder, --out") from error
