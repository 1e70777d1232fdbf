"""What the pages call the things that were measured."""

from collections.abc import Iterable, Sequence

from lib.chapters.unlearning import measure_loop
from lib.chapters.unlearning.measure_loop import RoomRecord
from lib.chapters.unlearning.measure_row import CLIPPED

READINGS = {
    "none": "no removal",
    "random": "random removal",
    "a": "(a) code to the letter",
    "b": "(b) remove, keep training",
    "c": "(c) remove, start afresh",
    "d": "(d) add attacked images",
    "e": "(e) add, remove the worst",
    "f": "(f) gradient ascent",
}
"""The readings of the loop, by their names in `loop.READINGS`."""

UPDATED = {"original": "original"} | {key: READINGS[key] for key in measure_loop.UPDATED}
"""The networks of the third row: the original, and those that a reading has changed."""

PRINTED = {
    "fgsm": "FGSM (the paper's Fig. 4), each image's label",
    "one label": "FGSM (the paper's Fig. 4), one label for all",
    "softmax sum": "softmax sum (the paper's Fig. 5)",
}
"""The attacks of the third row, by their names in `measure_row.ATTACKS`."""

STATES = {
    "whole": "trained on all images",
    "b": "(b) remove, keep training",
    "c": "(c) remove, start afresh",
    "f alone": "(f) gradient ascent alone",
    "f": "(f) gradient ascent, then keep training",
}
"""The networks that may have forgotten, by their names in `measure_removal.STATES`."""


def printed_in(architecture: str) -> str:
    """The figure that prints a LeNet, where the paper is named already: `fig4` is Fig. 4's."""
    return f"Fig. {architecture[-1]}"


def figure(architecture: str) -> str:
    """The same on a page that has figures of its own."""
    return f"the paper's {printed_in(architecture)}"


def figures(architectures: Iterable[str]) -> str:
    """The figures of several: "Figs. 2 and 4"."""
    return f"the paper's Figs. {' and '.join(one[-1] for one in architectures)}"


def attack(name: str) -> str:
    """What an attack of the third row is called, by its name in `measure_row`."""
    return PRINTED[name.removesuffix(CLIPPED)] + (CLIPPED if name.endswith(CLIPPED) else "")


def of_way(way: tuple[str, str, str]) -> tuple[str, str, str]:
    """What the attack, the age of its images and the network of a way to the third row are called."""
    name, age, network = way
    return attack(name), age, UPDATED[network]


def way(name: str, age: str, network: str) -> str:
    """What a way to the third row is called."""
    return ", ".join(of_way((name, age, network)))


def eps(value: float) -> str:
    """An eps that was searched for: with two decimals, or with one significant digit where it is below 0.01."""
    return f"{value:.2f}" if value >= 0.01 or not value else f"{value:.1g}"


def room_eps(rooms: Sequence[RoomRecord]) -> str:
    """The eps of the room, or the smallest and the largest where networks differ."""
    return " to ".join(dict.fromkeys(eps(end(one.eps for one in rooms)) for end in (min, max)))
