"""Timing several ways to do the same work: interleaved, as ratios, and counted only where the results are the same."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

Run = Callable[[], Any]
"""A function that does the work once and returns its result."""


@dataclass(frozen=True)
class Contender:
    """One way to do the work of a row.

    Parameters
    ----------
    name
        What it is called on the page.
    prepare
        Makes the function that is timed; what a user does once (building, importing) belongs here.
    ours
        Whether it is this book's own; else it is a peer.
    """

    name: str
    prepare: Callable[[], Run]
    ours: bool = False


@dataclass(frozen=True)
class Row:
    """One piece of work, and all contenders that do it.

    Parameters
    ----------
    title
        What is done, in words.
    images
        How many images one run works through.
    contenders
        At least one of ours and one peer.
    score
        A number in [0, 1] from what a run returns; not timed.
    score_name
        What that number is.
    tolerance
        How far apart the contenders' scores may be; if they are farther, the row does not count.
    aim
        The ratio to reach: the fastest peer's time over ours.
    aims
        The same by kind of device, so that the aim on a device is known if the row is not measured there.
    steps
        How many steps of training one run has, if that is what the row is about; else 0.
    parts
        Gives the seconds of each part of one such step.
    """

    title: str
    images: int
    contenders: Sequence[Contender]
    score: Callable[[Any], float]
    score_name: str
    tolerance: float
    aim: float
    aims: Mapping[str, float] = field(default_factory=dict)
    steps: int = 0
    parts: Callable[[], Mapping[str, float]] | None = None


def measure(row: Row, rounds: int, device: torch.device, *, least_seconds: float = 0.2) -> dict:
    """Time all contenders of a row, one after another in each round, in an order that rotates.

    A contender that raises an error drops out, and the error is kept.

    Parameters
    ----------
    rounds
        How often each is timed, after two runs to warm up.
    least_seconds
        A shorter run is repeated until the repetitions together last about this long.

    Returns
    -------
    dict
        The facts of `row`, and what `judge` says about it. For each contender: `ours`, the `seconds` of one run in each
        round, the mean `score`, and the `error` or None.
    """
    seconds_of_parts = dict(row.parts()) if row.parts else {}
    entries = {one.name: {"ours": one.ours, "seconds": [], "score": None, "error": None} for one in row.contenders}
    scores: dict[str, list[float]] = {name: [] for name in entries}
    runs: dict[str, tuple[Run, int]] = {}

    def attempt(name: str, step: Callable[[], None]) -> None:
        if entries[name]["error"] is None:
            try:
                step()
            except Exception as error:
                entries[name]["error"] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"

    def warm_up(one: Contender) -> None:
        run = one.prepare()
        timed(run, 1, device)  # the very first run sets things up, and says little about how long others take
        seconds, _ = timed(run, 1, device)
        runs[one.name] = run, max(1, math.ceil(least_seconds / seconds))

    def go(name: str) -> None:
        seconds, result = timed(*runs[name], device)
        scores[name].append(row.score(result))
        entries[name]["seconds"].append(seconds)

    for one in row.contenders:
        attempt(one.name, lambda one=one: warm_up(one))
    names = list(entries)
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            attempt(name, lambda name=name: go(name))
    for name, entry in entries.items():
        entry["score"] = statistics.fmean(scores[name]) if scores[name] else None
    facts = {key: getattr(row, key) for key in ("title", "images", "score_name", "tolerance", "aim", "aims", "steps")}
    facts["parts"] = seconds_of_parts
    return facts | {"contenders": entries} | judge(entries, row.tolerance)


def timed(run: Run, calls: int, device: torch.device) -> tuple[float, Any]:
    """The mean seconds of `calls` runs in a row, until the device is done, and what the last one returned."""
    synchronize(device)
    started = time.perf_counter()
    for _ in range(calls):
        result = run()
    synchronize(device)
    return (time.perf_counter() - started) / calls, result


def synchronize(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def judge(entries: Mapping[str, Mapping], tolerance: float) -> dict:
    """The fastest peer's time over that of each of ours, and whether the scores let these ratios count.

    Returns
    -------
    dict
        `ratios`: for each of ours that ran beside a peer, the `median` and the quartiles `low` and `high` of the
        rounds' ratios, and the peer it is taken `against`, the one with the smallest median time. `counts`: whether
        ours and a peer did run, and all that ran have scores within `tolerance` of each other.
    """
    finished = {name: entry for name, entry in entries.items() if entry["error"] is None}
    peers = {name: entry["seconds"] for name, entry in finished.items() if not entry["ours"]}
    ratios = {}
    if peers:
        fastest = min(peers, key=lambda name: statistics.median(peers[name]))
        for name, entry in finished.items():
            if entry["ours"]:
                by_round = [theirs / own for theirs, own in zip(peers[fastest], entry["seconds"], strict=True)]
                ratios[name] = spread(by_round) | {"against": fastest}
    scores = [entry["score"] for entry in finished.values()]
    equal = bool(scores) and max(scores) - min(scores) <= tolerance
    return {"ratios": ratios, "counts": bool(ratios) and equal}


def spread(values: Sequence[float]) -> dict[str, float]:
    """The median and the quartiles `low` and `high` of some values."""
    if len(values) == 1:
        return dict.fromkeys(("median", "low", "high"), values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"median": median, "low": low, "high": high}
