"""Dense layers with their gradients by hand, and blocks of them."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aecourse.architecture import Activation, DType, LayerShape

__all__ = ["Dense", "Layer", "Sequential", "TiedDense"]

Floats = npt.NDArray[np.floating]


class Layer:
    """What every layer has: sizes, parameters with their gradients, an activation with its slope.

    Parameters
    ----------
    n_in, n_out
        Numbers of one image that come in, and that go out.
    activation
        ``"sigmoid"``, ``"relu"``, ``"linear"`` or ``"tanh"``.
    bias
        Parameters that are added before the activation; kept, not copied.
    weight_gradient
        Where `backward` writes, in the shape of the weights.
    tied
        Whether the weights belong to another layer.
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        activation: Activation,
        bias: Floats,
        weight_gradient: Floats,
        tied: bool = False,
    ) -> None:
        self.n_in, self.n_out = n_in, n_out
        self.activation: Activation = activation
        self.tied = tied
        self.bias, self.bias_gradient = bias, np.zeros_like(bias)
        self.weight_gradient = weight_gradient
        # Training reuses these arrays: fresh memory for each minibatch would cost more time
        # than the arithmetic done in it.
        self._output = self._slope = np.empty((0, n_out), bias.dtype)

    @property
    def weight(self) -> Floats:
        """Weights, in the shape of ``weight_gradient``."""
        raise NotImplementedError

    def __call__(self, x: Floats) -> Floats:
        """Return the activations, shape (n, n_out), of inputs ``x``, shape (n, n_in)."""
        raise NotImplementedError

    def forward(self, x: Floats) -> Floats:
        """Compute the activations and remember what `backward` needs."""
        raise NotImplementedError

    def backward(self, gradient: Floats) -> Floats:
        """Fill the gradients of the parameters, and return that of the inputs."""
        raise NotImplementedError

    def backward_parameters(self, gradient: Floats) -> Floats:
        """Fill the gradients of the parameters, and return that of the weighted sums."""
        raise NotImplementedError

    def _activate(self, z: Floats) -> Floats:
        if self.activation == "sigmoid":
            np.negative(z, out=z)
            with np.errstate(over="ignore"):  # exp(-z) may become infinite: 1 / inf is the right 0
                np.exp(z, out=z)
            z += 1
            np.reciprocal(z, out=z)
        elif self.activation == "relu":
            np.maximum(z, 0, out=z)
        elif self.activation == "tanh":
            np.tanh(z, out=z)
        return z

    def _times_slope(self, gradient: Floats) -> Floats:
        if self.activation == "sigmoid":  # the slope of the sigmoid is a (1 - a)
            np.subtract(1, self._output, out=self._slope)
            self._slope *= self._output
            gradient *= self._slope
        elif self.activation == "relu":
            gradient *= self._output > 0
        elif self.activation == "tanh":  # the slope of tanh is 1 - a²
            np.multiply(self._output, self._output, out=self._slope)
            np.subtract(1, self._slope, out=self._slope)
            gradient *= self._slope
        return gradient


class _DenseBase(Layer):
    """Forward and backward pass of ``activation(x W + b)``, wherever W comes from."""

    _input: Floats

    def __init__(self, shape: LayerShape, dtype: np.dtype[Any]) -> None:
        super().__init__(
            shape.n_in,
            shape.n_out,
            activation=shape.activation,
            bias=np.zeros(shape.n_out, dtype),
            weight_gradient=np.zeros((shape.n_in, shape.n_out), dtype),
            tied=shape.tied,
        )
        self._input_gradient = np.empty((0, self.n_in), dtype)

    def __call__(self, x: Floats) -> Floats:
        """Return the activations, shape (n, n_out), of inputs ``x``, shape (n, n_in)."""
        return self._activate(x @ self.weight + self.bias)

    def forward(self, x: Floats) -> Floats:
        """Compute the activations and remember what `backward` needs.

        Parameters
        ----------
        x
            Inputs, shape (n, n_in).

        Returns
        -------
        numpy.ndarray
            Activations, shape (n, n_out); overwritten by the next call.
        """
        if len(self._output) != len(x):
            self._output = np.empty((len(x), self.n_out), self.bias.dtype)
            self._slope = np.empty_like(self._output)
            self._input_gradient = np.empty((len(x), self.n_in), self.bias.dtype)
        self._input = x
        np.matmul(x, self.weight, out=self._output)
        self._output += self.bias
        return self._activate(self._output)

    def backward(self, gradient: Floats) -> Floats:
        r"""Apply the chain rule to one layer (Rumelhart, Hinton and Williams, 1986, eq. 4-7).

        With :math:`z = xW + b`, :math:`a = \sigma(z)` and :math:`\delta = \partial L/\partial a
        \odot \sigma'(z)`, the gradients are :math:`x^\top\delta` for W, the column sums of
        :math:`\delta` for b, and :math:`\delta W^\top` for x.

        Parameters
        ----------
        gradient
            Derivative of the loss with respect to the activations, shape (n, n_out);
            overwritten.

        Returns
        -------
        numpy.ndarray
            Derivative with respect to the inputs, shape (n, n_in); overwritten by the next
            call.
        """
        delta = self.backward_parameters(gradient)
        return np.matmul(delta, self.weight.T, out=self._input_gradient)

    def backward_parameters(self, gradient: Floats) -> Floats:
        r"""Fill ``weight_gradient`` and ``bias_gradient`` only: all that a first layer needs.

        Parameters
        ----------
        gradient
            Derivative of the loss with respect to the activations, shape (n, n_out);
            overwritten.

        Returns
        -------
        numpy.ndarray
            :math:`\delta`, the derivative with respect to the weighted sums, shape (n, n_out).
        """
        delta = self._times_slope(gradient)
        np.matmul(self._input.T, delta, out=self.weight_gradient)
        np.sum(delta, axis=0, out=self.bias_gradient)
        return delta


class Dense(_DenseBase):
    r"""One layer of units: :math:`a = \sigma(xW + b)`, with its gradient by hand.

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
    weight, bias
        Parameters, shapes (n_in, n_out) and (n_out,); zero until they are set.
    weight_gradient, bias_gradient
        What the last `backward` computed, same shapes.

    Raises
    ------
    TypeError, ValueError
        If a size is no positive integer or the activation is unknown.

    Examples
    --------
    >>> layer = Dense(3, 2, activation="sigmoid")
    >>> layer(np.ones((1, 3), "float32"))
    array([[0.5, 0.5]], dtype=float32)
    """

    def __init__(
        self, n_in: int, n_out: int, *, activation: Activation, dtype: DType = "float32"
    ) -> None:
        super().__init__(LayerShape(n_in, n_out, activation), np.dtype(dtype))
        self._weight: Floats = np.zeros((n_in, n_out), dtype)

    @property
    def weight(self) -> Floats:
        """Weights, shape (n_in, n_out)."""
        return self._weight


class TiedDense(_DenseBase):
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
    >>> layer.weight.shape
    (2, 3)
    """

    def __init__(self, source: Dense, *, activation: Activation) -> None:
        shape = LayerShape(source.n_out, source.n_in, activation, tied=True)
        super().__init__(shape, source.weight.dtype)
        self.source = source

    @property
    def weight(self) -> Floats:
        """The source's weights transposed, shape (n_in, n_out): a view, not a copy."""
        return self.source.weight.T


class Sequential:
    """Layers one after the other.

    Parameters
    ----------
    layers
        At least one; the sizes of neighbours must meet.

    Examples
    --------
    >>> block = Sequential([Dense(4, 3, activation="relu"), Dense(3, 2, activation="linear")])
    >>> block(np.ones((5, 4), "float32")).shape
    (5, 2)
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        if not layers:
            raise ValueError("expected layers to hold at least one layer, got none")
        for below, above in itertools.pairwise(layers):
            if below.n_out != above.n_in:
                raise ValueError(
                    f"expected a layer with {below.n_out} inputs after one with {below.n_out} "
                    f"units, got one with {above.n_in} inputs"
                )
        self.layers = list(layers)

    def __call__(self, x: Floats) -> Floats:
        """Return the last layer's activations for inputs ``x``, shape (n, n_in)."""
        for layer in self.layers:
            x = layer(x)
        return x

    def forward(self, x: Floats) -> Floats:
        """Compute the activations, every layer remembering what `backward` needs."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, gradient: Floats) -> Floats:
        """Run the chain rule from the last layer to the first.

        Parameters
        ----------
        gradient
            Derivative of the loss with respect to the last activations; overwritten.

        Returns
        -------
        numpy.ndarray
            Derivative with respect to the inputs, shape (n, n_in).
        """
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient

    def backward_parameters(self, gradient: Floats) -> None:
        """Run the chain rule down to the first layer's parameters, and no further."""
        for layer in reversed(self.layers[1:]):
            gradient = layer.backward(gradient)
        self.layers[0].backward_parameters(gradient)
