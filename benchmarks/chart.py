"""The bar chart of the book's page: the fastest peer's time over ours, with the aims."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from lib.files import atomic
from lib.show.plots import STYLE
from lib.site.benchmarks import KINDS


def draw(results: Mapping[str, Mapping[str, Mapping]], path: Path) -> None:
    """Draw what `benchmarks.json` holds, one panel for each kind of device, as a PNG."""
    with plt.rc_context(STYLE):
        bars = [sum(len(row["ratios"]) or 1 for row in rows.values()) for rows in results.values()]
        size = 7.6, 0.5 * sum(bars) + 0.9 * len(bars) + 0.7
        figure, axes = plt.subplots(len(bars), figsize=size, height_ratios=bars, squeeze=False)
        for ax, (kind, rows) in zip(axes[:, 0], results.items(), strict=True):
            _panel(ax, rows)
            ax.set_title(KINDS.get(kind, kind))
        key = [
            Patch(facecolor="0.72", edgecolor="black", label="fastest peer's time / ours (line: quartiles)"),
            Patch(facecolor="white", edgecolor="black", hatch="////", label="does not count: unequal results"),
            plt.Line2D([], [], color="black", marker="D", linestyle="none", markerfacecolor="white", label="aim"),
        ]
        figure.legend(handles=key, loc="outside lower center", ncols=2)
        with atomic(path) as temporary:
            figure.savefig(temporary, dpi=140, metadata={"Software": None})
        plt.close(figure)


def _panel(ax: Axes, rows: Mapping[str, Mapping]) -> None:
    bars = [(row, label) for row in rows.values() for label in row["ratios"] or [None]]
    for place, (row, label) in enumerate(bars):
        if label is None:
            ax.text(0.03, place, "failed", va="center")
            continue
        ratio = row["ratios"][label]
        look = {"facecolor": "0.72"} if row["counts"] else {"facecolor": "white", "hatch": "////"}
        ax.barh(place, ratio["median"], height=0.62, edgecolor="black", zorder=2, **look)
        ax.plot([ratio["low"], ratio["high"]], [place, place], color="black", linewidth=2, zorder=3)
        ax.plot(row["aim"], place, "D", color="black", markerfacecolor="white", markersize=7, zorder=4)
        end = max(ratio["median"], ratio["high"], row["aim"])
        ax.annotate(f"{ratio['median']:.2f}", (end, place), (7, 0), textcoords="offset points", va="center")
    ax.axvline(1, color="black", linewidth=1, linestyle="--", zorder=1)
    labels = [f"{row['title']}\n{label or 'no ratio'}" for row, label in bars]
    ax.set(yticks=np.arange(len(bars)), yticklabels=labels, ylim=(len(bars) - 0.4, -0.6), xlabel="times as fast")
    ax.margins(x=0.15)
    ax.set_xlim(left=0)
    ax.grid(visible=False, axis="y")
