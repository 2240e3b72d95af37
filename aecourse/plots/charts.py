"""Curves, points, histograms and matrices with labelled axes."""

import math
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from aecourse.plots.style import COLOURS, DASHES, GREYS, MARKERS, blank_figure
from aecourse.validation import check_positive_integer

__all__ = ["heatmap", "histograms", "loss_curves", "scatter"]

Floats = npt.NDArray[np.floating]


def loss_curves(
    curves: Mapping[str, Sequence[float]],
    *,
    x: Sequence[float] | None = None,
    xlabel: str = "epoch",
    ylabel: str = "loss",
    log: bool = True,
    levels: Mapping[str, float] | None = None,
) -> Figure:
    """Draw one line a name, told apart by colour and dashes.

    Parameters
    ----------
    curves
        Values by name.
    x
        Where the values lie; 1, 2, 3, … by default.
    xlabel, ylabel
        Names of the axes; the loss's name says where it sums and where it averages.
    log
        Whether the vertical axis is logarithmic.
    levels
        Horizontal lines to compare with, such as PCA's error, by name.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If there is nothing to draw, or a curve has another length than ``x``.

    Examples
    --------
    >>> figure = loss_curves({"Adam": [0.2, 0.1]}, ylabel="error per pixel")
    """
    if not curves:
        raise ValueError("expected at least one curve, got none")
    with blank_figure(3.8) as (figure, axes):
        for number, (name, values) in enumerate(curves.items()):
            where = np.arange(1, len(values) + 1) if x is None else np.asarray(x)
            if len(values) == 0 or len(where) != len(values):
                expected = len(where) or "at least one"
                raise ValueError(f"expected {expected} values for {name!r}, got {len(values)}")
            axes.plot(
                where,
                np.asarray(values),
                label=name,
                color=COLOURS[number % len(COLOURS)],
                linestyle=DASHES[number % len(DASHES)],
                marker=MARKERS[number % len(MARKERS)] if len(values) <= 30 else None,
                markersize=4,
                linewidth=1.6,
            )
        axes.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear")
        if log:
            _plain_log_labels(axes)
        axes.grid(alpha=0.25, which="both" if log else "major", linewidth=0.5)
        _draw_levels(axes, levels or {})
        _legend_above(figure, list(curves))
    return figure


def _plain_log_labels(axes: Axes) -> None:
    """Write 0.05 instead of a power of ten, and label 2 and 5 when there are few decades."""
    low, high = axes.get_ylim()
    decades = math.log10(high / low)
    if decades > 3:
        return
    steps = (1, 2, 5) if decades > 1 else (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)
    axes.yaxis.set_major_locator(LogLocator(subs=steps))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _draw_levels(axes: Axes, levels: Mapping[str, float]) -> None:
    """Draw horizontal lines, their names to the right of the axes where no data can be."""
    for number, level in enumerate(levels.values()):
        axes.axhline(level, color=GREYS["line"], linewidth=1, linestyle=DASHES[1 + number % 3])
    axes.set_ylim(axes.get_ylim())
    lowest = -math.inf
    for name, level in sorted(levels.items(), key=lambda item: item[1]):
        seen = axes.transAxes.inverted().transform(axes.transData.transform((1, level)))
        # Names of neighbours must not touch: a line of text takes a twentieth of the height.
        lowest = max(float(seen[1]), lowest + 0.06 * (1 + name.count("\n")))
        axes.text(
            1.01,
            lowest,
            name,
            transform=axes.transAxes,
            va="center",
            fontsize=10,
            color=GREYS["text"],
        )


def _legend_above(figure: Figure, names: Sequence[str]) -> None:
    """Put the legend outside the axes, in as many columns as fit on one line of text."""
    columns = max(1, min(len(names), int(80 / (max(map(len, names)) + 8))))
    figure.legend(loc="outside upper center", ncols=columns)


def scatter(
    points: Floats,
    labels: npt.NDArray[np.integer],
    *,
    xlabel: str = "first code unit",
    ylabel: str = "second code unit",
) -> Figure:
    """Draw points of the plane by class, each class with its colour, marker and number.

    Parameters
    ----------
    points
        Shape (n, 2).
    labels
        Class of each point, shape (n,).
    xlabel, ylabel
        Names of the axes.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> figure = scatter(np.zeros((3, 2)), np.array([0, 1, 1]))
    """
    points, labels = np.asarray(points), np.asarray(labels)
    if points.ndim != 2 or points.shape[1] != 2 or labels.shape != (len(points),):
        raise ValueError(
            f"expected points of shape (n, 2) and labels of shape (n,), got {points.shape} and "
            f"{labels.shape}"
        )
    colours = mpl.colormaps["tab10"]
    classes = np.unique(labels)
    with blank_figure(5.2, 6.4) as (figure, axes):
        for number, label in enumerate(classes):
            own = points[labels == label]
            axes.scatter(
                own[:, 0],
                own[:, 1],
                s=9,
                alpha=0.55,
                linewidths=0,
                color=colours(number % 10),
                marker=MARKERS[number % len(MARKERS)],
                rasterized=True,
            )
        medians = np.array([np.median(points[labels == label], axis=0) for label in classes])
        for label, place in zip(classes, _apart(medians, np.ptp(points, axis=0)), strict=True):
            axes.annotate(
                str(label),
                (float(place[0]), float(place[1])),
                ha="center",
                va="center",
                fontsize=12,
                fontweight="bold",
                bbox={"boxstyle": "circle", "facecolor": "white", "edgecolor": "#333333"},
            )
        axes.set(xlabel=xlabel, ylabel=ylabel)
    return figure


def _apart(places: Floats, extent: Floats, *, gap: float = 0.075) -> Floats:
    """Push places apart until no two are nearer than a share of the extent, for 300 rounds."""
    scale = np.where(extent > 0, extent, 1)
    # Places that coincide part along the first few directions of a circle.
    turns = 2 * np.pi * np.arange(len(places)) / max(len(places), 1)
    at = places / scale + 1e-6 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    for _ in range(300):
        away = at[:, None] - at
        distance = np.linalg.norm(away, axis=-1) + np.eye(len(at))
        push = np.maximum(0, gap - distance) / distance
        if not push.any():
            break
        at = at + 0.5 * np.sum(push[..., None] * away, axis=1)
    return at * scale


def histograms(values: Mapping[str, Floats], *, bins: int = 60, xlabel: str = "value") -> Figure:
    """Draw how values are spread, one outline a name, on common bins.

    Parameters
    ----------
    values
        Arrays of any shape, by name.
    bins
        Number of bins.
    xlabel
        Name of the horizontal axis.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If there is nothing to draw.

    Examples
    --------
    >>> figure = histograms({"codes": np.linspace(0, 1, 50)})
    """
    if not values:
        raise ValueError("expected at least one array, got none")
    check_positive_integer("bins", bins)
    flat = {name: np.asarray(array).ravel() for name, array in values.items()}
    for name, array in flat.items():
        if array.size == 0 or not np.isfinite(array).all():
            raise ValueError(f"expected finite numbers for {name!r}, at least one")
    edges = np.histogram_bin_edges(np.concatenate(list(flat.values())), bins)
    with blank_figure(3.2) as (figure, axes):
        for number, (name, array) in enumerate(flat.items()):
            axes.hist(
                array,
                edges.tolist(),
                weights=np.full(len(array), 1 / len(array)),
                histtype="step",
                label=name,
                color=COLOURS[number % len(COLOURS)],
                linestyle=DASHES[number % len(DASHES)],
                linewidth=1.6,
            )
        axes.set(xlabel=xlabel, ylabel="share")
        _legend_above(figure, list(flat))
    return figure


def heatmap(matrix: Floats, *, xlabel: str, ylabel: str, label: str) -> Figure:
    """Draw a matrix as colours with a scale.

    Parameters
    ----------
    matrix
        Shape (rows, columns).
    xlabel, ylabel
        Names of the axes.
    label
        Name of the scale.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If the array is no matrix.

    Examples
    --------
    >>> figure = heatmap(np.eye(3), xlabel="unit", ylabel="image", label="activation")
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(f"expected a matrix with entries, got an array of shape {matrix.shape}")
    with blank_figure(3.6) as (figure, axes):
        drawn = axes.imshow(matrix, cmap="viridis", aspect="auto", interpolation="nearest")
        axes.set(xlabel=xlabel, ylabel=ylabel)
        figure.colorbar(drawn, label=label)
    return figure
