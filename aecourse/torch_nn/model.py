"""The autoencoder: an encoder and a decoder, with names for all their parameters."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

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
from aecourse.device import torch_device
from aecourse.torch_nn.layers import Dense, TiedDense

__all__ = [
    "Autoencoder",
    "autoencoder",
    "build",
    "get_weights",
    "mlp",
    "named_parameters",
    "set_weights",
    "tied_decoder",
    "to_numpy",
]

Floats = npt.NDArray[np.floating]


class Autoencoder(nn.Module):
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
    >>> sum(parameter.numel() for parameter in model.parameters())
    22
    """

    def __init__(
        self, encoder: nn.Sequential, decoder: nn.Sequential, *, overcomplete: bool = False
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.overcomplete = encoder, decoder, overcomplete
        check_code_size(self.layers("encoder"), self.layers("decoder"), overcomplete=overcomplete)

    def layers(self, part: str) -> list[Dense | TiedDense]:
        """Return the layers of ``"encoder"`` or ``"decoder"``, in order."""
        return [
            layer
            for layer in self.get_submodule(part).children()
            if isinstance(layer, Dense | TiedDense)
        ]

    def encode(self, x: Tensor) -> Tensor:
        """Return the codes, shape (n, n_code), of inputs ``x``, shape (n, n_in)."""
        codes: Tensor = self.encoder(x)
        return codes

    def decode(self, z: Tensor) -> Tensor:
        """Return the outputs, shape (n, n_in), of codes ``z``, shape (n, n_code)."""
        outputs: Tensor = self.decoder(z)
        return outputs

    def forward(self, x: Tensor) -> Tensor:
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
) -> nn.Sequential:
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
    torch.nn.Sequential
        The block, on the device that `aecourse.device.torch_device` chooses.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> [tuple(layer.linear.weight.shape) for layer in mlp((784, 256, 32))]
    [(256, 784), (32, 256)]
    """
    chain = layer_chain(sizes, activation=activation, output=output)
    drawn = initial_weights(chain_weight_shapes(chain), init=init, seed=seed, dtype=dtype)
    block = _block(chain, dtype)
    _copy_into(_block_parameters(block), drawn)
    return block


def _block(chain: Sequence[LayerShape], dtype: DType) -> nn.Sequential:
    layers = [
        Dense(shape.n_in, shape.n_out, activation=shape.activation, dtype=dtype) for shape in chain
    ]
    return nn.Sequential(*layers).to(torch_device())


def tied_decoder(
    encoder: nn.Sequential, *, activation: Activation = "sigmoid", output: Activation = "sigmoid"
) -> nn.Sequential:
    """Mirror an encoder with its own weights, transposed; biases are new and zero.

    Parameters
    ----------
    encoder
        A block of `Dense` layers.
    activation, output
        Activation of all layers but the last, and of the last.

    Returns
    -------
    torch.nn.Sequential
        A block of `TiedDense` layers.

    Raises
    ------
    TypeError
        If the encoder holds a layer that is no `Dense`.

    Examples
    --------
    >>> [layer.n_out for layer in tied_decoder(mlp((4, 3, 2)))]
    [3, 4]
    """
    sources = list(encoder)[::-1]
    activations: list[Activation] = [activation] * (len(sources) - 1) + [output]
    layers = []
    for source, name in zip(sources, activations, strict=True):
        if not isinstance(source, Dense):
            raise TypeError(f"expected encoder to hold Dense layers, got {type(source).__name__}")
        layers.append(TiedDense(source, activation=name))
    return nn.Sequential(*layers)


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
        The model, on the device that `aecourse.device.torch_device` chooses.
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
    >>> model.decoder[0].n_out
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


def _block_parameters(block: nn.Module) -> dict[str, Tensor]:
    parameters: dict[str, Tensor] = {}
    for position, layer in enumerate(block.children()):
        if isinstance(layer, Dense):
            parameters[f"{position}.weight"] = layer.linear.weight
            parameters[f"{position}.bias"] = layer.linear.bias
        elif isinstance(layer, TiedDense):
            parameters[f"{position}.bias"] = layer.bias
    return parameters


def named_parameters(model: Autoencoder) -> dict[str, Tensor]:
    """Return each parameter by this library's name, in PyTorch's own orientation.

    Parameters
    ----------
    model
        The model.

    Returns
    -------
    dict
        Parameters in the order of `aecourse.architecture.weight_shapes`.
    """
    return {
        f"{part}.{name}": parameter
        for part in ("encoder", "decoder")
        for name, parameter in _block_parameters(model.get_submodule(part)).items()
    }


def to_numpy(tensor: Tensor) -> Floats:
    """Return a copy of a parameter or its gradient, weights turned to shape (n_in, n_out).

    Parameters
    ----------
    tensor
        Weights, shape (n_out, n_in), or biases, shape (n_out,).

    Returns
    -------
    numpy.ndarray
        Contiguous, in the tensor's precision.
    """
    turned = tensor.T if tensor.ndim == 2 else tensor
    return np.array(turned.detach().cpu().numpy(), order="C")


@torch.no_grad()
def _copy_into(parameters: Mapping[str, Tensor], weights: Mapping[str, Floats]) -> None:
    for name, parameter in parameters.items():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(weights[name].T)))


def get_weights(model: Autoencoder) -> Weights:
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
    return {name: to_numpy(parameter) for name, parameter in named_parameters(model).items()}


def set_weights(model: Autoencoder, weights: Mapping[str, Floats]) -> None:
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
    parameters = named_parameters(model)
    check_weights({name: tuple(p.shape)[::-1] for name, p in parameters.items()}, weights)
    _copy_into(parameters, weights)
