"""The shape of convolutional layers and autoencoders, free of any framework."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from aecourse.architecture import (
    Activation,
    DType,
    Init,
    LayerShape,
    Weights,
    chain_weight_shapes,
    check_code_size,
    initial_weights,
)
from aecourse.validation import check_choice, check_positive_integer

__all__ = [
    "ConvolutionShape",
    "ConvolutionalArchitecture",
    "ImageShape",
    "output_size",
    "starting_weights",
    "transpose_output_size",
]

ImageShape = tuple[int, int, int]
"""Height, width and number of channels."""


def output_size(size: int, *, kernel: int, stride: int, padding: int) -> int:
    r"""Return how many places a kernel finds along one side of an image.

    :math:`\lfloor (m + 2p - k) / s \rfloor + 1` (Dumoulin and Visin, 2016, relationship 6): the
    first place, and one more for each stride that fits in.

    Parameters
    ----------
    size
        Pixels along the side, m.
    kernel, stride, padding
        Pixels along the kernel's side, from one place to the next, and of zeros added at each end.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    TypeError, ValueError
        If a number is not as described, or the kernel is larger than the padded image.

    Examples
    --------
    >>> output_size(28, kernel=4, stride=2, padding=1)
    14
    """
    _check_geometry(size, kernel, stride, padding)
    if kernel > size + 2 * padding:
        raise ValueError(
            f"expected a kernel of at most {size + 2 * padding}, the image with its padding, got "
            f"{kernel} — use a smaller kernel, more padding or fewer layers"
        )
    return (size + 2 * padding - kernel) // stride + 1


def transpose_output_size(
    size: int, *, kernel: int, stride: int, padding: int, output_padding: int = 0
) -> int:
    r"""Return the side of the image that a transposed convolution paints.

    :math:`(m - 1) s + k - 2p + e` (Dumoulin and Visin, 2016, relationship 14). Several sizes lead
    to the same `output_size`; the output padding e, below the stride, chooses one of them.

    Parameters
    ----------
    size
        Pixels along the side of the input, m.
    kernel, stride, padding
        Those of the convolution that leads back.
    output_padding
        Rows and columns added at the bottom and at the right, e.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    TypeError, ValueError
        If a number is not as described, or nothing of the image is left.

    Examples
    --------
    >>> transpose_output_size(14, kernel=4, stride=2, padding=1)
    28
    """
    _check_geometry(size, kernel, stride, padding)
    if not 0 <= output_padding < stride:
        raise ValueError(
            f"expected output_padding of at least 0 and below the stride {stride}, got "
            f"{output_padding!r}"
        )
    result = (size - 1) * stride + kernel - 2 * padding + output_padding
    if result < 1:
        raise ValueError(
            f"expected a padding that leaves something of the image, got {padding} — use less"
        )
    return result


def _check_geometry(size: int, kernel: int, stride: int, padding: int) -> None:
    for name, value in (("size", size), ("kernel", kernel), ("stride", stride)):
        check_positive_integer(name, value)
    if isinstance(padding, bool) or not isinstance(padding, int) or not 0 <= padding < kernel:
        raise ValueError(
            f"expected padding to be an integer of at least 0 and below the kernel {kernel}, got "
            f"{padding!r}"
        )


@dataclass(frozen=True)
class ConvolutionShape:
    """Sizes and activation of one convolution, or of one transposed convolution.

    Parameters
    ----------
    shape_in
        Height, width and channels of the images that come in.
    channels
        Channels of the images that go out.
    kernel, stride, padding
        In pixels, the same down and across; ``padding`` zeros on each of the four sides.
    activation
        What the layer applies to its weighted sum.
    transposed
        Whether the layer is the transpose of a convolution.
    output_padding
        See `transpose_output_size`; a convolution has none.
    tied
        Whether the weights are another layer's; not offered here.

    Raises
    ------
    TypeError, ValueError
        If a number is not as described or does not fit the image.

    Examples
    --------
    >>> ConvolutionShape((28, 28, 1), 8, kernel=4, stride=2, padding=1).shape_out
    (14, 14, 8)
    """

    shape_in: ImageShape
    channels: int
    kernel: int = 4
    stride: int = 2
    padding: int = 1
    activation: Activation = "relu"
    transposed: bool = False
    output_padding: int = 0
    tied: bool = False

    def __post_init__(self) -> None:
        if len(self.shape_in) != 3:
            raise ValueError(
                f"expected shape_in to be (height, width, channels), got {self.shape_in!r}"
            )
        check_positive_integer("channels", self.channels)
        check_positive_integer("shape_in[2]", self.shape_in[2])
        check_choice("activation", self.activation, get_args(Activation))
        _ = self.shape_out  # raises where the numbers do not fit

    @property
    def shape_out(self) -> ImageShape:
        """Height, width and channels of the images that go out."""
        height, width = (self._size_out(size) for size in self.shape_in[:2])
        return height, width, self.channels

    def _size_out(self, size: int) -> int:
        if self.transposed:
            return transpose_output_size(
                size,
                kernel=self.kernel,
                stride=self.stride,
                padding=self.padding,
                output_padding=self.output_padding,
            )
        return output_size(size, kernel=self.kernel, stride=self.stride, padding=self.padding)

    @property
    def n_in(self) -> int:
        """Numbers that come in: height times width times channels."""
        return math.prod(self.shape_in)

    @property
    def n_out(self) -> int:
        """Numbers that go out."""
        return math.prod(self.shape_out)

    @property
    def weight_shape(self) -> tuple[int, int, int, int]:
        """Kernel height and width, channels in and out; the last two exchanged if transposed."""
        channels = (self.shape_in[2], self.channels)
        return (self.kernel, self.kernel, *(channels[::-1] if self.transposed else channels))


@dataclass(frozen=True)
class ConvolutionalArchitecture:
    """A pyramid of convolutions to a dense code, and its mirror image back to the pixels.

    Parameters
    ----------
    encoder, decoder
        The layers from the pixels to the code, and from the code to the pixels.
    overcomplete
        Whether a code larger than the input is wanted.

    Raises
    ------
    ValueError
        If the two parts do not fit together.

    Examples
    --------
    >>> pyramid = ConvolutionalArchitecture.symmetric((28, 28), channels=(8, 16), n_code=30)
    >>> [layer.n_out for layer in pyramid.encoder]
    [1568, 784, 30]
    """

    encoder: tuple[LayerShape | ConvolutionShape, ...]
    decoder: tuple[LayerShape | ConvolutionShape, ...]
    overcomplete: bool = False

    def __post_init__(self) -> None:
        check_code_size(self.encoder, self.decoder, overcomplete=self.overcomplete)

    @classmethod
    def symmetric(
        cls,
        image_shape: tuple[int, int],
        *,
        channels: Sequence[int],
        n_code: int,
        kernel: int = 4,
        stride: int = 2,
        padding: int = 1,
        activation: Activation = "relu",
        output: Activation = "sigmoid",
        code: Activation = "linear",
        overcomplete: bool = False,
    ) -> "ConvolutionalArchitecture":
        """Make one convolution for each entry of ``channels``, a dense code, and the mirror image.

        Parameters
        ----------
        image_shape
            Height and width of the grey images.
        channels
            Channels after each convolution.
        n_code
            Number of units of the code.
        kernel, stride, padding
            Of all convolutions; see `ConvolutionShape`.
        activation, output, code
            Activations of the hidden layers, of the last layer and of the code.
        overcomplete
            Whether a code larger than the input is wanted.

        Returns
        -------
        ConvolutionalArchitecture
            The layers; each transposed convolution paints exactly what its mirror image took.
        """
        if len(channels) == 0:
            raise ValueError("expected channels to name at least one convolution, got none")
        down: list[ConvolutionShape] = []
        shape = (*image_shape, 1)
        for count in channels:
            down.append(ConvolutionShape(shape, count, kernel, stride, padding, activation))
            shape = down[-1].shape_out
        up = [_mirrored(layer) for layer in down[:0:-1]]
        last = _mirrored(down[0], output)
        n_inner = down[-1].n_out
        return cls(
            (*down, LayerShape(n_inner, n_code, code)),
            (LayerShape(n_code, n_inner, activation), *up, last),
            overcomplete=overcomplete,
        )


def _mirrored(layer: ConvolutionShape, activation: Activation | None = None) -> ConvolutionShape:
    rests = {
        (size + 2 * layer.padding - layer.kernel) % layer.stride for size in layer.shape_in[:2]
    }
    if len(rests) > 1:
        raise ValueError(
            f"expected images whose height and width leave the same rest by the stride "
            f"{layer.stride}, got {layer.shape_in[:2]} — pad them to a square"
        )
    return ConvolutionShape(
        layer.shape_out,
        layer.shape_in[2],
        layer.kernel,
        layer.stride,
        layer.padding,
        layer.activation if activation is None else activation,
        transposed=True,
        output_padding=rests.pop(),
    )


def starting_weights(
    architecture: ConvolutionalArchitecture, *, init: Init, seed: int, dtype: DType
) -> Weights:
    """Draw starting weights: the same seed gives the same numbers to every framework.

    Parameters
    ----------
    architecture
        The layers.
    init, seed, dtype
        How to draw; see `aecourse.architecture.initial_weights`.

    Returns
    -------
    dict
        One array a name.

    Examples
    --------
    >>> pyramid = ConvolutionalArchitecture.symmetric((28, 28), channels=(8,), n_code=30)
    >>> weights = starting_weights(pyramid, init="glorot", seed=0, dtype="float32")
    >>> weights["decoder.1.weight"].shape
    (4, 4, 1, 8)
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for part, layers in (("encoder", architecture.encoder), ("decoder", architecture.decoder)):
        for position, layer in enumerate(layers):
            shapes |= _named(f"{part}.{position}", layer)
    return initial_weights(shapes, init=init, seed=seed, dtype=dtype)


def _named(prefix: str, layer: LayerShape | ConvolutionShape) -> Mapping[str, tuple[int, ...]]:
    if isinstance(layer, ConvolutionShape):
        return {f"{prefix}.weight": layer.weight_shape, f"{prefix}.bias": (layer.channels,)}
    dense = chain_weight_shapes((layer,))
    return {f"{prefix}.weight": dense["0.weight"], f"{prefix}.bias": dense["0.bias"]}
