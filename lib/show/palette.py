"""The colours and marks of all figures. Those of an attack are the same on every page."""

import itertools
import re
from collections.abc import Iterable

COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "0.45"]
"""Okabe and Ito's palette, whose colours the colour-blind can tell apart, and a grey."""

MARKERS = ["o", "s", "^", "X", "v", "P", "D", "<"]
DASHES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), "-", "-"]

KINDS = {
    "clean": 0,
    "FGSM": 1,
    "fresh FGSM": 1,
    "targeted FGSM": 1,
    "FGSM through the network itself": 1,
    "PGD": 2,
    "fresh PGD": 2,
    "PGD that knows the detector": 2,
    "the code line": 3,
    "stale FGSM": 4,
    "FGSM through the substitute": 4,
    "Square": 5,
    "worst case": 6,
    "random signs": 7,
}
"""The place in the lists above that each kind of images has, by what labels call it before a comma or colon.

Stale images and those of a substitute share theirs: both are made through another network.
"""

DEFENCES = ("PGD, rising eps",)
"""Labels that begin like a kind of images and are not about one."""


def looks(labels: Iterable[str]) -> dict[str, dict]:
    """The colour, dashes and marker of each label, as matplotlib's arguments.

    A label has those of its kind, and is hollow where an earlier one is of that kind too. A label of no kind has what
    no kind takes, in the order of the lists.
    """
    found, kinds = {}, {label: KINDS.get(_kind(label)) for label in labels}
    free = itertools.cycle([place for place in range(len(COLOURS)) if place not in kinds.values()])
    for label, kind in kinds.items():
        place = next(free) if kind is None else kind
        look = {"color": COLOURS[place], "linestyle": DASHES[place], "marker": MARKERS[place]}
        again = look in found.values()
        found[label] = look | ({"linestyle": (0, (2, 2)), "markerfacecolor": "none"} if again else {})
    return found


def _kind(label: str) -> str:
    return "" if label in DEFENCES else re.split("[,:]", label)[0]
