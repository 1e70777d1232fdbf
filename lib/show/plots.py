"""The figures, in one look: readable without colour, the spread over seeds as a band, the paper's values drawn in."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from lib.measure.intervals import Measured, over_networks
from lib.measure.scales import Scale
from lib.show.counting import counted
from lib.show.palette import looks

DOTTED = {"color": "0.35", "linewidth": 1, "linestyle": (0, (2, 3))}
"""The look of a line at a value that was not measured: what a paper prints, an eps, a guess."""

STYLE = {
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "svg.hashsalt": "fixed",
}

APART = 0.3
"""How far apart networks may lie, as shares, before their mean is none of them."""

Points = Sequence[Sequence[float]] | Sequence[Measured]
"""What a line is drawn from: a sequence as long as x for each seed, or what was measured at each x."""


def use_style() -> None:
    """Give every figure of a notebook the book's look, whatever the reader's own matplotlibrc says."""
    plt.rcdefaults()
    plt.rcParams.update(STYLE)


def curves(
    x: Sequence[float],
    series: Mapping[str, Points],
    xlabel: str,
    ylabel: str,
    *,
    claimed: Mapping[str, float] | None = None,
    least: float = 0,
    most: float = np.inf,
    ax: Axes | None = None,
) -> Figure:
    """Draw a line over x for each series, with its 95% band: over the seeds if there are several, or as measured.

    Parameters
    ----------
    series
        By label, the points of each line.
    claimed
        Values that a paper prints, by label: drawn as level grey lines.
    least, most
        The smallest and the largest possible value, 0 and 1 for a share. Bands are cut to this range. Those over
        seeds are computed on the logit scale with a `most` of 1, and on the log scale where nothing is 0 or less.
    """
    ax = ax or plt.subplots(figsize=(6.4, 3.8))[1]
    own = looks(series)
    for label, points in series.items():
        values = _measured(points, most)
        ax.plot(x, [value.mean for value in values], label=label, markersize=4, **own[label])
        if any(value.low is not None for value in values):
            low, high = np.clip([_band(value) for value in values], least, most).T
            ax.fill_between(x, low, high, color=own[label]["color"], alpha=0.15, linewidth=0)
    for label, value in (claimed or {}).items():
        ax.axhline(value, **DOTTED)
        ax.annotate(label, (1, value), xycoords=("axes fraction", "data"), ha="right", va="bottom", color="0.25")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend(loc="best")
    return ax.figure


def shares(
    x: Sequence[float],
    series: Mapping[str, Sequence[Sequence[float]]],
    xlabel: str,
    ylabel: str,
    *,
    claimed: Mapping[str, float] | None = None,
    images: int | None = None,
) -> Figure:
    """Draw `curves` of accuracies and other shares: with bands cut to [0, 1], and a dot for each seed.

    Where some networks collapse and others do not, a mean with its band says less than the dots. The legend says how
    many networks there are, and how many test `images`.
    """
    figure = curves(x, series, xlabel, ylabel, claimed=claimed, most=1)
    (ax,) = figure.axes
    for look, per_seed in zip(looks(series).values(), series.values(), strict=True):
        for values in per_seed if len(per_seed) > 1 else ():
            ax.plot(x, values, linestyle="none", marker=".", markersize=4, color=look["color"], alpha=0.6)
    ax.set_ylim(-0.03, 1.03)
    counts = map(len, series.values())
    ax.legend(loc="best", title=intervals(*counts, marks="bands", dots=True, of_images=False, images=images))
    return figure


def means(*networks: int, dots: bool = False, images: int | None = None) -> str:
    """Of how many networks and test images a figure's values are, for its legend.

    Parameters
    ----------
    networks
        How many networks each line or row has.
    dots
        Whether each network has a small dot.
    images
        How many test images each network saw.
    """
    few, many = min(networks), max(networks)
    several = f"means of {many if few == many else f'{few} to {many}'} networks{' (small dots)' if dots else ''}"
    seen = f", {counted(images, 'test image')}" if images else ""
    return ("one network" if many == 1 else several) + seen


def intervals(
    *networks: int, marks: str = "bars", dots: bool = False, of_images: bool = True, images: int | None = None
) -> str:
    """The same as `means`, and what the figure's `marks` are.

    They are intervals over networks, and where they are `of_images`, over these too: otherwise one network has none.
    """
    said = means(*networks, dots=dots, images=images)
    over = f"{marks}: 95% intervals over networks{' and images' if of_images else ''}"
    if max(networks) == 1:
        return f"{said}; {marks}: 95% intervals over test images" if of_images else said
    if min(networks) == 1 and of_images:
        over += ", of one network over images"
    return f"{said}; {over}" if len(said + over) < 80 else f"{said};\n{over}"


def named_below(figure: Figure, *, columns: int = 2, title: str | None = None) -> Figure:
    """Replace the legends of a figure's panes by one below them all, each name once; return the figure.

    Without a title it has that of the panes' own.
    """
    named = {}
    for ax in figure.axes:
        handles, labels = ax.get_legend_handles_labels()
        named |= dict(zip(labels, handles, strict=True))
        if own := ax.get_legend():
            title = title or own.get_title().get_text()
            own.remove()
    figure.legend(named.values(), named, loc="outside lower center", ncols=columns, title=title)
    return figure


def interval(ax: Axes, found: Measured, row: float, **look: object) -> None:
    """Draw the 95% interval of what was measured as a bar in its row; nothing where there is none."""
    if found.low is not None:
        ax.plot([found.low, found.high], [row, row], **look)


def panels(
    x: Sequence[float],
    panes: Mapping[str, Mapping[str, Points]],
    xlabel: str,
    ylabel: str,
    *,
    claimed: Mapping[str, Mapping[str, float]] | None = None,
    images: int | None = None,
) -> Figure:
    """Draw the same shares measured in several ways, side by side on one scale, with one legend below.

    Where the networks of a line lie far apart, each has a thin line of its own: their mean may be none of them.

    Parameters
    ----------
    panes
        By title, the series of each pane, as in `curves`; all panes have the same labels.
    claimed
        By title, the paper's values drawn in a pane, as in `curves`.
    images
        How many test images each network saw.
    """
    figure, axes = plt.subplots(1, len(panes), figsize=(3.1 * len(panes), 4.6), sharey=True, squeeze=False)
    for number, (ax, (title, series)) in enumerate(zip(axes[0], panes.items(), strict=True)):
        curves(x, series, xlabel, "" if number else ylabel, claimed=(claimed or {}).get(title), most=1, ax=ax)
        for band in ax.collections:
            band.set_alpha(0.12)  # many bands lie over one another
        ax.set(title=title, xticks=list(x), ylim=(-0.03, 1.03))
        split = {label: each for label, points in series.items() if is_split(each := _each_network(points))}
        for label, each in split.items():
            ax.plot(x, each.T, color=looks(series)[label]["color"], linewidth=0.8, alpha=0.8, zorder=1.5)
    every = [points for series in panes.values() for points in series.values()]
    measured = isinstance(every[0][0], Measured)
    counts = [points[0].networks if measured else len(points) for points in every]
    title = intervals(*counts, marks="bands", of_images=measured, images=images)
    if any(is_split(_each_network(points)) for points in every):
        title += f"\nthin lines: each network, where some lie more than {APART:g} apart"
    return named_below(figure, title=title)


def is_split(each: np.ndarray) -> bool:
    """Whether networks (networks, places) lie so far apart somewhere that their mean describes none of them."""
    return len(each) > 1 and bool((np.ptp(each, axis=0) > APART).any())


def digits(
    rows: Mapping[str, Tensor | np.ndarray],
    titles: Sequence[Sequence[object]] | None = None,
    *,
    limit: float | None = None,
) -> Figure:
    """Draw rows of images, each with a name at its left.

    Parameters
    ----------
    rows
        By name, images (N, C, H, W). A row with negative values has perturbations, which are shown around mid-grey;
        images are shown from black to white.
    titles
        A title for each image of each row.
    limit
        The change of a pixel that a perturbation shows as white, and its negative as black; by default the largest
        change in each perturbation.
    """
    across = len(next(iter(rows.values())))
    figure, axes = plt.subplots(len(rows), across, figsize=(0.95 * across + 1.2, 1.2 * len(rows)), squeeze=False)
    for i, (name, images) in enumerate(rows.items()):
        images = torch.as_tensor(images)
        signed = bool((images < 0).any())
        for j, image in enumerate(images):
            ax = axes[i, j]
            most = (limit or float(image.abs().max()) or 1.0) if signed else 1.0
            ax.imshow(_displayed(image), cmap="gray", vmin=-most if signed else 0, vmax=most)
            bare(ax)
            if titles:
                ax.set_title(titles[i][j], fontsize=9, pad=2)
        axes[i, 0].set_ylabel(name, rotation=0, ha="right", va="center")
    return figure


def bare(ax: Axes) -> None:
    """Remove everything from a pane except its image."""
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)


def _measured(points: Points, most: float) -> list[Measured]:
    """What was measured at each x, on the scale that its possible values ask for."""
    if isinstance(points[0], Measured):
        return list(points)
    values = np.asarray(points, dtype=float)
    scale: Scale = "logit" if most == 1 else "log" if (values > 0).all() else "linear"
    return [over_networks(column, scale=scale) for column in values.T]


def _each_network(points: Points) -> np.ndarray:
    """The values of each network: (networks, places)."""
    if isinstance(points[0], Measured):
        return np.array([value.per_network for value in points]).T
    return np.asarray(points, dtype=float)


def _band(value: Measured) -> tuple[float, float]:
    """The ends of an interval; both on the line where there is none, as for a share that is 0 for every network."""
    return (value.mean, value.mean) if value.low is None else (value.low, value.high)


def _displayed(image: Tensor) -> np.ndarray:
    array = image.cpu().numpy()
    return array[0] if len(array) == 1 else array.transpose(1, 2, 0)
