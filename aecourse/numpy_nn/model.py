"""The autoencoder: an encoder and a decoder, with names for all their parameters."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

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
from aecourse.numpy_nn.layers import Dense, Sequential, TiedDense

__all__ = [
    "Autoencoder",
    "HasParameters",
    "autoencoder",
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

    def parameters_by_name(self) -> dict[str, tuple[Floats, Floats]]:
        """Return each parameter with its gradient: the arrays themselves, not copies."""


class Autoencoder:
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
    >>> model.encode(np.ones((3, 4), "float32")).shape
    (3, 2)
    """

    def __init__(
        self, encoder: Sequential, decoder: Sequential, *, overcomplete: bool = False
    ) -> None:
        check_code_size(encoder.layers, decoder.layers, overcomplete=overcomplete)
        self.encoder, self.decoder, self.overcomplete = encoder, decoder, overcomplete

    def encode(self, x: Floats) -> Floats:
        """Return the codes, shape (n, n_code), of inputs ``x``, shape (n, n_in)."""
        return self.encoder(x)

    def decode(self, z: Floats) -> Floats:
        """Return the outputs, shape (n, n_in), of codes ``z``, shape (n, n_code)."""
        return self.decoder(z)

    def __call__(self, x: Floats) -> Floats:
        """Return the reconstructions of inputs ``x``, both of shape (n, n_in)."""
        return self.decode(self.encode(x))

    def parameters_by_name(self) -> dict[str, tuple[Floats, Floats]]:
        """Return each parameter by this library's name: the arrays themselves, not copies.

        Returns
        -------
        dict
            Pairs of a parameter and its gradient, in the order of
            `aecourse.architecture.weight_shapes`.
        """
        return {
            **block_parameters(self.encoder, "encoder"),
            **block_parameters(self.decoder, "decoder"),
        }

    def forward(self, x: Floats) -> Floats:
        """Reconstruct ``x``, remembering what `backward` needs."""
        return self.decoder.forward(self.encoder.forward(x))

    def backward(self, gradient: Floats) -> None:
        """Fill every layer's gradients, given the loss's gradient at the output, (n, n_in)."""
        self.backward_from_code(self.decoder.backward(gradient))

    def backward_from_code(self, gradient: Floats) -> None:
        """Fill the encoder's gradients, once the decoder's are there.

        Parameters
        ----------
        gradient
            Derivative of the loss with respect to the codes, shape (n, n_code), with that of any
            penalty on the codes; overwritten.
        """
        self.encoder.backward_parameters(gradient)
        for layer in self.decoder.layers:
            if isinstance(layer, TiedDense):
                layer.source.weight_gradient += layer.weight_gradient.T


def mlp(
    sizes: Sequence[int],
    *,
    activation: Activation = "sigmoid",
    output: Activation = "sigmoid",
    init: Init = "glorot",
    seed: int = 0,
    dtype: DType = "float32",
) -> Sequential:
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
    Sequential
        The block.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> [layer.weight.shape for layer in mlp((784, 256, 32)).layers]
    [(784, 256), (256, 32)]
    """
    chain = layer_chain(sizes, activation=activation, output=output)
    block = _block(chain, dtype)
    drawn = initial_weights(chain_weight_shapes(chain), init=init, seed=seed, dtype=dtype)
    for position, layer in enumerate(block.layers):
        layer.weight[...] = drawn[f"{position}.weight"]
        layer.bias[...] = drawn[f"{position}.bias"]
    return block


def _block(chain: Sequence[LayerShape], dtype: DType) -> Sequential:
    return Sequential(
        [
            Dense(shape.n_in, shape.n_out, activation=shape.activation, dtype=dtype)
            for shape in chain
        ]
    )


def tied_decoder(
    encoder: Sequential, *, activation: Activation = "sigmoid", output: Activation = "sigmoid"
) -> Sequential:
    """Mirror an encoder with its own weights, transposed; biases are new and zero.

    Parameters
    ----------
    encoder
        A block of `Dense` layers.
    activation, output
        Activation of all layers but the last, and of the last.

    Returns
    -------
    Sequential
        A block of `TiedDense` layers.

    Raises
    ------
    TypeError
        If the encoder holds a layer that is no `Dense`.

    Examples
    --------
    >>> encoder = mlp((4, 2))
    >>> bool(np.all(tied_decoder(encoder).layers[0].weight == encoder.layers[0].weight.T))
    True
    """
    sources = encoder.layers[::-1]
    activations: list[Activation] = [activation] * (len(sources) - 1) + [output]
    layers = []
    for source, name in zip(sources, activations, strict=True):
        if not isinstance(source, Dense):
            raise TypeError(f"expected encoder to hold Dense layers, got {type(source).__name__}")
        layers.append(TiedDense(source, activation=name))
    return Sequential(layers)


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
        The model.
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
    >>> model(np.zeros((1, 784), "float32")).shape
    (1, 784)
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


def block_parameters(block: Sequential, prefix: str) -> dict[str, tuple[Floats, Floats]]:
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
        Each parameter with its gradient: the arrays themselves, not copies.

    Examples
    --------
    >>> list(block_parameters(mlp((3, 2)), "encoder"))
    ['encoder.0.weight', 'encoder.0.bias']
    """
    pairs: dict[str, tuple[Floats, Floats]] = {}
    for position, layer in enumerate(block.layers):
        if not layer.tied:
            pairs[f"{prefix}.{position}.weight"] = (layer.weight, layer.weight_gradient)
        pairs[f"{prefix}.{position}.bias"] = (layer.bias, layer.bias_gradient)
    return pairs


def get_weights(model: HasParameters) -> Weights:
    """Return copies of all parameters by name.

    Parameters
    ----------
    model
        The model.

    Returns
    -------
    dict
        Arrays (n_in, n_out) named ``encoder.0.weight`` and so on, and biases (n_out,). A tied
        layer has a bias only.

    Examples
    --------
    >>> list(get_weights(autoencoder((4, 2), tied=True)))
    ['encoder.0.weight', 'encoder.0.bias', 'decoder.0.bias']
    """
    return {name: parameter.copy() for name, (parameter, _) in model.parameters_by_name().items()}


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
    parameters = {name: parameter for name, (parameter, _) in model.parameters_by_name().items()}
    check_weights({name: array.shape for name, array in parameters.items()}, weights)
    for name, parameter in parameters.items():
        parameter[...] = weights[name]
