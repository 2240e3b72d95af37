"""Dense layers as Keras layers."""

from typing import Any

import keras
import tensorflow as tf

from aecourse.architecture import Activation, DType, LayerShape

__all__ = ["FUNCTIONS", "Dense", "TiedDense"]

FUNCTIONS = {"sigmoid": tf.sigmoid, "relu": tf.nn.relu, "linear": tf.identity, "tanh": tf.tanh}
"""What a layer applies to its weighted sum, by the name of the activation."""


class Dense(keras.layers.Layer):  # type: ignore[misc]
    r"""One layer of units: :math:`a = \sigma(xW + b)`.

    Parameters
    ----------
    n_in, n_out
        Number of inputs and of units.
    activation
        ``"sigmoid"``, ``"relu"``, ``"linear"`` or ``"tanh"``.
    dtype
        Precision of the parameters.

    Attributes
    ----------
    kernel, bias
        Parameters, shapes (n_in, n_out) and (n_out,); zero until they are set.

    Raises
    ------
    TypeError, ValueError
        If a size is no positive integer or the activation is unknown.

    Examples
    --------
    >>> layer = Dense(3, 2, activation="sigmoid")
    >>> tuple(layer(tf.ones((5, 3))).shape)
    (5, 2)
    """

    tied = False

    def __init__(
        self, n_in: int, n_out: int, *, activation: Activation, dtype: DType = "float32"
    ) -> None:
        shape = LayerShape(n_in, n_out, activation)
        super().__init__(dtype=dtype)
        self.n_in, self.n_out, self.activation = shape.n_in, shape.n_out, shape.activation
        self.kernel = self.add_weight(shape=(n_in, n_out), initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(n_out,), initializer="zeros", name="bias")
        self.built = True

    def call(self, x: Any) -> Any:
        """Return the activations, shape (n, n_out), of inputs ``x``, shape (n, n_in)."""
        return FUNCTIONS[self.activation](tf.matmul(x, self.kernel) + self.bias)


class TiedDense(keras.layers.Layer):  # type: ignore[misc]
    r"""A decoder layer that borrows its encoder's weights: :math:`a = \sigma(hW^\top + b')`.

    Parameters
    ----------
    source
        The encoder layer whose weights are used, transposed.
    activation
        ``"sigmoid"``, ``"relu"``, ``"linear"`` or ``"tanh"``.

    Examples
    --------
    >>> layer = TiedDense(Dense(3, 2, activation="sigmoid"), activation="linear")
    >>> tuple(layer(tf.ones((5, 2))).shape)
    (5, 3)
    """

    tied = True

    def __init__(self, source: Dense, *, activation: Activation) -> None:
        shape = LayerShape(source.n_out, source.n_in, activation, tied=True)
        super().__init__(dtype=source.dtype)
        self.n_in, self.n_out, self.activation = shape.n_in, shape.n_out, shape.activation
        self.source = source
        self.bias = self.add_weight(shape=(self.n_out,), initializer="zeros", name="bias")
        self.built = True

    def call(self, x: Any) -> Any:
        """Return the activations, shape (n, n_out), of inputs ``x``, shape (n, n_in)."""
        z = tf.matmul(x, self.source.kernel, transpose_b=True) + self.bias
        return FUNCTIONS[self.activation](z)
