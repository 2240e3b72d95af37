"""The shape of an autoencoder and its starting weights, free of any framework."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, Self

import numpy as np
import numpy.typing as npt

from aecourse.validation import check_choice, check_sizes

__all__ = [
    "Activation",
    "Architecture",
    "DType",
    "Init",
    "LayerShape",
    "Weights",
    "chain_weight_shapes",
    "check_code_size",
    "check_weights",
    "initial_weights",
    "layer_chain",
    "weight_shapes",
]

Activation = Literal["sigmoid", "relu", "linear", "tanh"]
"""What a layer applies to its weighted sum."""

Init = Literal["glorot", "he", "standard_normal"]
"""How starting weights are drawn."""

DType = Literal["float32", "float64"]
"""Precision of a model's parameters."""

Weights = dict[str, npt.NDArray[np.floating]]
"""Parameters by name, such as ``encoder.0.weight``; weights have shape (n_in, n_out)."""

_ACTIVATIONS: tuple[Activation, ...] = ("sigmoid", "relu", "linear", "tanh")
_INITS: tuple[Init, ...] = ("glorot", "he", "standard_normal")
_DTYPES: tuple[DType, ...] = ("float32", "float64")


class _Layer(Protocol):
    @property
    def n_in(self) -> int: ...
    @property
    def n_out(self) -> int: ...
    @property
    def activation(self) -> Activation: ...
    @property
    def tied(self) -> bool: ...


@dataclass(frozen=True)
class LayerShape:
    """Size and activation of one dense layer.

    Parameters
    ----------
    n_in, n_out
        Number of inputs and of units.
    activation
        What the layer applies to its weighted sum.
    tied
        Whether the weights are the transposes of the mirrored encoder layer's.

    Raises
    ------
    ValueError
        If the activation is unknown.

    Examples
    --------
    >>> LayerShape(784, 256, "sigmoid").n_out
    256
    """

    n_in: int
    n_out: int
    activation: Activation
    tied: bool = False

    def __post_init__(self) -> None:
        check_sizes((self.n_in, self.n_out))
        check_choice("activation", self.activation, _ACTIVATIONS)


@dataclass(frozen=True)
class Architecture:
    """Everything about an autoencoder but its numbers.

    Parameters
    ----------
    encoder, decoder
        The layers from the input to the code, and from the code to the output.
    overcomplete
        Whether a code larger than the input is wanted.

    Raises
    ------
    ValueError
        If the two parts do not fit together.

    Examples
    --------
    >>> Architecture.symmetric((784, 256)).decoder
    (LayerShape(n_in=256, n_out=784, activation='sigmoid', tied=False),)
    """

    encoder: tuple[LayerShape, ...]
    decoder: tuple[LayerShape, ...]
    overcomplete: bool = False

    def __post_init__(self) -> None:
        check_code_size(self.encoder, self.decoder, overcomplete=self.overcomplete)

    @classmethod
    def symmetric(
        cls,
        sizes: Sequence[int],
        *,
        activation: Activation = "sigmoid",
        output: Activation = "sigmoid",
        code: Activation | None = None,
        tied: bool = False,
        overcomplete: bool = False,
    ) -> Self:
        """Mirror the encoder: ``(784, 256, 32)`` gives 784-256-32-256-784.

        Parameters
        ----------
        sizes
            Input size, hidden sizes and code size, in this order.
        activation, output, code
            Activations of the hidden layers, of the last layer and of the code layer; None for
            ``code`` takes ``activation``.
        tied
            Whether the decoder reuses the encoder's weights, transposed.
        overcomplete
            Whether a code larger than the input is wanted.

        Returns
        -------
        Architecture
            The mirrored architecture.
        """
        sizes = check_sizes(sizes)
        code = activation if code is None else code
        encoder = layer_chain(sizes, activation=activation, output=code)
        decoder = layer_chain(sizes[::-1], activation=activation, output=output, tied=tied)
        return cls(encoder, decoder, overcomplete=overcomplete)

    @classmethod
    def of_layers(
        cls, encoder: Iterable[_Layer], decoder: Iterable[_Layer], *, overcomplete: bool
    ) -> Self:
        """Read the architecture off a model's layers.

        Parameters
        ----------
        encoder, decoder
            Layers of any framework that know ``n_in``, ``n_out``, ``activation`` and ``tied``.
        overcomplete
            Whether the model allows a code larger than its input.

        Returns
        -------
        Architecture
            What was read.

        Raises
        ------
        TypeError
            If a layer is no dense layer.
        """
        parts = [tuple(_dense_shape(layer) for layer in part) for part in (encoder, decoder)]
        return cls(parts[0], parts[1], overcomplete=overcomplete)

    @property
    def n_in(self) -> int:
        """Number of inputs, and of outputs."""
        return self.encoder[0].n_in

    @property
    def n_code(self) -> int:
        """Number of units of the code."""
        return self.encoder[-1].n_out

    @property
    def output(self) -> Activation:
        """Activation of the last layer."""
        return self.decoder[-1].activation


def _dense_shape(layer: _Layer) -> LayerShape:
    if hasattr(layer, "shape_in"):
        raise TypeError(
            f"expected dense layers, got {type(layer).__name__} — keep the weights of a "
            "convolutional model with numpy.savez(path, **get_weights(model))"
        )
    return LayerShape(layer.n_in, layer.n_out, layer.activation, layer.tied)


def layer_chain(
    sizes: Sequence[int], *, activation: Activation, output: Activation, tied: bool = False
) -> tuple[LayerShape, ...]:
    """Return the layers that lead from one size to the next, the last with its own activation.

    Parameters
    ----------
    sizes
        At least two positive integers.
    activation, output
        Activation of all layers but the last, and of the last.
    tied
        Whether the weights are borrowed from mirrored layers.

    Returns
    -------
    tuple of LayerShape
        One entry a layer.

    Examples
    --------
    >>> [layer.activation for layer in layer_chain((4, 3, 2), activation="relu", output="linear")]
    ['relu', 'linear']
    """
    sizes = check_sizes(sizes)
    activations = [activation] * (len(sizes) - 2) + [output]
    return tuple(
        LayerShape(n_in, n_out, name, tied)
        for n_in, n_out, name in zip(sizes[:-1], sizes[1:], activations, strict=True)
    )


def check_code_size(
    encoder: Sequence[_Layer], decoder: Sequence[_Layer], *, overcomplete: bool
) -> None:
    """Raise ``ValueError`` unless encoder and decoder fit together and the code compresses.

    Parameters
    ----------
    encoder, decoder
        Layers that know ``n_in`` and ``n_out``.
    overcomplete
        Whether a code larger than the input is wanted.

    Raises
    ------
    ValueError
        If sizes do not meet, or the code is larger than the input without ``overcomplete``.
    """
    n_in, n_code = encoder[0].n_in, encoder[-1].n_out
    if decoder[0].n_in != n_code:
        raise ValueError(
            f"expected decoder to take a code of size {n_code}, as the encoder gives, "
            f"got a decoder with {decoder[0].n_in} inputs"
        )
    if decoder[-1].n_out != n_in:
        raise ValueError(
            f"expected decoder to give back {n_in} values, as the encoder takes, "
            f"got a decoder with {decoder[-1].n_out} outputs"
        )
    if n_code > n_in and not overcomplete:
        raise ValueError(
            f"expected a code size of at most the input size {n_in}, got {n_code} — such a model "
            "can copy its input without learning anything; pass overcomplete=True if you mean it"
        )


def weight_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Return the name and the shape of every parameter, in order.

    Parameters
    ----------
    architecture
        Which layers there are. A tied layer has a bias and no weights of its own.

    Returns
    -------
    dict
        Shapes (n_in, n_out) of weights and (n_out,) of biases.

    Examples
    --------
    >>> weight_shapes(Architecture.symmetric((4, 2), tied=True))
    {'encoder.0.weight': (4, 2), 'encoder.0.bias': (2,), 'decoder.0.bias': (4,)}
    """
    parts = {"encoder": architecture.encoder, "decoder": architecture.decoder}
    return {
        f"{part}.{name}": shape
        for part, layers in parts.items()
        for name, shape in chain_weight_shapes(layers).items()
    }


def chain_weight_shapes(layers: Sequence[LayerShape]) -> dict[str, tuple[int, ...]]:
    """Return the name and the shape of every parameter of one block, in order.

    Parameters
    ----------
    layers
        The block's layers, as `layer_chain` gives them.

    Returns
    -------
    dict
        Shapes by name, such as ``0.weight``.

    Examples
    --------
    >>> chain_weight_shapes(layer_chain((4, 2), activation="relu", output="relu"))
    {'0.weight': (4, 2), '0.bias': (2,)}
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for position, layer in enumerate(layers):
        if not layer.tied:
            shapes[f"{position}.weight"] = (layer.n_in, layer.n_out)
        shapes[f"{position}.bias"] = (layer.n_out,)
    return shapes


def initial_weights(
    shapes: Mapping[str, tuple[int, ...]],
    *,
    init: Init = "glorot",
    seed: int = 0,
    dtype: DType = "float32",
) -> Weights:
    r"""Draw starting weights: the same seed gives the same numbers to every framework.

    Parameters
    ----------
    shapes
        Name and shape of each parameter, as `weight_shapes` gives them.
    init
        ``"glorot"``: uniform in :math:`\pm\sqrt{6/(n_{in}+n_{out})}` (Glorot and Bengio, 2010,
        eq. 16). ``"he"``: normal with variance :math:`2/n_{in}` (He et al., 2015, eq. 10). Both
        start biases at zero. ``"standard_normal"``: weights and biases from N(0, 1), as the
        classic example does. In a kernel (height, width, n_in, n_out) both sizes are counted
        once for each place of the kernel. A transposed kernel has the channels that it paints in
        the place of ``n_in``; ``"he"`` then counts those, and the stride plays no part.
    seed
        Seed of NumPy's default generator.
    dtype
        Precision of the result. The draws themselves are float64, so both precisions start from
        the same point.

    Returns
    -------
    dict
        One array a name.

    Raises
    ------
    ValueError
        If ``init`` or ``dtype`` is unknown.

    Examples
    --------
    >>> initial_weights({"encoder.0.bias": (2,)})["encoder.0.bias"]
    array([0., 0.], dtype=float32)
    """
    check_choice("init", init, _INITS)
    check_choice("dtype", dtype, _DTYPES)
    rng = np.random.default_rng(seed)
    return {name: _draw(rng, shape, init).astype(dtype) for name, shape in shapes.items()}


def _draw(rng: np.random.Generator, shape: tuple[int, ...], init: Init) -> npt.NDArray[np.float64]:
    if init == "standard_normal":
        return rng.standard_normal(shape)
    if len(shape) == 1:
        return np.zeros(shape)
    # A kernel of a convolution, (height, width, n_in, n_out), counts all its places.
    n_in, n_out = (math.prod(shape[:-2]) * size for size in shape[-2:])
    if init == "he":
        return rng.standard_normal(shape) * math.sqrt(2 / n_in)
    limit = math.sqrt(6 / (n_in + n_out))
    return rng.uniform(-limit, limit, shape)


def check_weights(expected: Mapping[str, tuple[int, ...]], weights: Mapping[str, object]) -> None:
    """Raise unless ``weights`` holds exactly the expected names, shapes and finite floats.

    Parameters
    ----------
    expected
        Name and shape of each parameter, as `weight_shapes` gives them.
    weights
        The candidate.

    Raises
    ------
    TypeError
        If an entry is no floating-point NumPy array.
    ValueError
        If a name is missing or unknown, a shape differs or a value is not finite.
    """
    missing = [name for name in expected if name not in weights]
    unknown = [name for name in weights if name not in expected]
    if missing or unknown:
        raise ValueError(
            f"expected weights named {', '.join(expected)}; "
            f"missing: {', '.join(missing) or 'none'}; unknown: {', '.join(unknown) or 'none'}"
        )
    for name, shape in expected.items():
        array = weights[name]
        if not isinstance(array, np.ndarray) or not np.issubdtype(array.dtype, np.floating):
            got = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
            raise TypeError(f"expected weights[{name!r}] to be a floating-point array, got {got}")
        if array.shape != shape:
            raise ValueError(
                f"expected weights[{name!r}] of shape {shape}, got {array.shape} — weights are "
                "stored as (n_in, n_out)"
            )
        if not np.isfinite(array).all():
            raise ValueError(f"expected weights[{name!r}] to be finite, got NaN or infinity")
