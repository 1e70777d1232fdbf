"""How a measurement becomes a word, as a picture: made-up and real measurements, judged by the ledger's own rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lib.ledger import words
from lib.ledger.answers import Finding
from lib.ledger.claims import Claim
from lib.measure.intervals import Measured
from lib.show.board import INK, TONES
from lib.show.meaning import SIDES
from lib.show.wording import tone

SMALLEST = 0.1
EFFECTS = {"large": (0.24, 0.16, 0.32), "small": (0.03, -0.02, 0.08), "uncertain": (0.13, 0.02, 0.24)}
"""Means and 95% intervals of made-up effects."""
PRINTED = Claim("", "", "number", "setup", "", value=0.90, printed="0.90", tolerance=0.03)
ACCURACIES = {"here": (0.91, 0.86, 0.96), "elsewhere": (0.925, 0.915, 0.935), "far": (0.82, 0.79, 0.85)}
"""Means and prediction intervals of made-up accuracies."""


@dataclass(frozen=True)
class Bar:
    """An interval with its mean, and the word that it gets."""

    mean: float
    low: float | None
    high: float | None
    word: str
    label: str = ""


def figure() -> Figure:
    """Draw the rule for a statement and the rule for a number, each with an interval for each of three words."""
    fig, (above, below) = plt.subplots(2, 1, figsize=(6.4, 5.2))
    effects = [Measured(mean, low, high, 5) for mean, low, high in EFFECTS.values()]
    _bars(above, [Bar(one.mean, one.low, one.high, words.finding(SMALLEST, Finding(one, ""))) for one in effects])
    above.set(title="A statement: is the effect large enough?", xlim=(-0.1, 0.4), xlabel="effect")
    _threshold(above, SMALLEST)
    accuracies = [Measured(mean, low, high, 5, predicted=(low, high)) for mean, low, high in ACCURACIES.values()]
    _bars(below, [Bar(one.mean, *one.predicted, words.number(PRINTED, one)) for one in accuracies])
    below.set(title="A number: could our networks have printed it?", xlim=(0.76, 1.0), xlabel="accuracy")
    below.axvspan(PRINTED.value - PRINTED.tolerance, PRINTED.value + PRINTED.tolerance, color="0.9", zorder=0)
    below.axvline(PRINTED.value, color="0.2", linewidth=1.2)
    _named(below, PRINTED.value, "the printed number; grey: the tolerance")
    return fig


def worked(entry: Mapping) -> Figure:
    """Draw both findings of a statement on one line each, with the smallest effect that counts.

    Parameters
    ----------
    entry
        The statement's answer as the results have it, measured both ways.
    """
    fig, ax = plt.subplots(figsize=(6.4, 2.2))
    found = {label: (entry[side]["measured"], entry[side]["word"]) for side, label in SIDES.items()}
    _bars(ax, [Bar(one["mean"], one["low"], one["high"], word, label) for label, (one, word) in found.items()])
    _threshold(ax, entry["claimed"]["smallest"])
    ax.set_xlabel("effect")
    return fig


def _bars(ax: Axes, bars: Sequence[Bar]) -> None:
    """Draw each bar on its own line, with a dot at the mean, its label at the left and its word at the right."""
    for at, bar in enumerate(bars):
        colour = TONES[tone({"holds": "confirmed", "fails": "refuted"}.get(bar.word, bar.word))]
        if bar.low is not None:
            ax.hlines(at, bar.low, bar.high, color=colour, linewidth=5, alpha=0.55)
        ax.plot(bar.mean, at, "o", color=colour, markersize=8)
        place = {"xycoords": ("axes fraction", "data"), "va": "center", "annotation_clip": False}
        ax.annotate(bar.word, (1.02, at), ha="left", fontweight="bold", color=INK, **place)
    ax.set(yticks=range(len(bars)), yticklabels=[bar.label for bar in bars], ylim=(len(bars) - 0.4, -1.0))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(visible=False, axis="y")


def _threshold(ax: Axes, smallest: float) -> None:
    """Draw the smallest effect that counts as a line, and shade what is too small."""
    left = ax.get_xlim()[0]
    ax.axvspan(left, smallest, color="0.9", zorder=0)
    ax.set_xlim(left=left)
    ax.axvline(smallest, color="0.2", linewidth=1.2)
    _named(ax, smallest, "the smallest effect that counts; grey: too small")


def _named(ax: Axes, at: float, text: str) -> None:
    ax.annotate(text, (at, -0.75), (4, 0), textcoords="offset points", ha="left", va="center", fontsize=9, color="0.2")
