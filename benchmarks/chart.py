"""The bar charts of the book's page: the fastest peer's time over ours, with the aims, and the parts of a step."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lib.files import atomic
from lib.show.plots import STYLE
from lib.site.benchmarks import CHART, KINDS, PARTS_CHART, parted, step_seconds

UNEQUAL = {"facecolor": "white", "hatch": "////"}
AS_FAST = {"color": "black", "linewidth": 1, "linestyle": "--"}
"""The looks of a ratio that does not count, and of the line at 1."""


def draw(results: Mapping[str, Mapping[str, Mapping]], folder: Path) -> None:
    """Draw what `benchmarks.json` holds as PNG files beside it: the ratios, and the parts of steps if there are any."""
    _draw_ratios(results, folder / CHART)
    if parted(results):
        _draw_parts(results, folder / PARTS_CHART)


def _draw_ratios(results: Mapping[str, Mapping[str, Mapping]], path: Path) -> None:
    """Draw the ratios, with a panel for each kind of device."""
    with plt.rc_context(STYLE):
        bars = [sum(len(row["ratios"]) or 1 for row in rows.values()) for rows in results.values()]
        size = 7.6, 0.5 * sum(bars) + 0.9 * len(bars) + 0.9
        figure, axes = plt.subplots(len(bars), figsize=size, height_ratios=bars, squeeze=False)
        for ax, (kind, rows) in zip(axes[:, 0], results.items(), strict=True):
            _panel(ax, rows)
            ax.set_title(KINDS.get(kind, kind))
        timed = [row for rows in results.values() for row in rows.values() if row["ratios"]]
        bar, unequal = "fastest peer's time / ours (line: quartiles)", "does not count: unequal results"
        key = [
            Patch(facecolor="0.72", edgecolor="black", label=bar) if any(row["counts"] for row in timed) else None,
            Patch(**UNEQUAL, edgecolor="black", label=unequal) if not all(row["counts"] for row in timed) else None,
            plt.Line2D([], [], color="black", marker="D", linestyle="none", markerfacecolor="white", label="aim"),
            plt.Line2D([], [], **AS_FAST, label="as fast as the fastest peer"),
        ]
        key = list(filter(None, key))
        figure.legend(handles=key, loc="outside lower center", ncols=2)
        _save(figure, path)


def _draw_parts(results: Mapping[str, Mapping[str, Mapping]], path: Path) -> None:
    """Draw a bar for each kind of step, part after part; a diamond marks a whole step of ours, captured if ours is."""
    bars = parted(results)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(len(bars), figsize=(7.6, 0.9 * len(bars) + 1.2), squeeze=False)
        for ax, (kind, row) in zip(axes[:, 0], bars, strict=True):
            left = 0.0
            for number, (part, seconds) in enumerate(row["parts"].items()):
                shade = str(round(0.95 - 0.15 * number, 2))
                ax.barh(0, seconds * 1000, left=left, height=0.6, color=shade, edgecolor="black", label=part)
                left += seconds * 1000
            if (ours := step_seconds(row)) is not None:
                ax.plot(ours * 1000, 0, "D", color="black", markerfacecolor="white", markersize=7, label="ours, whole")
            ax.set(yticks=[0], yticklabels=[f"{row['title']}\n{KINDS.get(kind, kind)}"], xlabel="milliseconds a step")
            ax.set_xlim(left=0)
            ax.grid(visible=False, axis="y")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
        _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    with atomic(path) as temporary:
        figure.savefig(temporary, dpi=140, metadata={"Software": None})
    plt.close(figure)


def _panel(ax: Axes, rows: Mapping[str, Mapping]) -> None:
    bars = [(row, label) for row in rows.values() for label in row["ratios"] or [None]]
    at_right = ("axes fraction", "data")
    for place, (row, label) in enumerate(bars):
        if label is None:
            ax.text(0.03, place, "failed", va="center")
            continue
        ratio = row["ratios"][label]
        look = {"facecolor": "0.72"} if row["counts"] else UNEQUAL
        ax.barh(place, ratio["median"], height=0.62, edgecolor="black", zorder=2, **look)
        ax.plot([ratio["low"], ratio["high"]], [place, place], color="black", linewidth=2, zorder=3)
        ax.plot(row["aim"], place, "D", color="black", markerfacecolor="white", markersize=7, zorder=4)
        ax.annotate(f"{ratio['median']:.2f}", (1.08, place), xycoords=at_right, ha="right", va="center")
    ax.annotate("measured", (1.08, -0.75), xycoords=at_right, ha="right", va="center", fontweight="bold")
    ax.axvline(1, **AS_FAST, zorder=1)
    labels = [f"{row['title']}\n{label or 'no ratio'}" for row, label in bars]
    ax.set(yticks=np.arange(len(bars)), yticklabels=labels, ylim=(len(bars) - 0.4, -0.9), xlabel="times as fast")
    ax.margins(x=0.05)
    ax.set_xlim(left=0)
    ax.grid(visible=False, axis="y")
