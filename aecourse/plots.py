"""Pictures of the course: arrays in, a matplotlib figure out."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aecourse.validation import check_positive_integer

__all__ = [
    "filters",
    "heatmap",
    "histograms",
    "images",
    "latent_grid",
    "loss_curves",
    "reconstructions",
    "scatter",
]

Floats = npt.NDArray[np.floating]
Shape = tuple[int, int]

# Okabe and Ito's palette keeps its colours apart for colour-blind readers.
_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#A0A000"]
_DASHES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (1, 1)), (0, (7, 2)), (0, (3, 1, 1, 1))]
_MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*", "<", ">"]
_STYLE: dict[Any, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "figure.dpi": 100,
    "font.size": 10,
    "legend.frameon": False,
    "svg.hashsalt": "aecourse",  # without it, each build writes other ids into the file
}
_WIDTH = 7.0
_GAP = 2


@contextmanager
def _figure(height: float, width: float = _WIDTH) -> Iterator[tuple[Figure, Axes]]:
    with mpl.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(width, height), layout="constrained")
        yield figure, axes
    plt.close(figure)  # a notebook shows what a cell returns, and would show an open figure again


def _check_images(name: str, x: Floats, image_shape: Shape) -> Floats:
    x = np.asarray(x)
    pixels = image_shape[0] * image_shape[1]
    if x.ndim != 2 or x.shape[1] != pixels or len(x) == 0:
        raise ValueError(
            f"expected {name} of shape (n, {pixels}) for images of {image_shape}, got {x.shape} — "
            "pass image_shape, or x[None, :] for a single image"
        )
    return x


def _mosaic(x: Floats, columns: int, image_shape: Shape) -> Floats:
    """Lay images out on one array, NaN between them: one picture instead of many axes."""
    height, width = image_shape
    rows = -(-len(x) // columns)
    canvas = np.full(
        (rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP), np.nan, dtype=np.float64
    )
    for position, image in enumerate(x):
        top = position // columns * (height + _GAP)
        left = position % columns * (width + _GAP)
        canvas[top : top + height, left : left + width] = image.reshape(image_shape)
    return canvas


def _show(
    axes: Axes, canvas: Floats, *, cmap: str = "gray", low: float = 0.0, high: float = 1.0
) -> None:
    axes.imshow(canvas, cmap=cmap, vmin=low, vmax=high, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _mosaic_height(canvas: Floats, width: float = _WIDTH) -> float:
    return width * int(canvas.shape[0]) / int(canvas.shape[1]) + 0.1


def images(
    x: Floats,
    *,
    image_shape: Shape = (28, 28),
    columns: int = 10,
    titles: Sequence[str] | None = None,
) -> Figure:
    """Draw images in rows.

    Parameters
    ----------
    x
        Images, shape (n, d), values in [0, 1]; others are clipped in the picture.
    image_shape
        Height and width, in pixels.
    columns
        Images a row.
    titles
        A short text above each image.

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
    >>> figure = images(np.zeros((10, 784)))
    """
    x = _check_images("x", x, image_shape)
    check_positive_integer("columns", columns)
    if titles is not None and len(titles) != len(x):
        raise ValueError(f"expected one title an image, {len(x)}, got {len(titles)}")
    columns = min(columns, len(x))
    canvas = _mosaic(x, columns, image_shape)
    rows = -(-len(x) // columns)
    if titles is not None:
        with mpl.rc_context(_STYLE):
            width = _WIDTH * min(1.0, columns / 8)
            figure, grid = plt.subplots(
                rows,
                columns,
                figsize=(width, width / columns * rows + 0.25 * rows),
                layout="constrained",
                squeeze=False,
            )
            for axes in grid.flat:
                axes.set_axis_off()
            for axes, image, title in zip(grid.flat, x, titles, strict=False):
                _show(axes, image.reshape(image_shape))
                axes.set_title(title, fontsize=9)
        plt.close(figure)
        return figure
    width = _WIDTH * min(1.0, columns / 8)
    with _figure(_mosaic_height(canvas, width), width) as (figure, axes):
        _show(axes, canvas)
    return figure


def reconstructions(
    x: Floats,
    outputs: Floats | Mapping[str, Floats],
    *,
    count: int = 10,
    image_shape: Shape = (28, 28),
) -> Figure:
    """Draw inputs in the top row and what became of them below.

    Parameters
    ----------
    x
        Images, shape (n, d).
    outputs
        Reconstructions, shape (n, d), or several such by name: one row each.
    count
        How many images, from the first.
    image_shape
        Height and width, in pixels.

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
    >>> x = np.zeros((10, 784))
    >>> figure = reconstructions(x, {"PCA": x, "autoencoder": x})
    """
    check_positive_integer("count", count)
    rows = {"input": x}
    rows |= outputs if isinstance(outputs, Mapping) else {"reconstruction": outputs}
    shown = [_check_images(name, row, image_shape)[:count] for name, row in rows.items()]
    for name, row in zip(rows, shown, strict=True):
        if len(row) != len(shown[0]):
            raise ValueError(f"expected {len(shown[0])} images for {name!r}, got {len(row)}")
    canvas = _mosaic(np.concatenate(shown), len(shown[0]), image_shape)
    step = image_shape[0] + _GAP
    with _figure(_mosaic_height(canvas, _WIDTH - 1.2)) as (figure, axes):
        _show(axes, canvas)
        axes.set_yticks(np.arange(len(rows)) * step + image_shape[0] / 2, list(rows))
        axes.tick_params(axis="y", length=0)
    return figure


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
    with _figure(3.6) as (figure, axes):
        for number, (name, values) in enumerate(curves.items()):
            where = np.arange(1, len(values) + 1) if x is None else np.asarray(x)
            if len(where) != len(values):
                raise ValueError(f"expected {len(where)} values for {name!r}, got {len(values)}")
            axes.plot(
                where,
                np.asarray(values),
                label=name,
                color=_COLOURS[number % len(_COLOURS)],
                linestyle=_DASHES[number % len(_DASHES)],
                marker=_MARKERS[number % len(_MARKERS)] if len(values) <= 30 else None,
                markersize=4,
                linewidth=1.6,
            )
        for number, (name, level) in enumerate((levels or {}).items()):
            axes.axhline(level, color="#555555", linewidth=1, linestyle=_DASHES[(number + 1) % 4])
            axes.annotate(
                name,
                (1, level),
                xycoords=("axes fraction", "data"),
                xytext=(-2, 3),
                textcoords="offset points",
                ha="right",
                fontsize=9,
                color="#333333",
            )
        axes.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear")
        axes.grid(alpha=0.25, which="both" if log else "major", linewidth=0.5)
        axes.legend()
    return figure


def filters(
    weights: Floats,
    *,
    count: int = 64,
    columns: int = 16,
    image_shape: Shape = (28, 28),
) -> Figure:
    """Draw what hidden units look for: one image of weights a unit.

    Each image is scaled by its own largest weight. Red adds to the unit, blue takes away, white
    does nothing.

    Parameters
    ----------
    weights
        Shape (n_in, n_units).
    count
        How many units, from the first.
    columns
        Images a row.
    image_shape
        Height and width, in pixels.

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
    >>> figure = filters(np.zeros((784, 4)))
    """
    check_positive_integer("count", count)
    units = _check_images("weights.T", np.asarray(weights).T[:count], image_shape)
    largest = np.abs(units).max(axis=1, keepdims=True)
    canvas = _mosaic(units / np.where(largest > 0, largest, 1), columns, image_shape)
    with _figure(_mosaic_height(canvas)) as (figure, axes):
        _show(axes, canvas, cmap="RdBu_r", low=-1)
    return figure


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
    with _figure(5.2, 6.4) as (figure, axes):
        for number, label in enumerate(np.unique(labels)):
            own = points[labels == label]
            axes.scatter(
                own[:, 0],
                own[:, 1],
                s=9,
                alpha=0.55,
                linewidths=0,
                color=colours(number % 10),
                marker=_MARKERS[number % len(_MARKERS)],
                rasterized=True,
            )
            axes.annotate(
                str(label),
                (float(np.median(own[:, 0])), float(np.median(own[:, 1]))),
                ha="center",
                va="center",
                fontsize=12,
                fontweight="bold",
                bbox={"boxstyle": "circle", "facecolor": "white", "edgecolor": "#333333"},
            )
        axes.set(xlabel=xlabel, ylabel=ylabel)
    return figure


def latent_grid(x: Floats, *, columns: int, image_shape: Shape = (28, 28)) -> Figure:
    """Draw decoded images in the order of their codes, row by row.

    Parameters
    ----------
    x
        Images, shape (rows * columns, d).
    columns
        Images a row.
    image_shape
        Height and width, in pixels.

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
    >>> figure = latent_grid(np.zeros((9, 784)), columns=3)
    """
    canvas = _mosaic(_check_images("x", x, image_shape), columns, image_shape)
    with _figure(_mosaic_height(canvas, 5.5), 5.5) as (figure, axes):
        _show(axes, canvas)
    return figure


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
    flat = {name: np.asarray(array).ravel() for name, array in values.items()}
    edges = np.histogram_bin_edges(np.concatenate(list(flat.values())), bins)
    with _figure(3.2) as (figure, axes):
        for number, (name, array) in enumerate(flat.items()):
            axes.hist(
                array,
                edges.tolist(),
                weights=np.full(len(array), 1 / len(array)),
                histtype="step",
                label=name,
                color=_COLOURS[number % len(_COLOURS)],
                linestyle=_DASHES[number % len(_DASHES)],
                linewidth=1.6,
            )
        axes.set(xlabel=xlabel, ylabel="share")
        axes.legend()
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
    if matrix.ndim != 2:
        raise ValueError(f"expected a matrix, got an array of shape {matrix.shape}")
    with _figure(3.6) as (figure, axes):
        drawn = axes.imshow(matrix, cmap="viridis", aspect="auto", interpolation="nearest")
        axes.set(xlabel=xlabel, ylabel=ylabel)
        figure.colorbar(drawn, label=label)
    return figure
