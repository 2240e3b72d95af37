"""The autoencoder: an encoder and a decoder, with names for all their parameters."""

from collections.abc import Mapping, Sequence
from typing import Protocol

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
from aecourse.torch_nn.layers import Dense, Layer, TiedDense

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
    "to_numpy",
    "to_tensor",
]

Floats = npt.NDArray[np.floating]


class HasParameters(Protocol):
    """A model whose parameters have names: an `Autoencoder`, or a variant with its own parts."""

    def parameters_by_name(self) -> dict[str, Tensor]:
        """Return each parameter, the tensors themselves, in PyTorch's own orientation."""


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

    def layers(self, part: str) -> list[Layer]:
        """Return the layers of ``"encoder"`` or ``"decoder"``, in order."""
        return [layer for layer in self.get_submodule(part).children() if isinstance(layer, Layer)]

    def encode(self, x: Tensor) -> Tensor:
        """Return the codes, shape (n, n_code), of inputs ``x``, shape (n, n_in)."""
        codes: Tensor = self.encoder(x)
        return codes

    def decode(self, z: Tensor) -> Tensor:
        """Return the outputs, shape (n, n_in), of codes ``z``, shape (n, n_code)."""
        outputs: Tensor = self.decoder(z)
        return outputs

    def parameters_by_name(self) -> dict[str, Tensor]:
        """Return each parameter by this library's name: the tensors themselves.

        Returns
        -------
        dict
            Parameters, in PyTorch's own orientation and in the order of
            `aecourse.architecture.weight_shapes`.
        """
        return {
            **block_parameters(self.encoder, "encoder"),
            **block_parameters(self.decoder, "decoder"),
        }

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
    named = {f"block.{name}": array for name, array in drawn.items()}
    _copy_into(block_parameters(block, "block"), named)
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


def block_parameters(block: nn.Module, prefix: str) -> dict[str, Tensor]:
    """Name each parameter of a block of layers.

    Parameters
    ----------
    block
        The layers.
    prefix
        What the names begin with: ``"encoder"`` gives ``encoder.0.weight`` and so on.

    Returns
    -------
    dict
        The parameters themselves, in PyTorch's own orientation.

    Examples
    --------
    >>> list(block_parameters(mlp((3, 2)), "encoder"))
    ['encoder.0.weight', 'encoder.0.bias']
    """
    parameters: dict[str, Tensor] = {}
    for position, layer in enumerate(block.children()):
        if isinstance(layer, Layer):
            for name, parameter in layer.parameters_by_name().items():
                parameters[f"{prefix}.{position}.{name}"] = parameter
    return parameters


def to_numpy(name: str, tensor: Tensor) -> Floats:
    """Return a copy of a parameter or its gradient, in the orientation of this library.

    Parameters
    ----------
    name
        Name of the parameter. What ends in ``weight`` is turned: of a dense layer from
        (n_out, n_in) to (n_in, n_out), of a convolution to (height, width, n_in, n_out).
    tensor
        The parameter, or its gradient.

    Returns
    -------
    numpy.ndarray
        Contiguous, in the tensor's precision.
    """
    array = tensor.detach().cpu().numpy()
    return np.array(_turned(name, array, _FROM_TORCH), order="C")


def to_tensor(rows: Floats, parameter: Tensor) -> Tensor:
    """Return an array as a tensor on the device and in the precision of a parameter.

    Parameters
    ----------
    rows
        Numbers of any shape.
    parameter
        Any parameter of the model that the tensor is for.

    Returns
    -------
    torch.Tensor
        The memory of ``rows`` where nothing has to be converted.

    Examples
    --------
    >>> to_tensor(np.ones((2, 3)), torch.zeros(1)).dtype
    torch.float32
    """
    # A copy where rows are read-only, as from a memory-mapped file: PyTorch has no such tensors.
    rows = rows if rows.flags.writeable else rows.copy()
    return torch.from_numpy(rows).to(parameter.device, parameter.dtype)


# PyTorch keeps a convolution as (n_out, n_in, height, width), the others as (height, width, n_in,
# n_out). A transposed convolution has n_out and n_in exchanged everywhere, so the same turn serves.
_FROM_TORCH = {2: (1, 0), 4: (2, 3, 1, 0)}
_TO_TORCH = {2: (1, 0), 4: (3, 2, 0, 1)}


def _turned(name: str, array: Floats, axes: Mapping[int, tuple[int, ...]]) -> Floats:
    if name.endswith("weight") and array.ndim in axes:
        return array.transpose(axes[array.ndim])
    return array


@torch.no_grad()
def _copy_into(parameters: Mapping[str, Tensor], weights: Mapping[str, Floats]) -> None:
    for name, parameter in parameters.items():
        turned = np.ascontiguousarray(_turned(name, weights[name], _TO_TORCH))
        parameter.copy_(torch.from_numpy(turned))


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
    return {name: to_numpy(name, p) for name, p in model.parameters_by_name().items()}


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
    check_weights({name: to_numpy(name, p).shape for name, p in parameters.items()}, weights)
    _copy_into(parameters, weights)
