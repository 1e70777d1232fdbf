"""`judge`: any network, under all attacks of the chapter on the common ground, by that chapter's own functions."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from numbers import Integral
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lib import compute, provenance
from lib.attack.gradient import FGSM
from lib.chapters.common_ground.attacks import ATTACKS, CHECKS, Case, correct_under, nearest_adversarial
from lib.chapters.common_ground.chosen import Chosen, choose
from lib.chapters.common_ground.first import Images, sampled, start
from lib.chapters.common_ground.judging import Judgement, silent
from lib.judge import Refused, beside, modules, own, weights
from lib.judge.checks import admitted, answers, hold_to_answers
from lib.judge.guarded import FEWER, Guarded
from lib.judge.images import Sample, sample
from lib.judge.radii import Eps, shown, wanted
from lib.judge.verdict import Asked, Subject, Verdict
from lib.measure.score import BATCH, next_class

LEAST_IMAGES = 2
"""With one image an accuracy has no interval: nothing could be told from chance."""


def judge(
    model: nn.Module,
    *,
    data: str | Path | Images = "digits",
    eps: Eps | Sequence[Eps] | None = None,
    n_images: int = 500,
    steps: int = 100,
    queries: int = 5000,
    n_lbfgs: int = 20,
    batch: int | None = None,
    other: nn.Module | None = None,
    attacks: Mapping[str, own.Attack] | None = None,
    name: str = "",
) -> Verdict:
    """Judge a network as the book's are judged: by all attacks, the worst of them for each image, and red flags.

    The accuracies that it finds are upper bounds: an attack made for this defence may lower them. Give such an attack
    in `attacks`.

    Parameters
    ----------
    model
        From images (N, C, H, W) in [0, 1] to logits (N, classes), in eval mode, float32, on the device of
        `lib.compute`. It is left as it is.
    data
        `digits`, `mnist` or `cifar10` (their test images), an .npz file with x and y, or the two as tensors: float32
        images in [0, 1], and classes as whole numbers. Do not give images that the network was trained on.
    eps
        Radii of the L-infinity ball, in (0, 1], in units of a pixel: numbers, or texts such as "8/255". By default 0.1
        and 0.3, but 2/255 and 8/255 on `cifar10`.
    n_images
        How many images to judge on, at most, and at least 2; the same ones each time.
    steps, queries
        Steps of AutoAttack's parts, and queries of Square, both within AutoAttack and alone; the reference has 100 and
        5,000.
    n_lbfgs
        How many of the images L-BFGS is run on.
    batch
        How many images the network is given at once, at most; by default 1,000, or 5,000 on CUDA. It limits the memory
        that is needed, and changes logits by rounding alone.
    other
        A network for the same images that was trained independently, to transfer attacks from. By default the book's
        own, if it has one for this data set; else there is no transfer.
    attacks
        Your own attacks by name: functions (model, x, y, eps) -> x_adv of the shape of x, in [0, 1] and within eps of
        x. They are further columns, and count for the worst case. Each is tried on a few images before the book's
        attacks begin.
    name
        What the network is called; by default its class.

    Returns
    -------
    Verdict
        The outcome, image by image; `verdict.safe(0.1)` is the share that is classified correctly whatever the attack,
        with its interval. Quote it if `verdict.is_void` is False, and name the red flags in `verdict.raised(0.1)`.

    Raises
    ------
    Refused
        Where a number would be a lie; the message gives the reason, and what to do.
    lib.data.DataError
        Where a data set of the book cannot be had.
    """
    started, began = datetime.now(UTC), time.perf_counter()
    radii = wanted(eps, data)
    n_images = _count(n_images, "images")
    if n_images < LEAST_IMAGES:
        raise Refused("1 image is asked for, and one has no interval: ask for more, 500 as by default or 100 at least")
    steps, queries, n_lbfgs = _count(steps, "steps"), _count(queries, "queries"), _count(n_lbfgs, "images for L-BFGS")
    batch = compute.at_once(BATCH, compute.device()) if batch is None else _count(batch, "images at once")
    with torch.inference_mode(False):
        images = sample(data, n_images)
        guarded = admitted(model, images, batch)
        subject = Subject(
            " ".join(name.split()) or type(model).__name__,
            weights.digest(model),
            sum(one.numel() for one in model.parameters()),  # frozen ones included
            f"{type(model).__module__}.{type(model).__qualname__}",
            images.name,
            images.origin,
            images.digest,
            images.indices,
        )
        first = answers(guarded, images)
        with weights.put_back(model):
            mine = own.chosen(attacks or {})
            own.tried(mine, guarded, *images.images, radii[0])
            through = _other(other, model, images, batch)
            known = ATTACKS | {"targeted FGSM": _towards_next(guarded.classes)}
            tried = choose(known, {"steps": steps, "queries": queries}) + mine
            if through is None:
                tried = tuple(one for one in tried if one.name != "transfer")
            with _refusing("by L-BFGS"):
                lengths = nearest_adversarial(guarded, *sampled(images.images, n_lbfgs))
            found = {one: _attacked(guarded, through, images, one, tried, lengths) for one in radii}
            if weights.digest(model) != subject.weights:
                raise Refused("the network's weights are no longer those that it came with: something changed them")
            hold_to_answers(guarded, images, first)
    asked = Asked(steps, queries, min(n_lbfgs, len(images.x)), through.words if through else "", tuple(attacks or {}))
    made = {
        "commit": provenance.commit(),
        "modules": modules.loaded(),
        "device": provenance.describe_device(),
        "threads": torch.get_num_threads(),
        "versions": provenance.versions(),
        "seconds": round(time.perf_counter() - began, 1),
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return Verdict(subject, asked, found, guarded.severed, guarded.blind, made)


def _count(value: object, of: str) -> int:
    """A count as an int, from a whole number of any library; refuse what is not one, or is below 1."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise Refused(f"{value!r} {of} are asked for; it takes a whole number of at least 1")
    return int(value)


@dataclass(frozen=True, eq=False)
class Through:
    """The network through which images are transferred, and a description of it."""

    network: nn.Module
    words: str


def _other(other: nn.Module | None, model: nn.Module, images: Sample, batch: int | None) -> Through | None:
    """The network for the transfer; None where there is none."""
    if other is not None:
        try:
            apart = admitted(other, images, batch)
        except Refused as error:
            raise Refused(f"the other network, for the transfer: {error}") from error
        if weights.digest(other) == weights.digest(model):
            raise Refused("the other network, for the transfer, has the same weights: give one that was trained apart")
        return Through(apart, f"{type(other).__name__}, which was given, weights {weights.digest(other)[:16]}")
    setting = beside.trained_apart(images)
    if setting is None:
        return None
    print(f"the network for the transfer, {setting.epochs} epochs of {setting.dataset}", file=sys.stderr, flush=True)
    return Through(start(setting).network, f"the book's own for this purpose, {setting}")


def _attacked(
    guarded: Guarded,
    through: Through | None,
    images: Sample,
    eps: float,
    attacks: Sequence[Chosen],
    lengths: NDArray[np.float64],
) -> Judgement:
    """The whole judgement at one eps; `lengths` are the distances from L-BFGS, which does not depend on eps."""
    case = Case(guarded, through.network if through else guarded, *images.images, eps)
    y = case.y.cpu().numpy().astype(np.uint8)
    followed, checked = ([_told(one, eps) for one in chosen] for chosen in (attacks, choose(CHECKS, {})))
    with _refusing(f"at eps {shown(eps)}"):
        return Judgement(y, correct_under(case, followed), correct_under(case, checked), silent(case), lengths)


def _towards_next(classes: int) -> Callable[[Case], Tensor]:
    """FGSM towards the next class, for a network with so many classes."""

    def one_step_towards(case: Case) -> Tensor:
        return FGSM(eps=case.eps, targeted=True)(case.model, case.x, next_class(case.y, classes))

    return one_step_towards


@contextmanager
def _refusing(where: str) -> Iterator[None]:
    """Refuse a network that fails within the block, and say where that was."""
    try:
        yield
    except Refused as error:
        raise Refused(f"attacked {where}: {error}") from error
    except Exception as error:  # from the network's backward pass, which is a stranger's code
        cure = f". {FEWER}." if isinstance(error, torch.OutOfMemoryError) else ""
        raise Refused(f"attacked {where}: {type(error).__name__}: {error}{cure}") from error


def _told(attack: Chosen, eps: float) -> Chosen:
    """The same attack, which prints a line when it begins."""

    def begun(*arguments: object, **options: object) -> Tensor:
        print(f"eps {shown(eps)}: {attack.name}", file=sys.stderr, flush=True)
        return attack.function(*arguments, **options)

    return replace(attack, function=begun)
