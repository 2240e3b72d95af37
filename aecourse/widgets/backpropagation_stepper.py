"""Backpropagation through a tiny autoencoder, one arrow at a time."""

import numpy as np
import numpy.typing as npt
import traitlets
from matplotlib.figure import Figure

from aecourse import numpy_nn
from aecourse.numpy_nn import Autoencoder
from aecourse.plots.style import COLOURS, GREYS, blank_figure
from aecourse.validation import check_images, check_positive
from aecourse.widgets.base import LiveWidget

__all__ = ["BackpropagationStepper"]

Floats = npt.NDArray[np.floating]
_MOST_UNITS = 4


class BackpropagationStepper(LiveWidget):
    """Walk forward and backward through a tiny autoencoder, and update it once.

    The numbers are computed in the browser, in double precision: those of
    `aecourse.numpy_nn.gradients` for the same model and input, with the mean squared error.

    Parameters
    ----------
    model
        One sigmoid layer as encoder and one as decoder, at most 4 units each.
    x
        The one input, shape (1, n_in), values in [0, 1].
    learning_rate
        Of the update of stochastic gradient descent at the end.
    alt
        What to see in the still picture, which shows the network with all gradients.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> tiny = numpy_nn.autoencoder((3, 2), dtype="float64")
    >>> alt = "Three inputs, two hidden units and three outputs, joined by arrows with gradients"
    >>> stepper = BackpropagationStepper(tiny, np.array([[0.0, 0.5, 1.0]]), alt=alt)
    >>> np.array(stepper.encoder_weight).shape
    (3, 2)
    """

    source = "backpropagation_stepper.js"
    x = traitlets.List(traitlets.Float()).tag(sync=True)
    encoder_weight = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    encoder_bias = traitlets.List(traitlets.Float()).tag(sync=True)
    decoder_weight = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    decoder_bias = traitlets.List(traitlets.Float()).tag(sync=True)
    learning_rate = traitlets.Float().tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)

    def __init__(
        self, model: Autoencoder, x: Floats, *, learning_rate: float = 1.0, alt: str
    ) -> None:
        _check_tiny(model)
        x = check_images("x", np.asarray(x), model.encoder.layers[0].n_in, unit_interval=True)
        if len(x) != 1:
            raise ValueError(f"expected one input, got {len(x)} — pass x[:1]")
        check_positive("learning_rate", learning_rate)
        weights = numpy_nn.get_weights(model)
        super().__init__(
            still=_draw(model, x),
            alt=alt,
            x=x[0].tolist(),
            encoder_weight=weights["encoder.0.weight"].tolist(),
            encoder_bias=weights["encoder.0.bias"].tolist(),
            decoder_weight=weights["decoder.0.weight"].tolist(),
            decoder_bias=weights["decoder.0.bias"].tolist(),
            learning_rate=float(learning_rate),
        )


def _check_tiny(model: Autoencoder) -> None:
    if not isinstance(model, Autoencoder):
        raise TypeError(f"expected an aecourse.numpy_nn.Autoencoder, got {type(model).__name__}")
    layers = [*model.encoder.layers, *model.decoder.layers]
    kinds = [f"tied {layer.activation}" if layer.tied else layer.activation for layer in layers]
    if kinds != ["sigmoid", "sigmoid"]:
        raise ValueError(
            f"expected one sigmoid layer as encoder and one as decoder, got {kinds} — pass "
            "autoencoder((3, 2))"
        )
    sizes = [layers[0].n_in, layers[1].n_in]
    if max(sizes) > _MOST_UNITS:
        raise ValueError(
            f"expected at most {_MOST_UNITS} units a layer, more cannot be read, got {sizes}"
        )


def _draw(model: Autoencoder, x: Floats) -> Figure:
    """Draw the network: activations in the units, weights and gradients on the arrows."""
    loss, gradient = numpy_nn.gradients(model, x)
    weights = numpy_nn.get_weights(model)
    columns = [x[0], model.encode(x)[0], model(x)[0]]
    with blank_figure(1.2 * max(map(len, columns))) as (figure, axes):
        axes.set(
            xlim=(-0.2, 2.2), ylim=(-0.5, max(map(len, columns)) - 0.5), title=f"L = {loss:.5f}"
        )
        axes.axis("off")
        heights = [
            np.arange(len(column))[::-1] + (max(map(len, columns)) - len(column)) / 2
            for column in columns
        ]
        for layer, part in enumerate(("encoder", "decoder")):
            name, share = f"{part}.0.weight", (0.3, 0.7)[layer]
            for (start, end), weight in np.ndenumerate(weights[name]):
                y = np.array([heights[layer][start], heights[layer + 1][end]])
                axes.plot([layer, layer + 1], y, color=GREYS["gap"], zorder=0)
                axes.text(
                    layer + share,
                    y[0] + share * (y[1] - y[0]),
                    f"{weight:.3f}\n∂ {gradient[name][start, end]:.4f}".replace("-", "−"),
                    ha="center",
                    va="center",
                    fontsize=9,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
                )
        for place, (column, ys) in enumerate(zip(columns, heights, strict=True)):
            axes.scatter(np.full(len(ys), place), ys, s=1500, color="white", edgecolor=COLOURS[0])
            for value, y in zip(column, ys, strict=True):
                axes.text(place, y, f"{value:.3f}", ha="center", va="center", fontsize=10)
    return figure
