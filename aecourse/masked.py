"""What the masked autoencoders of all frameworks share: their layers and starting weights."""

from collections.abc import Sequence
from typing import Literal

from aecourse.architecture import Architecture, DType, Weights, initial_weights, weight_shapes
from aecourse.patches import PatchGrid
from aecourse.validation import check_choice

__all__ = ["Target", "check_masked", "starting_weights"]

Target = Literal["hidden", "all"]
"""Whether the loss looks at the hidden patches only, or at all of them."""


def check_masked(sizes: Sequence[int], grid: PatchGrid, target: Target) -> None:
    """Raise unless a masked autoencoder of these sizes can take the images of the grid.

    Parameters
    ----------
    sizes
        Input size, at least one hidden size, and code size.
    grid
        How the images fall into patches.
    target
        Where the loss looks.

    Raises
    ------
    ValueError
        If the input size is not that of the images, there is no hidden layer, or ``target`` is
        unknown.

    Examples
    --------
    >>> check_masked((784, 256, 64), PatchGrid((28, 28), 7), "hidden")
    """
    check_choice("target", target, ("hidden", "all"))
    if len(sizes) < 3:
        raise ValueError(
            f"expected sizes of the input, a hidden layer and the code, got {tuple(sizes)} — the "
            "first layer adds up what is shown, and a second one has to make something of it"
        )
    if sizes[0] != grid.index.size:
        raise ValueError(
            f"expected an input size of {grid.index.size}, as the grid's images of "
            f"{grid.image_shape} have, got {sizes[0]}"
        )


def starting_weights(
    sizes: Sequence[int], *, grid: PatchGrid, seed: int = 0, dtype: DType = "float32"
) -> Weights:
    """Draw starting weights: those of the layers, and one position vector for each patch.

    Parameters
    ----------
    sizes
        Input size, hidden sizes and code size.
    grid
        How the images fall into patches.
    seed, dtype
        As in `aecourse.architecture.initial_weights`.

    Returns
    -------
    dict
        One array a name. ``encoder.position`` has shape (count, sizes[1]).

    Examples
    --------
    >>> weights = starting_weights((16, 8, 3), grid=PatchGrid((4, 4), 2))
    >>> weights["encoder.position"].shape
    (4, 8)
    """
    architecture = Architecture.symmetric(sizes, activation="relu", code="linear")
    shapes = {**weight_shapes(architecture), "encoder.position": (grid.count, int(sizes[1]))}
    return initial_weights(shapes, init="glorot", seed=seed, dtype=dtype)
