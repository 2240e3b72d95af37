"""Images side by side: digits, reconstructions, filters and walks through the code."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aecourse.plots.style import WIDTH, blank_figure
from aecourse.validation import check_positive_integer

__all__ = ["filters", "images", "latent_grid", "reconstructions"]

Floats = npt.NDArray[np.floating]
Shape = tuple[int, int]

_GAP = 2


def _check_images(name: str, x: Floats, image_shape: Shape) -> Floats:
    x = np.asarray(x)
    pixels = image_shape[0] * image_shape[1]
    if x.ndim != 2 or x.shape[1] != pixels or len(x) == 0:
        raise ValueError(
            f"expected {name} of shape (n, {pixels}) for images of {image_shape}, got {x.shape} — "
            "pass image_shape, or x[None, :] for a single image"
        )
    return x


def _mosaic(x: Floats, columns: int, image_shape: Shape, *, row_gap: int = _GAP) -> Floats:
    """Lay images out on one array, NaN between them: one picture instead of many axes."""
    height, width = image_shape
    rows = -(-len(x) // columns)
    canvas = np.full(
        (rows * (height + row_gap) - row_gap, columns * (width + _GAP) - _GAP), np.nan, np.float64
    )
    for position, image in enumerate(x):
        top = position // columns * (height + row_gap)
        left = position % columns * (width + _GAP)
        canvas[top : top + height, left : left + width] = image.reshape(image_shape)
    return canvas


def _show(axes: Axes, canvas: Floats, *, cmap: str = "gray", low: float = 0.0) -> None:
    axes.imshow(canvas, cmap=cmap, vmin=low, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _height(canvas: Floats, width: float) -> float:
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
    width = WIDTH * min(1.0, columns / 8)
    lines = max(title.count("\n") + 1 for title in titles) if titles else 0
    # Room for the titles, in pixels of the images: a line of 10 points is 0.17 inches high.
    row_gap = _GAP + math.ceil(lines * 0.17 * columns * (image_shape[1] + _GAP) / width)
    canvas = _mosaic(x, columns, image_shape, row_gap=row_gap)
    with blank_figure(_height(canvas, width) + 0.17 * lines, width) as (figure, axes):
        _show(axes, canvas)
        for position, title in enumerate(titles or ()):
            left = position % columns * (image_shape[1] + _GAP)
            top = position // columns * (image_shape[0] + row_gap)
            axes.text(
                left + image_shape[1] / 2, top - 2, title, ha="center", va="bottom", fontsize=10
            )
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
    label_width = 0.1 + 0.085 * max(len(line) for name in rows for line in name.split("\n"))
    with blank_figure(_height(canvas, WIDTH - label_width)) as (figure, axes):
        _show(axes, canvas)
        axes.set_yticks(np.arange(len(rows)) * step + image_shape[0] / 2, list(rows))
        axes.tick_params(axis="y", length=0)
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
    check_positive_integer("columns", columns)
    weights = np.asarray(weights)
    if weights.ndim != 2:
        raise ValueError(f"expected weights of shape (n_in, n_units), got {weights.shape}")
    units = _check_images("weights.T", weights.T[:count], image_shape)
    largest = np.abs(units).max(axis=1, keepdims=True)
    canvas = _mosaic(
        units / np.where(largest > 0, largest, 1), min(columns, len(units)), image_shape
    )
    width = WIDTH * min(1.0, columns / 8, len(units) / 8)
    with blank_figure(_height(canvas, width), width) as (figure, axes):
        _show(axes, canvas, cmap="RdBu_r", low=-1)
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
    x = _check_images("x", x, image_shape)
    check_positive_integer("columns", columns)
    if len(x) % columns:
        raise ValueError(
            f"expected a full grid, a multiple of columns={columns} images, got {len(x)}"
        )
    canvas = _mosaic(x, columns, image_shape)
    with blank_figure(_height(canvas, 5.5), 5.5) as (figure, axes):
        _show(axes, canvas)
    return figure
