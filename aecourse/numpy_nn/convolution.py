"""Layers of convolutions and their transposes, and an autoencoder of them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aecourse.architecture import Activation, DType, Init, LayerShape
from aecourse.convolution import (
    ConvolutionalArchitecture,
    ConvolutionShape,
    ImageShape,
    starting_weights,
)
from aecourse.numpy_nn.convolve import conv2d, conv2d_transpose, conv2d_weight_gradient
from aecourse.numpy_nn.layers import Dense, Layer, Sequential
from aecourse.numpy_nn.losses import mean_squared_error
from aecourse.numpy_nn.model import Autoencoder, set_weights

__all__ = ["Conv2D", "ConvTranspose2D", "ConvolutionalAutoencoder", "convolutional_autoencoder"]

Floats = npt.NDArray[np.floating]


class _ConvolutionBase(Layer):
    """What a convolution and its transpose share: everything but the direction."""

    _input: Floats

    def __init__(self, shape: ConvolutionShape, dtype: DType) -> None:
        super().__init__(
            shape.n_in,
            shape.n_out,
            activation=shape.activation,
            bias=np.zeros(shape.channels, dtype),
            weight_gradient=np.zeros(shape.weight_shape, dtype),
        )
        self.shape_in, self.shape_out = shape.shape_in, shape.shape_out
        self._kernel = (shape.kernel, shape.kernel)
        self._stride, self._padding = shape.stride, shape.padding
        self._weight = np.zeros(shape.weight_shape, dtype)

    @property
    def weight(self) -> Floats:
        """Kernel; see `aecourse.convolution.ConvolutionShape.weight_shape`."""
        return self._weight

    def __call__(self, x: Floats) -> Floats:
        """Return the activations, shape (n, n_out), of images ``x``, one a row, (n, n_in)."""
        z = self._apply(x.reshape(-1, *self.shape_in))
        z += self.bias
        return self._activate(z).reshape(len(x), self.n_out)

    def forward(self, x: Floats) -> Floats:
        """Compute the activations and remember what `backward` needs."""
        self._input = x
        self._output = self(x)
        self._slope = np.empty_like(self._output)
        return self._output

    def backward(self, gradient: Floats) -> Floats:
        r"""Apply the chain rule to one layer.

        Both directions are linear, so the gradient of the input is the other direction's answer to
        :math:`\delta`, the derivative of the loss with respect to the weighted sums.

        Parameters
        ----------
        gradient
            Derivative of the loss with respect to the activations, shape (n, n_out);
            overwritten.

        Returns
        -------
        numpy.ndarray
            Derivative with respect to the inputs, shape (n, n_in).
        """
        delta = self.backward_parameters(gradient).reshape(-1, *self.shape_out)
        return self._apply_transpose(delta).reshape(len(gradient), self.n_in)

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
        images = delta.reshape(-1, *self.shape_out)
        self.weight_gradient[...] = self._weight_gradient(
            self._input.reshape(-1, *self.shape_in), images
        )
        np.sum(images, axis=(0, 1, 2), out=self.bias_gradient)
        return delta

    def _apply(self, x: Floats) -> Floats:
        raise NotImplementedError

    def _apply_transpose(self, delta: Floats) -> Floats:
        raise NotImplementedError

    def _weight_gradient(self, x: Floats, delta: Floats) -> Floats:
        raise NotImplementedError

    def _convolve(self, x: Floats) -> Floats:
        return conv2d(x, self.weight, stride=self._stride, padding=self._padding)

    def _paint(self, y: Floats, size: tuple[int, int]) -> Floats:
        return conv2d_transpose(
            y, self.weight, size=size, stride=self._stride, padding=self._padding
        )

    def _correlate(self, x: Floats, delta: Floats) -> Floats:
        return conv2d_weight_gradient(
            x, delta, kernel=self._kernel, stride=self._stride, padding=self._padding
        )


class Conv2D(_ConvolutionBase):
    r"""A layer of convolutions: :math:`a = \sigma(x * W + b)`, one bias a channel.

    Images come and go as rows, pixel by pixel, all channels of a pixel together.

    Parameters
    ----------
    shape_in
        Height, width and channels of the images that come in.
    channels
        Channels of the images that go out.
    kernel, stride, padding
        In pixels, the same down and across; ``padding`` zeros on each of the four sides.
    activation
        ``"sigmoid"``, ``"relu"``, ``"linear"`` or ``"tanh"``.
    dtype
        Precision of the parameters.

    Attributes
    ----------
    weight, bias
        Parameters, shapes (kernel, kernel, channels in, channels) and (channels,); zero until
        they are set.

    Raises
    ------
    TypeError, ValueError
        If a number is not as described or does not fit the image.

    Examples
    --------
    >>> layer = Conv2D((28, 28, 1), 8, activation="relu")
    >>> layer(np.ones((5, 784), "float32")).shape, layer.shape_out
    ((5, 1568), (14, 14, 8))
    """

    def __init__(
        self,
        shape_in: ImageShape,
        channels: int,
        *,
        kernel: int = 4,
        stride: int = 2,
        padding: int = 1,
        activation: Activation,
        dtype: DType = "float32",
    ) -> None:
        shape = ConvolutionShape(shape_in, channels, kernel, stride, padding, activation)
        super().__init__(shape, dtype)

    def _apply(self, x: Floats) -> Floats:
        return self._convolve(x)

    def _apply_transpose(self, delta: Floats) -> Floats:
        return self._paint(delta, self.shape_in[:2])

    def _weight_gradient(self, x: Floats, delta: Floats) -> Floats:
        return self._correlate(x, delta)


class ConvTranspose2D(_ConvolutionBase):
    r"""A layer of transposed convolutions: it leads back where a convolution came from.

    Parameters
    ----------
    shape_in
        Height, width and channels of the images that come in.
    channels
        Channels of the images that go out.
    kernel, stride, padding
        Those of the convolution that leads from the output's size to the input's.
    output_padding
        Chooses one of the sizes from which that convolution comes; see
        `aecourse.convolution.transpose_output_size`.
    activation
        ``"sigmoid"``, ``"relu"``, ``"linear"`` or ``"tanh"``.
    dtype
        Precision of the parameters.

    Attributes
    ----------
    weight, bias
        Parameters, shapes (kernel, kernel, channels, channels in) and (channels,); zero until
        they are set. The weights are those of the convolution, so the last two axes are
        exchanged.

    Raises
    ------
    TypeError, ValueError
        If a number is not as described or does not fit the image.

    Examples
    --------
    >>> layer = ConvTranspose2D((14, 14, 8), 1, activation="sigmoid")
    >>> layer(np.ones((5, 1568), "float32")).shape, layer.shape_out
    ((5, 784), (28, 28, 1))
    """

    def __init__(
        self,
        shape_in: ImageShape,
        channels: int,
        *,
        kernel: int = 4,
        stride: int = 2,
        padding: int = 1,
        output_padding: int = 0,
        activation: Activation,
        dtype: DType = "float32",
    ) -> None:
        shape = ConvolutionShape(
            shape_in, channels, kernel, stride, padding, activation, True, output_padding
        )
        super().__init__(shape, dtype)

    def _apply(self, x: Floats) -> Floats:
        return self._paint(x, self.shape_out[:2])

    def _apply_transpose(self, delta: Floats) -> Floats:
        return self._convolve(delta)

    def _weight_gradient(self, x: Floats, delta: Floats) -> Floats:
        return self._correlate(delta, x)


class ConvolutionalAutoencoder(Autoencoder):
    """An autoencoder of convolutions; images come and go as rows of pixels, as everywhere.

    Parameters
    ----------
    encoder, decoder
        Blocks whose sizes mirror each other.
    overcomplete
        Whether a code larger than the input is wanted.

    Raises
    ------
    ValueError
        If the sizes do not fit, or the code is larger than the input without ``overcomplete``.

    Examples
    --------
    >>> model = convolutional_autoencoder()
    >>> model(np.ones((5, 784), "float32")).shape
    (5, 784)
    """

    def objective(self, batch: Floats, noise: Floats | None) -> float:
        """Return the mean squared error on a minibatch, and fill every parameter's gradient."""
        del noise  # nothing is random
        x_hat = self.forward(batch)
        value = mean_squared_error(batch, x_hat)
        self.backward(mean_squared_error.gradient(batch, x_hat, np.empty_like(x_hat)))
        return value


def convolutional_autoencoder(
    image_shape: tuple[int, int] = (28, 28),
    *,
    channels: Sequence[int] = (8, 16),
    n_code: int = 32,
    kernel: int = 4,
    stride: int = 2,
    padding: int = 1,
    activation: Activation = "relu",
    output: Activation = "sigmoid",
    code: Activation = "linear",
    overcomplete: bool = False,
    init: Init = "glorot",
    seed: int = 0,
    dtype: DType = "float32",
) -> ConvolutionalAutoencoder:
    """Make a symmetric convolutional autoencoder with drawn starting weights.

    Parameters
    ----------
    image_shape
        Height and width of the grey images.
    channels
        Channels after each convolution.
    n_code
        Number of units of the dense code.
    kernel, stride, padding
        Of all convolutions; the transposed ones lead back to the same sizes.
    activation, output, code
        Activations of the hidden layers, of the last layer and of the code.
    overcomplete
        Whether a code larger than the input is wanted.
    init, seed, dtype
        How starting weights are drawn; see `aecourse.architecture.initial_weights`.

    Returns
    -------
    ConvolutionalAutoencoder
        The model. The same seed gives the same starting weights in all three frameworks.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> model = convolutional_autoencoder(channels=(8, 16), n_code=30)
    >>> [layer.n_out for layer in model.encoder.layers]
    [1568, 784, 30]
    """
    architecture = ConvolutionalArchitecture.symmetric(
        image_shape,
        channels=channels,
        n_code=n_code,
        kernel=kernel,
        stride=stride,
        padding=padding,
        activation=activation,
        output=output,
        code=code,
        overcomplete=overcomplete,
    )
    drawn = starting_weights(architecture, init=init, seed=seed, dtype=dtype)
    blocks = [
        Sequential([_layer(shape, dtype) for shape in part])
        for part in (architecture.encoder, architecture.decoder)
    ]
    model = ConvolutionalAutoencoder(blocks[0], blocks[1], overcomplete=overcomplete)
    set_weights(model, drawn)
    return model


def _layer(shape: LayerShape | ConvolutionShape, dtype: DType) -> Layer:
    if isinstance(shape, LayerShape):
        return Dense(shape.n_in, shape.n_out, activation=shape.activation, dtype=dtype)
    options = {"kernel": shape.kernel, "stride": shape.stride, "padding": shape.padding}
    if not shape.transposed:
        return Conv2D(
            shape.shape_in, shape.channels, **options, activation=shape.activation, dtype=dtype
        )
    return ConvTranspose2D(
        shape.shape_in,
        shape.channels,
        **options,
        output_padding=shape.output_padding,
        activation=shape.activation,
        dtype=dtype,
    )
