"""The autoencoder: an encoder and a decoder, with names for all their parameters."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecourse.architecture import (
    Activation,
    Architecture,
    DType,
    Init,
    LayerShape,
    Weights,
    chain_weight_shapes,
    check_code_size,
    check_weights,
    initial_weights,
    layer_chain,
    weight_shapes,
)
from aecourse.device import tensorflow_device
from aecourse.tf_nn.layers import Dense, TiedDense

__all__ = [
    "Autoencoder",
    "HasParameters",
    "autoencoder",
    "block_of",
    "block_parameters",
    "build",
    "get_weights",
    "mlp",
    "set_weights",
    "tied_decoder",
]

Floats = npt.NDArray[np.floating]


class HasParameters(Protocol):
    """A model whose parameters have names: an `Autoencoder`, or a variant with its own parts."""

    def parameters_by_name(self) -> dict[str, tf.Variable]:
        """Return each parameter: the variables themselves."""


class Autoencoder(keras.Model):  # type: ignore[misc]
    """An encoder and a decoder, trained to give the input back.

    Parameters
    ----------
    encoder, decoder
        Blocks whose sizes mirror each other, from `mlp` or `tied_decoder`.
    overcomplete
        Whether a code larger than the input is wanted.

    Raises
    ------
    ValueError
        If the sizes do not fit, or the code is larger than the input without ``overcomplete``.

    Examples
    --------
    >>> model = Autoencoder(mlp((4, 2)), mlp((2, 4)))
    >>> model.count_params()
    22
    """

    def __init__(
        self, encoder: keras.Sequential, decoder: keras.Sequential, *, overcomplete: bool = False
    ) -> None:
        super().__init__(dtype=encoder.dtype_policy)
        self.encoder, self.decoder, self.overcomplete = encoder, decoder, overcomplete
        check_code_size(encoder.layers, decoder.layers, overcomplete=overcomplete)
        self.built = True

    def encode(self, x: Any) -> Any:
        """Return the codes, shape (n, n_code), of inputs ``x``, shape (n, n_in)."""
        return self.encoder(x)

    def decode(self, z: Any) -> Any:
        """Return the outputs, shape (n, n_in), of codes ``z``, shape (n, n_code)."""
        return self.decoder(z)

    def parameters_by_name(self) -> dict[str, tf.Variable]:
        """Return each parameter by this library's name: the variables themselves.

        Returns
        -------
        dict
            Variables in the order of `aecourse.architecture.weight_shapes`.
        """
        return {
            **block_parameters(self.encoder, "encoder"),
            **block_parameters(self.decoder, "decoder"),
        }

    def call(self, x: Any) -> Any:
        """Return the reconstructions of inputs ``x``, both of shape (n, n_in)."""
        return self.decode(self.encode(x))


def mlp(
    sizes: Sequence[int],
    *,
    activation: Activation = "sigmoid",
    output: Activation = "sigmoid",
    init: Init = "glorot",
    seed: int = 0,
    dtype: DType = "float32",
) -> keras.Sequential:
    """Make a block of dense layers with drawn starting weights.

    Parameters
    ----------
    sizes
        Number of inputs, then of units layer by layer.
    activation, output
        Activation of all layers but the last, and of the last.
    init, seed, dtype
        How starting weights are drawn; see `aecourse.architecture.initial_weights`.

    Returns
    -------
    keras.Sequential
        The block, on the device that `aecourse.device.tensorflow_device` chooses.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> [tuple(layer.kernel.shape) for layer in mlp((784, 256, 32)).layers]
    [(784, 256), (256, 32)]
    """
    chain = layer_chain(sizes, activation=activation, output=output)
    drawn = initial_weights(chain_weight_shapes(chain), init=init, seed=seed, dtype=dtype)
    block = _block(chain, dtype)
    named = {f"block.{name}": array for name, array in drawn.items()}
    _copy_into(block_parameters(block, "block"), named)
    return block


def _block(chain: Sequence[LayerShape], dtype: DType) -> keras.Sequential:
    with tf.device(tensorflow_device()):
        layers = [
            Dense(shape.n_in, shape.n_out, activation=shape.activation, dtype=dtype)
            for shape in chain
        ]
    return block_of(layers)


def block_of(layers: Sequence[keras.layers.Layer]) -> keras.Sequential:
    """Put layers one after the other, in their own precision.

    Parameters
    ----------
    layers
        At least one; all of one precision.

    Returns
    -------
    keras.Sequential
        The block.

    Examples
    --------
    >>> block_of([Dense(3, 2, activation="relu")]).layers[0].n_out
    2
    """
    block = keras.Sequential(layers)
    # Keras rounds a block's inputs to the block's own precision, which is float32 unless said.
    block.dtype_policy = layers[0].dtype_policy
    return block


def tied_decoder(
    encoder: keras.Sequential, *, activation: Activation = "sigmoid", output: Activation = "sigmoid"
) -> keras.Sequential:
    """Mirror an encoder with its own weights, transposed; biases are new and zero.

    Parameters
    ----------
    encoder
        A block of `Dense` layers.
    activation, output
        Activation of all layers but the last, and of the last.

    Returns
    -------
    keras.Sequential
        A block of `TiedDense` layers.

    Raises
    ------
    TypeError
        If the encoder holds a layer that is no `Dense`.

    Examples
    --------
    >>> [layer.n_out for layer in tied_decoder(mlp((4, 3, 2))).layers]
    [3, 4]
    """
    sources = encoder.layers[::-1]
    activations: list[Activation] = [activation] * (len(sources) - 1) + [output]
    layers = []
    for source, name in zip(sources, activations, strict=True):
        if not isinstance(source, Dense):
            raise TypeError(f"expected encoder to hold Dense layers, got {type(source).__name__}")
        with tf.device(tensorflow_device()):
            layers.append(TiedDense(source, activation=name))
    return block_of(layers)


def build(architecture: Architecture, *, dtype: DType) -> Autoencoder:
    """Make a model of the given architecture; its parameters are zero until they are set.

    Parameters
    ----------
    architecture
        The layers.
    dtype
        Precision of the parameters.

    Returns
    -------
    Autoencoder
        The model, on the device that `aecourse.device.tensorflow_device` chooses.
    """
    encoder = _block(architecture.encoder, dtype)
    if architecture.decoder[0].tied:
        decoder = tied_decoder(
            encoder,
            activation=architecture.decoder[0].activation,
            output=architecture.output,
        )
    else:
        decoder = _block(architecture.decoder, dtype)
    return Autoencoder(encoder, decoder, overcomplete=architecture.overcomplete)


def autoencoder(
    sizes: Sequence[int],
    *,
    activation: Activation = "sigmoid",
    output: Activation = "sigmoid",
    code: Activation | None = None,
    tied: bool = False,
    overcomplete: bool = False,
    init: Init = "glorot",
    seed: int = 0,
    dtype: DType = "float32",
) -> Autoencoder:
    """Make a symmetric autoencoder with drawn starting weights.

    Parameters
    ----------
    sizes
        Input size, hidden sizes and code size: ``(784, 256, 32)`` gives 784-256-32-256-784.
    activation, output, code
        Activations of the hidden layers, of the last layer and of the code layer; None for
        ``code`` takes ``activation``.
    tied
        Whether the decoder reuses the encoder's weights, transposed.
    overcomplete
        Whether a code larger than the input is wanted.
    init, seed, dtype
        How starting weights are drawn; see `aecourse.architecture.initial_weights`.

    Returns
    -------
    Autoencoder
        The model. The same seed gives the same starting weights in all three frameworks.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> model = autoencoder((784, 256))
    >>> model.decoder.layers[0].n_out
    784
    """
    architecture = Architecture.symmetric(
        sizes,
        activation=activation,
        output=output,
        code=code,
        tied=tied,
        overcomplete=overcomplete,
    )
    shapes = weight_shapes(architecture)
    drawn = initial_weights(shapes, init=init, seed=seed, dtype=dtype)
    model = build(architecture, dtype=dtype)
    set_weights(model, drawn)
    return model


def block_parameters(block: keras.Sequential, prefix: str) -> dict[str, tf.Variable]:
    """Name each parameter of a block of dense layers.

    Parameters
    ----------
    block
        The layers.
    prefix
        What the names begin with: ``"encoder"`` gives ``encoder.0.weight`` and so on.

    Returns
    -------
    dict
        The variables themselves.

    Examples
    --------
    >>> list(block_parameters(mlp((3, 2)), "encoder"))
    ['encoder.0.weight', 'encoder.0.bias']
    """
    parameters = {}
    for position, layer in enumerate(block.layers):
        if not layer.tied:
            parameters[f"{prefix}.{position}.weight"] = layer.kernel.value
        parameters[f"{prefix}.{position}.bias"] = layer.bias.value
    return parameters


def _copy_into(parameters: Mapping[str, tf.Variable], weights: Mapping[str, Floats]) -> None:
    for name, parameter in parameters.items():
        parameter.assign(weights[name].astype(parameter.dtype.as_numpy_dtype))


def get_weights(model: HasParameters) -> Weights:
    """Return copies of all parameters by name.

    Parameters
    ----------
    model
        The model.

    Returns
    -------
    dict
        NumPy arrays (n_in, n_out) named ``encoder.0.weight`` and so on, and biases (n_out,). A
        tied layer has a bias only.

    Examples
    --------
    >>> list(get_weights(autoencoder((4, 2), tied=True)))
    ['encoder.0.weight', 'encoder.0.bias', 'decoder.0.bias']
    """
    return {name: v.numpy().copy() for name, v in model.parameters_by_name().items()}


def set_weights(model: HasParameters, weights: Mapping[str, Floats]) -> None:
    """Copy arrays into all parameters, from `get_weights` of any framework.

    Parameters
    ----------
    model
        The model to change.
    weights
        Arrays by name, converted to the model's precision.

    Raises
    ------
    TypeError, ValueError
        If a name, shape or dtype does not fit, or a value is not finite. The model is unchanged.

    Examples
    --------
    >>> model = autoencoder((4, 2))
    >>> set_weights(model, get_weights(autoencoder((4, 2), seed=1)))
    """
    parameters = model.parameters_by_name()
    check_weights({name: tuple(v.shape) for name, v in parameters.items()}, weights)
    _copy_into(parameters, weights)
