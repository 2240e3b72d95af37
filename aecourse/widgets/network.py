"""A network of dense layers as a browser reads it: its shape as JSON, its weights as bytes."""

import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from aecourse.numpy_nn import Autoencoder, Sequential, TiedDense, get_weights, set_weights

__all__ = ["MAX_WEIGHT_BYTES", "half_precision", "pack_network"]

MAX_WEIGHT_BYTES = 410_000
"""Most bytes of weights in one widget: as text in a page they become a third more."""


def half_precision(model: Autoencoder) -> Autoencoder:
    """Return a copy of a model whose parameters are rounded to float16.

    A widget stores such a model in half the space. The copy still computes with its own dtype.

    Parameters
    ----------
    model
        Unchanged.

    Returns
    -------
    Autoencoder
        The copy; each parameter is off by at most 2⁻¹¹ of itself (IEEE 754, binary16), if it is not
        tiny.

    Raises
    ------
    ValueError
        If a parameter is larger than float16 can hold.

    Examples
    --------
    >>> from aecourse.numpy_nn import autoencoder
    >>> model = autoencoder((4, 2))
    >>> model.encoder.layers[0].bias[:] = 0.1
    >>> half_precision(model).encoder.layers[0].bias
    array([0.09997559, 0.09997559], dtype=float32)
    """
    largest = np.finfo(np.float16).max
    weights = get_weights(model)
    for name, array in weights.items():
        if np.abs(array).max() > largest:
            raise ValueError(
                f"expected {name} to hold numbers up to {largest:g}, which float16 can hold, "
                f"got {np.abs(array).max():g} — keep the model in float32"
            )
    rounded = copy.deepcopy(model)
    set_weights(
        rounded, {name: a.astype(np.float16).astype(a.dtype) for name, a in weights.items()}
    )
    return rounded


def pack_network(*blocks: Sequential) -> tuple[dict[str, Any], bytes]:
    """Describe the layers of blocks for ``readNetwork`` of ``shared.js``.

    The numbers are stored as float16 where that changes none of them, and as float32 otherwise. So
    the browser computes with the numbers that the layers hold (a float64 model's are rounded).

    Parameters
    ----------
    *blocks
        In the order of the forward pass.

    Returns
    -------
    network : dict
        ``precision``, and for each of ``layers`` its sizes, its activation and, if it is tied to
        one of them, the position of that one.
    weights : bytes
        Little-endian: each layer's weights (n_in, n_out) in C order unless it is tied to
        another one, then its biases.

    Raises
    ------
    ValueError
        If the weights need more than `MAX_WEIGHT_BYTES`.

    Examples
    --------
    >>> from aecourse.numpy_nn import mlp
    >>> network, weights = pack_network(mlp((3, 2)))
    >>> network["layers"]
    [{'n_in': 3, 'n_out': 2, 'activation': 'sigmoid', 'tied_to': None}]
    >>> network["precision"], len(weights)
    ('float32', 32)
    """
    layers = [layer for block in blocks for layer in block.layers]
    positions = {id(layer): position for position, layer in enumerate(layers)}
    shapes: list[dict[str, Any]] = []
    arrays: list[npt.NDArray[np.floating]] = []
    for layer in layers:
        tied_to = positions.get(id(layer.source)) if isinstance(layer, TiedDense) else None
        shapes.append(
            {
                "n_in": layer.n_in,
                "n_out": layer.n_out,
                "activation": layer.activation,
                "tied_to": tied_to,
            }
        )
        arrays += [layer.bias] if tied_to is not None else [layer.weight.ravel(), layer.bias]
    numbers = np.concatenate(arrays)
    with np.errstate(over="ignore"):  # what becomes infinite is not equal, and stays float32
        halves = numbers.astype("<f2")
    exact = np.array_equal(halves, numbers)
    weights = halves.tobytes() if exact else numbers.astype("<f4").tobytes()
    if len(weights) > MAX_WEIGHT_BYTES:
        raise ValueError(
            f"expected weights of at most {MAX_WEIGHT_BYTES:,} bytes, got {len(weights):,} — "
            + ("" if exact else "pass half_precision(model), or ")
            + "train a model with fewer units or with tied weights"
        )
    return {"precision": "float16" if exact else "float32", "layers": shapes}, weights
