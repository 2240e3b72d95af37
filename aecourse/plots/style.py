"""What all figures share: colours, dashes, markers, font sizes and the frame they are drawn in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["COLOURS", "DASHES", "GREYS", "MARKERS", "WIDTH", "blank_figure"]

# Okabe and Ito's palette keeps its colours apart for colour-blind readers.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#A0A000")
DASHES: tuple[Any, ...] = (
    "-",
    "--",
    "-.",
    ":",
    (0, (5, 1, 1, 1)),
    (0, (1, 1)),
    (0, (7, 2)),
    (0, (3, 1, 1, 1)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
GREYS = {"line": "#555555", "text": "#333333", "gap": "#D9D9D9"}
WIDTH = 7.0
"""Width of a figure, in inches: a page's column."""

_STYLE: dict[Any, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.labelsize": 11,
    "figure.dpi": 100,
    "font.size": 11,
    "legend.fontsize": 11,
    "legend.frameon": False,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
}

# Read when a figure is saved, long after it was drawn. Without it, each save writes other ids
# into an SVG file. A reader's own setting wins.
mpl.rcParams["svg.hashsalt"] = mpl.rcParams["svg.hashsalt"] or "aecourse"


@contextmanager
def blank_figure(height: float, width: float = WIDTH) -> Iterator[tuple[Figure, Axes]]:
    """Open a figure with one pair of axes in the course's style, and close it afterwards.

    Parameters
    ----------
    height, width
        In inches.

    Yields
    ------
    tuple of matplotlib.figure.Figure and matplotlib.axes.Axes
        Where to draw.

    Examples
    --------
    >>> with blank_figure(2) as (figure, axes):
    ...     _ = axes.set_xlabel("epoch")
    >>> plt.get_fignums()
    []
    """
    with mpl.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(width, height), layout="constrained")
        try:
            yield figure, axes
        finally:
            # A notebook shows what a cell returns, and would show an open figure once more.
            plt.close(figure)
