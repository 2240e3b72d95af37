"""Layers of convolutions and their transposes as Keras layers, and an autoencoder of them."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from aecourse.architecture import Activation, DType, Init, LayerShape
from aecourse.convolution import (
    ConvolutionalArchitecture,
    ConvolutionShape,
    ImageShape,
    starting_weights,
)
from aecourse.device import tensorflow_device
from aecourse.tf_nn.layers import FUNCTIONS, Dense
from aecourse.tf_nn.losses import mean_squared_error
from aecourse.tf_nn.model import Autoencoder, block_of, set_weights

__all__ = ["Conv2D", "ConvTranspose2D", "ConvolutionalAutoencoder", "convolutional_autoencoder"]


class _ConvolutionBase(keras.layers.Layer):  # type: ignore[misc]
    """What a convolution and its transpose share: everything but the direction."""

    tied = False

    def __init__(self, shape: ConvolutionShape, dtype: DType) -> None:
        super().__init__(dtype=dtype)
        self.n_in, self.n_out, self.activation = shape.n_in, shape.n_out, shape.activation
        self.shape_in, self.shape_out = shape.shape_in, shape.shape_out
        self.stride, self.padding = shape.stride, shape.padding
        self.kernel = self.add_weight(shape=shape.weight_shape, initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(shape.channels,), initializer="zeros", name="bias")
        self.built = True

    def call(self, x: Any) -> Any:
        """Return the activations, shape (n, n_out), of images ``x``, one a row, (n, n_in)."""
        z = self._apply(tf.reshape(x, (-1, *self.shape_in))) + self.bias
        return tf.reshape(FUNCTIONS[self.activation](z), (-1, self.n_out))

    def _apply(self, x: Any) -> Any:
        raise NotImplementedError


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
    kernel, bias
        Parameters, shapes (kernel, kernel, channels in, channels) and (channels,); zero until
        they are set.

    Raises
    ------
    TypeError, ValueError
        If a number is not as described or does not fit the image.

    Examples
    --------
    >>> layer = Conv2D((28, 28, 1), 8, activation="relu")
    >>> tuple(layer(tf.ones((5, 784))).shape), layer.shape_out
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

    def _apply(self, x: Any) -> Any:
        # TensorFlow's own "SAME" pads more at the bottom than at the top where the numbers are odd.
        p = self.padding
        padded = tf.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
        return tf.nn.conv2d(padded, self.kernel, self.stride, "VALID")


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
    kernel, bias
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
    >>> tuple(layer(tf.ones((5, 1568))).shape), layer.shape_out
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

    def _apply(self, x: Any) -> Any:
        # The transpose of padding is cropping.
        p = self.padding
        height, width, channels = self.shape_out
        shape = (tf.shape(x)[0], height + 2 * p, width + 2 * p, channels)
        padded = tf.nn.conv2d_transpose(x, self.kernel, shape, self.stride, "VALID")
        return padded[:, p : p + height, p : p + width]


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
    >>> tuple(model(tf.ones((5, 784))).shape)
    (5, 784)
    """

    def objective(self, batch: Any, noise: Any) -> Any:
        """Return the mean squared error on a minibatch."""
        del noise  # nothing is random
        return mean_squared_error(batch, self(batch))


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
    with tf.device(tensorflow_device()):
        blocks = [
            block_of([_layer(shape, dtype) for shape in part])
            for part in (architecture.encoder, architecture.decoder)
        ]
    model = ConvolutionalAutoencoder(blocks[0], blocks[1], overcomplete=overcomplete)
    set_weights(model, drawn)
    return model


def _layer(shape: LayerShape | ConvolutionShape, dtype: DType) -> Dense | Conv2D | ConvTranspose2D:
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
