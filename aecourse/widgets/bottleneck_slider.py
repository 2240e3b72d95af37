"""Codes of many sizes side by side: what comes out, how wrong it is, what it costs."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import traitlets

from aecourse import plots
from aecourse.validation import check_images
from aecourse.widgets.base import LiveWidget
from aecourse.widgets.pictures import grey_bytes

__all__ = ["BottleneckSlider", "Coded"]

Floats = npt.NDArray[np.floating]


class Coded(NamedTuple):
    """What a code of one size makes of images.

    Parameters
    ----------
    x_hat
        Reconstructions of the images shown, shape (n, 784).
    error
        Squared error per pixel, over all test images.
    bits
        Bits that the code of one image takes on average.

    Examples
    --------
    >>> Coded(np.zeros((8, 784)), error=0.02, bits=84.0).bits
    84.0
    """

    x_hat: Floats
    error: float
    bits: float


class BottleneckSlider(LiveWidget):
    """Change the size of the code; compare two methods by picture, by error and by bits.

    Parameters
    ----------
    x
        The images shown, shape (n, 784), values in [0, 1].
    methods
        For each of two methods, by name, what each size gives; the same sizes for both.
    note
        How the bits are counted.
    alt
        What to see in the still picture, which shows three of the sizes.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> x = np.zeros((2, 784))
    >>> by_size = {1: Coded(x, 0.06, 5.0), 2: Coded(x, 0.05, 11.0)}
    >>> methods = {"PCA": by_size, "autoencoder": by_size}
    >>> slider = BottleneckSlider(x, methods, note="Six bits a number", alt="Black images")
    >>> slider.sizes, slider.errors
    ([1, 2], [[0.06, 0.05], [0.06, 0.05]])
    """

    source = "bottleneck_slider.js"
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    sizes = traitlets.List(traitlets.Int()).tag(sync=True)
    x = traitlets.Bytes().tag(sync=True)
    outputs = traitlets.Bytes().tag(sync=True)
    errors = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    bits = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    position = traitlets.Int().tag(sync=True)

    def __init__(
        self, x: Floats, methods: Mapping[str, Mapping[int, Coded]], *, note: str, alt: str
    ) -> None:
        x = check_images("x", x, 784, unit_interval=True)
        sizes = _common_sizes(methods)
        for name, by_size in methods.items():
            for k, coded in by_size.items():
                if coded.x_hat.shape != x.shape:
                    raise ValueError(
                        f"expected {name} of size {k} to hold images of shape {x.shape}, got "
                        f"{coded.x_hat.shape} — pass the reconstructions of x"
                    )
        table = [[by_size[k] for k in sizes] for by_size in methods.values()]
        middle = len(sizes) // 2
        shown = {
            f"{name}, {sizes[at]}": methods[name][sizes[at]].x_hat
            for at in sorted({0, middle, len(sizes) - 1})
            for name in methods
        }
        super().__init__(
            still=plots.reconstructions(x, shown, count=len(x)),
            alt=alt,
            names=list(methods),
            sizes=sizes,
            x=grey_bytes(x),
            outputs=grey_bytes(np.array([[coded.x_hat for coded in row] for row in table])),
            errors=[[float(coded.error) for coded in row] for row in table],
            bits=[[float(coded.bits) for coded in row] for row in table],
            note=note,
            position=middle,
        )


def _common_sizes(methods: Mapping[str, Mapping[int, Coded]]) -> list[int]:
    sizes = [sorted(by_size) for by_size in methods.values()]
    if len(sizes) != 2 or sizes[0] != sizes[1] or not sizes[0]:
        raise ValueError(
            "expected two methods with the same sizes, got "
            f"{dict(zip(methods, sizes, strict=True))} — run both at every size"
        )
    return sizes[0]
