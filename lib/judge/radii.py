"""The radii at which a network is judged: as the field writes them, and as they are shown."""

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from numbers import Real

from lib.judge import Refused

LEVELS = 255
"""Steps from black to white in an image of eight bits."""

DEFAULT: Sequence[float] = (0.1, 0.3)
"""The radii if none are asked for: those of the book's chapters, customary on MNIST."""

DEFAULTS: dict[str, Sequence[float]] = {"cifar10": (2 / LEVELS, 8 / LEVELS)}
"""The same by data set, where another custom holds: at 0.1, any network's accuracy on CIFAR-10 is low."""

SAME = 1e-6
"""By how much, as a share, a radius in float32 may differ from the same radius in float64."""

Eps = Real | str
"""A radius: a number, or a text such as 8/255."""


def number(text: str) -> float:
    """A number as it is written: 0.1, or 8/255.

    Raises
    ------
    ValueError
        Where it is not a number.
    """
    try:
        return float(Fraction(text.strip()) if "/" in text else text)
    except (ZeroDivisionError, OverflowError) as error:
        raise ValueError(f"{text!r} is no number") from error


def numbers(text: str) -> list[float]:
    """Numbers between commas, as in 2/255,8/255.

    Raises
    ------
    ValueError
        Where one of them is not a number.
    """
    return [number(one) for one in text.split(",")]


def wanted(eps: Eps | Iterable[Eps] | None, data: object) -> list[float]:
    """The radii that are asked for, each once, the smallest first; if `eps` is None, those customary for the data set.

    Raises
    ------
    Refused
        Where there are none, or one is not a number above 0 and at most 1.
    """
    if eps is None:
        return sorted(DEFAULTS.get(data, DEFAULT) if isinstance(data, str) else DEFAULT)
    try:
        given = numbers(eps) if isinstance(eps, str) else eps if isinstance(eps, Iterable) else [eps]
        found = sorted({number(one) if isinstance(one, str) else float(one) for one in given})
    except (TypeError, ValueError) as error:
        raise Refused(f"eps is {eps!r}; it is a number, or several, as in (0.1, 0.3), or 8/255") from error
    if not found or not all(math.isfinite(one) and 0 < one <= 1 for one in found):
        raise Refused(
            f"eps is {', '.join(f'{one:g}' for one in found) or 'nothing'}; it lies above 0 and is at most 1, in units "
            "of a pixel in [0, 1]: write 8/255 for 8 of 255 grey levels"
        )
    return [one for place, one in enumerate(found) if not place or not same(one, found[place - 1])]


def same(one: float, other: float) -> bool:
    """Whether two radii differ by rounding alone."""
    return math.isclose(one, other, rel_tol=SAME)


def shown(eps: float) -> str:
    """A radius as the field writes it: 8/255 if it is that many grey levels; 0.2 stays, though it is 51 of them."""
    levels = round(LEVELS * eps)
    whole = levels > 0 and same(eps, levels / LEVELS) and levels % (LEVELS // 5)
    return f"{levels}/{LEVELS}" if whole else f"{eps:g}"
